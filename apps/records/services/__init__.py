"""Writes of records: the catalogue, deliveries, and the facts that come of them."""

from apps.core import audit

audit.register(
    "records",
    {
        "load_catalogue": "更新信息目录（{target}等）",
        "add_item": "在信息目录中新增“{target}”",
        "add_field": "为信息项“{target}”新增列",
        "add_alias": "为信息项“{target}”的列添加别名",
        "set_source": "设定“{target}”可报送的信息项",
        "receive": "接收报送：{target}",
        "repeat": "认定重复报送：{target}",
        "apply": "报送入库：{target}",
        "refuse": "整份退回报送：{target}",
        "retry_held": "重试待处理的行：{target}",
        "accept_held": "采纳入库：{target}",
        "assign_held": "归入所选主体：{target}",
        "dismiss_held": "不予入库：{target}",
        "decide_all_held": "成批处理待处理的行：{target}",
        "retire": "到期处理：{target}",
        "load_retention_rules": "更新保存规则（{target}等）",
        "keep_duties": "更新报送任务：{target}",
        "count_quality": "统计{target}数据质量",
        "request_count": "重新统计“{target}”的数据质量",
        "raise_alert": "提醒逾期未报：{target}",
        "find_contradictions": "核对部门间数据：{target}",
        "find_code_faults": "查找重错码：{target}",
        "open_round": "开始重错码更正：{target}",
        "import_corrections": "导入重错码更正表：{target}",
        "publish_bulletin": "发布{target}",
        "configure_adapter": "设定{target}",
        "pause_adapter": "暂停{target}",
        "resume_adapter": "恢复{target}",
        "try_adapter": "试连{target}",
        "open_breaker": "{target}连续失败，已熔断",
        "ask_source": "请求{target}",
        "export_questions": "导出核验请求：{target}",
        "take_answers": "接收核验答复：{target}",
        "settle_answers": "核验答复入库：{target}",
        "end_question": "结束{target}",
    },
)

from apps.records.services.adapters import (  # noqa: E402
    configure_adapter,
    pause_adapter,
    request_try,
    resume_adapter,
    try_adapter,
)
from apps.records.services.alerts import end_alerts  # noqa: E402
from apps.records.services.answers import Taken, receive_answers, settle_answers  # noqa: E402
from apps.records.services.bulletins import publish_bulletin, publish_month  # noqa: E402
from apps.records.services.catalogue import load_catalogue, set_source  # noqa: E402
from apps.records.services.code_faults import (  # noqa: E402
    Line,
    find_code_faults,
    import_corrections,
    open_round,
)
from apps.records.services.contradictions import find_contradictions, remember_names  # noqa: E402
from apps.records.services.deliveries import DeliveryRefused, DeliveryTooLarge, receive_delivery  # noqa: E402
from apps.records.services.entries import add_alias, add_field, add_item  # noqa: E402
from apps.records.services.held import (  # noqa: E402
    decide_found_rows,
    decide_found_rows_by_job,
    decide_held_rows,
    retry_held_rows,
)
from apps.records.services.intake import apply_delivery  # noqa: E402
from apps.records.services.quality import count_figures, count_source, keep_duties, request_count, roll_quality  # noqa: E402
from apps.records.services.retention import load_retention_rules, rehearse, retire_records  # noqa: E402
from apps.records.services.verification import (  # noqa: E402
    ask_source,
    cancel_requests,
    export_questions,
    put_question,
)

__all__ = [
    "Taken",
    "ask_source",
    "cancel_requests",
    "configure_adapter",
    "export_questions",
    "pause_adapter",
    "put_question",
    "receive_answers",
    "request_try",
    "resume_adapter",
    "settle_answers",
    "try_adapter",
    "DeliveryRefused",
    "DeliveryTooLarge",
    "Line",
    "add_alias",
    "add_field",
    "add_item",
    "apply_delivery",
    "count_figures",
    "count_source",
    "decide_found_rows",
    "decide_found_rows_by_job",
    "decide_held_rows",
    "end_alerts",
    "find_code_faults",
    "find_contradictions",
    "import_corrections",
    "keep_duties",
    "load_catalogue",
    "load_retention_rules",
    "open_round",
    "publish_bulletin",
    "publish_month",
    "receive_delivery",
    "remember_names",
    "request_count",
    "rehearse",
    "retire_records",
    "retry_held_rows",
    "roll_quality",
    "set_source",
]
