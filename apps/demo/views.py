"""One-click log-in as a sample account. The route exists only under the demonstration's settings."""

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.core.errors import NotVisible
from apps.demo import selectors


@require_POST
def log_in(request: HttpRequest, key: str) -> HttpResponse:
    """Become the sample account named by `key`."""
    user = selectors.sample_user(key)
    if user is None:
        raise NotVisible("演示数据尚未装载，请先运行 manage.py demo。")
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, f"您现在以“{user}”的身份使用演示区。")
    return redirect("portal:home")
