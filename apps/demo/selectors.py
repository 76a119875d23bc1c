"""Reads of the demonstration."""

from apps.accounts.models import User
from apps.demo.people import SAMPLE_BY_KEY


def sample_user(key: str) -> User | None:
    """The account behind a sample key; None when the key is unknown or the district is not loaded."""
    account = SAMPLE_BY_KEY.get(key)
    return User.objects.filter(username=account.username, is_active=True).first() if account else None
