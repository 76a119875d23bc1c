import csv
from datetime import date

import polars as pl
import pytest

from apps.records.catalogue import FieldSpec, fold_label
from apps.records.normalising import normalise
from tests.records.support import CASES

RECEIVED_ON = date(2026, 11, 15)
STATUS = {fold_label(text): "active" for text in ("active", "存续", "在业", "存续（在营、开业、在册）")}


with (CASES / "intake_values.csv").open(newline="") as file:
    VALUES = list(csv.DictReader(file))


def _spec(kind: str) -> FieldSpec:
    return FieldSpec(
        name="field",
        label="列",
        type=kind,
        required=kind != "text",
        codes=STATUS if kind == "code" else {},
        agreed=frozenset({"存续"}) if kind == "code" else frozenset(),
        pattern="[0-9]{13}" if kind == "identifier" else "",
    )


def _shown(value: object, kind: str) -> str:
    if value is None:
        return ""
    if kind in ("money_yuan", "money_wan"):
        return f"{int(value) // 100}.{int(value) % 100:02d}"  # type: ignore[call-overload]
    if kind == "decimal":
        return f"{int(value) // 10_000}.{int(value) % 10_000:04d}"  # type: ignore[call-overload]
    return str(value)


@pytest.mark.parametrize("case", VALUES, ids=lambda case: f"{case['类型']} {case['写法']}")
def test_normalise_judges_as_the_case_says(case: dict[str, str]) -> None:
    row = normalise(pl.Series([case["写法"]]), _spec(case["类型"]), RECEIVED_ON).row(0, named=True)
    verdict = "退回" if row["fault"] else "空" if row["value"] is None else "规范" if row["remark"] else "接受"
    shown = (verdict, _shown(row["value"], case["类型"]), row["fault"] or row["remark"] or "")
    assert shown == (case["结论"], case["值"], case["原因代码"])


def test_normalise_gives_the_same_for_repeated_and_for_different_cells() -> None:
    spec = _spec("money_yuan")
    cells = ["¥1,000.00", "1.2万", None, "3", ""]
    alone = [normalise(pl.Series([cell], dtype=pl.String), spec, RECEIVED_ON).row(0) for cell in cells]
    together = normalise(pl.Series(cells * 10, dtype=pl.String), spec, RECEIVED_ON).rows()
    assert together == alone * 10


def test_thousands_separators_need_no_remark_where_they_are_agreed() -> None:
    cells = pl.Series(["12,345.60", "898.60", "¥1,000.00", "1,2"])
    judged = normalise(cells, FieldSpec("due_yuan", "应缴额", "money_yuan", grouped=True), RECEIVED_ON)
    assert judged.rows() == [
        (1_234_560, None, None),
        (89_860, None, None),
        (100_000, None, "number_form"),
        (None, "not_a_number", None),
    ]


def test_a_future_date_is_accepted_where_the_field_may_lie_in_the_future() -> None:
    spec = FieldSpec("due_on", "缴费期限", "date", may_be_future=True)
    assert normalise(pl.Series(["2099/12/31"]), spec, RECEIVED_ON).row(0) == (date(2099, 12, 31), None, None)


def test_a_code_cell_may_hold_several_values_only_with_a_separator() -> None:
    codes = {"警告": "警告", "罚款": "罚款"}
    several = FieldSpec("kinds", "处罚类别", "code", codes=codes, agreed=frozenset(codes), separator=";")
    single = FieldSpec("kinds", "处罚类别", "code", codes=codes, agreed=frozenset(codes))
    cell = pl.Series(["警告;罚款"])
    assert normalise(cell, several, RECEIVED_ON).row(0) == ("警告;罚款", None, None)
    assert normalise(cell, single, RECEIVED_ON)["fault"].to_list() == ["invalid_value"]
    assert normalise(pl.Series(["警告;拘禁"]), several, RECEIVED_ON)["fault"].to_list() == ["invalid_value"]


def test_text_longer_than_the_field_is_rejected() -> None:
    spec = FieldSpec("name", "名称", "name", max_length=10)
    assert normalise(pl.Series(["长" * 11, "短"]), spec, RECEIVED_ON)["fault"].to_list() == ["too_long", None]
