"""Step 3: firms of the district register, are verified by the administrator, and most give their consent."""

from apps.accounts import services as accounts
from apps.consents import services as consents
from apps.consents.rules import Purpose
from apps.core.actor import SYSTEM, Actor, Role
from apps.demo.people import MAIN_FIRM, SAMPLE_BY_KEY
from apps.demo.report import Step
from apps.demo.story.needs import codes_with_needs
from apps.demo.story.stage import Stage
from apps.enterprises import services as enterprises
from apps.enterprises.services import Applicant
from apps.subjects.models import Subject

REGISTERED = 130
CONSENTING = 110


def register_the_firms(stage: Stage) -> Step:
    """Register firms with a need first, then others by code, through the same services as the registration page."""
    operator = stage.actor("operator")
    subjects = _subjects_to_register()
    for number, subject in enumerate(subjects, start=1):
        sample = subject.code == MAIN_FIRM
        owner = SAMPLE_BY_KEY["firm-owner"]
        registration = enterprises.register_enterprise(
            applicant=Applicant(
                code=subject.code,
                name=subject.name,
                legal_representative=subject.legal_representative,
                contact_name=owner.display_name if sample else subject.legal_representative,
                contact_mobile=f"1390000{number:04d}",
            ),
            username=owner.username if sample else f"firm-{subject.code.lower()}",
            password=None,
            now=stage.now,
        )
        membership = enterprises.verify_registration(actor=operator, registration_id=registration.pk, now=stage.now)
        if sample:
            accountant = SAMPLE_BY_KEY["firm-accountant"]
            accounts.create_staff(
                actor=SYSTEM,
                organization=membership.organization,
                username=accountant.username,
                display_name=accountant.display_name,
                role=Role.FIRM_ACCOUNTANT,
                password=None,
                now=stage.now,
            )
        if number <= CONSENTING:
            _consent(stage, stage.actor_of(membership))
    return Step(
        "企业入驻、实名核验与授权",
        {"注册并核验": len(subjects), "已授权": min(CONSENTING, len(subjects))},
        links={"企业注册核验": "/enterprises/registrations/", "我的授权": "/consents/"},
    )


def _subjects_to_register() -> list[Subject]:
    """The sample firm, then active firms with a need, then the first others in order of code."""
    active = {s.code: s for s in Subject.objects.filter(status="active").order_by("code")}
    wanted = [MAIN_FIRM, *codes_with_needs()]
    first = [active[code] for code in dict.fromkeys(wanted) if code in active]
    others = [subject for code, subject in active.items() if code not in set(wanted) and subject.kind == "enterprise"]
    return [*first, *others][:REGISTERED]


def _consent(stage: Stage, owner: Actor) -> None:
    draft = consents.draft_consent(actor=owner, grantee_id=None, purposes=list(Purpose), now=stage.now)
    consents.give_consent(actor=owner, draft=draft, agreed_digest=draft.document.digest, now=stage.now)
