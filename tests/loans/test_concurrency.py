"""Two clerks at the same moment, on real connections: exactly one takes what is scarce."""

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection

from apps.core.errors import StateConflict
from apps.loans import selectors, services
from apps.loans.models import CreditLine, Drawdown, Instalment, Repayment
from apps.loans.services import drawdowns, repayments
from tests.loans.factories import Loans, order

pytestmark = pytest.mark.django_db(transaction=True)


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Do the acts in threads of their own; what each returned or raised, in order."""
    results: list[Any] = [None] * len(acts)

    def run(position: int, act: Callable[[], Any]) -> None:
        try:
            results[position] = act()
        except Exception as error:
            results[position] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return results


def meet_before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let both threads arrive at a function before either goes on."""
    barrier, original = threading.Barrier(2, timeout=10), getattr(module, name)

    def met(*args: Any, **kwargs: Any) -> Any:
        barrier.wait()
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, met)


def reserve(loans: Loans, line: CreditLine, reference: str) -> Callable[[], Drawdown]:
    """The officer's order of 300 000 yuan."""
    return lambda: services.reserve_drawdown(
        actor=loans.cast.bank_officer.actor, application=line.application, wanted=order(reference), now=loans.now
    )


def test_without_the_guard_both_drawdowns_find_room_and_only_the_check_stops_them(loans, monkeypatch):
    line = loans.approve()
    barrier, found = threading.Barrier(2, timeout=10), []

    def look_then_take(line: CreditLine, amount_yuan: Decimal, today: date) -> None:
        line.refresh_from_db()
        found.append(line.available_yuan >= amount_yuan)
        barrier.wait()
        CreditLine.objects.filter(pk=line.pk).update(reserved_yuan=drawdowns.F("reserved_yuan") + amount_yuan)

    monkeypatch.setattr(drawdowns, "_take", look_then_take)
    results = race(reserve(loans, line, "JJ-1"), reserve(loans, line, "JJ-2"))
    assert found == [True, True]
    (loser,) = [result for result in results if isinstance(result, Exception)]
    assert isinstance(loser, IntegrityError)
    assert "creditline_not_exceeded" in str(loser)


def test_of_two_drawdowns_racing_for_one_line_exactly_one_gets_it(loans, monkeypatch):
    line = loans.approve()
    meet_before(monkeypatch, drawdowns, "_take")
    results = race(reserve(loans, line, "JJ-1"), reserve(loans, line, "JJ-2"))
    assert sorted(type(result).__name__ for result in results) == ["Drawdown", "LimitExceeded"]
    line.refresh_from_db()
    assert line.reserved_yuan == 300000
    assert Drawdown.objects.count() == 1
    assert selectors.differences_for_batch() == []


def test_the_same_drawdown_twice_at_once_is_registered_once(loans, monkeypatch):
    line = loans.approve()
    meet_before(monkeypatch, drawdowns, "_columns")
    first, second = race(reserve(loans, line, "JJ-1"), reserve(loans, line, "JJ-1"))
    assert first == second == Drawdown.objects.get()
    line.refresh_from_db()
    assert line.reserved_yuan == 300000


def test_a_drawdown_cannot_be_posted_and_voided_at_once(loans, monkeypatch):
    drawdown = loans.reserve(loans.approve())
    meet_before(monkeypatch, drawdowns, "_resolve")
    actor, now = loans.cast.bank_officer.actor, loans.now
    results = race(
        lambda: services.post_drawdown(actor=actor, drawdown=Drawdown.objects.get(), disbursed_on=now.date(), now=now),
        lambda: services.void_drawdown(actor=actor, drawdown=Drawdown.objects.get(), reason="企业暂不用款", now=now),
    )
    (loser,) = [result for result in results if isinstance(result, Exception)]
    assert isinstance(loser, StateConflict)
    drawdown.refresh_from_db()
    assert Instalment.objects.count() == (12 if drawdown.state == "posted" else 0)
    assert selectors.differences_for_batch() == []


def test_the_same_repayment_twice_at_once_is_registered_once(loans, monkeypatch):
    drawdown = loans.post(loans.approve())
    meet_before(monkeypatch, repayments, "yuan")
    first, second = race(
        lambda: loans.repay(drawdown, "30000", date(2026, 12, 15)),
        lambda: loans.repay(drawdown, "30000", date(2026, 12, 15)),
    )
    assert first == second == Repayment.objects.get()
    assert selectors.differences_for_batch() == []
