"""From raw rows to rows of fact: normalise, sift, reject, build the typed columns. Pure; knows no database."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from apps.core.identifiers import normalise_code
from apps.records.catalogue import CODE, EXTRA, NAME, TYPED_COLUMNS, FieldSpec, ItemSpec
from apps.records.normalising import FAULT, REMARK, VALUE, normalise
from apps.records.reading import ABOVE, ROW_NUMBER, SHEET, SHORTAGE, TEXT
from apps.records.reasons import sentence
from apps.records.sifting import NOT_DATA, sift, squeeze
from apps.subjects.naming import name_key

KEY, KEY_TEXT, REMARKS, CONTENT, REASON = "natural_key", "key_text", "remarks", "content", "reason"
NAME_KEY: Final = "name_key"
OPERATION: Final = "operation"
"""The reserved field by which a row corrects: `replace` (更正) and `withdraw` (撤销) name a row that is stored already;
anything else adds one."""
SUBJECT_FACTS: Final = ("status", "industry_code", "legal_form", "legal_representative", "established_on")
REMARKS_LEFT_TO_THE_REGISTER: Final = ("formula_like", "lost_character")
WHOLE_ROW_REASONS: Final = ("broken_record", "natural_person", "period_reversed")
KEY_SEPARATOR: Final = "|"

_TYPES: Final = {
    "money": pl.Int64,
    "decimal": pl.Int64,
    "integer": pl.Int64,
    "date": pl.Date,
    "text": pl.String,
    "flag": pl.Boolean,
}
_CITIZEN_ID: Final = r"([1-9][0-9]{5})(?:18|19|20)[0-9]{6}([0-9]{3}[0-9Xx])"


@dataclass(slots=True)
class Staged:
    """A block of a delivery before it meets the database.

    `rows` are well-formed rows: row_number, sheet, text, code, subject_name, natural_key, content (what identical rows
    share), key_text, extra, remarks (`field:remark` joined by `;`, null where none) and the shape's typed columns,
    money in fen, quantities in ten-thousandths; items that create subjects add `name_key` and `subject_…`
    columns, items whose rows may correct `operation`. `rejected` has row_number, sheet, column, reason, message,
    original_text.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame
    not_data: Counter[str] = field(default_factory=Counter)

    @property
    def read(self) -> int:
        """Every row of the block but the header."""
        return self.rows.height + self.rejected.height + self.not_data.total()


def stage(blocks: Iterable[pl.DataFrame], item: ItemSpec, received_on: date) -> Iterator[Staged]:
    """Judge every row of a delivery by itself, block by block."""
    titles: set[str] = set()
    for block in blocks:
        titles |= {squeeze(text) for text in block.filter(pl.col(ABOVE))[TEXT].to_list()}
        sifted = sift(block, item, titles)
        judged = _judge(sifted.filter(pl.col(NOT_DATA).is_null()), item, received_on)
        yield Staged(
            _facts(judged.filter(pl.col(REASON).is_null()), item),
            _rejected(judged.filter(pl.col(REASON).is_not_null()), item),
            Counter(sifted[NOT_DATA].drop_nulls().to_list()),
        )


def _judge(data: pl.DataFrame, item: ItemSpec, received_on: date) -> pl.DataFrame:
    """Raw cells become `name`, `name!` (fault), `name~` (remark) and `name=` (raw); `reason` is set where rejected."""
    columns = [data.select(ROW_NUMBER, SHEET, TEXT, SHORTAGE)]
    for spec in item.fields:
        raw = data[spec.name] if spec.name in data.columns else pl.Series(spec.name, [None] * data.height, pl.String)
        judged = normalise(raw, spec, received_on)
        columns.append(
            judged.select(
                pl.col(VALUE).cast(_TYPES[spec.value_kind]).alias(spec.name),
                pl.col(FAULT).alias(f"{spec.name}!"),
                pl.col(REMARK).alias(f"{spec.name}~"),
                raw.alias(f"{spec.name}="),
            )
        )
    frame = pl.concat(columns, how="horizontal")
    faults = _filled(frame, [f"{spec.name}!" for spec in item.fields])
    first_fault = pl.coalesce(*faults, pl.lit(None, pl.String))
    return frame.with_columns(
        pl.when(SHORTAGE)
        .then(pl.lit("broken_record"))
        .when(pl.any_horizontal(pl.lit(False), *((fault == "natural_person").fill_null(False) for fault in faults)))
        .then(pl.lit("natural_person"))
        .when(_reversed(item))
        .then(pl.coalesce(first_fault, pl.lit("period_reversed")))
        .otherwise(first_fault)
        .alias(REASON)
    )


def _filled(frame: pl.DataFrame, names: Iterable[str]) -> list[pl.Expr]:
    """Those of the columns that hold anything: most files have few faults and remarks."""
    return [pl.col(name) for name in names if frame[name].null_count() < frame.height]


def _reversed(item: ItemSpec) -> pl.Expr:
    stored = {spec.store: spec.name for spec in item.fields}
    if "period_end_on" not in stored:
        return pl.lit(False)
    return (pl.col(stored["period_end_on"]) < pl.col(stored["period_on"])).fill_null(False)


def _rejected(judged: pl.DataFrame, item: ItemSpec) -> pl.DataFrame:
    """One line a row: the first reason decides, the message names every fault of the row."""
    columns, messages = [], []
    for row in judged.iter_rows(named=True):
        faults = [(spec, row[f"{spec.name}!"]) for spec in item.fields if row[f"{spec.name}!"]]
        whole_row = row[REASON] in WHOLE_ROW_REASONS
        columns.append("" if whole_row or not faults else faults[0][0].label)
        messages.append(
            sentence(row[REASON])
            if whole_row
            else "".join(_sentence(spec, fault, row[f"{spec.name}="] or "") for spec, fault in faults)
        )
    return judged.select(
        ROW_NUMBER,
        SHEET,
        pl.Series("column", columns, dtype=pl.String),
        REASON,
        pl.Series("message", messages, dtype=pl.String),
        # A person's identity number is not kept with the reason: the sender finds the row by its number.
        pl.col(TEXT).str.replace_all(_CITIZEN_ID, "$1********$2").alias("original_text"),
    )


def _sentence(spec: FieldSpec, fault: str, raw: str) -> str:
    return sentence(
        fault,
        label=spec.label,
        value=raw.strip(),
        length=len(normalise_code(raw)),
        allowed="、".join(sorted(spec.agreed)),
        max_length=spec.max_length,
    )


def _facts(judged: pl.DataFrame, item: ItemSpec) -> pl.DataFrame:
    stored = {spec.store: spec for spec in item.fields if spec.store}
    typed = []
    for column, kind in TYPED_COLUMNS[item.shape].items():
        if column in stored:
            value = pl.col(stored[column].name)
            value = value == "true" if kind == "flag" else value
        elif column == "period_end_on":
            value = pl.col(stored["period_on"].name).dt.month_end()
        else:
            value = pl.lit(None, dtype=_TYPES[kind])
        typed.append((value.fill_null("") if kind == "text" else value).alias(column))
    frame = judged.select(
        ROW_NUMBER,
        SHEET,
        TEXT,
        pl.col(CODE),
        pl.col(NAME).fill_null(""),
        _joined(item.natural_key, item).alias(KEY),
        _joined(item.key_text, item).alias(KEY_TEXT),
        _remarks(judged, item).alias(REMARKS),
        _extra(item).alias("extra"),
        *typed,
        *([pl.col(OPERATION).fill_null("")] if corrects(item) else []),
        *([pl.col(name).alias(f"subject_{name}") for name in SUBJECT_FACTS] if item.creates_subjects else []),
    )
    if item.creates_subjects:
        frame = frame.with_columns(pl.Series(NAME_KEY, [name_key(name) for name in frame[NAME]], dtype=pl.String))
    same = [*TYPED_COLUMNS[item.shape], CODE, KEY_TEXT, "extra", *([NAME] if item.creates_subjects else [])]
    same += [OPERATION] if corrects(item) else []
    return frame.with_columns(pl.struct(same).hash(seed=0).alias(CONTENT))


def without_citizen_ids(text: str) -> str:
    """A row as kept for its sender: identity numbers of persons covered, as in `Staged.rejected`."""
    return re.sub(_CITIZEN_ID, r"\1********\2", text)


def corrects(item: ItemSpec) -> bool:
    """Whether rows of the item may say that they replace or withdraw a stored one."""
    return any(spec.name == OPERATION for spec in item.fields)


def restored(values: Sequence[Mapping[str, Any]], item: ItemSpec) -> pl.DataFrame:
    """Rows like those of `Staged.rows` from the JSON objects that were kept of them."""
    texts = dict.fromkeys((SHEET, TEXT, CODE, NAME, KEY, KEY_TEXT, REMARKS, "extra"), pl.String)
    texts |= {OPERATION: pl.String} if corrects(item) else {}
    typed = {name: _TYPES[kind] for name, kind in TYPED_COLUMNS[item.shape].items()}
    columns = []
    for name, kind in {ROW_NUMBER: pl.Int64, **texts, **typed}.items():
        cells = [row.get(name) for row in values]
        if kind == pl.Date:
            cells = [cell and date.fromisoformat(cell) for cell in cells]
        columns.append(pl.Series(name, cells, dtype=kind))
    return pl.DataFrame(columns)


def _joined(names: Iterable[str], item: ItemSpec) -> pl.Expr:
    parts = [_text(item.field(name)).fill_null("") for name in names]
    return pl.concat_str(parts, separator=KEY_SEPARATOR) if parts else pl.lit("")


def _text(spec: FieldSpec) -> pl.Expr:
    """A value as text: yuan with two decimals, quantities with up to four, ISO dates."""
    value = pl.col(spec.name)
    match spec.value_kind:
        case "money":
            return (value.cast(pl.Decimal(38, 2)) / 100).cast(pl.String)
        case "decimal":
            return (value.cast(pl.Decimal(38, 4)) / 10_000).cast(pl.String)
        case "date":
            return value.dt.strftime("%Y-%m-%d")
        case _:
            return value.cast(pl.String)


def _extra(item: ItemSpec) -> pl.Expr:
    """The JSON object of what has no typed column, spelled as PostgreSQL prints jsonb so that texts can be compared;
    absent keys stand for «no value».
    """
    specs = {spec.store.removeprefix(EXTRA): spec for spec in item.fields if spec.store.startswith(EXTRA)}
    pairs = []
    for key in sorted(specs, key=lambda key: (len(key), key)):
        text = _text(specs[key])
        if specs[key].value_kind != "integer":
            text = text.str.replace_many(["\\", '"', "\n", "\t"], ["\\\\", '\\"', "\\n", "\\t"])
            text = pl.lit('"') + text + pl.lit('"')
        pairs.append(pl.lit(f'"{key}": ') + text)
    if not pairs:
        return pl.lit("{}")
    return pl.lit("{") + pl.concat_str(pairs, separator=", ", ignore_nulls=True) + pl.lit("}")


def _remarks(judged: pl.DataFrame, item: ItemSpec) -> pl.Expr:
    parts = []
    for spec in item.fields:
        for remark in _filled(judged, [f"{spec.name}~"]):
            left_to_others = REMARKS_LEFT_TO_THE_REGISTER if spec.name == NAME and not item.creates_subjects else ()
            kept = pl.when(~remark.is_in(left_to_others)).then(remark) if left_to_others else remark
            parts.append(pl.lit(f"{spec.name}:") + kept)
    if not parts:
        return pl.lit(None, pl.String)
    joined = pl.concat_str(parts, separator=";", ignore_nulls=True)
    return pl.when(joined != "").then(joined)
