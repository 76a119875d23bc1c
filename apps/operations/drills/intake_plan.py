"""Which fault strikes in which run, where or when: all of it follows from the seed. Pure."""

import random
from dataclasses import asdict, dataclass
from typing import Any, Final

WORKER_KILL, WORKER_STOP, WEB_KILL = "worker-kill", "worker-stop", "web-kill"
BACKEND_END, BACKEND_KILL = "backend-terminate", "backend-kill"
SERVER_KILL, SERVER_QUIT = "postmaster-kill", "postmaster-immediate"
BROKER, TEMP_FULL, FILES_FULL = "broker-flush", "disk-full-temp", "disk-full-files"

FAULTS: Final = {
    WORKER_KILL: "kill -9 处理进程",
    WORKER_STOP: "处理进程停顿到租约过期",
    WEB_KILL: "kill -9 网站进程",
    BACKEND_END: "终止数据库会话",
    BACKEND_KILL: "kill -9 数据库会话进程",
    SERVER_KILL: "kill -9 数据库主进程",
    SERVER_QUIT: "数据库立即停机",
    BROKER: "清空消息队列",
    TEMP_FULL: "临时磁盘写满",
    FILES_FULL: "文件存储写满",
}
DISK_FAULTS: Final = frozenset({TEMP_FULL, FILES_FULL})
SERVER_FAULTS: Final = frozenset({BACKEND_KILL, SERVER_KILL, SERVER_QUIT})
"""What would end the sessions of everybody on the server."""
_DATABASE: Final = (BACKEND_END, SERVER_KILL, BACKEND_KILL, SERVER_QUIT)
_IN_WEB: Final = (WEB_KILL, WEB_KILL, BACKEND_END, SERVER_KILL)
_IN_WORKER: Final = (WORKER_KILL, BACKEND_KILL, WORKER_STOP, SERVER_KILL, WORKER_KILL, BACKEND_END, SERVER_QUIT)
_AT_RELAY: Final = (WEB_KILL, WORKER_KILL, BROKER, SERVER_KILL, WEB_KILL, WORKER_STOP)


@dataclass(frozen=True, slots=True)
class Place:
    """A fail point: which faults strike there, in the how manyth passage at most, and while what is taken in."""

    name: str
    faults: tuple[str, ...]
    passages: int = 1
    act: int = 1


PLACES: Final = (
    Place("delivery.received", _IN_WEB),
    Place("delivery.enqueued", _IN_WEB),
    Place("job.committed", _AT_RELAY),
    Place("job.message_sent", _AT_RELAY),
    Place("job.claimed", _IN_WORKER, passages=2),
    Place("intake.begun", (*_IN_WORKER, TEMP_FULL), passages=2),
    Place("intake.block_on_disk", (*_IN_WORKER, TEMP_FULL), passages=2),
    Place("intake.judged", _IN_WORKER, passages=2),
    Place("intake.chunk_begun", _IN_WORKER, passages=8),
    Place("intake.copied", _IN_WORKER, passages=8),
    Place("intake.superseded", _IN_WORKER, passages=2),
    Place("intake.chunk_written", _IN_WORKER, passages=8),
    Place("intake.chunk_committed", _IN_WORKER, passages=8),
    Place("intake.registered", _IN_WORKER, act=2),
    Place("intake.finishing", _IN_WORKER, passages=2),
    Place("intake.finished", _IN_WORKER, passages=2),
    Place("held.retried", _IN_WORKER, act=2),
    Place("held.retry_committed", _IN_WORKER, act=2),
)
_BY_NAME: Final = {place.name: place for place in PLACES}
WEB_PLACES: Final = ("delivery.received", "delivery.enqueued")
BETWEEN_CHUNKS: Final = "intake.chunk_committed"
"""No row is locked there, and the worker knows its next chunk: whoever stops there is certain to lose the job."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One run: the fault, at a `place` in its `passage`, or after a `share` of the time that the work takes.

    `act` 1 is the delivery and its corrections, 2 the registration that frees held rows; `chance` drives the rest.
    """

    number: int
    fault: str
    place: str
    passage: int
    act: int
    share: float
    chance: float

    @property
    def needs_web(self) -> bool:
        """Whether the deliveries come through the web process."""
        return self.fault in (WEB_KILL, FILES_FULL) or self.place in WEB_PLACES

    @property
    def told(self) -> str:
        """Where it strikes, for people."""
        if self.place:
            return f"{self.place} #{self.passage}"
        return f"随机时刻 {self.act}:{self.share:.2f}"

    def as_json(self) -> dict[str, Any]:
        """As it stands in the report."""
        return asdict(self)


def strike(seed: int, number: int, *, left_out: frozenset[str], without_guard: bool) -> Strike:
    """The strike of run `number` (from 0): even runs go through the fail points, odd ones through the faults at random
    moments. `left_out`: faults that cannot be had here.
    """
    chance = random.Random(f"{seed}:{number}")
    if without_guard:
        return Strike(number, WORKER_STOP, BETWEEN_CHUNKS, chance.randint(2, 4), 1, 0.0, chance.random())
    if number % 2 == 0:
        turn, index = divmod(number // 2 + seed, len(PLACES))
        here = PLACES[index]
        faults = [fault for fault in here.faults if fault not in left_out]
        fault = faults[(turn + index) % len(faults)]
        return Strike(number, fault, here.name, chance.randint(1, here.passages), here.act, 0.0, chance.random())
    faults = [fault for fault in FAULTS if fault not in left_out]
    fault = faults[(number // 2 + seed) % len(faults)]
    act = 1 if fault in (WEB_KILL, FILES_FULL) else chance.choice((1, 1, 2))
    return Strike(number, fault, "", 0, act, chance.random(), chance.random())
