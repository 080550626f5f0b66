"""From cut curves to the sheet's region: ends that nearly meet are joined, rings are found, and what does not close is said with its place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely import LineString, Polygon, STRtree

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.units import to_mm

CLOSE = 5e-5
"""Curve ends closer than this are one point [m]; wider gaps are reported."""
EXACT = 1e-6
"""Gaps below this are rounding and not worth a word [m]."""
MAX_PAIRS = 2_000_000
MAX_MEETINGS = 400_000
SAMPLE = 200


def mm(point: Iterable[float]) -> str:
    """A point [m] as text in mm."""
    x, y = (to_mm(float(v)) for v in point)
    return f"({x:.2f}, {y:.2f}) mm"


def sheet_region(path: Path, lines: list[Array], places: list[str], findings: list[Finding]) -> Polygon:
    """The sheet with its holes; empty, with a finding of error level, where the drawing does not close.

    Args:
        path: Of the file, for messages.
        lines: Cut curves, each (k, 2) [m].
        places: Where each stands in the file.
        findings: Grows by what was mended, doubted or wrong.

    Raises:
        InputError: When the drawing holds several parts or too many ends on one spot.
    """
    joined = _joined(path, lines, findings)
    # A curve shorter than the tolerance has shrunk to a point.
    kept = [i for i, line in enumerate(joined) if np.any(line != line[0])]
    lines, places = [joined[i] for i in kept], [places[i] for i in kept]
    shapes = [LineString(line) for line in lines]
    _check_crossings(path, shapes)
    faces = [face for face in shapely.polygonize([shapely.union_all(np.array(shapes, dtype=object))]).geoms if face.area > 1e-10]
    loose = loose_ends(lines)
    if not faces:
        findings.append(_open_outline(loose))
        return Polygon()
    outer = _outer_ring(path, faces)
    border = outer.exterior
    at_border = [face for face in faces if face.intersection(border).length > 1e-5]
    if len(at_border) > 1:
        findings.append(_divided(at_border, outer, shapes, places))
        return outer
    if len(loose):
        _report_loose(loose, outer, findings)
    sheet = at_border[0]
    holes = [Polygon(ring) for ring in sheet.interiors]
    tree = STRtree(holes) if holes else None
    inner = 0 if tree is None else len(np.unique(tree.query([face.representative_point() for face in faces], predicate="within")[0]))
    if inner > len(holes):
        findings.append(
            Finding(
                "warning", "nested-hole", f"{inner - len(holes)} closed curves lie inside holes; they are left out",
                "delete loose pieces inside cut-outs", "part",
            )
        )  # fmt: skip
    return sheet


def _check_crossings(path: Path, shapes: list[LineString]) -> None:
    """Refuses tangles before they are cut at their crossings, which would take hours; counted on a sample."""
    sample = shapes[:: max(len(shapes) // SAMPLE, 1)]
    met = len(STRtree(shapes).query(sample, predicate="intersects")[0]) - len(sample)
    total = met / max(len(sample), 1) * len(shapes)
    if total > MAX_MEETINGS:
        raise InputError(f"the cut curves meet or cross one another about {total:.0f} times; the limit is {MAX_MEETINGS}", file=path)


def _joined(path: Path, lines: list[Array], findings: list[Finding]) -> list[Array]:
    """Curves whose ends are moved together where they lie within `CLOSE` of one another."""
    open_ones = [i for i, line in enumerate(lines) if np.any(line[0] != line[-1])]
    if not open_ones:
        return lines
    ends = np.array([lines[i][k] for i in open_ones for k in (0, -1)])
    points, index = np.unique(np.round(ends, 9), axis=0, return_inverse=True)
    tree = cKDTree(points)
    if tree.count_neighbors(tree, CLOSE) > MAX_PAIRS:
        raise InputError("too many curve ends lie on one another", file=path, place=mm(points[0]))
    pairs = tree.query_pairs(CLOSE, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    count, label = connected_components(graph, directed=False)
    size = np.bincount(label, minlength=count)
    middle = np.c_[np.bincount(label, points[:, 0], count), np.bincount(label, points[:, 1], count)] / size[:, None]
    if len(pairs):
        gaps = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
        wide = int(np.sum(gaps > EXACT))
        if wide:
            worst = pairs[int(np.argmax(gaps))]
            findings.append(
                Finding(
                    "info", "gaps-closed", f"{wide} gaps between curve ends are closed, the widest of {to_mm(gaps.max()):.3f} mm at {mm(points[worst[0]])}",
                    "", "part",
                )
            )  # fmt: skip
    out = list(lines)
    for row, i in enumerate(open_ones):
        line = lines[i].copy()
        line[0], line[-1] = middle[label[index.ravel()[2 * row]]], middle[label[index.ravel()[2 * row + 1]]]
        out[i] = line
    return out


def loose_ends(lines: list[Array], reach: float = CLOSE) -> Array:
    """Ends (k, 2) that come no nearer to another curve than `reach` [m]."""
    open_ones = [i for i, line in enumerate(lines) if np.any(line[0] != line[-1])]
    if not open_ones:
        return np.empty((0, 2))
    ends = np.array([lines[i][k] for i in open_ones for k in (0, -1)])
    _, index, times = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    alone = np.flatnonzero(times[index.ravel()] == 1)
    shapes = [LineString(line) for line in lines]
    tree = STRtree(shapes)
    near = tree.query(shapely.points(ends[alone]), predicate="dwithin", distance=reach)
    own = np.repeat(open_ones, 2)[alone]
    touched = np.unique(near[0][near[1] != own[near[0]]])
    return np.delete(ends[alone], touched, axis=0)


def _open_outline(loose: Array) -> Finding:
    if not len(loose):
        return Finding("error", "open-outline", "no curve of the drawing encloses an area", "draw the outline as a closed ring", "part")
    shown = ", ".join(mm(point) for point in loose[:4])
    gap = ""
    if len(loose) > 1:
        distance, other = cKDTree(loose).query(loose, k=2)
        i = int(np.argmin(distance[:, 1]))
        gap = f"; the narrowest gap is {to_mm(distance[i, 1]):.3f} mm, from {mm(loose[i])} to {mm(loose[other[i, 1]])}"
    return Finding(
        "error", "open-outline", f"the outline is not closed; loose ends: {shown}{gap}", "close it", "part",
        {"loose_ends_mm": [[round(to_mm(v), 3) for v in point] for point in loose[:20]]},
    )  # fmt: skip


def _outer_ring(path: Path, faces: list[Polygon]) -> Polygon:
    shells = shapely.union_all([Polygon(face.exterior) for face in faces])
    parts = sorted((part for part in getattr(shells, "geoms", (shells,)) if isinstance(part, Polygon)), key=lambda part: -part.area)
    outer = Polygon(parts[0].exterior)
    strays = [part for part in parts[1:] if part.area > 0.02 * outer.area]
    if strays:
        boxes = "; ".join(f"{mm(part.bounds[:2])} to {mm(part.bounds[2:])}" for part in (parts[0], *strays)[:5])
        raise InputError(f"the drawing has {len(strays) + 1} separate parts; one file is one part. They lie at {boxes}", file=path)
    return outer


def _divided(faces: list[Polygon], outer: Polygon, shapes: list[LineString], places: list[str]) -> Finding:
    """Cut curves that divide the sheet: unmarked bend lines, or holes that cross the outline."""
    shared = shapely.union_all([face.boundary for face in faces]).difference(outer.exterior.buffer(1e-6))
    pieces = [piece for piece in getattr(shared, "geoms", (shared,)) if piece.length > 1e-5]
    names = []
    for piece in pieces[:4]:
        near = next((places[i] for i, shape in enumerate(shapes) if shape.distance(piece.interpolate(0.5, normalized=True)) < 1e-5), "")
        first, last = sorted((piece.coords[0], piece.coords[-1]))
        names.append(f"{mm(first)} to {mm(last)}" + (f" ({near})" if near else ""))
    return Finding(
        "error", "outline-divided", f"cut curves divide the sheet into {len(faces)} pieces: {'; '.join(names)}",
        "if they are bend lines, put them on a layer that says so; if not, delete them or trim them at the outline", "part",
    )  # fmt: skip


def _report_loose(loose: Array, outer: Polygon, findings: list[Finding]) -> None:
    inside = shapely.contains(outer.buffer(1e-4), shapely.points(loose))
    for where, points in (("inside", loose[inside]), ("outside", loose[~inside])):
        if len(points):
            findings.append(
                Finding(
                    "warning", "open-curve", f"{len(points)} loose curve ends {where} the outline, the first at {mm(points[0])}; those curves are left out",
                    "close them or delete them", "part",
                )
            )  # fmt: skip


__all__ = ["CLOSE", "loose_ends", "mm", "sheet_region"]
