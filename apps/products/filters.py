"""What a list of products can be narrowed by."""

from datetime import date
from decimal import Decimal

import django_filters
from django.db.models import Q

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


class HallFilter(django_filters.FilterSet):
    """The same questions for people, who think in 万元."""

    q = django_filters.CharFilter(label="产品名称", field_name="product__name", lookup_expr="icontains", max_length=100)
    amount_wan = django_filters.NumberFilter(label="需要金额（万元）", method="lends", min_value=0)
    term_months = django_filters.NumberFilter(label="需要期限（月）", method="lasts", min_value=1)
    max_rate_pct = django_filters.NumberFilter(label="最高年利率（%）", method="costs", min_value=0)
    guarantee = django_filters.ChoiceFilter(
        label="担保方式", method="secured", choices=list(GUARANTEES.items()), empty_label="不限"
    )

    def lends(self, rows: ProductVersionQuerySet, _name: str, wan: Decimal) -> ProductVersionQuerySet:
        """Lends that much."""
        return _lending(rows, wan * 10_000)

    def lasts(self, rows: ProductVersionQuerySet, _name: str, months: Decimal) -> ProductVersionQuerySet:
        """Lends that long."""
        return _lasting(rows, int(months))

    def costs(self, rows: ProductVersionQuerySet, _name: str, pct: Decimal) -> ProductVersionQuerySet:
        """Can be had at that rate."""
        return rows.filter(low_rate_bps__lte=int(pct * 100))

    def secured(self, rows: ProductVersionQuerySet, _name: str, value: str) -> ProductVersionQuerySet:
        """Takes that kind of security."""
        return rows.filter(guarantee_types__contains=[value])


def _lending(rows: ProductVersionQuerySet, amount_yuan: Decimal) -> ProductVersionQuerySet:
    low = Q(amount_min_yuan=None) | Q(amount_min_yuan__lte=amount_yuan)
    return rows.filter(low, amount_max_yuan__gte=amount_yuan)


def _lasting(rows: ProductVersionQuerySet, months: int) -> ProductVersionQuerySet:
    low = Q(term_min_months=None) | Q(term_min_months__lte=months)
    return rows.filter(low, term_max_months__gte=months)
