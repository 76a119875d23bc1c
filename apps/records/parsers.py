"""A delivery as the bare body of a request: the file streams to disk, its manifest stands in the headers."""

from collections.abc import Mapping
from typing import IO, Any, Final

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import UnreadablePostError
from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from apps.core.errors import InvalidInput, NotParsable
from apps.core.problems import UnsupportedMedia

HEADER_OF: Final = {
    "item": "Delivery-Item",
    "source_id": "Delivery-Source-Id",
    "period_from_on": "Delivery-Period-From-On",
    "period_to_on": "Delivery-Period-To-On",
    "sequence": "Delivery-Sequence",
    "declared_rows": "Delivery-Declared-Rows",
    "digest": "Delivery-Digest",
    "kind": "Delivery-Kind",
}
"""Field of the manifest → header that carries it with a bare file."""

_BLOCK_BYTES: Final = 1 << 20


class BareFileParser(BaseParser):
    """What a bare file and its headers say, in the shape of a form: `file` and the fields of the manifest."""

    ending = ""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The fields. Raises NotParsable when the body broke off, InvalidInput for a header that does not exist."""
        request: Request = (parser_context or {})["request"]
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise UnsupportedMedia("不支持压缩的请求内容，请去掉 Content-Encoding。")
        given = _manifest(request)
        name = _name(request.headers.get("Content-Disposition", "")) or f"{given.get('item', 'delivery')}{self.ending}"
        file = TemporaryUploadedFile(name, media_type or self.media_type, 0, None)
        try:
            file.size = _copy(stream, file)
            _whole(request, file.size)
        except BaseException:
            file.close()
            raise
        return {**given, "file": file}


class CsvParser(BareFileParser):
    """CSV."""

    media_type = "text/csv"
    ending = ".csv"


class XlsxParser(BareFileParser):
    """XLSX."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ending = ".xlsx"


class NdjsonParser(BareFileParser):
    """JSON lines, as ndjson calls them."""

    media_type = "application/x-ndjson"
    ending = ".jsonl"


class JsonLinesParser(NdjsonParser):
    """JSON lines by their own name."""

    media_type = "application/json-lines"


BARE_FILES: Final = (CsvParser, XlsxParser, NdjsonParser, JsonLinesParser)


def _manifest(request: Request) -> dict[str, str]:
    known = {header.lower(): field for field, header in HEADER_OF.items()}
    sent = {name.lower(): value for name, value in request.headers.items() if name.lower().startswith("delivery-")}
    if unknown := sorted(set(sent) - set(known)):
        raise InvalidInput(fields=dict.fromkeys(unknown, "没有这个请求头。"))
    return {known[name]: value for name, value in sent.items()}


def _name(disposition: str) -> str:
    try:
        return parse_header_parameters(disposition)[1].get("filename", "")
    except (ValueError, LookupError) as error:
        raise NotParsable("Content-Disposition 请求头无法解析。") from error


def _copy(stream: IO[bytes], file: TemporaryUploadedFile) -> int:
    size_bytes = 0
    try:
        while block := stream.read(_BLOCK_BYTES):
            file.write(block)
            size_bytes += len(block)
    except UnreadablePostError as error:
        raise _broken_off() from error
    file.flush()
    file.seek(0)
    return size_bytes


def _whole(request: Request, size_bytes: int) -> None:
    if size_bytes != int(request.META.get("CONTENT_LENGTH") or 0):
        raise _broken_off()


def _broken_off() -> NotParsable:
    return NotParsable("上传中断，文件不完整，未接收；请重新上传。")
