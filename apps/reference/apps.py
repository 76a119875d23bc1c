from django.apps import AppConfig


class ReferenceConfig(AppConfig):
    """Dated public tables: regions, industries, size standard, calendar, LPR, lists, policy figures."""

    name = "apps.reference"
    label = "reference"
    verbose_name = "基础数据"
