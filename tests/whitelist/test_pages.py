"""The pages of authority, bank and firm: each step by a click, reasons in words, nothing for strangers."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.consents.models import AccessRecord, Consent
from apps.consents.services import withdraw_consent
from apps.core.jobs import run_now
from apps.core.models import Job
from apps.subjects.models import Subject
from apps.whitelist.models import Listing, Programme, Push, ScreeningRun
from tests.consents.factories import give
from tests.whitelist.factories import Lists, portray

Clients = Callable[[str], Client]


def text_of(response) -> str:
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def press(client: Client, name: str, *args: object, **fields: str) -> str:
    """Press a button and read the page it leads to."""
    return text_of(client.post(reverse(f"whitelist:{name}", args=args), fields, follow=True))


def test_the_whole_way_through_the_pages(lists: Lists, cast, now, client_for: Clients):
    first, second, officer = client_for("authority"), client_for("second_authority"), client_for("bank_officer")
    give(cast.owner, now=now)
    portray(Subject.objects.get(pk=cast.owner.actor.subject_id), now)
    portray(Subject.objects.get(pk=cast.stranger.actor.subject_id), now, score=700, tax_grade="")
    form = text_of(first.get(reverse("whitelist:programme_create")))
    assert "750" in form
    rule = {
        "name": "凤翔区重点产业链白名单",
        "region_code": "610305",
        "valid_months": "6",
        "age_months_min": "12",
        "tax_grade_in": ["A", "B"],
        "score_min": "750",
        "coverage_min": "60",
    }
    page = text_of(first.post(reverse("whitelist:programme_create"), rule, follow=True))
    assert "草稿" in page
    programme = Programme.objects.get(name="凤翔区重点产业链白名单")
    assert "执行中" in press(first, "programme_move", programme.pk, "open")
    assert "正在筛选" in press(first, "programme_screen", programme.pk)
    run = ScreeningRun.objects.get(programme=programme)
    run_now(run.job)
    page = text_of(first.get(reverse("whitelist:run_detail", args=[run.pk])))
    assert "等待复核" in page
    assert "平台信用评分" in page
    assert "复核通过</button>" not in page
    assert "已复核" in press(second, "run_move", run.pk, "approve")
    assert "已发布，1 户在册" in press(first, "run_move", run.pk, "publish")
    assert "凤翔区宏远机械制造有限公司" in text_of(first.get(reverse("whitelist:listing_list", args=[programme.pk])))
    press(first, "programme_push", programme.pk, bank=str(cast.bank_officer.organization.pk))
    run_now(Job.objects.get(kind="whitelist.push"))
    assert "凤翔区宏远机械制造有限公司" in text_of(officer.get(reverse("whitelist:push_list")))
    push = Push.objects.get()
    assert "已联系" in press(officer, "push_answer", push.pk, "contact")
    assert "已受理" in press(officer, "push_answer", push.pk, "accept")
    credit = {"credit-credit_yuan": "300000", "credit-credit_months": "12", "credit-credit_rate_pct": "3.85"}
    assert "300,000.00元" in press(officer, "push_answer", push.pk, "credit", **credit)
    assert "已授信" in text_of(first.get(reverse("whitelist:programme_detail", args=[programme.pk])))
    page = text_of(client_for("owner").get(reverse("whitelist:own_listings")))
    assert "已授信" in page
    assert "退出这份白名单" in page


def test_a_firm_sees_why_it_is_not_on_the_list(lists: Lists, cast, now, client_for: Clients):
    portray(Subject.objects.get(pk=cast.owner.actor.subject_id), now, score=700, tax_grade="")
    lists.publish()
    page = text_of(client_for("accountant").get(reverse("whitelist:own_listings")))
    for words in ("不符合", "无法判断", "平台信用评分", "同意向金融机构推荐"):
        assert words in page
    assert not AccessRecord.objects.filter(subject__isnull=False).exists()


def test_a_bank_sees_why_a_firm_is_listed_only_through_the_gate(lists: Lists, client_for: Clients):
    push = lists.push()
    officer = client_for("bank_officer")
    url = reverse("whitelist:push_detail", args=[push.pk])
    assert "纳税缴费信用级别" not in text_of(officer.get(url))
    assert not AccessRecord.objects.filter(subject__isnull=False).exists()
    assert "纳税缴费信用级别" in text_of(officer.get(url, {"show": "reasons"}))
    record = AccessRecord.objects.get(subject__isnull=False)
    assert (record.subject_id, record.purpose) == (push.listing.subject_id, "whitelist")


def test_the_gate_tells_a_bank_what_is_missing(lists: Lists, cast, now, client_for: Clients):
    push = lists.push()
    withdraw_consent(actor=cast.owner.actor, consent_id=Consent.objects.get().pk, now=now)
    page = text_of(
        client_for("bank_officer").get(reverse("whitelist:push_detail", args=[push.pk]), {"show": "reasons"})
    )
    assert "企业已撤回授权" in page


def test_a_fault_comes_back_beside_its_field(lists: Lists, client_for: Clients):
    push = lists.push()
    url = reverse("whitelist:push_answer", args=[push.pk, "decline"])
    response = client_for("bank_officer").post(url, {"decline-reason_code": "other", "decline-note": ""})
    assert response.status_code == 422
    assert "请写明原因" in response.content.decode()
    assert Push.objects.get().state == "pushed"


def test_a_firm_leaves_by_one_button(lists: Lists, client_for: Clients):
    listing = lists.listing()
    assert "已退出" in press(client_for("owner"), "listing_exit", listing.pk)
    assert Listing.objects.get().exit_reason == "opted_out"


def test_an_authority_removes_with_a_reason(lists: Lists, client_for: Clients):
    listing = lists.listing()
    client = client_for("authority")
    assert "请写明移出原因" in press(client, "listing_exit", listing.pk, note="")
    assert "已移出" in press(client, "listing_exit", listing.pk, note="核实材料不实")


@pytest.mark.parametrize(
    ("name", "url_name", "status"),
    [
        ("other_bank_officer", "push_detail", 404),
        ("owner", "push_detail", 403),
        ("authority", "push_detail", 403),
        ("bank_officer", "programme_detail", 403),
        ("owner", "run_detail", 403),
        ("operator", "programme_list", 403),
        ("regulator", "own_listings", 403),
        ("regulator", "programme_detail", 200),
        ("regulator", "run_detail", 200),
    ],
)
def test_pages_are_for_their_readers(lists: Lists, client_for: Clients, name, url_name, status):
    push = lists.push()
    args = {
        "push_detail": [push.pk],
        "programme_detail": [lists.programme.pk],
        "run_detail": [push.listing.run_id],
    }.get(url_name, [])
    assert client_for(name).get(reverse(f"whitelist:{url_name}", args=args)).status_code == status


@pytest.mark.parametrize("verb", ["approve", "publish", "discard"])
def test_a_regulator_moves_nothing(lists: Lists, client_for: Clients, verb):
    run = lists.run()
    assert client_for("regulator").post(reverse("whitelist:run_move", args=[run.pk, verb])).status_code == 403


def test_a_foreign_listing_cannot_be_left(lists: Lists, client_for: Clients):
    listing = lists.listing()
    assert client_for("stranger").post(reverse("whitelist:listing_exit", args=[listing.pk])).status_code == 404
    assert Listing.objects.get().state == "active"


def test_replay_screening_says_same_and_fails_on_a_difference(lists: Lists, capsys):
    run = lists.run()
    call_command("replay_screening", run.pk)
    assert "一致 (same)" in capsys.readouterr().out
    ScreeningRun.objects.filter(pk=run.pk).update(outcome_digest="f" * 64)
    with pytest.raises(CommandError, match="不一致"):
        call_command("replay_screening", run.pk)
    with pytest.raises(CommandError, match="没有编号"):
        call_command("replay_screening", 0)


def test_the_push_list_takes_the_same_queries_for_one_and_for_many(
    lists: Lists, cast, now, client_for: Clients, django_assert_max_num_queries
):
    officer = client_for("bank_officer")
    lists.push()
    url = reverse("whitelist:push_list")
    officer.get(url)
    with django_assert_max_num_queries(13) as one:
        officer.get(url)
    give(cast.stranger, now=now)
    portray(Subject.objects.get(pk=cast.stranger.actor.subject_id), now)
    lists.publish()
    lists.push_to(cast.bank_officer)
    with django_assert_max_num_queries(len(one)):
        assert officer.get(url).content.decode().count("row-title") == 2
