"""Guessing is slow: by account, and by address."""

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from tests.support.cast import PASSWORD, Cast

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


@pytest.fixture(autouse=True)
def _nothing_counted_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def log_in(name: str, password: str, address: str = "10.0.0.1") -> bool:
    """Whether somebody at an address gets in."""
    form = {"login": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/account/login/", form).status_code == 302


def test_after_five_wrong_passwords_the_right_one_waits_too(cast: Cast):
    assert not any(log_in("owner", f"wrong-{number}") for number in range(5))
    assert not log_in("owner", PASSWORD)
    assert log_in("stranger", PASSWORD), "others are not locked out"


def test_an_unknown_name_is_answered_like_a_wrong_password(cast: Cast):
    pages = []
    for name in ("owner", "nobody"):
        page = Client().post("/account/login/", {"login": name, "password": "x"}).content.decode()
        pages.append(TOKEN.sub("", page).replace(f'value="{name}"', ""))
    assert pages[0] == pages[1]
    assert "不正确" in pages[0]


def test_registrations_from_one_address_are_limited(db, settings):
    settings.ACCOUNT_RATE_LIMITS = {"signup": "3/m/ip"}
    client = Client(REMOTE_ADDR="10.0.0.2")
    statuses = [client.post("/enterprises/register/", {"code": "x"}).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert Client(REMOTE_ADDR="10.0.0.3").post("/enterprises/register/", {"code": "x"}).status_code == 200


def test_too_many_log_ins_are_refused_in_chinese(db, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    answers = [Client(REMOTE_ADDR="10.0.0.4").post("/account/login/", {}) for _ in range(2)]
    assert answers[1].status_code == 429
    assert "请求过于频繁" in answers[1].content.decode()
