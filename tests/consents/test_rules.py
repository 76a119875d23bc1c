"""Validity of a consent: the cases are in tests/cases/consent.csv."""

import csv
from datetime import date
from pathlib import Path

import pytest

from apps.consents.rules import (
    NO_CONSENT,
    PURPOSE_LABELS,
    REASON_LABELS,
    SCOPE_LABELS,
    SCOPE_OF_PURPOSE,
    Purpose,
    ReasonKind,
    Request,
    Scope,
    Terms,
    judge,
    nearest,
)
from apps.consents.wording import authorisation

CASES = Path(__file__).parents[1] / "cases" / "consent.csv"
PURPOSES = {label: value for value, label in PURPOSE_LABELS.items()}
SCOPES = {label: value for value, label in SCOPE_LABELS.items()}


def _cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _terms(row: dict[str, str]) -> Terms:
    return Terms(
        purposes=frozenset(PURPOSES[name] for name in row["授权用途"].split()),
        items=frozenset(row["授权信息项"].split()),
        scopes=frozenset(SCOPES[name] for name in row["授权方式"].split()),
        valid_from_on=date.fromisoformat(row["授权起"]),
        valid_to_on=date.fromisoformat(row["授权止"]),
        withdrawn=row["已撤回"] == "是",
        use_max=int(row["次数上限"]) if row["次数上限"] else None,
        use_count=int(row["已用次数"]),
    )


def _request(row: dict[str, str]) -> Request:
    items = {code: code for code in row["查询信息项"].split()}
    return Request(PURPOSES[row["查询用途"]], items, date.fromisoformat(row["查询日期"]))


@pytest.mark.parametrize("row", _cases(), ids=lambda row: row["说明"])
def test_judge_names_everything_that_is_missing(row: dict[str, str]) -> None:
    verdict = judge(_terms(row), _request(row))
    assert verdict.codes == tuple(row["缺少"].split())
    assert verdict.allowed == (not row["缺少"])
    assert verdict.sentence.count("；") == max(len(verdict.codes) - 1, 0)
    assert verdict.sentence.endswith("。") == (not verdict.allowed)


def test_judge_names_missing_items_in_chinese_and_only_those() -> None:
    terms = Terms(
        frozenset({"pre_loan_review"}), frozenset({"power"}), frozenset({"query"}), date(2026, 1, 1), date(2027, 1, 1)
    )
    verdict = judge(terms, Request("pre_loan_review", {"power": "用电", "tax_payment": "纳税"}, date(2026, 5, 1)))
    assert verdict.sentence == "授权不含信息项：纳税。"


def test_nearest_is_the_consent_that_lacks_least_and_says_so_when_there_is_none() -> None:
    rows = {row["说明"]: row for row in _cases()}
    far, near = (judge(_terms(rows[name]), _request(rows[name])) for name in ("几项同时不符", "已撤回"))
    assert nearest([far, near]) is near
    assert nearest([]) is NO_CONSENT


def test_every_word_of_the_rules_has_its_chinese_label() -> None:
    assert PURPOSE_LABELS.keys() == SCOPE_OF_PURPOSE.keys() == set(Purpose)
    assert SCOPE_LABELS.keys() == set(Scope)
    assert REASON_LABELS.keys() == set(ReasonKind)


def test_authorisation_text_tells_all_terms_and_its_digest_changes_with_any_of_them() -> None:
    terms = {
        "subject_name": "宏远机械",
        "subject_code": "91610305YYH3A7Q20D",
        "grantee_name": "岐丰银行",
        "purposes": ["贷前审查"],
        "items": ["纳税", "社保"],
        "scopes": ["查询"],
        "period": (date(2026, 11, 15), date(2027, 11, 15)),
        "use_max": 5,
    }
    first = authorisation(**terms)
    for told in (
        "宏远机械",
        "91610305YYH3A7Q20D",
        "岐丰银行",
        "贷前审查",
        "纳税、社保",
        "查询",
        "2027年11月15日",
        "最多查询5次",
    ):
        assert told in first.text
    assert authorisation(**terms) == first
    digests = {
        authorisation(**terms | change).digest
        for change in (
            {"grantee_name": None},
            {"purposes": ["担保"]},
            {"items": ["纳税"]},
            {"scopes": ["推送"]},
            {"period": (date(2026, 11, 15), date(2027, 5, 15))},
            {"use_max": None},
        )
    }
    assert len(digests | {first.digest}) == 7
