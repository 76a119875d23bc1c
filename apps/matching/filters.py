"""What a list of needs can be narrowed by."""

import django_filters

from apps.core.filters import DayFilter, YuanFilter, code_filter
from apps.criteria.facts import PURPOSES
from apps.matching.workflow import NEED


class NeedFilters(django_filters.FilterSet):
    """By firm, state, purpose, amount and day."""

    subject_code = code_filter("统一社会信用代码")
    region_code = django_filters.CharFilter(label="所属区划代码", field_name="subject__region_code", max_length=6)
    state = django_filters.ChoiceFilter(label="状态", choices=NEED.choices())
    purpose = django_filters.ChoiceFilter(label="资金用途", choices=list(PURPOSES.items()))
    amount_min_yuan = YuanFilter(label="金额不少于（元）", field_name="amount_yuan", lookup_expr="gte")
    amount_max_yuan = YuanFilter(label="金额不多于（元）", field_name="amount_yuan", lookup_expr="lte")
    submitted_from_on = DayFilter(label="提交日期不早于", field_name="submitted_on", lookup_expr="gte")
    submitted_to_on = DayFilter(label="提交日期不晚于", field_name="submitted_on", lookup_expr="lte")
