"""Writes of subjects. They come into being only through deliveries of 登记注册 (design §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from apps.core import audit
from apps.core.actor import Actor
from apps.core.identifiers import parse_uscc
from apps.subjects.models import Subject, SubjectCode, SubjectName
from apps.subjects.naming import name_key

audit.register("subjects", {"rename": "主体更名为“{target}”", "register_batch": "按登记注册信息更新主体（{target}等）"})

_KIND_BY_PREFIX = {"91": "enterprise", "92": "sole_trader", "93": "cooperative"}
_FACTS = (
    "name",
    "name_key",
    "status",
    "region_code",
    "industry_code",
    "legal_form",
    "legal_representative",
    "established_on",
)


@dataclass(frozen=True, slots=True)
class RegisteredSubject:
    """What one row of 登记注册 says about a subject; `code` is well formed, `region_code` that of the registrar."""

    code: str
    name: str
    status: str
    region_code: str
    industry_code: str = ""
    legal_form: str = ""
    legal_representative: str = ""
    established_on: date | None = None


@dataclass(frozen=True, slots=True)
class RegistrationOutcome:
    """How many subjects a batch brought in, changed and renamed."""

    created: int = 0
    updated: int = 0
    renamed: int = 0


def register_from_delivery_for_batch(
    *, rows: Sequence[RegisteredSubject], actor: Actor, now: datetime
) -> RegistrationOutcome:
    """Create or update the subjects of a batch (one row a code); a new name closes the old one.

    Running it again with the same rows changes nothing.
    """
    with transaction.atomic():
        known = {row.code: row for row in Subject.objects.filter(code__in=[row.code for row in rows]).order_by("code")}
        created = [_new(row, now) for row in rows if row.code not in known]
        Subject.objects.bulk_create(created)
        SubjectName.objects.bulk_create(
            SubjectName(subject=row, name=row.name, name_key=row.name_key, seen_from_at=now) for row in created
        )
        SubjectCode.objects.bulk_create(SubjectCode(subject=row, code=row.code, seen_from_at=now) for row in created)

        changed, renamed = [], []
        for row in rows:
            subject = known.get(row.code)
            if subject is None:
                continue
            if subject.name != row.name:
                renamed.append((subject, subject.name, row.name))
            if _apply(subject, row):
                subject.updated_at = now
                changed.append(subject)
        Subject.objects.bulk_update(changed, [*_FACTS, "updated_at"])
        for subject, before, after in renamed:
            _rename(subject, before, after, actor, now)
        if created or changed:
            audit.record(
                actor=actor,
                verb="subjects.register_batch",
                target=(created or changed)[0],
                now=now,
                after={"created": len(created), "updated": len(changed), "renamed": len(renamed)},
            )
    return RegistrationOutcome(len(created), len(changed), len(renamed))


def _new(row: RegisteredSubject, now: datetime) -> Subject:
    subject = Subject(
        code=row.code,
        kind=_KIND_BY_PREFIX.get(row.code[:2], "other"),
        inner_check_ok=parse_uscc(row.code).inner_check_ok,
        first_seen_at=now,
        updated_at=now,
    )
    _apply(subject, row)
    return subject


def _apply(subject: Subject, row: RegisteredSubject) -> bool:
    """Copy the facts of a row; whether anything changed."""
    facts = {name: getattr(row, name) for name in _FACTS if name != "name_key"} | {"name_key": name_key(row.name)}
    different = {name: value for name, value in facts.items() if getattr(subject, name) != value}
    for name, value in different.items():
        setattr(subject, name, value)
    return bool(different)


def _rename(subject: Subject, before: str, after: str, actor: Actor, now: datetime) -> None:
    SubjectName.objects.filter(subject=subject, seen_until_at__isnull=True).update(seen_until_at=now)
    SubjectName.objects.create(subject=subject, name=after, name_key=name_key(after), seen_from_at=now)
    audit.record(
        actor=actor,
        verb="subjects.rename",
        target=subject,
        now=now,
        subject_id=subject.pk,
        before={"name": before},
        after={"name": after},
    )
