"""What a list of subjects can be narrowed by."""

import django_filters

from apps.subjects.models import KINDS, STATUSES, SubjectQuerySet
from apps.subjects.selectors import search_subjects


class SubjectFilters(django_filters.FilterSet):
    """By name or code, kind, status, region, industry."""

    q = django_filters.CharFilter(label="名称（现用或曾用）包含的文字，或代码的开头", method="search", max_length=100)
    kind = django_filters.ChoiceFilter(label="类别", choices=KINDS)
    status = django_filters.ChoiceFilter(label="登记状态", choices=STATUSES)
    region_code = django_filters.CharFilter(label="所属区划代码", max_length=6)
    industry_code = django_filters.CharFilter(
        label="行业代码或其开头，例如 C14", lookup_expr="startswith", max_length=5
    )

    def search(self, rows: SubjectQuerySet, _name: str, text: str) -> SubjectQuerySet:
        """Those that the search finds."""
        return rows.filter(pk__in=search_subjects(self.request._request.actor, text).order_by().values("pk"))
