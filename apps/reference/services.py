"""Writes to the dated tables: fixtures at installation, operators in the browser. All keep history: a change closes
the period before it. Writers of one table queue on its TableState row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotPermitted
from apps.reference import policies
from apps.reference.fixture_files import FixtureFile
from apps.reference.models import (
    BlockList,
    CalendarYear,
    Dated,
    LprQuote,
    LprTenor,
    PolicyFigure,
    Region,
    TableState,
    WorkDay,
)
from apps.reference.work_year import parse_work_year

_BATCH_ROWS = 2_000

DatedRow = TypeVar("DatedRow", bound=Dated)

audit.register(
    "reference",
    {
        "load_fixture": "载入基础数据“{target}”",
        "save_work_year": "登记{target}年工作日历",
        "record_lpr_quote": "登记贷款市场报价利率 {target}",
        "save_region_change": "登记区划变更 {target}",
        "save_block_list": "维护限制名单 {target}",
        "save_policy_figure": "维护政策数值 {target}",
    },
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What an operator's entry rests on: the document, how sure it is, and why it is entered."""

    source_document: str
    certainty: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FixtureLoaded:
    """Outcome of one fixture: rows in the file; rows left alone because an operator keeps them; False: unchanged."""

    table: str
    rows: int
    kept: int
    is_changed: bool


@transaction.atomic
def load_fixture(*, actor: Actor, fixture: FixtureFile, now: datetime) -> FixtureLoaded:
    """Insert or update all rows of a fixture by natural key, unless this very file is loaded already."""
    if not policies.can_load(actor):
        raise NotPermitted("只有平台管理员可以载入基础数据。")
    state = _lock_table(fixture.table, now)
    if state.fixture_digest == fixture.digest:
        return FixtureLoaded(fixture.table, len(fixture.rows), 0, False)
    model = apps.get_model("reference", fixture.table)
    columns = {name: model._meta.get_field(name) for name in fixture.columns}
    edited = set(model._default_manager.filter(edited_at__isnull=False).values_list(*fixture.key))
    rows = [model(**{name: columns[name].to_python(value) for name, value in row.items()}) for row in fixture.rows]
    fresh = [row for row in rows if tuple(getattr(row, name) for name in fixture.key) not in edited]
    model._default_manager.bulk_create(
        fresh,
        batch_size=_BATCH_ROWS,
        update_conflicts=True,
        unique_fields=fixture.key,
        update_fields=[name for name in fixture.columns if name not in fixture.key],
    )
    before, state.fixture_digest = state.fixture_digest, fixture.digest
    _mark_changed(state, now)
    audit.record(
        actor=actor,
        verb="reference.load_fixture",
        target=state,
        now=now,
        before={"digest": before},
        after={"digest": fixture.digest, "rows": len(rows), "kept": len(rows) - len(fresh)},
    )
    return FixtureLoaded(fixture.table, len(rows), len(rows) - len(fresh), True)


@transaction.atomic
def save_work_year(*, actor: Actor, year: int, days: str, basis: Basis, now: datetime) -> CalendarYear:
    """Replace the exceptions of a year by those of its notice (`days`: see work_year) and mark the year covered."""
    _require_maintainer(actor)
    exceptions = parse_work_year(year, days)
    state = _lock_table("workday", now)
    stored = WorkDay.objects.filter(on__year=year)
    before = {str(on): is_workday for on, is_workday in stored.order_by("on").values_list("on", "is_workday")}
    stored.delete()
    origin = {"source_document": basis.source_document, "certainty": basis.certainty, "edited_at": now}
    WorkDay.objects.bulk_create(WorkDay(**day._asdict(), **origin) for day in exceptions)
    row, _ = CalendarYear.objects.update_or_create(year=year, defaults=origin)
    _mark_changed(state, now)
    audit.record(
        actor=actor,
        verb="reference.save_work_year",
        target=row,
        now=now,
        before=before,
        after={str(day.on): day.is_workday for day in exceptions},
        reason=basis.reason,
    )
    return row


@transaction.atomic
def record_lpr_quote(
    *, actor: Actor, published_on: date, rates_pct: Mapping[str, Decimal], basis: Basis, now: datetime
) -> list[LprQuote]:
    """Record, or correct, the quotes of one publication: tenor (`1Y`, `5Y`) → percent."""
    _require_maintainer(actor)
    if published_on > business_date(now):
        raise InvalidInput("公布日期有误。", fields={"published_on": "公布日期不能晚于今天。"})
    if set(rates_pct) - set(LprTenor.values):
        raise ValueError(f"unknown tenor in {sorted(rates_pct)}")
    state = _lock_table("lprquote", now)
    quotes = []
    for tenor, rate_pct in sorted(rates_pct.items()):
        old = LprQuote.objects.filter(published_on=published_on, tenor=tenor).first()
        quote = old or LprQuote(published_on=published_on, tenor=tenor)
        before = {"rate_pct": old.rate_pct} if old else None
        quote.rate_pct = rate_pct
        _put_basis(quote, basis, now)
        quote.save()
        quotes.append(quote)
        audit.record(
            actor=actor,
            verb="reference.record_lpr_quote",
            target=quote,
            now=now,
            before=before,
            after={"rate_pct": rate_pct},
            reason=basis.reason,
        )
    _mark_changed(state, now)
    return quotes


@transaction.atomic
def save_region_change(
    *,
    actor: Actor,
    code: str,
    name: str,
    predecessor_codes: list[str],
    effective_from: date,
    basis: Basis,
    now: datetime,
) -> Region:
    """From `effective_from` on, `code` is called `name` and stands in the place of `predecessor_codes`.

    One form for a new region, a renaming (same code, no predecessor) and 撤县设区 (new code, the old ones end).
    """
    _require_maintainer(actor)
    level = "province" if code.endswith("0000") else "city" if code.endswith("00") else "county"
    parent_code = {"province": "", "city": f"{code[:2]}0000", "county": f"{code[:4]}00"}[level]
    state = _lock_table("region", now)
    if parent_code and not Region.objects.in_force(effective_from).filter(code=parent_code).exists():
        parent_code = f"{code[:2]}0000"
        if not Region.objects.in_force(effective_from).filter(code=parent_code).exists():
            raise InvalidInput("区划代码有误。", fields={"code": f"{code} 的上级区划不存在。"})
    predecessors = _predecessors(code, predecessor_codes, effective_from)
    values = {"name": name, "level": level, "parent_code": parent_code, "successor_code": ""}
    before, region = _open_period(Region, {"code": code}, effective_from, values, basis, now)
    for old in predecessors:
        old.effective_to, old.successor_code, old.edited_at = effective_from, code, now
        old.save(update_fields=["effective_to", "successor_code", "edited_at"])
    _mark_changed(state, now)
    audit.record(
        actor=actor,
        verb="reference.save_region_change",
        target=region,
        now=now,
        before=before,
        after={**_period_values(region), "predecessor_codes": predecessor_codes},
        reason=basis.reason,
    )
    return region


def _predecessors(code: str, predecessor_codes: list[str], effective_from: date) -> list[Region]:
    rows = Region.objects.in_force(effective_from).filter(code__in=predecessor_codes, effective_from__lt=effective_from)
    found = {row.code: row for row in rows.order_by("code")}
    missing = [old for old in predecessor_codes if old not in found or old == code]
    if missing:
        raise InvalidInput(
            "原区划代码有误。", fields={"predecessor_codes": f"{'、'.join(missing)} 在 {effective_from} 之前没有施行。"}
        )
    return list(found.values())


@transaction.atomic
def save_block_list(
    *, actor: Actor, code: str, values: Mapping[str, Any], effective_from: date, basis: Basis, now: datetime
) -> BlockList:
    """From `effective_from` on, the list `code` has these values (fields of BlockList)."""
    _require_maintainer(actor)
    state = _lock_table("blocklist", now)
    before, row = _open_period(BlockList, {"code": code}, effective_from, values, basis, now)
    _close_entry(actor, "reference.save_block_list", state, row, before, basis, now)
    return row


@transaction.atomic
def save_policy_figure(
    *, actor: Actor, key: str, value: Decimal, effective_from: date, basis: Basis, now: datetime
) -> PolicyFigure:
    """From `effective_from` on, the figure `key` (which must exist) has this value in its unit."""
    _require_maintainer(actor)
    state = _lock_table("policyfigure", now)
    known = PolicyFigure.objects.filter(key=key).order_by("-effective_from").first()
    if known is None:
        raise InvalidInput("政策数值不存在。", fields={"key": f"没有名为“{key}”的政策数值。"})
    values = {"label": known.label, "unit": known.unit, "value": value}
    before, row = _open_period(PolicyFigure, {"key": key}, effective_from, values, basis, now)
    _close_entry(actor, "reference.save_policy_figure", state, row, before, basis, now)
    return row


def _require_maintainer(actor: Actor) -> None:
    if not policies.can_maintain(actor):
        raise NotPermitted("只有平台管理员可以维护基础数据。")


def _lock_table(table: str, now: datetime) -> TableState:
    """The state row of a table, locked until the transaction ends."""
    TableState.objects.get_or_create(table=table, defaults={"token": uuid4(), "changed_at": now})
    return TableState.objects.select_for_update(of=("self",), no_key=True).get(table=table)


def _mark_changed(state: TableState, now: datetime) -> None:
    state.token, state.changed_at = uuid4(), now
    state.save(update_fields=["token", "changed_at", "fixture_digest"])


def _open_period(
    model: type[DatedRow],
    key: Mapping[str, str],
    effective_from: date,
    values: Mapping[str, Any],
    basis: Basis,
    now: datetime,
) -> tuple[dict[str, Any] | None, DatedRow]:
    """End the period in force on the day and begin one with `values`, up to the next one already on file.

    A period that begins on that very day is changed in place. Returns what held before, and the row.
    """
    periods = model._default_manager.filter(**key).order_by("effective_from")
    current = periods.filter(Q(effective_to__isnull=True) | Q(effective_to__gt=effective_from)).first()
    effective_to = current.effective_to if current else None
    if current is not None and current.effective_from > effective_from:
        effective_to, current = current.effective_from, None
    before = _period_values(current) if current else None
    if current is not None and current.effective_from < effective_from:
        current.effective_to, current.edited_at = effective_from, now
        current.save(update_fields=["effective_to", "edited_at"])
        current = None
    row = current or model(**key, effective_from=effective_from, effective_to=effective_to)
    for name, value in values.items():
        setattr(row, name, value)
    _put_basis(row, basis, now)
    try:
        row.full_clean(validate_constraints=False)
    except ValidationError as fault:
        raise InvalidInput(fields={name: "；".join(texts) for name, texts in fault.message_dict.items()}) from fault
    row.save()
    return before, row


def _close_entry(
    actor: Actor,
    verb: str,
    state: TableState,
    row: Dated,
    before: dict[str, Any] | None,
    basis: Basis,
    now: datetime,
) -> None:
    """After `_open_period`: readers of the table learn that it changed, the trail what it said before and says now."""
    _mark_changed(state, now)
    audit.record(
        actor=actor, verb=verb, target=row, now=now, before=before, after=_period_values(row), reason=basis.reason
    )


def _put_basis(row: models.Model, basis: Basis, now: datetime) -> None:
    row.source_document, row.certainty, row.edited_at = basis.source_document, basis.certainty, now  # type: ignore[attr-defined]


def _period_values(row: Dated) -> dict[str, Any]:
    skipped = {"id", "edited_at"}
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in skipped
    }
