"""The vendored files are the listed ones, the fonts print what the district holds, no page fetches elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from apps.portal import icons, vendor

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# A document for print has its own style sheet inside.
PRINTED = {path for path in TEMPLATES if "credit_report" in path.as_posix()}
OWN_ASSETS = sorted((ROOT / "apps/portal/static/portal").glob("*.*"))

REMOTE = re.compile(
    r"""(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import|fetch\(""", re.I
)
INLINE = re.compile(r"""\son[a-z]+\s*=|\sstyle\s*=|javascript:|<script(?![^>]*\bsrc=)|<style\b""", re.I)


@pytest.mark.parametrize("entry", vendor.read_manifest(), ids=lambda entry: entry.file)
def test_vendored_file_has_the_digest_of_the_manifest(entry: vendor.VendoredFile) -> None:
    assert vendor.sha256_of(vendor.VENDOR_DIR / entry.file) == entry.sha256
    assert f"`{entry.sha256}`" in (vendor.VENDOR_DIR / "README.md").read_text(encoding="utf-8")
    assert entry.licence


def test_manifest_lists_every_vendored_file() -> None:
    present = {
        path.relative_to(vendor.VENDOR_DIR).as_posix() for path in vendor.VENDOR_DIR.rglob("*") if path.is_file()
    }
    assert present - {"README.md", "manifest.json"} == {entry.file for entry in vendor.read_manifest()}


def test_sprite_holds_exactly_the_icons_named() -> None:
    assert icons.icon_names() == set(icons.ICONS)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    named = {name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8"))}
    assert named
    assert named <= icons.icon_names()


@pytest.mark.parametrize("weight", sorted(vendor.FONTS))
def test_font_prints_gbk_the_fixtures_and_rare_name_characters(weight: str) -> None:
    with TTFont(vendor.VENDOR_DIR / f"fonts/NotoSansSC-{weight}.ttf") as font:
        drawn = {chr(code_point) for code_point in font.getBestCmap()}
        family, outlines = font["name"].getDebugName(1), "glyf" in font
    assert (family, outlines) == ("Noto Sans SC", True)
    wanted = vendor.gbk_characters() | vendor.fixture_characters() | set("𠮷㛃䶮喆翀琞")
    assert wanted - drawn == {"≒"}, "no source has ≒; anything else is lost in print"


def test_one_font_file_per_weight() -> None:
    assert sorted(path.name for path in (vendor.VENDOR_DIR / "fonts").glob("*.*")) == [
        "NotoSansSC-Bold.ttf",
        "NotoSansSC-Regular.ttf",
    ]


@pytest.mark.parametrize("path", TEMPLATES + OWN_ASSETS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    assert not list(_offences(REMOTE, path))


@pytest.mark.parametrize(
    "path", [path for path in TEMPLATES if path not in PRINTED], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_template_has_no_inline_script_handler_or_style(path: Path) -> None:
    assert not list(_offences(INLINE, path))


@pytest.mark.parametrize("planted", ['<a onclick="x()">', '<p style="color:red">', "<script>x()</script>", "<style>"])
def test_inline_pattern_catches(planted: str) -> None:
    assert INLINE.search(planted)


@pytest.mark.parametrize(
    "planted", ['<script src="//cdn.test/x.js">', "<img src='https://a.test/x'>", "url(http://a.test)"]
)
def test_remote_pattern_catches(planted: str) -> None:
    assert REMOTE.search(planted)


def _offences(pattern: re.Pattern[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if pattern.search(line):
            yield f"{path.name}:{number}: {line.strip()}"
