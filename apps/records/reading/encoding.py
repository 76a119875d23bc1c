"""Which encoding a text file is in: byte order mark, else strict UTF-8, else strict GB18030.

43 % of short Chinese UTF-8 strings also decode as GB18030, the reverse is 0.14 % (pitfalls M11): hence the order.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

from apps.records.reading.errors import Unreadable

BLOCK_BYTES: Final = 8_000_000
MAX_LINE_CHARACTERS: Final = 8_000_000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8（带BOM）"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


class BadText(Unreadable):
    """Bytes that are no text in the encoding of the file."""

    def __init__(self, line: int) -> None:
        super().__init__(f"文件编码无法识别：第{line}行不是有效的UTF-8或GB18030文字，可能混用了两种编码或文件不完整。")
        self.line = line


def detect(stream: BinaryIO) -> tuple[str, str]:
    """(codec, name for the reader). Raises Unreadable, naming the first bad line, when nothing fits.

    A first block with other than ASCII characters decides; what comes later in a large file is checked as it is read.
    """
    stream.seek(0)
    head = stream.read(BLOCK_BYTES)
    whole = len(head) < BLOCK_BYTES or head.isascii()
    errors = []
    for codec, name in _candidates(head):
        try:
            for _ in text_blocks(stream, codec):
                if not whole:
                    break
        except BadText as error:
            errors.append(error)
        else:
            return codec, name
    raise max(errors, key=lambda error: error.line)  # the encoding that went furthest is the likely one


def _candidates(head: bytes) -> list[tuple[str, str]]:
    for mark, codec, name in _MARKS:
        if head.startswith(mark):
            return [(codec, name)]
    # Text of one-byte characters in UTF-16 has a zero in every second byte.
    if head[1:4096:2].count(0) > len(head[:4096]) // 4:
        return [("utf-16-le", "UTF-16LE（无BOM）")]
    if head[:4096:2].count(0) > len(head[:4096]) // 4:
        return [("utf-16-be", "UTF-16BE（无BOM）")]
    return [("utf-8", "UTF-8"), ("gb18030", "GB18030")]


def text_blocks(stream: BinaryIO, codec: str, block_bytes: int = BLOCK_BYTES) -> Iterator[str]:
    """The decoded text in blocks, line ends as they came. Raises Unreadable, naming the first bad line, or one that
    goes on for longer than a block: whoever puts lines together would hold it in memory whole.
    """
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line, begun = 1, 0
    while True:
        block = stream.read(block_bytes)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise BadText(line) from error
        if text:
            begun = _begun(text, begun, line)
            yield text
        if not block:
            return
        line += text.count("\n")


def _begun(text: str, before: int, line: int) -> int:
    """Characters of the line that goes on after a block, of which `before` came in earlier blocks."""
    first = min((place for place in (text.find("\n"), text.find("\r")) if place >= 0), default=len(text))
    if before + first > MAX_LINE_CHARACTERS:
        raise Unreadable(f"第{line}行超过{MAX_LINE_CHARACTERS // 10_000}万字，可能缺少换行，请核对文件。")
    return before + first if first == len(text) else len(text) - 1 - max(text.rfind("\n"), text.rfind("\r"))
