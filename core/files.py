"""Files that users name: checked before they are opened, and kept inside the folder they belong to."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError


def checked_size(path: Path, limit: int, kind: str) -> int:
    """Size of a readable, ordinary, non-empty file [bytes].

    Args:
        path: The file.
        limit: Largest size [bytes].
        kind: What it should be, for messages (`DXF file`).

    Raises:
        InputError: When it is missing, a folder, a device, empty, too large, or must not be read.
    """
    try:
        if path.is_dir():
            raise InputError(f"this is a folder, not a {kind}", file=path)
        if not path.exists():
            raise InputError("no such file", file=path)
        if not path.is_file():
            raise InputError(f"not an ordinary file, so not a {kind}", file=path)
        size = path.stat().st_size
        if size == 0:
            raise InputError("the file is empty", file=path)
        if size > limit:
            raise InputError(f"file has {size} bytes; the limit is {limit}", file=path)
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", file=_short(path)) from None
    except ValueError:
        raise InputError("the path holds a zero byte", file=_short(path)) from None
    return size


def result_path(folder: Path, name: str) -> Path:
    """Where a result file goes: below its folder, whatever its name says; raises `ValueError` for one that leads elsewhere, which no result may have."""
    path = folder / name
    if not name or Path(name).is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"a result file is called {name[:80]!r}, which leads out of the result folder")
    return path


def inside(folder: Path, name: str, what: str) -> Path:
    """The path that a file names relative to its own folder.

    Args:
        folder: Where the naming file lies.
        name: As written.
        what: What it is, for messages (`mesh 'a.stl'`).

    Raises:
        InputError: When it is absolute or leads out of the folder, also by way of a link.
    """
    try:
        path = (folder / name).resolve()
        out = Path(name).is_absolute() or not path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        raise InputError(f"the path of {what} cannot be followed") from None
    if out:
        raise InputError(f"{what} leaves the folder of the file that names it; valid: relative paths inside that folder")
    return path


def _short(path: Path) -> str:
    text = str(path).replace("\0", "\\0")
    return text if len(text) < 200 else text[:200] + "..."
