"""白名单: who is vouched for, and how fast banks answer."""

from datetime import timedelta

from django.db.models import F, Q, QuerySet

from apps.reference.selectors import figure
from apps.statistics.figures.definition import Day, Measure, Ratio, Theme
from apps.whitelist.models import Listing, Push


def _answer_time(day: Day) -> timedelta:
    """金发〔2024〕32号 (domain §7.1): banks decide within thirty days; here counted from the push."""
    return timedelta(days=int(figure("decide_days", day.on)))


def _answer_due(day: Day) -> "QuerySet[Push]":
    """Pushes that were answered, or whose time to answer is over."""
    over = Q(pushed_at__lt=day.end_at - _answer_time(day))
    return Push.objects.filter(over | Q(decided_at__lt=day.end_at), pushed_at__lt=day.end_at).exclude(
        state__in=("firm_withdrew", "recalled")
    )


WHITELIST = Theme(
    "whitelist",
    "白名单推荐",
    leading=("listings", "pushes", "pushes_answered_in_time", "answer_rate"),
    measures=(
        Measure(
            "listings",
            "在册企业",
            "当日在白名单上的企业户次。",
            "户次",
            lambda day: Listing.objects.filter(
                Q(exited_on=None) | Q(exited_on__gt=day.on), entered_on__lte=day.on, valid_to_on__gt=day.on
            ),
            subject="subject",
        ),
        Measure(
            "pushes",
            "推荐银行",
            "截至当日，白名单企业推荐给银行的次数。",
            "次",
            lambda day: Push.objects.filter(pushed_at__lt=day.end_at),
            subject="listing__subject",
            bank="bank",
            dimensions=("", "bank"),
        ),
        Measure(
            "pushes_to_answer",
            "应答复推荐",
            "已答复，或推荐已满30日的推荐次数（企业放弃、撤回的不计）。",
            "次",
            _answer_due,
            subject="listing__subject",
            bank="bank",
            dimensions=("", "bank"),
        ),
        Measure(
            "pushes_answered_in_time",
            "30日内答复",
            "应答复推荐中，推荐后30日内作出授信决定或拒绝的次数。",
            "次",
            lambda day: _answer_due(day).filter(
                decided_at__lt=day.end_at, decided_at__lte=F("pushed_at") + _answer_time(day)
            ),
            subject="listing__subject",
            bank="bank",
            dimensions=("", "bank"),
        ),
    ),
    ratios=(
        Ratio(
            "answer_rate",
            "30日内答复率",
            "30日内答复的推荐次数 ÷ 应答复推荐次数。",
            "%",
            "pushes_answered_in_time",
            "pushes_to_answer",
            numerator_of="count",
            denominator_of="count",
            scale=100,
            dimensions=("", "bank"),
        ),
    ),
)
