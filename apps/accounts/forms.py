"""Shapes of the administrator's entries."""

from django import forms
from django.contrib.auth.password_validation import validate_password

from apps.accounts.models import Organization
from apps.accounts.rules import MOBILE, ROLES_OF_KIND, USERNAME
from apps.core.actor import ORGANIZATION_KIND_LABELS, ROLE_LABELS, OrganizationKind
from apps.core.forms import NameField

_CREATABLE = [kind for kind in ORGANIZATION_KIND_LABELS if kind != OrganizationKind.FIRM]


class OrganizationForm(forms.Form):
    """A bank, branch, authority, department, regulator or platform unit."""

    kind = forms.ChoiceField(label="类别", choices=[(k, ORGANIZATION_KIND_LABELS[k]) for k in _CREATABLE])
    name = NameField(label="名称", max_length=200)
    short_name = NameField(label="简称", max_length=50, required=False)
    code = forms.CharField(label="统一社会信用代码", max_length=40, required=False)
    region_code = forms.RegexField(
        label="管辖区划代码",
        regex=r"^\d{6}$",
        required=False,
        help_text="六位行政区划代码，如凤翔区 610305；主管部门、报送部门与监管部门必填。",
        error_messages={"invalid": "请填写六位数字的行政区划代码。"},
    )
    parent = forms.ModelChoiceField(
        label="所属银行", queryset=Organization.objects.none(), required=False, help_text="仅银行分支机构填写。"
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["parent"].queryset = Organization.objects.banks()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        """Scoped kinds need a region, only banks have branches."""
        data: dict[str, object] = super().clean() or {}
        kind = data.get("kind")
        scoped = (OrganizationKind.AUTHORITY, OrganizationKind.DEPARTMENT, OrganizationKind.REGULATOR)
        if kind in scoped and not data.get("region_code"):
            self.add_error("region_code", "这类单位须填写管辖区划代码。")
        if data.get("parent") and kind != OrganizationKind.BANK:
            self.add_error("parent", "只有银行分支机构才有所属银行。")
        return data


def password_field(label: str) -> forms.CharField:
    """A password that the administrator hands over."""
    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, widget=widget, help_text="至少 10 个字符，请当面告知本人。")


class StaffForm(forms.Form):
    """A person and the first role in an organisation."""

    username = forms.RegexField(label="用户名", **USERNAME)
    display_name = NameField(label="姓名", max_length=50)
    mobile = forms.RegexField(label="手机号码", required=False, **MOBILE)
    role = forms.ChoiceField(label="角色")
    password = password_field("初始密码")

    def __init__(self, *args: object, kind: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        roles = sorted(ROLES_OF_KIND[kind])
        self.fields["role"].choices = [(role, ROLE_LABELS[role]) for role in roles]  # type: ignore[attr-defined,index]

    def clean_password(self) -> str:
        """The site's own password rules."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class PasswordResetForm(forms.Form):
    """A new initial password; the service checks its strength."""

    password = password_field("新的初始密码")


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label="原因", max_length=200)
