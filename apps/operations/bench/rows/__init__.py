"""The rows of the table, by the word that asks for them on the command line."""

from collections.abc import Callable

from apps.operations.bench.measure import Row, Size
from apps.operations.bench.rows import intake, matching, pages, pdf, profiles, screening, workers

ROWS: dict[str, Callable[[Size], Row]] = {
    "intake": intake.measure,
    "profiles": profiles.measure,
    "screening": screening.measure,
    "matching": matching.measure,
    "one": profiles.measure_one,
    "pdf": pdf.measure,
    "workers": workers.measure,
    "pages": pages.measure,
}
