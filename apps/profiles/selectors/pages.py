"""Everything the portrait's pages show, with the permit that they opened."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import Model

from apps.core.actor import Actor
from apps.core.clock import CHINA
from apps.core.errors import NotVisible
from apps.core.permit import Permit
from apps.profiles.explaining import DimensionPoints, Explanation
from apps.profiles.frames import EVENTS, Setting
from apps.profiles.indicators.views import live_events, with_repairs
from apps.profiles.models import Profile
from apps.profiles.selectors.explanations import Freshness, explanation_of, freshness_of, series_of
from apps.profiles.series import Series
from apps.records import selectors as records
from apps.records.models import CatalogueItem
from apps.subjects.models import Subject


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """A stored portrait, told; charts as the chart component takes them."""

    profile: Profile
    told: Explanation
    radar: dict[str, Any]
    unjudged: tuple[str, ...]
    charts: tuple[tuple[Series, dict[str, Any]], ...]
    freshness: list[Freshness]

    @property
    def alert_tone(self) -> str:
        """How loud the notice about lists is."""
        stops = any(effect == "BLOCK" for block in self.told.blocks for _, effect, _ in block.effects)
        return "danger" if stops else "warning"


def own_subject(actor: Actor) -> Subject:
    """The firm that the actor acts for. Raises NotVisible."""
    if actor.subject_id is None:
        raise NotVisible
    return Subject.objects.get(pk=actor.subject_id)


def profile_page_of(profile: Profile, *, permit: Permit) -> ProfilePage:
    """Raises NotPermitted."""
    told = explanation_of(profile)
    return ProfilePage(
        profile,
        told,
        _radar(told.dimensions),
        tuple(each.label for each in told.dimensions if each.share_pct is None),
        tuple((series, _chart(series)) for series in series_of(profile, permit=permit)),
        freshness_of(profile.subject_id, profile.as_known_at, permit=permit),
    )


def _radar(dimensions: tuple[DimensionPoints, ...]) -> dict[str, Any]:
    judged = [each for each in dimensions if each.share_pct is not None]
    return {
        "labels": [each.label for each in judged],
        "series": [{"name": "得分率", "values": [each.share_pct for each in judged]}],
        "unit": "%",
        "highest": 100,
    }


def _chart(series: Series) -> dict[str, Any]:
    in_wan = series.unit == "元"
    values = [None if value is None else value / 10_000 if in_wan else value for value in series.values]
    return {
        "labels": list(series.months),
        "series": [{"name": series.label, "values": values}],
        "unit": "万元" if in_wan else series.unit,
    }


@dataclass(frozen=True, slots=True)
class Column:
    """A column of records: attribute, heading, whether it holds figures."""

    name: str
    label: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a column."""

    column: Column
    text: str


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Records of one item: only columns in which anything stands."""

    item: CatalogueItem
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "payment": (
        ("period_on", "所属期起"),
        ("period_end_on", "所属期止"),
        ("key_text", "项目"),
        ("headcount", "人数"),
        ("quantity", "用量"),
        ("base_yuan", "计费基数或销售额（元）"),
        ("due_yuan", "应缴（元）"),
        ("paid_yuan", "已缴（元）"),
        ("arrears_yuan", "欠缴（元）"),
        ("due_on", "缴费期限"),
        ("paid_on", "缴费日期"),
    ),
    "event": (
        ("key_text", "文号或期次"),
        ("occurred_on", "日期"),
        ("class_text", "类别"),
        ("title", "事由"),
        ("authority", "机关"),
        ("amount_yuan", "金额（元）"),
        ("valid_from_on", "有效或发布自"),
        ("valid_to_on", "有效或公示至"),
        ("repaired_on", "修复、移出或屏蔽"),
    ),
    "holding": (
        ("key_text", "项目"),
        ("count", "数量"),
        ("value_yuan", "价值（元）"),
        ("from_on", "自"),
        ("to_on", "至"),
    ),
}
_RECEIVED = ("recorded_at", "入库时间")
_UNIT_IN_LABEL = re.compile(r"[(（](万?元|千瓦时|吨|立方米|件|人|头、只、羽)[)）]$")
# Needed beside an item to tell which of its events are repaired.
REPAIR_ITEMS = ("credit_repair",)


def record_table_of(subject_id: int, item_code: str, *, on: date, permit: Permit) -> RecordTable:
    """The live records of an item, newest first. Raises NotPermitted.

    To anybody but the firm itself, events that are repaired or no longer published are not shown (令36号).
    """
    item = CatalogueItem.objects.get(code=item_code)
    rows: list[Model] = list(records.records_of(subject_id, item_code, permit=permit))
    if item.shape == "event" and not permit.own:
        shown = _live_ids(subject_id, item_code, on, permit)
        rows = [row for row in rows if row.pk in shown]
    parts = _own_key_parts(item)
    columns = [
        Column(name, _heading(item, name, label), any(isinstance(getattr(row, name), Decimal | int) for row in rows))
        for name, label in (*_COLUMNS[item.shape], _RECEIVED)
        if any(_cell_text(row, name, parts) for row in rows)
    ]
    return RecordTable(
        item,
        tuple(columns),
        tuple(tuple(Cell(column, _cell_text(row, column.name, parts)) for column in columns) for row in rows),
    )


def _heading(item: CatalogueItem, name: str, general: str) -> str:
    """What the sender calls the column, with the unit in which it is shown; the general word where one field does not
    fill it alone or bears a code name (the 双公示 files)."""
    keys = {item.key_text[place] for place in _own_key_parts(item)} if name == "key_text" else set()
    fields = [field for field in item.fields if field["name"] in keys or field.get("store") == name]
    if len(fields) != 1 or fields[0]["label"].isascii():
        return general
    label = _UNIT_IN_LABEL.sub("", fields[0]["label"])
    unit = "元" if name.endswith("_yuan") else fields[0].get("unit", "")
    return f"{label}（{unit}）" if unit else label


def _own_key_parts(item: CatalogueItem) -> tuple[int, ...]:
    """Places in `key_text` of the fields that have no column of their own."""
    stored = {field["name"] for field in item.fields if field.get("store") in dict(_COLUMNS[item.shape])}
    return tuple(place for place, name in enumerate(item.key_text) if name not in stored)


def _cell_text(row: Model, name: str, parts: tuple[int, ...]) -> str:
    value = getattr(row, name)
    if name != "key_text":
        return _text(value)
    texts = value.split("|")
    return "、".join(texts[place] for place in parts if place < len(texts))


def _live_ids(subject_id: int, item_code: str, on: date, permit: Permit) -> set[int]:
    events = records.events_of(subject_id, permit=permit, item_codes={item_code, *REPAIR_ITEMS})
    typed = events.select(pl.col(name).cast(kind) for name, kind in EVENTS.items())
    setting = Setting(on, {}, {})
    live = live_events(with_repairs(typed, setting), setting)
    return set(live.filter(pl.col("item_code") == item_code)["id"])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(CHINA):%Y-%m-%d %H:%M}"
    return f"{value:,.2f}" if isinstance(value, Decimal) else str(value)
