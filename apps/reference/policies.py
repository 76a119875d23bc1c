"""Who keeps the dated tables."""

from apps.core.actor import Actor, Role


def can_maintain(actor: Actor) -> bool:
    """Platform administrators keep the tables in the browser."""
    return actor.has(Role.OPERATOR)


def can_load(actor: Actor) -> bool:
    """Fixtures are loaded by the system at installation, or by a platform administrator."""
    return actor.has(Role.OPERATOR, Role.SYSTEM)
