"""Reading `fixtures/reference/reference.<model>.json`: one row a line, grouped by source. Pure but for the file."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class FixtureFile:
    """The rows of one table: `key` names the natural key, every row is a mapping of all columns to JSON values."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    digest: str


def read_fixture(path: Path) -> FixtureFile:
    """Parse one file. ValueError, naming file and row, where a row does not fit the columns or repeats a key."""
    content = path.read_bytes()
    document = json.loads(content)
    table = document["model"].removeprefix("reference.")
    if path.name != f"reference.{table}.json":
        raise ValueError(f"{path.name} holds {document['model']}")
    columns, key = tuple(document["columns"]), tuple(document["key"])
    rows: list[dict[str, Any]] = []
    seen: set[tuple[Any, ...]] = set()
    for group in document["groups"]:
        source = {"source_document": group["source_document"], "certainty": group["certainty"]}
        for values in group["rows"]:
            row = {**dict(zip(columns, values, strict=True)), **source}
            natural_key = tuple(row[name] for name in key)
            if natural_key in seen:
                raise ValueError(f"{path.name}: {natural_key} is there twice")
            seen.add(natural_key)
            rows.append(row)
    return FixtureFile(table, key, (*columns, "source_document", "certainty"), tuple(rows), sha256(content).hexdigest())


def fixture_paths(folder: Path) -> list[Path]:
    """The fixture files of this app in a folder, by name."""
    return sorted(folder.glob("reference.*.json"))
