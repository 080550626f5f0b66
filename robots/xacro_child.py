"""Expands one xacro file in a process of its own: `python -I xacro_child.py`, request as JSON on stdin, URDF on stdout.

Xacro evaluates expressions from the file. A file may come from anywhere, so it is expanded where neither endless loops nor endless memory hurt,
and every file it opens must lie in a folder that was named.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CPU_SECONDS = 20
MEMORY = 2_000_000_000
"""Address space [bytes]."""
MAX_OUTPUT = 20_000_000


def main() -> int:
    """Reads `{file, packages, args, folders}`; exit code 3 with the reason on stderr when the file does not expand."""
    request: dict[str, Any] = json.load(sys.stdin)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):
        # Not on Windows: there only the caller's time limit holds.
        pass
    import xacro
    from xacro import substitution_args

    folders = [Path(folder).resolve() for folder in request["folders"]]
    packages: dict[str, str] = request["packages"]

    def find(package: str) -> str:
        if package not in packages:
            raise ValueError(
                f"package '{package}' is not known; name its folder under `packages:`; known: {', '.join(sorted(packages)) or 'none'}"
            )
        return packages[package]

    def refused(name: str, *_: Any, **__: Any) -> str:
        raise ValueError(f"environment variable '{name}': descriptions must not depend on the environment")

    def absolute(spec: str) -> str:
        path = Path(spec)
        if not path.is_absolute():
            path = Path(xacro.filestack[-1]).parent / path
        if not any(path.resolve().is_relative_to(folder) for folder in folders):
            raise ValueError(f"file '{spec}' lies outside the description's folders")
        if len(xacro.filestack) > 30:
            raise ValueError(f"file '{spec}' is included in a ring or too deeply")
        return str(path)

    substitution_args._eval_find = find
    substitution_args._eval_env = refused
    substitution_args._eval_optenv = refused
    substitution_args._eval_dict.update(find=find, env=refused, optenv=refused)
    xacro.abs_filename_spec = absolute
    xacro._global_symbols["xacro"]["abs_filename"] = absolute
    xacro.verbosity = 0
    try:
        document = xacro.process_file(request["file"], mappings=dict(request["args"]))
        text = document.toxml()
    except RecursionError:
        return _refuse("nested too deeply, or a macro that calls itself")
    except MemoryError:
        return _refuse(f"needs more than {MEMORY} bytes of memory")
    # Expressions of the file run in here: whatever they raise is the file's fault.
    except Exception as error:
        inner: Any = error
        while inner is not None and not isinstance(inner, MemoryError):
            inner = getattr(inner, "exc", None)
        if inner is not None:
            return _refuse(f"needs more than {MEMORY} bytes of memory")
        return _refuse(" ".join(str(error).split()) or type(error).__name__)
    if len(text) > MAX_OUTPUT:
        return _refuse(f"expands to {len(text)} bytes; the limit is {MAX_OUTPUT}")
    sys.stdout.buffer.write(text.encode())
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.buffer.write(f"reason: {reason[:2000]}".encode())
    return 3


if __name__ == "__main__":
    sys.exit(main())
