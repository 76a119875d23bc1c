"""Sign-up, progress, verification and declaration in the browser."""

from dataclasses import asdict, replace

import pytest
from django.test import Client

from apps.accounts.models import Organization, User
from apps.enterprises.models import Declaration, Registration
from tests.enterprises.factories import APPLICANT, SECOND_CODE, registration, subject

ACCOUNT = {"username": "xinhe", "password": "新禾食品-2026-凤翔", "password_again": "新禾食品-2026-凤翔"}


def test_a_firm_signs_up_waits_and_starts(client: Client, client_for, cast, now):
    subject(now)
    response = client.post("/enterprises/register/", asdict(APPLICANT) | ACCOUNT, follow=True)
    assert response.redirect_chain == [("/enterprises/registration/", 302)]
    assert "等待核验" in response.content.decode()
    assert client.get("/").url == "/enterprises/registration/"
    assert client.get("/consents/").status_code == 403

    operator = client_for("operator")
    made = Registration.objects.get()
    assert APPLICANT.name in operator.get("/enterprises/registrations/").content.decode()
    assert "实名核对一致" in operator.get(f"/enterprises/registrations/{made.pk}/").content.decode()
    assert operator.post(f"/enterprises/registrations/{made.pk}/verify/").status_code == 302
    assert "没有待核验的注册" in operator.get("/enterprises/registrations/").content.decode()
    assert APPLICANT.name in operator.get("/enterprises/registrations/?state=all").content.decode()

    assert "工作台" in client.get("/").content.decode()
    assert "已通过核验" in client.get("/enterprises/registration/").content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": "91610305MA6X7K2P8"}, "应为18位"),
        ({"code": SECOND_CODE}, "登记注册信息中没有"),
        ({"name": "新禾"}, "登记的名称是"),
        ({"legal_representative": "别人"}, "姓名与登记信息不一致"),
        ({"contact_mobile": "123"}, "11位手机号码"),
        ({"username": "新禾"}, "用户名只能用"),
        ({"password_again": "另一个密码-2026"}, "两次输入的密码不一致"),
        ({"password": "12345", "password_again": "12345"}, "密码"),
    ],
)
def test_sign_up_says_what_is_wrong_and_loses_nothing(client: Client, db, now, changes, sentence):
    subject(now)
    page = client.post("/enterprises/register/", asdict(APPLICANT) | ACCOUNT | changes)
    assert page.status_code == 200
    text = page.content.decode()
    assert sentence in text
    assert APPLICANT.contact_name in text
    assert not User.objects.exists()


def test_a_code_with_spaces_and_small_letters_is_taken_as_it_is_meant(client: Client, db, now):
    subject(now)
    written = "91610305 ma6x7k2p-86"
    client.post("/enterprises/register/", asdict(replace(APPLICANT, code=written)) | ACCOUNT)
    assert Registration.objects.get().code == APPLICANT.code


def test_a_draft_is_kept_and_handed_in_later(client: Client, db, now):
    client.post("/enterprises/register/", asdict(APPLICANT) | ACCOUNT | {"draft": "1"})
    assert Registration.objects.get().state == "draft"
    page = client.post("/enterprises/registration/edit/", asdict(APPLICANT)).content.decode()
    assert "登记注册信息中没有" in page
    subject(now)
    assert client.post("/enterprises/registration/edit/", asdict(APPLICANT)).status_code == 302
    assert Registration.objects.get().state == "submitted"
    assert client.get("/enterprises/register/").status_code == 302


def test_operator_returns_with_a_reason_that_the_applicant_reads(client: Client, client_for, now):
    subject(now)
    made = registration(now)
    operator = client_for("operator")
    address = f"/enterprises/registrations/{made.pk}/return/"
    assert "请写明退回原因" in operator.post(address, {"reason": ""}, follow=True).content.decode()
    operator.post(address, {"reason": "电话打不通。"})
    client.force_login(made.applicant, backend="django.contrib.auth.backends.ModelBackend")
    assert "电话打不通。" in client.get("/enterprises/registration/").content.decode()
    assert "电话打不通。" in client.get("/enterprises/registration/edit/").content.decode()


def test_verification_is_the_operators_and_a_foreign_registration_is_not_found(client_for, now, cast):
    subject(now)
    made = registration(now)
    for name in ("owner", "bank_officer", "auditor"):
        assert client_for(name).get("/enterprises/registrations/").status_code == 403
        assert client_for(name).post(f"/enterprises/registrations/{made.pk}/verify/").status_code == 403
    assert client_for("operator").get("/enterprises/registrations/0/").status_code == 404
    assert client_for("owner").get("/enterprises/registration/").status_code == 404
    assert not Organization.objects.filter(subject__code=APPLICANT.code).exists()


def test_registration_page_shows_what_differs_and_offers_no_approval(client_for, now):
    subject(now)
    made = registration(now)
    subject(now, legal_representative="孙新禾")
    page = client_for("operator").get(f"/enterprises/registrations/{made.pk}/").content.decode()
    assert "姓名与登记信息不一致" in page
    assert "disabled" in page


def test_declaration_page_saves_and_lists_what_was_declared(client_for, cast):
    client = client_for("accountant")
    entered = {"year": 2025, "headcount": 36, "revenue_yuan": "12345678.90", "contact_name": "会计"}
    page = client.post("/enterprises/declaration/", entered | {"contact_mobile": "13800001234"}, follow=True)
    text = page.content.decode()
    assert "自报信息已保存" in text
    assert "1,234.57万元" in text
    page = client.post("/enterprises/declaration/", entered | {"year": 2030, "contact_mobile": "13800001234"})
    assert "年度应在2000至2026之间。" in page.content.decode()
    assert Declaration.objects.count() == 1


def test_registration_list_costs_the_same_for_one_and_for_many(client_for, now, django_assert_max_num_queries):
    subject(now)
    for number in range(12):
        registration(now, f"user{number}")
    client = client_for("operator")
    with django_assert_max_num_queries(14):
        assert client.get("/enterprises/registrations/").status_code == 200
