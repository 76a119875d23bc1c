"""The capability to read protected data of one subject. Only `consents.gate` may construct one (a test says so)."""

from dataclasses import dataclass
from datetime import datetime

from apps.core.errors import NotPermitted


@dataclass(frozen=True, slots=True)
class Permit:
    """Proof that consent and reason were checked and the reading is on record.

    `own` permits belong to the subject itself and leave no access record: reading is showing or handing data to
    somebody else (design §2).
    """

    subject_id: int
    purpose: str
    items: frozenset[str]
    access_record_id: int | None
    actor_organization_id: int | None
    opened_at: datetime
    own: bool = False

    def covers(self, item: str) -> bool:
        """Whether a catalogue item may be read under this permit."""
        return self.own or item in self.items

    def require(self, subject_id: int, item: str | None = None) -> None:
        """Refuse a reading that this permit was not opened for."""
        if subject_id != self.subject_id or (item is not None and not self.covers(item)):
            raise NotPermitted("这次查询的授权不包含该主体或该项信息。")


@dataclass(frozen=True, slots=True)
class RunPermit:
    """Proof that a calculation over many subjects is on record: one record per run."""

    purpose: str
    items: frozenset[str]
    access_record_id: int
    opened_at: datetime
