"""The cast of the loans tests."""

from tests.loans.conftest import loans

__all__ = ["loans"]
