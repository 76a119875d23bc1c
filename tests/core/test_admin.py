"""The stock admin shows and never writes, whoever is logged in."""

import pytest
from django.contrib import admin
from django.urls import reverse

from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin

OURS = sorted((model for model in admin.site._registry if model.__module__.startswith("apps.")), key=str)


@pytest.fixture
def superuser(client, cast, now):
    """The most that the admin knows."""
    user = User.objects.create_superuser(username="root", password="a-long-test-password")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("model", OURS, ids=str)
def test_every_registered_model_is_read_only(model):
    assert isinstance(admin.site._registry[model], ReadOnlyAdmin)


def test_the_apps_of_people_and_access_are_registered():
    labels = {model._meta.app_label for model in OURS}
    assert {"core", "accounts", "consents", "enterprises"} <= labels


@pytest.mark.parametrize("model", OURS, ids=str)
def test_lists_open_and_additions_are_refused(superuser, model):
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    assert superuser.get(reverse(f"admin:{name}_changelist")).status_code == 200
    assert superuser.get(reverse(f"admin:{name}_add")).status_code == 403


def test_a_row_is_shown_without_its_password_and_not_changed(superuser, cast):
    address = reverse("admin:accounts_user_change", args=[cast.owner.user.pk])
    page = superuser.get(address)
    assert page.status_code == 200
    assert cast.owner.user.password not in page.content.decode()
    assert superuser.post(address, {"username": "changed"}).status_code == 403
    cast.owner.user.refresh_from_db()
    assert cast.owner.user.username == "owner"


def test_people_of_the_platform_do_not_enter(client_for):
    for name in ("operator", "owner"):
        assert client_for(name).get("/admin/").status_code == 302
