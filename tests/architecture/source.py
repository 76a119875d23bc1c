"""The source tree as the architecture tests see it: a root that may be a scratch copy with a planted violation."""

import ast
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Design §2's table, top row first: a lower index is a lower row.
ROWS: tuple[tuple[str, ...], ...] = (
    ("core",),
    ("reference",),
    ("subjects",),
    ("accounts",),
    ("criteria",),
    ("records",),
    ("consents",),
    ("enterprises", "products"),
    ("profiles",),
    ("matching",),
    ("whitelist",),
    ("loans",),
    ("statistics",),
    ("reports",),
    ("portal",),
    ("operations",),
    ("demo",),
)
ROW_OF = {app: number for number, row in enumerate(ROWS) for app in row}
INTERFACES = {"views", "api"}


@dataclass(frozen=True)
class Module:
    """One Python file of an app."""

    path: Path
    app: str
    inside: tuple[str, ...]
    tree: ast.Module

    @property
    def kind(self) -> str:
        """What the file or package of the app is called: `services` for services.py and services/lending.py."""
        return self.inside[0].removesuffix(".py")

    def __str__(self) -> str:
        return f"{self.app}/{'/'.join(self.inside)}"


def modules(root: Path = ROOT) -> Iterator[Module]:
    """Every Python file of the apps except migrations."""
    for path in sorted((root / "apps").rglob("*.py")):
        parts = path.relative_to(root / "apps").parts
        if len(parts) > 1 and "migrations" not in parts:
            yield Module(path, parts[0], parts[1:], ast.parse(path.read_text(encoding="utf-8")))


def imports_of(module: Module) -> Iterator[tuple[str, int]]:
    """Dotted names that a file imports, with the line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def dotted(node: ast.expr) -> str:
    """`a.b.c` for an attribute chain or name, empty otherwise."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def scratch_copy(into: Path) -> Path:
    """A copy of the code to plant violations in."""
    ignore = shutil.ignore_patterns("__pycache__", "static")
    for name in ("apps", "config", "templates"):
        shutil.copytree(ROOT / name, into / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", into / "pyproject.toml")
    return into


def plant(root: Path, path: str, text: str) -> None:
    """Append `text` to a file of a scratch copy."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")
