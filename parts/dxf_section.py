"""Sections of tools from DXF files: one closed outline in its own coordinates, nothing guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from shapely import LineString, Polygon, polygonize, unary_union

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from parts.dxf import UNITS, metres_per_unit
from parts.dxf_entities import draw
from parts.dxf_file import DxfLimits, open_dxf
from parts.outline import loose_ends, mm

SNAP = 1e-5
"""Ends closer than this are one point [m]."""
CHORD = 5e-6
"""Largest distance of an arc from its chords [m]."""


def read_section(file: str | Path) -> Polygon:
    """The closed outline of a section, in metres, where the drawing has its origin; arcs are flattened to about 5 micrometres.

    Texts, dimensions and points are left out; every line, arc, polyline or spline in model space belongs to the outline.

    Raises:
        InputError: With file and place: not a DXF file, open, more than one closed outline, holes, or a unit that cannot be true.
    """
    path = Path(file)
    bounds = DxfLimits(bytes=5_000_000, entities=5_000)
    document = open_dxf(path, bounds)
    chord = CHORD / UNITS["mm"]
    curves = draw(document, path, bounds, chord).curves
    if not curves:
        raise InputError("the section has no visible lines, arcs or curves in model space", file=path)
    notes: list[Finding] = []
    scale = metres_per_unit(document, list(curves), None, notes)
    lie = next((note for note in notes if note.code in ("units-lie", "size-doubtful")), None)
    if lie is not None:
        raise InputError(f"the section's unit cannot be true: {lie.message}", file=path)
    if CHORD / scale < 0.5 * chord:
        # Drawn in inches or metres: arcs once more, as fine as there.
        curves = draw(document, path, bounds, CHORD / scale).curves
    runs = _joined([curve.points * scale for curve in curves])
    loose = loose_ends(runs, 3 * SNAP)
    if len(loose):
        ends = ", ".join(mm(point) for point in loose[:4])
        raise InputError(f"the section's outline is not closed; loose ends: {ends}", file=path, place=mm(loose[0]))
    lines = [LineString(run) for run in runs]
    faces = [face for face in polygonize([unary_union(lines)]).geoms if face.area > 1e-10]
    if not faces:
        raise InputError("the section's outline is not closed: its curves enclose nothing", file=path)
    if len(faces) > 1 or faces[0].interiors:
        corners = ", ".join(mm(face.bounds[:2]) for face in faces[:4])
        raise InputError(
            f"the section must be one closed outline without holes; the drawing has {len(faces)} closed regions, with lower left corners at {corners}",
            file=path,
        )
    return faces[0]


def _joined(runs: list[Array]) -> list[Array]:
    """Polylines whose ends are the same point where they lie closer than `SNAP`; their inner points stay as drawn."""
    corners: list[Array] = []

    def corner(point: Array) -> Array:
        near = next((known for known in corners if float(np.linalg.norm(known - point)) < SNAP), None)
        if near is None:
            corners.append(point)
            return point
        return near

    joined = []
    for run in runs:
        points = run.copy()
        points[0], points[-1] = corner(run[0]), corner(run[-1])
        if float(np.sum(np.linalg.norm(np.diff(points, axis=0), axis=1))) > SNAP:
            joined.append(points)
    return joined
