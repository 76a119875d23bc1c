"""One run: files come in, a fault strikes, everything recovers by itself. This process plays the beat."""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from subprocess import SubprocessError
from typing import Any, Final
from urllib.parse import quote, urlencode

import psycopg
from django.db import Error as DatabaseFault
from django.db import connection

from apps.core import jobs
from apps.core.failpoints import ARMED, REACHED
from apps.core.models import Job, JobState, Outbox
from apps.operations.drills import intake_files as files
from apps.operations.drills.intake_faults import FAULTS
from apps.operations.drills.intake_lane import Lane, receive
from apps.operations.drills.intake_plan import Strike
from apps.operations.drills.intake_state import State, difference, state
from apps.records.models import Delivery, Source

PATIENCE_SECONDS: Final = 120.0
_BEAT_SECONDS: Final = 0.25
_POLL_SECONDS: Final = 0.02
_PIECES: Final = 6
_ACTS: Final = {
    1: ((files.SOCIAL_INSURANCE, "社保.csv", files.payments), (files.SOCIAL_INSURANCE, "更正.csv", files.corrections)),
    2: ((files.REGISTRATION, "登记再报.csv", files.all_firms),),
}

File = tuple[str, str, bytes]


class Unfinished(Exception):
    """The work did not come to its end."""


@dataclass(slots=True)
class Result:
    """How a run ended."""

    number: int
    seed: int
    fault: str
    told: str
    place: str
    struck: bool = False
    lost: int = 0
    doubled: int = 0
    faults: list[str] = field(default_factory=list)
    left_folders: int = 0
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost, doubled or otherwise."""
        return not (self.lost or self.doubled or self.faults)

    def as_json(self) -> dict[str, Any]:
        """As it stands in the report."""
        return asdict(self)


@dataclass(slots=True)
class Undisturbed:
    """What a run without a fault comes to, and how many seconds its acts take."""

    state: State
    seconds: dict[int, float]


class Run:
    """The files of both acts through the lane, with a strike or without."""

    def __init__(self, lane: Lane, strike: Strike | None = None, undisturbed: Undisturbed | None = None) -> None:
        self.lane, self.strike, self.undisturbed = lane, strike, undisturbed
        self.chance = random.Random(strike.chance if strike else 0)
        self.struck = False
        self.refused = 0
        self.seconds: dict[int, float] = {}
        self._passages = 0
        self._moment: float | None = None
        self._fault: Iterator[None] | None = None
        self._next_beat = 0.0
        self._resumed: list[int] = []

    def go(self) -> State:
        """Take everything in. Raises Unfinished."""
        self.lane.reset(with_web=bool(self.strike and self.strike.needs_web))
        for act, deliveries in _ACTS.items():
            began = time.monotonic()
            self._act(act, [(item, name, content()) for item, name, content in deliveries])
            self.seconds[act] = time.monotonic() - began
        self._settle()
        return state()

    def _act(self, act: int, deliveries: Sequence[File]) -> None:
        strike = self.strike
        if strike and strike.act == act:
            if strike.place:
                self.arm()
            elif self.undisturbed:
                self._moment = time.monotonic() + strike.share * self.undisturbed.seconds[act]
        upload = None
        if strike and strike.needs_web:
            upload = Upload(self, deliveries)
            upload.start()
        else:
            source = Source.objects.get()
            for item, name, content in deliveries:
                receive(source, item, name, content)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_over(upload):
            if time.monotonic() > deadline:
                raise Unfinished(self._unfinished())
            self._poll()
            self._beat()
            time.sleep(_POLL_SECONDS)
        if upload and upload.failure:
            raise Unfinished(upload.failure)

    def _is_over(self, upload: "Upload | None") -> bool:
        if (upload and upload.is_alive()) or self._fault is not None:
            return False
        return bool(self.tried(self._is_quiet))

    @staticmethod
    def _is_quiet() -> bool:
        open_jobs = Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists()
        return not open_jobs and not Outbox.objects.exists()

    def _unfinished(self) -> str:
        told = self.tried(lambda: list(Job.objects.values_list("kind", "state", "attempt", "error").order_by("pk")))
        states = self.tried(lambda: list(Delivery.objects.values_list("file_name", "state").order_by("pk")))
        return f"{PATIENCE_SECONDS:.0f} 秒内没有完成：{told} {states}"

    def _beat(self) -> None:
        """What the beat has the workers do, done here."""
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + _BEAT_SECONDS
            self.tried(jobs.relay)
            self.tried(jobs.sweep)

    def tried(self, act: Any) -> Any:
        """The result, or None while the database cannot be asked."""
        try:
            return act()
        except (DatabaseFault, psycopg.Error, OSError, SubprocessError, AssertionError):
            # AssertionError is how the wheel of the embedded server says that it does not run.
            connection.close()
            return None

    # The strike

    def arm(self) -> None:
        """Have the next process that comes to the place wait there."""
        assert self.strike
        draft = self.lane.folder / f"{ARMED}.draft"
        draft.write_text(self.strike.place)
        draft.rename(self.lane.folder / ARMED)

    def release(self) -> None:
        """Let the process that waits at the place go on."""
        (self.lane.folder / REACHED).unlink(missing_ok=True)

    def _poll(self) -> None:
        if self._fault is not None:
            try:
                next(self._fault)
            except StopIteration:
                self._fault = None
            return
        if self.strike is None or self.struck:
            return
        reached = self.lane.folder / REACHED
        if self._moment is not None and time.monotonic() >= self._moment:
            self._begin(0)
        elif self._moment is None and reached.exists():
            self._passages += 1
            if self._passages < self.strike.passage:
                self.arm()
                self.release()
            else:
                self._begin(int(reached.read_text()))

    def _begin(self, pid: int) -> None:
        assert self.strike
        self.struck = True
        self._fault = FAULTS[self.strike.fault](self, pid)

    def resumed(self, pid: int) -> None:
        """A worker that was stopped goes on: what it still does belongs to the run."""
        self._resumed.append(pid)

    def _settle(self) -> None:
        """Wait for what a worker that lost its job may still write."""
        (self.lane.folder / ARMED).unlink(missing_ok=True)
        self.release()
        for pid in self._resumed:
            self.lane.end_warmly(pid)

    def left_folders(self) -> int:
        """Temporary folders that nobody will take away."""
        return len([path for path in self.lane.temp.iterdir() if path.is_dir()])


class Upload(threading.Thread):
    """Hands files in through the API as a department's system does: the same request again until it is answered."""

    def __init__(self, run: Run, deliveries: Sequence[File]) -> None:
        super().__init__(daemon=True)
        self._run, self._deliveries = run, deliveries
        self.failure = ""

    def run(self) -> None:
        """Get a token, send each file."""
        try:
            client_id, secret = self._run.lane.credentials
            ask = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
            form = urlencode(ask | {"scope": "read write"}).encode()
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            token = json.loads(self._sent("/oauth/token/", kind, form))["access_token"]
            for item, name, content in self._deliveries:
                headers = {
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "text/csv",
                    "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
                    "Delivery-Item": item,
                    "Idempotency-Key": item + str(len(content)),
                }
                self._sent("/api/v1/deliveries/", headers, content)
        except Exception as error:  # noqa: BLE001 - told by the run, which waits for this thread
            self.failure = f"{type(error).__name__}: {error}"

    def _sent(self, path: str, headers: dict[str, str], content: bytes) -> bytes:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                status, answer = self._asked(path, headers, content)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, str(error).encode()
            if status in (200, 202):
                return answer
            if (status and status < 500 and status != 409) or time.monotonic() > deadline:
                raise Unfinished(f"{path} {status} {answer[:300].decode('utf-8', 'replace')}")
            if status:
                self._run.refused += 1
            time.sleep(0.1)

    def _asked(self, path: str, headers: dict[str, str], content: bytes) -> tuple[int, bytes]:
        """Send the body in pieces, so that there is a middle of an upload."""
        web = http.client.HTTPConnection("127.0.0.1", self._run.lane.port, timeout=20)
        try:
            web.putrequest("POST", path)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                web.putheader(name, value)
            web.endheaders()
            size = -(-len(content) // _PIECES)
            for first in range(0, len(content), size):
                web.send(content[first : first + size])
                time.sleep(0.02)
            response = web.getresponse()
            return response.status, response.read()
        finally:
            web.close()


def undisturbed(lane: Lane) -> Undisturbed:
    """What it comes to when nothing happens. Raises Unfinished.

    Twice: the first time the workers are still starting, and both must come to the same.
    """
    cold = Run(lane).go()
    run = Run(lane)
    warm = Undisturbed(run.go(), run.seconds)
    if faults := difference(cold, warm.state).faults:
        raise Unfinished(f"两次无故障的入库结果不同：{faults}")
    return warm


def disturbed(lane: Lane, strike: Strike, seed: int, calm: Undisturbed) -> Result:
    """A run with a strike, compared with the undisturbed one."""
    result = Result(strike.number, seed, strike.fault, strike.told, strike.place)
    began = time.monotonic()
    run = Run(lane, strike, calm)
    try:
        found = difference(calm.state, run.go())
    except Unfinished as error:
        result.faults = [str(error)]
    else:
        result.lost, result.doubled, result.faults = found.lost, found.doubled, found.faults
    for act, seconds in run.seconds.items():
        if not run.struck or act != strike.act:
            # Where the machine was busy in the undisturbed run, moments would come when all is over.
            calm.seconds[act] = min(calm.seconds[act], seconds)
    result.struck, result.left_folders = run.struck, run.left_folders()
    result.seconds = round(time.monotonic() - began, 2)
    return result
