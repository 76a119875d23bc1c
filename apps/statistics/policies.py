"""Who may do what with statistics, one sentence each."""

from apps.core.actor import Actor, Role
from apps.statistics.models import SUPERVISORS


def can_read(actor: Actor) -> bool:
    """Regulators and authorities read their region, the platform's people all of it; firms and banks nothing here."""
    return actor.has(*SUPERVISORS)


def can_build(actor: Actor) -> bool:
    """The night counts; the platform's administrator may have a day counted again."""
    return actor.has(Role.SYSTEM, Role.OPERATOR)
