"""What is over, what went, and what a replay therefore lacks."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Exists, OuterRef, QuerySet

from apps.core.actor import Actor
from apps.core.clock import business_date as day_of
from apps.core.models import StoredFile
from apps.records.models import CatalogueItem, DeletionProof, Delivery, RetentionRule
from apps.records.retention import DatedRule, Kept, Retention, plan
from apps.reference.selectors import figure, penalty_classes


def retention_plan(business_date: date) -> list[Retention]:
    """Everything that retention does on a day, by the rules in force. Raises ReferenceMissing."""
    items = CatalogueItem.objects.order_by("catalogue_no", "code").values_list("code", "shape", "retention_months")
    rules = RetentionRule.objects.in_force(business_date).order_by("item_code", "action")
    return plan(
        [Kept(*item) for item in items],
        [DatedRule(*rule) for rule in rules.values_list("item_code", "action", "counts_from", "months")],
        rejected_months=int(figure("rejected_row_retention_months", business_date)),
        held_months=int(figure("held_row_retention_months", business_date)),
    )


def publicity_months(on: date) -> dict[str, int]:
    """Kind of penalty → months for which it is published at most (domain §5.1)."""
    return {kind: each.max_months for each in penalty_classes(on) for kind in sorted(each.kinds)}


def files_over_for_batch(rule: Retention, business_date: date) -> list[Delivery]:
    """The newest delivery of every file of an item that nobody may need any more: each of its deliveries is done with
    and over by its own item's months, and no other table refers to it. Files that are gone already are left out.
    """
    over = [
        delivery.pk
        for delivery in Delivery.objects.filter(item__code=rule.item_code)
        .exclude(state__in=["received", "reading"])
        .only("pk", "received_at")
        .order_by("pk")
        .iterator()
        if rule.is_over(day_of(delivery.received_at), business_date)
    ]
    if not over:
        return []
    later = Delivery.objects.filter(file=OuterRef("file")).exclude(pk__in=over)
    gone = DeletionProof.objects.filter(kept="file", digest=OuterRef("file__sha256"), at__gte=OuterRef("received_at"))
    found = Delivery.objects.filter(~Exists(later), ~Exists(gone), pk__in=over)
    for relation in StoredFile._meta.get_fields(include_hidden=True):
        field = getattr(relation, "field", None)
        if relation.auto_created and not relation.concrete and field is not None and field.model is not Delivery:
            found = found.filter(~Exists(field.model._default_manager.filter(**{field.name: OuterRef("file")})))
    newest = found.order_by("file_id", "-received_at", "-pk").distinct("file_id")
    return list(newest.select_related("file"))


def proofs_visible_to(actor: Actor) -> QuerySet[DeletionProof]:
    """Proofs, newest first."""
    return DeletionProof.objects.visible_to(actor).order_by("-at", "-pk")


def names_of_items() -> dict[str, str]:
    """Names of all items by code, those out of force too: an item is never deleted."""
    return dict(CatalogueItem.objects.order_by("code").values_list("code", "name"))


def deleted_for(subject_id: int, item_codes: Iterable[str], at: datetime) -> QuerySet[DeletionProof]:
    """The proofs of deleted facts of a subject that may have been known at an instant, oldest first.

    A proof speaks of a chunk: some of its rows about the subject may have been recorded later than its first.
    """
    return DeletionProof.objects.filter(
        action="delete",
        item_code__in=list(item_codes),
        subject_ids__contains=[subject_id],
        first_recorded_at__lte=at,
    ).order_by("at", "pk")
