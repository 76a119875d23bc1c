"""An administrator adds an item, a column or a spelling in the browser; the next delivery is read by it."""

from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.core import audit
from apps.core.actor import Actor, Role
from apps.core.errors import InvalidInput, NotPermitted, NotVisible
from apps.records import entries
from apps.records.catalogue import CatalogueError
from apps.records.entries import NewColumns, NewField
from apps.records.models import CatalogueItem
from apps.records.selectors import item_codes, spec_of

OWN_VERSION: Final = "本地"


def add_item(*, actor: Actor, values: dict[str, Any], columns: NewColumns, now: datetime) -> CatalogueItem:
    """Add an item with its first columns. `values`: name, catalogue_no, category, owner, shape, sharing_mode,
    disclosure, update_frequency, retention_months, absence, source_document, certainty.

    Raises NotPermitted, and InvalidInput when the name is taken or a column is missing.
    """
    _require_operator(actor)
    if CatalogueItem.objects.filter(name=values["name"]).exists():
        message = f"已有名为“{values['name']}”的信息项。"
        raise InvalidInput(message, fields={"name": message})
    fields, natural_key, key_text = entries.first_fields(values["shape"], columns)
    item = CatalogueItem(
        **values,
        code=entries.slug(values["name"], item_codes()),
        fields=fields,
        natural_key=natural_key,
        key_text=key_text,
        catalog_version=OWN_VERSION,
        needs_verification=values["certainty"] != "confirmed",
        edited_at=now,
    )
    _check(item)
    with transaction.atomic():
        item.save()
        after = {"code": item.code, "fields": [each["label"] for each in fields]}
        audit.record(actor=actor, verb="records.add_item", target=item, now=now, after=after)
    return item


def add_field(*, actor: Actor, item_code: str, field: NewField, now: datetime) -> CatalogueItem:
    """Add a column to an item. Raises NotPermitted, NotVisible, InvalidInput."""
    _require_operator(actor)
    with transaction.atomic():
        item = _locked(item_code)
        row = entries.field_of(spec_of(item), field)
        item.fields = [*item.fields, row]
        _save(item, now)
        audit.record(actor=actor, verb="records.add_field", target=item, now=now, after=row)
    return item


def add_alias(*, actor: Actor, item_code: str, field_name: str, alias: str, now: datetime) -> CatalogueItem:
    """Let senders call a column by another label too. Raises NotPermitted, NotVisible, InvalidInput."""
    _require_operator(actor)
    alias = alias.strip()
    with transaction.atomic():
        item = _locked(item_code)
        spec = spec_of(item)
        if field_name not in {each.name for each in spec.fields}:
            raise NotVisible("没有这一列。")
        entries.refuse_taken(spec, alias)
        item.fields = [
            row | {"aliases": [*row.get("aliases", []), alias]} if row["name"] == field_name else row
            for row in item.fields
        ]
        _save(item, now)
        after = {"field": field_name, "alias": alias}
        audit.record(actor=actor, verb="records.add_alias", target=item, now=now, after=after)
    return item


def _require_operator(actor: Actor) -> None:
    if not actor.has(Role.OPERATOR):
        raise NotPermitted("只有平台管理员可以修改信息目录。")


def _locked(item_code: str) -> CatalogueItem:
    item = CatalogueItem.objects.select_for_update(of=("self",), no_key=True).filter(code=item_code).first()
    if item is None:
        raise NotVisible("没有这个信息项。")
    return item


def _save(item: CatalogueItem, now: datetime) -> None:
    _check(item)
    item.edited_at = now
    item.save(update_fields=["fields", "edited_at"])


def _check(item: CatalogueItem) -> None:
    try:
        spec_of(item)
    except CatalogueError as error:
        raise InvalidInput("各列的设定互相矛盾，未作改动，请核对写法、用途和可填的值。") from error
