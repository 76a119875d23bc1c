"""Writes of subjects. They come into being only through deliveries of 登记注册 (design §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from apps.core import audit
from apps.core.actor import Actor
from apps.core.errors import InvalidInput
from apps.core.identifiers import parse_uscc
from apps.subjects.models import Subject, SubjectCode, SubjectName
from apps.subjects.naming import name_key

audit.register(
    "subjects",
    {
        "rename": "主体更名为“{target}”",
        "register_batch": "按登记注册信息更新主体（{target}等）",
        "assign_code": "为“{target}”新赋统一社会信用代码",
        "merge": "因一主体多码并入“{target}”",
        "add_faulty_code": "登记“{target}”的重错码",
    },
)

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

    A code that was corrected away says nothing of its subject any more. Running it again with the same rows changes
    nothing.
    """
    with transaction.atomic():
        corrected = SubjectCode.objects.filter(code__in=[row.code for row in rows], kind=SubjectCode.FAULTY)
        gone = set(corrected.order_by("code").values_list("code", flat=True))
        rows = [row for row in rows if row.code not in gone]
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


def assign_code(*, actor: Actor, subject: Subject, code: str, reason: str, now: datetime) -> None:
    """新赋码: the subject bears a new code from now on; the old one stays as a 重错码 and goes on leading to it.

    Raises InvalidInput for a code that is malformed or leads to a subject already.
    """
    parsed = parse_uscc(code)
    with transaction.atomic():
        locked = Subject.objects.select_for_update(no_key=True).get(pk=subject.pk)
        _require_free(parsed.code)
        before = locked.code
        SubjectCode.objects.filter(subject=locked, kind=SubjectCode.CURRENT).update(kind=SubjectCode.FAULTY)
        SubjectCode.objects.create(subject=locked, code=parsed.code, seen_from_at=now)
        locked.code, locked.inner_check_ok, locked.updated_at = parsed.code, parsed.inner_check_ok, now
        locked.save(update_fields=["code", "inner_check_ok", "updated_at"])
        audit.record(
            actor=actor,
            verb="subjects.assign_code",
            target=locked,
            now=now,
            subject_id=locked.pk,
            before={"code": before},
            after={"code": parsed.code},
            reason=reason,
        )


def merge(*, actor: Actor, subject: Subject, into: Subject, reason: str, now: datetime) -> None:
    """删除重码: `subject` was `into` under a second code. All its codes lead to `into` from now on, as 重错码; the row
    stays, marked as merged. What is recorded under it is for the caller to move.

    Raises InvalidInput where the two are one row, differ in name, or one of them was merged before.
    """
    with transaction.atomic():
        ids = sorted({subject.pk, into.pk})
        rows = {row.pk: row for row in Subject.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
        if len(rows) != 2 or any(row.merged_into_id for row in rows.values()):
            raise InvalidInput("要保留的代码不属于另一个有效的主体。")
        gone, kept = rows[subject.pk], rows[into.pk]
        if gone.name_key != kept.name_key:
            raise InvalidInput(f"要保留的代码属于“{kept.name}”，与“{gone.name}”不是同一主体。")
        SubjectCode.objects.filter(subject=gone).update(subject=kept, kind=SubjectCode.FAULTY)
        gone.merged_into, gone.updated_at = kept, now
        gone.save(update_fields=["merged_into", "updated_at"])
        audit.record(
            actor=actor,
            verb="subjects.merge",
            target=kept,
            now=now,
            subject_id=kept.pk,
            before={"code": gone.code},
            after={"code": kept.code},
            reason=reason,
        )


def add_faulty_code(*, actor: Actor, subject: Subject, code: str, reason: str, now: datetime) -> None:
    """A second code under which a subject was delivered leads to it from now on. Raises InvalidInput when taken."""
    with transaction.atomic():
        _require_free(code)
        SubjectCode.objects.create(subject=subject, code=code, kind=SubjectCode.FAULTY, seen_from_at=now)
        audit.record(
            actor=actor,
            verb="subjects.add_faulty_code",
            target=subject,
            now=now,
            subject_id=subject.pk,
            after={"code": code},
            reason=reason,
        )


def _require_free(code: str) -> None:
    taken = SubjectCode.objects.filter(code=code).select_related("subject").first()
    if taken is not None:
        raise InvalidInput(f"代码{code}已属于“{taken.subject.name}”。")
    if Subject.objects.filter(code=code).exists():
        raise InvalidInput(f"代码{code}已被使用。")
