"""A small cast, not a thousand fixtures: one person for every role, a colleague and a stranger.

Firms are invented. Everybody's password is `PASSWORD`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from apps.accounts.models import Membership, Organization, User
from apps.accounts.selectors import actor_for
from apps.core.actor import Actor, OrganizationKind, Role
from apps.subjects.models import Subject

PASSWORD = "a-long-test-password"
REGION = "610305"


@dataclass(frozen=True)
class Person:
    """A member of the cast: the account, the organisation, and the Actor they are."""

    user: User
    organization: Organization
    actor: Actor


class Cast:
    """宏远制造 with its owner and accountant, another firm's owner (stranger), and one person for each other role."""

    owner: Person
    accountant: Person
    stranger: Person
    bank_officer: Person
    bank_approver: Person
    other_bank_officer: Person
    authority: Person
    second_authority: Person
    department: Person
    regulator: Person
    operator: Person
    auditor: Person

    def __init__(self, now: datetime, today: date) -> None:
        self._now, self._today = now, today
        firm = self._firm("91610305YYH3A7Q20D", "凤翔区宏远机械制造有限公司")
        other = self._firm("91610305YYK5B8R31E", "凤翔区另一家商贸有限公司")
        bank = self._organization(OrganizationKind.BANK, "岐丰农村商业银行股份有限公司")
        other_bank = self._organization(OrganizationKind.BANK, "西府普惠银行股份有限公司")
        authority = self._organization(OrganizationKind.AUTHORITY, "凤翔区发展和改革局", REGION)
        self.owner = self._person("owner", "宏远负责人", firm, Role.FIRM_OWNER)
        self.accountant = self._person("accountant", "宏远会计", firm, Role.FIRM_ACCOUNTANT)
        self.stranger = self._person("stranger", "另一家负责人", other, Role.FIRM_OWNER)
        self.bank_officer = self._person("bank_officer", "客户经理", bank, Role.BANK_OFFICER)
        self.bank_approver = self._person("bank_approver", "审批人", bank, Role.BANK_APPROVER)
        self.other_bank_officer = self._person("other_bank_officer", "他行客户经理", other_bank, Role.BANK_OFFICER)
        self.authority = self._person("authority", "主管科员", authority, Role.AUTHORITY)
        self.second_authority = self._person("second_authority", "主管科长", authority, Role.AUTHORITY)
        department = self._organization(OrganizationKind.DEPARTMENT, "凤翔区人力资源和社会保障局", REGION)
        self.department = self._person("department", "报送员", department, Role.DEPARTMENT)
        regulator = self._organization(OrganizationKind.REGULATOR, "国家金融监督管理总局凤翔监管支局", REGION)
        self.regulator = self._person("regulator", "监管员", regulator, Role.REGULATOR)
        platform = self._organization(OrganizationKind.PLATFORM, "凤翔区信用平台办公室")
        self.operator = self._person("operator", "平台管理员", platform, Role.OPERATOR)
        self.auditor = self._person("auditor", "审计管理员", platform, Role.AUDITOR)

    def __getitem__(self, name: str) -> Person:
        person: Person = getattr(self, name)
        return person

    def _firm(self, code: str, name: str) -> Organization:
        subject = Subject.objects.create(
            code=code,
            name=name,
            name_key=name,
            kind="enterprise",
            status="active",
            region_code=REGION,
            industry_code="C3311",
            legal_form="有限责任公司(自然人投资或控股)",
            legal_representative="宏远负责人",
            established_on=date(2019, 5, 20),
            first_seen_at=self._now,
            updated_at=self._now,
        )
        return Organization.objects.create(
            kind=OrganizationKind.FIRM.value, name=name, code=code, subject=subject, created_at=self._now
        )

    def _organization(self, kind: OrganizationKind, name: str, region_code: str = "") -> Organization:
        return Organization.objects.create(kind=kind.value, name=name, region_code=region_code, created_at=self._now)

    def _person(self, username: str, name: str, organization: Organization, role: Role) -> Person:
        user = User.objects.create_user(username=username, password=PASSWORD, display_name=name)
        membership = Membership.objects.create(
            user=user, organization=organization, role=role.value, created_at=self._now
        )
        return Person(user, organization, actor_for(user, membership, on=self._today))
