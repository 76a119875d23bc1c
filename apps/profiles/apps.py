"""画像: one dated, immutable portrait of a subject."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    """Indicators, size, lists, score."""

    name = "apps.profiles"
    label = "profiles"
    verbose_name = "信用画像"
    default_auto_field = "django.db.models.BigAutoField"
