"""What texts say about bend lines: every note belongs to one line, and to those it is collinear with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment
from shapely import LineString, Polygon

from core.findings import Finding
from core.frames import Array
from parts.dxf_conventions import Note
from parts.flat import BendLine
from parts.outline import mm

NOTE_REACH = 0.05
"""A note further than this, or than a quarter of the sheet, from every bend line belongs to none [m]."""
ON_LINE = 1e-4
"""Lines closer than this to one line are collinear [m]."""


def collinear(a: tuple[Array, Array], b: tuple[Array, Array]) -> bool:
    """Whether two lines lie on one line."""
    along = (a[1] - a[0]) / np.linalg.norm(a[1] - a[0])
    normal = np.array([-along[1], along[0]])
    other = (b[1] - b[0]) / np.linalg.norm(b[1] - b[0])
    return bool(abs(normal @ other) < 1e-2 and max(abs(normal @ (b[0] - a[0])), abs(normal @ (b[1] - a[0]))) < ON_LINE)


def told(line: BendLine, note: Note, scale: float) -> BendLine:
    """The line with what a note says; radius from file units by `scale` [m per unit]."""
    return replace(
        line,
        angle=line.angle if note.angle_deg is None else math.radians(note.angle_deg),
        direction=note.direction or line.direction,
        radius=line.radius if note.radius is None else note.radius * scale,
    )


def with_notes(lines: list[BendLine], notes: tuple[Note, ...], scale: float, sheet: Polygon, findings: list[Finding]) -> list[BendLine]:
    """Angle, direction and radius from texts beside the lines.

    Every note belongs to one line; where two notes stand near one line, those that fit a neighbour almost as well go there. A line without a note of
    its own takes that of a line it is collinear with (one note for two lines split by a notch), never that of another line.
    """
    if not notes or not lines:
        return lines
    shapes = np.array([LineString([line.start, line.end]) for line in lines], dtype=object)
    points = shapely.points(np.array([[note.x, note.y] for note in notes]) * scale)
    cost = shapely.distance(points[:, None], shapes[None, :])
    heights = np.array([note.height for note in notes]) * scale
    x0, y0, x1, y1 = sheet.bounds
    reach = max(NOTE_REACH, 0.25 * math.hypot(x1 - x0, y1 - y0))
    near = cost.min(axis=1)
    fits = (cost <= np.maximum(1.5 * near, near + 2 * heights)[:, None]) & (near <= reach)[:, None]
    rows, columns = linear_sum_assignment(np.where(fits, cost, 1e6))
    chosen = {int(line): int(note) for note, line in zip(rows, columns, strict=True) if fits[note, line]}
    placed = set(chosen.values())
    unused: list[str] = []
    for i, note in enumerate(notes):
        if i in placed:
            continue
        beside = int(np.argmin(cost[i]))
        where = mm((note.x * scale, note.y * scale))
        if near[i] > reach:
            unused.append(f"'{note.text}' at {where}")
        elif beside in chosen and _content(notes[chosen[beside]]) != _content(note):
            findings.append(
                Finding(
                    "error", "notes-disagree", f"the bend line {mm(lines[beside].start)} to {mm(lines[beside].end)} has two notes: '{notes[chosen[beside]].text}' and '{note.text}' at {where}",
                    "delete one, or move each to its own line", "part", {"place": lines[beside].place},
                )
            )  # fmt: skip
    if unused:
        more = f" and {len(unused) - 4} more" if len(unused) > 4 else ""
        findings.append(Finding("warning", "note-unused", f"notes that stand near no bend line: {', '.join(unused[:4])}{more}", "", "part"))
    out = []
    for i, line in enumerate(lines):
        giver = i if i in chosen else _collinear_giver(i, lines, chosen)
        if giver is None:
            out.append(line)
            continue
        note = notes[chosen[giver]]
        if line.direction is not None and note.direction is not None and line.direction != note.direction:
            findings.append(
                Finding(
                    "error", "direction-disagrees", f"the bend line {mm(line.start)} to {mm(line.end)} is {line.direction} by its layer ({line.place}) and {note.direction} by its note '{note.text}'",
                    "correct one of them", "part",
                )
            )  # fmt: skip
        out.append(told(line, note, scale))
    return out


def _content(note: Note) -> tuple[object, ...]:
    return note.direction, note.angle_deg, note.radius


def _collinear_giver(i: int, lines: list[BendLine], chosen: dict[int, int]) -> int | None:
    """The nearest line on the same straight line that has a note."""
    own = lines[i]
    others = [k for k in chosen if collinear((own.start, own.end), (lines[k].start, lines[k].end))]
    return min(others, key=lambda k: float(np.linalg.norm(lines[k].start + lines[k].end - own.start - own.end)), default=None)
