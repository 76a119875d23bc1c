from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from apps.consents.models import AccessRecord
from apps.subjects.models import Subject, SubjectCode
from tests.consents.factories import give, reason
from tests.profiles.factories import deliver, refresh
from tests.profiles.test_portrait import DEBTOR, WHOLE
from tests.support.cast import Cast

PENALTY = "处罚 文号=凤市监罚〔2026〕1号 类=罚款 日期=2026-05-15 公示至=2027-05-15"
REPAIRED = (
    "处罚 文号=凤市监罚〔2026〕2号 类=罚款 日期=2026-05-16 公示至=2027-05-16；"
    "修复 文号=凤信修〔2026〕1号 处罚文号=凤市监罚〔2026〕2号 类=准予修复 日期=2026-10-10 屏蔽=2026-10-10"
)
ClientFor = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _codes(cast: Cast, now: datetime) -> None:
    """Subjects are found by their codes."""
    for subject in Subject.objects.order_by("pk"):
        SubjectCode.objects.get_or_create(code=subject.code, defaults={"subject": subject, "seen_from_at": now})


@pytest.fixture
def firm(cast: Cast, now: datetime, business_date: date) -> Subject:
    subject = Subject.objects.get(pk=cast.owner.actor.subject_id)
    deliver(subject, f"{WHOLE}；{DEBTOR}；{PENALTY}；{REPAIRED}", at=now - timedelta(days=1))
    refresh(business_date, as_known=now, now=now)
    return subject


@pytest.fixture
def allowed(firm: Subject, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """The bank has consent and reason, the authority consent."""
    monkeypatch.setattr("apps.core.clock.now", lambda: now)
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now)
    return firm


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode()


@pytest.mark.parametrize("who", ["owner", "accountant"])
def test_the_firm_sees_its_portrait_with_points_reasons_and_sources(
    who: str, firm: Subject, client_for: ClientFor
) -> None:
    page = text_of(client_for(who), f"/profiles/{firm.code}/")
    for words in (
        "供金融机构参考，不构成征信/评级",
        "主要失分项",
        "有公示期内的行政处罚",
        "履行处罚决定、纠正失信行为后",
        "凤市监罚〔2026〕1号",
        "失信被执行人",
        "(2026)陕0305执1号",
        "凤翔区数据局",
        "近12个月申报销售额",
        "1,440.00元",
        "还缺什么",
        "2026-10-31",
    ):
        assert words in page, words
    assert 'data-kind="radar"' in page
    assert (page.count('data-kind="line"'), page.count('data-kind="bar"')) == (2, 1)
    assert "凤市监罚〔2026〕2号" not in page
    assert not AccessRecord.objects.filter(subject=firm).exists()


def test_what_the_firm_says_of_itself_is_marked_and_families_tell_how_much_is_known(
    firm: Subject, client_for: ClientFor
) -> None:
    page = text_of(client_for("owner"), f"/profiles/{firm.code}/")
    declared = page[page.index(">年营业收入") :][:200]
    assert "企业自报" in declared
    assert "企业自报" not in page[page.index(">近12个月申报销售额") :][:120]
    assert "自报与部门数据比较" in page
    for words in ("社保和公积金", "有数据的指标占 57.14%，数据截至 2026-10-31", "种植面积"):
        assert words in page, words


def test_the_firm_is_led_to_its_own_portrait(firm: Subject, client_for: ClientFor) -> None:
    response = client_for("owner").get("/profiles/")
    assert (response.status_code, response["Location"]) == (302, f"/profiles/{firm.code}/")


def test_a_stranger_finds_nothing(firm: Subject, client_for: ClientFor) -> None:
    stranger = client_for("stranger")
    text_of(stranger, f"/profiles/{firm.code}/", 404)
    text_of(stranger, f"/profiles/{firm.code}/records/penalty/", 404)


@pytest.mark.parametrize("path", ["", "records/tax_payment/"])
def test_a_bank_without_consent_is_told_what_is_missing(path: str, firm: Subject, client_for: ClientFor) -> None:
    page = text_of(client_for("bank_officer"), f"/profiles/{firm.code}/{path}", 403)
    assert "授权" in page
    assert not AccessRecord.objects.filter(subject=firm).exists()


def test_a_bank_with_consent_and_reason_sees_the_portrait_and_leaves_a_line(
    allowed: Subject, client_for: ClientFor
) -> None:
    page = text_of(client_for("bank_officer"), f"/profiles/{allowed.code}/?purpose=pre_loan_review")
    assert "贷前审查" in page
    assert "有公示期内的行政处罚" in page
    assert "履行处罚决定、纠正失信行为后" not in page
    [line] = AccessRecord.objects.filter(subject=allowed)
    assert line.purpose == "pre_loan_review"
    assert {"tax_payment", "power", "social_insurance", "tax_grade"} <= set(line.items)


def test_an_authority_of_the_region_sees_it_with_consent(allowed: Subject, client_for: ClientFor) -> None:
    assert "融资信用评分" in text_of(client_for("authority"), f"/profiles/{allowed.code}/")
    assert AccessRecord.objects.get(subject=allowed).purpose == "whitelist"


@pytest.mark.parametrize("who", ["regulator", "department", "operator", "auditor"])
def test_others_see_no_single_firm(who: str, firm: Subject, client_for: ClientFor) -> None:
    text_of(client_for(who), f"/profiles/{firm.code}/", 403)
    text_of(client_for(who), f"/profiles/{firm.code}/records/penalty/", 403)


def test_an_unknown_purpose_is_refused(firm: Subject, client_for: ClientFor) -> None:
    assert "没有这种查询用途" in text_of(client_for("bank_officer"), f"/profiles/{firm.code}/?purpose=curiosity", 422)


def test_records_show_what_stands_in_them(firm: Subject, client_for: ClientFor) -> None:
    page = text_of(client_for("owner"), f"/profiles/{firm.code}/records/social_insurance/")
    assert page.count("<tr>") == 25
    for words in ("费款所属期", "2026-10-01", "缴费人数（人）", "应缴金额（元）", "1.00"):
        assert words in page, words
    assert "用量" not in page


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("tax_payment", ("税种", "申报销售额（元）", "欠税余额（元）", ">增值税<")),
        ("power", ("户号", "用电量（千瓦时）", "缴费期限")),
        ("registration", ("注册资本（元）", "成立日期", "2015-01-01")),
        # The labels of 双公示 files are code names.
        ("penalty", ("文号或期次", "类别")),
    ],
)
def test_records_bear_the_words_and_units_of_their_senders(
    item: str, words: tuple[str, ...], firm: Subject, client_for: ClientFor
) -> None:
    page = text_of(client_for("owner"), f"/profiles/{firm.code}/records/{item}/")
    for word in words:
        assert word in page, word
    assert "CF_" not in page


def test_repaired_penalties_are_shown_to_the_firm_only(allowed: Subject, client_for: ClientFor) -> None:
    path = f"/profiles/{allowed.code}/records/penalty/"
    own, foreign = text_of(client_for("owner"), path), text_of(client_for("bank_officer"), path)
    assert "凤市监罚〔2026〕1号" in own
    assert "凤市监罚〔2026〕1号" in foreign
    assert "凤市监罚〔2026〕2号" in own
    assert "凤市监罚〔2026〕2号" not in foreign


@pytest.mark.parametrize("item", ["financing", "nothing"])
def test_items_outside_the_portrait_are_not_found(item: str, firm: Subject, client_for: ClientFor) -> None:
    text_of(client_for("owner"), f"/profiles/{firm.code}/records/{item}/", 404)


def test_before_the_first_run_the_page_says_so(cast: Cast, client_for: ClientFor) -> None:
    code = Subject.objects.get(pk=cast.owner.actor.subject_id).code
    assert "画像尚未生成" in text_of(client_for("owner"), f"/profiles/{code}/")


def test_a_firm_without_enough_data_is_not_rated(
    cast: Cast, now: datetime, business_date: date, client_for: ClientFor
) -> None:
    refresh(business_date, as_known=now, now=now)
    code = Subject.objects.get(pk=cast.owner.actor.subject_id).code
    page = text_of(client_for("owner"), f"/profiles/{code}/")
    assert "信息不足，不评级" in page
    assert "尚未报送" in page


def test_the_page_takes_a_constant_number_of_queries(
    firm: Subject, client_for: ClientFor, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    client = client_for("owner")
    client.get(f"/profiles/{firm.code}/")
    with django_assert_max_num_queries(45):  # type: ignore[attr-defined]
        client.get(f"/profiles/{firm.code}/")
