"""Robot program files as users give them: read with limits, their language told by their endings."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError, UnknownNameError
from core.files import checked_size
from robots.programs.languages import LANGUAGES

ENDINGS = {
    ".mod": "rapid", ".modx": "rapid", ".pgf": "rapid", ".sys": "rapid", ".sysx": "rapid", ".src": "krl", ".dat": "krl", ".ls": "fanuc", ".jbi": "inform", ".script": "urscript",
}  # fmt: skip
"""File ending -> language."""
REGISTERS = "_registers.txt"
"""Beside a FANUC program: what the operator has to fill in, no program text."""
MOST_BYTES = 50_000_000
"""Of one file."""
MOST_FILES = 2000


def read_programs(paths: list[Path], language: str | None = None) -> tuple[str, dict[str, bytes]]:
    """The language and the contents of program files.

    Args:
        paths: Files, or folders whose program files are taken.
        language: Overrides what the endings say.

    Raises:
        InputError: Nothing to read, files of several languages, or one that is too large.
    """
    files: dict[str, bytes] = {}
    for path in paths:
        if not path.exists():
            raise InputError("there is no such file or folder", file=path)
        members = sorted(p for p in path.iterdir() if p.suffix.lower() in ENDINGS) if path.is_dir() else [path]
        if not members:
            raise InputError(f"the folder holds no program; valid endings: {', '.join(ENDINGS)}", file=path)
        for member in members:
            if member.name in files:
                raise InputError(f"two files are called '{member.name}'", file=member)
            checked_size(member, MOST_BYTES, "robot program")
            files[member.name] = member.read_bytes()
        if len(files) > MOST_FILES:
            raise InputError(f"more than {MOST_FILES} files", file=path)
    files = {name: data for name, data in files.items() if not name.lower().endswith(REGISTERS)}
    if language is not None:
        if language not in LANGUAGES:
            raise UnknownNameError("robot language", language, list(LANGUAGES))
        return language, files
    found = {name: ENDINGS.get(Path(name).suffix.lower()) for name in files}
    unknown = [name for name, one in found.items() if one is None]
    if unknown:
        raise InputError(
            f"'{unknown[0]}' has no ending of a robot program; valid: {', '.join(ENDINGS)}, or give --language", file=unknown[0]
        )
    languages = {one for one in found.values() if one is not None}
    if len(languages) != 1:
        raise InputError(f"programs of one language at a time; these are {', '.join(sorted(languages)) or 'none'}")
    return languages.pop(), files
