"""The owner's logo that a cell file names: small, a picture, kept as a data URL so that it travels with the results."""

from __future__ import annotations

import base64
from pathlib import Path

from core.errors import InputError
from core.files import checked_size, inside

LARGEST = 200_000
"""Of the file [bytes]; it goes into every offline file."""
STARTS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"<svg": "image/svg+xml", b"<?xml": "image/svg+xml"}
"""How the files of each kind begin."""


def load_logo(name: str, folder: Path) -> str:
    """The picture as a data URL.

    Args:
        name: As the cell file gives it, below its folder.
        folder: Of the cell file.

    Raises:
        InputError: No such file, outside the folder, too large, or neither PNG nor JPEG nor SVG.
    """
    path = inside(folder, name, f"logo '{name}'")
    checked_size(path, LARGEST, "logo")
    data = path.read_bytes()
    kind = next((kind for start, kind in STARTS.items() if data.lstrip().startswith(start) or data.startswith(start)), None)
    if kind is None or (kind == "image/svg+xml" and b"<svg" not in data):
        raise InputError(f"logo '{name}' is no PNG, JPEG or SVG", file=path)
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
