"""Who may open which address: every route × method × role has its word in tests/cases/permissions.csv.

The words: 登录 sent to the log-in page or answered 401; 禁止 refused for the role; 可 let in by the role (what follows
is a page, a redirect, or 404, since the arguments name nothing). A method that a route does not have has no row.

Our own views are called directly with the Actor of the role, which is what the middleware would set: three thousand
requests through every layer would take minutes. Views of libraries know no roles; they go through the test client.
"""

import csv
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver, resolve
from django_htmx.middleware import HtmxDetails

from apps.core.errors import DomainError, NotPermitted
from tests.support.cast import Cast

CASES = Path(__file__).parents[1] / "cases" / "permissions.csv"
ROLES = {
    "访客": None,
    "企业负责人": "owner",
    "企业财务": "accountant",
    "客户经理": "bank_officer",
    "银行审批人": "bank_approver",
    "主管部门": "authority",
    "数据部门": "department",
    "金融监管": "regulator",
    "平台管理员": "operator",
    "审计管理员": "auditor",
}
METHODS = ("GET", "POST")
# Arguments that name nothing, by converter.
DUMMIES = {
    "int": "987654321",
    "slug": "no-such-thing",
    "str": "no-such-thing",
    "uuid": "00000000-0000-0000-0000-000000000000",
}
# The stock administration asks for staff; see the last test.
ELSEWHERE = {"admin"}


class Route(NamedTuple):
    """A named address, filled with arguments that name nothing."""

    name: str
    path: str
    is_ours: bool


def routes(resolver: URLResolver | None = None, prefix: str = "", namespace: str = "") -> Iterator[Route]:
    """Every route of the site."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace not in ELSEWHERE:
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from routes(pattern, path, inner)
        elif isinstance(pattern, URLPattern):
            is_ours = pattern.callback.__module__.startswith("apps.")
            yield Route(f"{namespace}{pattern.name}", "/" + _filled(path), is_ours)


def _filled(path: str) -> str:
    filled = re.sub(r"<(?:(\w+):)?\w+>", lambda match: DUMMIES[match[1] or "str"], path)
    assert not set(filled) & set("^$(\\"), f"a regular expression needs a dummy: {path}"
    return filled


@functools.cache
def matrix() -> dict[tuple[str, str], dict[str, str]]:
    """(route, method) → role → word."""
    with CASES.open(encoding="utf-8", newline="") as file:
        return {(row["路由"], row["方法"]): {role: row[role] for role in ROLES} for row in csv.DictReader(file)}


class NoMethod(Exception):
    """The route does not have the method."""


def word_of(status: int, location: str) -> str:
    """What an answer says of the caller's role."""
    if status == 405:
        raise NoMethod
    if status == 401 or (status == 302 and location.startswith("/account/login")):
        return "登录"
    return "禁止" if status == 403 else "可"


def direct(cast: Cast, name: str | None, method: str, route: Route, match: ResolverMatch) -> str:
    """What one of our views says to a role; whatever it wrote is undone."""
    request: Any = RequestFactory().generic(method, route.path, headers={"Idempotency-Key": "matrix"})
    request._dont_enforce_csrf_checks = True
    request.user = cast[name].user if name else AnonymousUser()
    request.actor = cast[name].actor if name else None
    request.request_id = "matrix"
    request.session = SessionStore()
    request._messages = CookieStorage(request)
    request.htmx = HtmxDetails(request)
    request.resolver_match = match
    with transaction.atomic():
        try:
            response = match.func(request, *match.args, **match.kwargs)
        except (NotPermitted, PermissionDenied):
            return "禁止"
        except (DomainError, Http404):
            return "可"
        finally:
            transaction.set_rollback(True)
    return word_of(response.status_code, response.headers.get("Location", ""))


def through_all_layers(cast: Cast, name: str | None, method: str, route: Route) -> str:
    """What a library's view answers."""
    client = Client()
    if name:
        client.force_login(cast[name].user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.generic(method, route.path)
    return word_of(response.status_code, response.headers.get("Location", ""))


def words_of(cast: Cast, method: str, route: Route) -> dict[str, str]:
    """Role → word. Raises NoMethod."""
    if not route.is_ours:
        stranger, person = (through_all_layers(cast, name, method, route) for name in (None, "owner"))
        return {role: person if name else stranger for role, name in ROLES.items()}
    match = resolve(route.path)
    return {role: direct(cast, name, method, route, match) for role, name in ROLES.items()}


def test_every_route_answers_each_role_as_the_matrix_says(cast, caplog):
    caplog.set_level("CRITICAL", logger="django.request")
    known = matrix()
    missing, wrong, broken, seen = [], [], [], set()
    for route in routes():
        for method in METHODS:
            try:
                words = words_of(cast, method, route)
            except NoMethod:
                continue
            except Exception as error:  # all broken pages are reported together
                broken.append(f"{method} {route.path} ({route.name}): {error!r}")
                continue
            seen.add((route.name, method))
            row = ",".join([route.name, method, *words.values()])
            if (route.name, method) not in known:
                missing.append(row)
            elif known[route.name, method] != words:
                wrong.append(row)
    assert not broken, "\n".join(broken)
    assert not missing, "Routes without a row. Is this who may? If so, add:\n" + "\n".join(missing)
    assert not wrong, "The matrix says otherwise than the site, which answers:\n" + "\n".join(wrong)
    assert set(known) - seen == set(), "rows of routes or methods that do not exist"


def test_no_row_comes_twice_and_every_word_is_known():
    with CASES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [(row["路由"], row["方法"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert {row[role] for row in rows for role in ROLES} <= {"登录", "禁止", "可"}


@pytest.mark.parametrize("name", sorted(filter(None, ROLES.values())))
def test_nobody_of_the_cast_enters_the_stock_administration(client_for, name):
    response = client_for(name).get("/admin/core/auditevent/")
    assert response.status_code in (302, 404)
    assert response.headers.get("Location", "/admin/login/").startswith("/admin/login/")
