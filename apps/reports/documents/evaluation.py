"""Chapters 四, 五 and 六: the score with its reasons, the lists, and where everything came from. Pure."""

from apps.profiles.blocks import EFFECTS, USES
from apps.reports.documents.material import Material
from apps.reports.documents.parts import Column, Section, table
from apps.reports.documents.wording import day, instant


def evaluation(material: Material) -> Section:
    """Chapter 四: what was earned, what was lost, and why."""
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


def lists(material: Material) -> Section:
    """Chapter 五: lists that block or flag, and whitelists."""
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


def origins(material: Material) -> Section:
    """Chapter 六: who delivered what, and how fresh it is."""
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
