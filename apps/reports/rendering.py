"""The one door to WeasyPrint: HTML and CSS in, a tagged PDF out; nothing is fetched but two fonts and `data:` images.

Measured (WeasyPrint 70): by default it follows redirects and reads local files (pitfalls M2); sliced web fonts print
wrong characters and a missing glyph is only a log record (design §4). So fonts come from a closed map, any other
address stops the rendering, and every warning of the renderer is an error.
"""

import functools
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps

from apps.core.errors import ServiceUnavailable

FONT_ADDRESS = "font:"
FONTS = {"regular": "NotoSansSC-Regular.ttf", "bold": "NotoSansSC-Bold.ttf"}
FONT_CSS = "".join(
    f"@font-face {{ font-family: 'Xinqiao Sans'; src: url({FONT_ADDRESS}{name}); font-weight: {weight} }}\n"
    for name, weight in (("regular", 400), ("bold", 700))
)
MISSING_LIBRARY = (
    "服务器缺少生成 PDF 所需的系统库 Pango，请联系平台管理员安装软件包 "
    "libpango-1.0-0、libpangoft2-1.0-0 和 libharfbuzz-subset0；其他功能不受影响。"
)

# Fontconfig and Pango keep state that threads of one process must not touch at once.
_renderer = threading.Lock()


class RendererMissing(ServiceUnavailable):
    """The system library that lays out text is not installed."""

    code = "pdf-renderer-missing"
    title = "暂不能生成 PDF"
    default_message = MISSING_LIBRARY


class RenderingFault(ServiceUnavailable):
    """The renderer complained: a missing glyph, an unknown style, an address that may not be fetched."""

    code = "pdf-rendering-fault"
    title = "PDF 生成失败"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of a PDF and its number of pages."""

    content: bytes
    pages: int


@functools.cache
def _weasyprint() -> Any:
    try:
        import weasyprint
    except OSError as error:  # what cffi raises when a shared library is not there
        raise RendererMissing from error
    return weasyprint


def missing_library() -> str:
    """The sentence to show beside the PDF button where the renderer cannot run; empty where it can."""
    try:
        _weasyprint()
    except RendererMissing as error:
        return error.message
    return ""


def render_pdf(*, html: str, css: str, identifier: bytes) -> Rendered:
    """Lay out an HTML page as PDF/UA-1. The same input gives the same bytes.

    Raises RendererMissing where Pango is not installed and RenderingFault on whatever the renderer warns of.
    """
    weasyprint = _weasyprint()
    _refuse_unprintable(html)
    with _renderer, _complaints() as complaints:
        fetcher, fonts = _assets()
        try:
            sheet = weasyprint.CSS(string=FONT_CSS + css, font_config=fonts, url_fetcher=fetcher)
            page = weasyprint.HTML(string=html, url_fetcher=fetcher, base_url="about:blank")
            document = page.render(font_config=fonts, stylesheets=[sheet], pdf_variant="pdf/ua-1", pdf_tags=True)
            content = document.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True, pdf_identifier=identifier)
        except weasyprint.urls.FatalURLFetchingError as error:
            raise RenderingFault(f"报告引用了不允许读取的地址：{error}") from error
    if complaints:
        raise RenderingFault(f"PDF 排版有误：{complaints[0]}")
    return Rendered(content, len(document.pages))


def bare_pdf(html: str) -> Rendered:
    """One plain call of the renderer with our fonts: the base that the bench compares `render_pdf` with."""
    weasyprint = _weasyprint()
    with _renderer:
        fetcher, fonts = _assets()
        sheet = weasyprint.CSS(string=FONT_CSS, font_config=fonts, url_fetcher=fetcher)
        document = weasyprint.HTML(string=html, url_fetcher=fetcher, base_url="about:blank").render(
            font_config=fonts, stylesheets=[sheet]
        )
        return Rendered(document.write_pdf(), len(document.pages))


def _refuse_unprintable(html: str) -> None:
    # A fallback to whatever font the machine has would print other shapes elsewhere, or boxes.
    missing = sorted({char for char in html if not char.isspace()} - _glyphs())
    if missing:
        raise RenderingFault(
            "字库中没有这些字符，报告不能正确打印：" + "、".join(f"U+{ord(char):04X}" for char in missing)
        )


@functools.cache
def _glyphs() -> frozenset[str]:
    """The characters that both weights can print."""
    _weasyprint()
    from fontTools.ttLib import TTFont

    covered = []
    for file in FONTS.values():
        with TTFont(_font_folder() / file, lazy=True) as font:
            covered.append(frozenset(map(chr, font.getBestCmap())))
    return frozenset.intersection(*covered)


def _font_folder() -> Path:
    return Path(apps.get_app_config("portal").path) / "static" / "vendor" / "fonts"


@functools.cache
def _assets() -> tuple[Any, Any]:
    """The fetcher and the fonts, kept warm: loading 15 MB of fonts costs more than a page."""
    weasyprint = _weasyprint()

    class ClosedMap(weasyprint.URLFetcher):  # type: ignore[misc, name-defined]
        """Our two fonts and `data:`; the network and the disk do not exist."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url.startswith(FONT_ADDRESS):
                font = (_font_folder() / FONTS[url.removeprefix(FONT_ADDRESS)]).read_bytes()
                return weasyprint.urls.URLFetcherResponse(url, font, {"Content-Type": "font/ttf"})
            return super().fetch(url, headers)

    from weasyprint.text.fonts import FontConfiguration

    fetcher = ClosedMap(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)
    return fetcher, FontConfiguration()


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Everything that the renderer warns of meanwhile."""
    found: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    collector = Collector(level=logging.WARNING)
    logger = logging.getLogger("weasyprint")
    logger.addHandler(collector)
    try:
        yield found
    finally:
        logger.removeHandler(collector)
