"""What kind of file it is, by its first bytes and never by its name; limits of zip containers, before their content is
read.

Nothing is ever unpacked to a path, and no entry is opened by a name of its own: names that climb out of a folder and
links have nobody to follow them.
"""

import zipfile
import zlib
from typing import BinaryIO, Final, Literal

from apps.records.reading import sheets
from apps.records.reading.errors import Unreadable

MAX_UNPACKED_BYTES: Final = 150_000_000
MAX_ENTRY_RATIO: Final = 100
SMALL_ENTRY_BYTES: Final = 5_000_000
MAX_ENTRIES: Final = 1_000
MAX_CELLS: Final = 4_000_000
MAX_SHOWN_BYTES: Final = 100_000_000
MAX_SHARED_TEXTS: Final = 1_500_000
_SHARED_TEXTS: Final = "xl/sharedstrings.xml"
_BLOCK_BYTES: Final = 1_000_000

_PICTURE: Final = "文件是图片，请报送 CSV 或 .xlsx 文件。"
_PACKED: Final = "文件是压缩包，请解压后逐个报送。"
_WEB_PAGE: Final = "文件是网页或 XML（可能是改了扩展名的网页表格），请在表格软件中另存为 .xlsx 或 CSV 后重报。"
_REFUSED: Final = {
    b"\xd0\xcf\x11\xe0": "文件已加密，或是旧版 Excel（.xls）格式，请取消密码并另存为 .xlsx 或 CSV 后重报。",
    b"%PDF": "文件是 PDF，请报送 CSV 或 .xlsx 文件。",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"II*\x00": _PICTURE,
    b"MM\x00*": _PICTURE,
    b"Rar!": _PACKED,
    b"7z\xbc\xaf": _PACKED,
    b"\x1f\x8b": _PACKED,
    b"BZh": _PACKED,
    b"\xfd7zXZ": _PACKED,
    b"MZ\x90\x00": "文件是程序，请报送 CSV 或 .xlsx 文件。",
    b"\x7fELF": "文件是程序，请报送 CSV 或 .xlsx 文件。",
    b"{\\rtf": "文件是 RTF 文档，请报送 CSV 或 .xlsx 文件。",
}
_MARKUP: Final = (b"<?xml", b"<!doctype", b"<html", b"<table", b"<meta", b"<head", b"<body", b"<style")
_DAMAGED: Final = "工作簿已损坏或不完整，请重新导出后再报。"
_TOO_LARGE: Final = "工作簿展开后过大，请改用 CSV 报送。"


def kind_of(stream: BinaryIO) -> Literal["workbook", "text"]:
    """Tell a workbook from text; anything else, and a container beyond the limits, raises Unreadable."""
    stream.seek(0)
    head = stream.read(64)
    stream.seek(0)
    if not head:
        raise Unreadable("文件是空的。")
    for magic, message in _REFUSED.items():
        if head.startswith(magic):
            raise Unreadable(message)
    if head.lstrip(b"\xef\xbb\xbf\r\n\t ").lower().startswith(_MARKUP):
        raise Unreadable(_WEB_PAGE)
    if head.startswith(b"PK"):
        _check_workbook(stream)
        stream.seek(0)
        return "workbook"
    return "text"


def _check_workbook(stream: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(stream) as container:
            entries = container.infolist()
            _check_directory(entries)
            _check_content(container, entries)
    except Unreadable:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(_DAMAGED) from error


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    """What the list of contents says, before anything is unpacked."""
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("文件已加密，请取消密码后重报。")
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise Unreadable("文件不是 .xlsx 工作簿（可能是改了扩展名的压缩包），请报送 CSV 或 .xlsx 文件。")
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise Unreadable(_TOO_LARGE)
    for entry in entries:
        if entry.file_size > SMALL_ENTRY_BYTES and entry.file_size > MAX_ENTRY_RATIO * max(entry.compress_size, 1):
            raise Unreadable("工作簿的压缩比异常，已拒绝展开。")


def _check_content(container: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Unpack once to see that the list told the truth, size and checksum, and how large the tables will be."""
    shared = [entry for entry in entries if entry.filename.lower() == _SHARED_TEXTS]
    lengths = sheets.lengths_of(_content(container, shared[-1])) if shared else []
    for entry in entries:
        content = _content(container, entry)
        if content.count(b"<si") > MAX_SHARED_TEXTS or sheets.cells_of(content, MAX_CELLS) > MAX_CELLS:
            raise Unreadable(f"工作簿中的表过大（超过{MAX_CELLS // 10_000}万个单元格），请改用 CSV 报送。")
        if sheets.shown_bytes_of(content, lengths, MAX_SHOWN_BYTES) > MAX_SHOWN_BYTES:
            raise Unreadable(_TOO_LARGE)


def _content(container: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytearray:
    content = bytearray()
    with container.open(entry) as unpacked:
        while block := unpacked.read(_BLOCK_BYTES):
            content += block
            if len(content) > entry.file_size:
                raise Unreadable(_DAMAGED)
    return content
