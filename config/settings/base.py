"""Wiring shared by every environment. Policy figures are dated rows, never settings."""

import base64
import os
from pathlib import Path

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from apps.core import logs

BASE_DIR = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("XINQIAO_HOME") or BASE_DIR / ".xinqiao")

SECRET_KEY = os.environ.get("XINQIAO_SECRET_KEY", "")
# Where the public finds this site, e.g. https://xinqiao.example.gov.cn: printed on documents; empty prints paths only.
SITE_URL = os.environ.get("XINQIAO_SITE_URL", "").rstrip("/")
DEBUG = False
ALLOWED_HOSTS: list[str] = []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "oauth2_provider",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "apps.core",
    "apps.reference",
    "apps.subjects",
    "apps.accounts",
    "apps.criteria",
    "apps.records",
    "apps.consents",
    "apps.enterprises",
    "apps.products",
    "apps.profiles",
    "apps.matching",
    "apps.whitelist",
    "apps.loans",
    "apps.statistics",
    "apps.reports",
    "apps.portal",
    "apps.operations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.middleware.ActorMiddleware",
    "apps.core.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portal.context.page",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


def _database() -> dict[str, object]:
    """One PostgreSQL dialect: a server when DATABASE_URL is set, the embedded one otherwise (design §4)."""
    role = os.environ.get("XINQIAO_DB_ROLE", "app")
    if role not in {"app", "batch", "owner"}:
        raise ImproperlyConfigured(f"XINQIAO_DB_ROLE={role!r} is none of app, batch, owner")
    common: dict[str, object] = {
        "ENGINE": "apps.core.postgres",
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
        "ROLE": role,
    }
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return common | {"NAME": "xinqiao", "EMBEDDED": HOME / "pg"}
    parts = conninfo_to_dict(url)
    known = {"dbname", "user", "password", "host", "port"}
    return common | {
        "NAME": parts.get("dbname", "xinqiao"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "OPTIONS": {key: value for key, value in parts.items() if key not in known},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "apps.accounts.passwords.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    # File bytes lie in one place, named by digest; production points it at shared storage.
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": HOME / "files"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_TEMP_DIR = None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.ClientCredentialsAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.authentication.HasActor"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.paging.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "apps.core.openapi.Schema",
    "EXCEPTION_HANDLER": "apps.core.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "信桥 API",
    "DESCRIPTION": "融资信用服务平台接口。错误以 RFC 9457 problem+json 返回；列表以游标分页。",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "DeliveryState": "apps.records.workflow.DELIVERY.choices",
        "DeliveryKind": "apps.records.manifest.KINDS",
        "DeliveryWayIn": "apps.records.manifest.WAYS_IN",
        "HeldRowState": "apps.records.workflow.HELD_ROW.choices",
        "JobState": "apps.core.models.JobState.choices",
        "ProductVersionState": "apps.products.workflow.VERSION.choices",
        "NeedState": "apps.matching.workflow.NEED.choices",
        "DispatchState": "apps.matching.workflow.DISPATCH.choices",
        "ListingState": "apps.whitelist.workflow.LISTING.choices",
        "PushState": "apps.whitelist.workflow.PUSH.choices",
        "ApplicationState": "apps.loans.workflow.APPLICATION.choices",
        "MatchVerdict": "apps.matching.models.VERDICTS",
        "SubjectKind": "apps.subjects.models.KINDS",
        "SubjectStatus": "apps.subjects.models.STATUSES",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "SCOPES": {"read": "读取", "write": "写入"},
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    # RFC 9700, not yet the library's defaults: hashed tokens, none in addresses, no grants that hand out passwords.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or "spool://"
if CELERY_BROKER_URL == "spool://":
    # The embedded broker may lose what it holds at a kill -9: the truth about a job is its row (core.Job).
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "data_folder_in": str(HOME / "broker" / "queue"),
        "data_folder_out": str(HOME / "broker" / "queue"),
        "control_folder": str(HOME / "broker" / "control"),
        "polling_interval": 0.05,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    # The outbox row leaves when the broker has the message, not when it was written to a socket.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "relay-outbox": {"task": "core.relay_outbox", "schedule": 2.0},
    "sweep-jobs": {"task": "core.sweep_jobs", "schedule": 10.0},
    "seal-audit": {"task": "core.seal_audit", "schedule": 3.0},
    # Begins at 01:30 Asia/Shanghai; the later hours take up a night that was missed or broke off.
    "nightly": {"task": "operations.nightly", "schedule": crontab(minute=30, hour="1-7")},
}

logs.configure()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": logs.JSON_LINES},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}


def _verification_keys() -> dict[str, bytes]:
    """Secrets for 数据核验 by key id, from `id:base64,id:base64`; the database names keys by id only."""
    keys = {}
    for entry in filter(None, os.environ.get("XINQIAO_VERIFICATION_KEYS", "").split(",")):
        key_id, _, text = entry.strip().partition(":")
        try:
            keys[key_id] = base64.b64decode(text, validate=True)
        except ValueError:
            raise ImproperlyConfigured(f"XINQIAO_VERIFICATION_KEYS: {key_id!r} is not base64") from None
        if len(keys[key_id]) < 32:
            raise ImproperlyConfigured(f"XINQIAO_VERIFICATION_KEYS: {key_id!r} is shorter than 32 bytes")
    return keys


VERIFICATION_KEYS = _verification_keys()

# The demonstration moves the business clock by whole days; everywhere else it is the real clock.
CLOCK_OFFSET_DAYS = 0
DEMO = False

import config.celery  # noqa: E402,F401  (the worker and `send_task` need the app configured)
