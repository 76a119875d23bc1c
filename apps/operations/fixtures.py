"""Everything below fixtures/reference/ brought into the tables: run after every migrate, changes nothing when up to
date. Each app's own service loads its own file."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from apps.core.actor import Actor
from apps.profiles.services import load_scorecard
from apps.records.services import load_catalogue, load_retention_rules
from apps.reference.fixture_files import fixture_paths, read_fixture
from apps.reference.services import load_fixture
from apps.whitelist.services import load_decline_reasons


def load_all(*, actor: Actor, folder: Path, now: datetime) -> Iterator[str]:
    """Load file by file; yields one Chinese line each."""
    for path in fixture_paths(folder):
        loaded = load_fixture(actor=actor, fixture=read_fixture(path), now=now)
        kept = f"，保留平台维护的 {loaded.kept} 行" if loaded.kept else ""
        yield f"{path.name}：{f'载入 {loaded.rows} 行{kept}' if loaded.is_changed else '无变化'}"
    catalogue = folder / "records.catalogueitem.json"
    yield f"{catalogue.name}：新增或变更 {load_catalogue(actor=actor, path=catalogue, now=now)} 项"
    rules = folder / "records.retentionrule.json"
    yield f"{rules.name}：新增或变更 {load_retention_rules(actor=actor, path=rules, now=now)} 条"
    scorecards = folder / "profiles.scorecard.json"
    for row in _read(scorecards)["rows"]:
        yield f"{scorecards.name}：{load_scorecard(actor=actor, row=row, now=now)}"
    reasons = folder / "whitelist.declinereason.json"
    yield f"{reasons.name}：新增 {load_decline_reasons(actor=actor, rows=_read(reasons), now=now)} 条"


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
