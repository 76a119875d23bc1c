from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.core.actor import SYSTEM
from apps.core.errors import InvalidInput
from apps.core.models import AuditEvent
from apps.subjects.models import Subject, SubjectCode, SubjectName
from apps.subjects.selectors import subject_by_code
from apps.subjects.services import (
    RegisteredSubject,
    RegistrationOutcome,
    assign_code,
    merge,
    register_from_delivery_for_batch,
)

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


def test_a_new_code_leaves_the_old_one_leading_to_the_subject(now: datetime) -> None:
    _register(FAULTY, ROW, now=now)
    subject = Subject.objects.get(code=FAULTY.code)
    with pytest.raises(InvalidInput, match="已属于“陕西垚塬（凤翔）精密机械有限公司”"):
        assign_code(actor=SYSTEM, subject=subject, code=ROW.code, reason="更正", now=now)
    assign_code(actor=SYSTEM, subject=subject, code="91610305YY69048P7E", reason="更正", now=now)
    subject.refresh_from_db()
    assert (subject.code, subject.inner_check_ok) == ("91610305YY69048P7E", True)
    assert list(subject.codes.order_by("kind").values_list("kind", "code")) == [
        ("current", "91610305YY69048P7E"),
        ("faulty", FAULTY.code),
    ]
    assert subject_by_code(FAULTY.code) == subject
    assert AuditEvent.objects.filter(verb="subjects.assign_code", subject_id=subject.pk).count() == 1
    # Delivered under its old code again it stays one subject.
    assert _register(FAULTY, now=now) == RegistrationOutcome()
    assert Subject.objects.count() == 2


def test_a_second_code_is_merged_and_stays_as_history(now: datetime) -> None:
    second = replace(ROW, code="91610305YY2JJ1594R")
    _register(ROW, second, TRADER, now=now)
    gone, kept, other = (Subject.objects.get(code=row.code) for row in (second, ROW, TRADER))
    with pytest.raises(InvalidInput, match="不是同一主体"):
        merge(actor=SYSTEM, subject=gone, into=other, reason="更正", now=now)
    merge(actor=SYSTEM, subject=gone, into=kept, reason="更正", now=now)
    assert subject_by_code(second.code) == kept
    gone.refresh_from_db()
    assert gone.merged_into == kept
    assert gone not in Subject.objects.visible_to(SYSTEM)
    assert _register(second, now=now) == RegistrationOutcome()
    with pytest.raises(InvalidInput, match="不属于另一个有效的主体"):
        merge(actor=SYSTEM, subject=gone, into=kept, reason="更正", now=now)
