"""Forms of the bank's product pages: terms, and the bank's own conditions composed from the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from apps.core.errors import InvalidInput
from apps.core.forms import NameField, RefusableForm
from apps.core.money import wan_from_yuan, yuan
from apps.criteria.catalogue import CATALOGUE
from apps.criteria.facts import GUARANTEES
from apps.criteria.values import Amount, Choices, Named, Nothing, Percent, Regions, Text, ValueType, Whole
from apps.products import cells
from apps.products.terms import FIRST_LOAN, RENEWAL, REPAYMENTS, TENORS, Terms

# What a bank may ask of a firm; amount, term, rate, security and first loan are said by the terms.
OFFERED = (
    "region_within",
    "industry_in",
    "industry_not_in",
    "subject_kind_in",
    "size_in",
    "age_months_min",
    "capital_min",
    "annual_revenue_min",
    "annual_revenue_max",
    "tax_grade_in",
    "tax_paid_min",
    "declared_sales_min",
    "sales_growth_min",
    "no_tax_arrears",
    "social_months_min",
    "social_headcount_min",
    "no_social_arrears",
    "power_no_arrears",
    "no_dishonest_debtor",
    "penalties_serious_max",
    "not_listed",
    "qualification_any",
    "patents_min",
    "score_min",
    "purpose_in",
    "existing_customer",
    "manual",
)


class TermsForm(RefusableForm):
    """Name and terms; amounts are typed in 万元."""

    name = NameField(label="产品名称", max_length=100)
    amount_min_wan = forms.DecimalField(
        label="最低额度（万元）",
        max_digits=12,
        decimal_places=6,
        min_value=0,
        required=False,
        help_text="不填表示不设下限",
    )
    amount_max_wan = forms.DecimalField(label="最高额度（万元）", max_digits=12, decimal_places=6, min_value=0)
    term_min_months = forms.IntegerField(
        label="最短期限（月）", min_value=1, max_value=600, required=False, help_text="不填表示不设下限"
    )
    term_max_months = forms.IntegerField(label="最长期限（月）", min_value=1, max_value=600)
    lpr_tenor = forms.ChoiceField(label="定价基准", choices=list(TENORS.items()))
    bps_min = forms.IntegerField(label="最低加点（BP）", min_value=-2000, max_value=2000, help_text="1BP=0.01%")
    bps_max = forms.IntegerField(
        label="最高加点（BP）", min_value=-2000, max_value=2000, required=False, help_text="不填表示只公布最低利率"
    )
    guarantee_types = forms.MultipleChoiceField(
        label="担保方式", choices=list(GUARANTEES.items()), widget=forms.CheckboxSelectMultiple
    )
    guarantee_note = forms.CharField(label="担保说明", max_length=200, required=False)
    repayment_types = forms.MultipleChoiceField(
        label="还款方式", choices=list(REPAYMENTS.items()), widget=forms.CheckboxSelectMultiple
    )
    promised_days = forms.IntegerField(label="承诺放款天数", min_value=0, max_value=365, required=False)
    promised_text = forms.CharField(label="放款时效说明", max_length=50, required=False)
    first_loan = forms.ChoiceField(label="首贷", choices=list(FIRST_LOAN.items()))
    renewal = forms.ChoiceField(label="续贷", choices=list(RENEWAL.items()))
    documents = forms.CharField(label="所需材料", required=False, max_length=2000, widget=forms.Textarea({"rows": 3}))
    note = forms.CharField(label="备注", max_length=500, required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def terms(self) -> Terms:
        """The terms that were typed. Raises InvalidAmount for a fraction of a fen."""
        data = dict(self.cleaned_data)
        del data["name"], data["revision"]
        least, most = data.pop("amount_min_wan"), data.pop("amount_max_wan")
        return Terms(
            amount_min_yuan=None if least is None else yuan(least * 10_000),
            amount_max_yuan=yuan(most * 10_000),
            guarantee_types=tuple(data.pop("guarantee_types")),
            repayment_types=tuple(data.pop("repayment_types")),
            **data,
        )


def terms_initial(name: str, terms: Terms, revision: int) -> dict[str, Any]:
    """What the form shows of stored terms."""
    shown = {field: getattr(terms, field) for field in Terms.__dataclass_fields__}
    least, most = shown.pop("amount_min_yuan"), shown.pop("amount_max_yuan")
    return {
        **shown,
        "name": name,
        "revision": revision,
        "amount_min_wan": None if least is None else _short(wan_from_yuan(least)),
        "amount_max_wan": _short(wan_from_yuan(most)),
        "guarantee_types": list(terms.guarantee_types),
        "repayment_types": list(terms.repayment_types),
    }


def _short(number: Decimal) -> str:
    return f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"


class CriteriaForm(RefusableForm):
    """One field for each condition of the catalogue; what the form cannot show (groups) is kept as it was."""

    def __init__(
        self,
        data: Any = None,
        *,
        stored: Sequence[Mapping[str, Any]] = (),
        vocabulary: cells.Vocabulary,
        lists: Iterable[tuple[str, str]],
    ) -> None:
        super().__init__(data, prefix="criteria")
        self._vocabulary = vocabulary
        initial, self.kept = _shown(stored, vocabulary)
        for slug in OFFERED:
            definition = CATALOGUE[slug]
            label = definition.demand if isinstance(definition.parameter, Nothing) else definition.label
            self.fields[slug] = _field(definition.parameter, list(lists), label)
            self.initial[slug] = initial.get(slug)

    def clean(self) -> dict[str, Any]:
        """Names of regions and industries become codes; an unknown one is said beside its field."""
        cleaned = super().clean() or {}
        for slug, value in list(cleaned.items()):
            try:
                cleaned[slug] = _stored(CATALOGUE[slug].parameter, value, self._vocabulary)
            except (cells.Unreadable, InvalidInput) as refusal:
                self.add_error(slug, str(refusal))
        return cleaned

    def criteria(self) -> list[dict[str, Any]]:
        """The conditions as they are stored, in the order of the form."""
        found = [{"slug": slug, "value": value} for slug in OFFERED for value in self.cleaned_data[slug]]
        return [*found, *(dict(node) for node in self.kept)]


def _field(kind: ValueType, lists: list[tuple[str, str]], label: str) -> forms.Field:
    match kind:
        case Nothing():
            return forms.BooleanField(label=label, required=False)
        case Whole():
            return forms.IntegerField(label=f"{label}({kind.unit})", min_value=0, max_value=10**9 - 1, required=False)
        case Amount():
            return forms.DecimalField(
                label=f"{label}（万元）", min_value=0, max_digits=12, decimal_places=6, required=False
            )
        case Percent():
            return forms.DecimalField(label=f"{label}（%）", max_digits=8, decimal_places=2, required=False)
        case Choices():
            return _several(label, list(kind.labels.items()))
        case Named(single=True):
            return _several(label, lists)
        case Text():
            return forms.CharField(
                label="其他要求（须人工核实）",
                required=False,
                widget=forms.Textarea({"rows": 3}),
                help_text="每行一条",
            )
    return forms.CharField(label=label, required=False, max_length=2000, help_text="多项以“、”分隔，不填表示不限")


def _several(label: str, choices: list[tuple[str, str]]) -> forms.Field:
    return forms.MultipleChoiceField(label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple)


def _stored(kind: ValueType, value: Any, vocabulary: cells.Vocabulary) -> list[Any]:
    """Stored parameters of what was typed: none where the field was left empty, several for lists and lines."""
    if value in (None, "", False, []):
        return []
    match kind:
        case Nothing():
            return [None]
        case Amount():
            return [str(yuan(value * 10_000))]
        case Percent():
            return [str(value)]
        case Named(single=True):
            return list(value)
        case Text():
            return [line.strip() for line in value.splitlines() if line.strip()]
        case Regions():
            codes: tuple[str, ...] = cells.read_regions(cells.normal(value), vocabulary)
            return [list(codes)] if codes else []
        case Named():
            codes, _, _ = cells.read_industries(cells.normal(value), vocabulary)
            return [list(codes)] if codes else []
    return [value]


def _shown(
    stored: Sequence[Mapping[str, Any]], vocabulary: cells.Vocabulary
) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """What the form shows of stored conditions, and those that it cannot show."""
    shown: dict[str, Any] = {}
    kept: list[Mapping[str, Any]] = []
    for node in stored:
        slug = node.get("slug")
        if slug == "manual":
            shown[slug] = "\n".join(filter(None, [shown.get(slug), node["value"]]))
        elif slug == "not_listed":
            shown.setdefault(slug, []).append(node["value"])
        elif slug in OFFERED and slug not in shown:
            shown[slug] = _typed(CATALOGUE[slug].parameter, node["value"], vocabulary)
        else:
            kept.append(node)
    return shown, kept


def _typed(kind: ValueType, value: Any, vocabulary: cells.Vocabulary) -> Any:
    match kind:
        case Nothing():
            return True
        case Amount():
            return _short(wan_from_yuan(Decimal(value)))
        case Regions() | Named():
            return cells.names_of(vocabulary, value)
    return value


class PublishForm(RefusableForm):
    """From which day on."""

    effective_from = forms.DateField(label="生效日期", widget=forms.DateInput({"type": "date"}))


class ReasonForm(RefusableForm):
    """Why."""

    reason = forms.CharField(label="原因", max_length=300, widget=forms.Textarea({"rows": 3}))


class CatalogueFileForm(RefusableForm):
    """The banks' catalogue."""

    file = forms.FileField(label="产品目录（XLSX）", widget=forms.FileInput({"accept": ".xlsx"}))
