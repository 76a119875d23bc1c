"""Clocks, memory and the shape of a result."""

import os
import resource
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.05
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything a run takes; growth is measured from a tenth of it."""

    name: str
    intake_rows: int
    stored_rows: int
    workbook_rows: int
    subjects: int
    screened: int
    screening_products: int
    offers: int
    repeats: int
    listed: int
    load_seconds: int


SIZES = {
    "small": Size("small", 100_000, 1_000_000, 20_000, 5_000, 100_000, 200, 5_000, 5, 20_000, 10),
    "full": Size("full", 1_000_000, 10_000_000, 200_000, 100_000, 1_000_000, 200, 5_000, 20, 1_000_000, 60),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `passed` None: there is no verdict (nothing to compare, or the machine is too small)."""

    slug: str
    label: str
    budget: str
    figure: str
    passed: bool | None
    parts: dict[str, str | int | float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "slug": self.slug,
            "label": self.label,
            "budget": self.budget,
            "figure": self.figure,
            "passed": self.passed,
            "parts": self.parts,
            "notes": list(self.notes),
        }


@dataclass(slots=True)
class Spent:
    """Wall-clock seconds, processor seconds and peak PSS in megabytes of a piece of work; PSS 0 where unknown."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def spending() -> Iterator[Spent]:
    """Measure this process and its children while the block runs; the figures are there when it ends."""
    spent = Spent()
    stop = threading.Event()
    sampler = threading.Thread(target=_sample, args=(spent, stop), daemon=True)
    sampler.start()
    started, cpu = time.perf_counter(), _cpu_seconds()
    try:
        yield spent
    finally:
        spent.seconds = time.perf_counter() - started
        spent.cpu_seconds = _cpu_seconds() - cpu
        stop.set()
        sampler.join()


def median_seconds(work: Callable[[], object], repeats: int, warm_up: int = 2) -> float:
    """Median of `repeats` runs after `warm_up` that do not count."""
    times = []
    for _ in range(repeats + warm_up):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[warm_up:])


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _sample(spent: Spent, stop: threading.Event) -> None:
    while True:
        spent.peak_mb = max(spent.peak_mb, pss_mb(os.getpid()))
        if stop.wait(SAMPLE_SECONDS):
            return


def pss_mb(pid: int) -> float:
    """Proportional set size of a process and its children; 0 where the system does not tell (not Linux)."""
    try:
        family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(map(_own_pss_mb, family))


def _own_pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / MEGABYTE for line in lines if line.startswith("Pss:")), 0.0)


@dataclass(frozen=True, slots=True)
class Growth:
    """The same work at a tenth and at the whole size."""

    tenth: Spent
    whole: Spent

    @property
    def factor(self) -> float:
        """Time of the whole over time of a tenth; 10 is linear."""
        return self.whole.seconds / self.tenth.seconds

    @property
    def fixed_seconds(self) -> float:
        """What a run costs before its first row, were the rest linear."""
        return max(0.0, (10 * self.tenth.seconds - self.whole.seconds) / 9)

    @property
    def parts(self) -> dict[str, str | int | float]:
        """For the table."""
        return {
            "十分之一规模 秒": round(self.tenth.seconds, 2),
            "增长倍数 (≤11)": round(self.factor, 2),
            "固定开销 秒": round(self.fixed_seconds, 2),
            "内存峰值 MB (≤600)": round(self.whole.peak_mb),
            "十分之一规模内存 MB": round(self.tenth.peak_mb),
        }
