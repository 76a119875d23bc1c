"""Who reads what: the disclosure class of an item against every kind of reader (domain §1.3), at the pages."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.consents.models import AccessRecord
from apps.consents.selectors import consentable_items
from apps.records.catalogue import fold_label
from apps.records.models import CatalogueItem
from apps.records.selectors import item_specs
from apps.subjects.models import Subject, SubjectCode
from tests.consents.factories import give, reason
from tests.profiles.factories import deliver
from tests.profiles.test_portrait import WHOLE
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
ClientFor = Callable[[str], Client]
PENALTY = "处罚 文号=凤市监罚〔2026〕1号 类=罚款 日期=2026-05-15 公示至=2027-05-15"
REPAIRED = (
    "处罚 文号=凤市监罚〔2026〕2号 类=罚款 日期=2026-05-16 公示至=2027-05-16；"
    "修复 文号=凤信修〔2026〕1号 处罚文号=凤市监罚〔2026〕2号 类=准予修复 日期=2026-10-10 屏蔽=2026-10-10"
)
READERS = (
    "visitor",
    "owner",
    "stranger",
    "bank_officer",
    "other_bank_officer",
    "authority",
    "department",
    "regulator",
    "operator",
    "auditor",
)
# 可 200, 禁 403, 无 404, 登 to the log-in page. The bank has consent and reason, the other bank neither.
TABLE = {
    #             访 本 他 行 另 主 部 监 管 审
    "public": "登可无可可可禁禁禁禁",
    "authorised": "登可无可禁可禁禁禁禁",
    "government": "登可无禁禁可禁禁禁禁",
}
STATUS = {"登": 302, "可": 200, "禁": 403, "无": 404}
ITEM_OF = {"public": "penalty", "authorised": "tax_payment", "government": "social_insurance"}


@pytest.fixture
def firm(cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """宏远, with records of each class; the bank and the authority hold a consent to whatever can be consented to."""
    monkeypatch.setattr("apps.core.clock.now", lambda: now)
    for subject in Subject.objects.order_by("pk"):
        SubjectCode.objects.get_or_create(code=subject.code, defaults={"subject": subject, "seen_from_at": now})
    subject = Subject.objects.get(pk=cast.owner.actor.subject_id)
    deliver(subject, f"{WHOLE}；{PENALTY}；{REPAIRED}", at=now - timedelta(days=1))
    return subject


@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize("disclosure", TABLE)
def test_each_class_opens_to_its_readers_only(
    firm: Subject, cast: Cast, client: Client, client_for: ClientFor, now: datetime, who: str, disclosure: str
) -> None:
    CatalogueItem.objects.filter(code=ITEM_OF[disclosure]).update(disclosure=disclosure)
    give(cast.owner, now=now)
    reason(cast.bank_officer, cast.owner, now=now)
    reader = client if who == "visitor" else client_for(who)
    before = AccessRecord.objects.count()
    answer = reader.get(reverse("profiles:record_list", args=[firm.code, ITEM_OF[disclosure]]))
    assert answer.status_code == STATUS[TABLE[disclosure][READERS.index(who)]]
    leaves_a_record = answer.status_code == 200 and disclosure != "public" and who != "owner"
    assert AccessRecord.objects.count() - before == leaves_a_record


def test_an_authority_elsewhere_reads_nothing_shared(firm: Subject, cast: Cast, client_for: ClientFor) -> None:
    CatalogueItem.objects.filter(code="social_insurance").update(disclosure="government")
    client = client_for("authority")
    address = reverse("profiles:record_list", args=[firm.code, "social_insurance"])
    assert client.get(address).status_code == 200
    record = AccessRecord.objects.get()
    assert (record.reason_kind, record.consent, record.subject) == ("duty", None, firm)
    Subject.objects.filter(pk=firm.pk).update(region_code="610302")
    assert client.get(address).status_code == 404


def test_only_what_is_for_consent_can_be_consented_to() -> None:
    CatalogueItem.objects.filter(code="social_insurance").update(disclosure="government")
    items = consentable_items()
    assert "tax_payment" in items
    assert not {"penalty", "social_insurance"} & items.keys()


def test_what_concerns_natural_persons_is_never_public() -> None:
    item = CatalogueItem.objects.get(code="penalty")
    with pytest.raises(IntegrityError, match="catalogueitem_persons_never_public"), transaction.atomic():
        CatalogueItem.objects.filter(pk=item.pk).update(concerns_persons=True)
    item.disclosure = "authorised"
    item.concerns_persons = True
    item.save()


def test_public_items_turn_rows_of_natural_persons_away() -> None:
    """Wherever a column of a public item tells natural persons from others, their rows are rejected."""
    seen = 0
    public = CatalogueItem.objects.filter(disclosure="public").order_by("code").values_list("code", flat=True)
    for spec in item_specs(public).values():
        for field in spec.fields:
            if field.name == "party_kind":
                seen += 1
                assert "自然人" in field.person_values, spec.code
                assert fold_label("自然人") not in field.codes, spec.code
    assert seen >= 4


@pytest.mark.parametrize(
    ("who", "seen", "hidden"),
    [
        ("owner", ("查看2条", "申报缴纳明细", "尚未报送"), ("凭授权查看",)),
        ("bank_officer", ("凭授权查看", "行政处罚"), ("查看2条",)),
        ("authority", ("凭授权查看",), ("查看2条",)),
        ("operator", ("企业授权的机构可查",), ("凭授权查看", "查看2条")),
        ("auditor", ("企业授权的机构可查",), ("凭授权查看",)),
    ],
)
def test_the_overview_shows_every_item_and_reads_nothing_protected(
    firm: Subject, client_for: ClientFor, who: str, seen: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    text = client_for(who).get(reverse("profiles:record_overview", args=[firm.code])).content.decode()
    for item in CatalogueItem.objects.filter(is_active=True).order_by("code"):
        assert item.name in text
    for words in (*seen, "1天前"):
        assert words in text
    for words in hidden:
        assert words not in text
    assert not AccessRecord.objects.exists()


def test_the_overview_says_what_absence_means(firm: Subject, client_for: ClientFor) -> None:
    text = client_for("owner").get(reverse("profiles:record_overview", args=[firm.code])).content.decode()
    assert "尚未报送，无从判断" in text
    assert "已报送，没有该主体的记录，即无此事" in text


def test_the_overview_takes_few_queries(
    firm: Subject, client_for: ClientFor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_for("owner")
    with django_assert_max_num_queries(22):
        client.get(reverse("profiles:record_overview", args=[firm.code]))
