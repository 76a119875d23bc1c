"""The one-click sample accounts on the log-in page; only the demonstration's settings install this."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.core.actor import ROLE_LABELS
from apps.demo.people import SAMPLE_ACCOUNTS


def sample_accounts(request: HttpRequest) -> dict[str, Any]:
    """What `templates/account/login.html` lists below the form."""
    return {
        "sample_accounts": [
            {
                "role_label": ROLE_LABELS[account.role],  # type: ignore[index]
                "name": account.display_name,
                "organization": account.organization or "示例企业",
                "description": account.description,
                "post_url": reverse("demo:log_in", args=[account.key]),
            }
            for account in SAMPLE_ACCOUNTS
        ]
    }
