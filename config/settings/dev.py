"""The demonstration and development: embedded database, sample accounts, local addresses only."""

from config.settings.base import *

DEBUG = False
SECRET_KEY = SECRET_KEY or "demonstration-only-not-a-secret-" + "0" * 32
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
INSTALLED_APPS = [*INSTALLED_APPS, "apps.demo"]
DEMO = True
TEMPLATES[0]["OPTIONS"]["context_processors"].append("apps.demo.context.sample_accounts")  # type: ignore[index]

STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None  # type: ignore[assignment]

_clock = HOME / "clock-offset-days"
CLOCK_OFFSET_DAYS = int(_clock.read_text()) if _clock.exists() else 0
