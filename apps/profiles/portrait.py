"""The whole portrait: indicators, size, lists, score, reasons, digests. The same for one firm and for a range. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

import polars as pl

from apps.core.digests import canonical_json, sha256_of
from apps.profiles import blocks, scorecard
from apps.profiles.changing import next_change
from apps.profiles.frames import EVENTS, HOLDINGS, PAYMENTS, Inputs, Setting
from apps.profiles.indicators import INDICATOR_VERSION, INDICATORS, Computed, compute, evidence
from apps.profiles.scorecard import Card
from apps.profiles.sizing import size_class
from apps.reference.rules import BlockRule, SizeRule


@dataclass(frozen=True, slots=True)
class Rules:
    """The reviewed data in force on the as-of date."""

    card: Card
    sizes: Sequence[SizeRule]
    lists: Sequence[BlockRule]
    min_coverage_pct: Decimal


@dataclass(frozen=True, slots=True)
class Portraits:
    """`frame`: one row per subject, sorted, with every column of the portrait; the rest is for explaining."""

    frame: pl.DataFrame
    computed: Computed
    hits: pl.DataFrame


def portray(inputs: Inputs, setting: Setting, rules: Rules) -> Portraits:
    """Portraits of all subjects of `inputs`.

    Columns: subject_id; each indicator's; size_class; points_<line>, earned, reachable, coverage_bps, score, grade;
    has_block_<use>; data_as_of_on; next_change_on; as JSON text blocks, points, reasons, payload; input_digest,
    payload_digest.
    """
    computed = compute(inputs, setting)
    sized = computed.figures.with_columns(size_class(rules.sizes).alias("size_class"))
    scored = scorecard.apply(rules.card, sized, min_coverage_pct=rules.min_coverage_pct)
    hits = blocks.hits(rules.lists, inputs, computed, setting)
    frame = sized.join(scored, on="subject_id", how="left", maintain_order="left")
    parts = (
        _listed(hits),
        _reasons(rules.card, scored, computed),
        _newest_period(inputs, setting),
        next_change(inputs, setting, computed),
    )
    for part in parts:
        frame = frame.join(part, on="subject_id", how="left", maintain_order="left")
    frame = frame.with_columns(
        pl.col("blocks", "reasons").fill_null("[]"),
        pl.col("lists").fill_null([]),
        pl.col(*(f"has_block_{use}" for use in _GATED_USES)).fill_null(value=False),
        _as_json({line.slug: pl.col(f"points_{line.slug}") for line in rules.card.lines}).alias("points"),
    ).with_columns(_payload(rules.card).alias("payload"))
    frame = frame.with_columns(
        _sha256(frame["payload"]).alias("payload_digest"),
        _sha256(_input_texts(inputs, _context(setting, rules))).alias("input_digest"),
    )
    return Portraits(frame, computed, hits)


_GATED_USES = ("whitelist", "application")


def _as_json(members: Mapping[str, pl.Expr]) -> pl.Expr:
    """JSON text of an object with sorted keys and no spaces: the spelling of `core.digests.canonical_json`."""
    return pl.struct(members[name].alias(name) for name in sorted(members)).struct.json_encode()


def _listed(hits: pl.DataFrame) -> pl.DataFrame:
    """(subject_id, blocks, has_block_<use>…) of the subjects on any list."""
    shown = ("code", "name", "effects", "document", "authority", "listed_on", "until_on", "item", "on", "id")
    effect = pl.col("effects").struct
    return (
        hits.group_by("subject_id", maintain_order=True)
        .agg(
            pl.struct(shown).alias("list"),
            pl.struct("code", "document", "listed_on", "until_on").alias("lists"),
            *((effect.field(use) == "BLOCK").any().alias(f"has_block_{use}") for use in _GATED_USES),
        )
        .select(
            "subject_id", "lists", _list_as_json("list").alias("blocks"), *(f"has_block_{use}" for use in _GATED_USES)
        )
    )


def _list_as_json(column: str) -> pl.Expr:
    """JSON text of a list column; only structs can be encoded, so it is wrapped and unwrapped."""
    wrapped = pl.struct(pl.col(column)).struct.json_encode()
    return wrapped.str.strip_prefix(f'{{"{column}":').str.strip_suffix("}")


def _reasons(card: Card, scored: pl.DataFrame, computed: Computed) -> pl.DataFrame:
    """(subject_id, reasons): the dearest lines with the records behind them, as JSON text."""
    lost = scorecard.losses(card, scored)
    found = [
        evidence(computed, indicator).with_columns(pl.lit(line.slug).alias("slug"))
        for line in card.lines
        for indicator in line.sources
    ]
    records = (
        pl.concat(found)
        .group_by("subject_id", "slug", maintain_order=True)
        .agg(pl.col("records").list.explode(keep_nulls=False, empty_as_null=False))
    )
    return (
        lost.join(records, on=["subject_id", "slug"], how="left", maintain_order="left")
        .with_columns(pl.col("records").fill_null([]))
        .group_by("subject_id", maintain_order=True)
        .agg(pl.struct("slug", "lost", "records").alias("list"))
        .select("subject_id", _list_as_json("list").alias("reasons"))
    )


def _newest_period(inputs: Inputs, setting: Setting) -> pl.DataFrame:
    """(subject_id, data_as_of_on): the end of the newest period that any payment of the subject speaks about."""
    past = inputs.payments.filter(pl.col("period_end_on") <= setting.as_of)
    return past.group_by("subject_id").agg(pl.col("period_end_on").max().alias("data_as_of_on"))


def _payload(card: Card) -> pl.Expr:
    """What the history keeps and a replay must find again: everything but where the records lie in the tables."""
    figures = {indicator.column: pl.col(indicator.column) for indicator in INDICATORS}
    return _as_json(
        {
            "figures": pl.struct(figures[name] for name in sorted(figures)),
            "points": pl.struct(
                pl.col(f"points_{slug}").alias(slug) for slug in sorted(line.slug for line in card.lines)
            ),
            **{name: pl.col(name) for name in ("size_class", "score", "grade", "coverage_bps", "lists")},
        }
    )


def _context(setting: Setting, rules: Rules) -> str:
    """Everything but the records that a portrait depends on, as a digest; the day itself is not an input."""
    return sha256_of(
        canonical_json(
            {
                "indicators": INDICATOR_VERSION,
                "scorecard": rules.card.digest,
                "min_coverage_pct": rules.min_coverage_pct,
                "items": {code: asdict(state) for code, state in setting.items.items()},
                "severities": setting.severities,
                "sizes": [asdict(rule) for rule in rules.sizes],
                "lists": [asdict(rule) for rule in rules.lists],
            }
        )
    )


def basis_digest(setting: Setting, rules: Rules) -> str:
    """Of what holds for everybody on the day: when it differs, every portrait may have changed."""
    closed = {code: setting.closed_month(code) for code in setting.items}
    return sha256_of(canonical_json({"context": _context(setting, rules), "closed_months": closed}))


def _input_texts(inputs: Inputs, context: str) -> pl.Series:
    """One text per subject with the content of all its records in a fixed order; ids are not content."""
    texts = inputs.subjects.select("subject_id").sort("subject_id")
    for name, frame, schema in (
        ("payments", inputs.payments, PAYMENTS),
        ("events", inputs.events, EVENTS),
        ("holdings", inputs.holdings, HOLDINGS),
    ):
        content = [column for column in schema if column not in ("id", "subject_id")]
        row = pl.concat_str([pl.col(column).cast(pl.String).fill_null("") for column in content], separator="\x1f")
        mine = frame.select("subject_id", row.alias(name)).sort("subject_id", name)
        joined = mine.group_by("subject_id").agg(pl.col(name).str.join("\x1e"))
        texts = texts.join(joined, on="subject_id", how="left", maintain_order="left")
    parts = [pl.lit(context), *(pl.col(name).fill_null("") for name in ("payments", "events", "holdings"))]
    return texts.select(pl.concat_str(parts, separator="\x1d").alias("text"))["text"]


def _sha256(texts: pl.Series) -> pl.Series:
    return pl.Series("digest", [hashlib.sha256(text.encode()).hexdigest() for text in texts], dtype=pl.String)
