"""The fast check before every commit: format, lint, contracts, types, migrations, templates. No tests, no server."""

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
# Nothing answers there: `makemigrations` then skips its look at the database instead of starting the embedded one.
NO_DATABASE = "postgresql://gate@127.0.0.1:1/gate"


@dataclass(frozen=True)
class Step:
    """One check: its name on the command line, its label, and the command that fails when something is wrong."""

    name: str
    label: str
    command: Callable[[], list[str]]


def _python(*words: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, *words]


def _templates() -> list[str]:
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("apps/*/templates/**/*.html")]
    return [str(SCRIPTS / "djade"), "--target-version", "5.2", "--check", *map(str, sorted(files))]


STEPS = (
    Step("format", "格式 (ruff format)", _python("-m", "ruff", "format", "--check", ".")),
    Step("lint", "规范 (ruff check)", _python("-m", "ruff", "check", ".")),
    Step("contracts", "分层 (import-linter)", _python(str(SCRIPTS / "lint-imports"), "--no-logo")),
    Step("types", "类型 (mypy)", _python("-m", "mypy")),
    Step("check", "配置 (manage.py check)", _python("manage.py", "check", "--fail-level", "WARNING")),
    Step(
        "migrations",
        "迁移 (makemigrations --check)",
        _python("-W", "ignore::RuntimeWarning", "manage.py", "makemigrations", "--check", "--dry-run"),
    ),
    Step("templates", "模板 (djade)", _templates),
)


def main(names: list[str]) -> int:
    """Run the steps with these names, all when none is given; the exit code is 1 when one fails."""
    known = [step.name for step in STEPS]
    if unknown := [name for name in names if name not in known]:
        print(f"没有这样的检查 (no such step)：{'、'.join(unknown)}；可选：{'、'.join(known)}")
        return 2
    failed = [step.label for step in STEPS if (not names or step.name in names) and not _passes(step)]
    if failed:
        print(f"未通过 (failed)：{'、'.join(failed)}")
        return 1
    return 0


def _passes(step: Step) -> bool:
    started = time.monotonic()
    finished = subprocess.run(
        step.command(),
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": NO_DATABASE, "DJANGO_SETTINGS_MODULE": "config.settings.dev"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = finished.returncode == 0
    print(f"{'✓' if passed else '✗'} {step.label} {time.monotonic() - started:.1f} 秒", flush=True)
    if not passed:
        print(finished.stdout, flush=True)
    return passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
