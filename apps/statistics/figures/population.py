"""主体与使用: who is known, who is here, what was allowed, who looked."""

from django.db.models import Q

from apps.consents.models import AccessRecord, Consent
from apps.enterprises.models import Registration
from apps.statistics.figures.definition import Measure, Theme
from apps.subjects.models import Subject

POPULATION = Theme(
    "population",
    "主体与使用",
    leading=("subjects", "enterprises", "consents", "readings"),
    measures=(
        Measure(
            "subjects",
            "信用主体",
            "截至当日，登记注册信息中出现过、登记状态为存续的主体数。",
            "户",
            lambda day: Subject.objects.filter(first_seen_at__lt=day.end_at, status="active"),
            subject="",
        ),
        Measure(
            "enterprises",
            "实名入驻企业",
            "截至当日，在平台注册并通过实名核验的企业数。",
            "户",
            lambda day: Registration.objects.filter(state="verified", decided_at__lt=day.end_at),
            subject="organization__subject",
        ),
        Measure(
            "consents",
            "有效授权",
            "当日仍在有效期内且未撤回的企业授权份数。",
            "份",
            lambda day: Consent.objects.filter(
                Q(withdrawn_at=None) | Q(withdrawn_at__gte=day.end_at),
                given_at__lt=day.end_at,
                valid_from_on__lte=day.on,
                valid_to_on__gt=day.on,
            ),
            subject="subject",
        ),
        Measure(
            "readings",
            "查询次数",
            "截至当日，机构经授权查询单户企业信息的累计次数（批量运算不计）。",
            "次",
            lambda day: AccessRecord.objects.filter(at__lt=day.end_at, subject__isnull=False),
            subject="subject",
        ),
    ),
)
