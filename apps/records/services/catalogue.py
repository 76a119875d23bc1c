"""The catalogue comes from reviewed fixtures; who delivers what is set by the platform's administrators."""

import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from django.db import transaction

from apps.accounts.models import Organization
from apps.core import audit
from apps.core.actor import Actor, Role
from apps.core.errors import InvalidInput, NotPermitted
from apps.records.models import DELIVERING_KINDS, CatalogueItem, Source
from apps.records.selectors import spec_of


def load_catalogue(*, actor: Actor, path: Path, now: datetime) -> int:
    """Bring the catalogue to the state of a fixture file; returns how many items were new or changed.

    Items that the file does not name, and those that somebody changed here, are left alone. Raises CatalogueError when
    an item contradicts itself.
    """
    items = [CatalogueItem(**row["fields"]) for row in json.loads(path.read_text())]
    for item in items:
        spec_of(item)
    kept = ("id", "code", "edited_at")
    names = [field.name for field in CatalogueItem._meta.concrete_fields if field.name not in kept]
    with transaction.atomic():
        known = {item.code: item for item in CatalogueItem.objects.order_by("code")}
        changed = [
            item
            for item in items
            if item.code not in known
            or known[item.code].edited_at is None
            and any(getattr(item, name) != getattr(known[item.code], name) for name in names)
        ]
        CatalogueItem.objects.bulk_create(changed, update_conflicts=True, unique_fields=["code"], update_fields=names)
        if changed:
            first = CatalogueItem.objects.get(code=changed[0].code)
            after = {"items": [item.code for item in changed]}
            audit.record(actor=actor, verb="records.load_catalogue", target=first, now=now, after=after)
    return len(changed)


def set_source(*, actor: Actor, organization: Organization, item_codes: Collection[str], now: datetime) -> Source:
    """Say which items an organisation delivers. Raises NotPermitted, and InvalidInput for an unknown item."""
    if not actor.has(Role.OPERATOR, Role.SYSTEM):
        raise NotPermitted("只有平台管理员可以设定报送范围。")
    if organization.kind not in DELIVERING_KINDS:
        raise InvalidInput("只有数据报送部门或主管部门可以报送。")
    items = list(CatalogueItem.objects.filter(code__in=item_codes, is_active=True).order_by("code"))
    if unknown := set(item_codes) - {item.code for item in items}:
        raise InvalidInput(f"没有这些信息项：{'、'.join(sorted(unknown))}。")
    with transaction.atomic():
        source, _ = Source.objects.get_or_create(organization=organization)
        before = sorted(source.items.order_by("code").values_list("code", flat=True))
        source.items.set(items)
        audit.record(
            actor=actor,
            verb="records.set_source",
            target=source,
            now=now,
            before={"items": before},
            after={"items": [item.code for item in items]},
        )
    return source
