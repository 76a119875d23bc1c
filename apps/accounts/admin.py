"""People and organisations, for looking only."""

from django.contrib import admin

from apps.accounts.models import ApiClient, Membership, Notice, Organization, User
from apps.core.admin import ReadOnlyAdmin


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Accounts; the hash of the password is not shown."""

    list_display = ("username", "display_name", "is_active", "last_login")
    search_fields = ("username", "display_name")
    exclude = ("password",)
    ordering = ("username",)


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    """Organisations."""

    list_display = ("name", "kind", "code", "region_code", "parent", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("parent",)
    search_fields = ("name", "code")
    ordering = ("kind", "name", "id")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Roles of people."""

    list_display = ("user", "organization", "role", "is_active", "created_at", "ended_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "organization")
    ordering = ("-id",)


@admin.register(ApiClient)
class ApiClientAdmin(ReadOnlyAdmin):
    """Systems of organisations."""

    list_display = ("application", "organization", "role", "is_active", "created_at")
    list_select_related = ("application", "organization")
    ordering = ("-id",)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Messages."""

    list_display = ("title", "user", "organization", "created_at", "read_at")
    list_select_related = ("user", "organization")
    ordering = ("-id",)
