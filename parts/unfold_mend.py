"""A flat outline that runs over itself near a bend: what lies there twice is cut away as a relief, and said; more than that is refused."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import LinearRing, Polygon

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.units import to_mm
from parts.flat_edges import FlatEdge, flat_edge, ring_points

SLIVER = 1e-9
"""Smaller regions are rounding [m2]."""


def flat_region(
    rings: tuple[tuple[FlatEdge, ...], ...], widest: float, findings: list[Finding]
) -> tuple[Polygon, tuple[tuple[FlatEdge, ...], ...]]:
    """Outline and holes as one region, and its rings with arcs, mended where they ran over each other.

    Args:
        rings: The outline counter-clockwise first, then holes.
        widest: Of the bend zones [m]; regions no larger than two of its squares are mended.
        findings: Grows by what was mended.

    Raises:
        InputError: When the flat lies on itself by more, with the place.
    """
    lines = [ring_points(ring) for ring in rings]
    polygon = Polygon(lines[0], lines[1:])
    if polygon.is_valid:
        return polygon, rings
    faces = shapely.polygonize([shapely.union_all([shapely.LineString(line) for line in lines])]).geoms
    sheet, doubled = [], []
    for face in faces:
        if face.area <= SLIVER:
            continue
        point = np.array(face.representative_point().coords[0])
        times = _winding(lines[0], point) - sum(1 for line in lines[1:] if abs(_winding(line, point)) == 1)
        if times == 1:
            sheet.append(face)
        elif times > 1:
            doubled.append(face)
    for face in doubled:
        x, y = (to_mm(v) for v in face.centroid.coords[0])
        if face.area > 2 * widest**2:
            raise InputError(
                f"the flat lies on itself: {face.area * 1e6:.1f} mm2 at ({x:.1f}, {y:.1f}) mm of the flat would be cut twice from one sheet"
            )
        findings.append(
            Finding(
                "warning", "relief-cut", f"{face.area * 1e6:.2f} mm2 at ({x:.1f}, {y:.1f}) mm of the flat would belong to both sides of a bend; they are cut away",
                "draw a relief there", "part", {"at_mm": [round(x, 2), round(y, 2)], "area_mm2": round(face.area * 1e6, 3)},
            )
        )  # fmt: skip
    merged = shapely.union_all(sheet)
    # Pieces that hold together in a point only are parted for good.
    whole = merged.buffer(-1e-6, join_style="mitre").buffer(1e-6, join_style="mitre") if doubled else merged
    parts = sorted((part for part in getattr(whole, "geoms", (whole,)) if part.area > SLIVER), key=lambda part: -part.area)
    if len(parts) != 1 and sum(part.area for part in parts[1:]) > 1e-3 * parts[0].area:
        raise InputError("the flat falls into pieces that hold together in single points")
    return parts[0], _drawn_again(parts[0], rings)


def _winding(line: Array, point: Array) -> int:
    rays = line - point
    cross = rays[:-1, 0] * rays[1:, 1] - rays[:-1, 1] * rays[1:, 0]
    return round(float(np.arctan2(cross, (rays[:-1] * rays[1:]).sum(axis=1)).sum()) / (2 * np.pi))


def _drawn_again(polygon: Polygon, rings: tuple[tuple[FlatEdge, ...], ...]) -> tuple[tuple[FlatEdge, ...], ...]:
    """Rings of a mended region; runs of corners that came from one arc are that arc again."""
    arcs = [edge for ring in rings for edge in ring if edge.centre is not None]
    whole = {ring: edges for edges in rings for ring in [LinearRing(ring_points(edges)).wkb]}
    out = []
    for ring in (polygon.exterior, *polygon.interiors):
        if ring.wkb in whole:
            out.append(whole[ring.wkb])
            continue
        points = np.asarray(ring.coords)
        if LinearRing(points).is_ccw != (ring is polygon.exterior):
            points = points[::-1]
        owner = [
            next((i for i, arc in enumerate(arcs) if _on(arc, a) and _on(arc, b)), -1) for a, b in zip(points[:-1], points[1:], strict=True)
        ]
        edges, start = [], 0
        for i in range(1, len(owner) + 1):
            if i == len(owner) or owner[i] < 0 or owner[i] != owner[start]:
                edges.append(flat_edge(points[start : i + 1], None if owner[start] < 0 else arcs[owner[start]].centre))
                start = i
        out.append(tuple(edges))
    return tuple(out)


def _on(arc: FlatEdge, point: Array) -> bool:
    return bool(np.min(np.linalg.norm(arc.points - point, axis=1)) < 2e-6)


__all__ = ["flat_region"]
