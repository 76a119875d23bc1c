import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.profiles.frames import ItemState, Setting
from apps.profiles.indicators import BY_SLUG, INDICATORS, Unit, compute
from tests.profiles.records_in_words import ITEMS, _last, inputs_of
from tests.profiles.rules_in_force import severities

CASES = list(csv.DictReader((Path(__file__).parents[1] / "cases" / "indicators.csv").read_text().splitlines()))
PERIODIC = {"tax_payment", "social_insurance", "power", "housing_fund", "water", "gas"}
UNKNOWN_WITHOUT_RECORD = PERIODIC | {"registration", "tax_grade", "credit_evaluation", "farm_scale", "key_personnel"}


def setting_of(as_of: date, newest: date | None, items: set[str]) -> Setting:
    return Setting(
        as_of,
        {item: ItemState(newest if item in PERIODIC else None, item not in UNKNOWN_WITHOUT_RECORD) for item in items},
        severities(),
    )


def expected(text: str, unit: Unit) -> Any:
    if text == "未知":
        return None
    if unit is Unit.FLAG:
        return {"是": True, "否": False}[text]
    if unit is Unit.DATE:
        return date.fromisoformat(text)
    if unit is Unit.CODES:
        return [] if text == "无" else text.split("|")
    return text if unit is Unit.TEXT else Decimal(text)


@pytest.mark.parametrize("case", CASES, ids=[case["用例"] for case in CASES])
def test_indicator_follows_the_cases_of_the_experts(case: dict[str, str]) -> None:
    indicator = BY_SLUG[case["指标"]]
    delivered = set(ITEMS.values()) if case["已报送至"] else set(ITEMS.values()) - PERIODIC
    setting = setting_of(
        date.fromisoformat(case["画像日期"]), _last(case["已报送至"]) if case["已报送至"] else None, delivered
    )
    [value] = compute(inputs_of(case["记录"]), setting).figures[indicator.column].to_list()
    if isinstance(value, int) and indicator.unit is not Unit.FLAG:
        value = Decimal(value).scaleb(-indicator.decimals)
    assert value == expected(case["预期"], indicator.unit)


def test_every_indicator_has_a_case() -> None:
    assert {case["指标"] for case in CASES} == set(BY_SLUG)
    assert len(CASES) >= 150


def test_every_indicator_explains_itself() -> None:
    assert len(BY_SLUG) == len(INDICATORS) >= 15
    assert len({indicator.column for indicator in INDICATORS}) == len(INDICATORS)
    for indicator in INDICATORS:
        for text in (indicator.label, indicator.window, indicator.missing, indicator.sentence):
            assert any("\u4e00" <= char <= "\u9fff" for char in text), indicator.slug
        assert indicator.items


def test_penalties_are_unknown_until_the_item_has_been_delivered() -> None:
    nothing_delivered = setting_of(date(2026, 11, 15), None, set())
    figures = compute(inputs_of(""), nothing_delivered).figures
    assert figures["penalties_serious"].item() is None
    assert figures["is_dishonest_debtor"].item() is None


def test_an_amount_beyond_any_firm_does_not_stop_the_others() -> None:
    words = "登记 注册资本=9999999999999999.99 实缴资本=9999999999999999.99"
    figures = compute(inputs_of(words), setting_of(date(2026, 11, 15), None, {"registration"})).figures
    assert figures["paid_in_ratio_bps"].item() == 10_000
