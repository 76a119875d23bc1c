"""Forms of the statistics pages: shape only."""

from datetime import date

from django import forms


class DayForm(forms.Form):
    """Which day."""

    on = forms.TypedChoiceField(label="统计日期", coerce=date.fromisoformat, required=False, empty_value=None)

    def __init__(self, *args: object, days: list[date], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        on = self.fields["on"]
        assert isinstance(on, forms.TypedChoiceField)
        on.choices = [(day.isoformat(), day.isoformat()) for day in days]


class BuildForm(forms.Form):
    """Which day to count (again)."""

    on = forms.DateField(label="日期", widget=forms.DateInput(attrs={"type": "date"}))
