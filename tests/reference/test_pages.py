from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.reference import selectors

pytestmark = pytest.mark.django_db

BASIS = {"source_document": "测试文件", "certainty": "confirmed", "reason": ""}
PAGES = [
    ("index", []),
    ("calendar_list", []),
    ("calendar_add", []),
    ("calendar_detail", [2026]),
    ("lpr_list", []),
    ("region_list", []),
    ("region_change", []),
    ("block_list_list", []),
    ("block_list_add", []),
    ("block_list_edit", ["SX_ZX"]),
    ("figure_list", []),
    ("figure_edit", ["decide_days"]),
    ("standard_list", []),
]


def url(name, args=()):
    return reverse(f"reference:{name}", args=args)


@pytest.fixture
def operator(client_for):
    return client_for("operator")


@pytest.mark.parametrize(("name", "args"), PAGES)
def test_pages_are_for_the_operator(name, args, operator, client_for, client):
    assert operator.get(url(name, args)).status_code == 200
    assert client_for("bank_officer").get(url(name, args)).status_code == 403
    assert client.get(url(name, args)).status_code == 302


@pytest.mark.parametrize(
    ("name", "args"), [("calendar_detail", [2027]), ("block_list_edit", ["NOPE"]), ("figure_edit", ["nope"])]
)
def test_pages_of_what_is_not_there_are_404(name, args, operator):
    assert operator.get(url(name, args)).status_code == 404


def test_calendar_add_saves_a_year(operator):
    data = {"year": 2027, "days": "2027-01-01 休 元旦", **BASIS}
    response = operator.post(url("calendar_add"), data, follow=True)
    assert response.redirect_chain == [(url("calendar_detail", [2027]), 302)]
    assert "2027年工作日历已保存" in response.content.decode()
    assert selectors.work_calendar().covers(date(2027, 5, 1))


def test_calendar_add_keeps_what_was_typed_when_a_line_is_wrong(operator):
    response = operator.post(url("calendar_add"), {"year": 2027, "days": "2027-01-01 休\n胡写", **BASIS})
    assert response.status_code == 200
    page = response.content.decode()
    assert "第2行：“胡写”" in page
    assert "2027-01-01 休\n胡写" in page
    assert not selectors.work_calendar().covers(date(2027, 5, 1))


def test_lpr_list_records_a_quote(operator):
    data = {"published_on": "2026-10-20", "one_year_pct": "2.95", "five_years_pct": "3.45", **BASIS}
    assert operator.post(url("lpr_list"), data).status_code == 302
    assert selectors.lpr_as_of(date(2026, 10, 20), "5Y").rate_pct == Decimal("3.45")


def test_lpr_list_refuses_the_future_beside_the_field(operator):
    data = {"published_on": "2999-10-20", "one_year_pct": "2.95", "five_years_pct": "3.45", **BASIS}
    assert "公布日期不能晚于今天" in operator.post(url("lpr_list"), data).content.decode()


def test_region_list_finds_the_past(operator):
    page = operator.get(url("region_list"), {"text": "凤翔"}).content.decode()
    assert "610322" in page
    assert "610305" in page
    page = operator.get(url("region_list"), {"text": "凤翔", "on": "2026-11-15"}).content.decode()
    assert "凤翔县" not in page
    assert "没有找到区划" in operator.get(url("region_list"), {"text": "亚特兰蒂斯"}).content.decode()


def test_region_change_saves_and_refuses(operator):
    data = {"code": "610306", "name": "岐山区", "predecessor_codes": "610323", "effective_from": "2026-11-01", **BASIS}
    refused = operator.post(url("region_change"), {**data, "predecessor_codes": "610322"})
    assert "610322 在 2026-11-01 之前没有施行" in refused.content.decode()
    assert operator.post(url("region_change"), data).status_code == 302
    assert selectors.current_region_code("610323", date(2026, 11, 15)) == "610306"


def test_block_list_edit_changes_an_effect_from_a_day_on(operator):
    page = operator.get(url("block_list_edit", ["TAX_D"]))
    data = {name: value for name, value in page.context["form"].initial.items() if name != "code"}
    data |= {"effect_application": "REVIEW", "effective_from": "2026-11-01", **BASIS}
    assert operator.post(url("block_list_edit", ["TAX_D"]), data).status_code == 302
    rule = next(row for row in selectors.block_lists(date(2026, 11, 1)) if row.code == "TAX_D")
    assert (rule.effect_application, rule.effect_whitelist, rule.fact_values) == ("REVIEW", "BLOCK", ("D",))


def test_figure_edit_gives_a_new_value(operator):
    data = {"value": "20", "effective_from": "2026-11-01", **BASIS}
    assert operator.post(url("figure_edit", ["decide_days"]), data).status_code == 302
    assert selectors.figure("decide_days", date(2026, 11, 1)) == 20
    assert selectors.figure("decide_days", date(2026, 10, 31)) == 30


@pytest.mark.parametrize("name", ["calendar_list", "lpr_list", "block_list_list", "figure_list", "standard_list"])
def test_lists_stay_within_their_queries(name, operator, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        operator.get(url(name))
