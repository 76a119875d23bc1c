"""What import-linter cannot see. Each check takes the root of a source tree and returns its violations."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.architecture.source import INTERFACES, ROOT, ROW_OF, Module, dotted, imports_of, modules

Check = Callable[[Path], list[str]]

DOORS = {"models", "selectors", "services"}
# Pure modules that other apps may enter besides the three doors.
PURE_DOORS = {
    "core": None,  # the words that every app shares
    "criteria": None,  # the language is pure as a whole
    "reference": {"rules", "regions", "fixture_files"},
    "records": {"catalogue", "codes", "frames", "reading", "rules", "staging"},
    "consents": {"gate", "rules"},
    "profiles": {"blocks", "evaluation", "frames", "indicators", "scorecard", "sizing", "workflow"},
    "products": {"terms", "workflow"},
    "matching": {"facts", "rules"},
    "whitelist": {"rules", "workflow"},
    "loans": {"rules", "schedule", "workflow"},
    "statistics": {"rules", "figures"},
    "accounts": {"rules"},
    "enterprises": {"rules", "workflow"},
    "subjects": {"naming", "rules"},
    "reports": {"printing", "rendering", "rules", "workflow"},  # the bench measures the bare renderer
}
CLOCK_READS = {
    "timezone.now",
    "datetime.now",
    "datetime.datetime.now",
    "date.today",
    "datetime.date.today",
    "time.time",
}
FORBIDDEN_FILES = {"utils", "helpers", "common", "constants", "signals", "misc"}
RETENTION_WORDS = ("kept", "keeps")
DATA_WORDS = ("personal", "credit data", "holds ids", "holds no", "may name", "may hold")


def foreign_keys_point_down(root: Path = ROOT) -> list[str]:
    """A foreign key leads to a row above in design §2, or stays in its app."""
    found = []
    for module in modules(root):
        if module.kind != "models":
            continue
        imported = {name.rpartition(".")[2]: name.split(".")[1] for name, _ in imports_of(module) if _is_app(name)}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {
                "ForeignKey",
                "OneToOneField",
                "ManyToManyField",
            }:
                target = _key_target(node, imported)
                if target in ROW_OF and ROW_OF[target] >= ROW_OF[module.app] and target != module.app:
                    found.append(f"{module}:{node.lineno} foreign key to {target}")
    return found


def _is_app(name: str) -> bool:
    return name.startswith("apps.") and name.count(".") > 1


def _key_target(node: ast.Call, imported: dict[str, str]) -> str:
    first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "to"), None)
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value.partition(".")[0] if "." in first.value else ""
    return imported.get(dotted(first), "") if isinstance(first, ast.expr) else ""


def no_objects_in_interfaces(root: Path = ROOT) -> list[str]:
    """Pages and API never touch the ORM."""
    return [
        f"{module}:{node.lineno} .objects"
        for module in modules(root)
        if module.kind in INTERFACES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "objects"
    ]


def apps_are_entered_by_their_doors(root: Path = ROOT) -> list[str]:
    """Another app enters by models, selectors, services and the pure modules only."""
    found = []
    for module in modules(root):
        for name, line in imports_of(module):
            parts = name.split(".")
            if parts[0] != "apps" or len(parts) < 3 or parts[1] == module.app:
                continue
            pure = PURE_DOORS.get(parts[1], set())
            if pure is not None and parts[2] not in DOORS | pure:
                found.append(f"{module}:{line} enters {parts[1]} by {parts[2]}")
    return found


def imports_are_at_the_top(root: Path = ROOT) -> list[str]:
    """No function hides an import of another app (that is how cycles hide)."""
    found = []
    for module in modules(root):
        for function in ast.walk(module.tree):
            if not isinstance(function, ast.FunctionDef) or function.name == "ready":
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("apps."):
                    other = (node.module or "").split(".")[1]
                    if other != module.app:
                        found.append(f"{module}:{node.lineno} imports {node.module} inside {function.name}")
    return found


def permits_come_from_the_gate(root: Path = ROOT) -> list[str]:
    """Only consents/gate.py constructs a Permit."""
    return [
        f"{module}:{node.lineno} constructs {dotted(node.func)}"
        for module in modules(root)
        if (module.app, module.kind) not in {("consents", "gate")}
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in {"Permit", "RunPermit"}
    ]


def the_clock_is_read_in_one_place(root: Path = ROOT) -> list[str]:
    """`now` is an argument; core/clock.py reads it, and only interfaces call that."""
    found = []
    allowed = INTERFACES | {"tasks", "management", "middleware", "receivers", "context", "authentication", "gate"}
    for module in modules(root):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = dotted(node.func)
            if name in CLOCK_READS and (module.app, module.kind) != ("core", "clock"):
                found.append(f"{module}:{node.lineno} {name}()")
            business = name in {"clock.now"} and module.kind not in allowed
            if business and module.app not in {"core", "demo", "operations"}:
                found.append(f"{module}:{node.lineno} {name}() below the interfaces")
    return found


def batch_reads_stay_in_jobs(root: Path = ROOT) -> list[str]:
    """Selectors named `…_for_batch` skip the gate, so pages and API never call them."""
    return [
        f"{module}:{node.lineno} calls {dotted(node.func)}"
        for module in modules(root)
        if module.kind in INTERFACES | {"admin", "forms", "serializers", "context"}
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and dotted(node.func).endswith("_for_batch")
    ]


def models_state_their_data(root: Path = ROOT) -> list[str]:
    """Every model says whether it holds personal or credit data and how long it is kept."""
    found = []
    for module in modules(root):
        if module.kind != "models":
            continue
        for node in module.tree.body:
            if not isinstance(node, ast.ClassDef) or not _is_model(node):
                continue
            text = re.sub(r"\s+", " ", ast.get_docstring(node) or "").lower()
            if not any(word in text for word in RETENTION_WORDS) or not any(word in text for word in DATA_WORDS):
                found.append(f"{module}:{node.lineno} {node.name} does not say what data it holds and how long")
    return found


def _is_model(node: ast.ClassDef) -> bool:
    bases = {dotted(base) for base in node.bases}
    abstract = any(
        isinstance(inner, ast.ClassDef) and inner.name == "Meta" and "abstract = True" in ast.unparse(inner)
        for inner in node.body
    )
    return bool(bases & {"models.Model", "AbstractUser", "PeriodRow", "DatedRow"}) and not abstract


def services_are_audited(root: Path = ROOT) -> list[str]:
    """Every public service that acts for somebody reaches `audit.record`, itself or through what it calls."""
    found = []
    for app, functions in _service_functions(root).items():
        for name, (module, node) in functions.items():
            acts = any(argument.arg == "actor" for argument in node.args.kwonlyargs)
            if acts and not name.startswith("_") and not _reaches_audit(name, functions, set()):
                found.append(f"{module}:{node.lineno} {app}.{name} leaves no audit event")
    return [line for line in found if line.rpartition(" leaves")[0].rpartition(" ")[2] not in AUDIT_EXEMPT]


# Acts that need no event of their own, each with its reason.
AUDIT_EXEMPT = {
    "accounts.read_notices": "marking one's own notices read changes nothing anybody relies on",
}


def _service_functions(root: Path) -> dict[str, dict[str, tuple[Module, ast.FunctionDef]]]:
    apps: dict[str, dict[str, tuple[Module, ast.FunctionDef]]] = {}
    for module in modules(root):
        if module.kind in {"services", "gate"} or module.app in {"records", "profiles", "whitelist", "matching"}:
            for node in module.tree.body:
                if isinstance(node, ast.FunctionDef):
                    apps.setdefault(module.app, {})[node.name] = (module, node)
    return {app: _only_services_are_judged(functions) for app, functions in apps.items()}


def _only_services_are_judged(
    functions: dict[str, tuple[Module, ast.FunctionDef]],
) -> dict[str, tuple[Module, ast.FunctionDef]]:
    return {
        (name if module.kind == "services" or name.startswith("_") else f"_{name}"): (module, node)
        for name, (module, node) in functions.items()
    }


def _reaches_audit(name: str, functions: dict[str, tuple[Module, ast.FunctionDef]], seen: set[str]) -> bool:
    if name in seen or name not in functions:
        return False
    seen.add(name)
    for node in ast.walk(functions[name][1]):
        called = dotted(node.func) if isinstance(node, ast.Call) else ""
        if called in {"audit.record", "record", "enqueue", "jobs.enqueue"}:
            return True
        short = called.rpartition(".")[2]
        if any(_reaches_audit(word, functions, seen) for word in (short, f"_{short}")):
            return True
        if called.startswith(("accounts_services.", "consents_services.", "services.")) and short:
            return True
    return False


def files_have_honest_names(root: Path = ROOT) -> list[str]:
    """No drawer for odds and ends."""
    return [str(module) for module in modules(root) if module.inside[-1].removesuffix(".py") in FORBIDDEN_FILES]


def files_and_functions_are_short(root: Path = ROOT) -> list[str]:
    """400 lines a file, 60 a function."""
    found = []
    for module in modules(root):
        lines = len(module.path.read_text(encoding="utf-8").splitlines())
        if lines > 400:
            found.append(f"{module} has {lines} lines")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 60:
                found.append(f"{module}:{node.lineno} {node.name} is too long")
    return found


def templates_are_used(root: Path = ROOT) -> list[str]:
    """Every template is named by code or by another template, or belongs to a library that looks it up."""
    templates = root / "templates"
    text = "\n".join(path.read_text(encoding="utf-8") for path in _texts(root))
    found = []
    for path in sorted(templates.rglob("*.*")):
        name = path.relative_to(templates).as_posix()
        library = name.split("/")[0] in {"account", "allauth", "django", "mfa", "django_tables2", "admin", "criteria"}
        if path.suffix not in {".html", ".txt"} or library or re.fullmatch(r"\d{3}(_csrf)?\.html", name):
            continue
        block_tag = name.startswith("components/") and f'"{path.stem}"' in text  # {% card %} and the like name the stem
        if name not in text and not block_tag:
            found.append(name)
    return found


def _texts(root: Path) -> Iterator[Path]:
    yield from (module.path for module in modules(root))
    yield from (root / "templates").rglob("*.html")


ALL: tuple[Check, ...] = (
    foreign_keys_point_down,
    no_objects_in_interfaces,
    apps_are_entered_by_their_doors,
    imports_are_at_the_top,
    permits_come_from_the_gate,
    the_clock_is_read_in_one_place,
    batch_reads_stay_in_jobs,
    models_state_their_data,
    services_are_audited,
    files_have_honest_names,
    files_and_functions_are_short,
    templates_are_used,
)
