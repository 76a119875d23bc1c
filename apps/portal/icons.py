"""The icons that pages may use: symbols of one sprite, named as Bootstrap Icons names them."""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

SPRITE = Path(__file__).parent / "static" / "vendor" / "icons" / "sprite.svg"
SVG = "{http://www.w3.org/2000/svg}"

ICONS = re.findall(
    r"\S+",
    """
arrow-left arrow-repeat arrow-right bank bar-chart bell box-arrow-right box-arrow-up-right briefcase building
calendar3 card-checklist cash-coin check-circle-fill check-lg chevron-down chevron-left chevron-right clipboard-data
clock clock-history cloud-upload download envelope exclamation-triangle-fill eye file-earmark-pdf file-earmark-text
filter flag folder2-open gear geo-alt graph-up hand-thumbs-up hourglass-split house inbox info-circle-fill
journal-check key link-45deg list list-check lock megaphone patch-check pencil-square people person person-badge
person-circle pie-chart plus-lg printer question-circle-fill receipt search send shield-check shop sliders
speedometer2 table trash upload x-circle-fill x-lg
""",
)


def icon_names() -> frozenset[str]:
    """The symbol ids that the committed sprite holds."""
    return frozenset(symbol.attrib["id"] for symbol in ElementTree.parse(SPRITE).getroot().iter(f"{SVG}symbol"))


def cut_sprite(sprite: Path, names: Iterable[str]) -> str:
    """A sprite with the named symbols only. Raises `KeyError` for a name that the sprite does not have."""
    ElementTree.register_namespace("", SVG.strip("{}"))
    symbols = {symbol.attrib["id"]: symbol for symbol in ElementTree.parse(sprite).getroot().iter(f"{SVG}symbol")}
    root = ElementTree.Element(f"{SVG}svg")
    for name in names:
        symbols[name].attrib.pop("class", None)
        symbols[name].tail = "\n"
        root.append(symbols[name])
    return ElementTree.tostring(root, encoding="unicode") + "\n"
