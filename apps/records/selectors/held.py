"""Held rows for their work list: found by a filter, beside the rows of the same key and what is stored under it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min, Model, Q, QuerySet

from apps.core.actor import Actor, Role
from apps.core.errors import NotVisible
from apps.core.identifiers import normalise_code
from apps.records.catalogue import EXTRA, TYPED_COLUMNS, FieldSpec, ItemSpec, fold_label
from apps.records.models import Delivery, EventRecord, HeldRow, HoldingRecord, PaymentRecord
from apps.records.policies import can_read_rows
from apps.records.selectors.catalogue import spec_of
from apps.records.selectors.knowing import as_known
from apps.subjects.models import Subject, SubjectCode

GROUPS_A_PAGE: Final = 20
ROWS_A_GROUP: Final = 20
_SCALES: Final = {"money": 100, "decimal": 10_000}
_TABLES: Final[dict[str, Any]] = {"payment": PaymentRecord, "event": EventRecord, "holding": HoldingRecord}


@dataclass(frozen=True, slots=True)
class HeldFilter:
    """What of the work list is looked at; empty stands for all."""

    item: str = ""
    reason: str = ""
    delivery: int | None = None
    code: str = ""

    def as_json(self) -> dict[str, Any]:
        """For a job's payload."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "HeldFilter":
        """The filter that `as_json` wrote."""
        return cls(**value)


def held_rows_visible_to(actor: Actor) -> QuerySet[HeldRow]:
    """Rows that wait for a decision, newest delivery first."""
    seen = Delivery.objects.visible_to(actor)
    return (
        HeldRow.objects.filter(delivery__in=seen, state="open")
        .select_related("delivery__item", "delivery__source__organization")
        .order_by("-delivery_id", "sheet", "row_number", "pk")
    )


def held_row_visible_to(actor: Actor, pk: int) -> HeldRow:
    """One open held row. Raises NotVisible."""
    row = held_rows_visible_to(actor).filter(pk=pk).first()
    if row is None:
        raise NotVisible("没有找到这一行，或已经处理过。")
    return row


def held_rows_found(actor: Actor, found: HeldFilter) -> QuerySet[HeldRow]:
    """The open rows that a filter finds among those that the actor sees."""
    rows = held_rows_visible_to(actor)
    if found.item:
        rows = rows.filter(delivery__item__code=found.item)
    if found.reason:
        rows = rows.filter(reason=found.reason)
    if found.delivery is not None:
        rows = rows.filter(delivery_id=found.delivery)
    if found.code:
        rows = rows.filter(code=normalise_code(found.code))
    return rows


def held_items(actor: Actor) -> list[tuple[str, str]]:
    """(code, name) of the items of which rows wait."""
    rows = held_rows_visible_to(actor).order_by("delivery__item__catalogue_no", "delivery__item__code")
    return list(rows.values_list("delivery__item__code", "delivery__item__name").distinct())


@dataclass(frozen=True, slots=True)
class Stored:
    """The fact that is stored under the key of a held row, by column of the shape; extras under `extra.<key>`."""

    values: Mapping[str, Any]
    delivery_id: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a group: what each row says, by its number, and what is stored, in the unit of the label; `differs`
    where they do not all say the same.
    """

    label: str
    cells: tuple[tuple[int, str], ...]
    stored: str
    differs: bool


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """All open rows of one key of a delivery; `rows` are the first of them, `total` says how many there are.

    `lines` hold what was written, for the body that sent it; nobody else gets more than `differing`, the labels.
    `candidates`: for 一主体多码, (code, where it is found) of the codes that may be the right one.
    """

    rows: tuple[HeldRow, ...]
    total: int
    shows_text: bool
    lines: tuple[Line, ...]
    differing: tuple[str, ...]
    stored: Stored | None
    candidates: tuple[tuple[str, str], ...]

    @property
    def first(self) -> HeldRow:
        """The row that speaks for the group."""
        return self.rows[0]


def held_groups_page(actor: Actor, found: HeldFilter, number: str | None) -> tuple[Page[Any], list[HeldGroup]]:
    """One page of groups, newest delivery first, in a constant number of queries."""
    groups = (
        held_rows_found(actor, found)
        .values("delivery_id", "group_key")
        .annotate(rows=Count("pk"), first=Min("row_number"))
        .order_by("-delivery_id", "first", "group_key")
    )
    page = Paginator(groups, GROUPS_A_PAGE).get_page(number)
    wanted = {(each["delivery_id"], each["group_key"]): each["rows"] for each in page.object_list}
    rows = held_rows_visible_to(actor).filter(
        delivery_id__in={delivery for delivery, _ in wanted}, group_key__in={key for _, key in wanted}
    )
    members: dict[tuple[int, str], list[HeldRow]] = defaultdict(list)
    for row in rows.order_by("sheet", "row_number", "pk"):
        key = (row.delivery_id, row.group_key)
        if key in wanted and len(members[key]) < ROWS_A_GROUP:
            members[key].append(row)
    shown = [row for each in members.values() for row in each]
    stored = stored_beside(shown, actor)
    namesakes = _namesakes(shown)
    specs: dict[int, ItemSpec] = {}
    for row in shown:
        specs.setdefault(row.delivery.item_id, spec_of(row.delivery.item))
    return page, [
        _group(actor, members[key], total, specs[members[key][0].delivery.item_id], stored, namesakes)
        for key, total in wanted.items()
        if members[key]
    ]


def _group(
    actor: Actor,
    rows: list[HeldRow],
    total: int,
    item: ItemSpec,
    stored: Mapping[int, Stored],
    namesakes: Mapping[str, list[tuple[str, str]]],
) -> HeldGroup:
    shows_text = can_read_rows(actor, rows[0].delivery)
    beside = next((stored[row.pk] for row in rows if row.pk in stored), None)
    lines = [_line(spec, rows, beside) for spec in item.fields]
    lines = [line for line in lines if any(text for _, text in line.cells) or line.stored]
    candidates: list[tuple[str, str]] = []
    if rows[0].reason == "one_subject_many_codes":
        candidates = [(row.code, f"第{row.row_number}行") for row in rows]
        candidates += [each for each in namesakes.get(rows[0].group_key, []) if each[0] not in dict(candidates)]
    return HeldGroup(
        rows=tuple(rows),
        total=total,
        shows_text=shows_text,
        lines=tuple(lines) if shows_text else (),
        differing=tuple(line.label for line in lines if line.differs),
        stored=beside if shows_text else None,
        candidates=tuple(candidates),
    )


def _line(spec: FieldSpec, rows: Sequence[HeldRow], beside: Stored | None) -> Line:
    held = [_value(spec, row.values) for row in rows]
    known = beside.values.get(spec.store) if beside and spec.store else None
    compared = [*held, known] if beside and spec.store else held
    return Line(
        spec.label,
        tuple((row.row_number, _shown(spec, value)) for row, value in zip(rows, held, strict=True)),
        _shown(spec, known),
        len({json.dumps(value) for value in compared}) > 1,
    )


def _value(spec: FieldSpec, values: Mapping[str, Any]) -> Any:
    """What a held row says of a field, in the units of frames."""
    if spec.store.startswith(EXTRA):
        return json.loads(values.get("extra") or "{}").get(spec.store.removeprefix(EXTRA))
    if spec.store:
        return values.get(spec.store)
    return values.get(spec.name)


def _shown(spec: FieldSpec, value: Any) -> str:
    if value is None:
        return ""
    scale = _SCALES.get(spec.value_kind)
    if spec.type == "money_wan":
        yuan = Decimal(value) / 100 if isinstance(value, int) else Decimal(value)
        return f"{yuan / 10_000:,.6f}".rstrip("0").rstrip(".")
    if scale and isinstance(value, int):
        return f"{Decimal(value) / scale:,.2f}" if scale == 100 else f"{(Decimal(value) / scale).normalize():f}"
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    spelled = (label for label in sorted(spec.agreed) if spec.codes.get(fold_label(label)) == text)
    return next(spelled, text)


def _namesakes(rows: Iterable[HeldRow]) -> dict[str, list[tuple[str, str]]]:
    """Name key → (code, where it is found) of the stored subjects that bear the name."""
    keys = {row.group_key for row in rows if row.reason == "one_subject_many_codes"}
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for subject in Subject.objects.filter(name_key__in=keys).order_by("code") if keys else ():
        found[subject.name_key].append((subject.code, f"已登记，{subject.get_status_display()}"))
    return found


def stored_beside(rows: Sequence[HeldRow], actor: Actor | None = None) -> dict[int, Stored]:
    """Held row id → the live fact of the same subject, item, period and key; rows without one are absent.

    With an `actor`, facts of subjects outside the actor's scope are left out. The rows come with delivery and item.
    """
    codes = {row.code for row in rows}
    known = SubjectCode.objects.filter(code__in=codes)
    if actor is not None and not actor.has(Role.SYSTEM):
        known = known.filter(subject__in=Subject.objects.visible_to(actor))
    subjects = dict(known.order_by("code").values_list("code", "subject_id"))
    found: dict[int, Stored] = {}
    for shape, table in _TABLES.items():
        of_shape = [row for row in rows if row.delivery.item.shape == shape and row.code in subjects]
        if not of_shape:
            continue
        wanted = {_key(subjects[row.code], row.delivery.item.code, row.values): row.pk for row in of_shape}
        many: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for row in of_shape:
            many[_key(subjects[row.code], row.delivery.item.code, row.values)].append(row.pk)
        for fact in _live(table, shape, wanted):
            period = fact.period_on.isoformat() if shape == "payment" else None
            key = (fact.subject_id, fact.item_code, period, fact.key_text)
            for pk in many.get(key, ()):
                found[pk] = Stored(_values_of(fact, shape), fact.delivery_id, fact.recorded_at)
    return found


def _key(subject_id: int, item_code: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return subject_id, item_code, values.get("period_on"), values.get("key_text") or ""


def _live(table: type[Model], shape: str, keys: Iterable[tuple[Any, ...]]) -> Iterable[Any]:
    subjects, items, periods, texts = (set(part) for part in zip(*keys, strict=True))
    rows = table._default_manager.filter(subject_id__in=subjects, item_code__in=items, key_text__in=texts)
    if shape == "payment":
        rows = rows.filter(period_on__in={date.fromisoformat(period) for period in periods})
    return as_known(rows, None).order_by("pk")


def _values_of(fact: Any, shape: str) -> dict[str, Any]:
    """The columns of a fact as held rows spell them."""
    values: dict[str, Any] = {f"{EXTRA}{name}": value for name, value in fact.extra.items()}
    for name, kind in TYPED_COLUMNS[shape].items():
        value = getattr(fact, name)
        if value is not None and kind in _SCALES:
            value = int(value * _SCALES[kind])
        values[name] = value.isoformat() if isinstance(value, date) else value
    return values


def overtaken_row_ids(delivery: Delivery, rows: Sequence[HeldRow]) -> set[int]:
    """Those of a delivery's rows whose key was stored with other values by a delivery received later.

    A row that says itself that it corrects or withdraws is none of them: it may well have come before its original.
    """
    rows = [row for row in rows if row.values.get("operation") not in ("replace", "withdraw")]
    for row in rows:
        row.delivery = delivery
    stored = stored_beside(rows)
    later = set(
        Delivery.objects.filter(pk__in={each.delivery_id for each in stored.values()})
        .filter(Q(received_at__gt=delivery.received_at) | Q(received_at=delivery.received_at, pk__gt=delivery.pk))
        .values_list("pk", flat=True)
    )
    return {
        row.pk
        for row in rows
        if row.pk in stored and stored[row.pk].delivery_id in later and _says_otherwise(row, stored[row.pk])
    }


def _says_otherwise(row: HeldRow, stored: Stored) -> bool:
    extras = json.loads(row.values.get("extra") or "{}")
    said = {f"{EXTRA}{name}": value for name, value in extras.items()}
    said |= {name: row.values.get(name) for name in TYPED_COLUMNS[row.delivery.item.shape]}
    return said != dict(stored.values)
