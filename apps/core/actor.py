"""Who acts: a frozen value built once per request or job, so that no rule has to ask upwards for it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

EVERYWHERE = ("*",)


class Role(StrEnum):
    """What a person may do for an organisation. Which kind of organisation may hold which role: `accounts.rules`."""

    FIRM_OWNER = "firm_owner"
    FIRM_ACCOUNTANT = "firm_accountant"
    BANK_OFFICER = "bank_officer"
    BANK_APPROVER = "bank_approver"
    AUTHORITY = "authority"
    DEPARTMENT = "department"
    REGULATOR = "regulator"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    SYSTEM = "system"


ROLE_LABELS = {
    Role.FIRM_OWNER: "企业负责人",
    Role.FIRM_ACCOUNTANT: "企业财务人员",
    Role.BANK_OFFICER: "银行客户经理",
    Role.BANK_APPROVER: "银行审批人",
    Role.AUTHORITY: "主管部门",
    Role.DEPARTMENT: "数据报送部门",
    Role.REGULATOR: "金融监管",
    Role.OPERATOR: "平台管理员",
    Role.AUDITOR: "审计管理员",
    Role.SYSTEM: "系统",
}


class OrganizationKind(StrEnum):
    """What an organisation is on the platform."""

    FIRM = "firm"
    BANK = "bank"
    AUTHORITY = "authority"
    DEPARTMENT = "department"
    REGULATOR = "regulator"
    PLATFORM = "platform"


ORGANIZATION_KIND_LABELS = {
    OrganizationKind.FIRM: "企业",
    OrganizationKind.BANK: "银行",
    OrganizationKind.AUTHORITY: "主管部门",
    OrganizationKind.DEPARTMENT: "数据报送部门",
    OrganizationKind.REGULATOR: "金融监管部门",
    OrganizationKind.PLATFORM: "平台运营单位",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or system acting for one organisation.

    `region_codes` holds every region code of the scope, abolished ones included, or `EVERYWHERE`;
    `organization_ids` the own organisation and, for a head office, its branches.
    """

    user_id: int | None
    name: str
    organization_id: int | None
    organization_name: str
    organization_kind: str
    subject_id: int | None
    roles: frozenset[str]
    region_codes: tuple[str, ...] = ()
    organization_ids: frozenset[int] = frozenset()
    request_id: str = ""

    def has(self, *roles: str) -> bool:
        """Whether the actor holds any of `roles`."""
        return not self.roles.isdisjoint(roles)

    def sees_region(self, code: str) -> bool:
        """Whether a region code lies within the actor's scope."""
        return self.region_codes == EVERYWHERE or code in self.region_codes

    def as_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` turns back into the same actor; jobs carry it."""
        value = asdict(self)
        value["roles"] = sorted(self.roles)
        value["organization_ids"] = sorted(self.organization_ids)
        value["region_codes"] = list(self.region_codes)
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Actor":
        """The actor that `as_json` wrote."""
        return cls(
            **{
                **value,
                "roles": frozenset(value["roles"]),
                "organization_ids": frozenset(value["organization_ids"]),
                "region_codes": tuple(value["region_codes"]),
            }
        )


SYSTEM = Actor(
    user_id=None,
    name="系统",
    organization_id=None,
    organization_name="信桥平台",
    organization_kind=OrganizationKind.PLATFORM,
    subject_id=None,
    roles=frozenset({Role.SYSTEM}),
    region_codes=EVERYWHERE,
)
