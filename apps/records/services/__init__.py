"""Writes of records: the catalogue, deliveries, and the facts that come of them."""

from apps.core import audit

audit.register(
    "records",
    {
        "load_catalogue": "更新信息目录（{target}等）",
        "set_source": "设定“{target}”可报送的信息项",
        "receive": "接收报送：{target}",
        "repeat": "认定重复报送：{target}",
        "apply": "报送入库：{target}",
        "refuse": "整份退回报送：{target}",
        "retry_held": "重试待处理的行：{target}",
        "dismiss_held": "不予入库：{target}",
    },
)

from apps.records.services.catalogue import load_catalogue, set_source  # noqa: E402
from apps.records.services.deliveries import DeliveryRefused, DeliveryTooLarge, receive_delivery  # noqa: E402
from apps.records.services.held import dismiss_held_row, retry_held_rows  # noqa: E402
from apps.records.services.intake import apply_delivery  # noqa: E402

__all__ = [
    "DeliveryRefused",
    "DeliveryTooLarge",
    "apply_delivery",
    "dismiss_held_row",
    "load_catalogue",
    "receive_delivery",
    "retry_held_rows",
    "set_source",
]
