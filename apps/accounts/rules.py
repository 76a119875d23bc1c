"""Which roles an organisation kind may hold, and which roles one person may not combine. Pure."""

from collections.abc import Collection

from apps.core.actor import OrganizationKind, Role

ROLES_OF_KIND: dict[str, frozenset[str]] = {
    OrganizationKind.FIRM: frozenset({Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT}),
    OrganizationKind.BANK: frozenset({Role.BANK_OFFICER, Role.BANK_APPROVER}),
    OrganizationKind.AUTHORITY: frozenset({Role.AUTHORITY}),
    OrganizationKind.DEPARTMENT: frozenset({Role.DEPARTMENT}),
    OrganizationKind.REGULATOR: frozenset({Role.REGULATOR}),
    OrganizationKind.PLATFORM: frozenset({Role.OPERATOR, Role.AUDITOR}),
}

# Separation of administrators (GB/T 22239-2019 8.1.5: system and audit administration do not meet in one account).
NEVER_TOGETHER: tuple[frozenset[str], ...] = (
    frozenset({Role.OPERATOR, Role.AUDITOR}),
    frozenset({Role.BANK_OFFICER, Role.BANK_APPROVER}),
)


def refusal_of_membership(kind: str, role: str, held: Collection[str]) -> str | None:
    """Why a person holding `held` roles may not take `role` in an organisation of `kind`; None when allowed."""
    if role not in ROLES_OF_KIND.get(kind, frozenset()):
        return "该类单位不能设置这个角色。"
    for pair in NEVER_TOGETHER:
        if role in pair and not pair.isdisjoint(set(held) - {role}):
            return "同一账号不能同时担任相互制约的角色(如客户经理与审批人、平台管理员与审计管理员)。"
    return None
