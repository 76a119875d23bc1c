import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.records.models import Delivery, HeldRow
from tests.records.conftest import Deliver
from tests.records.support import CODES, payment, social_insurance

pytestmark = pytest.mark.django_db


def _printed(*options: str) -> str:
    out = StringIO()
    call_command("deliveries", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def delivered(deliver: Deliver, registered: Delivery) -> list[Delivery]:
    """Registration; a file with a rejected row, two conflicting and one unknown; the same file again."""
    rows = [payment("202609"), payment("202610", paid="1.2万"), payment("202608"), payment("202608", paid="1.00")]
    content = social_insurance(*rows, payment(code=CODES[2]), "合计,,,,,,,,", code=CODES[0])
    return [registered, deliver(content), deliver(content)]


def test_every_delivery_is_listed_with_counts_reasons_and_row_numbers(delivered: list[Delivery]) -> None:
    first, second, third = json.loads(_printed("--format", "json"))
    assert [row["id"] for row in (first, second, third)] == [delivery.pk for delivery in delivered]
    assert (first["item"], first["state"], first["accepted"]) == ("registration", "applied", 2)
    counts = {name: second[name] for name in ("read", "not_data", "accepted", "rejected", "held", "duplicate")}
    assert counts == {"read": 6, "not_data": 1, "accepted": 1, "rejected": 1, "held": 3, "duplicate": 0}
    assert second["reasons"]["held"] == {"conflict": 2, "unknown_subject": 1}
    assert second["reasons"]["rejected"] == {"unit_in_number": 1}
    assert second["rejected_rows"] == [{"row": 3, "reason": "unit_in_number"}]
    assert second["held_rows"] == [
        {"row": 4, "reason": "conflict"},
        {"row": 5, "reason": "conflict"},
        {"row": 6, "reason": "unknown_subject"},
    ]
    assert (third["state"], third["repeats"], third["read"]) == ("repeated", second["id"], 0)


def test_a_row_that_somebody_dismissed_is_listed_with_the_rejected_ones(delivered: list[Delivery]) -> None:
    waiting = HeldRow.objects.filter(delivery=delivered[1], row_number=4)
    waiting.update(state="dismissed", resolved_at=delivered[1].received_at)
    row = json.loads(_printed("--format", "json", "--item", "social_insurance"))[0]
    assert row["rejected_rows"] == [{"row": 3, "reason": "unit_in_number"}, {"row": 4, "reason": "dismissed"}]
    assert [one["row"] for one in row["held_rows"]] == [5, 6]


def test_the_table_says_the_same_in_words(delivered: list[Delivery]) -> None:
    lines = _printed("--item", "social_insurance")
    assert "registration.csv" not in lines
    assert "读取6 非数据1 入库1 规范0 提示0 退回1 待处理3 重复0 更正0" in lines
    assert "待处理 同键不同值2行：第4、5行" in lines
    assert f"与第{delivered[1].pk}号报送完全相同" in lines


def test_no_delivery_is_an_empty_array_and_an_unknown_item_is_refused() -> None:
    assert json.loads(_printed("--format", "json")) == []
    with pytest.raises(CommandError, match="没有信息项 colour"):
        _printed("--item", "colour")
