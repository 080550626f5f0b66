"""From lines marked as bends to bend lines of the sheet: from edge to edge, with what notes say; nothing is guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely import LineString, Point, Polygon, STRtree

from core.findings import Finding
from core.frames import Array
from core.units import to_mm
from parts.bend_notes import ON_LINE, told
from parts.dxf_conventions import Note, Role
from parts.dxf_entities import Curve, is_straight
from parts.flat import BendLine
from parts.outline import mm

END_REACH = 1.5e-3
"""A bend line that stops this short of the outline is carried on to it [m]."""
ON_EDGE = 1e-5
"""A point this close to the boundary is on it [m]."""
SHORTEST = 1e-4
"""Shorter marks are dots [m]."""


@dataclass(frozen=True, eq=False, slots=True)
class Mark:
    """One straight stroke drawn as a bend: ends (2,) [m], role of its layer, place in the file, its own note."""

    start: Array
    end: Array
    role: Role
    place: str
    note: Note | None = None

    @property
    def along(self) -> Array:
        """Unit direction."""
        direction: Array = (self.end - self.start) / np.linalg.norm(self.end - self.start)
        return direction

    @property
    def shape(self) -> LineString:
        """For shapely."""
        return LineString([self.start, self.end])


def marks_of(curve: Curve, role: Role, scale: float, findings: list[Finding]) -> list[Mark]:
    """The straight strokes of a curve on a bend layer; a polyline of straight pieces holds one per side."""
    points = curve.points * scale
    if curve.straight or is_straight(points):
        pieces = [(points[0], points[-1])]
    elif curve.edged:
        pieces = list(zip(points[:-1], points[1:], strict=True))
    else:
        findings.append(
            Finding(
                "error", "curved-bend", f"the bend at {mm(points[0])} is not a straight line", "a press brake bends along straight lines only", "part",
                {"place": curve.place},
            )
        )  # fmt: skip
        return []
    return [Mark(a, b, role, curve.place, curve.note) for a, b in pieces if np.linalg.norm(b - a) > SHORTEST]


def join_collinear(marks: list[Mark], sheet: Polygon, findings: list[Finding]) -> list[Mark]:
    """Strokes on one line are one mark where they touch, overlap, or are parted by no more sheet than the shorter of them is long (dashes)."""
    groups: list[list[Mark]] = []
    origins, normals, roles = np.empty((len(marks), 2)), np.empty((len(marks), 2)), np.array([mark.role for mark in marks])
    firsts: list[int] = []
    for i, mark in enumerate(marks):
        o, n = origins[: len(groups)], normals[: len(groups)]
        off = np.maximum(np.abs(((mark.start - o) * n).sum(axis=1)), np.abs(((mark.end - o) * n).sum(axis=1)))
        fits = np.flatnonzero((off < ON_LINE) & (roles[firsts] == mark.role) & (np.abs(n @ mark.along) < 1e-2))
        if len(fits):
            groups[int(fits[0])].append(mark)
            continue
        x, y = mark.along
        origins[len(groups)], normals[len(groups)] = mark.start, (-y, x)
        groups.append([mark])
        firsts.append(i)
    out = []
    for group in groups:
        origin, along = group[0].start, group[0].along
        reach = [(float((m.start - origin) @ along), float((m.end - origin) @ along)) for m in group]
        spans = sorted((min(a, b), max(a, b), i) for i, (a, b) in enumerate(reach))
        runs: list[list[tuple[float, float, int]]] = [[spans[0]]]
        for span in spans[1:]:
            run = runs[-1]
            end = max(s[1] for s in run)
            gap = span[0] - end
            on_sheet = 0.0
            if gap > 0:
                on_sheet = LineString([origin + along * end, origin + along * span[0]]).intersection(sheet).length
            shorter = min(span[1] - span[0], run[-1][1] - run[-1][0])
            if gap <= 2 * END_REACH or on_sheet <= max(2 * END_REACH, 0.0 if gap > on_sheet + 1e-6 else shorter + 1e-6):
                if on_sheet > 2 * END_REACH:
                    findings.append(
                        Finding(
                            "info", "bend-joined", f"two collinear bend lines are taken as one over {to_mm(gap):.1f} mm of sheet after {mm(origin + along * end)}",
                            "", "part", {"place": group[span[2]].place},
                        )
                    )  # fmt: skip
                run.append(span)
            else:
                runs.append([span])
        for run in runs:
            first = group[run[0][2]]
            note = next((group[i].note for _, _, i in run if group[i].note is not None), None)
            a, b = min(s[0] for s in run), max(s[1] for s in run)
            out.append(Mark(origin + along * a, origin + along * b, first.role, first.place, note))
    return out


class Neighbourhood:
    """The sheet with only those holes that a line may meet; others do not change whether the line cuts it in two."""

    def __init__(self, sheet: Polygon) -> None:
        self.sheet = sheet
        self.rings = list(sheet.interiors)
        self.tree = STRtree(self.rings) if self.rings else None

    def of(self, mark: Mark) -> Polygon:
        """The sheet as a mark sees it."""
        if self.tree is None:
            return self.sheet
        rings = self.rings
        met = self.tree.query(mark.shape.buffer(2 * END_REACH), predicate="intersects")
        return Polygon(self.sheet.exterior, [rings[int(i)] for i in met])


def bend_lines(mark: Mark, sheet: Polygon, scale: float, findings: list[Finding]) -> list[BendLine]:
    """The stretches of a mark that lie on sheet, from boundary to boundary; holes do not interrupt them, notches do."""
    along = mark.along
    longer = LineString([mark.start - along * END_REACH, mark.end + along * END_REACH])
    filled = Polygon(sheet.exterior)
    inside = longer.intersection(sheet)
    drawn = mark.shape.buffer(1e-6)
    spans = [
        tuple(sorted(float((np.array(c) - mark.start) @ along) for c in (piece.coords[0], piece.coords[-1])))
        for piece in getattr(inside, "geoms", (inside,))
        if isinstance(piece, LineString) and piece.length > 1e-4 and piece.intersection(drawn).length > 0.5 * min(piece.length, END_REACH)
    ]
    spans.sort()
    merged: list[tuple[float, float]] = []
    for low, high in spans:
        middle = mark.start + along * ((merged[-1][1] + low) / 2 if merged else low)
        if merged and filled.contains(Point(middle)):
            merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    length = float(np.linalg.norm(mark.end - mark.start))

    def end(at: float) -> Array:
        # An end that found no edge within reach stays where it is drawn.
        point: Array = mark.start + along * at
        return point if sheet.boundary.distance(Point(point)) <= ON_EDGE else mark.start + along * min(max(at, 0.0), length)

    pieces = [(end(low), end(high)) for low, high in merged if high - low > 1e-3]
    if not pieces:
        findings.append(
            Finding(
                "error", "bend-off-sheet", f"the bend line {mm(mark.start)} to {mm(mark.end)} does not lie on the sheet", "move it or delete it", "part",
                {"place": mark.place},
            )
        )  # fmt: skip
    out = []
    for a, b in pieces:
        open_ends = [point for point in (a, b) if sheet.boundary.distance(Point(point)) > ON_EDGE]
        if open_ends:
            findings.append(
                Finding(
                    "error", "bend-stops-short", f"the bend line {mm(a)} to {mm(b)} ends inside the sheet at {mm(open_ends[0])}; it does not cut the sheet in two",
                    "draw it from edge to edge, or cut a slot at its end", "part", {"place": mark.place},
                )
            )  # fmt: skip
        elif not _cuts(sheet, a, b, along):
            findings.append(
                Finding(
                    "error", "bend-does-not-cut", f"the bend line {mm(a)} to {mm(b)} does not cut the sheet in two: there is a way round it",
                    "carry it on to the next edge, or cut a slot", "part", {"place": mark.place},
                )
            )  # fmt: skip
        out.append(_line(a, b, mark, scale))
    return out


def _cuts(sheet: Polygon, a: Array, b: Array, along: Array) -> bool:
    knife = LineString([a - along * 2 * ON_EDGE, b + along * 2 * ON_EDGE]).buffer(1e-6, cap_style="flat")
    rest = sheet.difference(knife)
    return len([piece for piece in getattr(rest, "geoms", (rest,)) if piece.area > 1e-9]) > 1


def _line(a: Array, b: Array, mark: Mark, scale: float) -> BendLine:
    line = BendLine(a, b, None, "up" if mark.role == "bend-up" else "down" if mark.role == "bend-down" else None, None, mark.place)
    return line if mark.note is None else told(line, mark.note, scale)


def without_doubles(lines: list[BendLine]) -> list[BendLine]:
    """Lines drawn twice count once."""
    kept: list[BendLine] = []
    for line in lines:
        shape = LineString([line.start, line.end])
        if not any(shape.hausdorff_distance(LineString([other.start, other.end])) < ON_LINE for other in kept):
            kept.append(line)
    return kept


def crossings(lines: list[BendLine]) -> list[Finding]:
    """Pairs of bend lines that cross, and where."""
    out = []
    for i, a in enumerate(lines):
        for k, b in enumerate(lines[:i]):
            point = LineString([a.start, a.end]).intersection(LineString([b.start, b.end]))
            if isinstance(point, Point) and not point.is_empty and any(_within(line, np.array(point.coords[0])) for line in (a, b)):
                out.append(
                    Finding(
                        "error", "bends-cross", f"bend lines {k + 1} and {i + 1} cross at {mm(point.coords[0])}", "cut a relief where they meet, or delete one", "part",
                        {"places": [b.place, a.place]},
                    )
                )  # fmt: skip
    return out


def _within(line: BendLine, point: Array) -> bool:
    """Whether a point of a line is further from its ends than lines may overshoot one another at a corner."""
    length = float(np.linalg.norm(line.end - line.start))
    return min(float(np.linalg.norm(point - end)) for end in (line.start, line.end)) > min(1e-3, 0.05 * length)
