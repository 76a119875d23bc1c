"""Everything that a credit report shows of one firm, read under one Permit."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.core.clock import business_date
from apps.core.errors import StateConflict
from apps.core.money import yuan_from_fen
from apps.core.permit import Permit
from apps.profiles.frames import EVENTS, Setting
from apps.profiles.indicators.views import live_events, with_repairs
from apps.profiles.models import Profile, Scorecard
from apps.profiles.selectors import latest_profile_of
from apps.profiles.selectors.profiles import PROFILE_ITEMS
from apps.profiles.sizing import SIZE_CLASSES
from apps.records.models import CatalogueItem
from apps.records.selectors import events_of, item_freshness, items_in_force, records_of
from apps.reference.selectors import figures, industry_of, region_path
from apps.reports.documents.material import SHOWN_EVENTS, SHOWN_PAYMENTS, Line, Loss, Material, Origin
from apps.reports.documents.parts import NOTHING
from apps.reports.documents.wording import number
from apps.subjects.models import Subject
from apps.whitelist.models import Listing

ITEMS = PROFILE_ITEMS | {"registration", *SHOWN_EVENTS, *SHOWN_PAYMENTS, "credit_repair"}


class NoProfile(StateConflict):
    """There is nothing to report on yet."""

    code = "no-profile"
    title = "暂不能生成报告"
    default_message = "该企业还没有信用画像，请在平台完成下一次画像计算后再生成报告。"


def material_of(subject_id: int, *, permit: Permit, now: datetime) -> Material:
    """What the report shows, as of the business date. Raises NoProfile, NotPermitted."""
    on = business_date(now)
    subject = Subject.objects.get(pk=subject_id)
    profile = latest_profile_of(subject_id, permit=permit)
    if profile is None:
        raise NoProfile
    collected = item_freshness()
    events = _live_events(subject_id, permit, on, collected)
    payments = {item: list(records_of(subject_id, item, permit=permit)) for item in SHOWN_PAYMENTS if item in collected}
    holding = records_of(subject_id, "registration", permit=permit).first()
    card = Scorecard.objects.get(version=profile.scorecard_version)
    listings = Listing.objects.filter(subject_id=subject_id, state="active").select_related("programme")
    return Material(
        subject=subject,
        profile=profile,
        registration=holding,
        events=events,
        payments=payments,
        origins=_origins(collected, events, payments, has_registration=holding is not None),
        dimensions=_dimensions(profile, card.data),
        losses=_losses(profile, card.data),
        listings=tuple(
            (row.programme.name, row.entered_on.isoformat(), row.valid_to_on.isoformat())
            for row in listings.order_by("entered_on", "pk")
        ),
        region=" ".join(region.name for region in region_path(subject.region_code, on)) or subject.region_code,
        industry=_industry(subject.industry_code, on),
        size=SIZE_CLASSES[profile.size_class],
        days={key: int(value) for key, value in figures(on).items() if key.endswith("_workdays")},
    )


def _live_events(
    subject_id: int, permit: Permit, on: date, collected: Mapping[str, datetime]
) -> dict[str, list[dict[str, Any]]]:
    """Live events by item, newest first; an item that was never delivered has no entry."""
    setting = Setting(as_of=on, items={}, severities={})
    items = [*SHOWN_EVENTS, "credit_repair"]
    types: dict[Any, Any] = dict(EVENTS)
    frame = events_of(subject_id, permit=permit, item_codes=items).select(list(EVENTS)).cast(types)
    rows = live_events(with_repairs(frame, setting), setting).to_dicts()
    rows.sort(key=lambda row: (row["occurred_on"] or date.min, row["key_text"]), reverse=True)
    events: dict[str, list[dict[str, Any]]] = {item: [] for item in SHOWN_EVENTS if item in collected}
    for row in rows:
        fen = row.pop("amount_fen")
        if row["item_code"] in events:
            events[row["item_code"]].append(row | {"amount_yuan": None if fen is None else yuan_from_fen(fen)})
    return events


def _origins(
    collected: Mapping[str, datetime],
    events: Mapping[str, list[dict[str, Any]]],
    payments: Mapping[str, list[Any]],
    *,
    has_registration: bool,
) -> tuple[Origin, ...]:
    counts = {item: len(rows) for item, rows in (*events.items(), *payments.items())}
    counts["registration"] = int(has_registration)
    newest = {item: max((row.period_end_on for row in rows), default=None) for item, rows in payments.items()}
    return tuple(
        Origin(
            code=item.code,
            name=item.name,
            owner=item.owner,
            disclosure=item.get_disclosure_display(),
            newest_on=newest.get(item.code),
            arrived_at=collected.get(item.code),
            records=counts.get(item.code, 0),
        )
        for item in _shown_items()
    )


def _shown_items() -> list[CatalogueItem]:
    shown = {"registration", *SHOWN_EVENTS, *SHOWN_PAYMENTS}
    return [item for item in items_in_force() if item.code in shown]


def _dimensions(profile: Profile, card: Mapping[str, Any]) -> tuple[Line, ...]:
    lines = []
    for dimension in card["dimensions"]:
        known = [line for line in dimension["lines"] if profile.points.get(line["slug"]) is not None]
        earned = sum(profile.points[line["slug"]] for line in known)
        lines.append(
            Line(
                dimension["label"],
                _points(earned) if known else NOTHING,
                str(sum(line["max_points"] for line in known)),
                str(dimension["max_points"]),
            )
        )
    return tuple(lines)


def _losses(profile: Profile, card: Mapping[str, Any]) -> tuple[Loss, ...]:
    lines = {line["slug"]: line for dimension in card["dimensions"] for line in dimension["lines"]}
    return tuple(
        Loss(
            label=lines[loss["slug"]]["label"],
            lost=_points(loss["lost"]),
            reason=lines[loss["slug"]]["reason"],
            advice=lines[loss["slug"]]["advice"],
            records="、".join(record["text"] or record["on"] for record in loss["records"][:3]) or NOTHING,
        )
        for loss in profile.reasons
    )


def _points(hundredths: int) -> str:
    text = number(Decimal(hundredths) / 100, 2)
    return text.rstrip("0").rstrip(".")


def _industry(code: str, on: date) -> str:
    found = industry_of(code, on) if code else None
    return f"{code} {found.division_name or found.section_name}" if found else code or NOTHING
