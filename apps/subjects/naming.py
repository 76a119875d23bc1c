"""Names of subjects as senders write them, and the form in which they are compared."""

import re
import unicodedata
from typing import Final

from apps.core.texts import INVISIBLE

_BLANK: Final = re.compile(rf"[\s{INVISIBLE}]+")
_FORMULA_PREFIXES: Final = ("=", "+", "-", "@")
LOST_CHARACTER: Final = "?"


def name_key(name: str) -> str:
    """The form in which two spellings of one name are equal: full width, brackets, case and spaces do not count."""
    return _BLANK.sub("", unicodedata.normalize("NFKC", name)).upper()


def is_formula_like(name: str) -> bool:
    """Whether a spreadsheet would take the name for a formula."""
    return unicodedata.normalize("NFKC", name).startswith(_FORMULA_PREFIXES)


def without_formula_prefix(name: str) -> str:
    """The name behind a single formula sign."""
    return name[1:] if is_formula_like(name) else name


def is_same_but_for_lost_characters(name: str, registered: str) -> bool:
    """Whether `name` is `registered` with some characters that the sender's encoding lost, each written as `?`."""
    lost, whole = name_key(name), name_key(registered)
    return len(lost) == len(whole) and all(a in (b, LOST_CHARACTER) for a, b in zip(lost, whole, strict=True))
