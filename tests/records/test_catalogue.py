import json

import pytest

from apps.records.catalogue import CatalogueError, ItemSpec, fold_label, item_spec
from tests.records.support import CATALOGUE, catalogue

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
        ((CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "text", "colour": "红"}), "unknown settings"),
        ((CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "text", "unit": "元"}), "only numbers have a unit"),
        ((CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "money_wan", "unit": "元"}), "money_wan is not in 元"),
        (
            (CODE, NAME, MONTH, {"name": "x", "label": "x", "type": "month", "store": "period_on"}),
            "two fields with the",
        ),
        ((CODE, NAME, MONTH, {"name": "text", "label": "x", "type": "text"}), "reserved names"),
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


def test_a_key_text_fits_its_column() -> None:
    with pytest.raises(CatalogueError, match="a key text of more than 200 characters"):
        item_spec(
            code="item",
            name="项",
            shape="event",
            natural_key=("code",),
            key_text=("x",),
            fields=(CODE, NAME, {"name": "x", "label": "x", "type": "text"}),
            creates_subjects=False,
        )


def test_every_number_of_the_published_list_is_covered() -> None:
    """Domain §1.1: items 01 to 37 in 14 categories; §1.2: the categories 15, 16 and 17 of the version of 2024."""
    rows = [row["fields"] for row in json.loads(CATALOGUE.read_text())]
    listed = [row for row in rows if row["catalogue_no"][:2].isdigit()]
    numbers = {number for row in listed for number in row["catalogue_no"].partition("-")[2].split(",")}
    assert {f"{number:02}" for number in range(1, 38)} <= numbers
    assert {row["catalogue_no"] for row in listed if row["catalog_version"] == "2024"} == {"15", "16", "17"}
    assert {row["catalogue_no"][:2] for row in listed} == {f"{number:02}" for number in range(1, 18)}
    assert len({row["category"] for row in listed}) == 17


def test_every_item_says_where_it_comes_from_and_whether_that_was_checked() -> None:
    rows = [row["fields"] for row in json.loads(CATALOGUE.read_text())]
    for row in rows:
        assert row["source_document"], row["code"]
        assert row["needs_verification"] == (row["certainty"] != "confirmed"), row["code"]
        assert row["retention_months"] > 0, row["code"]
    assert len({row["code"] for row in rows}) == len({row["name"] for row in rows}) == len(rows)
    assert {row["code"] for row in rows if row["disclosure"] == "public"}.isdisjoint({"key_personnel", "real_estate"})


def test_the_fixture_describes_the_deliveries_of_the_district() -> None:
    items = catalogue()
    assert {"registration", "tax_grade", "tax_payment", "social_insurance", "power", "penalty"} <= items.keys()
    assert [code for code, item in items.items() if item.creates_subjects] == ["registration"]
    assert items["penalty"].field("penalty_kinds").separator == ";"
    with pytest.raises(KeyError, match="no field"):
        items["penalty"].field("colour")
