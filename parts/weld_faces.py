"""Pieces as seam recognition sees them: faces that points are projected on, and the convex edges of which a seam's root may be one side."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.frames import Array
from parts.brep import CIRCLE, CYLINDER, LINE, PLANE, Brep
from parts.triangle_kernels import closest, first_hits

STEP, CURVE_STEP = 2e-3, 1e-3
"""Edges are looked at in steps of this length at most, straight and curved ones [m]."""
MOST_STEPS = 3000
ARC_STEP = np.radians(2.5)
"""Of circles, in turns of this size at most."""
SKIN = 3e-4
"""How far below a surface a ray starts that measures the thickness [m]."""
LATERAL = 5e-6
"""A point's foot on a face lies in the face if it is straight below it to this [m]; on facets of a curve the distance tilts with the facet."""


@dataclass(frozen=True, eq=False, slots=True)
class Footing:
    """Points projected on a face.

    Attributes:
        feet: (n, 3) [m].
        distance: (n,) [m].
        normals: Outward unit normals at the feet (n, 3).
        within: The foot is inside the face, not on its rim with the point beyond it (n,).
    """

    feet: Array
    distance: Array
    normals: Array
    within: Array


@dataclass(eq=False)
class SolidFaces:
    """One piece's boundary with its triangles sorted by face. Not slotted: what is asked for twice is kept.

    Attributes:
        name: Of the piece.
        brep: Its boundary with triangles [m].
    """

    name: str
    brep: Brep
    _rows: dict[int, Array] = field(default_factory=dict)
    _normals: dict[int, Array] = field(default_factory=dict)
    _perimeters: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.triangles: Array = np.ascontiguousarray(self.brep.mesh_points[self.brep.mesh_triangles])
        order = np.argsort(self.brep.mesh_faces, kind="stable")
        starts = np.searchsorted(self.brep.mesh_faces[order], np.arange(self.brep.n_faces + 1))
        self._rows = {face: order[starts[face] : starts[face + 1]] for face in range(self.brep.n_faces)}
        self.low, self.high = self.triangles.min(axis=(0, 1)), self.triangles.max(axis=(0, 1))

    def face_box(self, face: int) -> tuple[Array, Array]:
        """Lowest and highest corner of a face; of an empty one, nothing."""
        corners = self.triangles[self._rows[face]].reshape(-1, 3)
        return (corners.min(axis=0), corners.max(axis=0)) if len(corners) else (np.full(3, np.inf), np.full(3, -np.inf))

    def width(self, face: int) -> float:
        """Mean width of a face: twice its area over its perimeter; of a long strip its width, of a ring its wall [m]."""
        if face not in self._perimeters:
            rows = self.brep.face_coedges[face]
            pieces = [self.brep.edge_points(int(self.brep.coedges[row, 2])) for row in rows]
            self._perimeters[face] = sum(float(np.linalg.norm(np.diff(p, axis=0), axis=1).sum()) for p in pieces)
        return 2 * float(self.brep.face_area[face]) / max(self._perimeters[face], 1e-9)

    def depth(self, point: Array, normal: Array) -> float:
        """How far material goes from a point `SKIN` below the surface on, against the outward normal, with the skin [m]."""
        hit = float(first_hits(point[None], -normal[None], self.triangles)[0][0])
        return hit + SKIN if np.isfinite(hit) else 0.0

    def project(self, face: int, points: Array, reach: float) -> Footing | None:
        """Points (n, 3) on a face; None where no triangle of the face is within `reach` of their bounding box."""
        rows = self._rows[face]
        if len(rows) > 64:
            corners = self.triangles[rows]
            low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
            rows = rows[np.all((corners.max(axis=1) >= low) & (corners.min(axis=1) <= high), axis=1)]
        if len(rows) == 0:
            return None
        triangles = self.triangles[rows]
        index, feet = closest(points, triangles)
        normals = self._normal(face, rows[index], feet)
        away = points - feet
        along = np.sum(away * normals, axis=1)
        distance = np.linalg.norm(away, axis=1)
        # Seen from beyond a facet of a curved face, the foot may be on the facet's rim: the tilt grows with the distance.
        slack = LATERAL + (0.0 if self.brep.face_kind[face] == PLANE else 0.15) * np.abs(along)
        within = np.linalg.norm(away - along[:, None] * normals, axis=1) <= slack
        if self.brep.face_kind[face] == CYLINDER:
            frame, radius = self.brep.face_frame[face], float(self.brep.face_radius[face])
            offset = feet - frame[:3]
            radial = offset - np.outer(offset @ frame[3:6], frame[3:6])
            feet = feet + normals * self.brep.face_sign[face] * (radius - np.linalg.norm(radial, axis=1))[:, None]
            distance = np.linalg.norm(points - feet, axis=1)
        return Footing(feet, distance, normals, within)

    def normals_at(self, face: int, points: Array) -> Array:
        """Outward unit normals of a face at points on or near it (n, 3)."""
        rows = self._rows[face]
        index, feet = closest(points, self.triangles[rows])
        return self._normal(face, rows[index], feet)

    def _normal(self, face: int, rows: Array, feet: Array) -> Array:
        if self.brep.face_kind[face] == PLANE:
            return np.tile(self.brep.normals[face], (len(feet), 1))
        if self.brep.face_kind[face] == CYLINDER:
            frame = self.brep.face_frame[face]
            offset = feet - frame[:3]
            radial = offset - np.outer(offset @ frame[3:6], frame[3:6])
            return radial / np.maximum(np.linalg.norm(radial, axis=1, keepdims=True), 1e-12) * self.brep.face_sign[face]
        at_corners = self._corner_normals(face)[self.brep.mesh_triangles[rows]]
        a, b, c = np.swapaxes(self.triangles[rows], 0, 1)
        full = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        shares = np.stack([np.linalg.norm(np.cross(q - feet, r - feet), axis=1) for q, r in ((b, c), (c, a), (a, b))], axis=1)
        mixed = np.sum(at_corners * (shares / np.maximum(full, 1e-18)[:, None])[:, :, None], axis=1)
        return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)

    def _corner_normals(self, face: int) -> Array:
        """Normals at the mesh's points as this face alone has them: the mean of its facets by area."""
        if face not in self._normals:
            rows = self._rows[face]
            a, b, c = np.swapaxes(self.triangles[rows], 0, 1)
            out = np.zeros_like(self.brep.mesh_points)
            for corner in self.brep.mesh_triangles[rows].T:
                np.add.at(out, corner, np.cross(b - a, c - a))
            self._normals[face] = out
        return self._normals[face]


@dataclass(frozen=True, eq=False, slots=True)
class WedgeEdge:
    """An edge at which two faces meet convexly.

    Attributes:
        number: Of the edge in its B-rep.
        points: Close together, on the edge (k, 3) [m].
        faces: The two faces.
        normals: Of either face at the points, each (k, 3).
        straight: The edge is a line.
    """

    number: int
    points: Array
    faces: tuple[int, int]
    normals: tuple[Array, Array]
    straight: bool


def wedge_edge(solid: SolidFaces, number: int) -> WedgeEdge | None:
    """An edge with what stands at it; None where its faces do not meet at a convex corner of at least 8 degrees."""
    brep = solid.brep
    rows = brep.edge_coedges[number]
    if len(rows) != 2 or brep.coedges[rows[0], 0] == brep.coedges[rows[1], 0]:
        return None
    faces = (int(brep.coedges[rows[0], 0]), int(brep.coedges[rows[1], 0]))
    points = edge_samples(brep, number)
    if points is None:
        return None
    one, other = solid.normals_at(faces[0], points), solid.normals_at(faces[1], points)
    way = np.gradient(points, axis=0) * (-1.0 if brep.coedges[rows[0], 3] else 1.0)
    # The face lies to the left of its edge: into it goes normal x way. At a convex edge the other normal looks away from it.
    into = np.cross(one, way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-15))
    if float(np.median(np.sum(into * other, axis=1))) > -np.sin(np.radians(8.0)):
        return None
    return WedgeEdge(number, points, faces, (one, other), bool(brep.edge_kind[number] == LINE))


def edge_samples(brep: Brep, number: int) -> Array | None:
    """Points along an edge, close together (k, 3); circles exactly on the circle. None for an edge without length."""
    points = brep.edge_points(number)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    length = float(steps.sum())
    if length < 1e-6:
        return None
    step = STEP if brep.edge_kind[number] == LINE else CURVE_STEP
    count = int(np.clip(np.ceil(length / step), 4, MOST_STEPS))
    if brep.edge_kind[number] == CIRCLE:
        centre, axis, radius = brep.edge_circle[number, :3], brep.edge_circle[number, 3:6], float(brep.edge_circle[number, 6])
        count = max(count, int(np.ceil(length / radius / ARC_STEP)))
        arms = points - centre
        x = arms[0] / np.linalg.norm(arms[0])
        y = np.cross(axis, x)
        angles = np.unwrap(np.arctan2(arms @ y, arms @ x))
        sweep = np.linspace(0.0, angles[-1], count + 1)[:, None]
        return centre + radius * (np.cos(sweep) * x + np.sin(sweep) * y)
    along = np.r_[0.0, np.cumsum(steps)]
    at = np.linspace(0.0, length, count + 1)
    if brep.edge_kind[number] != LINE and len(points) > 2:
        # The kernel's own points are on the curve; those between them only on its chords.
        at = np.unique(np.concatenate((at, along)))
    return np.stack([np.interp(at, along, column) for column in points.T], axis=1)
