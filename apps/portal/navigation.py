"""Where each role can go: one table."""

from dataclasses import dataclass

from django.urls import reverse

from apps.core.actor import Actor, Role


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the main navigation; no roles named means everybody, logged in or not."""

    label: str
    url_name: str
    icon: str
    roles: frozenset[str] = frozenset()


PLACES: tuple[Place, ...] = (
    Place("工作台", "portal:home", "house"),
    Place("单位与账号", "accounts:organization_list", "people", frozenset({Role.OPERATOR})),
    Place("审计", "core:trail", "shield-check", frozenset({Role.AUDITOR})),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as the page shows it."""

    label: str
    url: str
    icon: str
    active: bool


def entries_for(actor: Actor | None, path: str) -> list[Entry]:
    """The navigation of an actor, the place of `path` marked."""
    places = [place for place in PLACES if not place.roles or (actor is not None and actor.has(*place.roles))]
    urls = [reverse(place.url_name) for place in places]
    here = max((url for url in urls if path.startswith(url)), key=len, default="")
    return [Entry(p.label, url, p.icon, url == here) for p, url in zip(places, urls, strict=True)]
