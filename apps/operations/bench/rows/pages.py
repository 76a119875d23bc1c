"""List and detail pages over many subjects: how many queries, and how long at 60 requests a second, open loop."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Membership
from apps.consents.models import AccessRecord
from apps.core import clock
from apps.operations.bench import data, facts, people
from apps.operations.bench.database import BenchFault, environment
from apps.operations.bench.measure import Row, Size

RATE = 60
THREADS = 32
SHOWN = 20
START_SECONDS = 30
Fetch = Callable[[str], int]


def measure(size: Size) -> Row:
    """Three addresses in turn: the directory, one subject, one portrait (which leaves an access record)."""
    now = clock.now()
    today = clock.business_date(now)
    numbered = data.subjects(1, size.listed)
    tenth = size.listed // 10
    data.load_subjects(numbered.head(tenth), now)
    data.load_profiles(data.profiles(1, tenth), numbered, today, now)
    shown = numbered.head(min(SHOWN, tenth))
    facts.load_facts(shown, today, now)
    facts.portray(shown, today, now)
    officer = people.bank_officer(now)
    people.open_to(officer, shown, now)
    addresses = ["/api/v1/subjects/"]
    addresses += [f"/{kind}/{code}/" for code in shown["code"] for kind in ("api/v1/subjects", "profiles")]
    client = Client()
    client.force_login(officer.user, backend="django.contrib.auth.backends.ModelBackend")
    few = _queries(client, addresses[:3])
    data.load_subjects(numbered.slice(tenth), now)
    data.load_profiles(data.profiles(tenth + 1, size.listed - tenth), numbered, today, now)
    many = _queries(client, addresses[:3])
    read = AccessRecord.objects.count()
    times = _load(client, officer, addresses, size.load_seconds)
    p50, p99 = (times[int(len(times) * share)] * 1_000 for share in (0.5, 0.99))
    return Row(
        "pages",
        f"列表页与详情页（{size.listed:,} 个主体，{RATE} 次/秒，开环）",
        "查询数不变；p99 ≤ 400 毫秒",
        f"p99 {p99:.0f} 毫秒",
        few == many and p99 <= 400,
        {
            "请求": len(times),
            "p50 毫秒": round(p50, 1),
            "p99 毫秒": round(p99, 1),
            "最慢 毫秒": round(times[-1] * 1_000, 1),
            "十分之一规模的查询数": str(few),
            "查询数": str(many),
            "压测中写下的查询记录": AccessRecord.objects.count() - read,
        },
        ("负载发生器与服务在同一台机器上。",),
    )


def _queries(client: Client, addresses: list[str]) -> list[int]:
    found = []
    for address in addresses:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        if answer.status_code != 200:
            raise BenchFault(f"{address} 返回 {answer.status_code}")
        found.append(len(captured))
    return found


def _load(client: Client, officer: Membership, addresses: list[str], seconds: int) -> list[float]:
    """Latencies in seconds, counted from when a request was due, sorted."""
    if connection.in_atomic_block:
        return sorted(
            _latency(lambda path: client.get(path).status_code, path, time.perf_counter()) for path in addresses
        )
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    with _site() as port:
        fetch = _fetcher(port, cookie)
        for path in addresses:
            fetch(path)
        begun = time.perf_counter()
        due = [(addresses[k % len(addresses)], begun + k / RATE) for k in range(RATE * seconds)]
        with ThreadPoolExecutor(THREADS) as pool:
            return sorted(pool.map(lambda each: _latency(fetch, *each), due))


def _latency(fetch: Fetch, path: str, due: float) -> float:
    time.sleep(max(0.0, due - time.perf_counter()))
    status = fetch(path)
    if status != 200:
        raise BenchFault(f"{path} 返回 {status}")
    return time.perf_counter() - due


def _fetcher(port: int, cookie: str) -> Fetch:
    def fetch(path: str) -> int:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            link.request("GET", path, headers={"Cookie": cookie, "Host": "127.0.0.1"})
            answer = link.getresponse()
            answer.read()
            return answer.status
        finally:
            link.close()

    return fetch


@contextmanager
def _site() -> Iterator[int]:
    """The site over the bench's database, in two processes of four threads."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    server = subprocess.Popen(
        [sys.executable, *words],
        cwd=settings.BASE_DIR,
        env=environment("app"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise BenchFault("网站没有启动")
