"""What the project needs from the operating system, and how it gets there."""

import ctypes
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.bootstrap.folders import say

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# What drives the browser (Playwright's own Node.js) is linked against it; a minimal Debian lacks it.
DRIVER_LIBRARIES = {"linux": ("libatomic.so.1",)}
PANGO_LIBRARIES = {
    "linux": ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"),
    "darwin": ("libpango-1.0.dylib", "libpangoft2-1.0.dylib", "libharfbuzz-subset.dylib"),
}


@dataclass(frozen=True)
class SystemNeed:
    """A part of the operating system: how to tell that it is there, and its packages by package client."""

    label: str
    present: Callable[[], bool]
    without: str
    packages: dict[str, str]

    def command(self) -> str:
        """The one command that installs it on this machine, or a request in words where the client is unknown."""
        client = next((name for name in self.packages if shutil.which(name)), None)
        if client is None:
            return f"用系统的软件包管理器安装 {next(iter(self.packages.values()))}"
        sudo = "" if client == "brew" or os.geteuid() == 0 else "sudo "
        return f"{sudo}{client} install {'' if client == 'brew' else '-y '}{self.packages[client]}"


def _venv_present() -> bool:
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _loads(names: tuple[str, ...]) -> bool:
    try:
        for name in names:
            ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _pango_present() -> bool:
    return _loads(PANGO_LIBRARIES.get(sys.platform, ()))


def _chromium_present() -> bool:
    return any(shutil.which(name) for name in CHROMIUM_NAMES) and _loads(DRIVER_LIBRARIES.get(sys.platform, ()))


VENV = SystemNeed(
    label="虚拟环境组件 (Python venv module)",
    present=_venv_present,
    without="无法安装依赖",
    packages={
        "apt-get": f"python{sys.version_info[0]}.{sys.version_info[1]}-venv",
        "dnf": "python3-libs",
        "brew": "python3",
    },
)
PANGO = SystemNeed(
    label="排版库 Pango (Pango libraries)",
    present=_pango_present,
    without="暂不能生成 PDF，其余功能照常",
    packages={
        "apt-get": "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        "dnf": "pango",
        "brew": "pango",
    },
)
CHROMIUM = SystemNeed(
    label="浏览器 (Chromium)",
    present=_chromium_present,
    without="跳过浏览器测试，其余测试照常",
    packages={"apt-get": "chromium libatomic1", "dnf": "chromium libatomic", "brew": "--cask chromium"},
)
NEEDS_BY_COMMAND = {"demo": (PANGO,), "bench": (PANGO,), "test": (PANGO, CHROMIUM)}


def provide(need: SystemNeed, log: Path) -> bool:
    """Whether the need is met, after installing it where this process may (root on Debian or Ubuntu)."""
    if need.present():
        return True
    if may_install():
        say(f"信桥：正在安装{need.label} …")
        _apt_install(need.packages["apt-get"].split(), log)
    return need.present()


def complain(need: SystemNeed, log: Path) -> str:
    """The sentence about a need that stays unmet: what that means and the one command that helps."""
    record = f"（自动安装未成功，记录见 {log}）" if may_install() else ""
    return f"缺少{need.label}，{need.without}；安装命令：{need.command()}{record}"


def may_install() -> bool:
    """Root on Debian, Ubuntu or a relative of theirs."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def _apt_install(packages: list[str], log: Path) -> None:
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    # The lists of a minimal system are empty and those of an old one name vanished files: fetch them when it matters.
    for command in (install, ["apt-get", "update", "-q"], install):
        done = run_logged(command, log, {"DEBIAN_FRONTEND": "noninteractive"})
        if command is install and done:
            return


def run_logged(command: list[str], log: Path, extra: dict[str, str] | None = None) -> bool:
    """Run a command with its output appended to the log, the seconds counted on a terminal; whether it succeeded."""
    started = time.monotonic()
    with log.open("a", encoding="utf-8") as output:
        print("$", *command, file=output, flush=True)
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ | (extra or {})
        )
        while True:
            try:
                return process.wait(timeout=1) == 0
            except subprocess.TimeoutExpired:
                if sys.stderr.isatty():
                    print(f"\r  {time.monotonic() - started:.0f} 秒\r", end="", file=sys.stderr, flush=True)
