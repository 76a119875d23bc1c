import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.checks import registry, run_checks

from apps.accounts.models import User
from apps.operations import checks

SOUND = {
    "DEMO": False,
    "CLOCK_OFFSET_DAYS": 0,
    "INSTALLED_APPS": [name for name in settings.INSTALLED_APPS if name != "apps.demo"],
    "DEBUG": False,
    "SECRET_KEY": "k" * 50,
    "DATABASES": {"default": {"ENGINE": "apps.core.postgres", "NAME": "xinqiao", "HOST": "db"}},
    "CELERY_BROKER_URL": "redis://broker/0",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
}


def codes(monkeypatch, **changed):
    for name, value in {**SOUND, **changed}.items():
        monkeypatch.setattr(settings, name, value)
    return [fault.id for fault in checks.production_settings(None)]


def test_sound_settings_pass(monkeypatch):
    assert codes(monkeypatch) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"DEMO": True}, "operations.E001"),
        ({"CLOCK_OFFSET_DAYS": 3}, "operations.E001"),
        ({"INSTALLED_APPS": ["apps.demo"]}, "operations.E001"),
        ({"DEBUG": True}, "operations.E002"),
        ({"SECRET_KEY": "demonstration-only-not-a-secret-0000"}, "operations.E003"),
        ({"DATABASES": {"default": {"EMBEDDED": "pg"}}}, "operations.E004"),
        ({"CELERY_BROKER_URL": "spool://"}, "operations.E005"),
        ({"CELERY_BROKER_URL": "filesystem://"}, "operations.E005"),
        ({"CELERY_BROKER_URL": "memory://"}, "operations.E005"),
        ({"CONTENT_SECURITY_POLICY": {}}, "operations.E006"),
        ({"CONTENT_SECURITY_POLICY": {"DIRECTIVES": {"script-src": ["'self'", "'unsafe-inline'"]}}}, "operations.E006"),
        ({"MIDDLEWARE": []}, "operations.E006"),
        ({"SESSION_COOKIE_SECURE": False}, "operations.E007"),
        ({"SECURE_SSL_REDIRECT": False}, "operations.E007"),
    ],
)
def test_each_fault_is_named(monkeypatch, changed, code):
    assert codes(monkeypatch, **changed) == [code]


def test_the_demonstrations_own_key_is_known():
    assert settings.SECRET_KEY.startswith(checks.KNOWN_KEY_PREFIX)


def test_the_checks_run_with_deploy():
    found = {fault.id for fault in run_checks(include_deployment_checks=True)}
    assert {"operations.E001", "operations.E003"} <= found
    assert checks.production_settings not in registry.registry.get_checks(include_deployment_checks=False)


@pytest.mark.django_db
def test_demo_accounts_are_found_in_the_database():
    User.objects.create_user(username="demo-operator", display_name="吴管理")
    User.objects.create_user(username="demo-gone", display_name="旧账号", is_active=False)
    [fault] = checks.no_demo_accounts(None, databases=["default"])
    assert fault.id == "operations.E008"
    assert "demo-operator" in fault.msg
    assert "demo-gone" not in fault.msg


@pytest.mark.django_db
def test_real_accounts_pass(cast):
    assert checks.no_demo_accounts(None, databases=["default"]) == []


def test_production_settings_refuse_to_start_without_secrets():
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"}
    finished = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode != 0
    assert "XINQIAO_SECRET_KEY" in finished.stderr


def test_production_settings_pass_every_deploy_check():
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "XINQIAO_SECRET_KEY": "".join(chr(33 + number) for number in range(60)),
        "XINQIAO_ALLOWED_HOSTS": "xinqiao.example.gov.cn",
        "XINQIAO_NO_BOOTSTRAP": "1",
        "DATABASE_URL": "postgresql://xinqiao@127.0.0.1:1/xinqiao",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "XINQIAO_HOME": str(settings.HOME),
    }
    finished = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
