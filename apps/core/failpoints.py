"""Named places in the middle of things at which a drill may let a fault strike.

`reach` does nothing unless the process was started with XINQIAO_FAILPOINTS naming a folder, as only drills start
theirs. Then the file `armed` in it names the place that is waited for: the first process that gets there takes the
file, calls it `reached`, writes its number into it, and goes no further until the drill removes it.
"""

import os
import time
from pathlib import Path
from typing import Final

VARIABLE: Final = "XINQIAO_FAILPOINTS"
ARMED, REACHED = "armed", "reached"
_PAUSE_SECONDS: Final = 0.01
_folder: Final = os.environ.get(VARIABLE, "")


def reach(place: str) -> None:
    """Say that the work has come to `place`, a dotted name."""
    if _folder:
        _wait_if_armed(Path(_folder), place)


def _wait_if_armed(folder: Path, place: str) -> None:
    armed, reached = folder / ARMED, folder / REACHED
    mine = folder / f"{REACHED}.{os.getpid()}"
    try:
        if armed.read_text() != place:
            return
        armed.rename(mine)
    except FileNotFoundError:
        return
    mine.write_text(str(os.getpid()))
    mine.rename(reached)
    while reached.exists():
        time.sleep(_PAUSE_SECONDS)
