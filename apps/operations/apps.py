from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "apps.operations"
    label = "operations"
    verbose_name = "运行维护"

    def ready(self) -> None:
        """Register the deploy checks."""
        from apps.operations import checks  # noqa: F401
