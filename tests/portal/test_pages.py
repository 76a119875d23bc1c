"""The home page of everybody."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import notify
from apps.core import clock
from apps.core.work import WorkItem
from apps.portal import selectors


def test_front_tells_a_stranger_what_this_is_and_where_to_go(client: Client, db):
    page = client.get("/").content.decode()
    for told in ("企业注册", "/enterprises/register/", "/products/", "登录"):
        assert told in page


@pytest.mark.parametrize(
    "name", ["owner", "accountant", "bank_officer", "authority", "department", "regulator", "operator", "auditor"]
)
def test_home_greets_every_role_with_its_work(client_for, name, cast):
    page = client_for(name).get("/").content.decode()
    assert cast[name].actor.name in page
    assert "待办" in page


def test_home_leads_a_new_firm_to_its_first_steps(client_for, business_date):
    page = client_for("owner").get("/").content.decode()
    assert "/consents/new/" in page
    assert "/enterprises/declaration/" in page


def test_home_shows_the_newest_notices_and_marks_the_unread(client_for, cast, now):
    for number in range(7):
        notify(title=f"消息{number}", dedupe_key=str(number), user=cast.owner.user, now=now + timedelta(minutes=number))
    page = client_for("owner").get("/").content.decode()
    assert "消息6" in page
    assert "消息2" in page
    assert "消息1" not in page
    assert page.count("未读") >= 5


def test_work_list_puts_what_is_due_first_and_marks_what_is_late(cast, now, business_date, monkeypatch):
    late, later = business_date - timedelta(days=1), business_date + timedelta(days=9)
    items = [
        WorkItem("没有期限", "", "portal:home"),
        WorkItem("以后", "", "portal:home", due_on=later, query="state=submitted"),
        WorkItem("已超期", "", "core:job_detail", (7,), due_on=late, count=3),
    ]

    class Source:
        @staticmethod
        def work_items(actor, now):
            return items

    monkeypatch.setattr(selectors, "SOURCES", (Source,))
    work = selectors.work_list(cast.owner.actor, now, business_date)
    assert [(row.title, row.is_late) for row in work] == [("已超期", True), ("以后", False), ("没有期限", False)]
    assert (work[0].url, work[0].count) == ("/core/jobs/7/", 3)
    assert work[1].url == "/?state=submitted"


def test_login_says_who_resets_a_password_and_offers_no_dead_link(client: Client, db):
    page = client.get("/account/login/").content.decode()
    assert "请联系平台管理员" in page
    assert "/account/password/" not in page
    assert client.get("/account/password/reset/").status_code == 404


def test_menu_offers_a_new_password_only_to_who_has_one(client_for, cast):
    user = cast.owner.user
    user.set_unusable_password()
    user.save(update_fields=["password"])
    assert "修改密码" not in client_for("owner").get("/").content.decode()
    user.set_password("a-long-enough-password")
    user.save(update_fields=["password"])
    assert "修改密码" in client_for("owner").get("/").content.decode()


def test_home_tells_an_account_without_role_what_to_do(client: Client, db):
    user = User.objects.create_user(username="nobody", display_name="无角色")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/")
    assert page.status_code == 200
    assert "还没有所属单位" in page.content.decode()


def test_every_page_warns_while_the_calendar_of_the_year_is_missing(client_for, monkeypatch, now):
    assert "工作日历尚未" not in client_for("owner").get("/").content.decode()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=800))
    assert "2029 年的工作日历尚未" in client_for("owner").get("/").content.decode()


@pytest.mark.parametrize(("name", "at_most"), [("owner", 40), ("bank_officer", 40), ("operator", 40)])
def test_home_costs_few_queries(client_for, name, at_most, django_assert_max_num_queries):
    client = client_for(name)
    with django_assert_max_num_queries(at_most):
        client.get("/")
