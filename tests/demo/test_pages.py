import pytest
from django.test import Client

from apps.accounts.models import Membership, User
from apps.demo.people import SAMPLE_ACCOUNTS, SAMPLE_BY_KEY


def test_log_in_page_offers_every_role(db):
    page = Client().get("/account/login/").content.decode()
    for account in SAMPLE_ACCOUNTS:
        assert account.display_name in page
        assert f"/demo/log-in/{account.key}/" in page


def test_one_click_becomes_the_sample_account(cast, now):
    user = User.objects.create_user(username=SAMPLE_BY_KEY["regulator"].username, display_name="郑监管")
    Membership.objects.create(user=user, organization=cast.regulator.organization, role="regulator", created_at=now)
    client = Client()
    response = client.post("/demo/log-in/regulator/", follow=True)
    assert response.status_code == 200
    assert response.wsgi_request.user == user


@pytest.mark.parametrize("key", ["regulator", "nobody"])
def test_unknown_or_unloaded_sample_is_not_found(db, key):
    assert Client().post(f"/demo/log-in/{key}/").status_code == 404


def test_log_in_by_link_is_refused(db):
    assert Client().get("/demo/log-in/regulator/").status_code == 405
