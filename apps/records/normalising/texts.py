"""Codes, names, numbers that are text, free text and values of a code list."""

import re
from datetime import date
from typing import Final

import polars as pl

from apps.core.identifiers import is_citizen_id
from apps.core.texts import INVISIBLE, INVISIBLE_BUT_LINES
from apps.records import codes
from apps.records.catalogue import FieldSpec, fold_label
from apps.records.normalising.cells import Parsed, half_width
from apps.records.normalising.numbers import SCIENTIFIC

_BLANK: Final = rf"[\s\p{{Z}}{INVISIBLE}]"
# Combining marks and compatibility ideographs; everything else of Chinese names is composed as it is.
_NOT_COMPOSED: Final = r"[\p{M}\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}]"
_MAY_GROW: Final = r"[^\x{20}-\x{7E}\x{3000}-\x{303F}\x{3400}-\x{9FFF}\x{FF00}-\x{FFEF}\x{20000}-\x{2A6DF}]"
_FORMULA: Final = r"^[=+\-@＝＋－＠]"
_YEAR_IN_BRACKETS: Final = r"[\[(（【［〔﹝]([0-9]{4})[\])）】］〕﹞]"  # 党政机关公文格式 GB/T 9704-2012: 〔2026〕
_DIGITS: Final = re.compile(r"\[0-9\]\{([0-9]+)\}")


def uscc(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """The subject's code, all checks of `core.identifiers`; a resident identity number is a natural person."""
    value = raw.map_batches(codes.normalised, return_dtype=pl.String)
    fault = value.map_batches(codes.faults, return_dtype=pl.String)
    person = pl.when(fault.is_not_null()).then(value).map_elements(is_citizen_id, return_dtype=pl.Boolean)
    return Parsed(
        value,
        pl.when(raw.str.contains(SCIENTIFIC))
        .then(pl.lit("destroyed_number"))
        .when(person.fill_null(False))
        .then(pl.lit("natural_person"))
        .otherwise(fault),
        pl.when(value != raw).then(pl.lit("code_form")),
    )


def quick_uscc(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others."""
    raw = pl.col("raw")
    return pl.when(raw.is_not_null() & raw.map_batches(codes.faults, return_dtype=pl.String).is_null()).then(raw)


def name(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """A name of one line: what nobody sees goes (`core.texts`), what can be composed is (NFC), with a remark; formula
    signs and lost characters stay, with a remark.
    """
    seen = raw.str.replace_all(f"[{INVISIBLE}]", "")
    value = pl.when(seen.str.contains(_NOT_COMPOSED)).then(seen.str.normalize("NFC")).otherwise(seen)
    remark = (
        pl.when(seen != raw)
        .then(pl.lit("control_removed"))
        .when(value.str.contains(_FORMULA))
        .then(pl.lit("formula_like"))
        .when(value.str.contains(r"[?\x{FFFD}]"))
        .then(pl.lit("lost_character"))
        .when(value != seen)
        .then(pl.lit("text_form"))
    )
    # Names are compared in a form (`subjects.naming`) in which one character may become eighteen.
    longest = pl.when(value.str.contains(_MAY_GROW)).then(value.str.normalize("NFKC").str.to_uppercase())
    return Parsed(value, _too_long(longest.otherwise(value), spec), remark)


def text(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """Free text; line feeds stay, what nobody sees goes with a remark."""
    value = raw.str.replace_all(f"[{INVISIBLE_BUT_LINES}]", "")
    fault: pl.Expr = _too_long(value, spec)
    if spec.pattern:
        fault = pl.when(~value.str.contains(_whole(spec.pattern))).then(pl.lit("bad_format")).otherwise(fault)
    return Parsed(value, fault, pl.when(value != raw).then(pl.lit("control_removed")))


def document_no(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """The number of an official document: no spaces, its year in 〔〕 whatever brackets were typed."""
    value = raw.str.replace_all(_BLANK, "").str.replace_all(_YEAR_IN_BRACKETS, "〔${1}〕")
    return Parsed(value, _too_long(value, spec), pl.when(value != raw).then(pl.lit("text_form")))


def identifier(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """A number that is a name (account, document): half width, no spaces; scientific notation has lost digits."""
    value = half_width(raw).str.replace_all(_BLANK, "")
    unlike = ~value.str.contains(_whole(spec.pattern)) if spec.pattern else pl.lit(False)
    digits = _DIGITS.fullmatch(spec.pattern)
    short = value.str.contains(rf"^[0-9]{{1,{int(digits[1]) - 1}}}$") if digits else pl.lit(False)
    fault = (
        pl.when(value.str.contains(SCIENTIFIC))
        .then(pl.lit("destroyed_number"))
        .when(short)
        .then(pl.lit("zeros_lost"))
        .when(unlike)
        .then(pl.lit("bad_format"))
        .otherwise(_too_long(value, spec))
    )
    return Parsed(value, fault, pl.when(value != raw).then(pl.lit("text_form")))


def quick_identifier(spec: FieldSpec, received_on: date) -> pl.Expr:
    """The value of cells that need no remark, null for others: plain digits."""
    raw = pl.col("raw")
    return pl.when(raw.str.contains(_whole(spec.pattern) if spec.pattern else r"^[0-9]{1,50}$")).then(raw)


def code_value(raw: pl.Expr, spec: FieldSpec, received_on: date) -> Parsed:
    """The stored value of a code list, in any of its spellings; several are joined by the field's separator."""

    def stored(cell: str) -> str | None:
        parts = cell.split(spec.separator) if spec.separator else [cell]
        values = [spec.codes.get(fold_label(part)) for part in parts if part.strip()]
        return None if None in values else (spec.separator or "").join(dict.fromkeys(values))  # type: ignore[arg-type]

    value = raw.map_elements(stored, return_dtype=pl.String, skip_nulls=True)
    fault: pl.Expr = pl.when(value.is_null()).then(pl.lit("invalid_value"))
    if spec.person_values:
        person = raw.is_in(list(spec.person_values))
        fault = pl.when(person).then(pl.lit("natural_person")).otherwise(fault)
    spelled_as_agreed = raw.is_in(sorted(spec.agreed)) | (value == raw)
    return Parsed(value, fault, pl.when(~spelled_as_agreed).then(pl.lit("value_form")))


def _too_long(value: pl.Expr, spec: FieldSpec) -> pl.Expr:
    return pl.when(value.str.len_chars() > spec.max_length).then(pl.lit("too_long"))


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"
