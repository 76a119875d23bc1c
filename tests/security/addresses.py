"""Every address of the site with the made things in the place of its parameters."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Views of libraries have tests of their own.
_ELSEWHERE = {"admin"}


class Address(NamedTuple):
    """A named address, whether it names one thing, and whether the view is ours."""

    name: str
    path: str
    names_a_thing: bool
    is_ours: bool


def addresses(things: dict[str, dict[str, Any]], resolver: URLResolver | None = None) -> list[Address]:
    """All addresses; KeyError where a new one takes a parameter that no thing was made for."""
    found = []
    for name, path, pattern in _walk(resolver or get_resolver(), "", ""):
        values = things.get(name.partition(":")[0], {})
        values = values | values.get(name, {})
        filled = _PARAMETER.sub(lambda match, values=values: str(values[match[1]]), path)
        is_ours = pattern.callback.__module__.startswith("apps.")
        found.append(Address(name, f"/{filled}", filled != path, is_ours))
    return found


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[str, str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}", path, pattern
        elif pattern.namespace not in _ELSEWHERE:
            yield from _walk(pattern, path, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
