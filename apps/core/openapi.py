"""The description of `/api/v1/`: what every operation shares.

DRF imports this module while it is itself half loaded, so nothing here may import a view.
"""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from apps.core.errors import PROBLEM_CONTENT_TYPE
from apps.core.idempotency import KEY_HEADER


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 错误应答。"""

    type = serializers.CharField(label="类型")
    title = serializers.CharField(label="标题")
    status = serializers.IntegerField(label="HTTP 状态")
    detail = serializers.CharField(label="说明", help_text="中文完整句子，可以直接显示。")
    instance = serializers.CharField(label="请求地址")
    code = serializers.CharField(label="代码", help_text="稳定不变，供程序判断。")
    errors = serializers.DictField(  # type: ignore[assignment]
        label="逐项错误", child=serializers.CharField(), required=False
    )


_REFUSALS = {
    "400": "请求无法解析；写操作缺少 Idempotency-Key",
    "401": "未登录或令牌无效",
    "403": "角色或授权不允许",
    "404": "不存在，或不在可见范围内（两者应答相同）",
    "415": "不支持所给的内容格式或所要的应答格式",
    "422": "输入有误；errors 逐项说明",
}
_WRITE_REFUSALS = {
    "409": "当前状态不允许，或同一幂等键的请求正在处理",
    "411": "缺少 Content-Length",
    "413": "请求内容过大",
}


class Schema(AutoSchema):
    """Adds refusals to every operation and `Idempotency-Key` to every write."""

    def get_description(self) -> str:  # type: ignore[override]
        """What `extend_schema` gives and nothing else: docstrings are for programmers."""
        return ""

    def get_override_parameters(self) -> list[Any]:
        """Headers that a caller sends."""
        given = list(super().get_override_parameters())
        if self.method != "POST":
            return given
        return [
            *given,
            OpenApiParameter(
                KEY_HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                description="每次写操作取一个新值（1 至 255 个字符）；重试时沿用，平台只执行一次并返回首次的应答。",
            ),
        ]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        refusals = _REFUSALS | (_WRITE_REFUSALS if self.method == "POST" else {})
        if self.method == "GET" and self.is_detail:
            bodies["304"] = {"description": "内容与 If-None-Match 所给的 ETag 相同"}
        for status, text in refusals.items():
            answer = OpenApiResponse(ProblemSerializer, description=text)
            bodies[status] = self._get_response_for_code(answer, status, [PROBLEM_CONTENT_TYPE], direction)
        return bodies

    @property
    def is_detail(self) -> bool:
        """Whether the operation answers with one thing."""
        return getattr(self.view, "action", "") == "retrieve"
