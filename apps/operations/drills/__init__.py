"""Drills: what must hold when everything goes wrong, tried many times over. `manage.py drill <name> --seed N`.

A drill is a module with `add_arguments(parser)` and `run(options, say)`, which says how far it is and returns what went
wrong, a line each. Its short form is in the test suite.
"""

from types import ModuleType
from typing import Final

from apps.operations.drills import api, intake, malformed

DRILLS: Final[dict[str, ModuleType]] = {"api": api, "intake": intake, "malformed": malformed}
