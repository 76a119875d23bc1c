"""One chunk of good rows: who they are about, what is stored already, what is new. Inside the caller's transaction."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl
from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from apps.core import failpoints
from apps.records.catalogue import CODE, NAME, TYPED_COLUMNS, ItemSpec
from apps.records.frames import copy_in, frame_of, yuan
from apps.records.models import Delivery
from apps.records.reading import ROW_NUMBER, SHEET
from apps.records.reasons import NORMALISED
from apps.records.staging import KEY_TEXT, OPERATION, REASON, REMARKS, corrects
from apps.subjects.naming import is_formula_like, is_same_but_for_lost_characters, name_key, without_formula_prefix
from apps.subjects.selectors import names_for_batch

TABLES: Final = {
    "payment": "records_paymentrecord",
    "event": "records_eventrecord",
    "holding": "records_holdingrecord",
}
SUBJECT_ID, REGISTERED_NAME = "subject_id", "registered_name"
NOBODY: Final = pl.DataFrame(schema={CODE: pl.String, SUBJECT_ID: pl.Int64, REGISTERED_NAME: pl.String})
PROBED_ROWS: Final = 100
WITHDRAW, CORRECTING = "withdraw", ("replace", "withdraw")


@dataclass(slots=True)
class Outcome:
    """What became of the rows of a chunk; `waiting` are those to hold, with their `reason`: no subject bears the code
    (yet), nothing is stored (yet) that the row could correct, or another source said otherwise. `corrections` counts
    replaced and withdrawn rows, `names` are those under which subjects were delivered that are not the registered ones.
    """

    accepted: int = 0
    duplicate: int = 0
    normalised: int = 0
    warned: int = 0
    corrections: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    waiting: pl.DataFrame = field(default_factory=pl.DataFrame)
    duplicate_rows: list[tuple[str, int]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)

    @property
    def corrected(self) -> int:
        """Rows that closed a stored one."""
        return self.corrections.total()

    def and_then(self, later: "Outcome") -> "Outcome":
        """This and what became of further rows."""
        return Outcome(
            self.accepted + later.accepted,
            self.duplicate + later.duplicate,
            self.normalised + later.normalised,
            self.warned + later.warned,
            self.corrections + later.corrections,
            self.remarks + later.remarks,
            pl.concat([self.waiting, later.waiting]),
            self.duplicate_rows + later.duplicate_rows,
            self.names | later.names,
        )


def subjects_of(codes: pl.Series) -> pl.DataFrame:
    """(code, subject_id, registered_name) of the subjects that bear or bore one of the codes."""
    return pl.DataFrame(names_for_batch(codes.to_list()), schema=NOBODY.schema, orient="row")


@dataclass(slots=True)
class Writer:
    """Writes the facts of one delivery, chunk by chunk, each inside the caller's transaction.

    `subjects` are those of the whole delivery where they are known beforehand (see subjects_of). `decided`: somebody
    chose these rows, also over what this delivery or another source wrote under their keys. `watched` are subjects
    whose names are told also where they are right.
    """

    item: ItemSpec
    delivery_id: int
    now: datetime
    subjects: pl.DataFrame | None = None
    decided: bool = False
    watched: frozenset[int] = frozenset()

    def prepare(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with who they are about, in the order of the natural key. Asks the database only where `subjects`
        are not known beforehand.
        """
        subjects = subjects_of(rows[CODE].unique()) if self.subjects is None else self.subjects
        return rows.join(subjects, on=CODE, how="left").sort(self._keys)

    def apply(self, rows: pl.DataFrame) -> Outcome:
        """Write rows, prepared or not. A row that is stored already is a duplicate; a stored row with the same key and
        other values is closed and the new one added (design §5); a row that withdraws closes the stored one and adds
        none.
        """
        if SUBJECT_ID not in rows.columns:
            rows = self.prepare(rows)
        unknown = rows.filter(pl.col(SUBJECT_ID).is_null())
        known = rows.filter(pl.col(SUBJECT_ID).is_not_null()) if unknown.height else rows
        if self._looks_new(known) and self._insert_if_new(known):
            outcome = Outcome(accepted=known.height)
            _count_remarks(known, self.item, outcome)
        else:
            outcome = self._compare(known)
        waiting = [unknown.with_columns(pl.lit("unknown_subject").alias(REASON)), outcome.waiting]
        outcome.waiting = pl.concat([frame for frame in waiting if frame.width], how="diagonal")
        told = (pl.col(NAME) != pl.col(REGISTERED_NAME)) | pl.col(SUBJECT_ID).is_in(list(self.watched))
        outcome.names = dict(known.filter(told & (pl.col(NAME) != "")).select(SUBJECT_ID, NAME).rows())
        return outcome

    @property
    def _keys(self) -> list[str]:
        return [SUBJECT_ID, KEY_TEXT, *(["period_on"] if self.item.shape == "payment" else [])]

    def _looks_new(self, rows: pl.DataFrame) -> bool:
        """Whether none of a few rows of the chunk is stored: then it is worth trying to insert them all at once."""
        if rows.height < PROBED_ROWS or (corrects(self.item) and rows[OPERATION].is_in(CORRECTING).any()):
            return False
        probed = rows.gather_every(max(1, rows.height // PROBED_ROWS))
        return probed.join(_stored(probed, self.item), on=self._keys, how="semi").is_empty()

    def _insert_if_new(self, rows: pl.DataFrame) -> bool:
        """Insert the rows; False, and nothing is done, when one of them is stored already: the natural key decides."""
        try:
            with transaction.atomic():
                self._insert(rows)
        except UniqueViolation:
            return False
        return True

    def _compare(self, known: pl.DataFrame) -> Outcome:
        again = known.filter(pl.int_range(pl.len()).over(self._keys) > 0)
        pairs = self._paired(known.join(again, on=[SHEET, ROW_NUMBER], how="anti", maintain_order="left"))
        is_stored, withdraws = pl.col("is_stored"), pl.col(OPERATION) == WITHDRAW
        # Two codes of one subject in one file: which row holds is not for us to say.
        contradicts = is_stored & ~pl.col("same") & ~withdraws & (pl.col("stored_by") == self.delivery_id)
        contradicts &= pl.lit(not self.decided)
        # Two bodies that say different things are both heard; nobody's row is overwritten (pitfalls D54).
        is_others = pl.col("stored_by").is_in(self._of_other_sources(pairs["stored_by"].drop_nulls().unique()))
        is_disputed = is_stored & ~pl.col("same") & is_others & pl.lit(not self.decided)
        corrects_nothing = pl.col(OPERATION).is_in(CORRECTING) & ~is_stored
        if pairs.select(corrects_nothing.any()).item():
            # A row that was rejected in the file which this one corrects is right now for the first time.
            corrects_nothing &= withdraws | ~self._base_has_come(pairs.filter(corrects_nothing))
        why = pl.when(corrects_nothing).then(pl.lit("nothing_to_correct")).when(contradicts).then(pl.lit("conflict"))
        why = why.when(is_disputed).then(pl.lit("other_source"))
        idle = pairs.with_columns(why.alias(REASON)).filter(pl.col(REASON).is_not_null())
        pairs = pairs.filter(~corrects_nothing & ~contradicts.fill_null(False) & ~is_disputed.fill_null(False))
        withdrawn, repeats = pairs.filter(withdraws), pairs.filter(~withdraws & pl.col("same"))
        fresh = pairs.filter(~withdraws & ~pl.col("same"))
        replaced = fresh.filter(is_stored)
        self._supersede(pl.concat([replaced, withdrawn]))
        self._insert(fresh)
        over = self._withdrawn_before(idle.filter(withdraws))
        duplicates = pl.concat([repeats.select(SHEET, ROW_NUMBER), over]).rows()
        outcome = Outcome(
            accepted=fresh.height + withdrawn.height,
            duplicate=len(duplicates),
            corrections=+Counter(replaced=replaced.height, withdrawn=withdrawn.height),
            waiting=idle.join(over, on=[SHEET, ROW_NUMBER], how="anti").select(*known.columns, REASON),
            duplicate_rows=duplicates,
        )
        _count_remarks(pl.concat([fresh, withdrawn]), self.item, outcome)
        return outcome.and_then(self._compare(again)) if again.height else outcome

    def _of_other_sources(self, deliveries: pl.Series) -> list[int]:
        """Those of the deliveries that another source sent."""
        mine = Delivery.objects.filter(pk=self.delivery_id).values("source")
        others = Delivery.objects.filter(pk__in=deliveries.to_list()).exclude(source__in=mine)
        return list(others.order_by("pk").values_list("pk", flat=True))

    def _base_has_come(self, rows: pl.DataFrame) -> pl.Expr:
        """Whether what a row replaces may have come: another delivery stored anything of the item, of a payment for its
        period.
        """
        table, params = TABLES[self.item.shape], [self.item.code, self.delivery_id]
        if self.item.shape != "payment":
            came = frame_of(
                f"SELECT EXISTS (SELECT FROM {table} WHERE item_code = %s AND delivery_id <> %s) AS came", params
            )
            return pl.lit(came.item())
        periods = frame_of(
            "SELECT period_on FROM unnest(%s::date[]) AS period_on WHERE EXISTS (SELECT FROM"
            f" {table} AS fact WHERE fact.period_on = period_on.period_on AND item_code = %s AND delivery_id <> %s)",
            [rows["period_on"].unique().to_list(), *params],
        )
        return pl.col("period_on").is_in(periods["period_on"].to_list())

    def _paired(self, known: pl.DataFrame) -> pl.DataFrame:
        """The rows with `is_stored`, `stored_by` (a delivery) and `same`: what is stored says the same."""
        if OPERATION not in known.columns:
            known = known.with_columns(pl.lit("").alias(OPERATION))
        stored = _stored(known, self.item)
        values = [*(name for name in TYPED_COLUMNS[self.item.shape] if name not in self._keys), "extra"]
        pairs = known.join(stored, on=self._keys, how="left", suffix=" stored", nulls_equal=True, maintain_order="left")
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name} stored")) for name in values)
        pairs = pairs.with_columns(pl.col("is_stored").fill_null(False), same.alias("same"))
        return pairs.with_columns(pl.col("same") & pl.col("is_stored"))

    def _supersede(self, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        payment = self.item.shape == "payment"
        period = ", unnest(%s::date[]) AS period_on" if payment else ""
        sql = (
            f"UPDATE {TABLES[self.item.shape]} AS fact SET superseded_at = %s"
            f" FROM (SELECT unnest(%s::bigint[]) AS subject_id, unnest(%s::text[]) AS key_text{period}) AS old"
            " WHERE fact.superseded_at IS NULL AND fact.item_code = %s"
            " AND fact.subject_id = old.subject_id AND fact.key_text = old.key_text"
        )
        params: list[Any] = [self.now, rows[SUBJECT_ID].to_list(), rows[KEY_TEXT].to_list()]
        if payment:
            sql += " AND fact.period_on = old.period_on"
            params.append(rows["period_on"].to_list())
        with connection.cursor() as cursor:
            cursor.execute(sql, [*params, self.item.code])
            if cursor.rowcount != rows.height:
                raise RuntimeError(
                    f"{cursor.rowcount} rows superseded of {rows.height}: another delivery got in between"
                )
        failpoints.reach("intake.superseded")

    def _insert(self, rows: pl.DataFrame) -> None:
        typed = []
        for name, kind in TYPED_COLUMNS[self.item.shape].items():
            match kind:
                case "money":
                    typed.append(yuan(name))
                case "decimal":
                    typed.append((pl.col(name).cast(pl.Decimal(38, 4)) / 10_000).alias(name))
                case _:
                    typed.append(pl.col(name))
        copy_in(
            TABLES[self.item.shape],
            rows.select(
                SUBJECT_ID,
                pl.lit(self.item.code).alias("item_code"),
                KEY_TEXT,
                *typed,
                "extra",
                pl.lit(self.delivery_id).alias("delivery_id"),
                ROW_NUMBER,
                pl.lit(self.now.isoformat()).alias("recorded_at"),
            ),
        )
        failpoints.reach("intake.copied")

    def _withdrawn_before(self, rows: pl.DataFrame) -> pl.DataFrame:
        """(sheet, row_number) of the rows whose key was stored once and is not any more: they withdraw it again."""
        closed = _stored(rows, self.item, condition="superseded_at IS NOT NULL").select(self._keys).unique()
        return rows.join(closed, on=self._keys, how="semi").select(SHEET, ROW_NUMBER)


def _stored(rows: pl.DataFrame, item: ItemSpec, condition: str = "superseded_at IS NULL") -> pl.DataFrame:
    """Rows of the same subjects and periods, the live ones, in the types of staged rows."""
    columns = [_typed(name, kind) for name, kind in TYPED_COLUMNS[item.shape].items()]
    sql = (
        "SELECT subject_id, key_text, extra::text AS extra, true AS is_stored, delivery_id AS stored_by,"
        f" {', '.join(columns)} FROM {TABLES[item.shape]} WHERE {condition} AND item_code = %s AND subject_id = ANY(%s)"
    )
    params: list[Any] = [item.code, rows[SUBJECT_ID].unique().to_list()]
    if item.shape == "payment":
        sql += " AND period_on BETWEEN %s AND %s"
        params += [rows["period_on"].min(), rows["period_on"].max()]
    return frame_of(sql, params).with_columns(pl.col(KEY_TEXT).fill_null(""), pl.col("extra"))


def _typed(name: str, kind: str) -> str:
    match kind:
        case "money":
            return f"({name} * 100)::bigint AS {name}"
        case "decimal":
            return f"({name} * 10000)::bigint AS {name}"
        case _:
            return connection.ops.quote_name(name)


def _count_remarks(rows: pl.DataFrame, item: ItemSpec, outcome: Outcome) -> None:
    """Tally the remarks of accepted rows, those on the name among them; rows with the same remarks count at once."""
    differing = pl.col(NAME) != pl.col(REGISTERED_NAME)
    remarked = rows.filter(pl.col(REMARKS).is_not_null() | differing)
    alike = remarked.group_by(REMARKS, pl.when(differing).then(NAME), pl.when(differing).then(REGISTERED_NAME)).len()
    labels = {spec.name: spec.label for spec in item.fields}
    for text, name, registered, count in alike.iter_rows():
        remarks = text.split(";") if text else []
        if name is not None:
            remarks += [f"{NAME}:{remark}" for remark in name_remarks(name, registered)]
        kinds = set()
        for field_name, _, remark in (remark.partition(":") for remark in remarks):
            outcome.remarks[f"{labels[field_name]}:{remark}"] += count
            kinds.add(remark in NORMALISED)
        outcome.normalised += count * (True in kinds)
        outcome.warned += count * (False in kinds)


def name_remarks(name: str, registered: str) -> Iterable[str]:
    """What to say of a name that is not spelled as registered. The registered name holds."""
    if name_key(name) == name_key(registered):
        yield "text_form"
        return
    if is_formula_like(name):
        yield "formula_like"
        name = without_formula_prefix(name)
        if name_key(name) == name_key(registered):
            return
    yield "lost_character" if is_same_but_for_lost_characters(name, registered) else "name_differs"
