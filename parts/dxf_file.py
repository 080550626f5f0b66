"""Opening a DXF file: limits are held before a document is built, and damaged files are mended where that is possible."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ezdxf import filemanagement, recover
from ezdxf.lldxf.const import DXFError

from core.errors import InputError
from core.files import checked_size

READ_FAULTS: tuple[type[Exception], ...] = (
    DXFError, OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, StopIteration, ArithmeticError, AssertionError,
    RecursionError, struct.error,
)  # fmt: skip
"""What ezdxf raises on files that are no sound DXF, found by mutating good ones."""


@dataclass(frozen=True, slots=True)
class DxfLimits:
    """What is read at most.

    Attributes:
        bytes: Size of the file.
        entities: Objects of any kind in the file, and curves after blocks are resolved.
        points: Corners of all curves once they are flattened.
        block_depth: How deep blocks may hold blocks.
        inserts: Block references that are resolved.
        bends: Bend lines.
    """

    bytes: int = 60_000_000
    entities: int = 50_000
    points: int = 2_000_000
    block_depth: int = 8
    inserts: int = 10_000
    bends: int = 200


# A group code 0 starts an object; no run of blanks is scanned twice, so that no file makes this slow.
_OBJECT = re.compile(rb"\n[ \t]*0[ \t]*\r?\n[ \t]*[A-Z]")
_VALUE = re.compile(rb"\n[ \t]*10[ \t]*\r?\n")


def open_dxf(path: Path, limits: DxfLimits) -> Any:
    """The ezdxf document of a file.

    Raises:
        InputError: When the file is missing, no file, empty, too large, or no DXF even for ezdxf's recover mode.
    """
    size = checked_size(path, limits.bytes, "DXF file")
    data = path.read_bytes()
    count = sum(1 for _ in _OBJECT.finditer(data))
    if count > limits.entities:
        raise InputError(f"the drawing has {count} entities; the limit is {limits.entities}", file=path)
    points = sum(1 for _ in _VALUE.finditer(data))
    if points > limits.points:
        raise InputError(f"the drawing has {points} points; the limit is {limits.points}", file=path)
    binary = data.startswith(b"AutoCAD Binary DXF")
    if binary and size > limits.bytes // 10:
        raise InputError(f"a binary DXF file of {size} bytes; the limit is {limits.bytes // 10}", file=path)
    if not binary and b"SECTION" not in data[:4096]:
        raise InputError("not a DXF file", file=path)
    try:
        return filemanagement.readfile(str(path))
    except READ_FAULTS:
        pass
    try:
        document, _ = recover.readfile(str(path))
    except READ_FAULTS as error:
        raise InputError(f"not a readable DXF file: {fault_text(error)}", file=path) from None
    return document


def fault_text(error: Exception) -> str:
    """What ezdxf says, in one short line without control characters."""
    plain = "".join(character if character.isprintable() else " " for character in str(error))
    return " ".join(plain.split())[:200] or type(error).__name__
