"""One pass over every profile of a region: a verdict code for each criterion of each firm, and bytes to prove it by.

The same inputs and the same rule give the same bytes on every machine: rows are sorted by credit code, codes are single
letters in the order of the criteria, counts follow from the rows.
"""

import hashlib
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import polars as pl

from apps.core.digests import canonical_json, sha256_of
from apps.criteria.columns import node_expr
from apps.criteria.facts import fact_named
from apps.criteria.language import Group, Node, facts_asked, write_criteria
from apps.criteria.values import Amount, Percent
from apps.whitelist.rules import CONSENT_SLUG

MET: Final = "m"
NOT_MET: Final = "n"
UNKNOWN: Final = "u"
KEYS: Final = ("subject_id", "code")


def inputs_of(profiles: pl.DataFrame, nodes: Sequence[Node], consented: pl.Series) -> pl.DataFrame:
    """What the rule looks at and nothing else: the keys, the facts asked for, consent; sorted by credit code.

    `profiles` carries subject_id, code and the facts as columns of `criteria.columns` types; `consented` is a series of
    subject ids.
    """
    names = sorted(facts_asked(nodes))
    return profiles.select(*KEYS, *names, pl.col("subject_id").is_in(consented.implode()).alias(CONSENT_SLUG)).sort(
        "code"
    )


def outcomes_of(inputs: pl.DataFrame, nodes: Sequence[Node]) -> pl.DataFrame:
    """subject_id, code, verdict (m/n/u) and codes, one letter for each criterion and the last one for consent."""
    expressions = [*(node_expr(node) for node in nodes), pl.col(CONSENT_SLUG)]
    letters = [_letter(expression).alias(f"c{number}") for number, expression in enumerate(expressions)]
    codes = inputs.select(*KEYS, *letters).select(*KEYS, pl.concat_str(pl.col(r"^c\d+$")).alias("codes"))
    verdict = (
        pl.when(pl.col("codes").str.contains(NOT_MET, literal=True))
        .then(pl.lit(NOT_MET))
        .when(pl.col("codes").str.contains(UNKNOWN, literal=True))
        .then(pl.lit(UNKNOWN))
        .otherwise(pl.lit(MET))
    )
    return codes.with_columns(verdict.alias("verdict")).select(*KEYS, "verdict", "codes")


def _letter(expression: pl.Expr) -> pl.Expr:
    return (
        pl.when(expression.is_null())
        .then(pl.lit(UNKNOWN))
        .when(expression)
        .then(pl.lit(MET))
        .otherwise(pl.lit(NOT_MET))
    )


def slugs_of(nodes: Sequence[Node]) -> list[str]:
    """The names behind the letters of `codes`, in order."""
    return [*(node.kind if isinstance(node, Group) else node.slug for node in nodes), CONSENT_SLUG]


def counts_of(outcomes: pl.DataFrame, slugs: Sequence[str]) -> dict[str, Any]:
    """How many were judged, came on, fell out, could not be told; for each criterion how many it stopped.

    `only` counts firms for which that criterion alone stands in the way.
    """
    verdicts = dict(outcomes.group_by("verdict").len().rows())
    failing = outcomes["codes"].str.count_matches(r"[nu]")
    reasons = []
    for position, slug in enumerate(slugs):
        letter = outcomes["codes"].str.slice(position, 1)
        reasons.append(
            {
                "slug": slug,
                "not_met": int((letter == NOT_MET).sum()),
                "unknown": int((letter == UNKNOWN).sum()),
                "only": int(((letter != MET) & (failing == 1)).sum()),
            }
        )
    return {
        "judged": outcomes.height,
        "listed": verdicts.get(MET, 0),
        "not_met": verdicts.get(NOT_MET, 0),
        "unknown": verdicts.get(UNKNOWN, 0),
        "reasons": reasons,
    }


def rule_digest(nodes: Sequence[Node], region_codes: Sequence[str]) -> str:
    """Digest (hex) of the rule: criteria as written and the region codes that it covers."""
    return sha256_of(canonical_json({"criteria": write_criteria(nodes), "regions": sorted(region_codes)}))


def outcome_digest(outcomes: pl.DataFrame) -> str:
    """Digest (hex) of every verdict: one line `credit code,verdict,codes` for each firm."""
    return hashlib.sha256(_lines(outcomes.select("code", "verdict", "codes"))).hexdigest()


def input_digest(inputs: pl.DataFrame) -> str:
    """Digest (hex) of what the rule looked at, as lines of text under a heading."""
    return hashlib.sha256(_lines(_flat(inputs.drop("subject_id")), header=True)).hexdigest()


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(name).list.join("|") for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)
    )


def _lines(frame: pl.DataFrame, *, header: bool = False) -> bytes:
    return frame.write_csv(include_header=header, line_terminator="\n").encode()


def pack(inputs: pl.DataFrame) -> bytes:
    """The inputs as a file to keep for replays."""
    stream = io.BytesIO()
    inputs.write_parquet(stream, compression="zstd", statistics=False)
    return stream.getvalue()


def unpack(content: bytes) -> pl.DataFrame:
    """The inputs that `pack` wrote."""
    return pl.read_parquet(io.BytesIO(content))


def observed(name: str, value: Any) -> Any:
    """The typed value behind a column's whole number: yuan from fen, percent from hundredths."""
    if value is not None and isinstance(fact_named(name).type, Amount | Percent):
        return Decimal(value).scaleb(-2)
    return value
