"""API fuzzing: every operation of the OpenAPI description, asked by every kind of system, gets a documented answer.

Requests are made by schemathesis from our own description, half of them as it says and half of them against it; known
identifiers are mixed in, so that requests get past «not found». No answer may be a fault, have a status or a form that
the description does not name, or a body that is not what it says.
"""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from apps.accounts.models import Organization
from apps.accounts.rules import ROLES_OF_KIND
from apps.accounts.services import create_api_client, create_organization
from apps.core import clock
from apps.core.actor import SYSTEM, OrganizationKind, Role
from apps.core.errors import DomainError
from apps.core.jobs import run_now
from apps.operations.bench.database import fresh, template
from apps.records.models import Delivery
from apps.records.selectors import items_in_force
from apps.records.services import receive_delivery, set_source
from apps.subjects.models import Subject

INSIDE: Final = "XINQIAO_DRILL"
SCHEMA: Final = "/api/v1/schema/?format=json"
REGION: Final = "610305"
_SAMPLES: Final = (
    ("registration", "市场监管局/登记注册信息_20261112.csv"),
    ("penalty", "行政审批局/行政处罚信息_双公示_20261112.csv"),
)
_NOBODY: Final = "访客"

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Caller:
    """A system and its token; none for a stranger."""

    name: str
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What it sends with every request."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass(slots=True)
class Result:
    """How many requests got which status, and what went wrong: operation and fault → how to see it again."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return self.statuses.total()

    @property
    def lines(self) -> list[str]:
        """The faults, a line each."""
        return [f"{fault}：{again}" for fault, again in sorted(self.faults.items())]


def add_arguments(parser: ArgumentParser) -> None:
    """How many requests per operation."""
    parser.add_argument("--examples", type=int, default=200, help="每个接口操作的请求数，缺省 200")


def run(options: Mapping[str, Any], say: Callable[[str], Any]) -> list[str]:
    """Fuzz a platform of its own with systems of every role; returns the faults."""
    if os.environ.get(INSIDE) != "1":
        return _in_own_folder()
    application = get_wsgi_application()
    with template(), fresh():
        callers, known = _district(application)
        say(f"接口演练：{len(callers)} 种调用方，每个操作 {options['examples']} 次请求，种子 {options['seed']}")
        result = fuzz(
            application, callers, known=known, examples=options["examples"], seed_number=options["seed"], say=say
        )
    told = "，".join(f"{status} × {count}" for status, count in sorted(result.statuses.items()))
    say(f"共 {result.requests} 次请求：{told}")
    return result.lines


def fuzz(
    application: Application,
    callers: Sequence[Caller],
    *,
    known: Mapping[str, Sequence[Any]],
    examples: int,
    seed_number: int,
    say: Callable[[str], Any] = lambda line: None,
) -> Result:
    """Ask every operation `examples` times. `known`: name of a parameter or field → values that exist, also under
    `<noun>.<name>` for the operations below `/api/v1/<noun>/`.
    """
    from schemathesis import openapi  # a requirement of tests and drills only

    hosted = _hosted(application)
    schema = openapi.from_wsgi(SCHEMA, hosted)
    result = Result()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a fault in our own description ends the drill
        _probe(operation, callers, known, examples, seed_number, result)
        say(f"{operation.method.upper()} {operation.path}：已问 {result.requests} 次，异常 {len(result.faults)} 处")
    return result


def _probe(
    operation: Any,
    callers: Sequence[Caller],
    known: Mapping[str, Sequence[Any]],
    examples: int,
    seed_number: int,
    result: Result,
) -> None:
    from hypothesis import HealthCheck, Phase, given, seed
    from hypothesis import settings as how
    from hypothesis import strategies as st
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode

    noun = operation.path.removeprefix("/api/v1/").partition("/")[0]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @seed(seed_number)
    @how(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask(data: Any) -> None:
        case = data.draw(cases)
        # In turn and not by chance: chance prefers the first, and each has to ask everything.
        caller = callers[result.requests % len(callers)]
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                for name in sorted(part, key=str):
                    values = known.get(f"{noun}.{name}") or known.get(str(name))
                    if values and data.draw(st.integers(0, 3)):
                        part[name] = data.draw(st.sampled_from(values))
        _answer(case, caller, result)

    try:
        ask()
    except Unsatisfiable:
        result.faults.setdefault(f"{operation.method.upper()} {operation.path}", "没有可以发出的请求")


def _answer(case: Any, caller: Caller, result: Result) -> None:
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    response = case.call(headers=caller.headers)
    result.statuses[response.status_code] += 1
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    try:
        case.validate_response(response, checks=checks)
    except FailureGroup as group:
        failures: Sequence[Any] = group.exceptions
    except Failure as single:
        failures = [single]
    else:
        return
    for failure in failures:
        what = f"{case.method} {case.path} {response.status_code} {failure.title}"
        again = case.as_curl_command(headers={"Authorization": caller.name} if caller.token else {})
        said = " ".join(str(failure.message).split())[:300]
        result.faults.setdefault(what, f"{said} | {caller.name} | {again[:600]}")


def token_of(application: Application, client_id: str, secret: str) -> str:
    """A token for reading and writing, fetched as systems fetch it."""
    from werkzeug.test import Client

    ask = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": "read write"}
    response = Client(_hosted(application)).post("/oauth/token/", data=ask)
    if response.status_code != 200:
        raise RuntimeError(f"no token: {response.status_code} {response.text[:300]}")
    return str(response.get_json()["access_token"])


def _hosted(application: Application) -> Application:
    """The application under a name that it answers to."""
    host = next((name for name in settings.ALLOWED_HOSTS if "*" not in name), "localhost").lstrip(".")

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return application(environ | {"HTTP_HOST": host, "wsgi.url_scheme": "https"}, start_response)

    return serve


def _district(application: Application) -> tuple[list[Caller], dict[str, list[Any]]]:
    """A department that has delivered, and a system of every role; with the identifiers that exist."""
    now = clock.now()
    made: dict[str, Organization] = {}
    for kind in (OrganizationKind.PLATFORM, OrganizationKind.DEPARTMENT):
        made[kind] = _organization(kind)
    codes = [item.code for item in items_in_force()]
    source = set_source(actor=SYSTEM, organization=made[OrganizationKind.DEPARTMENT], item_codes=codes, now=now)
    for item, sample in _SAMPLES:
        path = settings.BASE_DIR / "fixtures" / "demo" / "deliveries" / sample
        delivery = receive_delivery(
            actor=SYSTEM, source=source, item_code=item, file_name=path.name, content=path.read_bytes(), now=now
        )
        if delivery.job:
            run_now(delivery.job)
    subjects = list(Subject.objects.order_by("pk")[:20])
    callers = [Caller(_NOBODY), Caller("假令牌", "made-up")]
    for name, roles in ROLES_OF_KIND.items():
        organization = made.get(name) or _organization(name, subjects[0].pk)
        callers += [caller for role in sorted(roles) if (caller := _system(application, organization, role))]
    known: dict[str, list[Any]] = {
        "code": [one.code for one in subjects],
        "subject_code": [one.code for one in subjects],
        "item": codes,
        "source_id": [source.pk],
        "deliveries.id": list(Delivery.objects.order_by("pk").values_list("pk", flat=True)),
    }
    return callers, known


def _organization(kind: str, subject_id: int | None = None) -> Organization:
    return create_organization(
        actor=SYSTEM,
        kind=str(kind),
        name=f"演练{kind}",
        now=clock.now(),
        region_code=REGION if kind not in (OrganizationKind.FIRM, OrganizationKind.BANK) else "",
        subject_id=subject_id if kind == OrganizationKind.FIRM else None,
    )


def _system(application: Application, organization: Organization, role: str) -> Caller | None:
    if role == Role.SYSTEM:
        return None
    try:
        client, secret = create_api_client(
            actor=SYSTEM, organization=organization, name=f"演练 {role}", role=role, now=clock.now()
        )
    except DomainError as refusal:
        raise RuntimeError(f"{organization} {role}: {refusal.message}") from refusal
    return Caller(role, token_of(application, client.application.client_id, secret))


def _in_own_folder() -> list[str]:
    """The same command once more, with files, embedded server and messages of its own; the folder goes after it."""
    folder = settings.HOME / "drill"
    env = os.environ | {INSIDE: "1", "XINQIAO_HOME": str(folder), "CELERY_BROKER_URL": "memory://localhost/"}
    try:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *sys.argv[1:]]
        ended = subprocess.run(command, env=env, check=False).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [] if ended == 0 else [f"见上（退出码 {ended}）"]
