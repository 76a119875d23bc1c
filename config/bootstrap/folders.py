"""The data folder, and what the embedded database expects of the process environment."""

import hashlib
import locale
import os
import stat
import sys
from collections.abc import MutableMapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# macOS allows 104 bytes for the address of a Unix socket, Linux 108. Below the runtime folder the embedded server adds
# "/python_PostgresServer/0123456789/.s.PGSQL.5432".
SOCKET_ADDRESS_BYTES = 103
BELOW_RUNTIME_BYTES = 47


class SetupFault(Exception):
    """Set-up cannot go on; the message is one Chinese sentence that says what to do."""


def say(sentence: str) -> None:
    """Print a line about the set-up. On stderr, so that the output of a command stays its own."""
    print(sentence, file=sys.stderr, flush=True)


def data_folder(environ: MutableMapping[str, str]) -> Path:
    """The folder named by XINQIAO_HOME, else `.xinqiao` in the project."""
    return Path(environ.get("XINQIAO_HOME") or ROOT / ".xinqiao").absolute()


def writable(folder: Path) -> Path:
    """The same folder, made if need be and proved writable. Raises SetupFault."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SetupFault(
            f"文件夹不可写 (folder not writable: {error.strerror})：{folder}，"
            "请更改其权限，或用环境变量 XINQIAO_HOME 指定另一个数据文件夹。"
        ) from error
    return folder


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Set what the embedded database reads from the environment. Raises SetupFault when a folder cannot be made."""
    # initdb takes the caller's locale: without this the order of names would differ from machine to machine.
    environ["LC_ALL"] = "C.UTF-8" if _locale_known("C.UTF-8") else "C"
    if os.geteuid() == 0:
        # `su` keeps a PATH without the folders of useradd (embedded server) and ldconfig (dpkg).
        path = environ.get("PATH", os.defpath).split(os.pathsep)
        environ["PATH"] = os.pathsep.join(path + [folder for folder in ("/usr/sbin", "/sbin") if folder not in path])
    if environ.get("DATABASE_URL"):
        return
    given = environ.get("XDG_RUNTIME_DIR", "")
    if not (given and os.access(given, os.W_OK)):
        environ["XDG_RUNTIME_DIR"] = str(runtime_folder(writable(data_folder(environ))))
    # Without this folder the embedded server keeps its lock in the shared temporary folder.
    writable(Path(environ["XDG_RUNTIME_DIR"], "python_PostgresServer"))


def runtime_folder(home: Path) -> Path:
    """A private folder (0700) short enough for a socket address: inside the data folder, else in the temporary one."""
    folder = home / "run"
    if len(os.fsencode(folder)) + BELOW_RUNTIME_BYTES > SOCKET_ADDRESS_BYTES:
        # Not tempfile.gettempdir(): on macOS that is too long itself.
        folder = Path("/tmp", f"xinqiao-{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}")  # noqa: S108
    writable(folder)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise SetupFault(f"运行文件夹属于他人 (runtime folder owned by someone else)：{folder}，请删除后重试。")
    folder.chmod(0o700)
    return folder


def _locale_known(name: str) -> bool:
    current = locale.setlocale(locale.LC_COLLATE)
    try:
        locale.setlocale(locale.LC_COLLATE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_COLLATE, current)
    return True
