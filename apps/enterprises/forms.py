"""Shapes of what a firm enters about itself."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from apps.accounts.rules import MOBILE, USERNAME
from apps.core.forms import NameField
from apps.core.identifiers import InvalidUscc, parse_uscc
from apps.enterprises.services import Applicant


class RegistrationForm(forms.Form):
    """The firm and whoever acts for it."""

    code = forms.CharField(
        label="统一社会信用代码", max_length=40, help_text="营业执照上的18位代码，空格和横线会自动去除。"
    )
    name = NameField(label="企业名称", max_length=200, help_text="与营业执照一致的全称。")
    legal_representative = NameField(label="法定代表人（负责人）", max_length=100)
    contact_name = NameField(label="联系人姓名", max_length=50, help_text="即本账号的使用人。")
    contact_mobile = forms.RegexField(label="联系手机", **MOBILE)

    def clean_code(self) -> str:
        """The code in its normal form."""
        try:
            return parse_uscc(self.cleaned_data["code"]).code
        except InvalidUscc as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def applicant(self) -> Applicant:
        """The part that the registration keeps."""
        names = ("code", "name", "legal_representative", "contact_name", "contact_mobile")
        return Applicant(**{name: self.cleaned_data[name] for name in names})


class SignUpForm(RegistrationForm):
    """A registration together with its new account."""

    username = forms.RegexField(label="用户名", **USERNAME)
    password = forms.CharField(
        label="密码",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="至少10个字符。",
    )
    password_again = forms.CharField(
        label="再次输入密码", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_password(self) -> str:
        """The site's own password rules."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password

    def clean(self) -> dict[str, Any]:
        """Both passwords agree."""
        data: dict[str, Any] = super().clean() or {}
        if {"password", "password_again"} <= data.keys() and data["password"] != data["password_again"]:
            self.add_error("password_again", "两次输入的密码不一致。")
        return data


class DeclarationForm(forms.Form):
    """自报信息 of one year."""

    year = forms.IntegerField(label="所属年度")
    headcount = forms.IntegerField(label="从业人数（人）", min_value=0, required=False)
    revenue_yuan = forms.DecimalField(
        label="营业收入（元）", min_value=0, max_digits=18, decimal_places=2, required=False
    )
    assets_yuan = forms.DecimalField(
        label="资产总额（元）", min_value=0, max_digits=18, decimal_places=2, required=False
    )
    main_business = forms.CharField(label="主营业务", max_length=200, required=False)
    contact_name = NameField(label="联系人", max_length=50)
    contact_mobile = forms.RegexField(label="联系手机", **MOBILE)
