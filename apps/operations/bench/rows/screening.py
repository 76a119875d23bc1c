"""Many products over all firms: portraits out of the table, verdicts as columns, the pairs back in."""

from collections.abc import Sequence

import polars as pl
from django.db import connection

from apps.core import clock
from apps.criteria.columns import verdict_expr
from apps.criteria.language import Node
from apps.operations.bench import data, reference
from apps.operations.bench.database import BenchFault
from apps.operations.bench.demands import demands, of_firm
from apps.operations.bench.measure import Growth, Row, Size, Spent, spending
from apps.profiles.selectors import profiles_for_batch
from apps.records.frames import copy_in, frame_of

OTHER_REGION = "610304"


def measure(size: Size) -> Row:
    """End to end, against COPY out + reference expressions + COPY in of the pairs; growth from a tenth."""
    now = clock.now()
    numbered = data.subjects(1, size.screened)
    data.load_profiles(data.profiles(1, size.screened), numbered, clock.business_date(now), now)
    wanted = demands(size.screening_products)
    criteria = [of_firm(each) for each in wanted]
    _only_a_tenth(size.screened)
    tenth = _screen(criteria, [data.REGION])
    whole = _screen(criteria, [data.REGION, OTHER_REGION])
    with spending() as base:
        pairs = reference.pairs(frame_of(reference.FACTS), wanted)
        copy_in("bench_reference_pair", pairs)
    _agree()
    ratio = whole.seconds / base.seconds
    growth = Growth(tenth, whole)
    return Row(
        "screening",
        f"{size.screening_products} 个产品筛选 {size.screened:,} 户（全程）",
        "≤ 1.5 × (COPY 出 + 参照表达式 + COPY 入)",
        f"{ratio:.2f} ×",
        ratio <= 1.5,
        {
            "符合的户与产品对": pairs.height,
            "本平台 秒": round(whole.seconds, 2),
            "基准 秒": round(base.seconds, 2),
            **growth.parts,
        },
        ("本平台一侧由读画像、条件表达式、写结果三段组成；把多个产品一次筛完的业务服务尚未实现。",),
    )


def _only_a_tenth(screened: int) -> None:
    """Nine tenths move to another region, so that a region holds a tenth."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE profiles_profile SET region_code = %s WHERE subject_id > %s", [OTHER_REGION, screened // 10]
        )


def _screen(criteria: Sequence[Sequence[Node]], regions: list[str]) -> Spent:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bench_pair")
    with spending() as spent:
        facts = profiles_for_batch(regions)
        columns = [verdict_expr(nodes).alias(str(k)) for k, nodes in enumerate(criteria)]
        verdicts = facts.select("subject_id", *columns)
        copy_in("bench_pair", _pairs(verdicts, len(criteria)))
    return spent


def _pairs(verdicts: pl.DataFrame, products: int) -> pl.DataFrame:
    ids = verdicts["subject_id"]
    found = [
        pl.DataFrame({"subject_id": ids.filter(verdicts[str(k)].fill_null(value=False))}).with_columns(
            pl.lit(k, pl.Int32).alias("product")
        )
        for k in range(products)
    ]
    return pl.concat(found)


def _agree() -> None:
    sides = (
        "(TABLE bench_pair EXCEPT TABLE bench_reference_pair)"
        " UNION ALL (TABLE bench_reference_pair EXCEPT TABLE bench_pair)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sides}) AS differing")
        (differing,) = cursor.fetchone()
    if differing:
        raise BenchFault(f"两边有 {differing} 对不一致")
