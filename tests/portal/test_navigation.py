"""The table of places: every one exists and opens for exactly the roles it is shown to."""

from apps.accounts.rules import ROLES_OF_KIND
from apps.core.actor import Role
from apps.portal.navigation import GUIDES, PLACES, entries_for, guides_for
from apps.subjects.models import Subject, SubjectCode

NAMES = (
    "owner",
    "accountant",
    "bank_officer",
    "bank_approver",
    "authority",
    "department",
    "regulator",
    "operator",
    "auditor",
)


def test_every_role_of_a_person_has_its_guide():
    assert GUIDES.keys() == {role for roles in ROLES_OF_KIND.values() for role in roles}
    assert Role.SYSTEM not in GUIDES


def test_no_place_is_listed_twice_for_one_role():
    for role in GUIDES:
        seen = [place.url_name for place in PLACES if not place.roles or role in place.roles]
        assert len(seen) == len(set(seen)), role


def test_every_place_opens_for_those_who_see_it(cast, client_for, now):
    for subject in Subject.objects.order_by("pk"):
        SubjectCode.objects.get_or_create(code=subject.code, defaults={"subject": subject, "seen_from_at": now})
    for name in NAMES:
        client = client_for(name)
        for entry in entries_for(cast[name].actor, "/"):
            response = client.get(entry.url, follow=True)
            page = response.content.decode()
            assert response.status_code == 200, (name, entry.url)
            assert f'href="{entry.url}" aria-current="page"' in page, (name, entry.url)
            if entry.label == "信用画像":  # a verified firm before the first night
                assert "画像尚未生成" in page


def test_entries_for_marks_the_longest_place_of_the_path(cast):
    active = [entry.label for entry in entries_for(cast.owner.actor, "/consents/access-records/") if entry.active]
    assert active == ["谁查过我"]
    assert [entry.label for entry in entries_for(None, "/") if entry.active] == ["首页"]
    for path, label in (("/whitelist/runs/7/", "白名单"), ("/account/", ""), ("/whitelist/programmes/7/", "白名单")):
        marked = [entry.label for entry in entries_for(cast.authority.actor, path) if entry.active]
        assert marked == ([label] if label else []), path


def test_guides_for_says_one_sentence_a_role(cast):
    assert guides_for(cast.owner.actor) == [GUIDES[Role.FIRM_OWNER]]
