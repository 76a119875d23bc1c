import json
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.core.digests import plain
from apps.profiles import selectors, services
from apps.profiles.explaining import Explanation
from apps.profiles.services import Recomputed
from apps.records.models import CatalogueItem
from apps.subjects.selectors import subject_by_code


class Command(BaseCommand):
    """Shell of services.recompute_profile."""

    help = "从入库记录重算一个主体的信用画像，逐项列出数值、来源和得分。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="统一社会信用代码")
        parser.add_argument("--as-of", type=date.fromisoformat, help="画像日期，默认为今天（业务日期）")
        parser.add_argument("--as-known", type=datetime.fromisoformat, help="只用这一时刻以前收到的数据，默认为现在")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *, code: str, **options: Any) -> None:
        subject = subject_by_code(code)
        if subject is None:
            raise CommandError(f"没有统一社会信用代码为 {code} 的主体。")
        now = clock.now()
        as_known = options["as_known"] or now
        if as_known.tzinfo is None:
            as_known = as_known.replace(tzinfo=clock.CHINA)
        recomputed = services.recompute_profile(
            actor=SYSTEM,
            subject=subject,
            as_of=options["as_of"] or clock.business_date(now),
            as_known=as_known,
            now=now,
        )
        document = _document(recomputed, selectors.explanation_of(recomputed.profile))
        if options["format"] == "json":
            self.stdout.write(json.dumps(plain(document), ensure_ascii=False, indent=2))
        else:
            self._print(document)

    def _print(self, document: dict[str, Any]) -> None:
        self.stdout.write(f"{document['name']}  {document['code']}")
        self.stdout.write(f"画像日期 {document['as_of']}  数据截至 {document['data_as_of'] or '未知'}")
        self.stdout.write(
            f"{document['headline']}  数据覆盖率 {document['coverage_pct']}%  （{document['disclaimer']}）"
        )
        self.stdout.write("\n指标")
        for each in document["indicators"]:
            self.stdout.write(f"  {each['label']}：{each['text']}  [{each['source_rows']} 条记录，{each['window']}]")
        self.stdout.write("\n得分")
        for each in document["lines"]:
            points = f"{each['points']}/{each['max_points']}" if each["points"] is not None else f"—（{each['gap']}）"
            self.stdout.write(f"  {each['label']}：{points}")
        self.stdout.write("\n名单")
        for each in document["blocks"] or ["  无"]:
            self.stdout.write(each if isinstance(each, str) else f"  {each['code']} {each['name']} {each['document']}")


def _document(recomputed: Recomputed, told: Explanation) -> dict[str, Any]:
    profile = recomputed.profile
    received = selectors.newest_deliveries(profile.as_known_at)
    names = dict(CatalogueItem.objects.order_by("code").values_list("code", "name"))
    return {
        "code": profile.code,
        "name": profile.name,
        "as_of": profile.as_of_on,
        "as_known": profile.as_known_at,
        "data_as_of": profile.data_as_of_on,
        "headline": told.headline,
        "disclaimer": told.disclaimer,
        "score": profile.score,
        "grade": profile.grade,
        "coverage_pct": profile.coverage_pct,
        "size_class": profile.size_class,
        "indicators": [
            {
                "slug": figure.indicator.slug,
                "label": figure.indicator.label,
                "value": figure.value,
                "text": figure.text,
                "unit": figure.indicator.unit.value,
                "origin": figure.indicator.origin.value,
                "window": figure.indicator.window,
                "meaning": figure.indicator.sentence,
                "missing": "" if figure.is_known else figure.indicator.missing,
                "source_rows": recomputed.source_rows[figure.indicator.slug],
                "sources": [
                    {"item": item, "name": names.get(item, item), "received_at": received.get(item, ("", None))[1]}
                    for item in figure.indicator.items
                ],
            }
            for figure in told.figures
        ],
        "blocks": profile.blocks,
        "lists_checked": profile.lists_checked,
        "lines": [
            {
                "slug": each.line.slug,
                "label": each.line.label,
                "dimension": dimension.label,
                "points": each.points,
                "max_points": each.max_points,
                "gap": each.gap,
            }
            for dimension in told.dimensions
            for each in dimension.lines
        ],
        "reasons": [
            {"label": each.line.label, "lost": each.lost, "reason": each.line.reason, "advice": each.line.advice}
            for each in told.reasons
        ],
        "scorecard": profile.scorecard_version,
        "indicator_version": profile.indicator_version,
        "input_digest": profile.input_digest,
        "payload_digest": profile.payload_digest,
    }
