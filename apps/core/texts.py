"""What no text of ours may hold: characters that nobody sees and that make one text look like another. Pure.

Unicode categories: controls (Cc), formats such as zero width, direction marks and tags (Cf), line and paragraph
separators (Zl, Zp), and the letters that are printed as nothing (the Hangul fillers, the blank Braille cell). Variation
selectors stay, since they choose between two forms of a character that are printed differently; so do combining marks
that compose with nothing, since Tibetan and Uyghur cannot be written without them.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_RANGES: Final = (
    *((0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x61C, 0x61C), (0x115F, 0x1160), (0x180E, 0x180E)),
    *((0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164)),
    *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xE0000, 0xE007F)),
)
_LINES: Final = ((0x00, 0x08), (0x0B, 0x1F))


def _inside(ranges: Iterable[tuple[int, int]]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


INVISIBLE: Final = _inside(_RANGES)
"""The inside of a character class that the expressions of Python and of Polars read alike."""
INVISIBLE_BUT_LINES: Final = _inside((*_LINES, *_RANGES[1:]))
"""The same without tabulator and line feed."""

_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
_INVISIBLE_BUT_LINES: Final = re.compile(f"[{INVISIBLE_BUT_LINES}]")


def has_invisible(text: str) -> bool:
    """Whether a text of one or more lines holds what nobody sees."""
    return _INVISIBLE_BUT_LINES.search(text) is not None


def plain_line(text: str) -> str:
    """One line without invisible characters, composed (NFC), so that what looks alike is alike."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
