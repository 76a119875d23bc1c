from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from apps.reference.models import LprQuote, PenaltyClass, PolicyFigure, Region, SizeStandard

pytestmark = pytest.mark.django_db

SOURCE = {"source_document": "测试", "certainty": "ours"}


def region(code="990001", start=date(2020, 1, 1), end=None):
    return Region(
        code=code, name="某县", level="county", parent_code="990000", effective_from=start, effective_to=end, **SOURCE
    )


def save_at_once(*rows):
    """Save and check the deferred constraints as a commit would."""
    with transaction.atomic(), connection.cursor() as cursor:
        for row in rows:
            row.save()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("rows", "constraint"),
    [
        ([region(end=date(2020, 1, 1))], "region_period_ordered"),
        ([region(code="99000X")], "region_code_six_digits"),
        ([region(), region(end=date(2021, 1, 1))], "region_one_start"),
        ([region(end=date(2022, 1, 1)), region(start=date(2021, 12, 31))], "region_period_disjoint"),
        (
            [
                PolicyFigure(key="k", label="k", value=1, unit="days", effective_from=date(year, 1, 1), **SOURCE)
                for year in (2020, 2021)
            ],
            "policyfigure_period_disjoint",
        ),
        (
            [PolicyFigure(key="k", label="k", value=-1, unit="days", effective_from=date(2020, 1, 1), **SOURCE)],
            "policyfigure_not_negative",
        ),
        (
            [LprQuote(published_on=date(2030, 1, 1), tenor="1Y", rate_pct=Decimal(0), **SOURCE)],
            "lprquote_rate_plausible",
        ),
        (
            [
                PenaltyClass(
                    code="x",
                    name="x",
                    severity=1,
                    min_publicity_months=4,
                    max_publicity_months=3,
                    effective_from=date(2020, 1, 1),
                    **SOURCE,
                )
            ],
            "penaltyclass_months_ordered",
        ),
        (
            [
                SizeStandard(
                    standard_code="x",
                    row_no=1,
                    indicator_1="headcount",
                    large_1=3,
                    medium_1=2,
                    small_1=1,
                    small_2=1,
                    effective_from=date(2020, 1, 1),
                    **SOURCE,
                )
            ],
            "sizestandard_second_whole",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_constraint_bites(rows, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        save_at_once(*rows)


def test_periods_of_one_code_may_touch():
    save_at_once(region(end=date(2022, 1, 1)), region(start=date(2022, 1, 1)))
    assert [row.effective_to for row in Region.objects.in_force(date(2021, 12, 31)).filter(code="990001")] == [
        date(2022, 1, 1)
    ]
    assert [row.effective_to for row in Region.objects.in_force(date(2022, 1, 1)).filter(code="990001")] == [None]
