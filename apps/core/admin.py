"""Stock Django admin, for looking only: every write goes through a service (design §2).

Tables of protected data (records, profiles, declarations) are not registered: reading them takes a permit.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from apps.core.models import AuditEvent, IdempotencyKey, Job, Outbox, StoredFile


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Base of every admin page of the project: shows rows, changes none."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The trail."""

    list_display = ("id", "at", "verb", "actor_name", "organization_name", "target_label", "sequence")
    list_filter = ("stream",)
    ordering = ("-id",)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Long work."""

    list_display = ("id", "kind", "key", "state", "attempt", "progress_done", "progress_total", "created_at")
    list_filter = ("state", "kind")
    ordering = ("-id",)


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyAdmin):
    """Messages that the broker has not taken yet."""

    list_display = ("id", "task", "args", "created_at", "tries", "last_error")
    ordering = ("id",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Answers kept for repeated API writes; the body, which may hold credit data, is not shown."""

    exclude = ("body",)
    list_display = ("id", "scope", "key", "status", "created_at")
    ordering = ("-id",)


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    """Files by digest; their bytes are not served here."""

    list_display = ("id", "name", "content_type", "size_bytes", "sha256", "created_at")
    ordering = ("-id",)
