"""Consents, reasons and access records, for looking only."""

from django.contrib import admin

from apps.consents.models import AccessReason, AccessRecord, Consent
from apps.core.admin import ReadOnlyAdmin


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """Signed authorisations."""

    list_display = ("subject", "grantee", "valid_from_on", "valid_to_on", "use_count", "withdrawn_at")
    list_select_related = ("subject", "grantee")
    ordering = ("-id",)


@admin.register(AccessReason)
class AccessReasonAdmin(ReadOnlyAdmin):
    """Why a bank may look."""

    list_display = ("organization", "subject", "kind", "ref", "opened_at", "until_on", "closed_at")
    list_select_related = ("organization", "subject")
    list_filter = ("kind",)
    ordering = ("-id",)


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin):
    """Who looked."""

    list_display = ("at", "organization_name", "actor_name", "subject", "purpose", "run_label", "subjects_count")
    list_select_related = ("subject",)
    list_filter = ("purpose",)
    ordering = ("-id",)
