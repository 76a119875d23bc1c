"""The only receivers of the project: log-in, failed log-in and log-out go on record."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts import services  # noqa: F401  (declares the audit verbs)
from apps.accounts.models import User
from apps.accounts.selectors import actor_for, memberships_of
from apps.core import audit, clock
from apps.core.actor import Actor


def _actor_of(user: User, request: HttpRequest | None) -> Actor:
    membership = memberships_of(user).first()
    request_id = getattr(request, "request_id", "")
    now = clock.now()
    if membership is not None:
        return actor_for(user, membership, on=clock.business_date(now), request_id=request_id)
    return Actor(user.pk, str(user), None, "", "", None, frozenset(), request_id=request_id)


@receiver(user_logged_in)
def record_log_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Who logged in, when."""
    with transaction.atomic():
        audit.record(actor=_actor_of(user, request), verb="accounts.log_in", target=user, now=clock.now())


@receiver(user_logged_out)
def record_log_out(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """Who logged out, when."""
    if user is None:
        return
    with transaction.atomic():
        audit.record(actor=_actor_of(user, request), verb="accounts.log_out", target=user, now=clock.now())


@receiver(user_login_failed)
def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """A failed attempt, by the name that was tried; never the password."""
    nobody = Actor(None, "未登录", None, "", "", None, frozenset(), request_id=getattr(request, "request_id", ""))
    name = str(credentials.get("username") or credentials.get("email") or "")[:80]
    with transaction.atomic():
        audit.record(
            actor=nobody, verb="accounts.log_in_failed", target=audit.Target("account", name, name), now=clock.now()
        )
