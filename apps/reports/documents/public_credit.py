"""Chapters 一 and 三: what is public of a firm, and what courts and lists say. Pure.

Repaired and expired records never get here (令36号): the material holds live events only.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apps.reports.documents.material import Material
from apps.reports.documents.parts import NEWEST_SHOWN, NOTHING, Column, Fact, Section, Table, left_out, table
from apps.reports.documents.wording import day, money

SERIOUS_LISTS = {"tax_violation": "重大税收违法失信主体", "wage_arrears": "拖欠农民工工资失信联合惩戒对象"}
HONOURS = {"technology_firm": "高新技术企业、科技型中小企业", "specialised_firm": "专精特新中小企业"}


def public_credit(material: Material) -> Section:
    """Chapter 一: what anybody may know of the firm."""
    return Section(
        "一",
        "公共信用信息",
        material.freshness("registration", "penalty"),
        "公开公示信息；已修复和公示期满的记录不列示",
        facts=_registration(material),
        tables=(
            _penalties(material),
            _abnormal(material),
            _evaluations(material),
            _honours(material),
            _licences(material),
        ),
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
        empty=material.none_or_unknown("penalty", "公示期内没有行政处罚记录。"),
    )


def _abnormal(material: Material) -> Table:
    return table(
        "经营异常名录",
        (Column("列入日期", is_short=True), Column("列入事由"), Column("作出决定机关")),
        [
            (day(row["valid_from_on"] or row["occurred_on"]), row["title"] or row["class_text"], row["authority"])
            for row in material.events.get("abnormal_operation", ())
        ],
        empty=material.none_or_unknown("abnormal_operation", "目前不在经营异常名录中。"),
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
            for row in licences[:NEWEST_SHOWN]
        ],
        empty=material.none_or_unknown("licence", "没有有效的行政许可记录。"),
        note=left_out(len(licences)),
    )


def _evaluations(material: Material) -> Table:
    return table(
        "公共信用综合评价",
        (Column("评价年度", is_short=True), Column("评价结果", is_short=True), Column("评价机关")),
        [
            (row["key_text"], row["class_text"], row["authority"])
            for row in material.events.get("credit_evaluation", ())
        ],
        empty=material.none_or_unknown("credit_evaluation", "没有公共信用综合评价结果。"),
    )


def justice(material: Material) -> Section:
    """Chapter 三: courts and lists of serious failings."""
    return Section(
        "三",
        "司法与严重失信信息",
        material.freshness("dishonest_debtor", *SERIOUS_LISTS),
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
                empty=material.none_or_unknown("dishonest_debtor", "没有失信被执行人记录。"),
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
