"""The import contracts hold, and each one breaks when its violation is planted in a scratch copy."""

import os
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, plant, scratch_copy

LINT = Path(sysconfig.get_path("scripts")) / "lint-imports"
PLANTED = {
    "life-of-a-financing": ("apps/subjects/services.py", "from apps.loans import models as up"),
    "pure-rules": ("apps/loans/rules.py", "from django.db import models"),
    "inside-an-app": ("apps/accounts/models.py", "from apps.accounts import services"),
    "one-door-to-weasyprint": ("apps/portal/views.py", "import weasyprint"),
    "frames": ("apps/portal/views.py", "import polars"),
    "wiring": ("apps/portal/views.py", "import config.urls"),
}


def lint(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a tree."""
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo", *words],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_contracts_hold():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_contract_has_a_planted_violation():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in declared} == set(PLANTED)


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_its_contract(contract, tmp_path):
    root = scratch_copy(tmp_path)
    assert lint(root, "--contract", contract).returncode == 0
    plant(root, *PLANTED[contract])
    assert lint(root, "--contract", contract).returncode == 1
