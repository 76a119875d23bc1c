"""The hall, the bank's own pages, the import page."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.products import services
from apps.products.models import ProductVersion
from apps.products.selectors import bank_by_name
from tests.products.factories import TODAY, draft, published, submitted, terms
from tests.products.test_importing import FILE

pytestmark = pytest.mark.django_db

FORM = {
    "name": "小微快贷",
    "amount_min_wan": "",
    "amount_max_wan": "50",
    "term_max_months": "12",
    "lpr_tenor": "1Y",
    "bps_min": "70",
    "bps_max": "180",
    "guarantee_types": ["credit", "guarantee"],
    "repayment_types": ["revolving"],
    "first_loan": "accepted",
    "renewal": "yes",
    "criteria-region_within": "凤翔区、陈仓区",
    "criteria-industry_in": "制造业、农、林、牧、渔业",
    "criteria-tax_grade_in": ["A", "B"],
    "criteria-annual_revenue_min": "200.5",
    "criteria-no_dishonest_debtor": "on",
    "criteria-not_listed": ["SX_ZC", "SX_GZ"],
    "criteria-manual": "近2年无重大不良\n须面谈",
}
CRITERIA = [
    {"slug": "region_within", "value": ["610305", "610304"]},
    {"slug": "industry_in", "value": ["C", "A"]},
    {"slug": "annual_revenue_min", "value": "2005000.00"},
    {"slug": "tax_grade_in", "value": ["A", "B"]},
    {"slug": "no_dishonest_debtor", "value": None},
    {"slug": "not_listed", "value": "SX_ZC"},
    {"slug": "not_listed", "value": "SX_GZ"},
    {"slug": "manual", "value": "近2年无重大不良"},
    {"slug": "manual", "value": "须面谈"},
]


def test_the_hall_is_open_to_everybody_and_filters_by_address(cast, now):
    published(cast, now, name="短期贷", criteria=CRITERIA)
    published(cast, now, name="长期贷", term_max_months=60, guarantee_types=("mortgage",), bps_min=10)
    draft(cast, now, name="草稿贷")
    client = Client()
    page = client.get(reverse("products:hall")).content.decode()
    assert "短期贷" in page
    assert "3.10%至4.50%" in page
    assert "草稿贷" not in page
    only = client.get(
        reverse("products:hall"), {"term_months": "36", "amount_wan": "100", "sort": "rate"}
    ).content.decode()
    assert "长期贷" in only
    assert "短期贷" not in only
    assert "没有符合条件的产品" in client.get(reverse("products:hall"), {"amount_wan": "9000"}).content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["乙贷", "甲贷"]),
        ({"sort": "rate"}, ["甲贷", "乙贷"]),
        ({"sort": "amount"}, ["甲贷", "乙贷"]),
        ({"sort": "days"}, ["乙贷", "甲贷"]),
        ({"guarantee": "mortgage"}, ["甲贷"]),
        ({"repayment": "bullet"}, ["甲贷"]),
        ({"first_loan": "only"}, ["甲贷"]),
        ({"max_rate_pct": "3.6"}, ["乙贷", "甲贷"]),
        ({"max_rate_pct": "3.4"}, []),
        ({"amount_wan": "400"}, ["甲贷"]),
        ({"term_months": "12"}, ["乙贷", "甲贷"]),
        ({"term_months": "6"}, ["乙贷"]),
        ({"q": "乙"}, ["乙贷"]),
    ],
)
def test_the_hall_answers_each_question(cast, now, query, names):
    published(cast, now, name="乙贷", bps_min=60)
    published(
        cast,
        now,
        name="甲贷",
        lpr_tenor="5Y",
        bps_min=0,
        amount_max_yuan=Decimal("5000000.00"),
        term_min_months=12,
        promised_days=None,
        guarantee_types=("mortgage",),
        repayment_types=("bullet",),
        first_loan="only",
    )
    rows = Client().get(reverse("products:hall"), query).context["rows"]
    assert [version.product.name for version, _ in rows] == names


def test_the_hall_asks_the_same_number_of_queries_for_one_product_and_for_twelve(cast, now, django_assert_num_queries):
    client = Client()
    published(cast, now, name="产品 0")
    client.get(reverse("products:hall"))
    with django_assert_num_queries(5):
        client.get(reverse("products:hall"))
    for number in range(1, 13):
        published(cast, now, name=f"产品 {number}")
    with django_assert_num_queries(5):
        page = client.get(reverse("products:hall")).content.decode()
    assert "共 13 个产品" in page
    assert "下一页" in page


def test_a_product_page_says_terms_conditions_and_cost(cast, now):
    version = published(cast, now, criteria=CRITERIA)
    page = Client().get(reverse("products:version_detail", args=[version.pk])).content.decode()
    for text in (
        "10万元至300万元",
        "不超过12个月",
        "3.50%至4.50%",
        "登记在凤翔区、陈仓区",
        "人工核实：须面谈",
        "随借随还",
    ):
        assert text in page
    assert "办理情况" not in page


def test_a_foreign_draft_is_answered_like_a_missing_one(cast, now, client_for):
    version = draft(cast, now)
    foreign = client_for("other_bank_officer").get(reverse("products:version_detail", args=[version.pk]))
    missing = client_for("other_bank_officer").get(reverse("products:version_detail", args=[10**9]))
    assert foreign.status_code == missing.status_code == 404


def test_an_officer_drafts_in_the_browser_and_another_person_publishes(cast, client_for):
    officer, approver = client_for("bank_officer"), client_for("bank_approver")
    created = officer.post(reverse("products:product_create"), FORM)
    version = ProductVersion.objects.get()
    assert created.headers["Location"] == reverse("products:version_detail", args=[version.pk])
    assert (version.criteria, str(version.amount_max_yuan)) == (CRITERIA, "500000.00")
    assert "提交审核" in officer.get(created.headers["Location"]).content.decode()
    assert officer.get(reverse("products:version_move", args=[version.pk, "submit"])).status_code == 200
    officer.post(reverse("products:version_move", args=[version.pk, "submit"]))
    publish = reverse("products:version_move", args=[version.pk, "publish"])
    assert officer.get(publish).status_code == 403
    assert officer.post(publish).status_code == 403
    assert approver.get(publish).status_code == 200
    late = approver.post(
        reverse("products:version_move", args=[version.pk, "publish"]),
        {"effective_from": str(TODAY - timedelta(days=1000))},
    )
    assert "生效日期不能早于今天" in late.content.decode()
    done = approver.post(
        reverse("products:version_move", args=[version.pk, "publish"]), {"effective_from": "2099-01-01"}
    )
    assert done.status_code == 302
    version.refresh_from_db()
    assert version.state == "published"
    assert "小微快贷" in officer.get(reverse("products:own_list")).content.decode()


def test_what_the_form_shows_is_saved_again_unchanged(cast, now, client_for):
    for version in services.import_catalogue(
        actor=cast.operator.actor,
        content=FILE.read_bytes(),
        organizations=bank_by_name(),
        business_date=TODAY,
        now=now,
    ).drafts:
        if version.product.organization_id != cast.bank_officer.organization.pk:
            continue
        officer = client_for("bank_officer")
        address = reverse("products:version_edit", args=[version.pk])
        page = officer.get(address)
        data = _typed(page.context["terms"]) | _typed(page.context["criteria"])
        assert officer.post(address, data).status_code == 302
        after = ProductVersion.objects.get(pk=version.pk)
        assert after.terms == version.terms
        assert sorted(map(str, after.criteria)) == sorted(map(str, version.criteria))
        assert after.revision == version.revision + 1


def _typed(form):
    """What a browser would send of a form as it is shown."""
    values = {form.add_prefix(name): form[name].value() for name in form.fields if not form.fields[name].disabled}
    return {name: ("on" if value is True else value) for name, value in values.items() if value not in (None, False)}


def test_a_bad_entry_is_said_beside_its_field_and_loses_nothing(cast, client_for):
    bad = FORM | {"criteria-region_within": "凤翔县", "bps_max": "10", "amount_min_wan": "99"}
    page = client_for("bank_officer").post(reverse("products:product_create"), bad).content.decode()
    assert "没有名为“凤翔县”的现行行政区划。" in page
    assert "小微快贷" in page
    good = FORM | {"bps_max": "10"}
    assert (
        "最高基点不能低于最低基点"
        in client_for("bank_officer").post(reverse("products:product_create"), good).content.decode()
    )
    assert not ProductVersion.objects.exists()


def test_a_group_that_the_form_cannot_show_survives_an_edit(cast, now, client_for):
    group = {"any": [{"slug": "age_months_min", "value": 12}, {"slug": "score_min", "value": 700}]}
    version = draft(cast, now, criteria=[group])
    officer = client_for("bank_officer")
    address = reverse("products:version_edit", args=[version.pk])
    page = officer.get(address)
    assert "另有 1 组组合条件" in page.content.decode()
    officer.post(address, _typed(page.context["terms"]) | _typed(page.context["criteria"]))
    version.refresh_from_db()
    assert (version.criteria, version.revision) == ([group], 2)


def test_an_officer_starts_the_next_version_from_the_one_in_force(cast, now, client_for):
    version = published(cast, now, criteria=CRITERIA)
    answer = client_for("bank_officer").post(reverse("products:version_next", args=[version.pk]))
    following = ProductVersion.objects.get(version=2)
    assert answer.headers["Location"] == reverse("products:version_edit", args=[following.pk])
    assert (following.terms, following.criteria) == (terms(), CRITERIA)


def test_a_submitted_version_cannot_be_edited(cast, now, client_for):
    version = submitted(cast, now)
    assert client_for("bank_officer").get(reverse("products:version_edit", args=[version.pk])).status_code == 409


@pytest.mark.parametrize(
    ("who", "name", "status"),
    [
        ("owner", "products:own_list", 403),
        ("bank_approver", "products:product_create", 403),
        ("bank_officer", "products:catalogue_import", 403),
        ("operator", "products:catalogue_import", 200),
    ],
)
def test_pages_are_for_their_roles(cast, client_for, who, name, status):
    assert client_for(who).get(reverse(name)).status_code == status


def test_the_administrator_imports_the_catalogue_and_sees_what_was_refused(cast, client_for):
    file = SimpleUploadedFile("目录.xlsx", FILE.read_bytes())
    page = client_for("operator").post(reverse("products:catalogue_import"), {"file": file}).content.decode()
    assert "没有名为“周塬城市商业银行股份有限公司”的入驻金融机构。" in page
    bad = client_for("operator").post(
        reverse("products:catalogue_import"), {"file": SimpleUploadedFile("a.xlsx", b"x")}
    )
    assert "文件不是可读的 Excel 工作簿" in bad.content.decode()
