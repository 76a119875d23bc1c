"""The project's own Python environment, `.venv`, filled from the hash-pinned requirements."""

import configparser
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.bootstrap.folders import ROOT, SetupFault, say, writable
from config.bootstrap.system import VENV, complain, provide, run_logged

VENV_FOLDER = ROOT / ".venv"
VENV_PYTHON = VENV_FOLDER / "bin" / "python"
MARKER = VENV_FOLDER / "xinqiao-requirements"
REQUIREMENTS = ROOT / "config" / "requirements"
CONTAINED = {"base": ("base",), "dev": ("base", "dev")}

# What the installers print, and the sentence for it.
FAULTS = (
    (
        r"DO NOT MATCH THE HASHES|Hash mismatch",
        "下载的文件与登记的摘要不符 (hash mismatch)，请检查网络或软件包镜像后重试",
    ),
    (r"No space left on device|os error 28", "磁盘空间不足 (no space left on device)，请清理后重试"),
    (
        r"Retrying \(|ConnectionError|Connection refused|from versions: none|[Ff]ailed to fetch|error sending request",
        "连不上软件包索引 (package index unreachable)，请检查网络，或用环境变量 PIP_INDEX_URL 指定可用的镜像",
    ),
)


def inside() -> bool:
    """Whether this process already runs in the project's environment."""
    return Path(sys.prefix).resolve() == VENV_FOLDER.resolve()


def ensure(kind: str, log: Path) -> None:
    """Make `.venv` hold the requirements of that kind ("base" or "dev"). Raises SetupFault."""
    if fresh(kind):
        return
    writable(ROOT)
    with _alone(log.with_suffix(".lock")):
        if not fresh(kind):
            _install(kind, log)


def fresh(kind: str) -> bool:
    """Whether `.venv` works and was filled from the requirements as they are now."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}" if inside() else _version_of(VENV_PYTHON)
    try:
        recorded = MARKER.read_text().splitlines()
    except OSError:
        return False
    return bool(version) and {f"python {version}", digest_line(kind)} <= set(recorded)


def digest_line(kind: str) -> str:
    """What the marker in `.venv` says of installed requirements."""
    return f"{kind} {hashlib.sha256((REQUIREMENTS / f'{kind}.txt').read_bytes()).hexdigest()}"


def index_settings(environ: dict[str, str]) -> dict[str, str]:
    """The index that pip is told to use, by environment or configuration file, in the words of uv."""
    if "UV_DEFAULT_INDEX" in environ or "UV_INDEX_URL" in environ:
        return {}
    config = configparser.RawConfigParser()
    home = Path(environ.get("HOME", "/"))
    files = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", home / ".config" / "pip" / "pip.conf"]
    config.read([*files, environ.get("PIP_CONFIG_FILE", "")], encoding="utf-8")
    configured = config.get("install", "index-url", fallback=config.get("global", "index-url", fallback=""))
    index = environ.get("PIP_INDEX_URL") or configured
    return {"UV_DEFAULT_INDEX": index} if index else {}


def _install(kind: str, log: Path) -> None:
    started = time.monotonic()
    say(f"信桥：正在安装 Python 依赖 (installing {kind} requirements)，首次需要几分钟 …")
    MARKER.unlink(missing_ok=True)
    file = REQUIREMENTS / f"{kind}.txt"
    try:
        if not _install_with_uv(file, log):
            _install_with_pip(file, log)
        lines = [f"python {_version_of(VENV_PYTHON)}", *map(digest_line, CONTAINED[kind])]
        MARKER.write_text("\n".join(lines) + "\n")
    except OSError as error:
        raise SetupFault(
            f"无法写入项目文件夹 (cannot write {error.filename}: {error.strerror})，请更改权限后重试。"
        ) from error
    say(f"信桥：依赖已就绪，用时 {time.monotonic() - started:.0f} 秒。")


def _install_with_uv(file: Path, log: Path) -> bool:
    uv = shutil.which("uv")
    if uv is None:
        return False
    extra = index_settings(dict(os.environ))
    if not _version_of(VENV_PYTHON):
        shutil.rmtree(VENV_FOLDER, ignore_errors=True)
        if not run_logged([uv, "venv", "--python", _base_python(), str(VENV_FOLDER)], log, extra):
            say(f"信桥：uv 未能建立环境 (uv venv failed)，改用 venv；记录见 {log}")
            return False
    if run_logged(
        [uv, "pip", "install", "--python", str(VENV_PYTHON), "--require-hashes", "-r", str(file)], log, extra
    ):
        return True
    say(f"信桥：uv 安装未成功 (uv pip install failed)，改用 pip 再试；记录见 {log}")
    return False


def _install_with_pip(file: Path, log: Path) -> None:
    if not (_version_of(VENV_PYTHON) and run_logged([str(VENV_PYTHON), "-m", "pip", "--version"], log)):
        if not provide(VENV, log):
            raise SetupFault(complain(VENV, log))
        shutil.rmtree(VENV_FOLDER, ignore_errors=True)
        if not run_logged([_base_python(), "-m", "venv", str(VENV_FOLDER)], log):
            raise SetupFault(f"无法建立虚拟环境 (venv failed)，记录见 {log}")
    begin = log.stat().st_size
    if not run_logged([str(VENV_PYTHON), "-m", "pip", "install", "--require-hashes", "-r", str(file)], log):
        raise SetupFault(f"{_fault_in(log, begin)}；记录见 {log}")


def _fault_in(log: Path, begin: int) -> str:
    with log.open("rb") as stream:
        stream.seek(begin)
        text = stream.read().decode("utf-8", "replace")
    return next((said for pattern, said in FAULTS if re.search(pattern, text)), "安装 Python 依赖失败 (pip failed)")


def _base_python() -> str:
    return getattr(sys, "_base_executable", None) or sys.executable


def _version_of(python: Path) -> str:
    """Such as "3.11", or "" for an interpreter that does not run or is too old."""
    report = "import sys; v = sys.version_info; print('%d.%d' % v[:2] if v >= (3, 11) else '')"
    try:
        return subprocess.run(
            [python, "-I", "-S", "-c", report], capture_output=True, text=True, check=False, timeout=60
        ).stdout.strip()
    except OSError:
        return ""


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One set-up at a time: a second terminal waits for the first."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
