"""A firm posts, reads its reasons and sends; a bank reads and answers; the administrator imports and matches."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.core.models import Job
from apps.matching import services
from apps.matching.models import Dispatch, FinancingNeed, MatchRun
from apps.matching.rules import RANKING_RULE
from tests.matching.factories import need, profile
from tests.matching.test_importing import GOOD, file_of
from tests.products.factories import published

pytestmark = pytest.mark.django_db
FORM = {
    "amount_wan": "100",
    "term_months": "12",
    "purpose": "working_capital",
    "max_rate_pct": "5",
    "has_collateral": "no",
    "can_guarantee": "",
    "can_pledge": "yes",
}


@pytest.fixture
def offers(cast, now):
    """One product that fits, one that cannot be told, one that does not fit."""
    profile(cast.owner.organization.subject, now)
    published(cast, now, name="合适贷", criteria=[{"slug": "tax_grade_in", "value": ["A"]}])
    published(cast, now, name="待定贷", criteria=[{"slug": "manual", "value": "须面谈"}])
    published(cast, now, name="不合适贷", amount_max_yuan=Decimal("500000.00"))


def test_a_firm_posts_a_need_and_reads_a_reason_for_every_criterion(cast, client_for, offers):
    firm = client_for("owner")
    answer = firm.post(reverse("matching:need_create"), FORM)
    posted = FinancingNeed.objects.get()
    assert (posted.amount_yuan, posted.can_guarantee, posted.can_pledge) == (Decimal("1000000.00"), None, True)
    assert answer.headers["Location"] == reverse("matching:need_detail", args=[posted.pk])
    page = firm.get(answer.headers["Location"]).content.decode()
    assert page.index("合适贷") < page.index("待定贷") < page.index("不合适贷")
    for text in (
        "纳税缴费信用级别为A，在接受的级别（A）内。",
        "“须面谈”须由银行人工核实。",
        "融资金额100万元，不在10万元至50万元的额度内。",
        "将融资金额由100万元改为50万元，即可符合全部条件。",
        RANKING_RULE,
    ):
        assert text in page
    assert page.count("发送给银行") == 2
    folded = page.index('<details class="fold">')
    assert page.index("待定贷") < folded < page.index("不合适贷")


def test_a_bad_need_says_why_and_loses_nothing(cast, client_for, offers):
    firm = client_for("owner")
    page = firm.post(reverse("matching:need_create"), FORM | {"amount_wan": "0"}).content.decode()
    assert "融资金额应大于零。" in page
    assert not FinancingNeed.objects.exists()
    firm.post(reverse("matching:need_create"), FORM)
    again = firm.post(reverse("matching:need_create"), FORM).content.decode()
    assert "今天已经发布过同样金额的融资需求。" in again


def test_a_firm_sends_a_need_and_the_bank_answers(cast, now, client_for, offers):
    firm, bank = client_for("accountant"), client_for("bank_officer")
    posted = need(cast, now)
    firm.post(reverse("matching:need_match", args=[posted.pk]))
    run = MatchRun.objects.get()
    first = run.matches.get(rank=1)
    firm.post(reverse("matching:need_send", args=[posted.pk]), {"product_version": first.product_version_id})
    dispatch = Dispatch.objects.get()
    assert "宏远" in bank.get(reverse("matching:dispatch_list")).content.decode()
    address = reverse("matching:dispatch_detail", args=[dispatch.pk])
    assert "逐条理由含企业的授权信息" in bank.get(address).content.decode()
    assert "请写明" in bank.post(address, {"verb": "decline", "reason": ""}).content.decode()
    assert bank.post(address, {"verb": "decline", "reason": "额度已满"}).status_code == 302
    page = firm.get(reverse("matching:need_detail", args=[posted.pk])).content.decode()
    assert "银行未接收" in page
    assert "额度已满" in page


def test_a_firm_recalls_what_it_sent(cast, now, client_for, offers):
    posted = need(cast, now)
    run = services.run_match(actor=cast.owner.actor, need=posted, now=now)
    version = run.matches.get(rank=1).product_version
    dispatch = services.send_need(actor=cast.owner.actor, need=posted, product_version=version, now=now)
    assert client_for("owner").post(reverse("matching:dispatch_recall", args=[dispatch.pk])).status_code == 302
    assert client_for("bank_officer").get(reverse("matching:dispatch_detail", args=[dispatch.pk])).status_code == 404


def test_a_closed_need_offers_nothing_to_do(cast, now, client_for, offers):
    posted = need(cast, now)
    firm = client_for("owner")
    firm.post(reverse("matching:need_match", args=[posted.pk]))
    firm.post(reverse("matching:need_close", args=[posted.pk]))
    page = firm.get(reverse("matching:need_detail", args=[posted.pk])).content.decode()
    assert "已结束" in page
    assert "发送给银行" not in page
    assert firm.post(reverse("matching:need_match", args=[posted.pk])).status_code == 409


def test_need_detail_asks_the_same_number_of_queries_for_three_products_and_for_nine(
    cast, now, client_for, offers, django_assert_max_num_queries
):
    posted = need(cast, now)
    firm = client_for("owner")
    address = reverse("matching:need_detail", args=[posted.pk])
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    firm.get(address)
    with django_assert_max_num_queries(30) as few:
        firm.get(address)
    for number in range(6):
        published(cast, now, name=f"又一产品 {number}")
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    with django_assert_max_num_queries(len(few)) as many:
        page = firm.get(address).content.decode()
    assert len(many) == len(few)
    assert "又一产品 5" in page


@pytest.mark.parametrize("name", ["need_detail", "need_match", "need_close", "need_send"])
def test_a_foreign_need_is_answered_like_a_missing_one(cast, now, client_for, name):
    posted = need(cast, now)
    stranger = client_for("stranger")
    method = stranger.get if name == "need_detail" else stranger.post
    assert method(reverse(f"matching:{name}", args=[posted.pk])).status_code == 404
    assert method(reverse(f"matching:{name}", args=[10**9])).status_code == 404


@pytest.mark.parametrize(
    ("who", "name", "status"),
    [
        ("owner", "need_list", 200),
        ("operator", "need_list", 200),
        ("regulator", "need_list", 200),
        ("bank_officer", "need_list", 403),
        ("bank_officer", "need_create", 403),
        ("bank_approver", "dispatch_list", 200),
        ("owner", "dispatch_list", 403),
        ("owner", "need_import", 403),
        ("operator", "need_import", 200),
    ],
)
def test_pages_are_for_their_roles(cast, client_for, who, name, status):
    assert client_for(who).get(reverse(f"matching:{name}")).status_code == status


def test_an_authority_sees_the_need_but_not_the_reasons(cast, now, client_for, offers):
    posted = need(cast, now)
    services.run_match(actor=cast.owner.actor, need=posted, now=now)
    page = client_for("authority").get(reverse("matching:need_detail", args=[posted.pk])).content.decode()
    assert "100万元" in page
    assert "纳税缴费信用级别" not in page
    assert "逐条结果只有企业本身可见" in page


def test_the_administrator_imports_and_matches_all(cast, client_for, offers):
    subject = cast.owner.organization.subject
    subject.code = GOOD[0]
    subject.save(update_fields=["code"])
    operator = client_for("operator")
    content = file_of(GOOD, [GOOD[0], GOOD[1], "150万", *GOOD[3:]])
    page = operator.post(reverse("matching:need_import"), {"file": SimpleUploadedFile("需求.csv", content)})
    assert "应为不带单位的数字。" in page.content.decode()
    bad = operator.post(reverse("matching:need_import"), {"file": SimpleUploadedFile("a.csv", b"x,y")})
    assert "表头应依次为" in bad.content.decode()
    answer = operator.post(reverse("matching:need_match_all"))
    assert answer.headers["Location"] == reverse("core:job_detail", args=[Job.objects.get().pk])
