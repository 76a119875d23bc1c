"""Reads of data quality: figures by month, 重错码, contradictions, what is overdue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet, Sum

from apps.core.actor import Actor, Role
from apps.core.errors import NotVisible
from apps.core.months import add_months
from apps.core.work import WorkItem
from apps.records.code_faults import KINDS, Kind, rate_pct
from apps.records.models import (
    CatalogueItem,
    CodeFault,
    Contradiction,
    CorrectionLine,
    CorrectionRound,
    Delivery,
    OverdueAlert,
    QualityFigure,
    Source,
)
from apps.records.policies import can_see_value
from apps.records.quality import (
    COUNT_NAMES,
    DEFINITIONS,
    LINE_KEYS,
    NEWEST,
    Counts,
    Definition,
    Value,
    month_of,
    values,
)
from apps.records.selectors.counts import month_span, repaired_but_never_delivered
from apps.reference.models import PolicyFigure
from apps.reference.selectors import figures

WRONG_CODE_LINE: Final = "wrong_code_max_pct"
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A source and item with its figures of a month."""

    figure: QualityFigure
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a month as far as the actor sees them, and what they can be narrowed by."""

    month_on: date
    rows: list[Row]
    total: tuple[Value, ...]
    months: list[date]
    sources: list[Source]
    items: list[CatalogueItem]
    as_of_on: date | None
    computed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of figures is narrowed by; None: not."""

    month_on: date | None = None
    source_id: int | None = None
    item_code: str = ""


def lines_on(on: date) -> dict[str, Decimal]:
    """The lines that figures are held against, by key, as they were on a day."""
    held = figures(on)
    return {key: held[key] for key in LINE_KEYS if key in held}


def lines_with_sources(on: date) -> list[PolicyFigure]:
    """The same lines and the 重错码 line as rows, with their documents and marks."""
    keys = (*LINE_KEYS, WRONG_CODE_LINE)
    return list(PolicyFigure.objects.in_force(on).filter(key__in=keys).order_by("key"))


def overview(actor: Actor, filters: Filters, today: date) -> Overview:
    """The newest month, or the one asked for, by source and item."""
    seen = QualityFigure.objects.visible_to(actor)
    months = list(seen.order_by("-month_on").values_list("month_on", flat=True).distinct()[:24])
    month_on = filters.month_on or (months[0] if months else month_of(today))
    found = seen.filter(month_on=month_on).select_related("source__organization", "item")
    found = found.order_by("source__organization__name", "item__catalogue_no", "item__code")
    rows = list(found)
    chosen = [
        row for row in rows if filters.source_id in (None, row.source_id) and filters.item_code in ("", row.item.code)
    ]
    lines, before = lines_on(today), _before(seen, month_on)
    total = sum((row.counts for row in chosen), Counts())
    as_of_on = max((row.as_of_on for row in chosen), default=None)
    return Overview(
        month_on=month_on,
        rows=[
            Row(row, values(row.counts, row.as_of_on, lines, before.get((row.source_id, row.item_id))))
            for row in chosen
        ],
        total=values(total, as_of_on or today, lines),
        months=months,
        sources=list({row.source_id: row.source for row in rows}.values()),
        items=sorted({row.item_id: row.item for row in rows}.values(), key=lambda item: item.catalogue_no),
        as_of_on=as_of_on,
        computed_at=max((row.computed_at for row in chosen), default=None),
    )


def _before(seen: QuerySet[QualityFigure], month_on: date) -> dict[tuple[int, int], tuple[Counts, date]]:
    rows = seen.filter(month_on=add_months(month_on, -1)).order_by("pk")
    return {(row.source_id, row.item_id): (row.counts, row.as_of_on) for row in rows}


@dataclass(frozen=True, slots=True)
class Said:
    """A contradiction as an actor may see it: a value that is not the actor's own nor public is left out."""

    contradiction: Contradiction
    first_value: str
    second_value: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One source, item and month with everything that the figures were counted from."""

    row: Row
    definitions: tuple[tuple[Definition, Value], ...]
    deliveries: list[Delivery]
    contradictions: list[Said]
    alerts: list[OverdueAlert]
    never_delivered: list[tuple[str, int, int]]


def source_visible_to(actor: Actor, source_id: int) -> Source:
    """One source. Raises NotVisible."""
    found = Source.objects.visible_to(actor).select_related("organization").filter(pk=source_id).first()
    if found is None:
        raise NotVisible("没有这个报送单位。")
    return found


def tolerances(on: date) -> list[PolicyFigure]:
    """How far two headcounts may lie apart, with source and mark."""
    return list(PolicyFigure.objects.in_force(on).filter(key__startswith="headcount_tolerance_").order_by("key"))


def figure_visible_to(actor: Actor, source_id: int, item_code: str, month_on: date) -> QualityFigure:
    """One row of figures. Raises NotVisible."""
    seen = QualityFigure.objects.visible_to(actor).select_related("source__organization", "item")
    found: QualityFigure | None = seen.filter(source_id=source_id, item__code=item_code, month_on=month_on).first()
    if found is None:
        raise NotVisible("没有这一单位、信息项和月份的统计。")
    return found


def quality_detail(actor: Actor, source_id: int, item_code: str, month_on: date, today: date) -> Detail:
    """From the figures down to the deliveries and rows. Raises NotVisible."""
    figure = figure_visible_to(actor, source_id, item_code, month_on)
    before = _before(QualityFigure.objects.filter(source_id=source_id, item_id=figure.item_id), month_on)
    shown = values(figure.counts, figure.as_of_on, lines_on(today), before.get((source_id, figure.item_id)))
    start, end = month_span(month_on)
    deliveries = Delivery.objects.visible_to(actor).filter(
        source_id=source_id, item_id=figure.item_id, received_at__gte=start, received_at__lt=end
    )
    pair = Q(first_source_id=source_id, first_item_id=figure.item_id) | Q(
        second_source_id=source_id, second_item_id=figure.item_id
    )
    alerts = OverdueAlert.objects.visible_to(actor).filter(source_id=source_id, item_id=figure.item_id)
    return Detail(
        row=Row(figure, shown),
        definitions=tuple(zip(DEFINITIONS, shown, strict=True)),
        deliveries=list(deliveries.order_by("-received_at", "-pk")[:SHOWN]),
        contradictions=said(actor, contradictions_visible_to(actor).filter(pair)[:SHOWN]),
        alerts=list(alerts.order_by("-period_on")[:SHOWN]),
        never_delivered=repaired_but_never_delivered(month_on)[:SHOWN] if item_code == "penalty" else [],
    )


def contradictions_visible_to(actor: Actor) -> QuerySet[Contradiction]:
    """Open contradictions, the newest first."""
    related = ("subject", "first_source__organization", "second_source__organization", "first_item", "second_item")
    seen = Contradiction.objects.visible_to(actor).filter(ended_on__isnull=True)
    return seen.select_related(*related).order_by("-found_on", "kind", "subject__name", "pk")


def said(actor: Actor, rows: Sequence[Contradiction] | QuerySet[Contradiction]) -> list[Said]:
    """Contradictions with the values that the actor may see."""
    hidden = "仅报送单位可见"
    return [
        Said(
            row,
            row.first_value if can_see_value(actor, row.first_source, row.first_item) else hidden,
            row.second_value if can_see_value(actor, row.second_source, row.second_item) else hidden,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """重错码 at a glance: how many of each kind, the rate and its line."""

    kinds: list[tuple[Kind, int]]
    open: int
    in_rate: int
    registered: int
    rate_pct: Decimal | None
    line_pct: Decimal

    @property
    def is_over(self) -> bool:
        """Whether the rate has reached the line (it must stay below)."""
        return self.rate_pct is not None and self.rate_pct >= self.line_pct


def code_faults_visible_to(actor: Actor, kind: str = "", source_id: int | None = None) -> QuerySet[CodeFault]:
    """Open faults, those that make the rate first, by kind and code."""
    rows = CodeFault.objects.visible_to(actor).open().select_related("source__organization", "subject")
    if kind:
        rows = rows.filter(kind=kind)
    if source_id is not None:
        rows = rows.filter(source_id=source_id)
    return rows.order_by("-counts_in_rate", "kind", "code", "pk")


def code_sheet(actor: Actor, today: date, source_id: int | None = None) -> CodeSheet:
    """The kinds with their numbers, and the rate: faults of registered codes ÷ registered codes.

    A registrar's own rate is against the codes that it registered; the platform's against all.
    """
    counted = code_faults_visible_to(actor, source_id=source_id).order_by().values("kind")
    numbers: dict[str, int] = {row["kind"]: row["all"] for row in counted.annotate(all=Count("pk"))}
    # One code may be wrong in two ways; it is one wrong code.
    rated = code_faults_visible_to(actor, source_id=source_id).filter(counts_in_rate=True)
    in_rate = rated.order_by().aggregate(codes=Count("code", distinct=True))["codes"]
    registered = _registered(actor, source_id)
    return CodeSheet(
        kinds=[(kind, numbers.get(kind.slug, 0)) for kind in KINDS.values()],
        open=sum(numbers.values()),
        in_rate=in_rate,
        registered=registered,
        rate_pct=rate_pct(in_rate, registered),
        line_pct=figures(today)[WRONG_CODE_LINE],
    )


def _registered(actor: Actor, source_id: int | None) -> int:
    """Registered codes, from the newest figures of 登记注册: counting them is the night's work."""
    figures_of = QualityFigure.objects.visible_to(actor).filter(item__creates_subjects=True)
    if source_id is not None:
        figures_of = figures_of.filter(source_id=source_id)
    newest = figures_of.aggregate(month=Max("month_on"))["month"]
    total = figures_of.filter(month_on=newest).aggregate(codes=Sum("subjects"))["codes"]
    return int(total or 0)


def fault_sources(actor: Actor) -> list[Source]:
    """Whose open faults the actor sees."""
    ids = code_faults_visible_to(actor).order_by().values("source_id")
    return list(Source.objects.filter(pk__in=ids).select_related("organization").order_by("organization__name", "pk"))


def open_correction_round() -> CorrectionRound | None:
    """The round that takes corrections now."""
    return CorrectionRound.objects.filter(closed_on__isnull=True).order_by("-opened_on", "-pk").first()


def correction_lines_of(actor: Actor, correction_round: CorrectionRound) -> QuerySet[CorrectionLine]:
    """Lines that came in for a round: a department sees those of its own."""
    rows = correction_round.lines.select_related("fault").order_by("-received_at", "row_number", "pk")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    return rows.filter(organization_id=actor.organization_id)


def overdue_alerts_visible_to(actor: Actor) -> QuerySet[OverdueAlert]:
    """What is overdue, the oldest due day first."""
    seen = OverdueAlert.objects.visible_to(actor).filter(ended_at__isnull=True)
    return seen.select_related("source__organization", "item").order_by("due_on", "pk")


def quality_work_items(actor: Actor) -> list[WorkItem]:
    """What is overdue, and 重错码 that wait for the registrar."""
    if not actor.has(Role.DEPARTMENT, Role.OPERATOR):
        return []
    items = [
        WorkItem(
            title=f"逾期未报：{alert.item}",
            detail=f"{alert.source} · {alert.period_on}至{alert.period_end_on}",
            url_name="records:quality",
            query=f"source={alert.source_id}&item={alert.item.code}",
            due_on=alert.due_on,
        )
        for alert in overdue_alerts_visible_to(actor)[:SHOWN]
    ]
    faults = code_faults_visible_to(actor).filter(counts_in_rate=True).count()
    if faults:
        items.append(
            WorkItem(
                title="待更正的重错码",
                detail="下载更正表，填写后导入",
                url_name="records:code_fault_list",
                count=faults,
            )
        )
    return items


def own_figures(actor: Actor, today: date) -> tuple[Value, ...]:
    """A department's figures of the newest month over all its items, for its home page; empty before the first."""
    seen = QualityFigure.objects.visible_to(actor)
    newest = seen.filter(month_on__gte=today - timedelta(days=62)).aggregate(month=Max("month_on"))["month"]
    sums = [Sum(name) for name in COUNT_NAMES if name != NEWEST]
    row: dict[str, Any] = seen.filter(month_on=newest).aggregate(
        *sums, newest_on=Max("newest_on"), as_of=Max("as_of_on")
    )
    if row["as_of"] is None:
        return ()
    counts = Counts(newest_on=row["newest_on"], **{name: row[f"{name}__sum"] for name in COUNT_NAMES if name != NEWEST})
    return values(counts, row["as_of"], lines_on(today))
