"""Headless Chromium for the journey: where it is, how it is started, and what is checked on every page it shows."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, BrowserType, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
VENDOR = Path(__file__).with_name("vendor")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# What must hold of every page, as the browser sees it; answers with sentences about what does not.
CHECK = """
() => {
  const faults = [];
  const headings = document.querySelectorAll('h1').length;
  if (headings !== 1) faults.push(`${headings} h1`);
  if (document.documentElement.lang !== 'zh-CN') faults.push(`lang ${document.documentElement.lang}`);
  for (const control of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    const named = control.labels?.length || control.ariaLabel || control.getAttribute('aria-labelledby');
    if (!named) faults.push(`no label: ${control.outerHTML.slice(0, 120)}`);
  }
  return faults;
}
"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
AXE = """
async (rules) => {
  const found = await axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']});
  return found.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`);
}
"""


def executable() -> str | None:
    """The first Chromium on the path."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(chromium: BrowserType, path: str, folder: Path) -> Browser:
    """A browser that knows the project's Chinese fonts, whatever the machine has."""
    fonts = Path(settings.BASE_DIR) / "apps" / "portal" / "static" / "vendor" / "fonts"
    config = folder / "fonts.conf"
    config.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
        f"<dir>{fonts}</dir><cachedir>{folder / 'font-cache'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return chromium.launch(executable_path=path, args=list(FLAGS), env=os.environ | {"FONTCONFIG_FILE": str(config)})


def axe_source() -> str:
    """The vendored checker, if it is the one that was vendored."""
    source = (VENDOR / "axe.min.js").read_bytes()
    listed = {row["file"]: row["sha256"] for row in json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))}
    assert hashlib.sha256(source).hexdigest() == listed["axe.min.js"]
    return source.decode()


class Album:
    """Looks at pages: pictures in two widths, and every fault found on the way."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._axe = axe_source()
        self.faults: list[str] = []
        self.pages: list[str] = []

    def listen(self, page: Page) -> Page:
        """Note what the browser complains of."""
        page.on("console", lambda message: self._heard(page, message.type, message.text))
        page.on("pageerror", lambda error: self._heard(page, "error", str(error)))
        return page

    def _heard(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(f"{page.url} console {kind}: {text}")

    def look(self, page: Page, name: str) -> None:
        """Check and photograph a page at both widths."""
        self.pages.append(name)
        page.wait_for_load_state()
        found: list[Any] = page.evaluate(CHECK)
        page.screenshot(path=self._folder / f"{name}-1280.png", full_page=True)
        page.evaluate(self._axe)
        found += page.evaluate(AXE, RULES)
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        if beyond := page.evaluate(OVERFLOW):
            found.append(f"{beyond} px wider than a phone")
        page.screenshot(path=self._folder / f"{name}-390.png", full_page=True)
        found += [f"on a phone: {fault}" for fault in page.evaluate(AXE, RULES)]
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        self.faults += [f"{name}: {fault}" for fault in found]
