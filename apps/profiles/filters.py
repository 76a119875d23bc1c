"""What a list of profiles can be narrowed by: public identity only, so that a filter tells no figure."""

import django_filters

from apps.subjects.models import KINDS


class ProfileFilters(django_filters.FilterSet):
    """By identity."""

    code = django_filters.CharFilter(label="统一社会信用代码", max_length=18)
    kind = django_filters.ChoiceFilter(label="类别", choices=KINDS)
    region_code = django_filters.CharFilter(label="所属区划代码", max_length=6)
