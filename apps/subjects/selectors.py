"""Reads of subjects."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
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
    return _rows_for_any(
        "SELECT c.code, c.subject_id, s.name FROM subjects_subjectcode c JOIN subjects_subject s ON s.id = c.subject_id"
        " WHERE c.code = ANY(%s) ORDER BY c.code",
        codes,
    )


def subjects_named_for_batch(name_keys: Iterable[str]) -> list[tuple[str, str, str, str]]:
    """(name key, code, legal representative, status) of the subjects that bear one of these names."""
    return _rows_for_any(
        "SELECT name_key, code, legal_representative, status FROM subjects_subject"
        " WHERE name_key = ANY(%s) AND inner_check_ok AND merged_into_id IS NULL ORDER BY name_key, code",
        name_keys,
    )


def _rows_for_any(sql: str, texts: Iterable[str]) -> list[Any]:
    """The list goes as one parameter: a hundred thousand of them take the driver seconds to write into the query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(texts)])
        rows: list[Any] = cursor.fetchall()
        return rows
