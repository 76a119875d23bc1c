"""What a list of deliveries can be narrowed by."""

import django_filters

from apps.core.filters import DayFilter, WholeFilter
from apps.records.manifest import KINDS, WAYS_IN
from apps.records.workflow import DELIVERY


class DeliveryFilters(django_filters.FilterSet):
    """By item, source, state, what the file is, how and when it came."""

    item = django_filters.CharFilter(label="信息项代码", field_name="item__code", max_length=40)
    source_id = WholeFilter(label="报送来源编号")
    state = django_filters.ChoiceFilter(label="状态", choices=DELIVERY.choices())
    kind = django_filters.ChoiceFilter(label="报送性质", choices=KINDS)
    way_in = django_filters.ChoiceFilter(label="报送方式", choices=WAYS_IN)
    sequence = WholeFilter(label="报送序号")
    received_from_on = DayFilter(label="接收日期起", field_name="received_at", lookup_expr="date__gte")
    received_to_on = DayFilter(label="接收日期止", field_name="received_at", lookup_expr="date__lte")
