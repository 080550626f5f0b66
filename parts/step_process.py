"""The process that reads STEP files: started ahead of its request where somebody knows that one will come, since the kernel takes half a second to load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SUFFIXES = (".step", ".stp", ".p21")
_ROOT = Path(__file__).resolve().parents[1]
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from parts.step_child import main; main()"
_ahead: list[subprocess.Popen[bytes]] = []


def is_step(path: Path) -> bool:
    """Whether a file's name says STEP."""
    return path.suffix.lower() in SUFFIXES


def start_ahead() -> None:
    """Loads the kernel while the caller does something else; the next request goes to that process. It ends with the caller where none comes."""
    if not _ahead:
        _ahead.append(_started())


def _started() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-I", "-c", _CHILD, str(_ROOT)], stdin=pipe, stdout=pipe, stderr=pipe)


def ask(request: dict[str, Any], seconds: float) -> subprocess.CompletedProcess[bytes]:
    """The process's answer; raises `subprocess.TimeoutExpired` when it takes longer than this, and ends it."""
    process = _ahead.pop() if _ahead else _started()
    with process:
        try:
            out, told = process.communicate(json.dumps(request).encode(), timeout=seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, told)


__all__ = ["SUFFIXES", "ask", "is_step", "start_ahead"]
