"""django-allauth's hooks: nobody signs up by name and password alone, accounts come from administrators and firms."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Closed sign-up: firms register through `enterprises`, staff are created by the administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False
