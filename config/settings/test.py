"""Tests: the demonstration's settings with a cluster of their own, a fast hash and nothing that leaves the machine.

`manage.py test --services` runs all of them against the servers on loopback instead.
"""

import os

if os.environ.get("XINQIAO_TEST_SERVICES") == "1":
    os.environ.setdefault("DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/xinqiao")
    os.environ.setdefault("CELERY_BROKER_URL", "redis://127.0.0.1:6379/5")

from config.settings.dev import *  # noqa: E402

CLOCK_OFFSET_DAYS = 0
if "EMBEDDED" in DATABASES["default"]:
    DATABASES["default"] |= {
        "EMBEDDED": HOME / "pg-test",
        "EMBEDDED_OPTIONS": {"fsync": "off", "full_page_writes": "off"},
    }
DATABASES["default"] |= {"CONN_MAX_AGE": 0}
# Tests sign up by the dozen; those of the limit set it.
ACCOUNT_RATE_LIMITS = {"signup": None}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "memory://"
if CELERY_BROKER_URL == "memory://":
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
