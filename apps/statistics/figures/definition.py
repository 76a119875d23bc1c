"""What a published figure is: a name, the sentence that says what it counts, its unit, and one query."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Substr

from apps.profiles.models import Profile

CHINA = ZoneInfo("Asia/Shanghai")

DIMENSIONS = {"": "合计", "bank": "银行", "size": "企业规模", "industry": "行业门类"}


@dataclass(frozen=True, slots=True)
class Day:
    """The day that is counted: everything up to its end in Asia/Shanghai."""

    on: date

    @property
    def end_at(self) -> datetime:
        """The first instant after the day."""
        return datetime.combine(self.on + timedelta(days=1), time.min, CHINA)


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be added up over regions, banks, sizes and industries; stored each day.

    `rows` gives the things counted as of a day. `subject` is the way from a thing to its firm (a lookup path), `bank`
    to its bank organisation ("" where there is none), `amount` an expression to add up (None: only counted). One that
    is not `published` only serves a ratio.
    """

    slug: str
    label: str
    sentence: str
    unit: str
    rows: Callable[[Day], QuerySet[Any]]
    subject: str
    bank: str = ""
    amount: Any = None
    dimensions: tuple[str, ...] = ("", "size", "industry")
    published: bool = True

    def cells(self, day: Day, dimension: str) -> Any:
        """One row per region and value of the dimension: region, value, count, amount, firms."""
        path = f"{self.subject}__" if self.subject else ""
        firm = F(self.subject) if self.subject else F("pk")
        grouped = (
            self.rows(day)
            .order_by()
            .annotate(region=F(f"{path}region_code"), value=self._value(dimension, path))
            .values("region", "value")
            .annotate(things=Count("pk", distinct=True), firms=Count(firm, distinct=True))
        )
        if self.amount is not None:
            grouped = grouped.annotate(total=Sum(self.amount))
        return grouped.order_by("region", "value")

    def _value(self, dimension: str, path: str) -> Any:
        if dimension == "bank":
            # A branch counts for its bank.
            return Coalesce(F(f"{self.bank}__parent_id"), F(f"{self.bank}_id"))
        if dimension == "size":
            own = Profile.objects.filter(subject_id=OuterRef(f"{path}pk")).values("size_class")[:1]
            return Coalesce(Subquery(own), Value("unknown"))
        if dimension == "industry":
            return Substr(F(f"{path}industry_code"), 1, 1)
        return Value("")


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure computed from two measures when it is shown, so that it is right for any region and part.

    numerator × scale / denominator; `of` says whether counts or amounts are taken.
    """

    slug: str
    label: str
    sentence: str
    unit: str
    numerator: str
    denominator: str
    numerator_of: str = "amount"
    denominator_of: str = "amount"
    scale: int = 1
    places: int = 2
    dimensions: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Theme:
    """A page of figures; `leading` names those that the tables by bank, size, industry and region have room for."""

    slug: str
    label: str
    measures: tuple[Measure, ...]
    leading: tuple[str, ...]
    ratios: tuple[Ratio, ...] = ()
    by_slug: Mapping[str, Measure] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_slug", {measure.slug: measure for measure in self.measures})
        slugs = [*(measure.slug for measure in self.measures), *(ratio.slug for ratio in self.ratios)]
        if len(set(slugs)) != len(slugs):
            raise ValueError(f"{self.slug}: a figure is defined twice")
        if not set(self.leading) <= set(slugs):
            raise ValueError(f"{self.slug}: leading names no figure")
        for ratio in self.ratios:
            if not {ratio.numerator, ratio.denominator} <= self.by_slug.keys():
                raise ValueError(f"{ratio.slug}: no such measure in {self.slug}")
