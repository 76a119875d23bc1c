"""The reference data of the fixtures as the pure rules take them, without a database."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from apps.profiles import scorecard
from apps.profiles.portrait import Rules
from apps.profiles.scorecard import Card
from apps.reference.fixture_files import read_fixture
from apps.reference.rules import BlockRule, SizeRule

REFERENCE = Path(__file__).parents[2] / "fixtures" / "reference"


def _rows(table: str) -> tuple[dict[str, Any], ...]:
    return read_fixture(REFERENCE / f"reference.{table}.json").rows


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def size_rules() -> tuple[SizeRule, ...]:
    """Every row of the size standard."""
    return tuple(
        SizeRule(
            **{name: row[name] for name in ("row_no", "label", "indicator_1")},
            **{name: tuple(row[name]) for name in ("sections", "divisions", "groups4")},
            **{
                f"{size}_{number}": _decimal(row[f"{size}_{number}"])
                for size in ("large", "medium", "small")
                for number in (1, 2)
            },
            indicator_2=row["indicator_2"] or None,
        )
        for row in _rows("sizestandard")
    )


def block_rules() -> tuple[BlockRule, ...]:
    """Every list."""
    names = BlockRule.__slots__
    return tuple(
        BlockRule(**{**{name: row[name] for name in names}, "fact_values": tuple(row["fact_values"])})
        for row in sorted(_rows("blocklist"), key=lambda row: row["code"])
    )


def severities() -> dict[str, int]:
    """Kind of penalty → severity, with the classes in force since 2026-04-01."""
    classes = {row["code"]: row["severity"] for row in _rows("penaltyclass")}
    return {row["kind"]: classes[row["class_code"]] for row in _rows("penaltykind")}


def card_data() -> dict[str, Any]:
    """FCS-1 as data."""
    rows = json.loads((REFERENCE / "profiles.scorecard.json").read_text())["rows"]
    data: dict[str, Any] = rows[0]["data"]
    return data


def card() -> Card:
    """FCS-1."""
    return scorecard.parse(card_data())


def rules() -> Rules:
    """Everything in force on 2026-11-15."""
    return Rules(card(), size_rules(), block_rules(), Decimal(60))
