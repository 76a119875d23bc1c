"""What must not reach production (pitfalls F42); `manage.py check --deploy --database default` refuses it.

The server examples in config/deploy/ run that command before every start.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

from apps.accounts.models import User

# The sample accounts of the demonstration have user names of this form.
DEMO_USERNAME_PREFIX = "demo-"
# Settings of the demonstration and of tests fall back on a key that begins so.
KNOWN_KEY_PREFIX = "demonstration-only"
CSP_MIDDLEWARE = "csp.middleware.CSPMiddleware"
LOCAL_BROKERS = ("spool:", "filesystem:", "memory:")


def _demonstration() -> str:
    shown = settings.DEMO or settings.CLOCK_OFFSET_DAYS or "apps.demo" in settings.INSTALLED_APPS
    return "装有演示应用或移动了业务日期，请使用 config.settings.production。" if shown else ""


def _debugging() -> str:
    return "DEBUG 已打开，出错页会显示内部数据。" if settings.DEBUG else ""


def _known_key() -> str:
    known = settings.SECRET_KEY.startswith(KNOWN_KEY_PREFIX)
    return "SECRET_KEY 是演示用的公开值，请设置环境变量 XINQIAO_SECRET_KEY。" if known else ""


def _embedded_database() -> str:
    embedded = "EMBEDDED" in settings.DATABASES["default"]
    return "使用了内嵌数据库，请设置环境变量 DATABASE_URL。" if embedded else ""


def _local_broker() -> str:
    local = settings.CELERY_BROKER_URL.startswith(LOCAL_BROKERS)
    return "使用了仅限本机的消息队列，请设置环境变量 CELERY_BROKER_URL。" if local else ""


def _content_security_policy() -> str:
    directives = getattr(settings, "CONTENT_SECURITY_POLICY", {}).get("DIRECTIVES", {})
    scripts = directives.get("script-src") or directives.get("default-src") or []
    whole = CSP_MIDDLEWARE in settings.MIDDLEWARE and scripts and "'unsafe-inline'" not in scripts
    return "" if whole else "没有内容安全策略，或它允许页内脚本 (CSP)。"


def _plain_cookies() -> str:
    secure = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.SECURE_SSL_REDIRECT
    return "" if secure else "会话与防伪 Cookie 未限定 HTTPS，或 HTTP 未转向 HTTPS。"


FAULTS = {
    "operations.E001": _demonstration,
    "operations.E002": _debugging,
    "operations.E003": _known_key,
    "operations.E004": _embedded_database,
    "operations.E005": _local_broker,
    "operations.E006": _content_security_policy,
    "operations.E007": _plain_cookies,
}


@register(Tags.security, deploy=True)
def production_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Nothing of the demonstration or of development in the settings."""
    return [Error(fault, id=code) for code, find in FAULTS.items() if (fault := find())]


@register(Tags.database, deploy=True)
def no_demo_accounts(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """No sample account in any of the databases looked at."""
    return [fault for alias in databases or () if (fault := _demo_accounts_in(alias))]


def _demo_accounts_in(alias: str) -> CheckMessage | None:
    try:
        if User._meta.db_table not in connections[alias].introspection.table_names():
            return None
        active = User.objects.using(alias).filter(username__startswith=DEMO_USERNAME_PREFIX, is_active=True)
        names = list(active.order_by("username").values_list("username", flat=True)[:5])
    except DatabaseError as error:
        return Error(f"无法检查数据库中的账号 (database not readable)：{error}".strip(), id="operations.E009")
    if not names:
        return None
    return Error(f"数据库中有演示账号：{'、'.join(names)}，请停用后再启动。", id="operations.E008")
