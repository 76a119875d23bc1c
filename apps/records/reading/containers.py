"""What kind of file it is, by its first bytes and never by its name; limits of zip containers, before unpacking."""

import zipfile
from typing import BinaryIO, Final, Literal

from apps.records.reading.errors import Unreadable

MAX_UNPACKED_BYTES: Final = 150_000_000
MAX_ENTRY_RATIO: Final = 100
SMALL_ENTRY_BYTES: Final = 5_000_000
MAX_ENTRIES: Final = 1_000

_REFUSED: Final = {
    b"\xd0\xcf\x11\xe0": "文件已加密，或是旧版 Excel（.xls）格式，请取消密码并另存为 .xlsx 或 CSV 后重报。",
    b"%PDF": "文件是 PDF，请报送 CSV 或 .xlsx 文件。",
    b"\x89PNG": "文件是图片，请报送 CSV 或 .xlsx 文件。",
    b"\xff\xd8\xff": "文件是图片，请报送 CSV 或 .xlsx 文件。",
    b"Rar!": "文件是压缩包，请解压后逐个报送。",
    b"7z\xbc\xaf": "文件是压缩包，请解压后逐个报送。",
    b"\x1f\x8b": "文件是压缩包，请解压后逐个报送。",
}


def kind_of(stream: BinaryIO) -> Literal["workbook", "text"]:
    """Tell a workbook from text; anything else, and a container beyond the limits, raises Unreadable."""
    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    if not head:
        raise Unreadable("文件是空的。")
    for magic, message in _REFUSED.items():
        if head.startswith(magic):
            raise Unreadable(message)
    if head.startswith(b"PK"):
        _check_workbook(stream)
        stream.seek(0)
        return "workbook"
    return "text"


def _check_workbook(stream: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(stream) as container:
            entries = container.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Unreadable("工作簿已损坏或不完整，请重新导出后再报。") from error
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("文件已加密，请取消密码后重报。")
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise Unreadable("文件不是 .xlsx 工作簿（可能是改了扩展名的压缩包），请报送 CSV 或 .xlsx 文件。")
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise Unreadable("工作簿展开后过大，请改用 CSV 报送。")
    for entry in entries:
        if entry.file_size > SMALL_ENTRY_BYTES and entry.file_size > MAX_ENTRY_RATIO * max(entry.compress_size, 1):
            raise Unreadable("工作簿的压缩比异常，已拒绝展开。")
