"""Tables of records: the catalogue, what was delivered, and the facts that came of it."""

from apps.records.models.catalogue import DELIVERING_KINDS, CatalogueItem, Source
from apps.records.models.deliveries import Delivery, HeldRow, RejectedRow
from apps.records.models.facts import EventRecord, HoldingRecord, PaymentRecord

__all__ = [
    "DELIVERING_KINDS",
    "CatalogueItem",
    "Delivery",
    "EventRecord",
    "HeldRow",
    "HoldingRecord",
    "PaymentRecord",
    "RejectedRow",
    "Source",
]
