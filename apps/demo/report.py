"""What the demonstration did: steps with counts, seconds, files and links; stored, verified and printed again."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from apps.core.digests import sha256_of


@dataclass
class Step:
    """One step of the story; `counts` maps a Chinese label to a figure or text."""

    name: str
    counts: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class Report:
    """The whole story. `files` maps a path below the project to its SHA-256: what the story was told from."""

    business_date: str
    steps: list[Step] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Report":
        """Read what `save` wrote."""
        value = json.loads(path.read_text(encoding="utf-8"))
        steps = [Step(**step) for step in value.pop("steps")]
        return cls(steps=steps, **value)

    def changed_files(self, root: Path) -> list[str]:
        """Paths whose content is no longer what the story was told from."""
        return [
            name
            for name, digest in self.files.items()
            if not (root / name).is_file() or sha256_of(root / name) != digest
        ]

    def lines(self) -> Iterator[str]:
        """The report as a person reads it."""
        yield f"信桥演示 · 凤翔区 · 业务日期 {date.fromisoformat(self.business_date):%Y-%m-%d}"
        for number, step in enumerate(self.steps, start=1):
            yield ""
            yield f"{number}. {step.name} （{step.seconds:.1f} 秒）"
            yield from (f"   {label}：{value}" for label, value in step.counts.items())
            yield from (f"   {line}" for line in step.lines)
            yield from (f"   → {label} {url}" for label, url in step.links.items())
        yield ""
        yield f"用时 {self.seconds:.1f} 秒，其中各步骤如上。"


def digests_below(root: Path, folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path relative to the project."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): sha256_of(path) for path in files}
