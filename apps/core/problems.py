"""Domain errors for machines: RFC 9457 problem+json with stable codes and Chinese sentences."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.errors import (
    PROBLEM_CONTENT_TYPE,
    DomainError,
    InvalidInput,
    NotParsable,
    NotPermitted,
    NotVisible,
    problem,
)


class NotAuthenticated(NotPermitted):
    """Nobody is logged in."""

    code = "not-authenticated"
    status = 401
    title = "未登录"
    default_message = "请先登录或提供有效的访问令牌。"


class TooManyRequests(DomainError):
    """Asked too often."""

    code = "too-many-requests"
    status = 429
    title = "请求过于频繁"
    default_message = "请求过于频繁，请稍后再试。"


class NotAllowedMethod(DomainError):
    """The route has no such method."""

    code = "method-not-allowed"
    status = 405
    title = "方法不支持"
    default_message = "该地址不支持这种请求方法。"


class UnsupportedMedia(DomainError):
    """The content type, or the answer's form, is not offered."""

    code = "unsupported-media"
    status = 415
    title = "格式不支持"
    default_message = "不支持这种内容格式，请使用 application/json。"


class ContentTooLarge(DomainError):
    """More than any request of ours carries."""

    code = "content-too-large"
    status = 413
    title = "内容过大"
    default_message = "请求内容过大，文件不能超过2GB，请分份报送。"


class LengthRequired(DomainError):
    """The body's length is not said, so it cannot be told from a broken one."""

    code = "length-required"
    status = 411
    title = "缺少长度"
    default_message = "请求须带 Content-Length 请求头，不支持分块传输。"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception hook; None lets what is not foreseen become a 500."""
    domain = as_domain_error(error)
    if domain is None:
        return None
    set_rollback()
    response = Response(problem(domain, instance=context["request"].path), status=domain.status)
    response.content_type = PROBLEM_CONTENT_TYPE
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    return response


def as_domain_error(error: Exception) -> DomainError | None:  # noqa: C901  (one line per kind of refusal)
    """Our word for an exception of Django or DRF, None when there is none."""
    match error:
        case DomainError():
            return error
        case Http404():
            return NotVisible()
        case PermissionDenied() | exceptions.PermissionDenied():
            return NotPermitted()
        case exceptions.NotFound():
            return NotVisible()
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotAuthenticated()
        case exceptions.Throttled():
            return TooManyRequests()
        case exceptions.MethodNotAllowed():
            return NotAllowedMethod()
        case exceptions.ParseError() | RecursionError():
            return NotParsable()
        case exceptions.UnsupportedMediaType() | exceptions.NotAcceptable():
            return UnsupportedMedia()
        case exceptions.ValidationError():
            return InvalidInput(fields=_fields(error.detail))
    return None


def _fields(detail: Any, path: str = "") -> dict[str, str]:
    """Flatten DRF's nested error detail into dotted field → sentence."""
    if isinstance(detail, dict):
        found: dict[str, str] = {}
        for name, value in detail.items():
            found |= _fields(value, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(value, dict | list) for value in detail):
        found = {}
        for number, value in enumerate(detail):
            found |= _fields(value, f"{path}[{number}]")
        return found
    texts = detail if isinstance(detail, list) else [detail]
    return {path or "non_field_errors": " ".join(str(text) for text in texts)}


def problem_response(error: DomainError, path: str) -> JsonResponse:
    """A problem+json answer outside DRF."""
    body = problem(error, instance=path)
    return JsonResponse(
        body, status=error.status, content_type=PROBLEM_CONTENT_TYPE, json_dumps_params={"ensure_ascii": False}
    )
