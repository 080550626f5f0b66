"""Seams that a user gives as polylines or arcs: which two faces meet there, how thick the pieces are, and from where the torch comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.findings import Finding
from core.frames import Array
from core.units import MM, to_mm
from parts.brep import mm3
from parts.seam import Seam, SeamKind
from parts.seam_chains import curve_of, polyline_length, thinned
from parts.triangle_kernels import closest, first_hits, inside, near_triangles

SHORTEST = 1 * MM
SIDE = 1 * MM
"""A face goes on beside a seam by at least this."""
ALIKE = np.cos(np.radians(15.0))
FINE, MOST_LOOKS = 5 * MM, 60
"""The faces are looked for every so often along a seam, and so many times at most."""


@dataclass(frozen=True, eq=False, slots=True)
class OwnSeam:
    """What the user says.

    Attributes:
        name: Of the seam.
        points: Of the root in welding direction (k, 3) [m].
        closed: The last point is the first.
        kind: None: told by the faces.
    """

    name: str
    points: Array
    closed: bool = False
    kind: SeamKind | None = None


@dataclass(frozen=True, eq=False, slots=True)
class _Face:
    piece: int
    normal: Array
    side: Array
    thickness: float
    gap: float


def arc_points(start: Array, via: Array, end: Array, full: bool) -> Array | None:
    """Points on the circle through three points (k, 3), from the first over the second to the third or all round; None where they are in line."""
    b, c = via - start, end - start
    normal = np.cross(b, c)
    if np.linalg.norm(normal) < 1e-6 * max(float(np.linalg.norm(b) * np.linalg.norm(c)), 1e-12):
        return None
    axis = normal / np.linalg.norm(normal)
    centre = start + (np.cross(normal, b) * (c @ c) + np.cross(c, normal) * (b @ b)) / (2 * float(normal @ normal))
    arm = start - centre
    radius = float(np.linalg.norm(arm))
    x, y = arm / radius, np.cross(axis, arm / radius)
    sweep = 2 * np.pi if full else float(np.arctan2((end - centre) @ y, (end - centre) @ x)) % (2 * np.pi)
    count = int(np.clip(np.ceil(max(sweep / np.radians(2.5), sweep * radius / MM)), 4, 20_000))
    angles = np.linspace(0.0, sweep, count + 1)[:, None]
    return centre + radius * (np.cos(angles) * x + np.sin(angles) * y)


def own_seam(given: OwnSeam, names: list[str], triangles: list[Array], max_gap: float) -> Seam | Finding:
    """The seam with its faces, or the finding of error level that says why it is none.

    Args:
        given: What the user says.
        names: Of the pieces.
        triangles: Of each piece (n, 3, 3) [m].
        max_gap: The seam may lie this far from the pieces [m].
    """
    points = given.points[np.r_[True, np.linalg.norm(np.diff(given.points, axis=0), axis=1) > 1e-7]]
    length = polyline_length(points) if len(points) > 1 else 0.0
    if length < SHORTEST:
        return _error(
            given, "seam-without-length", f"is {to_mm(length):.2f} mm long at {mm3(given.points[0])}", "Give two points that are apart."
        )
    points = _refined(points)
    low, high = points.min(axis=0) - 3 * max_gap - 20 * SIDE, points.max(axis=0) + 3 * max_gap + 20 * SIDE
    near = [t[np.all((t.max(axis=1) >= low) & (t.min(axis=1) <= high), axis=1)] for t in triangles]
    looks = np.unique(np.linspace(0, len(points) - 2, min(len(points) - 1, MOST_LOOKS)).astype(int))
    pairs: list[tuple[_Face, _Face]] = []
    for k in looks:
        middle, way = (points[k] + points[k + 1]) / 2, points[k + 1] - points[k]
        found = _faces(middle, way / np.linalg.norm(way), near, triangles, max_gap)
        if isinstance(found, str):
            return _error(
                given,
                found,
                _WHY[found].format(_distance(middle, triangles)) + f" at {mm3(middle)}",
                "Give points on the edge where two pieces meet.",
            )
        pairs.append(found)
    a, b = (_along(points, looks, np.array([pair[i].normal for pair in pairs])) for i in (0, 1))
    one, other = pairs[len(pairs) // 2]
    kind = given.kind or ("butt" if one.normal @ other.normal > 0.8 else "fillet")
    if kind == "butt":
        a = b = (a + b) / np.linalg.norm(a + b, axis=1, keepdims=True)
    curve: Literal["line", "arc", "free"] = curve_of(points)
    kept = thinned(points, a, b, curve)
    thickness = [min(pair[i].thickness for pair in pairs) for i in (0, 1)]
    gap = max(max(pair[0].gap, pair[1].gap) for pair in pairs)
    return Seam(
        given.name, kind, points[kept], a[kept], b[kept], curve, given.closed, (names[one.piece], names[other.piece]), thickness[0], thickness[1],
        gap if gap > 0.05 * MM else 0.0,
    )  # fmt: skip


_WHY = {
    "seam-away": "lies {:.1f} mm from the nearest piece",
    "seam-inside": "lies inside the part, where no torch comes: no two free faces meet",
    "seam-without-faces": "lies on one face only: no second face meets it",
}


_NONE: list[Array] = []


def _error(given: OwnSeam, code: str, why: str, remedy: str) -> Finding:
    return Finding("error", code, f"The seam '{given.name}' {why}.", remedy, f"seam {given.name}")


def _distance(point: Array, triangles: list[Array]) -> float:
    return to_mm(min(float(np.linalg.norm(closest(point[None], t)[1][0] - point)) for t in triangles))


def _refined(points: Array) -> Array:
    """More points on the same polyline, none further apart than `FINE`."""
    out = [points[:1]]
    for a, b in zip(points[:-1], points[1:], strict=True):
        count = min(int(np.ceil(np.linalg.norm(b - a) / FINE)), 2000)
        out.append(a + (np.arange(1, count + 1) / count)[:, None] * (b - a))
    return np.concatenate(out)


def _along(points: Array, looks: Array, normals: Array) -> Array:
    """Normals at all points from those in the middle of some stretches."""
    at = looks + 0.5
    mixed = np.stack([np.interp(np.arange(len(points)), at, column) for column in normals.T], axis=1)
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)


def _faces(point: Array, way: Array, near: list[Array], triangles: list[Array], max_gap: float) -> tuple[_Face, _Face] | str:
    """The two free faces that meet at a point of a seam; a code of `_WHY` where there are none."""
    faces: list[_Face] = []
    touched, looks = False, [_NONE] * len(near)
    for piece, own in enumerate(near):
        if len(own) == 0:
            continue
        rows = near_triangles(point, np.ascontiguousarray(own), max_gap)
        touched |= bool(np.any(rows))
        looks[piece] = _directions(own[rows])
        for normal in looks[piece]:
            faces += _free(point, way, piece, normal, own, near, triangles, max_gap)
    if not touched:
        return "seam-away"
    best: tuple[tuple[bool, float], tuple[_Face, _Face]] | None = None
    for i, one in enumerate(faces):
        for other in faces[i + 1 :]:
            out = one.normal + other.normal
            # Both faces bound the same air: each goes away from the seam on the side to which the other looks, or straight on.
            if one.piece == other.piece and one.normal @ other.normal > ALIKE:
                continue
            if np.linalg.norm(out) < 0.3 or one.side @ other.side > ALIKE or min(one.normal @ other.side, other.normal @ one.side) < -0.3:
                continue
            probe = (point + (max_gap + SIDE) * out / np.linalg.norm(out))[None]
            if any(inside(probe, t)[0] for t in triangles):
                continue
            score = one.piece == other.piece, -float(np.linalg.norm(out))
            if best is None or score < best[0]:
                best = score, (one, other)
    if best is not None:
        one, other = best[1]
        # First the piece that stands or lies on the other one, as recognition has it.
        lies = [any(way @ face.normal < -0.9 for way in looks[piece]) for face, piece in ((other, one.piece), (one, other.piece))]
        return (other, one) if lies[1] and not lies[0] else (one, other)
    return "seam-inside" if not faces else "seam-without-faces"


def _directions(triangles: Array) -> list[Array]:
    """Normals of triangles, those alike once."""
    out: list[Array] = []
    for a, b, c in triangles:
        normal = np.cross(b - a, c - a)
        size = float(np.linalg.norm(normal))
        if size > 1e-14 and not any(normal @ other > ALIKE * size for other in out):
            out.append(normal / size)
    return out


def _free(
    point: Array, way: Array, piece: int, normal: Array, own: Array, near: list[Array], triangles: list[Array], max_gap: float
) -> list[_Face]:
    """A face of a piece on either side of a seam where it goes on there and no other piece covers it."""
    facets = np.cross(own[:, 1] - own[:, 0], own[:, 2] - own[:, 0])
    alike = np.ascontiguousarray(own[facets @ normal > ALIKE * np.maximum(np.linalg.norm(facets, axis=1), 1e-15)])
    nearest, feet = closest(point[None], alike)
    a, b, c = alike[nearest[0]]
    # Of a curved face's facets the one at the seam.
    normal = np.cross(b - a, c - a) / np.linalg.norm(np.cross(b - a, c - a))
    gap = float(np.linalg.norm(feet[0] - point))
    out = []
    for side in (np.cross(normal, way), -np.cross(normal, way)):
        length = float(np.linalg.norm(side))
        if length < 0.5:
            continue
        step = feet[0] + (max_gap + SIDE) * side / length
        _, foot = closest(step[None], alike)
        if np.linalg.norm(foot[0] - step) > 0.2 * SIDE:
            continue
        above = (foot[0] + (max_gap + 0.5 * SIDE) * normal)[None]
        if any(inside(above, other)[0] for k, other in enumerate(triangles) if k != piece or len(near) == 1):
            continue
        below = foot[0] - 0.1 * SIDE * normal
        depth = float(first_hits(below[None], -normal[None], np.ascontiguousarray(triangles[piece]))[0][0])
        out.append(_Face(piece, normal, side / length, depth + 0.1 * SIDE if np.isfinite(depth) else 0.0, gap))
    return out
