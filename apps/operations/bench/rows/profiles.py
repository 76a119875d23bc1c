"""The night's portraits of many firms, and the portrait of one on demand."""

from datetime import date, datetime, timedelta

import polars as pl

from apps.core import clock
from apps.core.actor import SYSTEM
from apps.operations.bench import data, facts, reference
from apps.operations.bench.database import BenchFault, work
from apps.operations.bench.measure import Growth, Row, Size, Spent, median_seconds, spending
from apps.profiles import services
from apps.profiles.models import Profile
from apps.records.frames import copy_in, frame_of
from apps.subjects.models import Subject

ONE = 100
_REFERENCE = (reference.PAYMENTS, reference.EVENTS, reference.HOLDINGS)


def measure(size: Size) -> Row:
    """End to end, against COPY out + reference expressions + COPY in; growth from a tenth."""
    now = clock.now()
    today = clock.business_date(now)
    numbered = data.subjects(1, size.subjects)
    cut = size.subjects // 10
    _load(numbered.head(cut), today, now)
    tenth = _refresh(now)
    rows = _load(numbered.slice(cut), today, now)
    later = now + timedelta(microseconds=1)
    whole = _refresh(later)
    base, parts, figures = _base(today)
    _agree(figures)
    ratio = whole.seconds / base.seconds
    growth = Growth(tenth, whole)
    return Row(
        "profiles",
        f"夜间计算 {size.subjects:,} 户画像（全程）",
        "≤ 1.5 × (COPY 出 + 参照表达式 + COPY 入)",
        f"{ratio:.2f} ×",
        ratio <= 1.5,
        {
            "后九成主体的记录行": rows,
            "本平台 秒": round(whole.seconds, 2),
            "本平台 户/秒": round(size.subjects / whole.seconds),
            "基准 秒": round(base.seconds, 2),
            **parts,
            **growth.parts,
        },
    )


def _load(numbered: pl.DataFrame, today: date, now: datetime) -> int:
    data.load_subjects(numbered, now)
    return facts.load_facts(numbered, today, now)


def _refresh(now: datetime) -> Spent:
    job = services.refresh_profiles(
        actor=SYSTEM, business_date=clock.business_date(now), as_known=now, now=now, whole=True
    )
    return work(job)


def _base(today: date) -> tuple[Spent, dict[str, str | int | float], pl.DataFrame]:
    with spending() as out:
        payments, events, holdings = map(frame_of, _REFERENCE)
    with spending() as expressions:
        figures = reference.profile(payments, events, holdings, today)
        rows = reference.rows_of(figures)
    with spending() as into:
        copy_in("bench_profile", rows)
    total = Spent(out.seconds + expressions.seconds + into.seconds)
    parts: dict[str, str | int | float] = {
        "基准 COPY 出 秒": round(out.seconds, 2),
        "基准 表达式 秒": round(expressions.seconds, 2),
        "基准 COPY 入 秒": round(into.seconds, 2),
        "参照指标数": figures.width - 1,
    }
    return total, parts, figures


def _agree(figures: pl.DataFrame) -> None:
    """Both sides must come to the same figures. Raises BenchFault."""
    stored = {row["subject_id"]: row for row in Profile.objects.values("subject_id", *reference.AGREED.values())}
    if len(stored) != figures.height:
        raise BenchFault(f"画像 {len(stored)} 户，参照 {figures.height} 户")
    for row in figures.select("subject_id", *reference.AGREED).iter_rows(named=True):
        for name, column in reference.AGREED.items():
            found = stored[row["subject_id"]][column]
            if (found * 100 if column.endswith("_yuan") else found) != row[name]:
                raise BenchFault(f"主体 {row['subject_id']} 的 {column} 为 {found}，参照为 {row[name]}")


def measure_one(size: Size) -> Row:
    """Reading, permission and audit included, against the bare reference expressions on frames of one firm."""
    now = clock.now()
    today = clock.business_date(now)
    numbered = data.subjects(1, 200)
    _load(numbered, today, now)
    payments, events, holdings = (frame_of(f"{each} WHERE subject_id = {ONE}") for each in _REFERENCE)
    subject = Subject.objects.get(pk=ONE)

    def bare() -> None:
        reference.profile(payments, events, holdings, today)

    def on_demand() -> None:
        services.recompute_profile(actor=SYSTEM, subject=subject, as_of=today, as_known=now, now=now)

    ours_seconds, bare_seconds = median_seconds(on_demand, size.repeats), median_seconds(bare, size.repeats)
    ratio = ours_seconds / bare_seconds
    return Row(
        "one",
        "按需计算一户画像（含读取、留痕）",
        "≤ 15 × 单行参照表达式",
        f"{ratio:.1f} ×",
        ratio <= 15,
        {
            "本平台 毫秒": round(ours_seconds * 1_000, 2),
            "基准 毫秒": round(bare_seconds * 1_000, 2),
            "次数": size.repeats,
        },
    )
