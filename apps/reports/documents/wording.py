"""How a printed document says things: its standing texts, and dates, money and figures as text. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from apps.core.money import format_yuan, round_pct
from apps.reports.documents.parts import NOTHING

CHINA = ZoneInfo("Asia/Shanghai")

STATEMENT = (
    "本报告由平台根据公共信用信息和企业授权查询的信息自动生成，所列内容以各提供单位报送平台的数据为准，反映生成时点的情况。",
    "本报告供金融机构在企业授权的用途内参考，不构成征信报告，也不构成信用评级，不应作为审批的唯一依据。",
    "查询机构应在授权的用途和期限内使用本报告，未经企业同意不得向第三方提供。每一次查询和下载都留有记录，企业可以查看。",
    "已完成信用修复和公示期满的失信信息依法不再列示、不再参与评分；标注“未归集”“—”的项目表示平台没有该项数据，不代表没有发生。",
)


def day(value: date | None) -> str:
    """2026-11-15."""
    return NOTHING if value is None else value.isoformat()


def instant(value: datetime | None) -> str:
    """2026-11-15 10:00, Asia/Shanghai."""
    return NOTHING if value is None else value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def money(value: Decimal | None) -> str:
    """1,234.50元."""
    return NOTHING if value is None else format_yuan(value)


def number(value: Decimal | int | None, places: int = 0) -> str:
    """A figure with thousands separators, rounded half up."""
    return NOTHING if value is None else f"{round_pct(Decimal(value), places):,f}"


def percent(value: Decimal | None) -> str:
    """A rate in percent to two places."""
    return NOTHING if value is None else f"{round_pct(value):,f}%"


def guide(days: Mapping[str, int]) -> tuple[str, ...]:
    """How to object and how to have a record repaired; `days` holds the policy figures in working days."""
    return (
        "异议：企业认为本报告所列信息有错误、遗漏或者侵犯合法权益的，可以向平台运营单位或者信息提供单位提出异议，并附证明材料。"
        f"平台收到后即作异议标注，{days['objection_accept_workdays']} 个工作日内受理，"
        f"{days['objection_total_workdays']} 个工作日内办结，最长不超过 {days['objection_hard_workdays']} 个工作日。",
        "信用修复：失信信息满最短公示期、已纠正失信行为并履行义务、作出信用承诺的，可以通过“信用中国”网站向作出认定的单位申请修复"
        "（谁认定、谁修复）。申请材料为履行义务的证明和信用承诺书。"
        f"受理和决定一般在 {days['repair_total_workdays']} 个工作日内完成。修复后相关信息从报告、评分和名单中移除。",
        "评分说明：对评分有疑问的，可以请求人工说明，并有权拒绝仅通过自动化决策方式作出的对自身权益有重大影响的决定（个人信息保护法第二十四条）。",
    )
