"""The third-party files that the pages and the PDF carry with them: what they are and how they are made again.

Packages come by name through the ordinary clients (npm, apt-get), so that mirrors keep working. Each file is listed
with its digest in `static/vendor/manifest.json`; `tests/portal/test_vendor.py` holds the files to it.
"""

import bz2
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

from apps.portal.icons import ICONS, cut_sprite

VENDOR_DIR = Path(__file__).parent / "static" / "vendor"
FIXTURES_DIR = Path(__file__).parents[2] / "fixtures"
MANIFEST = VENDOR_DIR / "manifest.json"


@dataclass(frozen=True)
class NpmPackage:
    """One npm package at a fixed version; `files` maps a path in it to a path under `static/vendor/`."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


@dataclass(frozen=True)
class VendoredFile:
    """A line of the manifest. `file` is relative to `static/vendor/`; `sha256` is the digest of its bytes."""

    name: str
    version: str
    licence: str
    file: str
    sha256: str


NPM_PACKAGES = (
    NpmPackage(
        "bootstrap",
        "5.3.9",
        "MIT",
        {
            "dist/css/bootstrap.min.css": "bootstrap/bootstrap.min.css",
            "dist/js/bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js",
            "LICENSE": "bootstrap/LICENSE",
        },
    ),
    NpmPackage(
        "echarts",
        "6.1.0",
        "Apache-2.0",
        {
            "dist/echarts.min.js": "echarts/echarts.min.js",
            "LICENSE": "echarts/LICENSE",
            "NOTICE": "echarts/NOTICE",
        },
    ),
    NpmPackage(
        "tom-select",
        "2.6.2",
        "Apache-2.0",
        {
            "dist/js/tom-select.complete.min.js": "tom-select/tom-select.complete.min.js",
            "dist/css/tom-select.bootstrap5.min.css": "tom-select/tom-select.bootstrap5.min.css",
            "LICENSE": "tom-select/LICENSE",
        },
    ),
)
ICON_PACKAGE = NpmPackage("bootstrap-icons", "1.13.2", "MIT", {"LICENSE": "icons/LICENSE"})
FONT_PACKAGE = NpmPackage(
    "@expo-google-fonts/noto-sans-sc",
    "0.4.3",
    "OFL-1.1",
    {"LICENSE_FONT": "fonts/LICENSE"},
)
FONTS = {  # weight: (file in FONT_PACKAGE, face of the Debian package that lends what the first one lacks)
    "Regular": ("400Regular/NotoSansSC_400Regular.ttf", "NotoSansCJK-Regular.ttc"),
    "Bold": ("700Bold/NotoSansSC_700Bold.ttf", "NotoSansCJK-Bold.ttc"),
}
LENDER_FACE = "Noto Sans CJK SC"
RARE_NAME_CHARACTERS = "𠮷㛃䶮喆翀琞"  # in names of firms and people; some lie outside GBK


def vendor_all(work_dir: Path, say: Callable[[str], None]) -> list[VendoredFile]:
    """Rebuild every vendored file, its manifest and its README; `work_dir` is scratch space.

    Raises `subprocess.CalledProcessError` where a package client fails; nothing is replaced before all are there.
    """
    built = work_dir / "vendor"
    entries: list[VendoredFile] = []
    for package in NPM_PACKAGES:
        say(f"npm {package.name} {package.version}")
        entries += _copy(package, _unpack_npm(package, work_dir), built)
    say(f"npm {ICON_PACKAGE.name} {ICON_PACKAGE.version}")
    icons = _unpack_npm(ICON_PACKAGE, work_dir)
    entries += _copy(ICON_PACKAGE, icons, built)
    (built / "icons" / "sprite.svg").write_text(cut_sprite(icons / "bootstrap-icons.svg", ICONS), encoding="utf-8")
    entries.append(_entry(ICON_PACKAGE, built, "icons/sprite.svg"))
    say(f"npm {FONT_PACKAGE.name} {FONT_PACKAGE.version}")
    fonts = _unpack_npm(FONT_PACKAGE, work_dir)
    entries += _copy(FONT_PACKAGE, fonts, built)
    lender_dir = _unpack_deb("fonts-noto-cjk", work_dir) / "usr/share/fonts/opentype/noto"
    wanted = font_characters(_unpack_deb("unicode-data", work_dir) / "usr/share/unicode")
    for weight, (source, lender) in FONTS.items():
        target = built / "fonts" / f"NotoSansSC-{weight}.ttf"
        cut_font(fonts / source, lender_dir / lender, wanted, target)
        say(f"{target.name} {target.stat().st_size / 1_000_000:.1f} MB")
        entries.append(_entry(FONT_PACKAGE, built, f"fonts/{target.name}"))
    _write_manifest(built, entries)
    shutil.rmtree(VENDOR_DIR, ignore_errors=True)
    shutil.copytree(built, VENDOR_DIR)
    return entries


def read_manifest() -> list[VendoredFile]:
    """The manifest as it is committed."""
    return [VendoredFile(**line) for line in json.loads(MANIFEST.read_text(encoding="utf-8"))]


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def font_characters(unihan_dir: Path) -> set[int]:
    """Code points that the PDF font must draw.

    Latin-1, symbols, GBK, 通用规范汉字表 (Unihan kTGH), rare characters of names and whatever the fixtures hold.
    """
    latin_and_symbols = {*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2000, 0x2800)}
    printed = {ord(character) for character in gbk_characters() | fixture_characters() | {*RARE_NAME_CHARACTERS}}
    return latin_and_symbols | printed | _general_standard_characters(unihan_dir)


def gbk_characters() -> set[str]:
    """Every character that GBK encodes in two bytes."""
    pairs = (bytes((high, low)) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF))
    return {character for pair in pairs if (character := pair.decode("gbk", "ignore")) > "\x7f"}


def _general_standard_characters(unihan_dir: Path) -> set[int]:
    with bz2.open(unihan_dir / "Unihan_OtherMappings.txt.bz2", "rt", encoding="utf-8") as lines:
        return {int(line.split("\t")[0].removeprefix("U+"), 16) for line in lines if "\tkTGH\t" in line}


def fixture_characters() -> set[str]:
    """Every printable character in the cells and texts of `fixtures/`."""
    text: set[str] = set()
    for path in FIXTURES_DIR.rglob("*"):
        if path.suffix in {".csv", ".json", ".jsonl", ".txt"}:
            text |= set(_decode(path.read_bytes()))
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                sheets = [name for name in book.namelist() if re.match(r"xl/(sharedStrings|worksheets/)", name)]
                text |= {character for name in sheets for character in book.read(name).decode("utf-8", "ignore")}
    return {character for character in text if character.isprintable()}


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "ignore")


def cut_font(source: Path, lender: Path, wanted: set[int], target: Path) -> None:
    """Write `source` cut to the `wanted` code points, with glyphs that it lacks taken from the `lender` collection.

    Both are the same design; the lender has cubic outlines, which are turned into TrueType's quadratic ones.
    """
    font = TTFont(source, recalcTimestamp=False)
    face = next(face for face in TTCollection(lender).fonts if face["name"].getDebugName(1) == LENDER_FACE)
    lent = sorted((wanted - font.getBestCmap().keys()) & face.getBestCmap().keys())
    _lend(font, face, lent)
    options = Options(
        hinting=False,
        layout_features=["kern", "mark", "mkmk", "ccmp"],
        notdef_outline=True,
    )
    options.drop_tables += ["BASE", "STAT", "vhea", "vmtx"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target, reorderTables=None)


def _lend(font: TTFont, face: TTFont, code_points: list[int]) -> None:
    glyphs, names = face.getGlyphSet(), face.getBestCmap()
    order = font.getGlyphOrder()
    for code_point in code_points:
        name = f"u{code_point:05X}"
        pen = TTGlyphPen(None)
        glyphs[names[code_point]].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        order.append(name)
        font["glyf"].glyphs[name] = pen.glyph()
        font["hmtx"].metrics[name] = face["hmtx"].metrics[names[code_point]]
        font["vmtx"].metrics[name] = face["vmtx"].metrics[names[code_point]]
        for table in font["cmap"].tables:
            if table.format == 12:
                table.cmap[code_point] = name
    font.setGlyphOrder(order)
    font["glyf"].setGlyphOrder(order)


def _unpack_npm(package: NpmPackage, work_dir: Path) -> Path:
    _run(["npm", "pack", "--silent", f"{package.name}@{package.version}"], work_dir)
    stem = package.name.removeprefix("@").replace("/", "-")
    target = work_dir / stem
    with tarfile.open(work_dir / f"{stem}-{package.version}.tgz") as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def _unpack_deb(name: str, work_dir: Path) -> Path:
    _run(["apt-get", "download", "-q", name], work_dir)
    archive = next(work_dir.glob(f"{name}_*.deb"))
    _run(["dpkg-deb", "--extract", str(archive), f"deb-{name}"], work_dir)
    return work_dir / f"deb-{name}"


def _run(command: list[str], work_dir: Path) -> None:
    subprocess.run(command, cwd=work_dir, check=True, stdout=subprocess.DEVNULL)


def _copy(package: NpmPackage, source: Path, built: Path) -> list[VendoredFile]:
    for inside, outside in package.files.items():
        target = built / outside
        target.parent.mkdir(parents=True, exist_ok=True)
        # A map that is not shipped makes the manifest storage of static files fail.
        content = re.sub(
            rb"\n?(/\*|//)# sourceMappingURL=[^\n]*",
            b"",
            (source / inside).read_bytes(),
        )
        target.write_bytes(content)
    return [_entry(package, built, outside) for outside in package.files.values()]


def _entry(package: NpmPackage, built: Path, file: str) -> VendoredFile:
    return VendoredFile(package.name, package.version, package.licence, file, sha256_of(built / file))


def _write_manifest(built: Path, entries: list[VendoredFile]) -> None:
    text = json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, indent=1)
    (built / MANIFEST.name).write_text(text + "\n", encoding="utf-8")
    rows = "\n".join(f"| {e.file} | {e.name} | {e.version} | {e.licence} | `{e.sha256}` |" for e in entries)
    (built / "README.md").write_text(_README.format(rows=rows, lender=LENDER_FACE), encoding="utf-8")


_README = """\
# Vendored files

Made by `python3 manage.py vendor_assets` (see `apps/portal/vendor.py`); do not edit. `manifest.json` holds the same.

| file | package | version | licence | sha256 |
|---|---|---|---|---|
{rows}

Bootstrap, ECharts and tom-select are the published files without their source-map lines. The sprite holds the symbols
named in `apps/portal/icons.py`.

**Fonts.** Exactly one TrueType file per weight, family `Noto Sans SC`, for the PDF; pages use the reader's own fonts.
Cut to Latin-1, symbols (U+2000 to U+27FF), GBK, the 8 105 characters of 通用规范汉字表 (property `kTGH` of Unihan in
the Debian package `unicode-data`), `vendor.RARE_NAME_CHARACTERS` and every character of `fixtures/`. What the npm
package lacks (𠮷) is taken from `{lender}` of the Debian package `fonts-noto-cjk` (OFL-1.1, same design). Of GBK only
`≒` (U+2252) is in neither.
"""
