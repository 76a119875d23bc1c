"""Application configuration."""

from django.apps import AppConfig


class MatchingConfig(AppConfig):
    """A financing need becomes ranked products with reasons."""

    name = "apps.matching"
    label = "matching"
    verbose_name = "融资对接"
