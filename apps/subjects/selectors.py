"""Reads of subjects."""

from collections.abc import Iterable

from django.db.models import Q
from django.db.models.expressions import RawSQL

from apps.core.actor import Actor
from apps.core.errors import NotVisible
from apps.core.identifiers import normalise_code
from apps.subjects.models import Subject, SubjectCode, SubjectQuerySet
from apps.subjects.naming import name_key

SHORTEST_CODE_PREFIX = 4


def subject_by_code(code: str) -> Subject | None:
    """The subject that bears or bore a code, in any spelling of it."""
    row = SubjectCode.objects.select_related("subject").filter(code=normalise_code(code)).first()
    return row.subject if row else None


def subject_visible_to(actor: Actor, code: str) -> Subject:
    """The subject under a code. Raises NotVisible when it is missing or not the actor's to see."""
    subject = subject_by_code(code)
    if subject is None or not Subject.objects.visible_to(actor).filter(pk=subject.pk).exists():
        raise NotVisible("没有找到该主体。")
    return subject


def subjects_visible_to(actor: Actor) -> SubjectQuerySet:
    """The directory as far as the actor sees it, by name."""
    return Subject.objects.visible_to(actor).order_by("name", "pk")


def search_subjects(actor: Actor, text: str) -> SubjectQuerySet:
    """Subjects whose name, present or former, contains `text`, or whose code begins with it; ordered by name."""
    subjects = Subject.objects.visible_to(actor)
    key = name_key(text)
    if not key:
        return subjects.none()
    named = RawSQL(
        "SELECT subject_id FROM subjects_subjectname"
        " WHERE search @@ subjects_bigram_query(%s) AND position(%s in name_key) > 0",
        [key, key],
    )
    found = Q(pk__in=named)
    code = normalise_code(text)
    if len(code) >= SHORTEST_CODE_PREFIX and code.isascii():
        found |= Q(code__startswith=code)
    return subjects.filter(found).order_by("name", "pk")


def names_for_batch(codes: Iterable[str]) -> list[tuple[str, int, str]]:
    """(code, subject id, present name) of every subject that bears or bore one of `codes`."""
    rows = SubjectCode.objects.filter(code__in=list(codes)).order_by("code")
    return list(rows.values_list("code", "subject_id", "subject__name"))


def subjects_named_for_batch(name_keys: Iterable[str]) -> list[tuple[str, str, str, str]]:
    """(name key, code, legal representative, status) of the subjects that bear one of these names."""
    rows = Subject.objects.filter(name_key__in=list(name_keys), inner_check_ok=True, merged_into__isnull=True)
    rows = rows.order_by("name_key", "code")
    return list(rows.values_list("name_key", "code", "legal_representative", "status"))
