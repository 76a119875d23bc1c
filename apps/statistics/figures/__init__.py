"""Every published figure, defined once: the page, the export and the reconciliation read the same rows."""

from apps.statistics.figures.definition import DIMENSIONS, Day, Measure, Ratio, Theme
from apps.statistics.figures.financing import FINANCING
from apps.statistics.figures.lending import LENDING
from apps.statistics.figures.population import POPULATION
from apps.statistics.figures.whitelist import WHITELIST

THEMES = {theme.slug: theme for theme in (LENDING, FINANCING, WHITELIST, POPULATION)}

__all__ = ["DIMENSIONS", "THEMES", "Day", "Measure", "Ratio", "Theme"]
