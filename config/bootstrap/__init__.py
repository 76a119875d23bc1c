"""The way from bare Python into the project's own environment. Standard library only.

This file must parse on an old Python (no f-strings, no annotations), so that an old one gets a sentence instead of a
traceback. The modules beside it are read only after the version check.
"""

import os
import shutil
import sys

MINIMUM = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")


def version_fault(version, which=shutil.which):
    """The sentence for a Python that is too old, or "" when it will do."""
    if tuple(version[:2]) >= MINIMUM:
        return ""
    found = next((name for name in NEWER if which(name)), "")
    remedy = "请改用 " + found + " manage.py 运行" if found else "请先安装"
    return (
        "信桥需要 Python 3.11 或更新的版本 (Python 3.11 or newer)，当前是 "
        + ".".join(str(part) for part in version[:3])
        + "，"
        + remedy
        + "。"
    )


def main(argv):
    """Prepare what the command needs and run it; a fault ends with one sentence and exit code 1."""
    fault = version_fault(sys.version_info)
    if os.name == "nt":
        fault = "信桥在 Windows 上通过 WSL 运行 (run it inside WSL)，请在 WSL 的终端里执行同一命令。"
    if fault:
        sys.stderr.buffer.write((fault + "\n").encode("utf-8"))
        sys.exit(1)
    from config.bootstrap.start import start

    start(argv)
