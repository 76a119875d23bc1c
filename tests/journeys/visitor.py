"""A person at the pages without a browser: opens addresses, reads, fills in the forms that are there, presses buttons.

A form is found by its button and filled in by its labels, so a step passes only where the page really offers it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client

BUTTON_TYPES = {"submit", "button", "reset", "image"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class TreeReader(HTMLParser):
    """HTML as a tree. Stricter than a browser: every element but a void one is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._builder, self._open = TreeBuilder(), list[str]()
        self.feed(text)
        self.close()
        assert not self._open, f"not closed: {self._open}"
        self.root: Element = self._builder.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self._builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self._builder.end(tag)
        else:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a drawing that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the element that is open."""
        assert self._open[-1:] == [tag], f"</{tag}> at {self.getpos()} closes {self._open[-3:]}"
        self._builder.end(self._open.pop())

    def handle_data(self, data: str) -> None:
        """Words."""
        if self._open:
            self._builder.data(data)


def text_of(element: Element) -> str:
    """The words below an element, spaces folded."""
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


class Page:
    """An HTML answer, parsed by the rules of the standard."""

    def __init__(self, path: str, status: int, root: Element) -> None:
        self.path, self.status, self.root = path, status, root
        main = root.find(".//main")
        self.text = text_of(main if main is not None else root)

    def part(self, title: str) -> "Page":
        """The article or the fold with this title, by itself."""
        for part in self.root.iter():
            headings = (heading for tag in ("h3", "strong") for heading in part.iter(tag))
            if part.tag in ("article", "details") and any(text_of(heading) == title for heading in headings):
                return Page(self.path, self.status, part)
        raise AssertionError(f"{self.path} has no part “{title}”:\n{self.text}")

    def says(self, *sentences: str) -> "Page":
        """Fail where one of the sentences is missing."""
        for sentence in sentences:
            assert sentence in self.text, f"{self.path} does not say “{sentence}”:\n{self.text}"
        return self

    def fact(self, term: str) -> str:
        """What a list of facts says of a term."""
        for row in self.root.iter("div"):
            if [child.tag for child in row] == ["dt", "dd"] and text_of(row[0]) == term:
                return text_of(row[1])
        raise AssertionError(f"{self.path} has no fact “{term}”:\n{self.text}")

    def tile(self, label: str) -> str:
        """The figure of a tile: value, unit and note."""
        for tile in self.root.iter("div"):
            if tile.attrib.get("class") == "tile" and text_of(tile[0]) == label:
                return " ".join(filter(None, (text_of(part) for part in tile[1:])))
        raise AssertionError(f"{self.path} has no tile “{label}”:\n{self.text}")

    def rows(self) -> list[list[str]]:
        """Cells of every row of every table body."""
        return [[text_of(cell) for cell in row] for body in self.root.iter("tbody") for row in body.iter("tr")]

    def link(self, label: str) -> str:
        """The address behind the first link with these words."""
        for anchor in self.root.iter("a"):
            if label in text_of(anchor):
                return anchor.attrib["href"]
        raise AssertionError(f"{self.path} has no link “{label}”:\n{self.text}")

    def links(self, folder: str) -> list[str]:
        """Addresses of links to numbered things below a folder, in order."""
        found = dict.fromkeys(anchor.attrib.get("href", "") for anchor in self.root.iter("a"))
        return [address for address in found if re.fullmatch(rf"{folder}\d+/", address)]

    def forms(self, button: str) -> "list[Form]":
        """Every form with such a button that can be pressed."""
        found = []
        for form in self.root.iter("form"):
            for control in form.iter("button"):
                if text_of(control) == button and "disabled" not in control.attrib:
                    found.append(Form(self, form, control))
        return found

    def form(self, button: str) -> "Form":
        """The one form with this button."""
        found = self.forms(button)
        assert len(found) == 1, f"{self.path} has {len(found)} forms with a button “{button}”:\n{self.text}"
        return found[0]


@dataclass(frozen=True)
class Form:
    """A form as it stands on the page; `button` is the one that will be pressed."""

    page: Page
    element: Element
    button: Element

    @property
    def action(self) -> str:
        """Where it goes."""
        return self.element.attrib.get("action") or self.page.path

    def filled(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """What the browser would send: everything that stands there, and the answers under their labels."""
        data: dict[str, Any] = {}
        for name, values in self._standing():
            data.setdefault(name, []).extend(values)
        for label, answer in answers.items():
            name = self._name(label)
            data[name] = [self._value(name, one) for one in (answer if isinstance(answer, list) else [answer])]
        if "name" in self.button.attrib:
            data[self.button.attrib["name"]] = [self.button.attrib.get("value", "")]
        return data

    def _standing(self) -> Iterator[tuple[str, list[str]]]:
        for control in self.element.iter():
            name, kind = control.attrib.get("name"), control.attrib.get("type", "text")
            if not name or "disabled" in control.attrib or (control.tag == "input" and kind in BUTTON_TYPES | {"file"}):
                continue
            if control.tag == "input" and (kind not in ("checkbox", "radio") or "checked" in control.attrib):
                yield name, [control.attrib.get("value", "on" if kind == "checkbox" else "")]
            elif control.tag == "textarea":
                yield name, ["".join(control.itertext())]
            elif control.tag == "select":
                options = list(control.iter("option"))
                chosen = [option for option in options if "selected" in option.attrib] or options[:1]
                yield name, [option.attrib.get("value", text_of(option)) for option in chosen]

    def _name(self, label: str) -> str:
        for field in self.element.iter():
            if field.tag == "label" and _label(field) == label:
                ids = {control.attrib.get("id"): control.attrib.get("name") for control in self.element.iter()}
                assert ids.get(field.attrib["for"]), f"the label “{label}” on {self.page.path} names no control"
                return str(ids[field.attrib["for"]])
            if field.tag == "fieldset" and _label(field.find("legend")) == label:
                return next(control.attrib["name"] for control in field.iter("input"))
        raise AssertionError(f"{self.page.path} has no field “{label}”")

    def _value(self, name: str, answer: Any) -> Any:
        """A choice by its words becomes its value; anything else is typed as it is."""
        for control in self.element.iter("select"):
            if control.attrib.get("name") == name:
                options = {text_of(option): option.attrib.get("value", "") for option in control.iter("option")}
                assert answer in options, f"“{answer}” is none of {list(options)}"
                return options[answer]
        boxes = {
            text_of(label): box.attrib.get("value", "on")
            for label in self.element.iter("label")
            for box in label.iter("input")
            if box.attrib.get("name") == name
        }
        return boxes.get(answer, answer)


def _label(element: Element | None) -> str:
    return "" if element is None else text_of(element).removesuffix("*")


class Visitor:
    """Somebody with cookies of their own; counts the queries of each request, and how often he was refused (403)."""

    def __init__(self, username: str = "", password: str = "") -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.queries: list[tuple[int, str]] = []
        self.refusals = 0
        if username:
            page = self.open("/account/login/")
            self.press(page, "登录", {"用户名": username, "密码": password}).says("您好")

    def open(self, path: str, status: int = 200) -> Page:
        """GET a page, following redirects."""
        page = self._arrive(path, self._send("GET", path, follow=True))
        assert page.status == status, f"{path} answered {page.status}:\n{page.text}"
        return page

    def open_all(self, path: str) -> list[list[str]]:
        """The rows of a list on all its pages."""
        page = self.open(path)
        rows = page.rows()
        while "下一页" in page.text:
            page = self.open(path + page.link("下一页"))
            rows += page.rows()
        return rows

    def download(self, path: str) -> bytes:
        """The bytes behind a link."""
        response = self._send("GET", path)
        assert response.status_code == 200, path
        return bytes(response.content)  # type: ignore[attr-defined]

    def press(
        self, page: Page, button: str, answers: Mapping[str, Any] | None = None, *, status: int = 200, nth: int = 0
    ) -> Page:
        """Fill in the form of a button, press it, and read where it led; `nth` where several look alike."""
        form = page.forms(button)[nth] if nth else page.form(button)
        return self.send(form, answers or {}, status=status)

    def send(self, form: Form, answers: Mapping[str, Any], *, status: int = 200) -> Page:
        """Send a form, perhaps one that somebody else was shown."""
        if "csrfmiddlewaretoken" in (data := form.filled(answers)) and "csrftoken" in self.client.cookies:
            data["csrfmiddlewaretoken"] = self.client.cookies["csrftoken"].value
        page = self._arrive(form.action, self._send("POST", form.action, data, follow=True))
        assert page.status == status, f"{form.action} answered {page.status}:\n{page.text}"
        return page

    @staticmethod
    def _arrive(path: str, response: HttpResponseBase) -> Page:
        chain = getattr(response, "redirect_chain", [])
        root = TreeReader(response.content.decode()).root  # type: ignore[attr-defined]
        return Page(chain[-1][0] if chain else path, response.status_code, root)

    def _send(self, method: str, path: str, data: Any = None, *, follow: bool = False) -> HttpResponseBase:
        count = 0

        def counted(execute: Any, *arguments: Any) -> Any:
            nonlocal count
            count += 1
            return execute(*arguments)

        with connection.execute_wrapper(counted):
            if method == "GET":
                response = self.client.get(path, follow=follow)
            else:
                response = self.client.post(path, data, follow=follow)
        self.queries.append((count, f"{method} {path}"))
        self.refusals += response.status_code == 403
        return response


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content)
