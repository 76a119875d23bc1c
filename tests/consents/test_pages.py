"""Giving, reading and withdrawing consents in the browser, and who looked."""

import re

import pytest
from django.db import transaction

from apps.consents import gate
from apps.consents.models import Consent
from apps.consents.rules import Purpose
from tests.consents.factories import give, reason

TERMS = {
    "grantee": "all",
    "purposes": ["pre_loan_review", "matching"],
    "items": ["tax_payment"],
    "scopes": ["query", "push"],
    "months": "6",
    "use_max": "",
}


def _digest(page: str) -> str:
    return re.search(r'name="digest" value="(\w{64})"', page).group(1)


def _look(cast, now, purpose=Purpose.PRE_LOAN_REVIEW) -> None:
    with transaction.atomic():
        gate.open(
            actor=cast.bank_officer.actor,
            subject_id=cast.owner.actor.subject_id,
            purpose=purpose,
            items=["tax_payment"],
            now=now,
        )


def test_owner_reads_the_full_text_before_signing(client_for):
    client = client_for("owner")
    assert "全部入驻金融机构" in client.get("/consents/new/").content.decode()
    page = client.post("/consents/new/", TERMS).content.decode()
    for told in ("凤翔区宏远机械制造有限公司", "贷前审查、融资对接推送", "2027年5月15日零时止", "随时在平台撤回"):
        assert told in page
    assert not Consent.objects.exists()

    response = client.post("/consents/new/", TERMS | {"digest": _digest(page), "agreed": "1"}, follow=True)
    consent = Consent.objects.get()
    assert response.redirect_chain == [(f"/consents/{consent.pk}/", 302)]
    assert consent.text_digest == _digest(page)
    assert (consent.items, consent.scopes) == (["tax_payment"], ["query", "push"])
    assert consent.text_digest in response.content.decode()


def test_owner_goes_back_and_finds_the_form_as_it_was(client_for):
    page = client_for("owner").post("/consents/new/", TERMS | {"months": "3", "edit": "1"}).content.decode()
    assert 'value="3"' in page
    assert "下一步" in page


def test_signing_another_text_than_was_read_is_refused(client_for):
    client = client_for("owner")
    page = client.post("/consents/new/", TERMS).content.decode()
    changed = TERMS | {"months": "12", "digest": _digest(page), "agreed": "1"}
    response = client.post("/consents/new/", changed)
    assert response.status_code == 409
    assert "重新阅读" in response.content.decode()
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"purposes": []}, "必填"),
        ({"months": "13"}, "授权期限应为1至12个月"),
        ({"months": "0"}, "大于或等于"),
        ({"use_max": "0"}, "大于或等于"),
        ({"items": ["penalty"]}, "选择一个有效的选项"),
        ({"grantee": "999999"}, "选择一个有效的选项"),
    ],
)
def test_form_says_what_is_wrong(client_for, changes, sentence):
    page = client_for("owner").post("/consents/new/", TERMS | changes)
    assert page.status_code == 200
    assert sentence in page.content.decode()


def test_owner_withdraws_and_the_bank_reads_no_more(client_for, cast, now):
    consent = give(cast.owner, now=now, grantee=cast.bank_officer)
    reason(cast.bank_officer, cast.owner, now=now)
    _look(cast, now)
    client = client_for("owner")
    assert "撤回立即生效" in client.get(f"/consents/{consent.pk}/").content.decode()
    page = client.post(f"/consents/{consent.pk}/withdraw/", {"reason": "不再需要"}, follow=True).content.decode()
    assert "已撤回" in page
    assert '<button class="btn btn-danger">' not in page
    with pytest.raises(gate.AccessRefused):
        _look(cast, now)
    assert client.post(f"/consents/{consent.pk}/withdraw/").status_code == 409
    assert "已撤回对本机构的信息查询授权" in client_for("bank_officer").get("/accounts/notices/").content.decode()


def test_accountant_reads_consents_but_does_not_give_them(client_for, cast, now):
    consent = give(cast.owner, now=now)
    client = client_for("accountant")
    assert "/consents/new/" not in client.get("/consents/").content.decode()
    assert client.get(f"/consents/{consent.pk}/").status_code == 200
    assert client.get("/consents/new/").status_code == 403
    assert client.post(f"/consents/{consent.pk}/withdraw/").status_code == 403


def test_a_foreign_consent_is_not_found(client_for, cast, now):
    consent = give(cast.owner, now=now, grantee=cast.bank_officer)
    for name in ("stranger", "other_bank_officer"):
        assert client_for(name).get(f"/consents/{consent.pk}/").status_code == 404
    assert client_for("stranger").post(f"/consents/{consent.pk}/withdraw/").status_code == 404
    assert client_for("bank_officer").get(f"/consents/{consent.pk}/").status_code == 200
    consent.refresh_from_db()
    assert consent.withdrawn_at is None


def test_the_firm_sees_who_looked_and_the_bank_sees_the_same_line(client_for, cast, now):
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now, kind="application", ref="42")
    assert "还没有人查过" in client_for("owner").get("/consents/access-records/").content.decode()
    _look(cast, now)
    page = client_for("owner").get("/consents/access-records/").content.decode()
    for told in (
        "岐丰农村商业银行股份有限公司",
        "客户经理",
        "贷前审查",
        "融资申请",
        "42",
        "申报缴纳",
        "2026-11-15 10:00",
    ):
        assert told in page, told
    assert "凤翔区宏远机械制造有限公司" in client_for("bank_approver").get("/consents/access-records/").content.decode()
    for name in ("stranger", "other_bank_officer"):
        assert "申报缴纳" not in client_for(name).get("/consents/access-records/").content.decode()
    assert client_for("regulator").get("/consents/access-records/").status_code == 403


@pytest.mark.parametrize("address", ["/consents/", "/consents/access-records/"])
def test_lists_cost_the_same_for_one_and_for_many(client_for, cast, now, address, django_assert_max_num_queries):
    reason(cast.bank_officer, cast.owner, now=now)
    for uses in range(1, 9):
        give(cast.owner, now=now, use_max=uses)
        _look(cast, now)
    client = client_for("bank_officer")
    with django_assert_max_num_queries(14):
        assert client.get(address).status_code == 200
