"""The forms of a page as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

NUMBERS = {"number"}
TEXTS = {"text", "search", "password", "email", "tel", "url", "hidden", "textarea", "radio", "checkbox", "select"}


@dataclass
class Field:
    """A control: its kind (the type of an input, `textarea`, `select`) and what it holds."""

    name: str
    kind: str
    values: list[str]


@dataclass
class Form:
    """Where it goes, and its controls."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def data(self) -> dict[str, list[str]]:
        """What a browser would send as it stands; what a person would have to fill in is filled in."""
        sent: dict[str, list[str]] = {}
        for one in self.fields:
            if one.kind != "file":
                sent.setdefault(one.name, []).extend(one.values or [_FILLED.get(one.kind, "说明")])
        return sent


_FILLED = {"number": "12", "date": "2026-11-15", "password": "a-long-test-password", "checkbox": "on"}


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.select: Field | None = None
        self.area: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action") or self.url, given.get("method", "get").lower()))
        if not self.forms:
            return
        fields = self.forms[-1].fields
        if tag == "option" and self.select is not None:
            if "selected" in given or (not self.select.values and given.get("value")):
                self.select.values = [given.get("value", "")]
        elif tag in ("input", "select", "textarea", "button") and given.get("name"):
            kind = given.get("type", "text") if tag in ("input", "button") else tag
            values = [given["value"]] if given.get("value") else []
            if kind in ("radio", "checkbox") and "checked" not in given:
                if any(one.name == given["name"] for one in fields):
                    return
                values = values[:1]
            one = Field(given["name"], kind, values)
            fields.append(one)
            if tag == "select":
                self.select = one
            elif tag == "textarea":
                self.area = one

    def handle_data(self, data: str) -> None:
        if self.area is not None and data.strip():
            self.area.values = [data.strip("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None


def forms_of(page: str, url: str) -> list[Form]:
    """Every form of a page."""
    reader = _Reader(url)
    reader.feed(page)
    return reader.forms
