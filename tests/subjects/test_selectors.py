from datetime import datetime, timedelta

import pytest

from apps.core.actor import SYSTEM, Actor, OrganizationKind, Role
from apps.core.errors import NotVisible
from apps.subjects.models import Subject
from apps.subjects.selectors import names_for_batch, search_subjects, subject_by_code, subject_visible_to
from apps.subjects.services import RegisteredSubject, register_from_delivery_for_batch

pytestmark = pytest.mark.django_db

NAMES = {
    "91610305YY0756CE27": "陕西垚塬（凤翔）精密机械有限公司",
    "92610322YY4027041W": "凤翔区横水镇骊苓小吃店",
    "91610305YY2JJ1594R": "宝鸡𠮷禾劳务派遣有限公司",
    "91610305YY6345B86K": "A'B\\C 商贸有限公司",
}


@pytest.fixture(autouse=True)
def subjects(now: datetime) -> None:
    _register(NAMES, now)


def _register(names: dict[str, str], now: datetime, region: str = "610305") -> None:
    rows = [
        RegisteredSubject(code=code, name=name, status="active", region_code=region) for code, name in names.items()
    ]
    register_from_delivery_for_batch(rows=rows, actor=SYSTEM, now=now)


def _actor(kind: str, *regions: str, subject_id: int | None = None) -> Actor:
    return Actor(1, "某人", 1, "某单位", kind, subject_id, frozenset({Role.AUTHORITY}), regions)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("垚塬", ["91610305YY0756CE27"]),
        ("精密机械有限", ["91610305YY0756CE27"]),
        ("(凤翔)", ["91610305YY0756CE27"]),
        ("𠮷禾", ["91610305YY2JJ1594R"]),
        ("店", ["92610322YY4027041W"]),
        ("a'b\\c", ["91610305YY6345B86K"]),
        ("机密精械", []),
        ("9261 0322-yy", ["92610322YY4027041W"]),
        ("91610305YY0756CE27", ["91610305YY0756CE27"]),
        ("916", []),
        ("", []),
        (" \u3000", []),
        ("%", []),
    ],
)
def test_names_are_found_by_any_two_characters_and_codes_by_their_beginning(text: str, found: list[str]) -> None:
    assert [subject.code for subject in search_subjects(SYSTEM, text)] == found


def test_a_former_name_is_found_too(now: datetime) -> None:
    _register({"91610305YY0756CE27": "垚塬科技有限公司"}, now + timedelta(days=1))
    assert [subject.name for subject in search_subjects(SYSTEM, "精密机械")] == ["垚塬科技有限公司"]


def test_who_sees_which_subject() -> None:
    first = Subject.objects.get(code="91610305YY0756CE27")
    Subject.objects.filter(code="92610322YY4027041W").update(region_code="610322")

    def seen(actor: Actor) -> int:
        return Subject.objects.visible_to(actor).count()

    assert seen(_actor(OrganizationKind.FIRM, subject_id=first.pk)) == 1
    assert seen(_actor(OrganizationKind.FIRM)) == 0
    assert seen(_actor(OrganizationKind.AUTHORITY, "610305")) == 3
    assert seen(_actor(OrganizationKind.AUTHORITY, "610305", "610322")) == 4
    assert seen(_actor(OrganizationKind.REGULATOR)) == 0
    assert seen(_actor(OrganizationKind.REGULATOR, "*")) == 4
    assert seen(_actor(OrganizationKind.BANK)) == 4


def test_a_subject_is_found_under_any_spelling_of_its_code() -> None:
    subject = subject_by_code(" 91610305-yy0756ce27")
    assert subject is not None
    assert subject_visible_to(SYSTEM, subject.code) == subject
    assert subject_by_code("91610305YY0756CE28") is None
    with pytest.raises(NotVisible):
        subject_visible_to(_actor(OrganizationKind.AUTHORITY, "610303"), subject.code)
    assert names_for_batch([subject.code, "x"]) == [(subject.code, subject.pk, subject.name)]
