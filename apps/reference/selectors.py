"""Lookups as of a date. These tables are public, so no actor is asked for (design §3: nothing here is anyone's)."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.errors import ServiceUnavailable
from apps.core.work import WorkItem
from apps.core.workdays import WorkCalendar
from apps.reference import policies
from apps.reference.models import (
    BlockList,
    CalendarYear,
    Industry,
    LprQuote,
    PenaltyClass,
    PenaltyKind,
    PolicyFigure,
    Region,
    SizeStandard,
    TableState,
    WorkDay,
)
from apps.reference.regions import RegionPeriod, RegionTree, build_region_tree
from apps.reference.rules import BlockRule, Industries, IndustryCode, PenaltyClassRule, SizeRule

SNAPSHOTS_KEPT = 16
NOTICE_MONTH = 11  # the State Council announces the holidays of a year in the November before

T = TypeVar("T")

# Snapshots of this process by (table, day), each with the token of the table that it was built from.
_snapshots: dict[tuple[str, date | None], tuple[UUID | None, Any]] = {}


class ReferenceMissing(ServiceUnavailable):
    """A dated table holds nothing for the day asked for."""

    code = "reference-missing"
    title = "缺少基础数据"


def _snapshot(table: str, on: date | None, build: Callable[[], T]) -> T:
    """The value built last for (table, day) while nobody wrote to the table; costs one small query."""
    token = TableState.objects.filter(table=table).values_list("token", flat=True).first()
    kept = _snapshots.get((table, on))
    if kept is not None and kept[0] == token and token is not None:
        value: T = kept[1]
        return value
    value = build()
    if len(_snapshots) >= SNAPSHOTS_KEPT:
        _snapshots.clear()
    _snapshots[table, on] = (token, value)
    return value


def region_tree(on: date) -> RegionTree:
    """All regions as of the day, for criteria, scopes and joins."""

    def build() -> RegionTree:
        rows = Region.objects.order_by("code", "effective_from").values_list(*RegionPeriod._fields)
        return build_region_tree((RegionPeriod(*row) for row in rows), on)

    return _snapshot("region", on, build)


def region_as_of(code: str, on: date) -> RegionPeriod | None:
    """The region that carries the code on the day; None if unknown or not in force."""
    return region_tree(on).region(code)


def region_path(code: str, on: date) -> tuple[RegionPeriod, ...]:
    """Province, city, county in which a code lies on the day, abolished codes included; empty if unknown."""
    return region_tree(on).path(code)


def current_region_code(code: str, on: date) -> str:
    """The code that stands for `code` on the day; the code itself where unknown."""
    return region_tree(on).current_code(code)


def codes_within(code: str, on: date) -> frozenset[str]:
    """A scope region and everything below it, with the abolished codes whose place lies inside."""
    return region_tree(on).within(code)


def find_regions(text: str, on: date | None = None, limit: int = 50) -> list[Region]:
    """Regions whose code begins with the text or whose name holds it; with `on`, only those in force that day."""
    found = Region.objects.all() if on is None else Region.objects.in_force(on)
    found = found.filter(code__startswith=text) if text.isdigit() else found.filter(name__contains=text)
    return list(found.order_by("code", "effective_from")[:limit])


def industries(on: date) -> Industries:
    """Names and structure of 门类 and 大类 on the day."""
    rows = Industry.objects.in_force(on).order_by("code").values_list("code", "name", "parent_code")
    return Industries.build(list(rows))


def industry_of(text: str, on: date) -> IndustryCode | None:
    """门类 and 大类 of an industry code such as `C1462`; None where the code is unknown."""
    return industries(on).of(text)


def size_rules(on: date) -> tuple[SizeRule, ...]:
    """The rows of the size standard in force. Raises ReferenceMissing if there is none."""
    rows = SizeStandard.objects.in_force(on).order_by("standard_code", "row_no")
    rules = tuple(
        SizeRule(
            row_no=row.row_no,
            label=row.label,
            sections=tuple(row.sections),
            divisions=tuple(row.divisions),
            groups4=tuple(row.groups4),
            indicator_1=row.indicator_1,
            indicator_2=row.indicator_2 or None,
            large_1=row.large_1,
            large_2=row.large_2,
            medium_1=row.medium_1,
            medium_2=row.medium_2,
            small_1=row.small_1,
            small_2=row.small_2,
        )
        for row in rows
    )
    if not rules:
        raise ReferenceMissing(f"{on} 没有施行中的中小企业划型标准。")
    return rules


def work_calendar() -> WorkCalendar:
    """All known holidays and swapped weekends; years not covered are counted Monday to Friday and say so."""

    def build() -> WorkCalendar:
        return WorkCalendar(
            special=dict(WorkDay.objects.order_by("on").values_list("on", "is_workday")),
            covered_years=frozenset(CalendarYear.objects.order_by("year").values_list("year", flat=True)),
        )

    return _snapshot("workday", None, build)


def calendar_years() -> list[CalendarYear]:
    """Years loaded, newest first."""
    return list(CalendarYear.objects.order_by("-year"))


def calendar_year(year: int) -> CalendarYear | None:
    """The year, if it is loaded."""
    return CalendarYear.objects.filter(year=year).first()


def first_uncovered_year(today: date) -> int:
    """The first year from this one on whose holidays are not loaded."""
    covered = work_calendar().covered_years
    return next(year for year in range(today.year, today.year + len(covered) + 2) if year not in covered)


def work_days_of(year: int) -> list[WorkDay]:
    """The exceptions of a year in order."""
    return list(WorkDay.objects.filter(on__year=year).order_by("on"))


def lpr_as_of(on: date, tenor: str) -> LprQuote:
    """The quote of the tenor (`1Y`, `5Y`) that holds on the day. Raises ReferenceMissing before the first one."""
    quote = LprQuote.objects.filter(tenor=tenor, published_on__lte=on).order_by("-published_on").first()
    if quote is None:
        raise ReferenceMissing(f"{on} 没有 {tenor} 的贷款市场报价利率。")
    return quote


def lpr_quotes() -> list[LprQuote]:
    """All quotes, newest first."""
    return list(LprQuote.objects.order_by("-published_on", "tenor"))


def attention(today: date) -> dict[str, Any]:
    """What the keeper of the tables should look at: the first year without a calendar, the newest LPR and whether a
    month has gone by without one (it is published on about the 20th of each month)."""
    newest = LprQuote.objects.order_by("-published_on").values_list("published_on", flat=True).first()
    return {
        "uncovered_year": first_uncovered_year(today),
        "lpr_on": newest,
        "lpr_is_stale": newest is None or (today - newest).days > figure("lpr_stale_days", today),
    }


def work_items(actor: Actor, now: datetime) -> list[WorkItem]:
    """What the keeper of the tables has to enter: next year's holidays (announced in November), the monthly LPR."""
    if not policies.can_maintain(actor):
        return []
    today = business_date(now)
    state = attention(today)
    items = []
    if (today.year, today.month) >= (state["uncovered_year"] - 1, NOTICE_MONTH):
        items.append(
            WorkItem(
                title=f"登记{state['uncovered_year']}年工作日历",
                detail="未登记的年度按周一至周五估算期限。",
                url_name="reference:calendar_add",
                due_on=date(state["uncovered_year"], 1, 1),
            )
        )
    if state["lpr_is_stale"]:
        since = f"最近一次登记：{state['lpr_on']}。" if state["lpr_on"] else "尚无报价。"
        items.append(WorkItem(title="登记贷款市场报价利率", detail=since, url_name="reference:lpr_list"))
    return items


def block_lists(on: date) -> tuple[BlockRule, ...]:
    """The lists in force with their effects, by code."""
    return tuple(
        BlockRule(
            code=row.code,
            name=row.name,
            authority=row.authority,
            fact_item=row.fact_item,
            fact_values=tuple(row.fact_values),
            effect_whitelist=row.effect_whitelist,
            effect_application=row.effect_application,
            effect_subsidy=row.effect_subsidy,
            source_document=row.source_document,
            certainty=row.certainty,
        )
        for row in BlockList.objects.in_force(on).order_by("code")
    )


def block_list_history() -> list[BlockList]:
    """Every period of every list."""
    return list(BlockList.objects.order_by("code", "-effective_from"))


def block_list_as_of(code: str, on: date) -> BlockList | None:
    """The list under the code on the day."""
    return BlockList.objects.in_force(on).filter(code=code).first()


def penalty_classes(on: date) -> tuple[PenaltyClassRule, ...]:
    """Classes of penalties on the day, mildest first. Raises ReferenceMissing if there is none."""
    kinds: dict[str, set[str]] = {}
    for kind, class_code in PenaltyKind.objects.in_force(on).order_by("kind").values_list("kind", "class_code"):
        kinds.setdefault(class_code, set()).add(kind)
    rules = tuple(
        PenaltyClassRule(
            code=row.code,
            name=row.name,
            severity=row.severity,
            min_months=row.min_publicity_months,
            max_months=row.max_publicity_months,
            kinds=frozenset(kinds.get(row.code, ())),
        )
        for row in PenaltyClass.objects.in_force(on).order_by("severity")
    )
    if not rules:
        raise ReferenceMissing(f"{on} 没有施行中的处罚分类。")
    return rules


def standards(on: date) -> dict[str, Any]:
    """The tables that have no form, for reading: size standard, classes of penalties, industries by 门类."""
    rows = list(Industry.objects.in_force(on).order_by("code"))
    divisions: dict[str, list[Industry]] = {}
    for row in rows:
        divisions.setdefault(row.parent_code, []).append(row)
    return {
        "size_rows": list(SizeStandard.objects.in_force(on).order_by("standard_code", "row_no")),
        "penalty_classes": penalty_classes(on),
        "sections": [(row, divisions.get(row.code, [])) for row in divisions.get("", [])],
    }


def figure(key: str, on: date) -> Decimal:
    """The policy figure in its unit on the day. Raises ReferenceMissing where none is in force."""
    value: Decimal | None = PolicyFigure.objects.in_force(on).filter(key=key).values_list("value", flat=True).first()
    if value is None:
        raise ReferenceMissing(f"{on} 没有施行中的政策数值“{key}”，请在基础数据中登记。")
    return value


def figures(on: date) -> dict[str, Decimal]:
    """All policy figures in force, by key."""
    return dict(PolicyFigure.objects.in_force(on).order_by("key").values_list("key", "value"))


def figure_history() -> list[PolicyFigure]:
    """Every period of every figure."""
    return list(PolicyFigure.objects.order_by("key", "-effective_from"))


def figure_as_of(key: str, on: date) -> PolicyFigure | None:
    """The row of a figure on the day."""
    return PolicyFigure.objects.in_force(on).filter(key=key).first()
