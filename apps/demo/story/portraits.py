"""Step 4: the worker draws a portrait of every subject."""

from collections.abc import Mapping

from django.db.models import Count, Max, Min

from apps.demo.report import Step
from apps.demo.story.stage import Stage
from apps.profiles import services as profiles
from apps.profiles.models import Profile
from apps.profiles.sizing import SIZE_CLASSES


def draw_the_portraits(stage: Stage) -> Step:
    """Refresh every profile and tell how grades, sizes and lists are spread."""
    job = profiles.refresh_profiles(
        actor=stage.actor("operator"), business_date=stage.today, as_known=stage.now, now=stage.now
    )
    stage.wait(job)
    drawn = Profile.objects.all()
    span = drawn.aggregate(low=Min("coverage_pct"), high=Max("coverage_pct"))
    return Step(
        "信用画像",
        {
            "画像": drawn.count(),
            "评级分布": _spread("grade", "信息不足，不评级"),
            "划型分布": _spread("size_class", "未知", SIZE_CLASSES),
            "覆盖率": f"{span['low']}% 至 {span['high']}%",
            "不得进入白名单": drawn.filter(has_block_whitelist=True).count(),
        },
    )


def _spread(column: str, empty: str, labels: Mapping[str, str] | None = None) -> str:
    rows = Profile.objects.values_list(column).annotate(n=Count("pk")).order_by("-n", column)
    return "，".join(f"{(labels or {}).get(value, value) or empty} {count}" for value, count in rows)
