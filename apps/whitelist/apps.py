from django.apps import AppConfig


class WhitelistConfig(AppConfig):
    name = "apps.whitelist"
    label = "whitelist"
    verbose_name = "白名单"
