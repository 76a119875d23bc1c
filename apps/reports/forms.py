"""Forms of the report pages: shape only."""

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.reports.rules import NUMBER_LENGTH

COPY_AT_MOST_BYTES = 20 * 1024 * 1024


class AskForm(forms.Form):
    """Of which firm, for what."""

    subject = forms.TypedChoiceField(label="企业", coerce=int, help_text="只列出当前有授权、且有进行中业务的企业。")
    purpose = forms.ChoiceField(label="用途", help_text="用途须在企业的授权范围内，并印在报告封面上。")

    def __init__(
        self, *args: Any, subjects: Iterable[tuple[int, str]], purposes: Iterable[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        subject, purpose = self.fields["subject"], self.fields["purpose"]
        assert isinstance(subject, forms.TypedChoiceField)
        assert isinstance(purpose, forms.ChoiceField)
        subject.choices = [("", "请选择"), *subjects]
        subject.widget.attrs["data-search"] = ""
        purpose.choices = [("", "请选择"), *purposes]


class RevokeForm(forms.Form):
    """Why a report is withdrawn."""

    reason = forms.CharField(label="撤销原因", max_length=200)


class NumberForm(forms.Form):
    """The number printed on a report."""

    number = forms.CharField(label="报告编号", max_length=NUMBER_LENGTH + 8)

    def clean_number(self) -> str:
        """As printed, whatever spaces and case were typed."""
        return "".join(str(self.cleaned_data["number"]).split()).upper()


class CopyForm(forms.Form):
    """A copy to compare with what was issued."""

    copy = forms.FileField(label="PDF 文件", help_text="文件只用于计算摘要，不会保存。")

    def clean_copy(self) -> Any:
        """Refuse what cannot be a report."""
        copy = self.cleaned_data["copy"]
        if copy.size > COPY_AT_MOST_BYTES:
            raise forms.ValidationError("文件超过 20 MB，不是本平台出具的报告。")
        return copy
