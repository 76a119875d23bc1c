"""A scorecard held against a file of outcomes: every row of it is a case, or is listed with the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, Final

import polars as pl
from django.db import transaction

from apps.consents import gate
from apps.consents.rules import Purpose
from apps.core import audit
from apps.core.actor import Actor
from apps.core.clock import business_date
from apps.core.digests import sha256_of
from apps.core.errors import InvalidInput, NotPermitted
from apps.profiles import policies, selectors
from apps.profiles.evaluation import Evaluation, evaluate
from apps.profiles.outcomes import Outcomes, read_outcomes
from apps.profiles.scorecard import Card
from apps.profiles.selectors import PROFILE_ITEMS
from apps.profiles.sizing import SIZE_CLASSES
from apps.records.catalogue import CODE
from apps.records.reading import ROW_NUMBER
from apps.reference.selectors import industries, region_path
from apps.subjects.models import KINDS

audit.register("profiles", {"evaluate": "用贷款结果评估评分卡：{target}"})

REASONS: Final[Mapping[str, str]] = {
    "rejected": "该行不能识别",
    "conflicting": "同一代码、同一日期既报违约又报未违约",
    "unknown": "平台没有这一主体",
    "no_portrait": "结果日期之前没有画像",
    "other_card": "当时的画像用的是其他版本的评分卡",
    "not_rated": "当时信息不足，没有评分",
}
_UNTOLD: Final = "未填"
_SEGMENTS: Final = (("主体类别", "kind"), ("企业规模", "size"), ("行业门类", "industry"), ("所属区划", "region"))


class NothingToEvaluate(InvalidInput):
    """No row of the file meets a portrait, or the cards of the portraits differ; the sentence says which."""

    code = "nothing-to-evaluate"
    title = "无法评估评分卡"


@dataclass(frozen=True, slots=True)
class Unused:
    """A row of the file that is no case; `code` empty where it could not be read, `note` says what is wrong then."""

    row_number: int
    code: str
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was evaluated: the file, how its rows add up, and of when the portraits are.

    read = not_data + duplicates + the unused rows + cases. Days as (first, last); `lead_days`: fewest, median and most
    days from the portrait to the outcome.
    """

    file_name: str
    file_sha256: str
    form: str
    read: int
    not_data: int
    duplicates: int
    unused: Mapping[str, int]
    cases: int
    scorecard_version: str
    scorecard_label: str
    scorecard_digest: str
    indicator_versions: tuple[str, ...]
    as_of: tuple[date, date]
    as_known: tuple[date, date]
    outcomes: tuple[date, date]
    lead_days: tuple[int, int, int]
    population: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation with what it speaks about, and the rows that it leaves out by row number."""

    evaluated_at: datetime
    sample: Sample
    evaluation: Evaluation
    unused: tuple[Unused, ...]


def evaluate_outcomes(
    *, actor: Actor, stream: BinaryIO, file_name: str, scorecard_version: str, now: datetime
) -> Evaluated:
    """Hold the scorecard of the portraits that stood before the outcomes against them. A calculation on record.

    `scorecard_version` "": the only one that the portraits name. Raises NotPermitted, Unreadable for a file that is
    none, NothingToEvaluate and OneClass with a sentence for a file that says too little.
    """
    if not policies.can_evaluate_scorecards(actor):
        raise NotPermitted("只有平台管理员可以评估评分卡。")
    digest = sha256_of(stream)
    stream.seek(0)
    outcomes = read_outcomes(stream, received_on=business_date(now))
    with transaction.atomic():
        gate.open_for_run(
            actor=actor,
            purpose=Purpose.MATCHING,
            items=PROFILE_ITEMS,
            run_label=f"评分卡评估 {file_name}",
            subjects=outcomes.rows.height,
            now=now,
        )
        audit.record(
            actor=actor,
            verb="profiles.evaluate",
            target=audit.Target("profiles.scorecard", scorecard_version, file_name),
            now=now,
            after={"sha256": digest, "rows": outcomes.rows.height, "scorecard": scorecard_version},
        )
        found = outcomes.rows.join(selectors.portraits_before_for_batch(outcomes.rows), on=ROW_NUMBER, how="left")
        version = scorecard_version or _only_version(found, outcomes)
        judged = found.with_columns(_reason(version).alias("reason"))
        cases = judged.filter(pl.col("reason").is_null())
        unused = _unused(outcomes, judged)
        if cases.is_empty():
            raise NothingToEvaluate(_nothing(outcomes, unused))
        population = selectors.scores_before_for_batch(_day(cases, "outcome_on", "min"), version)
        card = selectors.card_of(version)
    told = evaluate(
        _with_points(_with_labels(cases, business_date(now)), card), card, population=population, segments=_SEGMENTS
    )
    sample = _sample(outcomes, cases, unused, card, file=(file_name, digest), population=population.height)
    return Evaluated(now, sample, told, unused)


def _only_version(found: pl.DataFrame, outcomes: Outcomes) -> str:
    counts = found.drop_nulls("scorecard_version").group_by("scorecard_version").len().sort("scorecard_version").rows()
    if not counts:
        raise NothingToEvaluate(_nothing(outcomes, _unused(outcomes, found.with_columns(_reason("").alias("reason")))))
    if len(counts) > 1:
        told = "、".join(f"{version} {count} 个" for version, count in counts)
        raise NothingToEvaluate(f"样本的画像用了不止一个版本的评分卡（{told}），请指定其中一个。")
    return str(counts[0][0])


def _reason(version: str) -> pl.Expr:
    """Why a row with what was found for it is no case; null where it is one. The first that holds."""
    return (
        pl.when(pl.col("subject_id").is_null())
        .then(pl.lit("unknown"))
        .when(pl.col("scorecard_version").is_null())
        .then(pl.lit("no_portrait"))
        .when(pl.col("scorecard_version") != version)
        .then(pl.lit("other_card"))
        .when(pl.col("score").is_null())
        .then(pl.lit("not_rated"))
    )


def _unused(outcomes: Outcomes, judged: pl.DataFrame) -> tuple[Unused, ...]:
    rows = [
        *(Unused(number, "", "rejected", message) for number, message, _ in outcomes.rejected.iter_rows()),
        *(Unused(number, code, "conflicting") for number, code in outcomes.conflicting.iter_rows()),
        *(Unused(*row) for row in judged.drop_nulls("reason").select(ROW_NUMBER, CODE, "reason").iter_rows()),
    ]
    return tuple(sorted(rows, key=lambda row: row.row_number))


def _counts(unused: tuple[Unused, ...]) -> dict[str, int]:
    return {reason: sum(row.reason == reason for row in unused) for reason in REASONS}


def _nothing(outcomes: Outcomes, unused: tuple[Unused, ...]) -> str:
    if not outcomes.read - outcomes.not_data:
        return "文件中没有数据行，无法评估。"
    told = "；".join(f"{REASONS[reason]} {count} 行" for reason, count in _counts(unused).items() if count)
    return f"文件中没有一行能对上结果日期之前的评分，无法评估：{told}。"


def _with_labels(cases: pl.DataFrame, on: date) -> pl.DataFrame:
    """With the segments in words."""
    known = industries(on)
    sections = {text: found.section_name for text in _different(cases, "industry_code") if (found := known.of(text))}
    places = {code: path[-1].name for code in _different(cases, "region_code") if (path := region_path(code, on))}
    names: dict[str, Mapping[str, str]] = {
        "kind": dict(KINDS),
        "size_class": SIZE_CLASSES,
        "industry_code": sections,
        "region_code": places,
    }
    columns = zip(names.items(), (column for _, column in _SEGMENTS), strict=True)
    return cases.with_columns(
        pl.col(source)
        .replace_strict(dict(words), default=pl.col(source), return_dtype=pl.String)
        .fill_null(_UNTOLD)
        .alias(column)
        for (source, words), column in columns
    )


def _different(cases: pl.DataFrame, column: str) -> list[str]:
    return sorted(cases[column].drop_nulls().unique())


def _with_points(cases: pl.DataFrame, card: Card) -> pl.DataFrame:
    """With the points of each line as columns."""
    lines = pl.Struct({line.slug: pl.Int64 for line in card.lines})
    points = pl.col("points").str.json_decode(lines).struct
    return cases.with_columns(points.field(line.slug).alias(f"points_{line.slug}") for line in card.lines)


def _day(cases: pl.DataFrame, column: str, which: str) -> date:
    day: Any = cases[column].min() if which == "min" else cases[column].max()
    assert isinstance(day, date)
    return day


def _sample(
    outcomes: Outcomes,
    cases: pl.DataFrame,
    unused: tuple[Unused, ...],
    card: Card,
    *,
    file: tuple[str, str],
    population: int,
) -> Sample:
    lead = cases.select((pl.col("outcome_on") - pl.col("as_of_on")).dt.total_days().sort().alias("days"))["days"]
    return Sample(
        file_name=file[0],
        file_sha256=file[1],
        form=outcomes.form,
        read=outcomes.read,
        not_data=outcomes.not_data,
        duplicates=outcomes.duplicates,
        unused=_counts(unused),
        cases=cases.height,
        scorecard_version=card.version,
        scorecard_label=card.label,
        scorecard_digest=card.digest,
        indicator_versions=tuple(sorted(cases["indicator_version"].unique())),
        as_of=(_day(cases, "as_of_on", "min"), _day(cases, "as_of_on", "max")),
        as_known=(_day(cases, "as_known_on", "min"), _day(cases, "as_known_on", "max")),
        outcomes=(_day(cases, "outcome_on", "min"), _day(cases, "outcome_on", "max")),
        lead_days=(int(lead[0]), int(lead[(lead.len() - 1) // 2]), int(lead[-1])),
        population=population,
    )
