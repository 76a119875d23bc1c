import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.records.models import Delivery

pytestmark = pytest.mark.django_db


def test_deliveries_lists_what_became_of_the_rows(registered: Delivery) -> None:
    out = StringIO()
    call_command("deliveries", stdout=out)
    assert "已入库 登记注册信息 registration.csv  读取2 非数据0 入库2 退回0 待处理0 重复0" in out.getvalue()
    out = StringIO()
    call_command("deliveries", "--format", "json", stdout=out)
    (row,) = json.loads(out.getvalue())
    assert (row["item"], row["state"], row["counts"]["accepted"]) == ("registration", "applied", 2)
