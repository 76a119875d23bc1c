"""What a list of applications can be narrowed by."""

import django_filters

from apps.core.filters import DayFilter, WholeFilter, code_filter
from apps.loans.workflow import APPLICATION


class ApplicationFilters(django_filters.FilterSet):
    """By state, firm, bank, product and due days."""

    state = django_filters.ChoiceFilter(label="状态", choices=APPLICATION.choices())
    subject_code = code_filter("统一社会信用代码")
    bank_id = WholeFilter(label="受理银行编号")
    product_id = WholeFilter(label="产品编号")
    contact_by_on = DayFilter(label="受理期限不晚于", field_name="contact_by_on", lookup_expr="lte")
    decide_by_on = DayFilter(label="审批期限不晚于", field_name="decide_by_on", lookup_expr="lte")
