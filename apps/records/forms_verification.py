"""Forms of 数据核验: how a source is asked, what comes back from it."""

from typing import Any

from django import forms

from apps.core.forms import RefusableForm
from apps.records.models import CatalogueItem, VerificationAdapter
from apps.records.selectors import items_asked_of
from apps.records.verification.kinds import HTTP, KINDS
from apps.records.verification.signing import ALGORITHMS


class AdapterForm(RefusableForm):
    """How a source is asked."""

    kind = forms.ChoiceField(
        label="方式",
        choices=KINDS,
        help_text="文件交换：导出核验请求，导入答复文件。接口：平台向对方地址提问，当即得到答复。",
    )
    address = forms.CharField(
        label="接口地址", max_length=500, required=False, help_text="仅接口方式。须为 https；只有本机地址可以用 http。"
    )
    key_id = forms.CharField(
        label="密钥编号",
        max_length=40,
        required=False,
        help_text="只填编号；密钥由运维人员放在运行环境（XINQIAO_VERIFICATION_KEYS），不进入数据库。",
    )
    previous_key_id = forms.CharField(
        label="更换前的密钥编号", max_length=40, required=False, help_text="更换密钥期间，对方用旧密钥签的答复也接受。"
    )
    algorithm = forms.ChoiceField(label="签名算法", choices=ALGORITHMS)
    connect_seconds = forms.IntegerField(label="连接时限（秒）", min_value=1, max_value=10, initial=3)
    read_seconds = forms.IntegerField(label="答复时限（秒）", min_value=1, max_value=15, initial=10)
    failures_to_open = forms.IntegerField(
        label="连续失败几次后熔断",
        min_value=1,
        max_value=100,
        initial=5,
        help_text="熔断后暂不提问，过一段时间先试一次。",
    )
    cool_down_seconds = forms.IntegerField(label="熔断后多久再试（秒）", min_value=1, max_value=86_400, initial=60)

    def clean(self) -> dict[str, Any]:
        """The address and key belong to the interface."""
        values = super().clean() or {}
        for name in ("address", "key_id"):
            if values.get("kind") == HTTP and not values.get(name) and name not in self.errors:
                self.add_error(name, "接口方式必须填写这一项。")
        return values


class PauseForm(forms.Form):
    """Why questions wait."""

    reason = forms.CharField(label="暂停的原因", max_length=200)


class _ItemForm(forms.Form):
    item = forms.ModelChoiceField(queryset=CatalogueItem.objects.none(), to_field_name="code", label="信息项")

    def __init__(self, *args: Any, adapter: VerificationAdapter, **kwargs: Any) -> None:
        # Two of them stand on one page: their fields need different ids.
        super().__init__(*args, **kwargs)
        self.auto_id = f"{type(self).__name__.lower()}_%s"
        choice = self.fields["item"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = items_asked_of(adapter)
        choice.empty_label = None


class ExportForm(_ItemForm):
    """Which questions to take out."""

    batch = forms.CharField(
        label="批次", max_length=40, required=False, help_text="留空导出新的请求；重新导出某一批时填批次号。"
    )


class AnswersForm(_ItemForm):
    """A file of answers."""

    file = forms.FileField(label="答复文件", help_text="每行一个 JSON 对象（requestId、uscc 及信息项各列），最大20MB。")
