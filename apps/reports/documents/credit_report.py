"""企业融资信用报告: its content as one frozen value, in the order of domain §9.2.

Pure: takes what selectors read, gives text as printed. Repaired and expired records never get here (令36号): the
caller passes live events only, by the one definition in `profiles.indicators.views`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.profiles.blocks import EFFECTS, USES
from apps.reports.documents.operations import operations
from apps.reports.documents.parts import NOTHING, Column, Fact, Section, Table, table
from apps.reports.documents.wording import STATEMENT, day, guide, instant, money, number

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
SHOWN_EVENTS = (
    "penalty",
    "licence",
    "tax_grade",
    "credit_evaluation",
    "technology_firm",
    "specialised_firm",
    "abnormal_operation",
    "tax_violation",
    "wage_arrears",
    "dishonest_debtor",
    "bid_won",
)
SHOWN_PAYMENTS = ("tax_payment", "social_insurance", "power")
SERIOUS_LISTS = {"tax_violation": "重大税收违法失信主体", "wage_arrears": "拖欠农民工工资失信联合惩戒对象"}
HONOURS = {"technology_firm": "高新技术企业、科技型中小企业", "specialised_firm": "专精特新中小企业"}
LICENCES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Basis:
    """By which right, for whom and for what a report is made."""

    number: str
    issued_at: datetime
    valid_until_on: date
    purpose: str
    organization_name: str
    person_name: str
    access_record_id: int | None
    issuer: str

    @property
    def own(self) -> bool:
        """Whether the firm asked about itself."""
        return self.access_record_id is None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an item came from and how fresh it is. `arrived_at` None: never delivered."""

    code: str
    name: str
    owner: str
    disclosure: str
    newest_on: date | None
    arrived_at: datetime | None
    records: int


@dataclass(frozen=True, slots=True)
class Loss:
    """A line of the scorecard that cost points."""

    label: str
    lost: str
    reason: str
    advice: str
    records: str


@dataclass(frozen=True, slots=True)
class Line:
    """A dimension of the scorecard: what was earned of what could be judged, and of its full weight."""

    label: str
    earned: str
    judged: str
    full: str


@dataclass(frozen=True, slots=True)
class Material:
    """Everything read for one report. `events` holds live events only, by item code."""

    subject: Any
    profile: Any
    registration: Any
    events: Mapping[str, Sequence[Mapping[str, Any]]]
    payments: Mapping[str, Sequence[Any]]
    origins: Sequence[Origin]
    dimensions: Sequence[Line]
    losses: Sequence[Loss]
    listings: Sequence[tuple[str, str, str]]
    region: str
    industry: str
    size: str
    days: Mapping[str, int]


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
        _public_credit(material),
        operations(material),
        _justice(material),
        _score(material),
        _lists(material),
        _origins(material),
        _guide(material),
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


def _public_credit(material: Material) -> Section:
    return Section(
        "一",
        "公共信用信息",
        _freshness(material, "registration", "penalty"),
        "公开公示信息；已修复和公示期满的记录不列示",
        facts=_registration(material),
        tables=(_penalties(material), _abnormal(material), _grades(material), _honours(material), _licences(material)),
    )


def _registration(material: Material) -> tuple[Fact, ...]:
    subject, holding = material.subject, material.registration
    extra: Mapping[str, Any] = holding.extra if holding else {}
    year = extra.get("annual_report_year")
    return (
        Fact("名称", subject.name),
        Fact("统一社会信用代码", subject.code),
        Fact("登记状态", subject.get_status_display()),
        Fact("法定代表人", subject.legal_representative or NOTHING),
        Fact("主体类型", subject.legal_form or NOTHING),
        Fact("成立日期", day(subject.established_on)),
        Fact("注册资本", money(holding.value_yuan if holding else None)),
        Fact("实缴资本", money(_decimal(extra.get("paid_in_capital_yuan")))),
        Fact("所属区划", material.region),
        Fact("所属行业", material.industry),
        Fact("企业规模", material.size),
        Fact("最近年报", f"{year} 年度" if year else NOTHING),
        Fact("登记机关", extra.get("authority") or NOTHING),
        Fact("住所", extra.get("address") or NOTHING),
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


def _penalties(material: Material) -> Table:
    return table(
        "行政处罚",
        (
            Column("决定日期", is_short=True),
            Column("决定书文号"),
            Column("处罚类别"),
            Column("违法行为"),
            Column("处罚机关"),
            Column("罚款金额", is_figure=True),
            Column("公示截止", is_short=True),
        ),
        [
            (
                day(row["occurred_on"]),
                row["key_text"],
                row["class_text"],
                row["title"],
                row["authority"],
                money(row["amount_yuan"]),
                day(row["valid_to_on"]),
            )
            for row in material.events.get("penalty", ())
        ],
        empty=_none_or_unknown(material, "penalty", "公示期内没有行政处罚记录。"),
    )


def _grades(material: Material) -> Table:
    return table(
        "纳税缴费信用级别",
        (Column("评价年度", is_short=True), Column("级别", is_short=True), Column("评价机关")),
        [(row["key_text"], row["class_text"], row["authority"]) for row in material.events.get("tax_grade", ())],
        empty=_none_or_unknown(material, "tax_grade", "没有纳税缴费信用级别记录。"),
    )


def _abnormal(material: Material) -> Table:
    return table(
        "经营异常名录",
        (Column("列入日期", is_short=True), Column("列入事由"), Column("作出决定机关")),
        [
            (day(row["valid_from_on"] or row["occurred_on"]), row["title"] or row["class_text"], row["authority"])
            for row in material.events.get("abnormal_operation", ())
        ],
        empty=_none_or_unknown(material, "abnormal_operation", "目前不在经营异常名录中。"),
    )


def _honours(material: Material) -> Table:
    return table(
        "资质与荣誉",
        (Column("类别"), Column("名称或编号"), Column("认定机关"), Column("有效期至", is_short=True)),
        [
            (label, row["title"] or row["class_text"] or row["key_text"], row["authority"], day(row["valid_to_on"]))
            for item, label in HONOURS.items()
            for row in material.events.get(item, ())
        ],
        empty="没有有效的资质与荣誉记录。",
    )


def _licences(material: Material) -> Table:
    licences = material.events.get("licence", ())
    rest = len(licences) - LICENCES_SHOWN
    return table(
        "有效的行政许可",
        (
            Column("决定日期", is_short=True),
            Column("许可文书或编号"),
            Column("许可机关"),
            Column("有效期至", is_short=True),
        ),
        [
            (day(row["occurred_on"]), row["title"] or row["key_text"], row["authority"], day(row["valid_to_on"]))
            for row in licences[:LICENCES_SHOWN]
        ],
        empty=_none_or_unknown(material, "licence", "没有有效的行政许可记录。"),
        note=f"另有 {rest} 条未列出。" if rest > 0 else "",
    )


def _justice(material: Material) -> Section:
    return Section(
        "三",
        "司法与严重失信信息",
        _freshness(material, "dishonest_debtor", *SERIOUS_LISTS),
        "公开公示信息；已屏蔽的案件不列示",
        tables=(
            table(
                "失信被执行人",
                (
                    Column("立案日期", is_short=True),
                    Column("案号"),
                    Column("执行法院"),
                    Column("失信情形"),
                    Column("涉案金额", is_figure=True),
                    Column("发布日期", is_short=True),
                ),
                [
                    (
                        day(row["occurred_on"]),
                        row["key_text"],
                        row["authority"],
                        row["title"] or row["class_text"],
                        money(row["amount_yuan"]),
                        day(row["valid_from_on"]),
                    )
                    for row in material.events.get("dishonest_debtor", ())
                ],
                empty=_none_or_unknown(material, "dishonest_debtor", "没有失信被执行人记录。"),
            ),
            _serious(material),
        ),
    )


def _serious(material: Material) -> Table:
    return table(
        "严重失信主体名单",
        (
            Column("名单"),
            Column("文书号"),
            Column("认定机关"),
            Column("列入日期", is_short=True),
            Column("截止日期", is_short=True),
        ),
        [
            (
                label,
                row["key_text"],
                row["authority"],
                day(row["valid_from_on"] or row["occurred_on"]),
                day(row["valid_to_on"]),
            )
            for item, label in SERIOUS_LISTS.items()
            for row in material.events.get(item, ())
        ],
        empty="已归集的严重失信主体名单中没有该主体的有效记录。",
    )


def _score(material: Material) -> Section:
    profile = material.profile
    return Section(
        "四",
        f"信用评分 {profile.scorecard_version} 与原因",
        f"画像日期 {day(profile.as_of_on)}",
        "供金融机构参考，不构成征信或评级；评分规则在平台公开",
        tables=(
            table(
                "各维度得分",
                (
                    Column("维度"),
                    Column("得分", is_figure=True),
                    Column("可判断分值", is_figure=True),
                    Column("满分", is_figure=True),
                ),
                [(row.label, row.earned, row.judged, row.full) for row in material.dimensions],
                note="没有数据的评分项不参与得分和满分的计算（缺失不按零分处理），总分按可判断分值折算为千分制。",
            ),
            table(
                "主要失分原因",
                (
                    Column("评分项"),
                    Column("失分", is_figure=True),
                    Column("原因"),
                    Column("相关记录"),
                    Column("改进建议"),
                ),
                [(row.label, row.lost, row.reason, row.records, row.advice) for row in material.losses],
                empty="没有失分项。",
            ),
        ),
    )


def _lists(material: Material) -> Section:
    profile = material.profile
    blocks = [
        (
            row["name"],
            row["authority"],
            row["document"],
            row["listed_on"] or "",
            row["until_on"] or "",
            "；".join(f"{USES[use]}：{EFFECTS[effect]}" for use, effect in row["effects"].items() if effect != "NONE"),
        )
        for row in profile.blocks
    ]
    return Section(
        "五",
        "名单与风险提示",
        f"画像日期 {day(profile.as_of_on)}",
        f"已核查 {len(profile.lists_checked)} 份名单",
        tables=(
            table(
                "限制和提示名单",
                (
                    Column("名单"),
                    Column("认定机关"),
                    Column("文书号"),
                    Column("列入日期", is_short=True),
                    Column("截止日期", is_short=True),
                    Column("影响"),
                ),
                blocks,
                empty="已核查的名单中没有该主体的有效记录。",
            ),
            table(
                "白名单",
                (Column("白名单"), Column("列入日期", is_short=True), Column("有效期至（不含）", is_short=True)),
                material.listings,
                empty="目前不在任何在册的白名单中；未列入不代表信用不良。",
            ),
        ),
    )


def _origins(material: Material) -> Section:
    return Section(
        "六",
        "数据来源与时间",
        "每一项信息由谁提供、截至何时",
        "",
        tables=(
            table(
                "信息项",
                (
                    Column("信息项"),
                    Column("提供单位"),
                    Column("披露方式", is_short=True),
                    Column("数据截至", is_short=True),
                    Column("最近报送", is_short=True),
                    Column("本主体记录", is_figure=True),
                ),
                [
                    (
                        row.name,
                        row.owner,
                        row.disclosure,
                        day(row.newest_on),
                        instant(row.arrived_at) if row.arrived_at else "尚未报送",
                        str(row.records),
                    )
                    for row in material.origins
                ],
            ),
        ),
    )


def _guide(material: Material) -> Section:
    return Section("七", "异议与信用修复", "对报告内容有疑问时的办理途径", "", paragraphs=guide(material.days))


def _freshness(material: Material, *items: str) -> str:
    states = [origin for origin in material.origins if origin.code in items and origin.arrived_at]
    if not states:
        return "尚未归集"
    return "最近报送 " + "、".join(f"{state.name} {instant(state.arrived_at)}" for state in states)


def _none_or_unknown(material: Material, item: str, none: str) -> str:
    return none if item in material.events else "平台尚未归集该项信息，不能判断有无记录。"
