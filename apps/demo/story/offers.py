"""Step 4: the banks' catalogue becomes products, drafted by the office, submitted and published by the banks."""

from apps.accounts.models import Membership
from apps.core.actor import Actor, Role
from apps.demo.report import Step
from apps.demo.story.files import delivery
from apps.demo.story.stage import Stage
from apps.products import services as products

CATALOGUE = "银行/金融产品目录.xlsx"


def publish_the_products(stage: Stage) -> Step:
    """Import every row, then let an officer of each bank submit and an approver publish."""
    report = products.import_catalogue(
        actor=stage.actor("operator"),
        content=delivery(CATALOGUE).read_bytes(),
        organizations=stage.banks,
        business_date=stage.today,
        now=stage.now,
    )
    people = {bank.pk: (_member(stage, bank.pk, Role.BANK_OFFICER), _member(stage, bank.pk, Role.BANK_APPROVER))
              for bank in stage.banks.values()}  # fmt: skip
    for version in report.drafts:
        officer, approver = people[version.product.organization_id]
        products.submit_version(actor=officer, version=version, now=stage.now)
        version.refresh_from_db()
        products.publish_version(
            actor=approver, version=version, effective_from=stage.today, business_date=stage.today, now=stage.now
        )
    lines = [f"第 {f.row} 行“{f.column}”：{f.text}：{f.message}" for faults in report.rejected for f in faults]
    return Step(
        "金融产品：导入、提交、发布",
        {
            "读取": report.read,
            "非数据": report.not_data,
            "发布": len(report.drafts),
            "退回": len(report.rejected),
        },
        lines,
        {"产品大厅": "/products/"},
    )


def _member(stage: Stage, organization_id: int, role: str) -> Actor:
    member = (
        Membership.objects.filter(organization_id=organization_id, role=role, is_active=True)
        .select_related("user")
        .order_by("pk")[0]
    )
    return stage.actor_of(member)
