"""Polygons to convex pieces: exact triangulation, merged greedily while pieces stay convex (Hertel and Mehlhorn)."""

from __future__ import annotations

import mapbox_earcut
import numpy as np
from shapely import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from core.frames import Array

HOLE_SHARE = 0.15
"""Holes smaller than this share of their flange are filled for collision: nothing of the cell fits through them on purpose."""
OUTLINE_TOLERANCE = 0.4e-3
"""A collision outline may stand about this far outside the true one [m] (a tenth more at sharp corners)."""


def convex_pieces(polygon: Polygon) -> tuple[Array, ...]:
    """Convex polygons (k, 2), counter-clockwise, that cover `polygon` (holes included) exactly and do not overlap."""
    rings = [np.asarray(ring.coords)[:-1] for ring in (orient(polygon).exterior, *orient(polygon).interiors)]
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    triangles = mapbox_earcut.triangulate_float64(points, ends).reshape(-1, 3)
    pieces: dict[int, list[int]] = {}
    edges: dict[tuple[int, int], int] = {}
    for number, triangle in enumerate(triangles):
        a, b, c = (int(v) for v in triangle)
        if _turn(points[a], points[b], points[c]) < 0:
            a, b, c = a, c, b
        if abs(_turn(points[a], points[b], points[c])) < 1e-14:
            continue
        pieces[number] = [a, b, c]
        for edge in ((a, b), (b, c), (c, a)):
            edges[edge] = number
    # Longest shared edges first: merging over them gives the fattest pieces.
    inner = sorted(
        (edge for edge in edges if edge[0] < edge[1] and (edge[1], edge[0]) in edges),
        key=lambda e: (-float(np.linalg.norm(points[e[0]] - points[e[1]])), e),
    )
    for u, v in inner:
        one, other = edges.get((u, v)), edges.get((v, u))
        if one is None or other is None or one == other:
            continue
        merged = _merge(pieces[one], pieces[other], u, v)
        if merged is None or not _is_convex(points[merged]):
            continue
        pieces[one] = merged
        for edge in zip(pieces[other], pieces[other][1:] + pieces[other][:1], strict=True):
            edges[edge] = one
        del edges[(u, v)], edges[(v, u)], pieces[other]
    return tuple(points[piece] for piece in pieces.values())


def _merge(a: list[int], b: list[int], u: int, v: int) -> list[int] | None:
    """Joins two loops over their shared edge u -> v (in a) and v -> u (in b)."""
    i, j = a.index(u), b.index(v)
    if a[(i + 1) % len(a)] != v or b[(j + 1) % len(b)] != u:
        return None
    loop = [a[(i + 1 + k) % len(a)] for k in range(len(a))]
    return loop + [b[(j + 2 + k) % len(b)] for k in range(len(b) - 2)]


def _turn(a: Array, b: Array, c: Array) -> float:
    return float((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]))


def _is_convex(loop: Array) -> bool:
    """Counter-clockwise without a turn to the right beyond rounding."""
    after, later = np.roll(loop, -1, axis=0), np.roll(loop, -2, axis=0)
    first, second = after - loop, later - after
    turns = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    scale = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return bool(np.all(turns >= -1e-10 * np.maximum(scale, 1e-12)))


def fill_hollows(loop: Array, tolerance: float) -> Array:
    """The same outline (k, 2), counter-clockwise, with fewer corners in hollow arcs: it contains the given one and grows by at most `tolerance`.

    Only corners that turn to the right are left out, so that material is added and never taken away; outward corners stay as they are.
    """
    before, after = np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0)
    outward = [_turn(a, b, c) > 1e-14 for a, b, c in zip(before, loop, after, strict=True)]
    first = outward.index(True)
    points, fixed = np.roll(loop, -first, axis=0), outward[first:] + outward[:first]
    points = np.vstack((points, points[0]))
    kept, at = [0], 0
    while at < len(loop):
        reach = at + 1
        while reach < len(loop) and not fixed[reach] and _bulge(points[at : reach + 2]) <= tolerance:
            reach += 1
        kept.append(reach)
        at = reach
    filled = points[kept[:-1]]
    return filled if Polygon(filled).is_valid else loop


def _bulge(chain: Array) -> float:
    """Largest distance of a chain's inner corners from its chord."""
    chord = chain[-1] - chain[0]
    length = float(np.linalg.norm(chord))
    away = chain[1:-1] - chain[0]
    return float(np.max(np.abs(away[:, 0] * chord[1] - away[:, 1] * chord[0]))) / length if length > 0 else float("inf")


def collision_outline(polygon: Polygon, tolerance: float = OUTLINE_TOLERANCE) -> Polygon:
    """A polygon with few corners that contains `polygon` and stands out of it by about `tolerance`; holes below `HOLE_SHARE` are filled."""
    filled = Polygon(
        polygon.exterior, [ring for ring in polygon.interiors if Polygon(ring).area > HOLE_SHARE * Polygon(polygon.exterior).area]
    )
    grown = filled.buffer(tolerance / 2, join_style="mitre", mitre_limit=2.0).simplify(tolerance * 0.45)
    if isinstance(grown, MultiPolygon) or not grown.is_valid or not grown.buffer(1e-9).contains(filled):
        return filled
    return grown
