"""The constraints of the tables bite, whatever a service would do."""

from datetime import date

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from apps.loans.models import Application, CreditLine, Drawdown, Instalment, Repayment
from tests.loans.factories import Loans


def refuses(queryset, constraint: str, **values) -> None:
    """An UPDATE behind the services' back runs into the named constraint."""
    with pytest.raises((IntegrityError, DataError), match=constraint), transaction.atomic():
        queryset.update(**values)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"amount_yuan": 0}, "application_amount"),
        ({"amount_yuan": -1}, "application_amount"),
        ({"amount_yuan": 10**13}, "application_amount"),
        ({"term_months": 0}, "application_term"),
        ({"state": "submitted", "submitted_at": None}, "application_submitted_dated"),
        ({"state": "approved"}, "application_decided_dated|application_approved_amount"),
        ({"state": "refused"}, "application_"),
        ({"state": "withdrawn"}, "application_closed_dated"),
        ({"accepted_at": None}, "application_accepted_dated"),
        ({"approved_yuan": 1}, "application_approved_amount"),
    ],
)
def test_application_is_coherent_in_every_state(loans: Loans, values, constraint):
    refuses(Application.objects.filter(pk=loans.accept().pk), constraint, **values)


def test_application_is_decided_by_another_person(loans: Loans):
    application = loans.approve().application
    refuses(
        Application.objects.filter(pk=application.pk),
        "application_four_eyes",
        decided_by_id=application.accepted_by_id,
    )


def test_application_cannot_be_approved_above_what_was_asked(loans: Loans):
    application = loans.approve().application
    refuses(Application.objects.filter(pk=application.pk), "application_approved_amount", approved_yuan=500001)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"reserved_yuan": 500001}, "creditline_not_exceeded"),
        ({"drawn_yuan": 500001}, "creditline_not_exceeded"),
        ({"reserved_yuan": 300000, "drawn_yuan": 200001}, "creditline_not_exceeded"),
        ({"reserved_yuan": -1}, "creditline_not_exceeded"),
        ({"limit_yuan": 0}, "creditline"),
        ({"rate_pct": 37}, "creditline_rate"),
        ({"valid_to_on": date(2026, 11, 15)}, "creditline_period_ordered"),
    ],
)
def test_credit_line_is_never_exceeded(loans: Loans, values, constraint):
    refuses(CreditLine.objects.filter(pk=loans.approve().pk), constraint, **values)


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("loans_application", "amount_yuan"),
        ("loans_creditline", "limit_yuan"),
        ("loans_drawdown", "amount_yuan"),
        ("loans_drawdown", "rate_pct"),
        ("loans_instalment", "principal_yuan"),
        ("loans_instalment", "interest_yuan"),
        ("loans_repayment", "amount_yuan"),
    ],
)
def test_no_amount_is_not_a_number(loans: Loans, model, column):
    loans.repay(loans.post(loans.approve()), "1000", date(2026, 12, 15))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model} SET {column} = 'NaN'")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"bank_reference": ""}, "drawdown_reference_given"),
        ({"state": "posted"}, "drawdown_posted_dated"),
        ({"disbursed_on": date(2026, 11, 15)}, "drawdown_posted_dated"),
        ({"state": "voided"}, "drawdown_voided_has_reason"),
        ({"principal_open_yuan": 1}, "drawdown_balance"),
        ({"amount_yuan": 0}, "drawdown_amount"),
    ],
)
def test_drawdown_is_coherent_in_every_state(loans: Loans, values, constraint):
    refuses(Drawdown.objects.filter(pk=loans.reserve(loans.approve()).pk), constraint, **values)


def test_drawdown_bears_a_number_of_its_bank_once(loans: Loans):
    line = loans.approve()
    loans.reserve(line, "JJ-1", "1000")
    other = loans.reserve(line, "JJ-2", "1000")
    refuses(Drawdown.objects.filter(pk=other.pk), "drawdown_one_per_bank_reference", bank_reference="JJ-1")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"paid_principal_yuan": 10**6}, "instalment_principal"),
        ({"paid_interest_yuan": -1}, "instalment_interest"),
        ({"settled_on": date(2026, 12, 15)}, "instalment_settled_when_paid"),
    ],
)
def test_instalment_is_paid_at_most_once(loans: Loans, values, constraint):
    drawdown = loans.post(loans.approve())
    refuses(Instalment.objects.filter(drawdown=drawdown, number=1), constraint, **values)


def test_repayment_adds_up(loans: Loans):
    repayment = loans.repay(loans.post(loans.approve()), "1000", date(2026, 12, 15))
    refuses(Repayment.objects.filter(pk=repayment.pk), "repayment_adds_up", principal_yuan=999999)
