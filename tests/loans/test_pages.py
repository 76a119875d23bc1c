"""The pages of firm and bank: each step by a click, refusals beside their field, nothing for strangers."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.loans import services
from apps.loans.models import Application, Drawdown
from tests.consents.factories import give
from tests.loans.factories import Loans, publish

Clients = Callable[[str], Client]


def step(client: Client, application: Application, verb: str, **fields: str):
    """Press the button of a step."""
    url = reverse("loans:application_step", args=[application.pk, verb])
    return client.post(url, {f"{verb}-{name}": value for name, value in fields.items()}, follow=True)


def text_of(response) -> str:
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def test_the_whole_way_through_the_pages(loans: Loans, cast, now, client_for: Clients):
    accountant, owner = client_for("accountant"), client_for("owner")
    officer, approver = client_for("bank_officer"), client_for("bank_approver")
    create = reverse("loans:application_create", args=[loans.version.pk])
    assert "岐丰税信贷" in text_of(owner.get(create))
    wish = {"amount_yuan": "500000", "term_months": "12", "purpose": "raw_materials", "purpose_note": "采购钢材"}
    page = text_of(accountant.post(create, wish, follow=True))
    assert "提交前需要授权" in page
    assert "采购钢材" in page
    application = Application.objects.get()
    give(cast.owner, now=now, grantee=cast.bank_officer)
    assert "已提交" in text_of(step(owner, application, "submit"))
    assert "凤翔区宏远机械制造有限公司" in text_of(officer.get(reverse("loans:application_list")))
    assert "已受理" in text_of(step(officer, application, "accept"))
    granted = {
        "approved_yuan": "400000",
        "rate_pct": "4.35",
        "repayment_kind": "equal_instalments",
        "guarantee": "credit",
        "valid_months": "12",
        "note": "同意",
    }
    assert "400,000.00元" in text_of(step(approver, application, "approve", **granted))
    order = {
        "reserve-bank_reference": "JJ-1",
        "reserve-amount_yuan": "400000",
        "reserve-rate_pct": "4.35",
        "reserve-term_months": "12",
        "reserve-basis": "month",
        "reserve-is_first_loan": "yes",
    }
    assert "已预占额度" in text_of(
        officer.post(reverse("loans:drawdown_reserve", args=[application.pk]), order, follow=True)
    )
    loan = Drawdown.objects.get()
    day = str(loan.line.valid_from_on)
    posted = officer.post(
        reverse("loans:drawdown_step", args=[loan.pk, "post"]), {f"post-{loan.pk}-disbursed_on": day}, follow=True
    )
    assert "第 12 期" in text_of(posted)
    assert "岐丰税信贷" in text_of(owner.get(reverse("loans:repayment_list")))
    paid = {
        f"repay-{loan.pk}-bank_reference": "HK-1",
        f"repay-{loan.pk}-amount_yuan": "1000",
        f"repay-{loan.pk}-paid_on": day,
    }
    assert "HK-1" in text_of(officer.post(reverse("loans:drawdown_step", args=[loan.pk, "repay"]), paid, follow=True))
    assert "已放款" in text_of(owner.get(reverse("loans:application_detail", args=[application.pk])))


def test_a_fault_comes_back_beside_its_field_and_loses_nothing(loans: Loans, client_for: Clients):
    response = client_for("owner").post(
        reverse("loans:application_create", args=[loans.version.pk]),
        {"amount_yuan": "5000000", "term_months": "12", "purpose": "wages", "purpose_note": "发工资"},
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "该产品最高可贷 300万元" in page
    assert "5000000" in page
    assert "发工资" in page
    assert not Application.objects.exists()


def test_a_refusal_without_reason_is_not_taken(loans: Loans, client_for: Clients):
    application = loans.accept()
    response = step(client_for("bank_approver"), application, "refuse", reason_code="", note="")
    assert response.status_code == 422
    assert Application.objects.get().state == "accepted"


def test_a_line_is_offered_for_as_long_as_the_loan_was_asked_for(loans: Loans, client_for: Clients):
    application = loans.accept(term_months=9)
    page = text_of(client_for("bank_approver").get(reverse("loans:application_detail", args=[application.pk])))
    (field,) = re.findall(r'<input[^>]*name="approve-valid_months"[^>]*>', page)
    assert 'value="9"' in field


def test_an_amount_above_the_application_is_refused_beside_its_field(loans: Loans, client_for: Clients):
    application = loans.accept()
    fields = {
        "approved_yuan": "600000",
        "rate_pct": "4.35",
        "repayment_kind": "bullet",
        "guarantee": "credit",
        "valid_months": "12",
    }
    response = step(client_for("bank_approver"), application, "approve", **fields)
    assert response.status_code == 422
    assert "不超过申请金额" in response.content.decode()


@pytest.mark.parametrize("name", ["stranger", "other_bank_officer"])
def test_a_foreign_application_is_like_a_missing_one(loans: Loans, client_for: Clients, name):
    application = loans.approve().application
    loan = loans.post(application.line)
    client = client_for(name)
    urls = [reverse("loans:application_detail", args=[application.pk])]
    for url in urls:
        assert client.get(url).status_code == 404
    assert client.post(reverse("loans:application_step", args=[application.pk, "withdraw"])).status_code == 404
    if name == "other_bank_officer":
        assert client.post(reverse("loans:drawdown_step", args=[loan.pk, "repay"])).status_code == 404
        assert client.post(reverse("loans:drawdown_reserve", args=[application.pk])).status_code == 404
    assert str(application.subject) not in client.get(reverse("loans:application_list")).content.decode()


def test_a_draft_is_the_firms_alone(loans: Loans, client_for: Clients):
    application = loans.draft()
    assert client_for("bank_officer").get(reverse("loans:application_detail", args=[application.pk])).status_code == 404
    assert "草稿" in text_of(client_for("accountant").get(reverse("loans:application_list")))


@pytest.mark.parametrize("name", ["authority", "regulator", "operator", "auditor", "department"])
def test_others_have_no_business_here(loans: Loans, client_for: Clients, name):
    application = loans.submit()
    client = client_for(name)
    for url in (
        reverse("loans:application_list"),
        reverse("loans:application_detail", args=[application.pk]),
        reverse("loans:repayment_list"),
    ):
        assert client.get(url).status_code == 403


def test_a_step_for_another_role_is_refused(loans: Loans, client_for: Clients):
    application = loans.submit()
    assert step(client_for("bank_approver"), application, "accept").status_code == 403
    assert step(client_for("owner"), application, "accept").status_code == 403
    assert step(client_for("bank_officer"), application, "nonsense").status_code == 404
    assert Application.objects.get().state == "submitted"


def test_what_the_profile_says_is_shown_to_the_firm_and_not_to_the_bank(loans: Loans, client_for: Clients):
    application = loans.submit()
    Application.objects.filter(pk=application.pk).update(
        eligibility={
            "verdict": "met",
            "profile_as_of_on": "2026-11-15",
            "findings": [{"verdict": "met", "label": "纳税缴费信用级别", "text": "级别为A", "slug": "tax_grade_in"}],
        }
    )
    url = reverse("loans:application_detail", args=[application.pk])
    assert "级别为A" in text_of(client_for("owner").get(url))
    assert "级别为A" not in text_of(client_for("bank_officer").get(url))


def test_lists_take_the_same_queries_for_one_and_for_many(
    loans: Loans, cast, now, client_for: Clients, django_assert_max_num_queries: DjangoAssertNumQueries
):
    officer = client_for("bank_officer")
    loans.submit()
    url = reverse("loans:application_list")
    officer.get(url)
    with django_assert_max_num_queries(14) as one:
        officer.get(url)
    for number in range(4):
        loans.version = publish(cast.bank_officer, cast.bank_approver, now, name=f"产品{number}")
        application = loans.draft()
        services.submit_application(actor=cast.owner.actor, application=application, now=now)
    with django_assert_max_num_queries(len(one)):
        assert officer.get(url).content.decode().count("row-title") == 5
