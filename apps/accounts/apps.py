from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"
    verbose_name = "账号与单位"

    def ready(self) -> None:
        from apps.accounts import receivers  # noqa: F401  (connects the log-in receivers)
