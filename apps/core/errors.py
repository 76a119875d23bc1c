"""Refusals that the platform answers with a sentence: one HTTP status, one stable code, one Chinese message each.

Apps define their own children beside the service that raises them; one API handler and one middleware turn any of
them into problem+json or a page.
"""

import re
from typing import Any, ClassVar

PROBLEM_CONTENT_TYPE = "application/problem+json"

_KEBAB_CASE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class DomainError(Exception):
    """A rule said no. `message` is a full Chinese sentence for the reader, `fields` maps input field → sentence."""

    code: ClassVar[str] = "domain-error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "操作未完成"
    default_message: ClassVar[str] = "操作未完成，请检查后重试。"

    message: str
    fields: dict[str, str] | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not _KEBAB_CASE.fullmatch(cls.code):
            raise TypeError(f"{cls.__qualname__}.code must be kebab-case: {cls.code!r}")
        if not 400 <= cls.status <= 599:
            raise TypeError(f"{cls.__qualname__}.status must be an HTTP error status: {cls.status}")

    def __init__(self, message: str = "", *, fields: dict[str, str] | None = None) -> None:
        self.message = message or self.default_message
        self.fields = fields
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class NotParsable(DomainError):
    """The body is not what its content type says."""

    code = "not-parsable"
    status = 400
    title = "无法解析"
    default_message = "请求内容无法解析，请检查格式与编码。"


class NotPermitted(DomainError):
    """The actor may see the thing but not do this to it."""

    code = "not-permitted"
    status = 403
    title = "无权操作"
    default_message = "您没有进行此项操作的权限。"


class NotVisible(DomainError):
    """Missing, or not the actor's to see: the two are told apart by nothing."""

    code = "not-visible"
    status = 404
    title = "未找到"
    default_message = "没有找到您要的内容。"


class StateConflict(DomainError):
    """The thing is not, or no longer, in a state that allows this."""

    code = "state-conflict"
    status = 409
    title = "状态冲突"
    default_message = "当前状态不允许此项操作，请刷新后再试。"


class PreconditionFailed(DomainError):
    """The reader's copy is out of date (If-Match)."""

    code = "precondition-failed"
    status = 412
    title = "内容已被更新"
    default_message = "内容已被他人更新，请刷新后重新提交。"


class InvalidInput(DomainError):
    """What was entered cannot be accepted as it is."""

    code = "invalid-input"
    status = 422
    title = "输入有误"
    default_message = "提交的内容有误，请检查后重新提交。"


class ServiceUnavailable(DomainError):
    """Something that the platform itself needs is missing or down."""

    code = "service-unavailable"
    status = 503
    title = "服务暂不可用"
    default_message = "服务暂不可用，请稍后再试。"


def problem(error: DomainError, *, instance: str) -> dict[str, Any]:
    """The problem+json body of an error (RFC 9457); `instance` is the path of the request.

    `errors` (field → sentence) is present only when the error names fields.
    """
    body: dict[str, Any] = {
        "type": f"about:blank#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "instance": instance,
        "code": error.code,
    }
    if error.fields:
        body["errors"] = dict(error.fields)
    return body
