"""What is waiting for somebody: the shape that every app's `selectors.work_items(actor, now)` returns."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One line of a work list; `url_name` and `url_args` lead to the page where it is done, `query` narrows it."""

    title: str
    detail: str
    url_name: str
    url_args: tuple[object, ...] = ()
    due_on: date | None = None
    count: int = 1
    kind: str = "todo"
    query: str = ""
