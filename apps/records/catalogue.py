"""目录项 as intake sees it: what a column is called, how it is spelled, where it goes. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TYPES: Final[Mapping[str, str]] = {
    "uscc": "统一社会信用代码",
    "name": "名称",
    "text": "文字",
    "identifier": "编号",
    "document_no": "文书号",
    "code": "限定取值",
    "money_yuan": "金额（元）",
    "money_wan": "金额（万元）",
    "integer": "整数",
    "decimal": "数量",
    "date": "日期",
    "month": "月份",
    "year": "年份",
}
"""How a value is written, with the words for it."""
CODE: Final = "code"
NAME: Final = "subject_name"
OPERATION: Final = "operation"
EXTRA: Final = "extra."
RESERVED_NAMES: Final = frozenset({"row_number", "sheet", "text", "shortage", "above", "reason", "not_data", "place"})
"""Columns of frames of raw rows, which no field may be called."""

TYPED_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "payment": {
        "period_on": "date",
        "period_end_on": "date",
        "due_yuan": "money",
        "paid_yuan": "money",
        "arrears_yuan": "money",
        "base_yuan": "money",
        "quantity": "decimal",
        "headcount": "integer",
        "due_on": "date",
        "paid_on": "date",
    },
    "event": {
        "occurred_on": "date",
        "authority": "text",
        "class_text": "text",
        "amount_yuan": "money",
        "valid_from_on": "date",
        "valid_to_on": "date",
        "repaired_on": "date",
        "title": "text",
    },
    "holding": {
        "count": "integer",
        "value_yuan": "money",
        "from_on": "date",
        "to_on": "date",
        "encumbered": "flag",
    },
}
"""Which typed columns a shape has, with the kind of value each takes."""

PLACES: Final[Mapping[str, str]] = {
    "period_on": "所属期（起）",
    "period_end_on": "所属期止",
    "due_yuan": "应缴",
    "paid_yuan": "已缴",
    "arrears_yuan": "欠缴",
    "base_yuan": "基数",
    "quantity": "用量",
    "headcount": "人数",
    "due_on": "缴费期限",
    "paid_on": "缴费日期",
    "occurred_on": "发生日期",
    "authority": "机关",
    "class_text": "类别",
    "amount_yuan": "金额",
    "valid_from_on": "有效期自",
    "valid_to_on": "有效期至",
    "repaired_on": "修复、移出或屏蔽日期",
    "title": "事由",
    "count": "数量",
    "value_yuan": "价值",
    "from_on": "起始日期",
    "to_on": "截止日期",
    "encumbered": "是否抵押或质押",
}
"""The words for the typed columns of all shapes."""

_VALUE_KINDS: Final = {
    "money_yuan": "money",
    "money_wan": "money",
    "month": "date",
    "uscc": "text",
    "name": "text",
    "identifier": "text",
    "document_no": "text",
}
WIDTHS: Final = {"authority": 200, "class_text": 200, "title": 500}
KEY_TEXT_WIDTH: Final = 200
_NUMBERS: Final = frozenset({"money_yuan", "money_wan", "integer", "decimal"})
_MONEY_UNITS: Final = {"money_yuan": "元", "money_wan": "万元"}
_SETTINGS: Final = frozenset(
    {
        "name",
        "label",
        "type",
        "required",
        "aliases",
        "store",
        "codes",
        "separator",
        "pattern",
        "person_values",
        "may_be_future",
        "warn_only",
        "max_length",
        "unit",
        "grouped",
    }
)
_IGNORED_IN_LABELS: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff*]+")


class CatalogueError(ValueError):
    """A catalogue row contradicts itself. Never the sender's fault."""


def fold_label(text: str) -> str:
    """The form in which column labels and code values are compared: width, case, spaces and brackets do not count."""
    return _IGNORED_IN_LABELS.sub("", unicodedata.normalize("NFKC", text)).upper()


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One column. `store` is a typed column of the shape, `extra.<key>`, or empty (checked, not kept).

    `codes` maps every accepted spelling, folded, to the stored value; the `agreed` spellings need no remark; a cell
    may hold several values only where there is a `separator`. `person_values` mark a row about a natural person.
    Dates may lie in the future only where `may_be_future`. A fault in `warn_only` is a remark and no reason to reject.
    `unit` is what numbers count; where `grouped`, thousands separators are agreed with the sender and need no remark.
    """

    name: str
    label: str
    type: str
    required: bool = False
    aliases: tuple[str, ...] = ()
    store: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    agreed: frozenset[str] = frozenset()
    separator: str = ""
    pattern: str = ""
    person_values: frozenset[str] = frozenset()
    may_be_future: bool = False
    warn_only: frozenset[str] = frozenset()
    max_length: int = 2_000
    unit: str = ""
    grouped: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Every folded label under which senders deliver the column."""
        return tuple(dict.fromkeys(fold_label(text) for text in (self.label, *self.aliases)))

    @property
    def is_free_text(self) -> bool:
        """Whether senders write what they like, up to `max_length`."""
        return self.type in {"name", "text", "identifier", "document_no"}

    @property
    def value_kind(self) -> str:
        """money (whole fen), decimal (ten-thousandths), integer, date, or text."""
        return _VALUE_KINDS.get(self.type, self.type if self.type in {"integer", "decimal", "date"} else "text")


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One item. `natural_key` names the fields of which one row a key and file is allowed; `key_text` those that make
    the text by which a stored row is told from the subject's other rows of the item (and period).
    """

    code: str
    name: str
    shape: str
    natural_key: tuple[str, ...]
    key_text: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    creates_subjects: bool = False

    def field(self, name: str) -> FieldSpec:
        """The field of a name. KeyError when there is none."""
        try:
            return next(spec for spec in self.fields if spec.name == name)
        except StopIteration:
            raise KeyError(f"{self.code} has no field {name}") from None

    @property
    def required(self) -> tuple[FieldSpec, ...]:
        """Mandatory fields."""
        return tuple(spec for spec in self.fields if spec.required)


def item_spec(
    *,
    code: str,
    name: str,
    shape: str,
    natural_key: Sequence[str],
    key_text: Sequence[str],
    fields: Sequence[Mapping[str, Any]],
    creates_subjects: bool,
) -> ItemSpec:
    """Read a catalogue row. Raises CatalogueError when it contradicts itself."""
    specs = tuple(_field_spec(code, value) for value in fields)
    item = ItemSpec(code, name, shape, tuple(natural_key), tuple(key_text), specs, creates_subjects)
    _check(item)
    return item


def _field_spec(item: str, value: Mapping[str, Any]) -> FieldSpec:
    if unknown := value.keys() - _SETTINGS:
        raise CatalogueError(f"{item}.{value.get('name')}: unknown settings {sorted(unknown)}")
    codes: dict[str, str] = {}
    lists: Mapping[str, Sequence[str]] = value.get("codes", {})
    for stored, spellings in lists.items():
        for spelling in (stored, *spellings):
            if codes.setdefault(fold_label(spelling), stored) != stored:
                raise CatalogueError(f"{item}.{value['name']}: {spelling} stands for two values")
    return FieldSpec(
        **{
            **value,
            "codes": codes,
            "agreed": frozenset(spellings[0] if spellings else stored for stored, spellings in lists.items()),
            "warn_only": frozenset(value.get("warn_only", ())),
            "aliases": tuple(value.get("aliases", ())),
            "person_values": frozenset(value.get("person_values", ())),
            "unit": value.get("unit", "") or _MONEY_UNITS.get(value["type"], ""),
        }
    )


def _check(item: ItemSpec) -> None:
    if item.shape not in TYPED_COLUMNS:
        raise CatalogueError(f"{item.code}: shape {item.shape}")
    problems = list(_problems_of_names(item))
    for spec in item.fields:
        problems += _problems_of(spec, item.shape)
    if problems:
        raise CatalogueError(f"{item.code}: {'; '.join(problems)}")


def _problems_of_names(item: ItemSpec) -> Iterator[str]:
    names = [spec.name for spec in item.fields]
    labels = [label for spec in item.fields for label in spec.labels]
    stores = [spec.store for spec in item.fields if spec.store]
    for what, words in (("name", names), ("label", labels), ("place", stores)):
        if twice := sorted({word for word in words if words.count(word) > 1}):
            yield f"two fields with the {what} {twice}"
    if reserved := sorted(RESERVED_NAMES & set(names)):
        yield f"reserved names {reserved}"
    if missing := sorted({CODE, NAME, *item.natural_key, *item.key_text} - set(names)):
        yield f"no field {missing}"
    else:
        texts = [item.field(name).max_length for name in item.key_text if item.field(name).is_free_text]
        if sum(texts) + len(item.key_text) > KEY_TEXT_WIDTH:
            yield f"a key text of more than {KEY_TEXT_WIDTH} characters"
    if item.shape == "payment" and not any(spec.store == "period_on" for spec in item.fields):
        yield "a payment without a period"


def _problems_of(spec: FieldSpec, shape: str) -> Iterator[str]:
    if spec.type not in TYPES:
        yield f"{spec.name}: type {spec.type}"
    if (spec.type == "code") != bool(spec.codes):
        yield f"{spec.name}: a code list belongs to type code and only there"
    if spec.is_free_text and spec.max_length > WIDTHS.get(spec.store, spec.max_length):
        yield f"{spec.name}: longer than {spec.store}"
    if spec.unit != _MONEY_UNITS.get(spec.type, spec.unit):
        yield f"{spec.name}: {spec.type} is not in {spec.unit}"
    if (spec.unit or spec.grouped) and spec.type not in _NUMBERS:
        yield f"{spec.name}: only numbers have a unit or thousands separators"
    kinds = {spec.value_kind, "flag" if spec.type == "code" else spec.value_kind}
    if spec.store and not spec.store.startswith(EXTRA) and TYPED_COLUMNS[shape].get(spec.store) not in kinds:
        yield f"{spec.name}: {spec.type} cannot be stored in {spec.store}"
