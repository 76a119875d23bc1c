"""Whatever goes wrong below /api/ is problem+json with a stable code and a Chinese sentence."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions

from apps.core.errors import InvalidInput, NotVisible, StateConflict
from apps.core.problems import as_domain_error, problem_response


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not-visible"),
        (PermissionDenied(), 403, "not-permitted"),
        (exceptions.PermissionDenied(), 403, "not-permitted"),
        (exceptions.NotFound(), 404, "not-visible"),
        (exceptions.NotAuthenticated(), 401, "not-authenticated"),
        (exceptions.AuthenticationFailed(), 401, "not-authenticated"),
        (exceptions.Throttled(), 429, "too-many-requests"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
        (exceptions.ParseError(), 400, "not-parsable"),
        (exceptions.UnsupportedMediaType("text/xml"), 415, "unsupported-media"),
        (StateConflict(), 409, "state-conflict"),
    ],
)
def test_as_domain_error_knows_every_refusal(error, status, code):
    found = as_domain_error(error)
    assert (found.status, found.code) == (status, code)
    assert found.message.endswith("。")


def test_as_domain_error_leaves_a_fault_a_fault():
    assert as_domain_error(ZeroDivisionError()) is None


def test_as_domain_error_flattens_nested_fields():
    detail = {"amount": ["必填。"], "items": [{}, {"code": ["无效。", "过长。"]}], "owner": {"name": ["必填。"]}}
    found = as_domain_error(exceptions.ValidationError(detail))
    assert isinstance(found, InvalidInput)
    assert found.fields == {"amount": "必填。", "items[1].code": "无效。 过长。", "owner.name": "必填。"}


def test_problem_response_is_problem_json_in_chinese():
    response = problem_response(NotVisible(), "/api/v1/subjects/x/")
    assert response["Content-Type"] == "application/problem+json"
    assert "没有找到" in response.content.decode()
    body = json.loads(response.content)
    assert (body["status"], body["code"], body["instance"]) == (404, "not-visible", "/api/v1/subjects/x/")
