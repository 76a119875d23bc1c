import pytest

from apps.records.catalogue import CatalogueError, ItemSpec, fold_label, item_spec
from tests.records.support import catalogue

CODE = {"name": "code", "label": "代码", "type": "uscc", "required": True}
NAME = {"name": "subject_name", "label": "名称", "type": "name"}
MONTH = {"name": "period_on", "label": "月份", "type": "month", "store": "period_on"}

AMBIGUOUS = {"name": "x", "label": "x", "type": "code", "codes": {"a": ["甲"], "b": ["甲"]}}


def _spec(*fields: dict[str, object], shape: str = "payment", key: tuple[str, ...] = ("code",)) -> ItemSpec:
    return item_spec(
        code="item", name="项", shape=shape, natural_key=key, key_text=(), fields=fields, creates_subjects=False
    )


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ((CODE, NAME), "a payment without a period"),
        ((CODE, MONTH), "no field"),
        ((CODE, NAME, MONTH, NAME), "two fields with the name"),
        ((CODE, NAME, MONTH, {"name": "x", "label": "代 码", "type": "text"}), "two fields with the label"),
        ((CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "float"}), "type float"),
        ((CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "code"}), "a code list belongs to type code"),
        ((CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "date", "store": "due_yuan"}), "cannot be stored"),
        ((CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "text", "unit": "元"}), "unknown settings"),
        ((CODE, NAME, MONTH, AMBIGUOUS), "two values"),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(fields: tuple[dict[str, object], ...], complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        _spec(*fields)


def test_an_unknown_shape_or_key_is_refused() -> None:
    with pytest.raises(CatalogueError, match="shape"):
        _spec(CODE, NAME, shape="graph")
    with pytest.raises(CatalogueError, match="no field"):
        _spec(CODE, NAME, MONTH, key=("account",))


def test_labels_are_compared_without_width_case_and_spaces() -> None:
    assert fold_label(" 注册资本（万元）\u200b") == fold_label("注册资本(万元)")
    assert fold_label("cf_wsh") == "CF_WSH"


def test_the_fixture_describes_the_deliveries_of_the_district() -> None:
    items = catalogue()
    assert {"registration", "tax_grade", "tax_payment", "social_insurance", "power", "penalty"} <= items.keys()
    assert [code for code, item in items.items() if item.creates_subjects] == ["registration"]
    assert items["penalty"].field("penalty_kinds").separator == ";"
    with pytest.raises(KeyError, match="no field"):
        items["penalty"].field("colour")
