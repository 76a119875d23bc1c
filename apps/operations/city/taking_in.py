"""The deliveries of a city through the ordinary intake, each held against what was planted; then its portraits."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from apps.accounts.models import Organization
from apps.accounts.services import create_organization
from apps.core import clock
from apps.core.actor import SYSTEM, OrganizationKind
from apps.core.errors import StateConflict
from apps.core.jobs import run_now
from apps.core.models import JobState
from apps.operations.city.building import TRUTH
from apps.profiles import services as profiles
from apps.records import services
from apps.records.models import CatalogueItem, Delivery, Source
from apps.records.selectors import known_until
from apps.subjects.models import Subject

COUNTS: Final = ("read", "not_data", "accepted", "duplicate")


class NotEmpty(StateConflict):
    """Invented firms are never put among others."""

    code = "city-among-others"
    title = "不接收合成数据"
    default_message = "数据库中已有主体，合成的城市只能接入空库。"


def take_in(folder: Path, *, now: datetime, tell: Callable[[str], Any] = lambda line: None) -> list[str]:
    """Deliver every file, do its intake and portray everybody, in this process; returns a line for each count that is
    not as planted. `now` and the clock stand on the day of the city. Raises NotEmpty where there are firms already,
    OSError where a file is missing.
    """
    if Subject.objects.exists():
        raise NotEmpty
    faults = []
    truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    for file in truth["deliveries"]:
        path = folder / file["path"]
        with path.open("rb") as stream:
            delivery = services.receive_delivery(
                actor=SYSTEM,
                source=_source(file["sender"], file["item"], now),
                item_code=file["item"],
                file_name=path.name,
                content=stream,
                now=now,
            )
        if delivery.job:
            run_now(delivery.job)
            delivery.refresh_from_db()
        found = differences(delivery, file)
        faults += found
        tell(f"{'✗' if found else '✓'} {path.name}：读取 {delivery.read} 行，入库 {delivery.accepted} 行")
    tell(_portray(truth["as_of"], faults))
    return faults


def _portray(as_of: str, faults: list[str]) -> str:
    now = clock.now()
    job = profiles.refresh_profiles(
        actor=SYSTEM, business_date=date.fromisoformat(as_of), as_known=known_until(now), now=now
    )
    job = run_now(job)
    if job.state != JobState.DONE:
        faults.append(f"画像计算没有完成：{job.error}")
    return f"画像 {(job.result or {}).get('subjects', 0)} 户"


def differences(delivery: Delivery, file: Mapping[str, Any]) -> list[str]:
    """Where the counts of a delivery are not those of the truth, a line each."""
    found = {name: getattr(delivery, name) for name in COUNTS}
    found |= {kind: delivery.tallies.get(kind, {}) for kind in ("rejected", "held")}
    return [
        f"{file['path']} {name}：{found[name]}，应为 {file[name]}"
        for name in (*COUNTS, "rejected", "held")
        if found[name] != file[name]
    ] + ([] if delivery.state == "applied" else [f"{file['path']} {delivery.state} {delivery.refusal}"])


def _source(sender: str, item: str, now: datetime) -> Source:
    organization = Organization.objects.filter(kind=OrganizationKind.DEPARTMENT.value, name=sender).first()
    if organization is None:
        organization = create_organization(actor=SYSTEM, kind=OrganizationKind.DEPARTMENT.value, name=sender, now=now)
    source, _ = Source.objects.get_or_create(organization=organization)
    source.items.add(CatalogueItem.objects.get(code=item))
    return source
