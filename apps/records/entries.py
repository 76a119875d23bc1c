"""What an administrator adds to the catalogue: items, columns and spellings, as the rows that intake reads. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from apps.core.errors import InvalidInput
from apps.records.catalogue import (
    CODE,
    EXTRA,
    NAME,
    PLACES,
    RESERVED_NAMES,
    TYPED_COLUMNS,
    TYPES,
    WIDTHS,
    FieldSpec,
    ItemSpec,
    fold_label,
)

ADDABLE_TYPES: Final = {name: label for name, label in TYPES.items() if name not in ("uscc", "month", "year")}
PERIOD_TYPES: Final = {"month": "按月（202610）", "date": "起止日期（2026-10-01）"}
MAX_LABEL: Final = 60
_TEXT_LENGTH: Final = 500
_KEY_LENGTH: Final = 100
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]+")
_IN_BRACKETS: Final = re.compile(r"[（(][^（）()]*[)）]")


@dataclass(frozen=True, slots=True)
class NewField:
    """A column as an administrator describes it. `place` is a typed column of the shape, or empty: kept as further
    information. `codes` maps each value to the other spellings that senders use.
    """

    label: str
    type: str
    aliases: Sequence[str] = ()
    unit: str = ""
    required: bool = False
    place: str = ""
    may_be_future: bool = False
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewColumns:
    """The columns without which an item cannot be: whose row, when, and what tells a subject's rows apart."""

    code_label: str
    name_label: str
    date_label: str = ""
    date_type: str = "date"
    key_label: str = ""


def slug(text: str, taken: Collection[str]) -> str:
    """A name for machines that `taken` does not hold: the pinyin of the words, without what stands in brackets."""
    from pypinyin import lazy_pinyin  # its dictionary takes a third of a second to load, and few commands need it

    base = _NO_LETTERS.sub("", "".join(lazy_pinyin(_IN_BRACKETS.sub("", text))).lower())[:30] or "item"
    base = f"x{base}" if base[0].isdigit() else base
    number, name = 1, base
    while name in taken or name in RESERVED_NAMES:
        number += 1
        name = f"{base}_{number}"
    return name


def first_fields(shape: str, columns: NewColumns) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """(fields, natural key, key text) of a new item. Raises InvalidInput when what the shape needs is missing."""
    if shape != "holding" and not columns.date_label:
        message = "按期缴费和事项类的信息必须有日期（所属期）一列。"
        raise InvalidInput(message, fields={"date_label": message})
    fields: list[dict[str, Any]] = [
        {"name": CODE, "label": columns.code_label, "type": "uscc", "required": True},
        {"name": NAME, "label": columns.name_label, "type": "name", "required": True, "max_length": 200},
    ]
    date_name = {"payment": "period_on", "event": "occurred_on", "holding": "from_on"}[shape]
    if columns.date_label:
        kind = columns.date_type if shape == "payment" else "date"
        place = {"store": date_name}
        fields.append({"name": date_name, "label": columns.date_label, "type": kind, "required": True, **place})
    if columns.key_label:
        key = {"name": "key_no", "label": columns.key_label, "type": "document_no", "required": True}
        fields.append({**key, "max_length": _KEY_LENGTH})
    key_text = ["key_no"] if columns.key_label else ["occurred_on"] if shape == "event" else []
    natural = [CODE, *(["period_on"] if shape == "payment" else []), *key_text]
    labels = [fold_label(each["label"]) for each in fields]
    if len(set(labels)) < len(labels):
        raise InvalidInput("各列的列名不能相同。")
    return fields, natural, key_text


def field_of(item: ItemSpec, new: NewField) -> dict[str, Any]:
    """The new column as a row of the catalogue. Raises InvalidInput, in words, for what cannot be."""
    for label in (new.label, *new.aliases):
        refuse_taken(item, label)
    if new.type not in ADDABLE_TYPES:
        raise InvalidInput(fields={"type": "没有这种写法。"})
    if (new.type == CODE) != bool(new.codes):
        message = "请逐行写出可填的值。" if new.type == CODE else "只有“限定取值”才写可填的值。"
        raise InvalidInput(message, fields={"codes": message})
    if new.place and new.place not in free_places(item, new.type):
        message = f"“{PLACES.get(new.place, new.place)}”已由其他列占用，或写法不符。"
        raise InvalidInput(message, fields={"place": message})
    if new.unit and new.type not in ("integer", "decimal"):
        message = "只有整数和数量填计量单位；金额的单位随写法。"
        raise InvalidInput(message, fields={"unit": message})
    name = slug(new.label, [spec.name for spec in item.fields])
    row: dict[str, Any] = {"name": name, "label": new.label, "type": new.type, "store": new.place or f"{EXTRA}{name}"}
    if new.type in ("text", "name", "identifier", "document_no"):
        row["max_length"] = min(_TEXT_LENGTH, WIDTHS.get(new.place, _TEXT_LENGTH))
    optional = {
        "aliases": list(new.aliases),
        "required": new.required,
        "unit": new.unit,
        "codes": {value: list(spellings) for value, spellings in new.codes.items()},
        "may_be_future": new.may_be_future and new.type == "date",
    }
    return row | {key: value for key, value in optional.items() if value}


def refuse_taken(item: ItemSpec, label: str) -> None:
    """Raises InvalidInput when a column of the item is already known by this label, or it says nothing."""
    if not fold_label(label) or len(label) > MAX_LABEL:
        raise InvalidInput(f"列名不能为空，最多{MAX_LABEL}字。")
    for spec in item.fields:
        if fold_label(label) in spec.labels:
            raise InvalidInput(f"“{label}”已经是“{spec.label}”这一列的列名或别名。")


def free_places(item: ItemSpec, type_name: str = "") -> dict[str, str]:
    """Typed columns of the shape that no field fills yet, with their words; if given, those that take the type."""
    taken = {spec.store for spec in item.fields}
    kind = FieldSpec("", "", type_name).value_kind
    return {
        place: PLACES[place]
        for place, wanted in TYPED_COLUMNS[item.shape].items()
        if place not in taken and wanted != "flag" and (not type_name or wanted == kind)
    }
