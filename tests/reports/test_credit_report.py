"""What the report says, asserted on its content and on the HTML before it is a PDF."""

from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from apps.core.digests import plain
from apps.reports import printing
from apps.reports.documents.credit_report import build
from apps.reports.documents.operations import by_month
from apps.reports.documents.parts import Column, bar_chart, table
from apps.reports.models import ReportRequest
from tests.reports import factories

HOSTILE = [
    "<script>alert(1)</script>有限公司",
    "{{7*7}}{% debug %}有限公司",
    '"><img src="file:///etc/passwd">',
    "http://169.254.169.254/latest/meta-data",
    "<link rel=attachment href='file:///etc/passwd'>",
    "'; background: url(http://169.254.169.254/x); '",
]


def content(**changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = plain(asdict(build(factories.basis(), factories.material(**changes))))
    return value


class Skeleton(HTMLParser):
    """Headings and every address of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.addresses: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data", "style")]

    def handle_data(self, data: str) -> None:
        if self._open in ("h1", "h2", "h3") and data.strip():
            self.headings.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def skeleton(html: str) -> Skeleton:
    parser = Skeleton()
    parser.feed(html)
    return parser


def test_report_follows_the_order_of_the_standard() -> None:
    assert skeleton(printing.html_of(content())).headings == [
        "企业融资信用报告",
        "核验本报告",
        "声明",
        "概要",
        "一、公共信用信息",
        "行政处罚",
        "资质与荣誉",
        "有效的行政许可",
        "二、经营、纳税、社保与用电",
        "纳税缴费信用级别",
        "纳税",
        "社会保险缴费",
        "用电",
        "三、司法与严重失信信息",
        "四、信用评分 FCS-1 与原因",
        "各维度得分",
        "主要失分原因",
        "五、名单与风险提示",
        "白名单",
        "六、数据来源与时间",
        "信息项",
        "七、异议与信用修复",
    ]


def test_cover_says_by_which_right_for_whom_and_for_what() -> None:
    cover = {row["label"]: row["value"] for row in content()["cover"]}
    assert cover["查询依据"] == "查询记录第 318 号（依据企业授权，企业可在平台查看）"
    assert (cover["查询机构"], cover["查询人"]) == ("岐丰农村商业银行股份有限公司", "客户经理")
    assert (cover["查询用途"], cover["有效期至"]) == ("信用报告", "2026-12-15（含当日）")
    own = build(factories.basis(access_record_id=None), factories.material())
    assert own.cover[0].value == "企业查询自身信息，无须授权"


def test_counters_tell_nothing_from_not_collected() -> None:
    counters = {row["label"]: (row["value"], row["is_alarm"]) for row in content()["counters"]}
    assert counters == {
        "行政管理": ("1 条", True),
        "诚实守信": ("1 条", False),
        "严重失信": ("0 条", False),
        "经营异常": ("0 条", False),
        "信用承诺": ("未归集", False),
        "信用评价": ("1 条", False),
        "司法判决": ("未归集", False),
        "其他": ("1 条", False),
    }


def test_an_item_that_was_never_delivered_is_not_called_clean() -> None:
    events = {code: rows for code, rows in factories.material().events.items() if code != "dishonest_debtor"}
    html = printing.html_of(content(events=events))
    assert "平台尚未归集该项信息，不能判断有无记录。" in html
    assert "没有失信被执行人记录。" not in html


def test_unrated_firm_is_called_unrated() -> None:
    profile = factories.profile(score=None, grade="", coverage_pct=Decimal("41.50"))
    score = content(profile=profile)["score"]
    assert [(row["label"], row["value"]) for row in score] == [
        ("信用评分", "不评级"),
        ("信用等级", "—"),
        ("数据覆盖率", "41.5%"),
    ]


def test_every_page_carries_the_caveat_and_the_digest_of_the_content() -> None:
    value = content()
    html = printing.html_of(value)
    assert "供金融机构参考，不构成征信或评级" in html
    assert "供金融机构参考，不构成征信或评级" in printing.css_of(value)
    assert printing.digest_of(value) in html
    assert printing.digest_of(value) != printing.digest_of(value | {"firm_name": "另一家"})


def test_stored_content_prints_the_same(db: None) -> None:
    """A JSON column gives back exactly what went in, so that the digest on paper can be checked years later."""
    value = content()
    field = ReportRequest._meta.get_field("content")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb", [field.get_db_prep_value(value, connection)])
        stored = field.from_db_value(cursor.fetchone()[0], None, connection)
    assert printing.digest_of(stored) == printing.digest_of(value)
    assert printing.html_of(stored) == printing.html_of(value)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    value = content(subject=factories.subject(name)) | {"watermark": name}
    html = printing.html_of(value)
    found = skeleton(html)
    assert name in unescape(html)
    assert all(address.startswith("data:image/svg+xml") for address in found.addresses)
    assert len(found.addresses) == 1
    assert "49有限公司" not in html
    assert name not in printing.css_of(value)


def test_by_month_adds_up_taxes_but_takes_sales_from_vat_only() -> None:
    rows = [
        factories.payment(9, key_text="增值税", due_yuan=Decimal(10), paid_yuan=Decimal(10), base_yuan=Decimal(100)),
        factories.payment(9, key_text="企业所得税", due_yuan=Decimal(7), paid_yuan=None, base_yuan=Decimal(900)),
        *(factories.payment(month, 2025, key_text="增值税", due_yuan=Decimal(1)) for month in range(1, 13)),
    ]
    months = by_month(rows, is_base=lambda row: row.key_text.startswith("增值税"))
    assert list(months) == [date(2025, month, 1) for month in range(2, 13)] + [date(2026, 9, 1)]
    september = months[date(2026, 9, 1)]
    assert (september.due_yuan, september.paid_yuan, september.base_yuan) == (Decimal(17), Decimal(10), Decimal(100))


def test_by_month_calls_a_month_paid_only_when_all_of_it_is() -> None:
    rows = [factories.payment(9, paid_on=date(2026, 10, 8)), factories.payment(9)]
    assert not by_month(rows)[date(2026, 9, 1)].is_paid


def test_bar_chart_leaves_a_gap_for_what_is_not_known() -> None:
    chart = bar_chart("用电量", "千瓦时", [("1月", Decimal(50), "50"), ("2月", None, ""), ("3月", Decimal(0), "0")])
    assert chart is not None
    assert [bar.height for bar in chart.bars] == [58, 0, 1]
    assert chart.summary == "用电量（千瓦时）：1月 50、2月 —、3月 0"
    assert bar_chart("用电量", "千瓦时", [("1月", None, "")]) is None


def test_table_refuses_a_row_of_another_width() -> None:
    with pytest.raises(ValueError, match="shorter"):
        table("表", (Column("甲"), Column("乙")), [("一",)])


def test_lists_say_their_effect_on_each_use() -> None:
    block = {
        "code": "SX_ZX",
        "name": "失信被执行人",
        "effects": {"whitelist": "BLOCK", "application": "BLOCK", "subsidy": "NONE"},
        "document": "(2026)陕0305执12号",
        "authority": "凤翔区人民法院",
        "listed_on": "2026-03-02",
        "until_on": None,
    }
    html = printing.html_of(content(profile=factories.profile(blocks=[block])))
    assert "白名单推荐：禁止；贷款申请：禁止" in html


def test_long_lists_of_licences_say_how_many_are_left_out() -> None:
    licence = factories.material().events["licence"][0]
    events = dict(factories.material().events) | {"licence": [licence | {"key_text": str(n)} for n in range(13)]}
    assert "另有 3 条较早的记录未列出。" in printing.html_of(content(events=events))


def test_content_holds_text_and_flags_only() -> None:
    """Whatever is printed was rounded before: no number is left for a template to format."""
    places = {"x", "y", "width", "height", "centre", "text_y", "label_y"}

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                walk(item, name)
        elif isinstance(value, list):
            for item in value:
                walk(item, key)
        else:
            assert isinstance(value, str | bool) or key in places, key

    walk(content())


def test_basis_without_access_record_is_the_firms_own() -> None:
    assert replace(factories.basis(), access_record_id=None).own
    assert not factories.basis().own
