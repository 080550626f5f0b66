"""Edges of a flat pattern with their true shape: lines, arcs, curves as points; rings of them, cleaned, as polygons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from shapely import Polygon

from core.frames import Array

STRAIGHT = 2e-7
"""Points closer than this to their chord make a line [m]."""
SAME_POINT = 1e-7
"""Ends closer than this are one point [m]."""


@dataclass(frozen=True, eq=False, slots=True)
class FlatEdge:
    """One edge of the outline.

    Attributes:
        points: From start to end (k, 2) [m]; two for a line.
        centre: Of an arc (2,) [m]; None for lines and curves.
        sweep: Of an arc, positive counter-clockwise [rad].
    """

    points: Array
    centre: Array | None = None
    sweep: float = 0.0

    @property
    def is_line(self) -> bool:
        """Straight from end to end."""
        return len(self.points) == 2

    @property
    def radius(self) -> float:
        """Of an arc [m]."""
        return 0.0 if self.centre is None else float(np.linalg.norm(self.points[0] - self.centre))

    @property
    def bulge(self) -> float:
        """As LWPOLYLINE takes it: the tangent of a quarter of the sweep, 0 for lines."""
        return 0.0 if self.centre is None else math.tan(self.sweep / 4)

    @property
    def is_circle(self) -> bool:
        """A whole circle."""
        return self.centre is not None and abs(self.sweep) > math.pi and bool(np.linalg.norm(self.points[-1] - self.points[0]) < SAME_POINT)

    def reversed(self) -> FlatEdge:
        """The same edge run the other way."""
        return FlatEdge(self.points[::-1], self.centre, -self.sweep)


def flat_edge(points: Array, centre: Array | None = None) -> FlatEdge:
    """An edge from its points (k, 2) [m], and the centre if it is an arc."""
    if centre is not None:
        rays = points - centre
        steps = np.arctan2(rays[:-1, 0] * rays[1:, 1] - rays[:-1, 1] * rays[1:, 0], (rays[:-1] * rays[1:]).sum(axis=1))
        return FlatEdge(points, centre, float(steps.sum()))
    chord = points[-1] - points[0]
    length = float(np.linalg.norm(chord))
    if len(points) > 2 and length > 0:
        off = np.abs((points[:, 0] - points[0, 0]) * chord[1] - (points[:, 1] - points[0, 1]) * chord[0]) / length
        if off.max() < STRAIGHT:
            points = points[[0, -1]]
    return FlatEdge(points)


def closed(edges: Sequence[FlatEdge]) -> tuple[FlatEdge, ...]:
    """A ring whose edges meet exactly: ends that differ meet in the middle, lines and arcs that go on into each other are one, dots are left out."""
    joined = list(edges)
    for i, edge in enumerate(joined):
        following = (i + 1) % len(joined)
        point = (edge.points[-1] + joined[following].points[0]) / 2
        if len(joined) > 1 or edge.centre is None:
            joined[i] = _moved(joined[i], -1, point)
            joined[following] = _moved(joined[following], 0, point)
    kept = [
        edge for edge in joined if edge.is_circle or np.linalg.norm(edge.points[-1] - edge.points[0]) > SAME_POINT or len(edge.points) > 3
    ]
    out: list[FlatEdge] = []
    for edge in kept:
        one = _one(out[-1], edge) if out else None
        if one is None:
            out.append(edge)
        else:
            out[-1] = one
    while len(out) > 1 and (one := _one(out[-1], out[0])) is not None:
        out = [one, *out[1:-1]]
    return tuple(out)


def _moved(edge: FlatEdge, end: int, point: Array) -> FlatEdge:
    moved = float(np.linalg.norm(edge.points[end] - point))
    if moved == 0.0:
        return edge
    points = edge.points.copy()
    points[end] = point
    return flat_edge(points, edge.centre) if moved <= 1e-6 and edge.centre is not None else FlatEdge(points)


def _one(a: FlatEdge, b: FlatEdge) -> FlatEdge | None:
    """Both edges as one, where the second goes on as the first."""
    if a.is_line and b.is_line:
        first, second = a.points[1] - a.points[0], b.points[1] - b.points[0]
        one, two = np.linalg.norm(first), np.linalg.norm(second)
        whole = b.points[1] - a.points[0]
        off = abs(first[0] * whole[1] - first[1] * whole[0]) / max(float(np.linalg.norm(whole)), 1e-12)
        if first @ second > 0.999 * one * two and off < STRAIGHT:
            return FlatEdge(np.stack((a.points[0], b.points[1])))
        return None
    if a.centre is None or b.centre is None or a.sweep * b.sweep <= 0 or abs(a.radius - b.radius) > 1e-7:
        return None
    if np.linalg.norm(a.centre - b.centre) > 1e-7 or abs(a.sweep + b.sweep) > 2 * math.pi + 1e-6:
        return None
    return FlatEdge(np.concatenate((a.points, b.points[1:])), a.centre, a.sweep + b.sweep)


def ring_points(ring: Iterable[FlatEdge]) -> Array:
    """Corners of a ring as a closed polyline (k, 2) [m]."""
    pieces = [edge.points[:-1] for edge in ring]
    points = np.concatenate(pieces)
    return np.concatenate((points, points[:1]))


def signed_area(ring: Iterable[FlatEdge]) -> float:
    """Positive for rings that run counter-clockwise [m2]; arcs are taken as they are, not as chords."""
    edges = list(ring)
    area = 0.0
    base = edges[0].points[0]
    for edge in edges:
        points = edge.points if edge.centre is None else edge.points[[0, -1]]
        p = points - base
        area += float((p[:-1, 0] * p[1:, 1] - p[:-1, 1] * p[1:, 0]).sum()) / 2
        if edge.centre is not None:
            area += edge.radius**2 * (edge.sweep - math.sin(edge.sweep)) / 2
    return area


def ring_polygon(ring: Iterable[FlatEdge]) -> Polygon:
    """A ring as a polygon, holes not known."""
    return Polygon(ring_points(ring))


__all__ = ["FlatEdge", "closed", "flat_edge", "ring_points", "ring_polygon", "signed_area"]
