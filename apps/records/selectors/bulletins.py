"""The monthly bulletin (通报) of a source: one content for the page, the workbook and the PDF.

What is not published yet is built from the figures as they stand; a published one is what was stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count

from apps.core.actor import Actor, Role
from apps.core.digests import plain
from apps.core.errors import NotVisible
from apps.core.months import add_months
from apps.records.models import Bulletin, QualityFigure, Source
from apps.records.quality import CONTRADICTIONS, DEFINITIONS, Counts, Value, advice, values
from apps.records.selectors.quality import (
    code_sheet,
    contradictions_visible_to,
    lines_on,
    lines_with_sources,
    overdue_alerts_visible_to,
)

RANKED_BY = ("timely_pct", "acceptance_pct", "mandatory_pct")


@dataclass(frozen=True, slots=True)
class Standing:
    """A source in the ranking of a month: its place, its totals, whether its bulletin is out."""

    place: int
    source: Source
    values: tuple[Value, ...]
    published: bool


def bulletins_visible_to(actor: Actor) -> list[Bulletin]:
    """Published bulletins, the newest month first."""
    seen = Bulletin.objects.visible_to(actor).select_related("source__organization")
    return list(seen.order_by("-month_on", "source__organization__name", "pk")[:120])


def months_counted(actor: Actor) -> list[date]:
    """Months that have figures, the newest first."""
    seen = QualityFigure.objects.visible_to(actor)
    return list(seen.order_by("-month_on").values_list("month_on", flat=True).distinct()[:24])


def ranking(month_on: date, today: date) -> list[Standing]:
    """Every source with figures of the month: timely first, then acceptance, then completeness; unknown comes last."""
    totals = _totals(month_on)
    published = set(Bulletin.objects.filter(month_on=month_on).order_by("pk").values_list("source_id", flat=True))
    lines = lines_on(today)
    rows = sorted(totals.values(), key=lambda row: (_order(row[1]), row[0].organization.name))
    return [
        Standing(place, source, values(counts, as_of_on, lines), source.pk in published)
        for place, (source, counts, as_of_on) in enumerate(rows, start=1)
    ]


def _totals(month_on: date) -> dict[int, tuple[Source, Counts, date]]:
    totals: dict[int, tuple[Source, Counts, date]] = {}
    for row in QualityFigure.objects.filter(month_on=month_on).select_related("source__organization").order_by("pk"):
        _, counts, as_of_on = totals.get(row.source_id, (None, Counts(), row.as_of_on))
        totals[row.source_id] = (row.source, counts + row.counts, max(as_of_on, row.as_of_on))
    return totals


def _order(counts: Counts) -> tuple[float, ...]:
    by_slug = {
        definition.slug: definition.compute(counts, date.min)
        for definition in DEFINITIONS
        if definition.slug in RANKED_BY
    }
    return tuple(1.0 if by_slug[slug] is None else -float(by_slug[slug] or 0) for slug in RANKED_BY)


def bulletin_of(actor: Actor, source_id: int, month_on: date, today: date) -> tuple[dict[str, Any], Bulletin | None]:
    """The content of a bulletin, and the published row where there is one.

    A department sees published ones of its own only; administrators and auditors also see what is being prepared.
    Raises NotVisible.
    """
    seen = Bulletin.objects.visible_to(actor).filter(source_id=source_id, month_on=month_on)
    published = seen.select_related("source__organization").first()
    if published is not None:
        return published.content, published
    if not actor.has(Role.OPERATOR, Role.AUDITOR):
        raise NotVisible("没有这一期通报。")
    return build_bulletin(actor, source_id, month_on, today), None


def build_bulletin(actor: Actor, source_id: int, month_on: date, today: date) -> dict[str, Any]:
    """The content from the figures as they stand now. Raises NotVisible where the month has none for the source."""
    rows = list(
        QualityFigure.objects.visible_to(actor)
        .filter(source_id=source_id, month_on=month_on)
        .select_related("source__organization", "item")
        .order_by("item__catalogue_no", "item__code")
    )
    if not rows:
        raise NotVisible("该单位这个月没有统计数据。")
    before = {
        row.item_id: (row.counts, row.as_of_on)
        for row in QualityFigure.objects.filter(source_id=source_id, month_on=add_months(month_on, -1)).order_by("pk")
    }
    lines = lines_on(today)
    as_of_on = max(row.as_of_on for row in rows)
    total, previous = _sum(row.counts for row in rows), _sum(counts for counts, _ in before.values())
    earlier = (previous, max(day for _, day in before.values())) if before else None
    places = ranking(month_on, today)
    name = rows[0].source.organization.name
    content = {
        "title": f"{name}{month_on:%Y年%m月}数据质量通报",
        "organization": name,
        "month": f"{month_on:%Y-%m}",
        "as_of_on": as_of_on,
        "place": next(row.place for row in places if row.source.pk == source_id),
        "places": len(places),
        "total": _shown(values(total, as_of_on, lines, earlier)),
        "items": [_item(row, lines, before) for row in rows],
        "codes": _codes(actor, source_id, today),
        "contradictions": _contradictions(actor, source_id),
        "overdue": [
            {"item": str(alert.item), "period": f"{alert.period_on}至{alert.period_end_on}", "due_on": alert.due_on}
            for alert in overdue_alerts_visible_to(actor).filter(source_id=source_id)
        ],
        "lines": [
            {
                "label": row.label,
                "text": f"{row.value.normalize():f}{row.get_unit_display()}",
                "source": row.source_document,
            }
            for row in lines_with_sources(today)
        ],
        "definitions": [
            {"label": row.label, "unit": row.unit, "sentence": row.sentence, "source": row.source_document}
            for row in DEFINITIONS
        ],
    }
    content["advice"] = _advice(content, rows, lines)
    result: dict[str, Any] = plain(content)
    return result


def _sum(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def _shown(figures: Iterable[Value]) -> list[dict[str, Any]]:
    return [
        {"label": one.label, "text": one.text, "change": one.change, "is_below_line": one.is_below_line}
        for one in figures
    ]


def _item(row: QualityFigure, lines: Any, before: Any) -> dict[str, Any]:
    return {
        "name": row.item.name,
        "cadence": row.item.update_frequency,
        "deliveries": row.deliveries,
        "rows": row.rows,
        "accepted": row.accepted,
        "rejected": row.rejected,
        "held": row.held,
        "gaps": row.gap_labels,
        "values": _shown(values(row.counts, row.as_of_on, lines, before.get(row.item_id))),
    }


def _codes(actor: Actor, source_id: int, today: date) -> dict[str, Any]:
    sheet = code_sheet(actor, today, source_id)
    return {
        "kinds": [{"label": kind.label, "count": count} for kind, count in sheet.kinds],
        "open": sheet.open,
        "rate": "—" if sheet.rate_pct is None else f"{sheet.rate_pct}%",
        "line": f"{sheet.line_pct.normalize():f}%",
        "is_over": sheet.is_over,
    }


def _contradictions(actor: Actor, source_id: int) -> list[dict[str, Any]]:
    seen = contradictions_visible_to(actor)
    seen = seen.filter(first_source_id=source_id) | seen.filter(second_source_id=source_id)
    rows = seen.order_by().values("kind").annotate(count=Count("pk", distinct=True)).order_by("kind")
    return [{"label": CONTRADICTIONS[row["kind"]], "count": row["count"]} for row in rows]


def _advice(content: dict[str, Any], rows: list[QualityFigure], lines: Any) -> list[str]:
    said = [line for row in rows for line in advice(row.item.name, row.counts, lines, row.gap_labels)]
    codes = content["codes"]
    if codes["open"]:
        over = f"，重错码率{codes['rate']}，应低于{codes['line']}" if codes["is_over"] else ""
        said.append(f"有{codes['open']}处代码问题待更正{over}。请下载更正表，填写数据操作标识位后导入。")
    return said or ["本月各项报送及时、合规，请继续保持。"]
