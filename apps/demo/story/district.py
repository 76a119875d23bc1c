"""Step 1: the platform's office, banks, authority, departments and regulator, created by their administrator."""

from apps.accounts import services as accounts
from apps.accounts.models import Organization
from apps.core.actor import SYSTEM, OrganizationKind
from apps.demo.people import (
    AUTHORITY,
    BANKS,
    DEPARTMENTS,
    FIRM_KEYS,
    PLATFORM,
    REGION,
    REGULATOR,
    SAMPLE_ACCOUNTS,
    SampleAccount,
)
from apps.demo.report import Step
from apps.demo.story.stage import Stage


def found_the_district(stage: Stage) -> Step:
    """Create every organisation and the sample accounts of all but the firm."""
    office = accounts.create_organization(actor=SYSTEM, kind=OrganizationKind.PLATFORM, name=PLATFORM, now=stage.now)
    made: dict[str, Organization] = {PLATFORM: office}
    for account in _sample_accounts(OrganizationKind.PLATFORM):
        _create(stage, account, office)
    operator = stage.actor("operator")
    for kind, name in (
        (OrganizationKind.AUTHORITY, AUTHORITY),
        (OrganizationKind.REGULATOR, REGULATOR),
        *((OrganizationKind.DEPARTMENT, name) for name in DEPARTMENTS.values()),
    ):
        made[name] = accounts.create_organization(
            actor=operator, kind=kind, name=name, region_code=REGION, now=stage.now
        )
    for name in BANKS:
        made[name] = accounts.create_organization(actor=operator, kind=OrganizationKind.BANK, name=name, now=stage.now)
        stage.banks[name] = made[name]
    stage.departments = {folder: made[name] for folder, name in DEPARTMENTS.items()}
    people = 2
    for account in SAMPLE_ACCOUNTS:
        if account.key not in FIRM_KEYS and account.kind != OrganizationKind.PLATFORM:
            _create(stage, account, made[account.organization])
            people += 1
    people += _staff_the_rest(stage, made)
    return Step(
        "建立演示区：单位与账号",
        {"银行": len(stage.banks), "报送部门": len(stage.departments), "单位合计": len(made), "账号": people},
        links={"单位与账号": "/accounts/organizations/"},
    )


def _sample_accounts(kind: str) -> list[SampleAccount]:
    return [account for account in SAMPLE_ACCOUNTS if account.kind == kind]


def _create(stage: Stage, account: SampleAccount, organization: Organization) -> None:
    accounts.create_staff(
        actor=SYSTEM,
        organization=organization,
        username=account.username,
        display_name=account.display_name,
        role=account.role,
        password=None,
        now=stage.now,
    )


def _staff_the_rest(stage: Stage, made: dict[str, Organization]) -> int:
    """One clerk for each department and an officer and an approver for each bank that has no sample account."""
    staffed = {account.organization for account in SAMPLE_ACCOUNTS}
    operator = stage.actor("operator")
    people = 0
    for number, (name, organization) in enumerate(made.items(), start=1):
        roles = {"department": ["department"], "bank": ["bank_officer", "bank_approver"]}.get(organization.kind, [])
        for role in roles if name not in staffed else []:
            accounts.create_staff(
                actor=operator,
                organization=organization,
                username=f"demo-{role.replace('_', '-')}-{number}",
                display_name=f"{name[:4]}{'经办' if role != 'bank_approver' else '审批'}",
                role=role,
                password=None,
                now=stage.now,
            )
            people += 1
    return people
