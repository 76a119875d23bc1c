"""融资对接: what firms ask for, what fits, what was sent to banks and answered."""

from django.db.models import Exists, OuterRef

from apps.matching.models import Dispatch, FinancingNeed, MatchRun
from apps.statistics.figures.definition import Measure, Ratio, Theme

_WITH_BANK = ("", "bank", "size", "industry")

FINANCING = Theme(
    "financing",
    "融资对接",
    leading=("needs", "matched_needs", "dispatches", "answered_dispatches"),
    measures=(
        Measure(
            "needs",
            "融资需求",
            "截至当日，企业提交的融资需求笔数和金额（含已结束的）。",
            "笔",
            lambda day: FinancingNeed.objects.filter(submitted_on__lte=day.on),
            subject="subject",
            amount="amount_yuan",
        ),
        Measure(
            "matched_needs",
            "匹配到产品的需求",
            "截至当日，至少有一次匹配结果中存在符合全部条件的产品的融资需求笔数和金额。",
            "笔",
            lambda day: FinancingNeed.objects.filter(
                Exists(MatchRun.objects.filter(need=OuterRef("pk"), business_date__lte=day.on, met_count__gt=0)),
                submitted_on__lte=day.on,
            ),
            subject="subject",
            amount="amount_yuan",
        ),
        Measure(
            "dispatches",
            "推送银行",
            "截至当日，企业把需求发送给银行的次数（含后来撤回的）。",
            "次",
            lambda day: Dispatch.objects.filter(sent_at__lt=day.end_at),
            subject="need__subject",
            bank="organization",
            dimensions=_WITH_BANK,
        ),
        Measure(
            "answered_dispatches",
            "银行已答复",
            "截至当日，银行已接收或说明不接收的推送次数。",
            "次",
            lambda day: Dispatch.objects.filter(sent_at__lt=day.end_at, answered_at__lt=day.end_at),
            subject="need__subject",
            bank="organization",
            dimensions=_WITH_BANK,
        ),
    ),
    ratios=(
        Ratio(
            "match_rate",
            "匹配率",
            "匹配到产品的需求笔数 ÷ 融资需求笔数。",
            "%",
            "matched_needs",
            "needs",
            numerator_of="count",
            denominator_of="count",
            scale=100,
        ),
        Ratio(
            "contact_rate",
            "对接率",
            "银行已答复的推送次数 ÷ 推送次数。",
            "%",
            "answered_dispatches",
            "dispatches",
            numerator_of="count",
            denominator_of="count",
            scale=100,
        ),
    ),
)
