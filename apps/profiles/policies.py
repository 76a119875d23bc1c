"""Who may do what with profiles and scorecards."""

from apps.core.actor import Actor, Role


def can_refresh(actor: Actor) -> bool:
    """The night and the platform's administrators start a run."""
    return actor.has(Role.SYSTEM, Role.OPERATOR)


def can_load_scorecards(actor: Actor) -> bool:
    """Scorecards that come with a release are loaded by the system or an administrator."""
    return actor.has(Role.SYSTEM, Role.OPERATOR)


def can_evaluate_scorecards(actor: Actor) -> bool:
    """Holding a scorecard against outcomes is for those who answer for it: the system or an administrator."""
    return actor.has(Role.SYSTEM, Role.OPERATOR)
