"""Figures, dates and states on a page, and the components rendered with the fewest and with all parameters."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string

from apps.portal.templatetags import portal_tags


def draw(source: str, **values: Any) -> str:
    return Template("{% load portal_tags %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        ("{{ value|yuan }}", Decimal("12345.6"), "12,345.60元"),
        ("{{ value|wan }}", Decimal("1234567.80"), "123.46万元"),
        ("{{ value|pct }}", Decimal("3.455"), "3.46%"),
        ("{{ value|pct:1 }}", Decimal("2.25"), "2.3%"),
        ("{{ value|pct:0 }}", 100, "100%"),
        ("{{ value|on }}", date(2026, 1, 5), "2026-01-05"),
        ("{{ value|at }}", datetime(2026, 11, 14, 16, 30, 59, tzinfo=UTC), "2026-11-15 00:30"),
        ("{{ value|dash }}", 0, "0"),
        ("{{ value|dash }}", "", "—"),
    ],
)
def test_filter_shows(source: str, value: Any, shown: str) -> None:
    assert draw(source, value=value) == shown


@pytest.mark.parametrize("name", ["yuan", "wan", "pct", "on", "at", "dash"])
def test_filter_shows_a_dash_where_nothing_is_known(name: str) -> None:
    assert draw("{{ value|" + name + " }}", value=None) == "—"


def test_on_refuses_an_instant_and_at_a_time_without_zone() -> None:
    with pytest.raises(TypeError):
        portal_tags.on(datetime(2026, 11, 15, tzinfo=UTC))
    with pytest.raises(ValueError, match="time zone"):
        portal_tags.at(datetime(2026, 11, 15))  # noqa: DTZ001


def test_icon_refuses_a_name_that_the_sprite_lacks() -> None:
    assert "#bank" in draw('{% icon "bank" %}')
    with pytest.raises(TemplateSyntaxError, match="no-such"):
        draw('{% icon "no-such" %}')


def test_labelled_icon_is_read_out_and_escaped() -> None:
    assert 'aria-label="&lt;银行&gt;"' in draw('{% icon "bank" label=label %}', label="<银行>")


def test_badge_takes_its_colour_from_the_state_or_the_tone() -> None:
    assert "tone-success" in draw('{% badge state="accepted" label="已受理" %}')
    assert "tone-neutral" in draw('{% badge state="draft" label="草稿" %}')
    assert "tone-danger" in draw('{% badge state="accepted" tone="danger" label="x" %}')


def test_no_state_has_two_colours() -> None:
    named = [state for states in portal_tags.TONES.values() for state in states.split()]
    assert len(named) == len(set(named))


def test_block_tags_escape_values_and_keep_their_markup() -> None:
    html = draw(
        '{% card title=text %}<p>{{ text }}</p>{% endcard %}{% alert tone="danger" %}{{ text }}{% endalert %}',
        text="<b>",
    )
    assert "<p>&lt;b&gt;</p>" in html
    assert "<h2>&lt;b&gt;</h2>" in html
    assert 'role="alert"' in html
    assert "<b>" not in html


@pytest.mark.parametrize(("value", "word"), [("met", "符合"), ("not_met", "不符合"), ("unknown", "无法判断")])
def test_verdict_is_said_in_words(value: str, word: str) -> None:
    html = draw(
        "{% verdict value=value label=label reason=reason change=change %}",
        value=value,
        label="甲",
        reason="乙",
        change="丙",
    )
    assert f">{word}<" in html
    assert all(text in html for text in "甲乙丙")
    assert word in draw("{% verdict value=value %}", value=value)


def test_verdict_refuses_a_fourth_value() -> None:
    with pytest.raises(KeyError):
        draw('{% verdict value="perhaps" %}')


@pytest.mark.parametrize(("score", "length"), [(350, 0), (600, 50), (850, 100), (900, 100), (None, 0)])
def test_gauge_arc_is_the_share_of_the_scale(score: int | None, length: int) -> None:
    assert portal_tags.score_gauge(score, 850, 350)["length"] == length


def test_gauge_without_score_says_so() -> None:
    assert "暂无" in draw("{% score_gauge score=None highest=100 %}")


def test_bars_relate_to_the_largest_and_stand_zero() -> None:
    rows = [{"label": "甲", "value": Decimal(8)}, {"label": "乙", "value": Decimal(2), "text": "2 户", "url": "/x"}]
    assert [bar["width"] for bar in portal_tags.bar_list(rows)["bars"]] == ["100.0%", "25.0%"]
    assert "2 户" in draw("{% bar_list rows %}", rows=rows)
    assert portal_tags.bar_list([{"label": "甲", "value": 0}])["bars"][0]["width"] == "0%"
    assert portal_tags.bar_list([])["bars"] == []


def test_chart_carries_its_numbers_as_json_and_as_a_table() -> None:
    data = {
        "labels": ["9 月", "10 月"],
        "series": [{"name": "税</script>", "values": [Decimal("1.5"), None]}],
        "unit": "万元",
    }
    html = draw('{% chart id="c" kind="line" title="趋势" data=data %}', data=data)
    carried = re.search(r'<script id="c" type="application/json">(.*?)</script>', html)
    assert carried
    assert json.loads(carried[1])["series"] == [{"name": "税</script>", "values": [1.5, None]}]
    assert re.search(r'<th scope="row">10 月</th><td class="num">—</td>', html)
    with pytest.raises(TemplateSyntaxError):
        draw('{% chart id="c" kind="pie" title="趋势" data=data %}', data=data)


STEP_STATES = ("done", "current", "todo", "stopped")
INCLUDES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # name: (least, the optional ones besides)
    "stat_tile": ({"label": "甲", "value": 1}, {"unit": "户", "note": "注", "url": "/", "icon": "bank"}),
    "definition_list": (
        {"rows": [{"label": "甲", "value": None}]},
        {"rows": [{"label": "甲", "value": 1, "note": "注"}]},
    ),
    "progress": (
        {
            "id": "j",
            "label": "甲",
            "state": "queued",
            "state_label": "排队",
            "running": True,
            "done": 0,
            "total": None,
            "poll_url": "/j",
        },
        {"total": 9, "text": "注"},
    ),
    "empty_state": ({"title": "甲"}, {"text": "乙", "icon": "bank", "url": "/", "url_label": "丙"}),
    "pagination": ({"previous_url": None, "next_url": "/n"}, {"previous_url": "/p", "summary": "第 2 页"}),
    "steps": (
        {"steps": [{"label": "甲", "state": s} for s in STEP_STATES]},
        {"steps": [{"label": "甲", "state": "todo", "note": "注"}]},
    ),
}


@pytest.mark.parametrize("name", sorted(INCLUDES))
def test_include_renders_with_fewest_and_with_all_parameters(name: str) -> None:
    least, optional = INCLUDES[name]
    assert render_to_string(f"components/{name}.html", least).strip()
    assert render_to_string(f"components/{name}.html", least | optional).strip()


def test_progress_polls_only_while_running() -> None:
    least, _ = INCLUDES["progress"]
    running = render_to_string("components/progress.html", least)
    assert 'hx-get="/j"' in running
    assert 'http-equiv="refresh"' in running
    ended = render_to_string("components/progress.html", least | {"running": False, "total": 9, "done": 9})
    assert "hx-get" not in ended
    assert "refresh" not in ended
    assert '<progress aria-labelledby="j-label" max="9" value="9">' in ended


class SampleForm(forms.Form):
    name = forms.CharField(label="名称", help_text="与执照一致")
    way = forms.ChoiceField(label="方式", choices=[("a", "甲"), ("b", "乙")])
    kind = forms.ChoiceField(label="种类", choices=[("a", "甲")], widget=forms.RadioSelect)
    note = forms.CharField(label="说明", required=False, widget=forms.Textarea(attrs={"class": "tall"}))
    agreed = forms.BooleanField(label="同意")
    token = forms.CharField(widget=forms.HiddenInput)


def test_form_is_styled_labelled_and_ties_errors_to_fields() -> None:
    html = str(SampleForm({"name": ""}))
    assert (
        '<label for="id_name" class="form-label">名称<span class="required" aria-hidden="true">*</span></label>' in html
    )
    assert re.search(
        r'<input type="text" name="name"[^>]*aria-describedby="id_name_helptext id_name_error"[^>]*>', html
    )
    assert 'id="id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert re.search(r'<select name="way"[^>]* class="form-select"', html)
    assert not re.search(r"<option[^>]*class=", html)
    assert re.search(r'<textarea name="note"[^>]* class="form-control tall"', html)
    assert re.search(r'<input type="checkbox" name="agreed"[^>]* class="form-check-input"', html)
    assert re.search(r"<fieldset[^>]*>\s*<legend", html)
    assert not re.search(r'<input type="hidden"[^>]*class=', html)
