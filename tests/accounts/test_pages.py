"""The administrator's pages, messages, and the choice for whom one acts."""

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization, User
from apps.accounts.services import notify
from apps.core.actor import Role
from apps.core.models import AuditEvent
from tests.support.cast import PASSWORD

PERSON = {"username": "new.clerk", "display_name": "新人", "role": "bank_officer", "password": "一个很长的口令-2026"}


def test_operator_creates_a_bank_a_branch_and_their_people(client_for):
    client = client_for("operator")
    entered = {"kind": "bank", "name": "新设银行", "code": "", "region_code": ""}
    page = client.post("/accounts/organizations/new/", entered, follow=True)
    bank = Organization.objects.get(name="新设银行")
    assert page.redirect_chain == [(f"/accounts/organizations/{bank.pk}/", 302)]
    client.post("/accounts/organizations/new/", entered | {"name": "新设银行东关支行", "parent": bank.pk})
    assert "新设银行东关支行" in client.get(f"/accounts/organizations/{bank.pk}/").content.decode()
    page = client.post(f"/accounts/organizations/{bank.pk}/staff/new/", PERSON, follow=True).content.decode()
    assert "新人" in page
    assert "银行客户经理" in page
    membership = Membership.objects.get(user__username="new.clerk")
    assert Client().login(username="new.clerk", password=PERSON["password"])
    page = client.post(f"/accounts/organizations/{bank.pk}/staff/{membership.pk}/end/", follow=True).content.decode()
    assert "已收回" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "authority"}, "须填写管辖区划代码"),
        ({"kind": "authority", "region_code": "6103"}, "六位数字"),
        ({"code": "123"}, "应为18位"),
        ({"name": "岐丰农村商业银行股份有限公司"}, "同类单位中已有这个名称"),
        ({"kind": "firm"}, "选择一个有效的选项"),
    ],
)
def test_organization_form_says_what_is_wrong(client_for, changes, sentence):
    entered = {"kind": "bank", "name": "新设银行", "code": "", "region_code": ""} | changes
    page = client_for("operator").post("/accounts/organizations/new/", entered)
    assert page.status_code == 200
    assert sentence in page.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "owner"}, "这个用户名已被使用"),
        ({"username": "大写"}, "用户名只能用"),
        ({"password": "123"}, "密码"),
        ({"mobile": "12"}, "11位手机号码"),
        ({"role": "authority"}, "选择一个有效的选项"),
    ],
)
def test_staff_form_says_what_is_wrong_and_shows_no_password(client_for, cast, changes, sentence):
    address = f"/accounts/organizations/{cast.bank_officer.organization.pk}/staff/new/"
    page = client_for("operator").post(address, PERSON | changes).content.decode()
    assert sentence in page
    assert PERSON["password"] not in page
    assert not User.objects.filter(username="new.clerk").exists()


def reset_address(person) -> str:
    """Where the operator resets the password of one of the cast."""
    membership = Membership.objects.get(user=person.user)
    return f"/accounts/organizations/{membership.organization_id}/staff/{membership.pk}/password/"


@pytest.mark.parametrize("name", ["bank_officer", "owner"])
def test_operator_resets_a_password_and_the_persons_sessions_end(client_for, cast, name):
    person, operator, address = client_for(name), client_for("operator"), reset_address(cast[name])
    assert person.get("/accounts/notices/").status_code == 200
    assert address in operator.get(address.partition("staff/")[0]).content.decode()
    page = operator.post(address, {"password": PERSON["password"]}, follow=True).content.decode()
    assert f"已重置“{cast[name].user}”的密码" in page
    assert person.get("/accounts/notices/").status_code == 302
    username = cast[name].user.username
    assert not Client().login(username=username, password=PASSWORD)
    assert Client().login(username=username, password=PERSON["password"])
    event = AuditEvent.objects.get(verb="accounts.reset_password")
    assert event.target_id == str(cast[name].user.pk)
    assert (event.before, event.after) == (None, None)


def test_password_reset_refuses_the_weak_ones_own_and_foreign_places(client_for, cast):
    operator, address = client_for("operator"), reset_address(cast.bank_officer)
    page = operator.post(address, {"password": "123"}).content.decode()
    assert "这个密码太常见了" in page
    assert operator.post(reset_address(cast.operator), {"password": PERSON["password"]}).status_code == 403
    assert reset_address(cast.operator) not in operator.get("/accounts/organizations/").content.decode()
    elsewhere = address.replace(
        f"organizations/{cast.bank_officer.organization.pk}/", f"organizations/{cast.authority.organization.pk}/"
    )
    assert operator.post(elsewhere, {"password": PERSON["password"]}).status_code == 404
    operator.post(address.replace("password/", "end/"))
    assert operator.post(address, {"password": PERSON["password"]}).status_code == 409
    assert Client().login(username=cast.bank_officer.user.username, password=PASSWORD)
    assert not AuditEvent.objects.filter(verb="accounts.reset_password").exists()


@pytest.mark.parametrize("name", ["owner", "bank_officer", "authority", "department", "regulator", "auditor"])
def test_organisations_are_the_operators(client_for, cast, name):
    client = client_for(name)
    pk = cast.bank_officer.organization.pk
    for address in ("", "new/", f"{pk}/", f"{pk}/staff/new/"):
        assert client.get(f"/accounts/organizations/{address}").status_code == 403
    assert client.post(f"/accounts/organizations/{pk}/deactivate/", {"reason": "x"}).status_code == 403


def test_operator_closes_an_organisation_with_a_reason(client_for, cast):
    client = client_for("operator")
    pk = cast.bank_officer.organization.pk
    assert client.post(f"/accounts/organizations/{pk}/deactivate/", {"reason": ""}).status_code == 422
    assert (
        "已停用"
        in client.post(f"/accounts/organizations/{pk}/deactivate/", {"reason": "撤并"}, follow=True).content.decode()
    )
    assert client.get("/accounts/organizations/0/").status_code == 404


def test_organization_list_filters_and_costs_the_same_for_many(client_for, cast, django_assert_max_num_queries):
    client = client_for("operator")
    with django_assert_max_num_queries(14):
        page = client.get("/accounts/organizations/?kind=bank").content.decode()
    assert "西府普惠银行" in page
    assert "凤翔区宏远机械" not in page


def test_one_acts_for_the_organisation_one_chose_and_for_no_other(client_for, cast, now):
    membership = Membership.objects.create(
        user=cast.owner.user, organization=cast.stranger.organization, role=Role.FIRM_OWNER.value, created_at=now
    )
    client = client_for("owner")
    page = client.get("/accounts/switch/").content.decode()
    assert "凤翔区另一家商贸有限公司" in page
    assert "当前单位" in page
    assert client.post("/accounts/switch/", {"organization": membership.organization_id}).status_code == 302
    assert "凤翔区另一家商贸有限公司" in client.get("/").content.decode()
    assert AuditEvent.objects.get(verb="accounts.switch_organization").actor_name == "宏远负责人"
    bank = cast.bank_officer.organization.pk
    assert client.post("/accounts/switch/", {"organization": bank}).status_code == 404
    assert client.post("/accounts/switch/", {"organization": "x"}).status_code == 404


def test_notices_are_read_and_marked(client_for, cast, now):
    notify(title="有新推送", body="请查看。", url="/", dedupe_key="n", user=cast.owner.user, now=now)
    client = client_for("owner")
    page = client.get("/accounts/notices/").content.decode()
    assert "有新推送" in page
    assert "未读" in page
    assert "未读" not in client.post("/accounts/notices/", follow=True).content.decode()
    assert "有新推送" not in client_for("stranger").get("/accounts/notices/").content.decode()


def test_log_in_failure_and_log_out_are_on_record(client: Client, cast):
    client.post("/account/login/", {"login": "owner", "password": "wrong"})
    client.post("/account/login/", {"login": "owner", "password": PASSWORD})
    client.post("/account/logout/")
    verbs = AuditEvent.objects.filter(stream="accounts").order_by("id").values_list("verb", "actor_name")
    assert list(verbs) == [
        ("accounts.log_in_failed", "未登录"),
        ("accounts.log_in", "宏远负责人"),
        ("accounts.log_out", "宏远负责人"),
    ]


def test_nobody_signs_up_by_name_and_password_alone(client: Client, db):
    before = User.objects.count()
    client.post("/account/signup/", {"username": "x", "password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.count() == before
