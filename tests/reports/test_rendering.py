"""The PDF itself: one smoke test, and what the renderer must refuse."""

from dataclasses import asdict
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from apps.core.digests import plain
from apps.reports import printing, rendering
from apps.reports.documents.credit_report import build
from apps.reports.rendering import RendererMissing, RenderingFault, render_pdf
from tests.reports import factories

CSS = "body { font-family: 'Xinqiao Sans' }"


def page(body: str) -> str:
    return f'<html lang="zh-CN"><head><title>测试</title></head><body><h1>测试</h1>{body}</body></html>'


@pytest.fixture(scope="module")
def pdf() -> bytes:
    content = plain(asdict(build(factories.basis(), factories.material())))
    return printing.print_report(content).content


def test_print_report_gives_a_tagged_chinese_document(pdf: bytes) -> None:
    reader = PdfReader(BytesIO(pdf))
    text = "".join(each.extract_text() for each in reader.pages)
    assert len(reader.pages) == 7
    assert "凤翔区宏远𠮷㛃䶮机械制造有限公司" in text
    assert factories.NUMBER in text
    assert "第 7 页" in reader.pages[6].extract_text()
    assert all(factories.NUMBER in each.extract_text() for each in reader.pages)
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "zh-CN"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == f"企业融资信用报告 {factories.NUMBER}"


def test_print_report_embeds_our_two_fonts_and_no_other(pdf: bytes) -> None:
    names = set()
    for each in PdfReader(BytesIO(pdf)).pages:
        for font in each["/Resources"].get("/Font", {}).values():  # type: ignore[index,attr-defined]
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = descendant["/FontDescriptor"]
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            names.add(str(font.get_object()["/BaseFont"]).partition("+")[2])
    assert names == {"Xinqiao-Sans", "Xinqiao-Sans-Bold"}


def test_print_report_gives_the_same_bytes_again(pdf: bytes) -> None:
    content = plain(asdict(build(factories.basis(), factories.material())))
    assert printing.print_report(content).content == pdf


@pytest.mark.parametrize(
    "body",
    [
        '<img src="file:///etc/hostname" alt="x">',
        '<img src="http://169.254.169.254/" alt="x">',
        '<img src="https://example.org/x.png" alt="x">',
        '<link rel="stylesheet" href="http://169.254.169.254/x.css">',
        '<div style="background: url(file:///etc/hostname)">x</div>',
        '<svg><image href="file:///etc/hostname" width="1" height="1"/></svg>',
        '<link rel="attachment" href="file:///etc/hostname">',
        '<img src="font:../../settings.py" alt="x">',
    ],
)
def test_render_pdf_refuses_every_foreign_address(body: str) -> None:
    with pytest.raises(RenderingFault):
        render_pdf(html=page(body), css=CSS, identifier=b"1")


@pytest.mark.parametrize("char", ["\U0001f600", "ꙮ"])
def test_render_pdf_refuses_a_character_that_the_fonts_lack(char: str) -> None:
    with pytest.raises(RenderingFault, match=f"U\\+{ord(char):04X}"):
        render_pdf(html=page(f"<p>{char}</p>"), css=CSS, identifier=b"1")


def test_render_pdf_takes_a_warning_for_a_fault() -> None:
    with pytest.raises(RenderingFault, match="排版"):
        render_pdf(html=page("<p>一</p>"), css=CSS + "p { colour: red }", identifier=b"1")


def test_missing_library_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise RendererMissing

    monkeypatch.setattr(rendering, "_weasyprint", fail)
    assert "libpango-1.0-0" in rendering.missing_library()
    with pytest.raises(RendererMissing, match="Pango"):
        render_pdf(html=page(""), css=CSS, identifier=b"1")
