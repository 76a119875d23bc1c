"""Production: everything secret comes from the environment, and what is missing stops the start."""

from config.settings.base import *


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"缺少环境变量 {name} (environment variable missing)")
    return value


SECRET_KEY = _required("XINQIAO_SECRET_KEY")
ALLOWED_HOSTS = _required("XINQIAO_ALLOWED_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
_required("DATABASE_URL")
_required("CELERY_BROKER_URL")

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Failed log-ins are counted by the address that the one proxy in front of us reports; else all share the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = 1
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"

if location := os.environ.get("XINQIAO_FILES_DIR"):
    STORAGES["default"]["OPTIONS"] = {"location": location}
