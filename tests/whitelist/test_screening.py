import csv
import hashlib
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.criteria.columns import frame_of
from apps.criteria.evaluation import evaluate
from apps.criteria.language import facts_asked, read_criteria
from apps.criteria.values import Snapshot
from apps.whitelist.rules import CONSENT_SLUG, default_criteria
from apps.whitelist.screening import (
    counts_of,
    input_digest,
    inputs_of,
    observed,
    outcome_digest,
    outcomes_of,
    pack,
    rule_digest,
    slugs_of,
    unpack,
)

CASES = list(
    csv.DictReader((Path(__file__).parents[1] / "cases" / "whitelist.csv").read_text(encoding="utf-8").splitlines())
)
NODES = read_criteria(
    default_criteria(
        {
            "whitelist_min_age_months": Decimal(12),
            "whitelist_min_score": Decimal(750),
            "whitelist_min_coverage_pct": Decimal(60),
        }
    ),
    Snapshot(),
)
NAMES = sorted(facts_asked(NODES))
FIRM = {
    "status": "active",
    "has_block_whitelist": False,
    "age_months": 60,
    "tax_grade": "A",
    "score": 800,
    "coverage_pct": Decimal("80.00"),
}


def inputs(rows: list[dict], *, consented: list[int] | None = None) -> pl.DataFrame:
    ids = list(range(1, len(rows) + 1))
    frame = frame_of(rows, NAMES).with_columns(
        pl.Series("subject_id", ids, dtype=pl.Int64), pl.Series("code", [f"9161{number:014}" for number in ids])
    )
    return inputs_of(frame, NODES, pl.Series(ids if consented is None else consented, dtype=pl.Int64))


def facts_of(case: dict) -> dict:
    return {
        "status": case["登记状态"],
        "has_block_whitelist": {"是": True, "否": False, "": None}[case["阻断记录"]],
        "age_months": int(case["成立月数"]),
        "tax_grade": case["纳税级别"] or None,
        "score": int(case["评分"]) if case["评分"] else None,
        "coverage_pct": Decimal(case["覆盖率（%）"]),
    }


def test_outcomes_agree_with_the_cases_of_the_business_side():
    consented = [number for number, case in enumerate(CASES, start=1) if case["同意推荐"] == "是"]
    outcomes = outcomes_of(inputs([facts_of(case) for case in CASES], consented=consented), NODES)
    words = {"m": "列入", "n": "不列入", "u": "无法判断"}
    found = {str(row["subject_id"]): words[row["verdict"]] for row in outcomes.iter_rows(named=True)}
    assert found == {case["编号"]: case["结论"] for case in CASES}


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "status": st.sampled_from(["active", "revoked", None]),
                "has_block_whitelist": st.sampled_from([True, False, None]),
                "age_months": st.none() | st.integers(0, 30),
                "tax_grade": st.sampled_from(["A", "C", None]),
                "score": st.none() | st.integers(700, 800),
                "coverage_pct": st.none() | st.integers(5900, 6100).map(lambda value: Decimal(value).scaleb(-2)),
            }
        ),
        min_size=1,
        max_size=20,
    )
)
def test_the_vector_pass_judges_each_firm_as_the_single_evaluation_does(firms):
    outcomes = outcomes_of(inputs(firms), NODES).sort("subject_id")
    letters = {"met": "m", "not_met": "n", "unknown": "u"}
    for firm, row in zip(firms, outcomes.iter_rows(named=True), strict=True):
        evaluation = evaluate(NODES, firm)
        assert row["codes"] == "".join(letters[finding.verdict] for finding in evaluation.findings) + "m"
        assert row["verdict"] == letters[evaluation.verdict]


def test_counts_add_up_and_say_what_alone_stands_in_the_way():
    rows = [
        FIRM,
        FIRM | {"score": 100},
        FIRM | {"score": 100, "tax_grade": "D"},
        FIRM | {"tax_grade": None},
        FIRM,
    ]
    counts = counts_of(outcomes_of(inputs(rows, consented=[1, 2, 3, 4]), NODES), slugs_of(NODES))
    assert counts["judged"] == 5 == counts["listed"] + counts["not_met"] + counts["unknown"]
    assert (counts["listed"], counts["not_met"], counts["unknown"]) == (1, 3, 1)
    reasons = {row.pop("slug"): row for row in counts["reasons"]}
    assert list(reasons) == slugs_of(NODES)
    assert reasons["score_min"] == {"not_met": 2, "unknown": 0, "only": 1}
    assert reasons["tax_grade_in"] == {"not_met": 1, "unknown": 1, "only": 1}
    assert reasons[CONSENT_SLUG] == {"not_met": 1, "unknown": 0, "only": 1}


def test_counts_of_nobody_are_zero():
    empty = inputs([FIRM]).clear()
    assert counts_of(outcomes_of(empty, NODES), slugs_of(NODES))["judged"] == 0


def test_the_same_inputs_give_the_same_digests_whatever_the_order_of_rows():
    rows = [facts_of(case) for case in CASES]
    first = inputs(rows)
    shuffled = inputs_of(first.drop(CONSENT_SLUG).reverse(), NODES, first["subject_id"])
    assert input_digest(shuffled) == input_digest(first)
    assert outcome_digest(outcomes_of(shuffled, NODES)) == outcome_digest(outcomes_of(first, NODES))


@pytest.mark.parametrize("change", [{"score": 801}, {"coverage_pct": None}, {"tax_grade": "B"}])
def test_a_changed_fact_changes_the_input_digest(change):
    assert input_digest(inputs([FIRM | change])) != input_digest(inputs([FIRM]))


def test_digests_do_not_depend_on_row_ids():
    first = inputs([FIRM])
    moved = first.with_columns(pl.col("subject_id") + 1000)
    assert input_digest(moved) == input_digest(first)
    assert outcome_digest(outcomes_of(moved, NODES)) == outcome_digest(outcomes_of(first, NODES))


def test_outcome_digest_is_that_of_one_line_for_each_firm():
    outcomes = outcomes_of(inputs([FIRM, FIRM | {"score": None}], consented=[1]), NODES)
    lines = b"916100000000000001,m,mmmmmmm\n916100000000000002,n,mmmmumn\n"
    assert outcome_digest(outcomes) == hashlib.sha256(lines).hexdigest()


def test_kept_inputs_come_back_the_same():
    kept = inputs([facts_of(case) for case in CASES])
    assert unpack(pack(kept)).equals(kept)
    assert input_digest(unpack(pack(kept))) == input_digest(kept)


def test_rule_digest_sees_criteria_and_regions_but_not_their_order():
    assert rule_digest(NODES, ["610305", "610322"]) == rule_digest(NODES, ["610322", "610305"])
    assert rule_digest(NODES, ["610305"]) != rule_digest(NODES, ["610302"])
    assert rule_digest(NODES[1:], ["610305"]) != rule_digest(NODES, ["610305"])


def test_observed_turns_whole_numbers_back_into_amounts():
    assert observed("coverage_pct", 8050) == Decimal("80.50")
    assert observed("tax_paid_12m_yuan", 123) == Decimal("1.23")
    assert observed("score", 800) == 800
    assert observed("coverage_pct", None) is None
