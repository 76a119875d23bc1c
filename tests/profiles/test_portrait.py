import hashlib
import json
import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.digests import canonical_json
from apps.profiles.frames import EVENTS, HOLDINGS, PAYMENTS, Inputs, ItemState, Setting
from apps.profiles.portrait import Portraits, portray
from tests.profiles.records_in_words import ITEMS, _first, _last, _text, inputs_of
from tests.profiles.rules_in_force import rules, severities
from tests.profiles.test_indicators import PERIODIC, UNKNOWN_WITHOUT_RECORD

AS_OF = date(2026, 11, 15)
RULES = rules()
METERED = {"power", "water", "gas"}
NEWEST = 2026 * 12 + 9
EVENT_ITEMS = (
    *("penalty", "penalty", "dishonest_debtor", "abnormal_operation", "enforcement", "judgment", "licence"),
    *("government_subsidy", "bid_won", "honour", "technology_firm"),
)


def setting_on(day: date, newest: str = "202610") -> Setting:
    return Setting(
        day,
        {
            item: ItemState(_last(newest) if item in PERIODIC else None, item not in UNKNOWN_WITHOUT_RECORD)
            for item in ITEMS.values()
        },
        severities(),
    )


def portrait_of(words: str, day: date = AS_OF) -> dict[str, Any]:
    return portray(inputs_of(words), setting_on(day), RULES).frame.row(0, named=True)


def random_population(seed: int, firms: int) -> Inputs:
    """Firms with gaps, arrears, several meters, penalties of all ages, and some without a single record."""
    dice = random.Random(seed)  # noqa: S311
    payments: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    holdings: list[dict[str, Any]] = []
    for subject_id in range(1, firms + 1):
        for item in sorted(PERIODIC):
            payments += _random_payments(dice, subject_id, item)
        events += _random_events(dice, subject_id)
        holdings += _random_people_and_farms(dice, subject_id)
        if dice.random() < 0.9:
            holdings.append(_random_registration(dice, subject_id))
    for rows in (payments, events, holdings):
        dice.shuffle(rows)
        for number, row in enumerate(rows):
            row["id"] = number
    return Inputs(
        pl.DataFrame({"subject_id": list(range(1, firms + 1))}),
        *(_frame(rows, schema) for rows, schema in ((payments, PAYMENTS), (events, EVENTS), (holdings, HOLDINGS))),
    )


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


def _random_payments(dice: random.Random, subject_id: int, item: str) -> list[dict[str, Any]]:
    if dice.random() < 0.2:
        return []
    rows = []
    for month in range(NEWEST - dice.randint(0, 30), NEWEST + 1):
        for account in range(dice.choice([1, 1, 1, 2]) if item in METERED else 1):
            if dice.random() < 0.07:
                continue
            due = dice.randint(0, 10**9)
            paid_on = _last(_text(month)) + timedelta(days=dice.randint(-10, 60))
            rows.append(
                {
                    "subject_id": subject_id,
                    "item_code": item,
                    "period_on": _first(_text(month)),
                    "period_end_on": _last(_text(month)),
                    "key_text": dice.choice(["增值税", "企业所得税"]) if item == "tax_payment" else str(account),
                    "due_fen": due,
                    "paid_fen": None if item in METERED else due - dice.choice([0, 0, 0, 0, 1, due]),
                    "paid_on": paid_on if dice.random() < 0.9 else None,
                    "due_on": _last(_text(month)) + timedelta(days=25) if item in METERED else None,
                    "arrears_fen": dice.choice([0, 0, 0, dice.randint(1, 10**8)]),
                    "base_fen": dice.choice([0, dice.randint(0, 10**12)]),
                    "headcount": dice.randint(0, 500),
                    "quantity_e4": dice.randint(0, 10**11) if item in METERED else None,
                }
            )
    return rows


def _random_events(dice: random.Random, subject_id: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(dice.choice([0, 0, 1, 3, 6])):
        decided = AS_OF - timedelta(days=dice.randint(-5, 1200))
        rows.append(
            {
                "subject_id": subject_id,
                "item_code": dice.choice(EVENT_ITEMS),
                "key_text": f"文{number}",
                "occurred_on": decided,
                "authority": dice.choice(["", "某局"]),
                "class_text": dice.choice(["警告", "罚款", "警告;罚款", "责令关闭", "没有的种类", "被告"]),
                "amount_fen": dice.choice([None, dice.randint(0, 10**10)]),
                "valid_to_on": decided + timedelta(days=dice.choice([90, 365, 1095])),
                "repaired_on": dice.choice([None, None, decided + timedelta(days=100)]),
            }
        )
    if dice.random() < 0.7:
        grade = {"item_code": "tax_grade", "key_text": "2025", "class_text": dice.choice("ABMCD")}
        rows.append({"subject_id": subject_id, **grade})
    return rows


def _random_people_and_farms(dice: random.Random, subject_id: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(dice.choice([0, 0, 1, 3])):
        taken = AS_OF - timedelta(days=dice.randint(-5, 1500))
        left = dice.choice([None, taken + timedelta(days=dice.randint(1, 900))])
        position = dice.choice(["法定代表人", "法定代表人", "监事"])
        who = {"item_code": "key_personnel", "key_text": f"甲{number}|{position}", "from_on": taken, "to_on": left}
        rows.append({"subject_id": subject_id, **who})
    for year in dice.choice([[], [], [2025, 2026]]):
        farm = {"item_code": "farm_scale", "key_text": str(year), "statistics_year": year, "count": dice.randint(0, 99)}
        rows.append({"subject_id": subject_id, **farm, "planted_e4": dice.choice([None, dice.randint(0, 10**8)])})
    return rows


def _random_registration(dice: random.Random, subject_id: int) -> dict[str, Any]:
    return {
        "subject_id": subject_id,
        "item_code": "registration",
        "key_text": "",
        "value_fen": dice.choice([None, 0, dice.randint(1, 10**13)]),
        "paid_in_capital_fen": dice.choice([None, dice.randint(0, 10**13)]),
        "from_on": AS_OF - timedelta(days=dice.randint(0, 9000)),
        "status": dice.choice(["active", "active", "active", "revoked"]),
        "industry_code": dice.choice(["C1462", "F5211", "K7010", "J6621", "M7452"]),
        "annual_report_year": dice.choice([None, 2024, 2025]),
        "headcount": dice.choice([None, dice.randint(0, 2000)]),
        "revenue_fen": dice.choice([None, dice.randint(0, 10**13)]),
    }


def only(inputs: Inputs, subject_id: int) -> Inputs:
    mine = pl.col("subject_id") == subject_id
    return Inputs(
        inputs.subjects.filter(mine),
        inputs.payments.filter(mine),
        inputs.events.filter(mine),
        inputs.holdings.filter(mine),
    )


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_one_firm_and_many_agree_to_the_last_digit(seed: int, firms: int, day: date) -> None:
    population = random_population(seed, firms)
    many = portray(population, setting_on(day), RULES).frame
    assert many["subject_id"].to_list() == list(range(1, firms + 1))
    for subject_id in range(1, firms + 1):
        alone = portray(only(population, subject_id), setting_on(day), RULES).frame
        assert alone.row(0, named=True) == many.filter(pl.col("subject_id") == subject_id).row(0, named=True)


def shuffled(inputs: Inputs, seed: int) -> Inputs:
    mix = {name: getattr(inputs, name).sample(fraction=1, shuffle=True, seed=seed) for name in Inputs.__slots__}
    return Inputs(**mix)


def test_the_order_of_the_records_does_not_matter() -> None:
    population = random_population(7, 20)
    assert portray(shuffled(population, 1), setting_on(AS_OF), RULES).frame.equals(
        portray(population, setting_on(AS_OF), RULES).frame
    )


def test_input_digest_changes_with_the_content_of_a_record_and_with_nothing_else() -> None:
    population = random_population(3, 5)
    first = portray(population, setting_on(AS_OF), RULES).frame
    renumbered = replace(population, payments=population.payments.with_columns(pl.col("id") + 1000))
    assert portray(renumbered, setting_on(AS_OF), RULES).frame["input_digest"].equals(first["input_digest"])
    next_day = portray(population, setting_on(AS_OF + timedelta(days=1)), RULES).frame
    assert next_day["input_digest"].equals(first["input_digest"])

    touched = population.payments["subject_id"][0]
    changed = replace(
        population,
        payments=population.payments.with_row_index().with_columns(
            pl.when(pl.col("index") == 0).then(pl.col("due_fen") + 1).otherwise(pl.col("due_fen")).alias("due_fen")
        ),
    )
    after = portray(changed, setting_on(AS_OF), RULES).frame
    moved = [a != b for a, b in zip(first["input_digest"], after["input_digest"], strict=True)]
    assert [number for number, differs in enumerate(moved, 1) if differs] == [touched]


def test_payload_digest_is_that_of_the_canonical_json() -> None:
    frame = portray(random_population(5, 10), setting_on(AS_OF), RULES).frame
    for payload, digest in frame.select("payload", "payload_digest").iter_rows():
        assert hashlib.sha256(canonical_json(json.loads(payload))).hexdigest() == digest
        assert canonical_json(json.loads(payload)).decode() == payload


DEBTOR = "失信 文号=(2026)陕0305执1号 日期=2025-02-19 发布=2025-03-31 机关=凤翔区人民法院"


def test_a_published_debtor_is_blocked_with_the_document_behind_it() -> None:
    row = portrait_of(f"登记 成立=2020-01-01 状态=active；{DEBTOR}")
    [block] = json.loads(row["blocks"])
    assert block["code"] == "SX_ZX"
    assert block["effects"] == {"whitelist": "BLOCK", "application": "BLOCK", "subsidy": "BLOCK"}
    assert (block["document"], block["authority"]) == ("(2026)陕0305执1号", "凤翔区人民法院")
    assert (block["listed_on"], block["until_on"]) == ("2025-03-31", None)
    assert row["has_block_whitelist"]
    assert row["has_block_application"]


SERIOUS = "处罚 文号=罚1 类=责令停产停业 日期=2026-05-15 公示至=2029-05-15"


@pytest.mark.parametrize(
    ("words", "day", "codes"),
    [
        (DEBTOR, AS_OF, ["SX_ZX"]),
        (f"{DEBTOR} 屏蔽=2026-11-15", AS_OF, []),
        (f"{DEBTOR} 屏蔽=2026-11-16", AS_OF, ["SX_ZX"]),
        (SERIOUS, AS_OF, ["CF_YZ"]),
        (SERIOUS, date(2029, 5, 15), ["CF_YZ"]),
        (SERIOUS, date(2029, 5, 16), []),
        (f"{SERIOUS}；修复 文号=修1 处罚文号=罚1 类=准予修复 日期=2026-10-01 屏蔽=2026-10-01", AS_OF, []),
        (f"{SERIOUS}；修复 文号=修1 处罚文号=罚1 类=不予修复 日期=2026-10-01", AS_OF, ["CF_YZ"]),
        ("处罚 文号=罚1 类=罚款 日期=2026-05-15 公示至=2027-05-15", AS_OF, []),
        ("登记 状态=revoked 状态日=2026-09-04", AS_OF, ["ZT"]),
        ("登记 状态=active", AS_OF, []),
        ("级别 年度=2025 类=D", AS_OF, ["TAX_D"]),
        ("级别 年度=2024 类=D；级别 年度=2025 类=C", AS_OF, ["TAX_C"]),
        ("级别 年度=2024 类=D；级别 年度=2025 类=B", AS_OF, []),
        ("异常 文号=1 日期=2026-05-01", AS_OF, ["JY_YC"]),
        ("异常 文号=1 日期=2026-05-01 屏蔽=2026-06-01", AS_OF, []),
        ("评价 文号=2026 类=D 日期=2026-06-30", AS_OF, ["GD_D"]),
        ("评价 文号=2025 类=D 日期=2025-06-30；评价 文号=2026 类=C 日期=2026-06-30", AS_OF, ["GD_C"]),
        (f"{DEBTOR}；登记 状态=cancelled", AS_OF, ["SX_ZX", "ZT"]),
    ],
)
def test_lists_hold_who_is_on_them_that_day(words: str, day: date, codes: list[str]) -> None:
    row = portrait_of(words, day)
    assert [block["code"] for block in json.loads(row["blocks"])] == codes


def test_a_serious_penalty_keeps_off_the_whitelist_but_only_under_review_for_a_loan() -> None:
    row = portrait_of(SERIOUS)
    assert (row["has_block_whitelist"], row["has_block_application"]) == (True, False)


WHOLE = (
    "登记 成立=2015-01-01 状态=active 行业=C1462 年报=2025 注册资本=100 实缴资本=100；级别 年度=2025 类=A；"
    "税 202411..202510 销售=100 应缴=1 实缴=1 欠=0；税 202511..202610 销售=120 应缴=1 实缴=1 欠=0；"
    "社保 202411..202610 人数=10 应缴=1 实缴=1；用电 202411..202610 户=1 量=100 期限=次月25 缴日=次月10"
)


def test_a_block_stands_beside_an_unchanged_score() -> None:
    free, blocked = portrait_of(WHOLE), portrait_of(f"{WHOLE}；{DEBTOR}")
    assert free["score"] == blocked["score"] is not None
    assert free["grade"] == blocked["grade"]
    assert not free["has_block_whitelist"]


def test_the_seven_items_of_the_first_deliveries_just_reach_a_rating() -> None:
    items = {"registration", "tax_grade", "tax_payment", "social_insurance", "power", "penalty", "dishonest_debtor"}
    everything = setting_on(AS_OF)
    seven = replace(everything, items={code: state for code, state in everything.items.items() if code in items})
    row = portray(inputs_of(WHOLE), seven, RULES).frame.row(0, named=True)
    assert row["coverage_bps"] == 6_300
    assert (row["score"], row["grade"]) == (1000, "AAA")


def test_reasons_name_the_records_they_came_from() -> None:
    row = portrait_of(f"{WHOLE}；处罚 文号=罚1 类=罚款 日期=2026-05-15 公示至=2027-05-15")
    penalty = next(reason for reason in json.loads(row["reasons"]) if reason["slug"] == "penalties")
    assert penalty["lost"] == 1_240
    [record] = penalty["records"]
    assert (record["item"], record["on"], record["text"]) == ("penalty", "2026-05-15", "罚1")
    assert isinstance(record["id"], int)


def test_a_subject_without_records_has_a_portrait_that_says_so() -> None:
    row = portrait_of("")
    assert row["size_class"] == "unknown"
    assert (row["score"], row["grade"], row["data_as_of_on"]) == (None, "", None)
    # Penalties, lists, honours, patents and bids are known to be none.
    assert row["coverage_bps"] == 2_900
    assert Decimal(row["points_penalties"]) == 15_000


def test_data_as_of_is_the_end_of_the_newest_period() -> None:
    assert portrait_of("社保 202608 人数=1；用电 202609 户=1 量=1")["data_as_of_on"] == date(2026, 9, 30)


def test_portray_returns_what_explains_it() -> None:
    portraits: Portraits = portray(inputs_of(f"{WHOLE}；{DEBTOR}"), setting_on(AS_OF), RULES)
    assert portraits.hits["code"].to_list() == ["SX_ZX"]
    assert portraits.computed.rows["social"].height == 24
