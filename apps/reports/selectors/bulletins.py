"""The monthly bulletin of data quality, for printing."""

from datetime import date, datetime
from typing import Any

from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.errors import NotVisible
from apps.records.selectors import bulletin_of
from apps.reports.documents.wording import instant


def bulletin(actor: Actor, source_id: int, year: int, month: int, now: datetime) -> tuple[dict[str, Any], str]:
    """The content of a bulletin and when it came out, in words. Raises NotVisible."""
    try:
        month_on = date(year, month, 1)
    except ValueError as error:
        raise NotVisible("没有这个月份。") from error
    content, published = bulletin_of(actor, source_id, month_on, business_date(now))
    return content, f"发布于 {instant(published.published_at)}" if published else "尚未发布"
