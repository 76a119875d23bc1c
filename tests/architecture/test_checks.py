"""Each check holds on the tree, and each one catches a violation planted in a scratch copy."""

import pytest

from tests.architecture import checks
from tests.architecture.source import ROOT, ROW_OF, plant, scratch_copy


@pytest.mark.parametrize("check", checks.ALL, ids=lambda check: check.__name__)
def test_the_tree_holds(check):
    assert check(ROOT) == []


def test_every_app_has_a_row_and_a_readme():
    apps = {path.parent.name for path in (ROOT / "apps").glob("*/apps.py")}
    assert apps == set(ROW_OF)
    assert [app for app in sorted(apps) if not (ROOT / "apps" / app / "README.md").exists()] == []


PLANTED = [
    (
        checks.foreign_keys_point_down,
        "apps/subjects/models.py",
        'class Up(models.Model):\n    """Holds no personal data; kept a day."""\n\n'
        '    loan = models.ForeignKey("loans.Application", models.PROTECT)',
    ),
    (checks.no_objects_in_interfaces, "apps/portal/views.py", "everybody = User.objects.all()"),
    (
        checks.apps_are_entered_by_their_doors,
        "apps/portal/views.py",
        "from apps.accounts.forms import StaffForm",
    ),
    (
        checks.imports_are_at_the_top,
        "apps/core/views.py",
        "def sneak():\n    from apps.loans.models import Application\n    return Application",
    ),
    (checks.permits_come_from_the_gate, "apps/loans/services.py", "forged = Permit(1, 'x', frozenset(), 1, 1, None)"),
    (checks.the_clock_is_read_in_one_place, "apps/loans/rules.py", "today = date.today()"),
    (checks.the_clock_is_read_in_one_place, "apps/accounts/services.py", "def late():\n    return clock.now()"),
    (checks.batch_reads_stay_in_jobs, "apps/portal/views.py", "rows = profiles_for_batch(())"),
    (
        checks.models_state_their_data,
        "apps/subjects/models.py",
        'class Silent(models.Model):\n    """A table."""',
    ),
    (
        checks.services_are_audited,
        "apps/accounts/services.py",
        "def rename(*, actor, user, name, now):\n    user.save()",
    ),
    (checks.files_have_honest_names, "apps/loans/utils.py", "x = 1"),
    (checks.files_and_functions_are_short, "apps/loans/rules.py", "def long():\n" + "    x = 1\n" * 60),
    (checks.files_and_functions_are_short, "apps/loans/rules.py", "x = 1\n" * 400),
    (checks.templates_are_used, "templates/portal/nobody_wants_me.html", "<p>…</p>"),
]


@pytest.mark.parametrize(
    ("check", "path", "text"), PLANTED, ids=[f"{check.__name__}-{n}" for n, (check, _, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_caught(check, path, text, tmp_path):
    root = scratch_copy(tmp_path)
    before = check(root)
    plant(root, path, text)
    assert len(check(root)) > len(before)


def test_every_check_has_a_planted_violation():
    assert {check for check, _, _ in PLANTED} == set(checks.ALL)
