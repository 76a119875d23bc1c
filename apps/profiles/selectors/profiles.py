"""Stored portraits: one with a permit, many as facts for calculations."""

import random
from collections.abc import Collection
from datetime import date, datetime

import polars as pl
from django.db.models import QuerySet

from apps.consents.selectors import protected_among, subject_ids_open_to
from apps.core.actor import EVERYWHERE, Actor, OrganizationKind
from apps.core.permit import Permit
from apps.criteria.facts import FACTS, FactKind
from apps.criteria.values import Amount, Choice, Coded, Percent
from apps.profiles.indicators import INDICATORS
from apps.profiles.models import Profile, ProfileHistory
from apps.records.frames import frame_of
from apps.reference.models import BlockList

PROFILE_ITEMS = frozenset(item for indicator in INDICATORS for item in indicator.items)


def require_profile_items(subject_id: int, permit: Permit) -> None:
    """Refuse a permit that does not cover everything a portrait is made of. Raises NotPermitted."""
    permit.require(subject_id)
    if not permit.own:
        for item in sorted(protected_among(PROFILE_ITEMS)):
            permit.require(subject_id, item)


def profiles_listed_to(actor: Actor, *, purpose: str, on: date) -> "QuerySet[Profile]":
    """Whose portraits the actor could open today: the own one, or those that consent and reason allow for the purpose.

    Identities only: the figures of each are read with a permit.
    """
    identity = Profile.objects.only("subject_id", "code", "name", "kind", "region_code", "as_of_on").order_by("pk")
    if actor.organization_kind == OrganizationKind.FIRM:
        return identity.filter(subject_id=actor.subject_id) if actor.subject_id else identity.none()
    ids = subject_ids_open_to(actor, purpose=purpose, items=PROFILE_ITEMS, on=on)
    return identity.filter(subject_id__in=ids)


def latest_profile_of(subject_id: int, *, permit: Permit) -> Profile | None:
    """The newest portrait; None before the first run. Raises NotPermitted."""
    require_profile_items(subject_id, permit)
    return Profile.objects.filter(subject_id=subject_id).first()


def history_of(subject_id: int, *, permit: Permit) -> "QuerySet[ProfileHistory]":
    """Portraits as they were shown, newest first. Raises NotPermitted."""
    require_profile_items(subject_id, permit)
    return ProfileHistory.objects.filter(subject_id=subject_id).order_by("-computed_at", "-pk")


def history_for_replay(subject_id: int, at: datetime) -> ProfileHistory | None:
    """The portrait of a subject that stood at an instant: of those computed by then, the one of the latest day."""
    rows = ProfileHistory.objects.filter(subject_id=subject_id, computed_at__lte=at)
    return rows.order_by("-as_of_on", "-computed_at", "-pk").first()


def sampled_history_for_batch(rows: int, seed: int) -> list[ProfileHistory]:
    """So many rows of the history, drawn at random; the same seed draws the same rows while none is added."""
    ids = list(ProfileHistory.objects.order_by("pk").values_list("pk", flat=True))
    drawn = random.Random(seed).sample(ids, min(rows, len(ids)))  # noqa: S311 - a sample to check, not a secret
    return list(ProfileHistory.objects.filter(pk__in=drawn).order_by("pk"))


def profiles_for_batch(region_codes: Collection[str]) -> pl.DataFrame:
    """The newest portraits of firms in these regions as facts for criteria: subject_id, code, name and every fact of
    the firm, in the types of `criteria.columns` (yuan as fen, percent as hundredths, null = not known), one
    `listed_<code>` a list: true, false, or null where the list has not been delivered.
    """
    everywhere = tuple(region_codes) == EVERYWHERE
    frame = frame_of(
        f"SELECT subject_id, code, name, blocks, lists_checked, {', '.join(map(_fact_sql, _FACT_NAMES))}"
        f" FROM {Profile._meta.db_table}"
        f"{'' if everywhere else ' WHERE region_code = ANY(%s)'} ORDER BY subject_id",
        [] if everywhere else [sorted(region_codes)],
    )
    lists = list(BlockList.objects.order_by("code").values_list("code", flat=True).distinct())
    listed = [_listed(code).alias(f"listed_{code}") for code in lists]
    facts = [pl.col(name) for name in _FACT_NAMES if name != "qualifications"]
    held = pl.col("qualifications").str.json_decode(pl.List(pl.String))
    return frame.select("subject_id", "code", "name", *facts, held, *listed)


_FACT_NAMES = [fact.name for fact in FACTS.values() if fact.kind is FactKind.FIRM and "{}" not in fact.name]


def _fact_sql(name: str) -> str:
    kind = FACTS[name].type
    if isinstance(kind, Amount | Percent):
        return f"({name} * 100)::bigint AS {name}"
    if isinstance(kind, Choice | Coded):
        return f"CASE WHEN {name} NOT IN ('', 'unknown', 'not_applicable') THEN {name} END AS {name}"
    return name


def _listed(code: str) -> pl.Expr:
    """True where the list is among the portrait's, false where it was checked; quotes keep codes apart."""
    hit = pl.col("blocks").str.contains(f'"code": "{code}"', literal=True)
    checked = pl.col("lists_checked").str.contains(f'"{code}"', literal=True)
    return pl.when(hit).then(pl.lit(value=True)).when(checked).then(pl.lit(value=False))
