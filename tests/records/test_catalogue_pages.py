"""An administrator completes the catalogue in the browser, and the next delivery is read by it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.core.actor import SYSTEM
from apps.core.errors import NotPermitted
from apps.core.jobs import run_now
from apps.core.models import AuditEvent, JobState
from apps.records import services
from apps.records.models import CatalogueItem, Delivery, EventRecord, Source
from tests.records.support import CODES, SOCIAL_INSURANCE, payment, social_insurance

pytestmark = pytest.mark.django_db
ClientFor = Callable[[str], Client]

ITEM = {
    "name": "排污许可执行报告",
    "catalogue_no": "02-08",
    "category": "行政管理信息",
    "owner": "生态环境部门",
    "shape": "event",
    "sharing_mode": "collected",
    "disclosure": "public",
    "update_frequency": "每季",
    "retention_months": "60",
    "absence": "none",
    "source_document": "排污许可管理条例",
    "certainty": "confirmed",
    "code_label": "统一社会信用代码",
    "name_label": "排污单位名称",
    "date_label": "提交日期",
    "date_type": "date",
    "key_label": "报告编号",
}


def _post(client: Client, route: str, *args: str, **values: str) -> str:
    answer = client.post(reverse(f"records:{route}", args=args), values, follow=True)
    return answer.content.decode()


def _deliver(client: Client, source: Source, item: str, content: str) -> Delivery:
    upload = SimpleUploadedFile(f"{item}.csv", content.encode())
    answer = client.post(reverse("records:delivery_create"), {"what": f"{source.pk}:{item}", "file": upload})
    assert answer.status_code == 302, answer.content.decode()
    delivery = Delivery.objects.latest("pk")
    assert delivery.job is not None
    assert run_now(delivery.job).state == JobState.DONE
    delivery.refresh_from_db()
    return delivery


def test_an_alias_added_in_the_browser_is_understood_by_the_next_delivery(
    client_for: ClientFor, source: Source, registered: Delivery
) -> None:
    operator, department = client_for("operator"), client_for("department")
    content = social_insurance(payment(), code=CODES[0]).replace("缴费人数", "参保职工（人）")
    refused = _deliver(department, source, "social_insurance", content)
    assert (refused.state, refused.refusal) == ("refused", "表头缺少必填列：缴费人数。")

    page = _post(operator, "catalogue_alias_add", "social_insurance", "headcount", alias=" 参保职工(人) ")
    assert "已为“缴费人数”添加别名“参保职工(人)”" in page
    taken = _deliver(department, source, "social_insurance", content + "\n")
    assert (taken.state, taken.accepted, taken.notes) == ("applied", 1, [])
    event = AuditEvent.objects.get(verb="records.add_alias")
    assert event.after == {"field": "headcount", "alias": "参保职工(人)"}


def test_an_item_added_in_the_browser_takes_the_next_delivery(
    client_for: ClientFor, source: Source, registered: Delivery
) -> None:
    operator, department = client_for("operator"), client_for("department")
    page = _post(operator, "catalogue_add", **ITEM)
    item = CatalogueItem.objects.get(name=ITEM["name"])
    assert (item.code, item.natural_key, item.key_text) == ("paiwuxukezhixingbaogao", ["code", "key_no"], ["key_no"])
    assert "排污单位名称" in page
    assert "到报送范围指定" in page
    column: dict[str, Any] = {"label": "执行情况", "type": "code", "place": "class_text", "required": "on"}
    page = _post(
        operator, "catalogue_field_add", item.code, **column, aliases="结论、合规情况", codes="达标：合格、是\n超标"
    )
    assert "已新增“执行情况”一列" in page
    _post(operator, "catalogue_field_add", item.code, label="排放量(吨)", type="decimal", unit="吨")
    scope = {"item_codes": ["registration", "social_insurance", item.code]}
    operator.post(reverse("records:source_edit", args=[source.organization_id]), scope)

    rows = [
        "统一社会信用代码,排污单位名称,报告编号,提交日期,结论,排放量（吨）",
        f"{CODES[0]},甲有限公司,凤环报[2026]1号,2026-10-01,合格,12.5",
        f"{CODES[0]},甲有限公司,凤环报〔2026〕2号,2026-10-02,未知,1",
        f"{CODES[1]},乙有限公司,凤环报〔2026〕3号,2026-10-03,超标,",
    ]
    delivery = _deliver(department, source, item.code, "\n".join(rows))
    assert (delivery.read, delivery.accepted, delivery.rejected, delivery.normalised) == (3, 2, 1, 1)
    assert "可填：合格、超标" in delivery.rejected_rows.get().message
    event = EventRecord.objects.get(item_code=item.code, key_text="凤环报〔2026〕1号")
    assert (event.class_text, event.extra) == ("达标", {"paifangliang": "12.5000"})
    verbs = ["records.add_item", "records.add_field", "records.add_field", "records.set_source"]
    seen = AuditEvent.objects.filter(verb__in=verbs, pk__gte=AuditEvent.objects.get(verb="records.add_item").pk)
    assert list(seen.order_by("pk").values_list("verb", flat=True)) == verbs


@pytest.mark.parametrize(
    ("route", "args", "values", "sentence"),
    [
        ("catalogue_add", [], {**ITEM, "name": "行政处罚"}, "已有名为“行政处罚”的信息项。"),
        ("catalogue_add", [], {**ITEM, "date_label": ""}, "必须有日期（所属期）一列。"),
        ("catalogue_add", [], {**ITEM, "key_label": "提交日期"}, "各列的列名不能相同。"),
        ("catalogue_alias_add", ["power", "account"], {"alias": "户 名"}, "“户 名”已经是“户名”这一列的列名或别名。"),
        ("catalogue_alias_add", ["power", "account"], {"alias": "\u200b*"}, "列名不能为空"),
        ("catalogue_field_add", ["power"], {"label": "x", "type": "code"}, "请逐行写出可填的值。"),
        ("catalogue_field_add", ["power"], {"label": "x", "type": "text", "codes": "是"}, "才写可填的值。"),
        ("catalogue_field_add", ["power"], {"label": "x", "type": "date", "place": "paid_yuan"}, "或写法不符"),
        ("catalogue_field_add", ["power"], {"label": "x", "type": "text", "unit": "吨"}, "只有整数和数量填计量单位"),
        ("catalogue_field_add", ["power"], {"label": "x", "type": "code", "codes": "是：Y\n否：y"}, "互相矛盾"),
        ("catalogue_field_add", ["power"], {"label": "户号", "type": "text"}, "“户号”已经是“户号”这一列的列名或别名。"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    client_for: ClientFor, route: str, args: list[str], values: dict[str, str], sentence: str
) -> None:
    before = list(CatalogueItem.objects.order_by("pk").values())
    answer = client_for("operator").post(reverse(f"records:{route}", args=args), values)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert list(CatalogueItem.objects.order_by("pk").values()) == before


def test_an_item_that_was_changed_here_outlives_the_reference_file(client_for: ClientFor, now: datetime) -> None:
    from tests.records.support import CATALOGUE

    _post(client_for("operator"), "catalogue_alias_add", "power", "account", alias="电表号")
    assert services.load_catalogue(actor=SYSTEM, path=CATALOGUE, now=now) == 0
    assert "电表号" in CatalogueItem.objects.get(code="power").fields[0]["aliases"]


def test_every_item_can_be_read_by_a_clerk(client_for: ClientFor) -> None:
    operator = client_for("operator")
    listed = operator.get(reverse("records:catalogue_list")).content.decode()
    for item in CatalogueItem.objects.all():
        assert item.name in listed
        page = operator.get(reverse("records:catalogue_detail", args=[item.code])).content.decode()
        assert all(each["label"] in page for each in item.fields), item.code
    assert (
        SOCIAL_INSURANCE.split(",")[2]
        in operator.get(reverse("records:catalogue_detail", args=["social_insurance"])).content.decode()
    )


def test_only_the_platform_changes_the_catalogue(client_for: ClientFor, now: datetime) -> None:
    department = client_for("department")
    answer = department.post(reverse("records:catalogue_alias_add", args=["power", "account"]), {"alias": "电表号"})
    assert answer.status_code == 403
    with pytest.raises(NotPermitted):
        services.add_alias(actor=SYSTEM, item_code="power", field_name="account", alias="电表号", now=now)
    missing = client_for("operator").get(reverse("records:catalogue_alias_add", args=["power", "colour"]))
    assert missing.status_code == 404
