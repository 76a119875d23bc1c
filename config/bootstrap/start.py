"""From the words after `manage.py` to the process that carries them out."""

import importlib.util
import os
import sys
from pathlib import Path

from config.bootstrap.environment import VENV_PYTHON, ensure, inside
from config.bootstrap.folders import ROOT, SetupFault, data_folder, prepare_environment, say, writable
from config.bootstrap.system import NEEDS_BY_COMMAND, complain, provide

DEV_COMMANDS = {"test", "gate", "bench"}
# Commands work on the database like jobs do, unless they migrate it or serve pages (design §4).
ROLE_BY_COMMAND = {"migrate": "owner", "makemigrations": "owner", "runserver": "app"}


def start(argv: list[str]) -> None:
    """Run `manage.py` with these arguments in the project's environment. Does not return on failure."""
    try:
        _start(argv)
    except SetupFault as fault:
        say(str(fault))
        sys.exit(1)
    except KeyboardInterrupt:
        say("已中断 (interrupted)。")
        sys.exit(130)


def _start(argv: list[str]) -> None:
    command = argv[1] if len(argv) > 1 else ""
    if os.environ.get("XINQIAO_NO_BOOTSTRAP") == "1":
        if importlib.util.find_spec("django") is None:
            raise SetupFault(
                "当前 Python 环境没有安装依赖 (Django is not installed)，"
                "请先执行 pip install --require-hashes -r config/requirements/base.txt，或取消 XINQIAO_NO_BOOTSTRAP。"
            )
        prepare_environment(os.environ)
    else:
        log = writable(data_folder(os.environ)) / "setup.log"
        prepare_environment(os.environ)
        ensure("dev" if command in DEV_COMMANDS else "base", log)
        if not inside():
            os.execv(VENV_PYTHON, [str(VENV_PYTHON), *argv])
        _provide_system(command, log)
    run(argv)


def _provide_system(command: str, log: Path) -> None:
    for need in NEEDS_BY_COMMAND.get(command, ()):
        if not provide(need, log):
            say(f"信桥：{complain(need, log)}")


def run(argv: list[str]) -> None:
    """Carry out the command with the Python that is running."""
    command = argv[1] if len(argv) > 1 else ""
    if command == "test":
        become(*pytest_words(argv[2:]))
    if command == "gate":
        become("-m", "config.gate", *argv[2:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    os.environ.setdefault("XINQIAO_DB_ROLE", ROLE_BY_COMMAND.get(command, "batch"))
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)


def pytest_words(arguments: list[str]) -> list[str]:
    """The words for pytest; our own switches become environment variables.

    `--services` asks for the tests against servers, `--long` for every combination where the ordinary run samples.
    """
    switches = {"--services": "XINQIAO_TEST_SERVICES", "--long": "XINQIAO_TEST_LONG"}
    for word in arguments:
        if word in switches:
            os.environ[switches[word]] = "1"
    # An environment variable for the settings would win over the ini file; the option wins over both.
    return ["-m", "pytest", "--ds=config.settings.test", *(word for word in arguments if word not in switches)]


def become(*words: str) -> None:
    """Replace this process by the same Python with other words, in the project folder."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *words])
