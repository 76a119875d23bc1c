"""Tables of records: the catalogue, what was delivered, and the facts that came of it."""

from apps.records.models.catalogue import DELIVERING_KINDS, CatalogueItem, Source
from apps.records.models.deliveries import Delivery, HeldRow, RejectedRow
from apps.records.models.facts import EventRecord, HoldingRecord, PaymentRecord
from apps.records.models.quality import (
    Bulletin,
    CodeFault,
    Contradiction,
    CorrectionLine,
    CorrectionRound,
    DeliveredName,
    Duty,
    OverdueAlert,
    QualityFigure,
)
from apps.records.models.retention import DeletionProof, RetentionRule
from apps.records.models.verification import (
    RefusedAnswer,
    VerificationAdapter,
    VerificationQuestion,
    VerificationRequest,
)

__all__ = [
    "DELIVERING_KINDS",
    "Bulletin",
    "CatalogueItem",
    "CodeFault",
    "Contradiction",
    "CorrectionLine",
    "CorrectionRound",
    "DeliveredName",
    "DeletionProof",
    "Delivery",
    "Duty",
    "EventRecord",
    "HeldRow",
    "HoldingRecord",
    "OverdueAlert",
    "PaymentRecord",
    "QualityFigure",
    "RefusedAnswer",
    "RejectedRow",
    "RetentionRule",
    "Source",
    "VerificationAdapter",
    "VerificationQuestion",
    "VerificationRequest",
]
