"""企业融资信用报告: its content as one frozen value, in the order of domain §9.2.

Pure: takes what selectors read, gives text as printed. Repaired and expired records never get here (令36号): the
caller passes live events only, by the one definition in `profiles.indicators.views`.
"""

from dataclasses import dataclass
from typing import Any

from apps.reports.documents.evaluation import evaluation, lists, origins
from apps.reports.documents.material import Basis, Material
from apps.reports.documents.operations import operations
from apps.reports.documents.parts import NOTHING, Fact, Section
from apps.reports.documents.public_credit import justice, public_credit
from apps.reports.documents.wording import STATEMENT, day, guide, instant, number

# Raised whenever the content or its template changes.
TEMPLATE_VERSION = "CR-2026.11"
NOT_COLLECTED = "未归集"

# 信用信息概要 (domain §9.1): the eight counters, the items whose live records each one counts, and whether they tell
# against the firm. An item that is not collected cannot be counted.
COUNTERS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("行政管理", ("penalty",), True),
    ("诚实守信", ("technology_firm", "specialised_firm"), False),
    ("严重失信", ("dishonest_debtor", "tax_violation", "wage_arrears"), True),
    ("经营异常", ("abnormal_operation",), True),
    ("信用承诺", ("credit_promise",), False),
    ("信用评价", ("tax_grade", "credit_evaluation"), False),
    ("司法判决", ("judgment",), True),
    ("其他", ("licence", "bid_won"), False),
)


@dataclass(frozen=True, slots=True)
class Counter:
    """One of the eight counters."""

    label: str
    value: str
    is_alarm: bool


@dataclass(frozen=True, slots=True)
class CreditReport:
    """The whole content of the report."""

    number: str
    edition: str
    template_version: str
    issued_at: str
    issuer: str
    firm_name: str
    firm_code: str
    watermark: str
    cover: tuple[Fact, ...]
    statement: tuple[str, ...]
    summary_as_of: str
    score: tuple[Fact, ...]
    counters: tuple[Counter, ...]
    sections: tuple[Section, ...]


def build(basis: Basis, material: Material) -> CreditReport:
    """The report of one subject."""
    profile = material.profile
    sections = (
        public_credit(material),
        operations(material),
        justice(material),
        evaluation(material),
        lists(material),
        origins(material),
        Section("七", "异议与信用修复", "对报告内容有疑问时的办理途径", "", paragraphs=guide(material.days)),
    )
    return CreditReport(
        number=basis.number,
        edition="本企业自查版" if basis.own else "授权查询版",
        template_version=TEMPLATE_VERSION,
        issued_at=basis.issued_at.isoformat(timespec="seconds"),
        issuer=basis.issuer,
        firm_name=material.subject.name,
        firm_code=material.subject.code,
        watermark=f"{basis.organization_name} · {basis.person_name}",
        cover=_cover(basis, profile),
        statement=STATEMENT,
        summary_as_of=f"画像日期 {day(profile.as_of_on)}，数据截至 {day(profile.data_as_of_on)}",
        score=_headline(profile),
        counters=tuple(_counter(material, *counter) for counter in COUNTERS),
        sections=sections,
    )


def _cover(basis: Basis, profile: Any) -> tuple[Fact, ...]:
    right = (
        "企业查询自身信息，无须授权"
        if basis.own
        else f"查询记录第 {basis.access_record_id} 号（依据企业授权，企业可在平台查看）"
    )
    return (
        Fact("查询依据", right),
        Fact("查询机构", basis.organization_name),
        Fact("查询人", basis.person_name),
        Fact("查询用途", basis.purpose),
        Fact("生成时间", instant(basis.issued_at)),
        Fact("有效期至", f"{day(basis.valid_until_on)}（含当日）"),
        Fact("画像日期", day(profile.as_of_on)),
        Fact(
            "规则版本",
            f"评分卡 {profile.scorecard_version} · 指标 {profile.indicator_version} · 版式 {TEMPLATE_VERSION}",
        ),
        Fact("出具单位", basis.issuer),
    )


def _headline(profile: Any) -> tuple[Fact, ...]:
    rated = profile.score is not None
    return (
        Fact("信用评分", str(profile.score) if rated else "不评级", "满分 1000" if rated else "信息不足，不评级"),
        Fact("信用等级", profile.grade or NOTHING, "AAA 至 D 共十级"),
        Fact("数据覆盖率", f"{number(profile.coverage_pct, 1)}%", "可判断的评分项占比"),
    )


def _counter(material: Material, label: str, items: tuple[str, ...], is_alarming: bool) -> Counter:
    collected = [item for item in items if item in material.events]
    if not collected:
        return Counter(label, NOT_COLLECTED, False)
    count = sum(len(material.events[item]) for item in collected)
    return Counter(label, f"{count} 条", is_alarming and count > 0)
