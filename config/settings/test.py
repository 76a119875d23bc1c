"""Tests: the demonstration's settings with a cluster of their own, a fast hash and nothing that leaves the machine."""

from config.settings.dev import *

CLOCK_OFFSET_DAYS = 0
if "EMBEDDED" in DATABASES["default"]:
    DATABASES["default"] |= {
        "EMBEDDED": HOME / "pg-test",
        "EMBEDDED_OPTIONS": {"fsync": "off", "full_page_writes": "off"},
    }
DATABASES["default"] |= {"CONN_MAX_AGE": 0}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "memory://"
if CELERY_BROKER_URL == "memory://":
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
