"""The only place that reads the clock.

Pages, API, tasks and commands read it and hand `now` or `business_date` down. The demonstration shifts the business
clock by whole days; leases and heartbeats are facts of the machine and use `machine_now`.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

CHINA = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The instant that business is dated with, aware."""
    return timezone.now() + timedelta(days=settings.CLOCK_OFFSET_DAYS)


def machine_now() -> datetime:
    """The machine's own instant, aware: for leases, heartbeats and sealing delays."""
    return timezone.now()


def business_date(at: datetime) -> date:
    """The day in Asia/Shanghai on which `at` falls."""
    return at.astimezone(CHINA).date()
