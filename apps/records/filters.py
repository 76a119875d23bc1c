"""What a list of deliveries can be narrowed by."""

import django_filters

from apps.core.filters import WholeFilter
from apps.records.workflow import DELIVERY


class DeliveryFilters(django_filters.FilterSet):
    """By item, source and state."""

    item = django_filters.CharFilter(label="信息项代码", field_name="item__code", max_length=40)
    source_id = WholeFilter(label="报送来源编号")
    state = django_filters.ChoiceFilter(label="状态", choices=DELIVERY.choices())
