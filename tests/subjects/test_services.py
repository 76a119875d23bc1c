from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.core.actor import SYSTEM
from apps.core.models import AuditEvent
from apps.subjects.models import Subject, SubjectCode, SubjectName
from apps.subjects.services import RegisteredSubject, RegistrationOutcome, register_from_delivery_for_batch

pytestmark = pytest.mark.django_db

ROW = RegisteredSubject(
    code="91610305YY0756CE27",
    name="陕西垚塬（凤翔）精密机械有限公司",
    status="active",
    region_code="610305",
    industry_code="C3411",
    legal_form="有限责任公司",
    legal_representative="甲某",
    established_on=date(2020, 5, 1),
)
TRADER = replace(ROW, code="92610322YY4027041W", name="凤翔区横水镇骊苓小吃店")
FAULTY = replace(ROW, code="91610305YY69048P1U", name="陕西郿桑园林绿化有限公司")


def _register(*rows: RegisteredSubject, now: datetime) -> RegistrationOutcome:
    return register_from_delivery_for_batch(rows=rows, actor=SYSTEM, now=now)


def test_subjects_are_created_with_name_code_and_kind(now: datetime) -> None:
    assert _register(ROW, TRADER, FAULTY, now=now) == RegistrationOutcome(created=3)
    rows = Subject.objects.order_by("code").values_list("code", "kind", "inner_check_ok")
    assert list(rows) == [
        (ROW.code, "enterprise", True),
        (FAULTY.code, "enterprise", False),
        (TRADER.code, "sole_trader", True),
    ]
    assert SubjectCode.objects.filter(kind="current").count() == SubjectName.objects.count() == 3


def test_the_same_batch_again_changes_nothing(now: datetime) -> None:
    _register(ROW, now=now)
    events = AuditEvent.objects.count()
    assert _register(ROW, now=now + timedelta(days=1)) == RegistrationOutcome()
    assert Subject.objects.get().updated_at == now
    assert AuditEvent.objects.count() == events


def test_a_change_is_applied_and_a_new_name_closes_the_old_one(now: datetime) -> None:
    _register(ROW, now=now)
    later = now + timedelta(days=30)
    changed = replace(ROW, name="陕西垚塬机械股份有限公司", status="revoked")
    assert _register(changed, now=later) == RegistrationOutcome(updated=1, renamed=1)
    subject = Subject.objects.get()
    assert (subject.status, subject.updated_at, subject.first_seen_at) == ("revoked", later, now)
    names = SubjectName.objects.order_by("pk").values_list("name", "seen_from_at", "seen_until_at")
    assert list(names) == [(ROW.name, now, later), (changed.name, later, None)]
    event = AuditEvent.objects.get(verb="subjects.rename")
    assert (event.before, event.after, event.subject_id) == ({"name": ROW.name}, {"name": changed.name}, subject.pk)


def test_a_subject_has_one_present_name_and_code(now: datetime) -> None:
    _register(ROW, now=now)
    subject = Subject.objects.get()
    with pytest.raises(IntegrityError, match="subjectname_one_current"), transaction.atomic():
        SubjectName.objects.create(subject=subject, name="乙", name_key="乙", seen_from_at=now)
    with pytest.raises(IntegrityError, match="subjectcode_one_current"), transaction.atomic():
        SubjectCode.objects.create(subject=subject, code="91610305YY2JJ1594R", seen_from_at=now)
    with pytest.raises(IntegrityError, match="subject_code_form"), transaction.atomic():
        Subject.objects.filter(pk=subject.pk).update(code="9161")
