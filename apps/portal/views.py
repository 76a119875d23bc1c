"""The home page of each role."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The work list of whoever is logged in, the public front otherwise."""
    return render(request, "portal/home.html", {})
