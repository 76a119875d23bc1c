"""Registrations, for looking only; what a firm declares is read through the gate, not here."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.enterprises.models import Registration


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    """Registrations."""

    list_display = ("name", "code", "state", "submitted_at", "decided_at", "decided_by_name")
    list_filter = ("state",)
    ordering = ("-id",)
