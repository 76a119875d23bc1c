"""Writes of registrations and declarations."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.models import Membership, Organization, User
from apps.accounts.services import add_membership, create_organization, create_person, notify
from apps.core import audit
from apps.core.actor import Actor, OrganizationKind, Role
from apps.core.clock import business_date
from apps.core.errors import InvalidInput, NotPermitted, NotVisible, StateConflict
from apps.core.identifiers import InvalidUscc, parse_uscc
from apps.enterprises.models import Declaration, Registration
from apps.enterprises.rules import Identity, differences
from apps.enterprises.selectors import registered_identity
from apps.enterprises.workflow import REGISTRATION
from apps.subjects.selectors import subject_by_code

audit.register(
    "enterprises",
    {
        "register": "申请注册：{target}",
        "revise": "修改注册资料：{target}",
        "submit": "提交实名核验：{target}",
        "verify": "实名核验通过：{target}",
        "return": "退回注册：{target}",
        "declare": "填报自报信息：{target}",
    },
)

EARLIEST_YEAR = 2000
TAKEN = "该企业已在平台注册，请由企业负责人添加人员，或联系平台管理员。"


@dataclass(frozen=True, slots=True)
class Applicant:
    """What somebody enters to register a firm."""

    code: str
    name: str
    legal_representative: str
    contact_name: str
    contact_mobile: str


def applicant_actor(user: User, *, request_id: str = "") -> Actor:
    """The Actor of somebody who has no firm yet: may write the own registration and sees nothing else."""
    return Actor(
        user_id=user.pk,
        name=str(user),
        organization_id=None,
        organization_name="",
        organization_kind=OrganizationKind.FIRM,
        subject_id=None,
        roles=frozenset({Role.FIRM_OWNER}),
        request_id=request_id,
    )


def register_enterprise(
    *,
    applicant: Applicant,
    username: str,
    password: str | None,
    now: datetime,
    submit: bool = True,
    request_id: str = "",
) -> Registration:
    """Open an account with its registration and, unless a draft is wanted, submit that for verification.

    The account has no firm until `verify_registration`. Raises InvalidInput by field and then has created nothing;
    the real-name check is part of submitting.
    """
    with transaction.atomic():
        user = create_person(
            username=username,
            display_name=applicant.contact_name,
            mobile=applicant.contact_mobile,
            password=password,
            now=now,
        )
        actor = applicant_actor(user, request_id=request_id)
        registration = Registration.objects.create(applicant=user, created_at=now, **_values(applicant))
        audit.record(actor=actor, verb="enterprises.register", target=registration, now=now)
        if submit:
            registration = submit_registration(actor=actor, registration_id=registration.pk, now=now)
    return registration


def revise_registration(*, actor: Actor, registration_id: int, applicant: Applicant, now: datetime) -> Registration:
    """Correct a draft or returned registration."""
    registration = _own(actor, registration_id)
    verb = "revise" if registration.state == "draft" else "revise_returned"
    REGISTRATION.check(registration.state, verb, actor.roles)
    with transaction.atomic():
        _move(registration, registration.state, **_values(applicant))
        audit.record(actor=actor, verb="enterprises.revise", target=registration, now=now)
    return registration


def submit_registration(*, actor: Actor, registration_id: int, now: datetime) -> Registration:
    """Hand a registration in. Raises InvalidInput naming what differs from 登记注册, or that the firm is taken."""
    registration = _own(actor, registration_id)
    move = REGISTRATION.check(registration.state, "submit", actor.roles)
    _check_identity(registration)
    with transaction.atomic():
        _move(registration, move.target, submitted_at=now, return_reason="", decided_at=None, decided_by_name="")
        audit.record(actor=actor, verb="enterprises.submit", target=registration, now=now)
    return registration


def verify_registration(*, actor: Actor, registration_id: int, now: datetime) -> Membership:
    """Accept: the firm becomes an organisation and the applicant its owner. The real-name check is made once more."""
    registration = _any(actor, registration_id)
    move = REGISTRATION.check(registration.state, "verify", actor.roles)
    _check_identity(registration)
    subject = subject_by_code(registration.code)
    if subject is None:  # the check above refuses it
        raise NotVisible
    with transaction.atomic():
        organization = create_organization(
            actor=actor,
            kind=OrganizationKind.FIRM,
            name=subject.name,
            code=subject.code,
            subject_id=subject.pk,
            now=now,
        )
        membership = add_membership(
            actor=actor, user=registration.applicant, organization=organization, role=Role.FIRM_OWNER, now=now
        )
        _move(registration, move.target, organization=organization, decided_at=now, decided_by_name=actor.name)
        audit.record(actor=actor, verb="enterprises.verify", target=registration, now=now, subject_id=subject.pk)
        _tell(registration, "企业注册已通过核验", "现在可以查看本企业信用画像、签署授权、发布融资需求。", now)
    return membership


def return_registration(*, actor: Actor, registration_id: int, reason: str, now: datetime) -> Registration:
    """Send a registration back with a reason; the applicant corrects and submits it again."""
    registration = _any(actor, registration_id)
    move = REGISTRATION.check(registration.state, "return", actor.roles)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "请写明退回原因，申请人将看到这句话。"})
    with transaction.atomic():
        _move(registration, move.target, return_reason=reason.strip(), decided_at=now, decided_by_name=actor.name)
        audit.record(actor=actor, verb="enterprises.return", target=registration, now=now, reason=reason.strip())
        _tell(registration, "企业注册被退回", reason.strip(), now)
    return registration


def declare_facts(
    *,
    actor: Actor,
    year: int,
    contact_name: str,
    contact_mobile: str,
    now: datetime,
    headcount: int | None = None,
    revenue_yuan: Decimal | None = None,
    assets_yuan: Decimal | None = None,
    main_business: str = "",
) -> Declaration:
    """Keep what a firm says of itself for a year (自报). Raises InvalidInput by field."""
    if not actor.has(Role.FIRM_OWNER, Role.FIRM_ACCOUNTANT) or actor.subject_id is None:
        raise NotPermitted("只有企业负责人或财务人员可以填报本企业信息。")
    this_year = business_date(now).year
    faults = {}
    if not EARLIEST_YEAR <= year <= this_year:
        faults["year"] = f"年度应在{EARLIEST_YEAR}至{this_year}之间。"
    if headcount is None and revenue_yuan is None and assets_yuan is None:
        faults["headcount"] = "从业人数、营业收入、资产总额请至少填写一项。"
    amounts = {"headcount": headcount, "revenue_yuan": revenue_yuan, "assets_yuan": assets_yuan}
    faults |= {name: "不能为负数。" for name, value in amounts.items() if value is not None and value < 0}
    if faults:
        raise InvalidInput(fields=faults)
    with transaction.atomic():
        declaration = Declaration.objects.create(
            subject_id=actor.subject_id,
            year=year,
            main_business=main_business.strip(),
            contact_name=contact_name.strip(),
            contact_mobile=contact_mobile.strip(),
            declared_at=now,
            declared_by_name=actor.name,
            **amounts,
        )
        audit.record(
            actor=actor,
            verb="enterprises.declare",
            target=declaration,
            now=now,
            subject_id=actor.subject_id,
            after={"year": year, **amounts},
        )
    return declaration


def _values(applicant: Applicant) -> dict[str, str]:
    try:
        code = parse_uscc(applicant.code).code
    except InvalidUscc as error:
        raise InvalidInput(fields={"code": str(error)}) from error
    return {
        "code": code,
        "name": applicant.name.strip(),
        "legal_representative": applicant.legal_representative.strip(),
        "contact_name": applicant.contact_name.strip(),
        "contact_mobile": applicant.contact_mobile.strip(),
    }


def _check_identity(registration: Registration) -> None:
    entered = Identity(registration.name, registration.legal_representative)
    faults = differences(entered, registered_identity(registration.code))
    if (
        not faults
        and Organization.objects.filter(kind=OrganizationKind.FIRM, subject__codes__code=registration.code).exists()
    ):
        faults = {"code": TAKEN}
    if faults:
        raise InvalidInput("注册资料与登记信息不符：" + "".join(faults.values()), fields=faults)


def _own(actor: Actor, registration_id: int) -> Registration:
    registration = Registration.objects.filter(pk=registration_id, applicant_id=actor.user_id).first()
    if registration is None or actor.user_id is None:
        raise NotVisible
    return registration


def _any(actor: Actor, registration_id: int) -> Registration:
    registration = Registration.objects.visible_to(actor).select_related("applicant").filter(pk=registration_id).first()
    if registration is None:
        raise NotVisible
    return registration


def _move(registration: Registration, target: str, **values: Any) -> None:
    moved = Registration.objects.filter(pk=registration.pk, state=registration.state).update(state=target, **values)
    if moved != 1:
        raise StateConflict
    registration.refresh_from_db()


def _tell(registration: Registration, title: str, body: str, now: datetime) -> None:
    notify(
        title=title,
        body=body,
        user=registration.applicant,
        url="/",
        dedupe_key=f"registration-{registration.pk}-{registration.state}-{now.isoformat()}",
        now=now,
    )
