"""Step 5: the needs of the window file, each matched against every product."""

import csv

from django.db.models import Count

from apps.demo.report import Step
from apps.demo.story.files import delivery
from apps.demo.story.stage import Stage
from apps.matching import services as matching
from apps.matching.models import FinancingNeed, Match, MatchRun

NEEDS = "企业/融资需求.csv"


def codes_with_needs() -> list[str]:
    """Codes of the window file, in its order."""
    with delivery(NEEDS).open(encoding="utf-8-sig", newline="") as file:
        return [row["统一社会信用代码"] for row in csv.DictReader(file) if row["统一社会信用代码"]]


def match_the_needs(stage: Stage) -> Step:
    """Enter the needs, then let the worker match each one."""
    operator = stage.actor("operator")
    report = matching.import_needs(
        actor=operator, content=delivery(NEEDS).read_bytes(), business_date=stage.today, now=stage.now
    )
    stage.wait(matching.start_matching(actor=operator, business_date=stage.today, now=stage.now))
    verdicts = dict(Match.objects.values_list("verdict").annotate(n=Count("pk")).order_by("verdict"))
    runs = MatchRun.objects.count()
    lines = [f"第 {fault.row} 行“{fault.column}”{fault.text}：{fault.message}" for fault in report.rejected]
    return Step(
        "融资需求与匹配",
        {
            "需求": FinancingNeed.objects.count(),
            "匹配次数": runs,
            "判定": sum(verdicts.values()),
            "符合": verdicts.get("met", 0),
            "不符合": verdicts.get("not_met", 0),
            "无法判断": verdicts.get("unknown", 0),
        },
        lines,
        {"融资需求": "/matching/needs/"},
    )
