"""What lists of listings and pushes can be narrowed by."""

import django_filters

from apps.core.filters import DayFilter, WholeFilter, code_filter
from apps.whitelist.workflow import LISTING, PUSH


class ListingFilters(django_filters.FilterSet):
    """By programme, firm, state and days."""

    programme_id = WholeFilter(label="白名单编号")
    subject_code = code_filter("统一社会信用代码")
    state = django_filters.ChoiceFilter(label="状态", choices=LISTING.choices())
    entered_from_on = DayFilter(label="列入日期不早于", field_name="entered_on", lookup_expr="gte")
    entered_to_on = DayFilter(label="列入日期不晚于", field_name="entered_on", lookup_expr="lte")
    valid_to_on = DayFilter(label="有效期不晚于", field_name="valid_to_on", lookup_expr="lte")


class PushFilters(django_filters.FilterSet):
    """By state, firm and due day."""

    state = django_filters.ChoiceFilter(label="状态", choices=PUSH.choices())
    subject_code = django_filters.CharFilter(
        label="统一社会信用代码", field_name="listing__subject__code", max_length=18
    )
    programme_id = WholeFilter(label="白名单编号", field_name="listing__programme_id")
    contact_by_on = DayFilter(label="联系期限不晚于", field_name="contact_by_on", lookup_expr="lte")
