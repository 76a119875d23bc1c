"""Firms in the register and what their people enter."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from apps.core.actor import SYSTEM
from apps.enterprises import services
from apps.enterprises.models import Registration
from apps.enterprises.services import Applicant
from apps.subjects.models import Subject
from apps.subjects.services import RegisteredSubject, register_from_delivery_for_batch

APPLICANT = Applicant(
    code="91610305MA6X7K2P86",
    name="凤翔区新禾食品有限公司",
    legal_representative="赵新禾",
    contact_name="赵新禾",
    contact_mobile="13800001234",
)
SECOND_CODE = "91610305MA6Y8T4QXG"


def subject(now: datetime, **facts: Any) -> Subject:
    """The applicant's firm as 登记注册 delivers it."""
    row = {
        "code": APPLICANT.code,
        "name": APPLICANT.name,
        "status": "active",
        "region_code": "610305",
        "legal_representative": APPLICANT.legal_representative,
        "established_on": date(2020, 1, 8),
    } | facts
    register_from_delivery_for_batch(rows=[RegisteredSubject(**row)], actor=SYSTEM, now=now)
    return Subject.objects.get(code=row["code"])


def registration(now: datetime, username: str = "xinhe", **changes: Any) -> Registration:
    """A submitted registration of the applicant; the firm must be in the register."""
    submit = changes.pop("submit", True)
    return services.register_enterprise(
        applicant=replace(APPLICANT, **changes), username=username, password=None, now=now, submit=submit
    )
