"""What banks write in the cells of their product catalogue, read by explicit patterns. Pure.

Each function takes the text of one cell, as `normal` spells it, and returns its meaning, or raises Unreadable with a
Chinese sentence; no text is guessed at. Words for "no requirement" are the same everywhere.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from apps.core.money import yuan

TAX_ORDER: Final = "ABMCD"  # from best to worst (domain §4.4)
NO_REQUIREMENT: Final = frozenset({"", "不限", "不要求", "不作要求", "无要求", "无", "—", "-", "/", "0"})

# What banks call an industry of GB/T 4754 whose full name is another.
INDUSTRY_ALIASES: Final[Mapping[str, str]] = {"仓储业": "G59", "房地产开发": "K7010"}

_SEPARATORS = re.compile(r"[、,;/]+")
_NUMBER: Final = r"[0-9]{1,8}(?:\.[0-9]{1,6})?"
_AMOUNTS: Final = rf"(?P<low>{_NUMBER})(?:-|~|至|—)(?P<high>{_NUMBER})"
_TERMS: Final = r"(?P<low>[0-9]{1,3})(?:-|~|至|—)(?P<high>[0-9]{1,3})(?P<unit>个月|月|年)"
_CHINESE_DIGITS: Final = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "十": 10}


class Unreadable(ValueError):
    """The cell says something that no pattern knows. The message is a Chinese sentence."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Chinese names → codes: regions in force (a name may stand for several), industries with the letter in front."""

    regions: Mapping[str, tuple[str, ...]]
    industries: Mapping[str, str]


def normal(text: str) -> str:
    """Half-width digits, brackets and punctuation, no spaces: one spelling for the patterns."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def asks_nothing(text: str) -> bool:
    """Whether a requirement cell sets none."""
    return text in NO_REQUIREMENT


def read_amounts(text: str) -> tuple[Decimal | None, Decimal]:
    """Smallest and largest amount in yuan from 万元: `1-30`, `1~50`, `≤1000`."""
    if match := re.fullmatch(_AMOUNTS, text):
        return _wan(match["low"]), _wan(match["high"])
    if match := re.fullmatch(rf"(?:≤|<=|不超过|最高)(?P<high>{_NUMBER})", text):
        return None, _wan(match["high"])
    raise Unreadable("额度应写成“10-300”或“≤1000”（万元）。")


def _wan(number: str) -> Decimal:
    return yuan(Decimal(number) * 10_000)


def read_term(text: str, *, revolving: bool) -> tuple[int | None, int]:
    """Shortest and longest term in months.

    A single figure is the term itself (`12个月` means twelve), except where the money may be drawn and repaid at will
    (`可循环`, or `revolving` by its repayment): there it is how long the line stands, so any shorter term fits.
    """
    line = revolving or text.endswith("(可循环)")
    text = text.removesuffix("(可循环)")
    if match := re.fullmatch(_TERMS, text):
        return _months(match["low"], match["unit"]), _months(match["high"], match["unit"])
    if match := re.fullmatch(r"(?:与合同期限一致,)?(?:最长|不超过)(?P<n>[0-9]{1,3})(?P<unit>个月|月|年)", text):
        return None, _months(match["n"], match["unit"])
    if match := re.fullmatch(r"(?P<n>[0-9]{1,2})(?P<unit>年)期?以内(?:\(含\))?", text):
        return None, _months(match["n"], match["unit"])
    if match := re.fullmatch(r"(?P<n>[0-9]{1,3})(?P<unit>个月|月|年)", text):
        months = _months(match["n"], match["unit"])
        return (None if line else months), months
    raise Unreadable("期限应写成“12个月”“1-3年”“3年以内”或“最长18个月”。")


def _months(number: str, unit: str) -> int:
    return int(number) * (12 if unit == "年" else 1)


def read_rate(text: str) -> tuple[str, int, int | None]:
    """LPR tenor, lowest and highest spread in basis points: `LPR-10BP至LPR+40BP`, `LPR(5年期)+20BP`, `LPR+30BP起`."""
    match = re.fullmatch(rf"{_quote(1)}(?:(?:至|-|~){_quote(2)}|(?P<open>起))?", text.upper())
    if match is None or (match["bps2"] and match["tenor1"] != match["tenor2"]):
        raise Unreadable("利率应写成“LPR+50BP”“LPR+50BP至LPR+150BP”或“LPR(5年期)+20BP”。")
    low = int(match["bps1"])
    high = None if match["open"] else int(match["bps2"] or match["bps1"])
    return "5Y" if match["tenor1"] else "1Y", low, high


def _quote(number: int) -> str:
    return rf"LPR(?P<tenor{number}>\(5年期(?:以上)?\))?(?P<bps{number}>[+-][0-9]{{1,4}})BP"


def read_guarantees(text: str) -> tuple[tuple[str, ...], str]:
    """Kinds of security, and the bank's particulars in brackets: `质押(应收账款)`."""
    kinds = {"信用": "credit", "抵押": "mortgage", "保证": "guarantee", "质押": "pledge"}
    found, notes = [], []
    for part in _parts(text):
        match = re.fullmatch(r"(信用|抵押|保证|质押)(?:\((.+)\))?", part)
        if match is None:
            raise Unreadable("担保方式应为信用、抵押、保证、质押，可在括号内注明种类。")
        found.append(kinds[match[1]])
        notes += [(match[1], match[2])] if match[2] else []
    if len(found) == 1:
        return tuple(found), notes[0][1] if notes else ""
    return tuple(found), "；".join(f"{kind}：{note}" for kind, note in notes)


def read_repayments(text: str) -> tuple[str, ...]:
    """Ways of repayment; 按季付息、到期还本 is one way, not two."""
    ways = {
        r"等额本息": "equal_instalments",
        r"等额本金": "equal_principal",
        r"按月付息[、,，]?到期还本": "monthly_interest",
        r"按季付息[、,，]?到期还本": "quarterly_interest",
        r"到期一次还本付息": "bullet",
        r"随借随还": "revolving",
    }
    found, rest = [], text
    while rest:
        way, rest = next(
            ((code, rest[match.end() :]) for pattern, code in ways.items() if (match := re.match(pattern, rest))),
            ("", rest),
        )
        if not way:
            raise Unreadable("还款方式应为等额本息、等额本金、按月（季）付息到期还本、到期一次还本付息或随借随还。")
        found.append(way)
        rest = re.sub(r"^[、,;/]+", "", rest)
    if not found:
        raise Unreadable("还款方式不能为空。")
    return tuple(found)


def read_regions(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Region codes; none where the product is offered everywhere."""
    if asks_nothing(text):
        return ()
    codes = []
    for name in _parts(text):
        found = vocabulary.regions.get(name, ())
        if not found:
            raise Unreadable(f"没有名为“{name}”的现行行政区划。")
        if len(found) > 1:
            raise Unreadable(f"名为“{name}”的行政区划不止一个，请写明区划代码。")
        codes.append(found[0])
    return tuple(dict.fromkeys(codes))


def read_industries(text: str, vocabulary: Vocabulary) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Industries accepted, industries refused, and lists refused (`限制类、淘汰类` is list JZ)."""
    if asks_nothing(text):
        return (), (), ()
    match = re.fullmatch(r"不限\((?P<but>.+)除外\)", text)
    if match is None:
        return _industries(text, vocabulary), (), ()
    if set(_parts(match["but"])) <= {"限制类", "淘汰类", "禁止类"}:
        return (), (), ("JZ",)
    return (), _industries(match["but"], vocabulary), ()


def _industries(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Names read from the left, the longest first: `农、林、牧、渔业` is one name that holds separators."""
    codes, rest = [], text
    while rest:
        name = max((name for name in vocabulary.industries if rest.startswith(name)), key=len, default="")
        after = rest[len(name) :]
        if not name or (after and not _SEPARATORS.match(after)):
            raise Unreadable(f"“{rest}”不是国民经济行业分类的门类或大类名称。")
        codes.append(vocabulary.industries[name])
        rest = _SEPARATORS.sub("", after, count=1)
    return tuple(dict.fromkeys(codes))


def read_tax_grades(text: str) -> tuple[str, ...]:
    """Accepted grades, best first: `A、B`, `A-M`, `B级及以上`, `不低于M级`; none where any will do."""
    if asks_nothing(text):
        return ()
    if match := re.fullmatch(r"([ABMCD])级?(?:及|或)?以上|不低于([ABMCD])级?", text):
        return tuple(TAX_ORDER[: TAX_ORDER.index(match[1] or match[2]) + 1])
    if match := re.fullmatch(r"([ABMCD])级?[-~至]([ABMCD])级?", text):
        best, worst = TAX_ORDER.index(match[1]), TAX_ORDER.index(match[2])
        if best <= worst:
            return tuple(TAX_ORDER[best : worst + 1])
    grades = [part.removesuffix("级") for part in _parts(text)]
    if not grades or not set(grades) <= set(TAX_ORDER):
        raise Unreadable("纳税级别要求应为 A、B、M、C、D 中的若干级，或“B级及以上”。")
    return tuple(sorted(set(grades), key=TAX_ORDER.index))


def read_months(text: str) -> int | None:
    """Months from `半年`, `满2年`, `一年以上`, `24个月`, or a bare number of months; None where none is asked."""
    if asks_nothing(text):
        return None
    match = re.fullmatch(r"满?(?P<n>[0-9]{1,3}|[一两二三四五十]|半)(?P<unit>年|个月|月)?(?:以上|及以上)?", text)
    if (
        match is None
        or (match["n"] == "半" and match["unit"] != "年")
        or (not match["unit"] and not match["n"].isdigit())
    ):
        raise Unreadable("时间要求应写成“2年”“24个月”“半年”或月数。")
    if match["n"] == "半":
        return 6
    number = int(match["n"]) if match["n"].isdigit() else _CHINESE_DIGITS[match["n"]]
    return number * (12 if match["unit"] == "年" else 1)


def read_revenue(text: str) -> tuple[Decimal | None, Decimal | None]:
    """Lowest and highest revenue of the year in yuan: `年营收50万以上`, `300万元` (at least), `500万元以下`."""
    if asks_nothing(text):
        return None, None
    match = re.fullmatch(rf"(?:年营收)?(?P<n>{_NUMBER})万元?(?P<side>以上|及以上|以下)?", text)
    if match is None:
        raise Unreadable("年营收要求应写成“200万元以上”或“500万元以下”。")
    amount = _wan(match["n"])
    return (None, amount) if match["side"] == "以下" else (amount, None)


def read_first_loan(text: str) -> str:
    """`accepted`, `only` or `refused`."""
    return _answer(
        text, {"是": "accepted", "是(仅首贷)": "only", "否": "refused"}, "首贷可应为“是”“否”或“是(仅首贷)”。"
    )


def read_renewal(text: str) -> str:
    """`yes`, `no_principal` or `no`."""
    answers = {"是": "yes", "是(无还本续贷)": "no_principal", "否": "no"}
    return _answer(text, answers, "续贷应为“是”“否”或“是(无还本续贷)”。")


def _answer(text: str, answers: Mapping[str, str], fault: str) -> str:
    if text not in answers:
        raise Unreadable(fault)
    return answers[text]


def read_promised_days(text: str) -> int | None:
    """Days until payment: `3个工作日`, `2天`, `T+1`; `当天` and `线上即时` are 0."""
    if not text:
        return None
    if text in {"当天", "线上即时", "即时"}:
        return 0
    if match := re.fullmatch(r"([0-9]{1,3})(?:个工作日|天|日)|T\+([0-9]{1,3})", text):
        return int(match[1] or match[2])
    raise Unreadable("放款时效应写成“3个工作日”“2天”“T+1”或“当天”。")


Stored = dict[str, Any]
_RECORDS: Final[tuple[tuple[str, Stored], ...]] = (
    (r"无失信被执行(?:人)?记录", {"slug": "no_dishonest_debtor", "value": None}),
    (r"近12个月电费无欠缴", {"slug": "power_no_arrears", "value": None}),
    (r"不在政府采购严重违法失信名单", {"slug": "not_listed", "value": "SX_ZC"}),
    (r"无拖欠农民工工资记录", {"slug": "not_listed", "value": "SX_GZ"}),
)


def read_clean_record(text: str) -> tuple[Stored, ...]:
    """What a demanded record comes to: a criterion where a delivered fact decides it, else words for a person."""
    if asks_nothing(text):
        return ()
    known = [stored for pattern, stored in _RECORDS if re.fullmatch(pattern, text)]
    return tuple(known) or ({"slug": "manual", "value": text},)


def _specialised(_: re.Match[str]) -> list[Stored]:
    return [{"slug": "qualification_any", "value": ["innovative", "specialised_province", "specialised_state"]}]


_NOTES: Final[tuple[tuple[str, Callable[[re.Match[str]], list[Stored]]], ...]] = (
    (r"面向新型农业经营主体", lambda _: [{"slug": "qualification_any", "value": ["agricultural"]}]),
    (r"须为专精特新或创新型中小企业", _specialised),
    (
        r"科技型中小企业或高新技术企业",
        lambda _: [{"slug": "qualification_any", "value": ["technology_sme", "high_tech"]}],
    ),
    (r"个体工商户专属", lambda _: [{"slug": "subject_kind_in", "value": ["sole_trader"]}]),
    (r"有效发明专利([0-9]{1,6})件以上", lambda match: [{"slug": "patents_min", "value": int(match[1])}]),
    (
        r"仅限我行存量客户无还本续贷",
        lambda _: [{"slug": "existing_customer", "value": None}, {"slug": "purpose_in", "value": ["renewal"]}],
    ),
    (r"固定资产贷款", lambda _: [{"slug": "purpose_in", "value": ["equipment", "upgrade", "plant"]}]),
    (r"首贷户专属", lambda _: []),  # the column 首贷可 says so
)
_DEMANDS: Final = re.compile(r"须|仅限|专属|必须|凭|限于|以上")


def read_note(text: str) -> tuple[Stored, ...]:
    """Criteria in a remark. A demand that no pattern knows is left to a person; any other remark is only shown."""
    for pattern, criteria in _NOTES:
        if match := re.fullmatch(pattern, text):
            return tuple(criteria(match))
    return ({"slug": "manual", "value": text},) if _DEMANDS.search(text) else ()


def _parts(text: str) -> list[str]:
    return [part for part in _SEPARATORS.split(text) if part]


def names_of(vocabulary: Vocabulary, codes: Iterable[str]) -> str:
    """Region or industry codes as a bank would write them."""
    spelled = {code: name for name, code in vocabulary.industries.items()}
    spelled |= {codes[0]: name for name, codes in vocabulary.regions.items() if len(codes) == 1}
    return "、".join(spelled.get(code, code) for code in codes)
