import pytest

from apps.core.actor import SYSTEM, OrganizationKind
from apps.accounts.models import Organization
from apps.core.models import Job
from apps.core.jobs import run_now
from apps.records import services, tasks  # noqa: F401
from django.conf import settings

DELIVERIES = settings.BASE_DIR / "fixtures" / "demo" / "deliveries"
FILES = [
    ("registration", "市场监管局/登记注册信息_20261112.csv"),
    ("tax_grade", "税务局/2025年度纳税缴费信用级别评价结果.xlsx"),
    ("tax_payment", "税务局/申报缴纳明细_202411-202610.csv"),
    ("social_insurance", "人社局/社会保险缴费明细_202411-202610.csv"),
    ("power", "供电公司/用电信息_202411-202610.csv"),
    ("penalty", "行政审批局/行政处罚信息_双公示_20261112.csv"),
    ("dishonest_debtor", "人民法院/失信被执行人_20261112.csv"),
]


def test_samples(db, now):
    org = Organization.objects.create(kind=OrganizationKind.DEPARTMENT, name="凤翔区", region_code="610305", created_at=now)
    source = services.set_source(actor=SYSTEM, organization=org, item_codes=[c for c, _ in FILES], now=now)
    for code, path in FILES:
        d = services.receive_delivery(actor=SYSTEM, source=source, item_code=code, file_name=path, content=(DELIVERIES / path).read_bytes(), now=now)
        job = run_now(d.job)
        print(code, job.state, job.error, job.result)
        d.refresh_from_db()
        print(d.tallies)
