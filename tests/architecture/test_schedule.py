"""Names that meet only at run time: schedule and tasks, kinds and jobs, verbs and sentences, roles and workflows."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from celery import current_app
from django.conf import settings

import apps
from apps.core import audit, jobs
from apps.core.actor import Role
from apps.core.workflow import Workflow
from tests.architecture.source import ROW_OF, Module, dotted, modules


@pytest.fixture(scope="module", autouse=True)
def everything_imported() -> None:
    """Every module of every app except migrations, so that whatever registers itself has done so."""
    for found in pkgutil.walk_packages(apps.__path__, "apps."):
        if ".migrations" not in found.name:
            importlib.import_module(found.name)
    current_app.loader.import_default_modules()


def test_every_schedule_entry_names_a_task_and_its_arguments_bind():
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        task = current_app.tasks.get(entry["task"])
        assert task is not None, f"{name}: no task {entry['task']}"
        inspect.signature(task.run).bind(*entry.get("args", ()), **entry.get("kwargs", {}))


def test_every_task_of_ours_is_scheduled_or_sent_by_a_job():
    ours = {name for name in current_app.tasks if not name.startswith("celery.")}
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert ours - scheduled - jobs.kinds() == set()


def _calls(name: str) -> Iterator[tuple[Module, ast.Call]]:
    """Every call of a function by its last name."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == name:
                yield module, node


def _texts_of(module: Module, node: ast.expr) -> set[str]:
    """The texts that an argument may be: a literal, one of two, a constant, or the start of an f-string and `*`."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp():
            return _texts_of(module, node.body) | _texts_of(module, node.orelse)
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), *_]):
            return {f"{head}*"}
        case ast.Name() | ast.Attribute():
            value = _constant(module, dotted(node))
            return {value} if isinstance(value, str) else set()
    return set()


def _constant(module: Module, name: str) -> object:
    dotted_path = ".".join(("apps", module.app, *module.inside)).removesuffix(".py").removesuffix(".__init__")
    value: object = importlib.import_module(dotted_path)
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def _argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _known(text: str, names: set[str] | frozenset[str]) -> bool:
    return any(name.startswith(text[:-1]) for name in names) if text.endswith("*") else text in names


def test_every_kind_that_is_enqueued_has_its_job():
    used = set()
    for module, call in _calls("enqueue"):
        kind = _argument(call, "kind")
        if kind is None:
            continue
        texts = _texts_of(module, kind)
        assert texts, f"{module}:{call.lineno} enqueues a kind that cannot be told"
        for text in texts:
            assert _known(text, jobs.kinds()), f"{module}:{call.lineno} enqueues {text}, which no job answers for"
            used.add(text)
    assert used, "nothing is enqueued anywhere"


def test_every_job_is_enqueued_somewhere():
    used = {text for module, call in _calls("enqueue") for text in _texts_of(module, _argument(call, "kind") or call)}
    assert jobs.kinds() - used == set()


def test_every_verb_that_is_recorded_has_a_sentence_of_its_app():
    used = set()
    for module, call in _calls("record"):
        verb = _argument(call, "verb")
        if verb is None:
            continue
        for text in _texts_of(module, verb):
            assert _known(text, set(audit.verbs())), f"{module}:{call.lineno} records {text}, which nobody declared"
            used.add(text)
    assert used, "nothing is recorded anywhere"


def test_every_sentence_is_chinese_and_can_be_filled():
    for verb, sentence in audit.verbs().items():
        filled = sentence.format(target="目标")
        assert any("一" <= letter <= "鿿" for letter in filled), verb
        assert "{" not in filled, verb


def test_every_declared_verb_is_recorded_somewhere():
    literals = {
        node.value
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    heads = {text for text in literals if text.endswith(".")}
    ours = {verb for verb in audit.verbs() if verb.partition(".")[0] in ROW_OF}  # other tests declare verbs of a trial
    unused = {verb for verb in ours if verb not in literals and f"{verb.partition('.')[0]}." not in heads}
    assert unused == set()


def _workflows() -> Iterator[tuple[str, Workflow]]:
    for module in modules():
        if module.kind == "workflow" and module.app != "core":
            loaded = importlib.import_module(f"apps.{module.app}.workflow")
            yield from (
                (f"{module.app}.{name}", found) for name, found in vars(loaded).items() if isinstance(found, Workflow)
            )


def test_every_role_of_a_workflow_exists():
    found = list(_workflows())
    assert found
    for name, workflow in found:
        for move in workflow.transitions:
            assert move.roles <= {role.value for role in Role}, f"{name}: {move.verb}"


def test_every_workflow_has_a_name_of_its_own():
    names = [workflow.name for _, workflow in _workflows()]
    assert len(names) == len(set(names))
