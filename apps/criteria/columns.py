"""The same criteria over columns: one product against many firms, or one need against many products.

A verdict column is Boolean with null for "cannot tell"; Polars joins nulls by Kleene logic as `verdict` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from apps.criteria.facts import FACTS, fact_named
from apps.criteria.language import Criterion, Group, Node
from apps.criteria.values import Amount, Codes, CodeSet, Flag, Nothing, Percent, Range, ValueType, Whole


def dtype_of(value_type: ValueType) -> Any:
    """The type of a column of facts: whole numbers, text, flags, lists of text."""
    if isinstance(value_type, Whole | Amount | Percent):
        return pl.Int64
    if isinstance(value_type, Flag):
        return pl.Boolean
    return pl.List(pl.String) if isinstance(value_type, Codes) else pl.String


def frame_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str] | None = None) -> pl.DataFrame:
    """A frame of facts from typed values: yuan becomes fen, percent hundredths; what is not given is null."""
    wanted = list(names) if names is not None else [name for name in FACTS if "{}" not in name]
    series = []
    for name in wanted:
        value_type = fact_named(name).type
        values = [value_type.column(row.get(name)) for row in rows]
        series.append(pl.Series(name, values, dtype=dtype_of(value_type)))
    return pl.DataFrame(series)


def verdict_expr(nodes: Sequence[Node]) -> pl.Expr:
    """One product, all firms: the overall verdict over a frame of facts."""
    return _joined("all", [node_expr(node) for node in nodes])


def node_expr(node: Node) -> pl.Expr:
    """One criterion or group over a frame of facts."""
    if isinstance(node, Group):
        return _joined(node.kind, [node_expr(part) for part in node.parts])
    return _criterion_expr(node)


def _criterion_expr(criterion: Criterion) -> pl.Expr:
    definition = criterion.definition
    names = definition.fact_names(criterion.parameter)
    if not names:
        return pl.lit(None, dtype=pl.Boolean)
    parameter = definition.parameter.column(criterion.parameter)
    compared = definition.compare(*(pl.col(name) for name in names), parameter)
    return _with_gaps(compared, [pl.col(name) for name in names])


def _with_gaps(compared: pl.Expr, columns: Sequence[pl.Expr]) -> pl.Expr:
    known = reduce(and_, (column.is_not_null() for column in columns))
    return pl.when(known).then(compared).otherwise(None)


def _joined(kind: str, parts: Sequence[pl.Expr]) -> pl.Expr:
    if not parts:
        return pl.lit(True)
    if kind == "all":
        return reduce(and_, parts)
    return reduce(or_, parts) if kind == "any" else ~reduce(or_, parts)


@dataclass(frozen=True, slots=True)
class CodeSetColumn:
    """The parameter of many products, a list of codes each, against one fact."""

    column: pl.Expr

    def holds(self, fact: Any) -> pl.Expr:
        """Whether a code is in each list."""
        return self.column.list.contains(fact)

    def holds_prefix_of(self, fact: str, lengths: tuple[int, ...]) -> pl.Expr:
        """Whether the beginning of a code is in each list."""
        return reduce(or_, (self.column.list.contains(fact[:length]) for length in lengths))

    def overlaps(self, facts: Sequence[str]) -> pl.Expr:
        """Whether any of several codes is in each list."""
        return self.column.list.set_intersection(list(facts)).list.len() > 0


def verdicts_over_products(criteria: Sequence[Criterion], facts: Mapping[str, Any]) -> list[bool | None]:
    """One need, all products: the verdicts of criteria of one and the same slug, their parameters laid into columns."""
    definition = criteria[0].definition
    if not definition.facts:
        return [None] * len(criteria)
    if any("{}" in name for name in definition.facts):
        return _over_family(criteria, facts)
    values = [facts.get(name) for name in definition.facts]
    if any(value is None for value in values):
        return [None] * len(criteria)
    columns = [fact_named(name).type.column(value) for name, value in zip(definition.facts, values, strict=True)]
    if isinstance(definition.parameter, Nothing):
        return [definition.compare(*columns, None)] * len(criteria)
    frame, parameter = _parameters(criteria)
    return frame.select(definition.compare(*columns, parameter).alias("verdict"))["verdict"].to_list()


def _parameters(criteria: Sequence[Criterion]) -> tuple[pl.DataFrame, Any]:
    value_type = criteria[0].definition.parameter
    values = [value_type.column(item.parameter) for item in criteria]
    if isinstance(values[0], CodeSet):
        return pl.DataFrame({"parameter": [sorted(value.codes) for value in values]}), CodeSetColumn(
            pl.col("parameter")
        )
    if isinstance(values[0], Range):
        frame = pl.DataFrame({"low": [value.low for value in values], "high": [value.high for value in values]})
        return frame, Range(pl.col("low"), pl.col("high"))
    return pl.DataFrame({"parameter": values}), pl.col("parameter")


def _over_family(criteria: Sequence[Criterion], facts: Mapping[str, Any]) -> list[bool | None]:
    """A family asks another fact for each parameter: the facts themselves are laid into a column."""
    definition = criteria[0].definition
    names = [definition.fact_names(item.parameter)[0] for item in criteria]
    value_type = fact_named(names[0]).type
    frame = pl.DataFrame(
        [pl.Series("fact", [value_type.column(facts.get(name)) for name in names], dtype=dtype_of(value_type))]
    )
    compared = _with_gaps(definition.compare(pl.col("fact"), None), [pl.col("fact")])
    return frame.select(compared.alias("verdict"))["verdict"].to_list()
