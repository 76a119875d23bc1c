"""数据质量通报 as printed: the stored content of `records` put into chapters, figure by figure. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.reports.documents.parts import Column, Fact, Section, Table, table


def sections(content: Mapping[str, Any]) -> tuple[Section, ...]:
    """The chapters of a bulletin (`records.selectors.bulletin_of`)."""
    as_of = f"统计截至 {content['as_of_on']}"
    codes = content["codes"]
    return (
        Section("一", "请您办理", as_of, "", paragraphs=_numbered(content["advice"])),
        Section(
            "二",
            "本月汇总",
            as_of,
            f"在 {content['places']} 个报送单位中列第 {content['place']} 位（依次按及时率、合规率、必填完整率）",
            tables=(_figures("汇总指标", content["total"]), _overdue(content["overdue"])),
        ),
        Section("三", "分项情况", as_of, "", tables=tuple(_item(item) for item in content["items"])),
        Section(
            "四",
            "重错码与部门间矛盾",
            as_of,
            "",
            facts=(
                Fact("重错码率", codes["rate"], f"应低于 {codes['line']}"),
                *(Fact(kind["label"], str(kind["count"])) for kind in codes["kinds"]),
                *(Fact(f"矛盾：{row['label']}", str(row["count"])) for row in content["contradictions"]),
            ),
        ),
        Section("五", "口径与依据", "每项指标只有一个口径", "", tables=_rules(content)),
    )


def _numbered(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{number}．{text}" for number, text in enumerate(texts, start=1))


def _figures(caption: str, values: Sequence[Mapping[str, Any]], note: str = "") -> Table:
    return table(
        caption,
        (Column("指标"), Column("本月", is_figure=True), Column("是否达标", is_short=True), Column("与上月相比")),
        [(one["label"], one["text"], "未达标" if one["is_below_line"] else "", one["change"]) for one in values],
        note=note,
    )


def _item(item: Mapping[str, Any]) -> Table:
    counts = (
        f"报送 {item['deliveries']} 份，数据 {item['rows']} 行："
        f"入库 {item['accepted']}、退回 {item['rejected']}、待处理 {item['held']}。"
    )
    gaps = f"断档：{'、'.join(item['gaps'])}。" if item["gaps"] else ""
    return _figures(f"{item['name']}（{item['cadence']}）", item["values"], counts + gaps)


def _overdue(rows: Sequence[Mapping[str, str]]) -> Table:
    return table(
        "逾期未报",
        (Column("信息项"), Column("所属期"), Column("期限", is_short=True)),
        [(row["item"], row["period"], row["due_on"]) for row in rows],
        empty="没有逾期未报的信息项。",
    )


def _rules(content: Mapping[str, Any]) -> tuple[Table, ...]:
    return (
        table(
            "指标口径",
            (Column("指标", is_short=True), Column("口径"), Column("依据")),
            [(row["label"], row["sentence"], row["source"]) for row in content["definitions"]],
        ),
        table(
            "达标线",
            (Column("项目", is_short=True), Column("数值", is_figure=True), Column("依据")),
            [(row["label"], row["text"], row["source"]) for row in content["lines"]],
        ),
    )
