"""Arithmetic of published figures: ratios, averages, and what may not be shown because too few firms stand behind it.

Pure. Source of the small-cell rule: figure `statistics_min_cell_count` of the reference tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.core.money import round_pct

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a dimension: how many things, how much, and how many firms stand behind it."""

    label: str
    count: int
    amount: Decimal | None
    firms: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as it may be published; count and amount are None where they are withheld, `text` says so."""

    label: str
    count: int | None
    amount: Decimal | None
    text: str


def ratio(numerator: Decimal | int, denominator: Decimal | int, *, scale: int = 1, places: int = 2) -> Decimal | None:
    """numerator × scale / denominator, rounded half up to `places`; None without a denominator."""
    if not denominator:
        return None
    return round_pct(Decimal(numerator) * scale / Decimal(denominator), places)


def publish(cells: Sequence[Cell], min_firms: int) -> tuple[Shown, ...]:
    """The cells of one dimension as they may be shown beside their total.

    A cell with 1 to `min_firms` − 1 firms is withheld. Where just one is withheld, its value would follow from the
    total, so the next smallest is withheld with it. Empty cells give nothing away.
    """
    small = {position for position, cell in enumerate(cells) if 0 < cell.firms < min_firms}
    withheld = set(small)
    if len(small) == 1:
        others = [position for position, cell in enumerate(cells) if cell.firms and position not in small]
        withheld |= set(sorted(others, key=lambda position: (cells[position].firms, position))[:1])
    return tuple(
        Shown(cell.label, None, None, f"<{min_firms}" if position in small else "隐去")
        if position in withheld
        else Shown(cell.label, cell.count, cell.amount, "")
        for position, cell in enumerate(cells)
    )


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Whether the parts of a dimension add up to the total that was counted separately."""

    dimension: str
    parts: Decimal
    total: Decimal

    @property
    def holds(self) -> bool:
        """Whether nothing is missing and nothing counted twice."""
        return self.parts == self.total


def reconcile(dimension: str, cells: Sequence[Cell], total: Cell) -> Reconciliation:
    """Add up amounts where the figure has them, counts otherwise."""
    if total.amount is None:
        return Reconciliation(dimension, Decimal(sum(cell.count for cell in cells)), Decimal(total.count))
    return Reconciliation(dimension, sum((cell.amount or _ZERO for cell in cells), _ZERO), total.amount)
