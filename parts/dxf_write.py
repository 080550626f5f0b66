"""Flat patterns to DXF, by the conventions of CAD systems: closed polylines with true arcs, bend lines with notes, declared layers, a stated unit."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ezdxf import filemanagement
from ezdxf._options import options

from core.errors import UnknownNameError
from core.frames import Array
from core.units import MM, to_deg, to_mm
from parts.flat import BendLine
from parts.flat_edges import FlatEdge

TEXT_HEIGHT = 3.0
"""Of bend notes [mm]."""
BESIDE = 0.4
"""Notes stand this far beside the middle of their line [mm], so that each belongs to one."""


@dataclass(frozen=True, slots=True)
class Convention:
    """Where things lie in the drawing.

    Attributes:
        title: For help texts.
        outline, holes: Layers of the cut curves.
        up, down: Layers of bend lines.
        notes: Layer of bend notes.
        extents: Layer of the lines where bends begin and end; empty: none are drawn.
        linetype: Of bend lines.
        mtext: Whether notes are MTEXT, as SolidWorks writes them, else TEXT.
    """

    title: str
    outline: str
    holes: str
    up: str
    down: str
    notes: str
    extents: str
    linetype: str
    mtext: bool = False


CONVENTIONS = {
    "generic": Convention("plain layer names", "OUTLINE", "HOLES", "BEND_UP", "BEND_DOWN", "BEND_NOTES", "BEND_EXTENT", "CENTER"),
    "inventor": Convention(
        "as Inventor exports",
        "IV_OUTER_PROFILE",
        "IV_INTERIOR_PROFILES",
        "IV_BEND",
        "IV_BEND_DOWN",
        "IV_MARK_NOTES",
        "IV_TANGENT",
        "CENTER",
    ),
    "solidworks": Convention("as SolidWorks exports: one layer, bends by line type, notes", "0", "0", "0", "0", "0", "", "CENTER", True),
}
_COLOURS = {"outline": 7, "holes": 7, "up": 1, "down": 5, "notes": 3, "extents": 8}


def convention(name: str) -> Convention:
    """A convention by its name; raises `UnknownNameError` with the valid ones."""
    if name not in CONVENTIONS:
        raise UnknownNameError("DXF convention", name, list(CONVENTIONS))
    return CONVENTIONS[name]


def write_dxf(rings: Sequence[Sequence[FlatEdge]], lines: Sequence[BendLine], widths: Sequence[float], *, by: str = "generic") -> bytes:
    """A drawing in mm (DXF R2010); the same pattern gives the same bytes.

    Args:
        rings: The outline, then holes.
        lines: Bend lines with angle, direction and radius.
        widths: Flat width of each bend [m], for the lines where it begins and ends.
        by: Name of the convention.
    """
    layout = convention(by)
    # Without time stamps and random identifiers.
    fixed = options.write_fixed_meta_data_for_testing
    options.write_fixed_meta_data_for_testing = True
    try:
        document = filemanagement.new("R2010", units=4)
        _draw(document, layout, rings, lines, widths)
        for key in ("$TDCREATE", "$TDUCREATE", "$TDUPDATE", "$TDUUPDATE"):
            document.header[key] = 0.0
        stream = io.StringIO()
        document.write(stream)
    finally:
        options.write_fixed_meta_data_for_testing = fixed
    return stream.getvalue().encode(document.encoding, errors="replace")


def _draw(
    document: Any, layout: Convention, rings: Sequence[Sequence[FlatEdge]], lines: Sequence[BendLine], widths: Sequence[float]
) -> None:
    document.header["$MEASUREMENT"] = 1
    document.linetypes.add("CENTER", [6.0, 4.0, -1.0, 0.0, -1.0], description="centre ____ _ ____")
    for kind, colour in _COLOURS.items():
        layer = getattr(layout, kind)
        if layer and layer not in document.layers:
            document.layers.add(layer, color=colour)
    space = document.modelspace()
    for i, ring in enumerate(rings):
        _ring(space, ring, layout.outline if i == 0 else layout.holes)
    for line, width in zip(lines, widths, strict=True):
        layer = layout.up if line.direction == "up" else layout.down
        start, end = line.start / MM, line.end / MM
        space.add_line(start, end, dxfattribs={"layer": layer, "linetype": layout.linetype})
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]])
        if layout.extents:
            for side in (-0.5, 0.5):
                shift = across * to_mm(width) * side
                space.add_line(start + shift, end + shift, dxfattribs={"layer": layout.extents})
        _note(space, layout, line, (start + end) / 2 + across * BESIDE, along)


def note_text(line: BendLine) -> str:
    """`UP 90° R 1.5`, as SolidWorks writes it and `parts.bend_notes` reads it; radius in mm."""
    angle, radius = line.angle or 0.0, line.radius or 0.0
    return f"{'UP' if line.direction == 'up' else 'DOWN'} {_plain(to_deg(angle))}° R {_plain(to_mm(radius))}"


def _plain(value: float) -> str:
    """Up to six decimals, without an exponent or trailing zeros."""
    return f"{value:.6f}".rstrip("0").rstrip(".") or "0"


def _note(space: Any, layout: Convention, line: BendLine, at: Array, along: Array) -> None:
    # Readable from below or from the right.
    turn = math.degrees(math.atan2(along[1], along[0]))
    turn = turn - 180 if turn > 90.001 else turn + 180 if turn <= -89.999 else turn
    if layout.mtext:
        space.add_mtext(note_text(line), dxfattribs={"layer": layout.notes, "char_height": TEXT_HEIGHT, "insert": at, "rotation": turn})
        return
    space.add_text(note_text(line), height=TEXT_HEIGHT, rotation=turn, dxfattribs={"layer": layout.notes, "insert": at})


def _ring(space: Any, ring: Sequence[FlatEdge], layer: str) -> None:
    if len(ring) == 1 and ring[0].is_circle and ring[0].centre is not None:
        space.add_circle(ring[0].centre / MM, to_mm(ring[0].radius), dxfattribs={"layer": layer})
        return
    corners: list[tuple[float, float, float]] = []
    for edge in ring:
        points = edge.points[:1] if edge.centre is not None else edge.points[:-1]
        corners += [(to_mm(float(x)), to_mm(float(y)), edge.bulge) for x, y in points]
    space.add_lwpolyline(corners, format="xyb", close=True, dxfattribs={"layer": layer})


__all__ = ["CONVENTIONS", "Convention", "convention", "note_text", "write_dxf"]
