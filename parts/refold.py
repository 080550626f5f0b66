"""The flat folded again by the part model that the planner bends, and laid over the solid it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from core.findings import Finding
from core.frames import Array, apply, inverse
from core.units import to_mm
from parts.brep import mm3
from parts.sheet import SheetPart
from parts.unfold import UnfoldedPart

GOOD = 5e-5
"""Deviations up to this are rounding and chords [m]."""
PIECE = 1e-3
"""Edges of the solid are cut into pieces of this length for the search of the nearest [m]."""


@dataclass(frozen=True, eq=False, slots=True)
class RefoldCheck:
    """Largest distances between the refolded part and the solid.

    Attributes:
        outside: Of a point of the solid's sheet from the refolded part [m].
        outside_at: That point in the file's coordinates (3,).
        edges: Of a point of the refolded part's edges from the solid's edges [m].
        edges_at: That point in the file's coordinates (3,).
        points: How many points were compared.
        left_out: Points at modelled-sharp corners, which the bend radius rounds on purpose.
        T_step_sheet: Pose of the part's sheet frame in the file (4, 4).
    """

    outside: float
    outside_at: Array
    edges: float
    edges_at: Array
    points: int
    left_out: int
    T_step_sheet: Array

    @property
    def deviation(self) -> float:
        """The larger of both [m]."""
        return max(self.outside, self.edges)

    def finding(self) -> Finding:
        """As it is reported."""
        at = self.outside_at if self.outside >= self.edges else self.edges_at
        good = self.deviation <= GOOD
        rest = f"; {self.left_out} points at sharp corners left out" if self.left_out else ""
        return Finding(
            "info" if good else "warning", "refold-check",
            f"folded again it lies within {to_mm(self.deviation):.4f} mm of the solid, the furthest at {mm3(at)} ({self.points} points{rest})",
            "" if good else "the end of a bend is not square to its line there, or a cut edge not square to the sheet; `--png` draws both", "part",
            {"deviation_mm": round(to_mm(self.deviation), 5), "at_mm": [round(to_mm(float(v)), 3) for v in at], "points": self.points},
        )  # fmt: skip


def refold_check(unfolded: UnfoldedPart, part: SheetPart) -> RefoldCheck:
    """Folds a part to its target angles and measures.

    Args:
        unfolded: The flat with its solid.
        part: Made of that flat by `parts.build.build_sheet`.
    """
    angles = part.target_angles
    T = unfolded.pose(part)
    solid, left_out = _solid_points(unfolded)
    sheet = apply(inverse(T), solid)
    Ts = part.fold(angles)
    # Each region with the points as it sees them; bends straightened.
    regions: list[tuple[shapely.Geometry, Array]] = [(flange.polygon, apply(inverse(Ts[flange.index]), sheet)) for flange in part.flanges]
    regions += [
        (zone, part.zone_flat(bend.index, float(angles[bend.index]), apply(inverse(Ts[bend.parent]), sheet)))
        for bend, zone in zip(part.bends, part.zones, strict=True)
    ]
    distance = _nearest(regions, part.thickness)
    worst = int(np.argmax(distance))
    edges, edges_at, count = _edge_distance(unfolded, part, T, Ts, angles)
    return RefoldCheck(float(distance[worst]), solid[worst], edges, edges_at, len(solid) + count, left_out, T)


def _solid_points(unfolded: UnfoldedPart) -> tuple[Array, int]:
    """Ends and middles of the edges of both sides of the sheet, but for sharp corners."""
    brep = unfolded.solid.brep
    points = []
    for side in (unfolded.front, unfolded.back):
        rows = [row for face, node in side.node.items() if node not in side.shrunk for row in brep.face_coedges[face]]
        for edge in sorted({int(brep.coedges[row, 2]) for row in rows}):
            own = brep.edge_points(edge)
            points.append(own[[0, len(own) // 2, -1]])
            if len(own) == 2:
                points.append(own.mean(axis=0, keepdims=True))
    out = np.unique(np.round(np.concatenate(points), 9), axis=0)
    keep = ~_at_corners(unfolded, out)
    return out[keep], int(np.sum(~keep))


def _at_corners(unfolded: UnfoldedPart, points: Array) -> Array:
    """Which points lie where a modelled-sharp bend gets a radius, or where flanges touch."""
    t = unfolded.thickness
    out = np.zeros(len(points), dtype=bool)
    corners = [
        (bend.map.bend, (bend.map.radius + t) * float(np.tan(bend.map.bend.angle / 2)) + t)
        for bend in unfolded.bends
        if bend.map.bend.sharp
    ]
    corners += [(seam, 2 * t) for seam in unfolded.front.maps.seams]
    for bend, reach in corners:
        rest = points - bend.start
        along = rest @ bend.along
        off = np.linalg.norm(rest - np.outer(along, bend.along), axis=1)
        out |= (off < reach) & (along > bend.span[0] - reach) & (along < bend.span[1] + reach)
    return out


def _nearest(regions: list[tuple[shapely.Geometry, Array]], thickness: float) -> Array:
    """Distance of points from the nearest of flat regions with thickness (n,); each region comes with the points as it sees them (n, 3)."""
    bounds = np.array([_least(region, local, thickness) for region, local in regions])
    distance = np.full(bounds.shape[1], np.inf)
    # Where a point probably is first: then the other regions are further than what is known, but for few points.
    likely = np.argmin(bounds, axis=0)
    for first in (True, False):
        for i, (region, local) in enumerate(regions):
            maybe = np.flatnonzero((likely == i) if first else (likely != i) & (bounds[i] < distance))
            if len(maybe):
                height = np.maximum(np.abs(local[maybe, 2]) - thickness / 2, 0.0)
                shapely.prepare(region)
                flat = shapely.distance(region, shapely.points(local[maybe, :2]))
                distance[maybe] = np.minimum(distance[maybe], np.hypot(flat, height))
    return distance


def _least(region: shapely.Geometry, local: Array, thickness: float) -> Array:
    """What points are at least away from a flat region with thickness: from its box (n,)."""
    x0, y0, x1, y1 = region.bounds
    box = np.maximum(np.maximum(np.array([x0, y0]) - local[:, :2], local[:, :2] - np.array([x1, y1])), 0.0).max(axis=1)
    least: Array = np.maximum(np.abs(local[:, 2]) - thickness / 2, box)
    return np.maximum(least, 0.0)


def _edge_distance(unfolded: UnfoldedPart, part: SheetPart, T: Array, Ts: Array, angles: Array) -> tuple[float, Array, int]:
    """The flat's own boundary, folded, against the edges of the solid: each point on the side where it is nearer (a countersink has its hole on one)."""
    brep = unfolded.solid.brep
    border = part.flat.outline.boundary
    shapely.prepare(border)
    sides: list[list[Array]] = [[], []]
    for side, z in zip(sides, (part.thickness / 2, -part.thickness / 2), strict=True):
        for flange in part.flanges:
            flat = np.concatenate([np.asarray(ring.coords)[:-1] for ring in (flange.polygon.exterior, *flange.polygon.interiors)])
            side.append(apply(T @ Ts[flange.index], _at_height(flat, border, z)))
        for bend, zone in zip(part.bends, part.zones, strict=True):
            for piece in getattr(zone, "geoms", (zone,)):
                points = _at_height(np.asarray(piece.exterior.coords)[:-1], border, z)
                side.append(apply(T @ Ts[bend.parent], part.zone_points(bend.index, float(angles[bend.index]), points)))
    front, back = (np.concatenate(side) for side in sides)
    keep = ~(_at_corners(unfolded, front) | _at_corners(unfolded, back))
    front, back = front[keep], back[keep]
    if not len(front):
        return 0.0, np.zeros(3), 0
    rows = [row for side in (unfolded.front, unfolded.back) for face in side.node for row in brep.face_coedges[face]]
    pieces = _pieces([brep.edge_points(edge) for edge in sorted({int(brep.coedges[row, 2]) for row in rows})])
    off = np.minimum(_off(front, pieces), _off(back, pieces))
    worst = int(np.argmax(off))
    return float(off[worst]), front[worst], len(front)


def _at_height(flat: Array, border: shapely.Geometry, z: float) -> Array:
    """Those of the corners (k, 2) that lie on the flat's boundary, at a height."""
    flat = flat[shapely.dwithin(border, shapely.points(flat), 1e-8)]
    return np.concatenate((flat, np.full((len(flat), 1), z)), axis=1)


def _off(points: Array, pieces: tuple[Array, Array]) -> Array:
    """Distance of points from the nearest of short straight pieces."""
    starts, ends = pieces
    _, near = cKDTree((starts + ends) / 2).query(points, k=min(12, len(starts)))
    near = near.reshape(len(points), -1)
    a, way = starts[near], ends[near] - starts[near]
    share = np.clip(np.einsum("nkj,nkj->nk", points[:, None] - a, way) / np.maximum(np.einsum("nkj,nkj->nk", way, way), 1e-30), 0.0, 1.0)
    off: Array = np.linalg.norm(points[:, None] - a - share[..., None] * way, axis=2).min(axis=1)
    return off


def _pieces(lines: list[Array]) -> tuple[Array, Array]:
    """Starts and ends of short pieces of polylines."""
    a = np.concatenate([line[:-1] for line in lines])
    b = np.concatenate([line[1:] for line in lines])
    counts = np.maximum(np.ceil(np.linalg.norm(b - a, axis=1) / PIECE).astype(int), 1)
    row = np.repeat(np.arange(len(a)), counts)
    step = np.concatenate([np.arange(count) for count in counts])
    first, second = step / counts[row], (step + 1) / counts[row]
    way = (b - a)[row]
    return a[row] + first[:, None] * way, a[row] + second[:, None] * way


__all__ = ["RefoldCheck", "refold_check"]
