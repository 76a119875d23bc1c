"""Which roles an organisation kind may hold, which roles one person may not combine, how a person is named. Pure."""

from collections.abc import Collection
from typing import Any

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

# Arguments of the form fields for a name to log in with and for a mobile number, wherever they are entered.
USERNAME: dict[str, Any] = {
    "regex": r"^[a-z0-9][a-z0-9._-]{2,59}$",
    "help_text": "小写字母、数字、点、下划线与横线，3至60个字符。",
    "error_messages": {"invalid": "用户名只能用小写字母、数字、点、下划线与横线，3至60个字符。"},
}
MOBILE: dict[str, Any] = {"regex": r"^1\d{10}$", "error_messages": {"invalid": "请填写11位手机号码。"}}


def refusal_of_membership(kind: str, role: str, held: Collection[str]) -> str | None:
    """Why a person holding `held` roles may not take `role` in an organisation of `kind`; None when allowed.

    One account serves one kind of organisation: who applies for a loan does not approve it under another hat.
    """
    if role not in ROLES_OF_KIND.get(kind, frozenset()):
        return "该类单位不能设置这个角色。"
    if not set(held) <= ROLES_OF_KIND[kind]:
        return "同一账号只能在同一类单位任职，请为其另建账号。"
    for pair in NEVER_TOGETHER:
        if role in pair and not pair.isdisjoint(set(held) - {role}):
            return "同一账号不能同时担任相互制约的角色（如客户经理与审批人、平台管理员与审计管理员）。"
    return None
