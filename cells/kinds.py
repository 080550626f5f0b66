"""Which kind of cell a file describes, seen without reading all of it, and which cells are shipped."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

from cells.yaml_source import MAX_BYTES

CellKind = Literal["bending", "welding"]
SHIPPED = Path(__file__).parent / "shipped"
_KIND = re.compile(rb"^kind[ \t]*:[ \t]*[\"']?welding\b", re.MULTILINE)


def cell_kind(path: Path) -> CellKind:
    """`welding` when the file has that as its top key `kind`, else `bending`; a file that cannot be read counts as bending, for its reader to complain of."""
    try:
        with path.open("rb") as file:
            start = file.read(MAX_BYTES)
    except OSError:
        return "bending"
    return "welding" if _KIND.search(start) else "bending"


@cache
def shipped_cells(kind: CellKind) -> tuple[str, ...]:
    """Names of the shipped cells of one kind."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml") if cell_kind(path) == kind))
