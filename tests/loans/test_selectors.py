"""Who sees which application, what waits for whom, and the way of an application in steps."""

from datetime import date, timedelta

import pytest

from apps.core.actor import SYSTEM
from apps.core.errors import NotVisible
from apps.loans import selectors, services
from apps.loans.models import Application, Drawdown
from apps.subjects.models import Subject
from tests.loans.factories import Loans
from tests.whitelist.factories import portray

PEOPLE = (
    "owner",
    "accountant",
    "stranger",
    "bank_officer",
    "bank_approver",
    "other_bank_officer",
    "authority",
    "department",
    "regulator",
    "operator",
    "auditor",
)


@pytest.mark.parametrize(
    ("stage", "readers"),
    [
        ("draft", {"owner", "accountant"}),
        ("submit", {"owner", "accountant", "bank_officer", "bank_approver"}),
        ("accept", {"owner", "accountant", "bank_officer", "bank_approver"}),
    ],
)
def test_an_application_is_seen_by_its_parties_alone(loans: Loans, cast, stage, readers):
    application = getattr(loans, stage)()
    seen = set()
    for name in PEOPLE:
        try:
            selectors.application_visible_to(cast[name].actor, application.pk)
        except NotVisible:
            continue
        seen.add(name)
    assert seen == readers
    assert Application.objects.visible_to(SYSTEM).count() == 1


def test_a_drawdown_is_seen_with_its_application(loans: Loans, cast):
    loans.post(loans.approve())
    seen = {name for name in PEOPLE if Drawdown.objects.visible_to(cast[name].actor).exists()}
    assert seen == {"owner", "accountant", "bank_officer", "bank_approver"}


def titles(actor, now) -> list[str]:
    """The work list in words."""
    return [item.title for item in selectors.work_items(actor, now)]


def test_work_items_follow_the_application_from_desk_to_desk(loans: Loans, cast, now):
    people = {name: cast[name].actor for name in PEOPLE}
    draft = loans.draft()
    assert titles(people["owner"], now) == ["融资申请待提交"]
    services.withdraw_application(actor=people["owner"], application=draft, now=now)
    application = loans.submit()
    (item,) = selectors.work_items(people["bank_officer"], now)
    assert (item.title, item.url_name, item.url_args) == (
        "融资申请待受理",
        "loans:application_detail",
        (application.pk,),
    )
    assert titles(people["bank_approver"], now) == []
    services.accept_application(actor=people["bank_officer"], application=application, now=now)
    assert titles(people["bank_officer"], now) == []
    (item,) = selectors.work_items(people["bank_approver"], now)
    assert (item.title, item.due_on) == ("融资申请待审批", date(2026, 12, 15))
    for name in ("stranger", "other_bank_officer", "authority", "regulator", "operator", "auditor"):
        assert titles(people[name], now) == []


def test_work_items_show_what_is_to_be_drawn_confirmed_and_repaid(loans: Loans, cast, now):
    line = loans.approve()
    officer = cast.bank_officer.actor
    assert titles(officer, now) == ["已批准待放款"]
    loans.reserve(line)
    assert titles(officer, now) == ["已批准待放款", "放款待确认"]
    loans.post(line)
    assert titles(officer, now) == []
    assert titles(cast.owner.actor, now) == ["近期还款"]
    assert titles(cast.owner.actor, now + timedelta(days=31)) == ["还款已逾期", "近期还款"]


@pytest.mark.parametrize(
    ("stage", "marks"),
    [
        ("draft", ["current", "todo", "todo", "todo", "todo", "todo"]),
        ("submit", ["done", "done", "current", "todo", "todo", "todo"]),
        ("accept", ["done", "done", "done", "current", "todo", "todo"]),
    ],
)
def test_steps_show_how_far_an_application_has_come(loans: Loans, stage, marks):
    assert [step["state"] for step in selectors.steps_of(getattr(loans, stage)())] == marks


def test_steps_of_what_was_drawn_refused_or_withdrawn(loans: Loans, cast, now):
    refused = loans.accept()
    services.refuse_application(actor=cast.bank_approver.actor, application=refused, reason_code="purpose", now=now)
    assert [step["state"] for step in selectors.steps_of(refused)] == ["done"] * 3 + ["stopped"] + ["todo"] * 2
    withdrawn = loans.draft()
    services.withdraw_application(actor=cast.owner.actor, application=withdrawn, now=now)
    assert selectors.steps_of(withdrawn)[0]["state"] == "stopped"
    line = loans.approve()
    loans.post(line)
    line.application.refresh_from_db()
    assert [step["state"] for step in selectors.steps_of(line.application)] == ["done"] * 5 + ["current"]


def test_an_application_is_late_when_the_bank_lets_its_day_go_by(loans: Loans, cast, now):
    application = loans.submit()
    assert not selectors.is_application_late(application, date(2026, 11, 20))
    assert selectors.is_application_late(application, date(2026, 11, 21))
    services.accept_application(actor=cast.bank_officer.actor, application=application, now=now)
    assert not selectors.is_application_late(application, date(2026, 12, 15))
    assert selectors.is_application_late(application, date(2026, 12, 16))


def test_submission_keeps_what_the_products_conditions_said_of_the_firm(loans: Loans, cast, now):
    portray(Subject.objects.get(pk=cast.owner.actor.subject_id), now, tax_grade="C")
    application = loans.submit()
    found = application.eligibility
    assert found["verdict"] == "not_met"
    verdicts = {finding["slug"]: finding["verdict"] for finding in found["findings"]}
    assert verdicts == {"tax_grade_in": "not_met", "status_active": "met", "no_block_application": "met"}
    assert application.state == "submitted"  # information, not a gate
