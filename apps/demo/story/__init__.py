"""The main job, told step by step through the services and the worker that production uses."""

import time
from collections.abc import Callable, Iterator

from apps.core import audit, clock
from apps.core.errors import DomainError
from apps.demo.report import Step
from apps.demo.story.district import found_the_district
from apps.demo.story.firms import register_the_firms
from apps.demo.story.intake import take_the_deliveries_in
from apps.demo.story.lending import lend
from apps.demo.story.listing import publish_the_whitelist
from apps.demo.story.more_loans import lend_to_others
from apps.demo.story.needs import match_the_needs
from apps.demo.story.offers import publish_the_products
from apps.demo.story.papers import count_the_day, print_the_report
from apps.demo.story.portraits import draw_the_portraits
from apps.demo.story.stage import Stage

STEPS: tuple[Callable[[Stage], Step], ...] = (
    found_the_district,
    take_the_deliveries_in,
    register_the_firms,
    draw_the_portraits,
    publish_the_products,
    match_the_needs,
    publish_the_whitelist,
    lend,
    lend_to_others,
    print_the_report,
    count_the_day,
)

SEAL_SECONDS = 15


def tell(stage: Stage) -> Iterator[Step]:
    """Run every step in order; a step that fails ends the story with its own sentence. What this machine lacks is noted
    in `stage.faults`."""
    for act in (*STEPS, seal_the_trail):
        began = time.monotonic()
        step = act(stage)
        step.seconds = round(time.monotonic() - began, 1)
        yield step


def seal_the_trail(stage: Stage) -> Step:
    """Wait until the sealer has chained every event, then walk the chains."""
    deadline = time.monotonic() + SEAL_SECONDS
    while audit.unsealed() and time.monotonic() < deadline:
        time.sleep(0.2)
    found = audit.verify(machine_now=clock.machine_now())
    if not found.is_whole or audit.unsealed():
        raise DomainError(f"审计链核验未通过：{found}")
    return Step(
        "审计链封存与核验", {"流": found.streams, "记录": found.events, "断点": 0}, links={"审计": "/core/audit/"}
    )
