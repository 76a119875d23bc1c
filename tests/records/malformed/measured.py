"""Judge files in a process of its own, where the peak of memory is theirs: `… item file…`, one JSON a line."""

import json
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory


def peak() -> int:
    """Megabytes; not from getrusage, which begins with the peak of the process that started this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1_024 for line in lines if line.startswith("VmHWM:"))


def main(item: str, *paths: str) -> None:
    """Outcome of each file, and the peak so far."""
    import django

    django.setup()
    from apps.records.reading import Unreadable
    from apps.records.services.judging import judge
    from tests.records.support import catalogue

    spec = catalogue()[item]
    for path in paths:
        with TemporaryDirectory() as folder, open(path, "rb") as stream:
            try:
                judged = judge(stream, spec, date(2026, 11, 15), Path(folder))
                outcome = {"read": judged.read, "reasons": dict(judged.reasons), "repeated": judged.repeated}
            except Unreadable as refusal:
                outcome = {"refused": refusal.message}
        peak_mb = peak()
        sys.stdout.write(json.dumps({"file": Path(path).name, "peak_mb": peak_mb} | outcome) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
