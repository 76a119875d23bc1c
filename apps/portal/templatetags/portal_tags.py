"""How figures, dates, states and icons look on a page.

The components are described in `templates/components/README.md`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import jobs
from apps.core.money import format_wan, format_yuan, round_pct
from apps.portal.icons import icon_names

register = template.Library()

NOTHING = "—"
SHANGHAI = ZoneInfo("Asia/Shanghai")
GAUGE_LENGTH = 100

# Which colour a state has. A state that is not listed is neutral: its label says what it is.
TONES = {
    "success": "accepted active approved completed done granted listed met published repaid stored succeeded valid "
    "verified",
    "info": "applied disbursed drawn dispatched in_review pushed queued running reviewing sent submitted",
    "warning": "due expiring held partial pending returned stale suspended unknown unmatched waiting",
    "danger": "blocked cancelled defaulted expired failed not_met overdue refused rejected revoked withdrawn",
}
TONE_OF_STATE = {state: tone for tone, states in TONES.items() for state in states.split()}

VERDICTS = {  # value: (label, tone, icon)
    "met": ("符合", "success", "check-circle-fill"),
    "not_met": ("不符合", "danger", "x-circle-fill"),
    "unknown": ("无法判断", "warning", "question-circle-fill"),
}


@register.filter
def yuan(amount: Decimal | None) -> str:
    """Yuan to the fen, with thousands separators and the unit."""
    return NOTHING if amount is None else format_yuan(amount)


@register.filter
def wan(amount: Decimal | None) -> str:
    """An amount in yuan shown in 万元."""
    return NOTHING if amount is None else format_wan(amount)


@register.filter
def pct(rate: Decimal | int | None, places: int = 2) -> str:
    """A rate in percent, rounded half-up."""
    return NOTHING if rate is None else f"{round_pct(Decimal(rate), places):f}%"


@register.filter
def on(day: date | None) -> str:
    """A date as 2026-11-15. Raises `TypeError` for an instant: which day it falls on is for the caller to decide."""
    if isinstance(day, datetime):
        raise TypeError("an instant needs the filter at")
    return NOTHING if day is None else day.isoformat()


@register.filter
def at(moment: datetime | None) -> str:
    """An instant to the minute, Asia/Shanghai. Raises `ValueError` for one without a time zone."""
    if moment is None:
        return NOTHING
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@register.filter
def dash(value: Any) -> Any:
    """The value, or — where there is none (0 and False are values)."""
    return NOTHING if value is None or value == "" else value


@register.filter
def job_label(kind: str) -> str:
    """What people call a kind of job."""
    return jobs.told_of(kind).label


@cache
def _known_icons() -> frozenset[str]:
    return icon_names()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite. Raises `TemplateSyntaxError` for a name that the sprite does not hold."""
    if name not in _known_icons():
        raise template.TemplateSyntaxError(f"no icon {name!r} in the sprite: add it to apps.portal.icons.ICONS")
    href = f"{static('vendor/icons/sprite.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, href)
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', href)


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    icon: str = "",
    url: str = "",
    url_label: str = "",
    tone: str = "",
    flush: bool = False,
) -> SafeString:
    """A titled box around its content."""
    return _render(
        "card", content=content, title=title, icon=icon, url=url, url_label=url_label, tone=tone, flush=flush
    )


@register.simple_block_tag
def alert(content: str, tone: str = "info", title: str = "") -> SafeString:
    """A message that stands out; `tone` is info, success, warning or danger."""
    icons = {"info": "info-circle-fill", "success": "check-circle-fill"}
    return _render("alert", content=content, tone=tone, title=title, icon=icons.get(tone, "exclamation-triangle-fill"))


def _render(component: str, **values: Any) -> SafeString:
    return render_to_string(f"components/{component}.html", values)


@register.inclusion_tag("components/badge.html")
def badge(label: str, state: str = "", tone: str = "") -> dict[str, Any]:
    """A state in a word, coloured by `tone` or by what TONES says of `state`."""
    return {"label": label, "tone": tone or TONE_OF_STATE.get(state, "neutral")}


@register.inclusion_tag("components/verdict.html")
def verdict(value: str, label: str = "", reason: str = "", change: str = "") -> dict[str, Any]:
    """Met, not met or cannot tell, with its reason. Raises `KeyError` for any other value."""
    verdict_label, tone, icon_name = VERDICTS[value]
    return {
        "verdict_label": verdict_label,
        "tone": tone,
        "icon_name": icon_name,
        "label": label,
        "reason": reason,
        "change": change,
    }


@register.inclusion_tag("components/score_gauge.html")
def score_gauge(
    score: Decimal | int | None, highest: int, lowest: int = 0, grade: str = "", label: str = "信用评分"
) -> dict[str, Any]:
    """A score as an arc from `lowest` to `highest`, drawn on the server; None says that there is no score yet."""
    share = 0 if score is None else (Decimal(score) - lowest) / (highest - lowest)
    length = round(min(max(share, 0), 1) * GAUGE_LENGTH)
    return {"score": score, "highest": highest, "lowest": lowest, "grade": grade, "label": label, "length": length}


@register.inclusion_tag("components/bar_list.html")
def bar_list(rows: Sequence[dict[str, Any]], caption: str = "") -> dict[str, Any]:
    """Ranked bars: rows of `{label, value, text?, url?}` with values of zero or more."""
    largest = max((row["value"] for row in rows), default=0)
    bars = [row | {"width": f"{row['value'] / largest:.1%}" if largest else "0%"} for row in rows]
    return {"bars": bars, "caption": caption}


@register.inclusion_tag("components/chart.html")
def chart(id: str, kind: str, title: str, data: dict[str, Any]) -> dict[str, Any]:
    """A line, bar or radar chart together with the table that says the same (for the form of `data` see the README)."""
    if kind not in {"line", "bar", "radar"}:
        raise template.TemplateSyntaxError(f"no chart of kind {kind!r}")
    rows = [
        {"label": label, "values": [series["values"][index] for series in data["series"]]}
        for index, label in enumerate(data["labels"])
    ]
    plain = data | {
        "series": [series | {"values": [_number(v) for v in series["values"]]} for series in data["series"]]
    }
    return {"id": id, "kind": kind, "title": title, "data": plain, "rows": rows, "unit": data.get("unit", "")}


def _number(value: Decimal | int | float | None) -> float | None:
    return None if value is None else float(value)
