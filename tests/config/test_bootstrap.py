"""The set-up speaks in one sentence, and believes `.venv` only when it holds the requirements as they are now."""

import ast
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import config.bootstrap
from config import gate
from config.bootstrap import environment, folders, start, system

ROOT = Path(__file__).resolve().parents[2]
DOOR = [ROOT / "manage.py", ROOT / "config" / "bootstrap" / "__init__.py"]
CLOSED_INDEX = "http://127.0.0.1:9/simple"


@pytest.fixture
def project(tmp_path):
    """A copy of what the set-up reads, with one requirement that no index has."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "config" / "bootstrap", root / "config" / "bootstrap")
    (root / "config" / "__init__.py").touch()
    shutil.copy(ROOT / "manage.py", root)
    requirements = root / "config" / "requirements"
    requirements.mkdir()
    for kind in ("base", "dev"):
        (requirements / f"{kind}.txt").write_text(f"xinqiao-absent==1 --hash=sha256:{'0' * 64}\n")
    return root


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """A `.venv` that is only an interpreter, and requirements beside it."""
    folder = tmp_path / ".venv"
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    for kind in ("base", "dev"):
        (tmp_path / f"{kind}.txt").write_text(kind)
    monkeypatch.setattr(environment, "VENV_FOLDER", folder)
    monkeypatch.setattr(environment, "VENV_PYTHON", python)
    monkeypatch.setattr(environment, "MARKER", folder / "marker")
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path)
    return folder


def mark(folder, *kinds, python=f"{sys.version_info[0]}.{sys.version_info[1]}"):
    (folder / "marker").write_text("\n".join([f"python {python}", *map(environment.digest_line, kinds)]))


def run(project, *words, flags=(), **variables):
    bare = project / "no-tools"
    bare.mkdir(exist_ok=True)
    environ = {
        "PATH": str(bare),
        "HOME": str(project),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": CLOSED_INDEX,
        "PIP_RETRIES": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, *flags, *words],
        cwd=project,
        env=environ | variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def assert_one_sentence(finished, *parts):
    last = finished.stderr.strip().splitlines()[-1]
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert re.search(r"[\u4e00-\u9fff].*\([A-Za-z]", last), "Chinese, with the English term"
    for part in parts:
        assert part in last


class TestOldPython:
    @pytest.mark.parametrize("file", DOOR, ids=lambda file: file.name)
    def test_door_parses_everywhere(self, file):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr | ast.Match)
            if isinstance(node, ast.FunctionDef):
                assert node.returns is None
                assert not [a for a in [*node.args.args, *node.args.kwonlyargs] if a.annotation]

    def test_says_what_is_needed(self, project):
        script = (
            "import sys; sys.version_info = (3, 10, 4, 'final', 0)\n"
            "import config.bootstrap; config.bootstrap.main(['manage.py', 'demo'])"
        )
        finished = run(project, "-c", script)
        assert_one_sentence(finished, "Python 3.11 or newer", "3.10.4")
        assert len(finished.stderr.splitlines()) == 1
        assert not (project / ".xinqiao").exists()

    def test_names_a_newer_one_on_the_path(self):
        sentence = config.bootstrap.version_fault((3, 9, 6), lambda name: name == "python3.12")
        assert "python3.12 manage.py" in sentence

    @pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 1), (4, 0, 0)])
    def test_accepts(self, version):
        assert config.bootstrap.version_fault(version) == ""


class TestFaults:
    def test_unwritable_data_folder(self, project):
        (project / "file").touch()
        finished = run(project, "manage.py", "demo", XINQIAO_HOME=str(project / "file" / "data"))
        assert_one_sentence(finished, "folder not writable", str(project / "file" / "data"), "XINQIAO_HOME")

    def test_no_network(self, project):
        # An interpreter in the place of `.venv`, so that no environment has to be built.
        python = project / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        finished = run(project, "manage.py", "demo")
        log = project / ".xinqiao" / "setup.log"
        assert_one_sentence(finished, "package index unreachable", "PIP_INDEX_URL", str(log))
        assert CLOSED_INDEX in log.read_text()
        assert not (project / ".venv" / "xinqiao-requirements").exists()

    def test_own_environment_without_django(self, project):
        finished = run(project, "manage.py", "check", flags=["-S"], XINQIAO_NO_BOOTSTRAP="1")
        assert_one_sentence(finished, "Django is not installed")
        assert not (project / ".venv").exists()

    @pytest.mark.parametrize(
        ("output", "term"),
        [
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hash mismatch"),
            ("OSError: [Errno 28] No space left on device", "no space left"),
            ("WARNING: Retrying (Retry(total=4, connect=None)) after connection broken", "index unreachable"),
            ("error: invalid command 'bdist_wheel'", "pip failed"),
        ],
    )
    def test_reads_the_log_from_where_this_run_began(self, tmp_path, output, term):
        earlier = "No space left on device, of an earlier run\n"
        log = tmp_path / "setup.log"
        log.write_text(earlier + output)
        assert term in environment._fault_in(log, len(earlier))


class TestFresh:
    def test_filled_from_these_requirements(self, venv):
        mark(venv, "base")
        assert environment.fresh("base")
        assert not environment.fresh("dev")

    def test_dev_contains_base(self, venv):
        mark(venv, *environment.CONTAINED["dev"])
        assert environment.fresh("base")
        assert environment.fresh("dev")

    def test_changed_requirements(self, venv):
        mark(venv, "base")
        (venv.parent / "base.txt").write_text("changed")
        assert not environment.fresh("base")

    def test_interpreter_replaced_by_the_system(self, venv):
        mark(venv, "base", python="3.10")
        assert not environment.fresh("base")

    def test_interpreter_gone(self, venv):
        mark(venv, "base")
        (venv / "bin" / "python").unlink()
        (venv / "bin" / "python").symlink_to(venv / "gone")
        assert not environment.fresh("base")

    def test_unmarked(self, venv):
        assert not environment.fresh("base")


class TestEnvironment:
    def test_runtime_folder_is_private(self, tmp_path, monkeypatch):
        monkeypatch.setattr(folders, "SOCKET_ADDRESS_BYTES", 1000)
        folder = folders.runtime_folder(tmp_path)
        assert folder == tmp_path / "run"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_runtime_folder_of_a_long_path_is_short(self, tmp_path):
        folder = folders.runtime_folder(tmp_path / ("long" * 20))
        try:
            assert tmp_path not in folder.parents
            assert len(str(folder)) + folders.BELOW_RUNTIME_BYTES <= folders.SOCKET_ADDRESS_BYTES
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        finally:
            folder.rmdir()

    def test_runtime_folder_of_someone_else(self, tmp_path, monkeypatch):
        monkeypatch.setattr(folders, "SOCKET_ADDRESS_BYTES", 1000)
        (tmp_path / "run").mkdir()
        monkeypatch.setattr(folders.os, "geteuid", lambda: (tmp_path / "run").stat().st_uid + 1)
        with pytest.raises(folders.SetupFault, match="owned by someone else"):
            folders.runtime_folder(tmp_path)

    def test_embedded_server_gets_runtime_folder_and_locale(self, tmp_path):
        environ = {"XINQIAO_HOME": str(tmp_path), "LC_ALL": "zh_CN.UTF-8"}
        folders.prepare_environment(environ)
        assert Path(environ["XDG_RUNTIME_DIR"], "python_PostgresServer").is_dir()
        assert environ["LC_ALL"] in {"C.UTF-8", "C"}

    def test_given_runtime_folder_is_kept(self, tmp_path):
        environ = {"XINQIAO_HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path)}
        folders.prepare_environment(environ)
        assert environ["XDG_RUNTIME_DIR"] == str(tmp_path)

    def test_server_elsewhere_needs_no_folder(self, tmp_path):
        environ = {"XINQIAO_HOME": str(tmp_path / "home"), "DATABASE_URL": "postgresql://db.internal/xinqiao"}
        folders.prepare_environment(environ)
        assert not (tmp_path / "home").exists()

    def test_uv_uses_the_index_of_pip(self, tmp_path):
        (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://configured.test/simple\n")
        environ = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
        assert environment.index_settings(environ) == {"UV_DEFAULT_INDEX": "https://configured.test/simple"}
        environ["PIP_INDEX_URL"] = CLOSED_INDEX
        assert environment.index_settings(environ) == {"UV_DEFAULT_INDEX": CLOSED_INDEX}
        assert environment.index_settings(environ | {"UV_DEFAULT_INDEX": "own"}) == {}


class TestSystem:
    @pytest.fixture
    def need(self):
        return system.SystemNeed(label="甲", present=lambda: False, without="不能乙", packages={"apt-get": "a b"})

    @pytest.fixture
    def ran(self, monkeypatch):
        """The commands that were run; each fails while the lists are empty."""
        commands: list[list[str]] = []

        def run_logged(command, log, extra=None):
            commands.append(command)
            return command[1] == "update" or ["apt-get", "update", "-q"] in commands

        monkeypatch.setattr(system, "run_logged", run_logged)
        return commands

    def test_root_on_debian_fetches_lists_when_they_are_missing(self, need, ran, monkeypatch, tmp_path):
        monkeypatch.setattr(system, "may_install", lambda: True)
        assert not system.provide(need, tmp_path / "log")
        assert [command[1] for command in ran] == ["install", "update", "install"]
        assert ran[0][-2:] == ["a", "b"]

    def test_others_install_nothing(self, need, ran, monkeypatch, tmp_path):
        monkeypatch.setattr(system, "may_install", lambda: False)
        monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
        monkeypatch.setattr(system.shutil, "which", lambda name: "found" if name == "apt-get" else None)
        assert not system.provide(need, tmp_path / "log")
        assert ran == []
        assert system.complain(need, tmp_path / "log") == "缺少甲，不能乙；安装命令：sudo apt-get install -y a b"

    def test_unknown_package_client(self, need, monkeypatch, tmp_path):
        monkeypatch.setattr(system, "may_install", lambda: False)
        monkeypatch.setattr(system.shutil, "which", lambda name: None)
        assert system.complain(need, tmp_path / "log").endswith("用系统的软件包管理器安装 a b")

    def test_present_needs_nothing(self, ran, monkeypatch, tmp_path):
        monkeypatch.setattr(system, "may_install", lambda: True)
        need = system.SystemNeed(label="甲", present=lambda: True, without="", packages={"apt-get": "a"})
        assert system.provide(need, tmp_path / "log")
        assert ran == []

    def test_output_goes_to_the_log(self, tmp_path):
        log = tmp_path / "log"
        assert not system.run_logged([sys.executable, "-c", "print('out'); raise SystemExit(3)"], log)
        assert system.run_logged([sys.executable, "-c", "import os; print(os.environ['A'])"], log, {"A": "extra"})
        assert {"out", "extra"} <= set(log.read_text().splitlines())


class TestTestCommand:
    def test_settings_and_further_arguments(self):
        assert start.pytest_words(["-k", "money"]) == ["-m", "pytest", "--ds=config.settings.test", "-k", "money"]

    @pytest.mark.parametrize(
        ("switch", "variable"), [("--services", "XINQIAO_TEST_SERVICES"), ("--long", "XINQIAO_TEST_LONG")]
    )
    def test_our_switches_become_variables(self, monkeypatch, switch, variable):
        monkeypatch.setattr(start.os, "environ", environ := {})
        assert start.pytest_words([switch, "tests/core"]) == ["-m", "pytest", "--ds=config.settings.test", "tests/core"]
        assert environ == {variable: "1"}


class TestGate:
    def test_failing_step_shows_its_output(self, monkeypatch, capsys):
        command = [sys.executable, "-c", "print('here is why'); raise SystemExit(3)"]
        monkeypatch.setattr(gate, "STEPS", (gate.Step("one", "检查一", lambda: command),))
        assert gate.main([]) == 1
        shown = capsys.readouterr().out
        assert "✗ 检查一" in shown
        assert "here is why" in shown

    def test_passing_step_is_one_line(self, monkeypatch, capsys):
        command = [sys.executable, "-c", "print('noise')"]
        monkeypatch.setattr(gate, "STEPS", (gate.Step("one", "检查一", lambda: command),))
        assert gate.main(["one"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1

    def test_unknown_step(self, capsys):
        assert gate.main(["nothing"]) == 2
        assert "no such step" in capsys.readouterr().out


class TestFiles:
    def test_standard_library_only(self):
        for file in [*(ROOT / "config" / "bootstrap").glob("*.py"), ROOT / "config" / "gate.py"]:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    assert name.partition(".")[0] in {*sys.stdlib_module_names, "config"} or (
                        name == "django.core.management"
                    ), file.name

    @pytest.mark.parametrize("kind", ["base", "dev"])
    def test_every_requirement_is_pinned_and_hashed(self, kind):
        text = (ROOT / "config" / "requirements" / f"{kind}.txt").read_text()
        pins = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text).strip())
        assert pins
        for pin in pins:
            assert re.match(r"[a-z0-9-]+==\S+", pin), pin
            assert "--hash=sha256:" in pin
        assert "://" not in text
        assert "index" not in text

    def test_dev_pins_what_base_pins(self):
        base, dev = (
            set(re.findall(r"(?m)^\S+==\S+", (ROOT / "config" / "requirements" / f"{kind}.txt").read_text()))
            for kind in ("base", "dev")
        )
        assert base < dev

    def test_digest_is_of_the_file(self):
        digest = hashlib.sha256((ROOT / "config" / "requirements" / "base.txt").read_bytes()).hexdigest()
        assert environment.digest_line("base") == f"base {digest}"
