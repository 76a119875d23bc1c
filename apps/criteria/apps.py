"""Application configuration."""

from django.apps import AppConfig


class CriteriaConfig(AppConfig):
    """The language in which a bank, an authority or a policy says whom it wants."""

    name = "apps.criteria"
    label = "criteria"
    verbose_name = "准入条件"
