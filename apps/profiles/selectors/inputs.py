"""What a portrait is computed from, read out of records and reference tables, as known at an instant."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import polars as pl
from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncMonth

from apps.core.errors import ServiceUnavailable
from apps.core.permit import Permit
from apps.profiles import scorecard
from apps.profiles.frames import EVENTS, HOLDINGS, PAYMENTS, Inputs, ItemState, Setting, month_number
from apps.profiles.indicators import INDICATORS
from apps.profiles.models import Scorecard
from apps.profiles.portrait import Rules
from apps.profiles.scorecard import Card
from apps.records import selectors as records
from apps.records.frames import frame_of
from apps.records.models import CatalogueItem, Delivery, PaymentRecord
from apps.reference import selectors as reference
from apps.subjects.models import Subject


class ScorecardMissing(ServiceUnavailable):
    """No published scorecard is in force on the day."""

    code = "scorecard-missing"
    title = "缺少评分卡"


@dataclass(frozen=True, slots=True)
class Basis:
    """What holds for every subject of a run."""

    setting: Setting
    rules: Rules
    items: frozenset[str]


def basis_of(as_of: date, as_known: datetime, *, card: Card | None = None) -> Basis:
    """The reviewed data in force on `as_of` and what had been delivered by `as_known`.

    `card` None: the one in force; a replay names the one that was. Raises ScorecardMissing and ReferenceMissing.
    """
    rules = Rules(
        card=card or card_in_force(as_of),
        sizes=reference.size_rules(as_of),
        lists=reference.block_lists(as_of),
        min_coverage_pct=reference.figure("fcs_min_coverage_pct", as_of),
    )
    items = {item for indicator in INDICATORS for item in indicator.items}
    items |= {rule.fact_item for rule in rules.lists}
    severities = {kind: each.severity for each in reference.penalty_classes(as_of) for kind in sorted(each.kinds)}
    return Basis(Setting(as_of, _item_states(items, as_of, as_known), severities), rules, frozenset(items))


def card_in_force(on: date) -> Card:
    """The published scorecard of the day. Raises ScorecardMissing."""
    row = Scorecard.objects.filter(state="published", effective_from__lte=on).order_by("-effective_from").first()
    if row is None:
        raise ScorecardMissing(f"{on} 没有施行中的评分卡。")
    return scorecard.parse(row.data)


def card_of(version: str) -> Card:
    """The scorecard that a stored profile names."""
    return scorecard.parse(Scorecard.objects.get(version=version).data)


def _item_states(items: Collection[str], as_of: date, as_known: datetime) -> dict[str, ItemState]:
    """Items delivered by then. Deliveries tell, not records: a delivery without a hit is one too."""
    delivered = set(
        Delivery.objects.filter(state="applied", applied_at__lte=as_known, item__code__in=items)
        .order_by("item__code")
        .values_list("item__code", flat=True)
        .distinct()
    )
    catalogue = (
        CatalogueItem.objects.filter(code__in=delivered).order_by("code").values_list("code", "absence", "shape")
    )
    newest = _newest_periods([code for code, _, shape in catalogue if shape == "payment"], as_of, as_known)
    return {code: ItemState(newest.get(code), absence == "none") for code, absence, _ in catalogue}


# A month counts as delivered when more than this share of the rows of three months before came (quarterly taxes repeat
# every three months): one early row must not make everybody else look as if they had stopped paying.
_DELIVERED_SHARE = 0.5
_LOOK_BACK_MONTHS = 12


def _newest_periods(items: Collection[str], as_of: date, as_known: datetime) -> dict[str, date]:
    """Last day of the newest month that was delivered, by item; periods that end after `as_of` do not count."""
    rows = records.as_known(PaymentRecord.objects.filter(item_code__in=items, period_end_on__lte=as_of), as_known)
    counts = _rows_a_month(rows.filter(period_on__gte=as_of - timedelta(days=31 * (_LOOK_BACK_MONTHS + 3))))
    older = set(items) - counts.keys()
    if older:
        counts |= _rows_a_month(rows.filter(item_code__in=older))
    return {item: _newest_whole(months) for item, months in counts.items()}


def _rows_a_month(rows: "QuerySet[PaymentRecord]") -> dict[str, dict[int, tuple[int, date]]]:
    """Item → month number → (rows, last day of their periods)."""
    counted = (
        rows.annotate(month=TruncMonth("period_end_on"))
        .values("item_code", "month")
        .annotate(rows=Count("*"), last=Max("period_end_on"))
        .order_by("item_code", "month")
    )
    months: dict[str, dict[int, tuple[int, date]]] = {}
    for row in counted:
        months.setdefault(row["item_code"], {})[month_number(row["month"])] = (row["rows"], row["last"])
    return months


def _newest_whole(months: dict[int, tuple[int, date]]) -> date:
    for month in sorted(months, reverse=True):
        before = months.get(month - 3)
        if before is None or months[month][0] > before[0] * _DELIVERED_SHARE:
            return months[month][1]
    return max(last for _, last in months.values())


def subject_ranges_for_batch(subjects_a_range: int, subject_ids: list[int]) -> list[tuple[int, int]]:
    """Ranges of ids that hold about so many of the given subjects (ids ascending) each and together all of them."""
    if not subject_ids:
        return []
    edges = [*subject_ids[::subjects_a_range], subject_ids[-1] + 1]
    return [(first, after - 1) for first, after in pairwise(edges)]


def identities_for_batch(first_id: int, last_id: int) -> pl.DataFrame:
    """(subject_id, code, name, kind, region_code) of a range of subjects."""
    return frame_of(
        "SELECT id AS subject_id, code, name, kind, region_code FROM subjects_subject WHERE id BETWEEN %s AND %s",
        [first_id, last_id],
    )


def inputs_for_batch(
    first_id: int, last_id: int, items: Collection[str], as_known: datetime, *, subject_ids: list[int] | None = None
) -> Inputs:
    """Frames of a range of subjects, or of the given ones of it."""
    rows = Subject.objects.filter(pk__range=(first_id, last_id))
    rows = rows if subject_ids is None else rows.filter(pk__in=subject_ids)
    window = (first_id, last_id, items, as_known)
    return _inputs(
        list(rows.order_by("pk").values_list("pk", flat=True)),
        records.payments_for_batch(*window, subject_ids=subject_ids),
        records.events_for_batch(*window, subject_ids=subject_ids),
        records.holdings_for_batch(*window, subject_ids=subject_ids),
    )


def inputs_of(subject_id: int, items: Collection[str], as_known: datetime, *, permit: Permit) -> Inputs:
    """Frames of one subject. Raises NotPermitted for an item outside the permit."""
    return _inputs(
        [subject_id],
        records.payments_of(subject_id, permit=permit, item_codes=items, as_known=as_known),
        records.events_of(subject_id, permit=permit, item_codes=items, as_known=as_known),
        records.holdings_of(subject_id, permit=permit, item_codes=items, as_known=as_known),
    )


def _inputs(ids: list[int], payments: pl.DataFrame, events: pl.DataFrame, holdings: pl.DataFrame) -> Inputs:
    known = pl.col("subject_id").is_in(ids)
    return Inputs(
        pl.DataFrame({"subject_id": ids}, schema={"subject_id": pl.Int64}),
        *(
            frame.filter(known).select(pl.col(name).cast(kind) for name, kind in schema.items())
            for frame, schema in ((payments, PAYMENTS), (events, EVENTS), (holdings, HOLDINGS))
        ),
    )
