"""Xacro files to URDF text: macros, properties, includes and `$(find package)`, expanded in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from core.errors import InputError

TIME_LIMIT = 30
"""Wall clock [s]; an ordinary robot takes 0.3 s."""
_CHILD = Path(__file__).with_name("xacro_child.py")


def expand_xacro(file: Path, packages: Mapping[str, Path], args: Mapping[str, str] | None = None) -> bytes:
    """The URDF that a xacro file stands for.

    Args:
        file: The `.xacro`.
        packages: Folder of each package name; included files must lie in one of them, or in the file's folder or the one above.
        args: Values of its `<xacro:arg>`.

    Raises:
        InputError: With what xacro says, and for files that ask for more time or memory than a robot needs.
    """
    own = file.resolve()
    request = {
        "file": str(own), "packages": {name: str(folder.resolve()) for name, folder in packages.items()}, "args": dict(args or {}),
        "folders": [str(own.parent), *([str(own.parent.parent)] if own.parent.name == "urdf" else []), *(str(folder) for folder in packages.values())],
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_CHILD)], input=json.dumps(request).encode(), capture_output=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"xacro cannot expand it within {TIME_LIMIT} s", file=file) from None
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode(errors="replace")
    if done.returncode == 3 and "reason: " in said:
        raise InputError(f"xacro cannot expand it: {said.rpartition('reason: ')[2].strip()}", file=file)
    if done.returncode < 0:
        raise InputError("xacro cannot expand it: it needs more time or memory than a robot may", file=file)
    raise InputError(f"xacro cannot expand it: {(said.strip().splitlines() or ['no reason given'])[-1]}", file=file)
