"""What a list of products can be narrowed by."""

from datetime import date
from decimal import Decimal

import django_filters
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from apps.accounts.models import Organization
from apps.core.actor import OrganizationKind
from apps.core.filters import DayFilter, WholeFilter, YuanFilter
from apps.criteria.facts import GUARANTEES
from apps.products.models import ProductVersionQuerySet
from apps.products.terms import FIRST_LOAN, REPAYMENTS
from apps.products.workflow import VERSION


class ProductFilters(django_filters.FilterSet):
    """By what a borrower asks first: how much, how long, against what security."""

    q = django_filters.CharFilter(
        label="产品名称包含的文字", field_name="product__name", lookup_expr="icontains", max_length=100
    )
    bank_id = WholeFilter(label="银行编号", field_name="product__organization_id")
    state = django_filters.ChoiceFilter(label="状态", choices=VERSION.choices())
    in_force_on = DayFilter(label="在该日施行", method="in_force")
    amount_yuan = YuanFilter(label="可借到的金额（元）", method="lends")
    term_months = WholeFilter(label="可借的期限（月）", method="lasts")
    guarantee_type = django_filters.ChoiceFilter(
        label="担保方式", field_name="guarantee_types", method="has", choices=list(GUARANTEES.items())
    )
    repayment_type = django_filters.ChoiceFilter(
        label="还款方式", field_name="repayment_types", method="has", choices=list(REPAYMENTS.items())
    )
    first_loan = django_filters.ChoiceFilter(label="首贷", choices=list(FIRST_LOAN.items()))

    def in_force(self, rows: ProductVersionQuerySet, _name: str, on: date) -> ProductVersionQuerySet:
        """Published for a period that holds the day."""
        return rows.in_force(on)

    def lends(self, rows: ProductVersionQuerySet, _name: str, amount: Decimal) -> ProductVersionQuerySet:
        """Lends that much."""
        return _lending(rows, amount)

    def lasts(self, rows: ProductVersionQuerySet, _name: str, months: int) -> ProductVersionQuerySet:
        """Lends that long."""
        return _lasting(rows, months)

    def has(self, rows: ProductVersionQuerySet, name: str, value: str) -> ProductVersionQuerySet:
        """Offers the kind among others."""
        return rows.filter(**{f"{name}__contains": [value]})


SORTS = {"rate": "利率从低到高", "days": "放款从快到慢", "amount": "额度从高到低"}


def _banks(_request: HttpRequest | None) -> QuerySet[Organization]:
    return Organization.objects.filter(kind=OrganizationKind.BANK.value, is_active=True).order_by("name", "id")


class HallFilter(django_filters.FilterSet):
    """The same questions for people, who think in 万元; the order is theirs to choose."""

    q = django_filters.CharFilter(label="产品名称", field_name="product__name", lookup_expr="icontains", max_length=100)
    amount_wan = django_filters.NumberFilter(label="需要金额（万元）", method="lends", min_value=0)
    term_months = django_filters.NumberFilter(label="需要期限（月）", method="lasts", min_value=1)
    max_rate_pct = django_filters.NumberFilter(label="最高年利率（%）", method="costs", min_value=0)
    bank = django_filters.ModelChoiceFilter(
        label="银行", field_name="product__organization", queryset=_banks, empty_label="不限"
    )
    guarantee = django_filters.ChoiceFilter(
        label="担保方式", method="secured", choices=list(GUARANTEES.items()), empty_label="不限"
    )
    repayment = django_filters.ChoiceFilter(
        label="还款方式", method="repaid", choices=list(REPAYMENTS.items()), empty_label="不限"
    )
    first_loan = django_filters.ChoiceFilter(label="首贷", choices=list(FIRST_LOAN.items()), empty_label="不限")
    sort = django_filters.ChoiceFilter(
        label="排列", method="sorted_by", choices=list(SORTS.items()), empty_label="产品名称"
    )

    def lends(self, rows: ProductVersionQuerySet, _name: str, wan: Decimal) -> ProductVersionQuerySet:
        """Lends that much."""
        return _lending(rows, wan * 10_000)

    def lasts(self, rows: ProductVersionQuerySet, _name: str, months: Decimal) -> ProductVersionQuerySet:
        """Lends that long."""
        return _lasting(rows, int(months))

    def costs(self, rows: ProductVersionQuerySet, _name: str, pct: Decimal) -> ProductVersionQuerySet:
        """Can be had at that rate."""
        return rows.filter(low_rate_bps__lte=int(pct * 100))  # type: ignore[misc]  # annotated by hall_versions

    def secured(self, rows: ProductVersionQuerySet, _name: str, value: str) -> ProductVersionQuerySet:
        """Takes that kind of security."""
        return rows.filter(guarantee_types__contains=[value])

    def repaid(self, rows: ProductVersionQuerySet, _name: str, value: str) -> ProductVersionQuerySet:
        """May be repaid that way."""
        return rows.filter(repayment_types__contains=[value])

    def sorted_by(self, rows: ProductVersionQuerySet, _name: str, value: str) -> ProductVersionQuerySet:
        """Another order; the name breaks ties."""
        first = {
            "rate": F("low_rate_bps").asc(),
            "days": F("promised_days").asc(nulls_last=True),
            "amount": F("amount_max_yuan").desc(),
        }
        return rows.order_by(first[value], "product__name", "pk")


def _lending(rows: ProductVersionQuerySet, amount_yuan: Decimal) -> ProductVersionQuerySet:
    low = Q(amount_min_yuan=None) | Q(amount_min_yuan__lte=amount_yuan)
    return rows.filter(low, amount_max_yuan__gte=amount_yuan)


def _lasting(rows: ProductVersionQuerySet, months: int) -> ProductVersionQuerySet:
    low = Q(term_min_months=None) | Q(term_min_months__lte=months)
    return rows.filter(low, term_max_months__gte=months)
