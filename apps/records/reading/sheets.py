"""How large the table of a worksheet will be, from its XML: a reader that fills the rectangle between the outermost
cells would need 550 GB for a sheet whose only fault is one cell at XFD1048576 (pitfalls M12). Pure.
"""

import re
from collections import Counter
from typing import Final

import polars as pl

_CELL: Final = b"<c "
_USUAL_CELL: Final = b'<c r="'
_ROW: Final = re.compile(rb'<row\b[^>]*?(?:\br="([0-9]+)"|>)')
_ODD_CELL: Final = r"<c[/>\t\r\n]|<[\w.-]+:(?:c|row)[\s/>]"
_TAG: Final = re.compile(rb"<(?:[\w.-]+:)?(row|c)(?=[\s/>])((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_REFERENCE: Final = re.compile(rb"(?:^|\s)r\s*=\s*[\"']([A-Za-z]{0,3})([0-9]{0,10})")
_SHARED: Final = re.compile(rb"<(?:[\w.-]+:)?si(?:\s*/>|[\s>](.*?)</(?:[\w.-]+:)?si\s*>)", re.DOTALL)
_NUMBER_OF_SHARED: Final = re.compile(rb"<c [^>]*?\bt=[\"']s[\"'][^>]*>\s*<v[^>]*>\s*([0-9]{1,9})")
_PREFIXED: Final = r"<[\w.-]+:[cv][\s>]|<[cv][\t\r\n]|\st\s+=|\st=\s"
_PREFIXED_NUMBER: Final = re.compile(rb">\s*([0-9]{1,9})\s*<")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lengths_of(xml: bytes | bytearray) -> list[int]:
    """Bytes of every text of the table of shared texts, by its number."""
    return [len(match[1] or b"") for match in _SHARED.finditer(xml)]


def shown_bytes_of(xml: bytes | bytearray, lengths: list[int], limit: int) -> int:
    """Bytes of shared text in all cells of a sheet; exact where over `limit`, else some number not over it.

    A text is stored once and shown by number: 32 000 characters in 200 000 cells are six gigabytes.
    """
    if not lengths:
        return 0
    is_prefixed = _holds(xml, _PREFIXED)
    if max(lengths) * xml.count(b"<v") <= limit and not is_prefixed:
        return 0
    shown = _PREFIXED_NUMBER if is_prefixed else _NUMBER_OF_SHARED
    counts = Counter(map(int, shown.findall(xml)))
    return sum(count * lengths[number] for number, count in counts.items() if number < len(lengths))


def cells_of(xml: bytes | bytearray, limit: int) -> int:
    """Cells of the rectangle that reaches from the first cell to the outermost filled one; exact where over `limit`,
    else some number not over it.
    """
    rows = [int(match[1]) if match[1] else 0 for match in _ROW.finditer(xml)]
    height = max(len(rows), max(rows, default=0))
    if height and _is_counted_alike(xml) and not _holds(xml, f"{_ODD_CELL}|{_beyond(limit // height, height)}"):
        return 0
    return _exactly(xml)


def _is_counted_alike(xml: bytes | bytearray) -> bool:
    """Whether every cell says where it stands, in the spelling of all common programs."""
    is_usual = xml.count(_CELL) == xml.count(_USUAL_CELL)
    return is_usual and xml.count(b"<row") == len(re.findall(rb"<row[\s/>]", xml))


def _holds(xml: bytes | bytearray, pattern: str) -> bool:
    """Whether a pattern is found; linear in the length, and ten times as fast over a large sheet as `re`."""
    return bool(pl.Series([xml.decode("latin-1")]).str.contains(pattern)[0])


def _beyond(width: int, height: int) -> str:
    """A pattern of the references to cells outside a rectangle."""
    return rf"""["'](?:{_columns_after(width)}[0-9]{{1,10}}|[A-Za-z]{{1,3}}{_numbers_after(height)})["']"""


def _numbers_after(number: int) -> str:
    """A pattern of the numbers greater than `number`."""
    digits = str(number)
    greater = [
        f"{digits[:place]}[{int(digit) + 1}-9][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "9"
    ]
    return f"(?:{'|'.join([*greater, f'[1-9][0-9]{{{len(digits)},10}}'])})"


def _columns_after(width: int) -> str:
    """A pattern of the column letters behind column `width`, in either case."""
    if width < 1:
        return "[A-Za-z]{1,3}"
    if width >= 26 * 27:
        return "[A-Za-z]{3}"
    first, last = divmod(width - 1, 26)
    wider = ["[A-Za-z]{3}"]
    if first == 0:
        wider.append("[A-Za-z]{2}")
        return f"(?:{'|'.join([*wider, *_letters_after(last)])})"
    wider += [f"{part}[A-Za-z]" for part in _letters_after(first - 1)]
    same = _LETTERS[first - 1]
    wider += [f"[{same}{same.lower()}]{part}" for part in _letters_after(last)]
    return f"(?:{'|'.join(wider)})"


def _letters_after(place: int) -> list[str]:
    rest = _LETTERS[place + 1 :]
    return [f"[{rest}{rest.lower()}]"] if rest else []


def _exactly(xml: bytes | bytearray) -> int:
    """Walk over all cells as a reader does: what has no reference stands beside, or below, what came before it."""
    row = column = height = width = 0
    for tag in _TAG.finditer(xml):
        attributes = tag[2]
        reference = _REFERENCE.search(attributes)
        letters, digits = (reference[1], reference[2]) if reference else (b"", b"")
        if tag[1] == b"row":
            row, column = int(digits) if digits else row + 1, 0
            continue
        column = _column(letters) if letters else column + 1
        at = int(digits) if letters and digits else max(row, 1)
        if not attributes.rstrip().endswith(b"/"):  # a cell that is only coloured takes no room
            height, width = max(height, at), max(width, column)
    return height * width


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.decode().upper():
        number = number * 26 + _LETTERS.index(letter) + 1
    return number
