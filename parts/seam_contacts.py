"""Where an edge of one piece lies on a face of another: stretches of one kind of contact, their ends found by bisection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.frames import Array
from parts.weld_faces import Footing, SolidFaces, WedgeEdge

CONTACT_ANGLE = np.radians(35.0)
"""The two faces that lie on each other may be out of parallel by this."""
FLUSH = 5e-5
"""A rim this near to the edge's foot is flush with it [m]."""
OFF, INNER = -2, -1
"""States of a sample: no contact; contact inside the face. 0 and more: at the rim, number of the face beyond it."""


@dataclass(frozen=True, eq=False, slots=True)
class Contact:
    """A stretch of an edge of piece `owner` that lies on a face of piece `other`.

    Attributes:
        owner, other: Numbers of the pieces.
        edge: Number of the owner's edge.
        contact_face, free_face: Of the owner: the one that lies on the other piece, and the one that rises from it.
        face: Of the other piece, that the edge lies on.
        rim: Face of the other piece beyond the rim that is flush with the edge; None inside the face.
        points: On the edge (k, 3) [m].
        feet: On the face (k, 3) [m].
        contact_normals, free_normals, face_normals, rim_normals: Outward (k, 3); the last None without a rim.
        rim_convex: The other piece's edge at the rim is convex.
        gap: Largest distance [m].
        straight: The edge is a line.
    """

    owner: int
    other: int
    edge: int
    contact_face: int
    free_face: int
    face: int
    rim: int | None
    points: Array
    feet: Array
    contact_normals: Array
    free_normals: Array
    face_normals: Array
    rim_normals: Array | None
    rim_convex: bool
    gap: float
    straight: bool


class _Rims:
    """The edges around a face, as segments, each with the face beyond it."""

    def __init__(self, solid: SolidFaces, face: int) -> None:
        brep = solid.brep
        starts, ends, beyond, convex = [], [], [], []
        for row in brep.face_coedges[face]:
            twins = [twin for twin in brep.twins(row) if brep.coedges[twin, 0] != face]
            if not twins:
                continue
            points = brep.coedge_points(row)
            middle = (points[len(points) // 2 - 1] + points[len(points) // 2]) / 2
            way = points[len(points) // 2] - points[len(points) // 2 - 1]
            neighbour = int(brep.coedges[twins[0], 0])
            into = np.cross(solid.normals_at(face, middle[None])[0], way)
            starts.append(points[:-1])
            ends.append(points[1:])
            beyond += [neighbour] * (len(points) - 1)
            convex += [bool(into @ solid.normals_at(neighbour, middle[None])[0] < 0)] * (len(points) - 1)
        self.starts = np.concatenate(starts) if starts else np.empty((0, 3))
        self.ends = np.concatenate(ends) if ends else np.empty((0, 3))
        self.beyond, self.convex = np.array(beyond, dtype=int), np.array(convex, dtype=bool)

    def near(self, points: Array, ways: Array, reach: float) -> Array:
        """Row of the segment within `reach` of each point that runs along `ways` to 10 degrees, -1 where there is none (n,)."""
        out = np.full(len(points), -1)
        low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
        rows = np.flatnonzero(np.all((np.maximum(self.starts, self.ends) >= low) & (np.minimum(self.starts, self.ends) <= high), axis=1))
        for row in rows:
            a, way = self.starts[row], self.ends[row] - self.starts[row]
            length = float(np.linalg.norm(way))
            if length < 1e-9:
                continue
            share = np.clip((points - a) @ way / length**2, 0.0, 1.0)
            near = np.linalg.norm(points - a - share[:, None] * way, axis=1) <= reach
            out[near & (np.abs(ways @ way) / length > np.cos(np.radians(10.0)))] = row
        return out


@dataclass(eq=False)
class FaceContacts:
    """A face of a piece that edges of other pieces are laid on; its rims are worked out once."""

    solid: SolidFaces
    face: int

    def __post_init__(self) -> None:
        self._rims: _Rims | None = None

    @property
    def rims(self) -> _Rims:
        """The edges around the face."""
        if self._rims is None:
            self._rims = _Rims(self.solid, self.face)
        return self._rims

    def stretches(self, owner: int, other: int, solid: SolidFaces, edge: WedgeEdge, max_gap: float) -> Iterator[Contact]:
        """All stretches in which an edge of another piece lies on this face."""
        states, footing = self._states(edge.points, edge.normals, max_gap)
        if footing is None or np.all(states[:, 0] == OFF):
            return
        changes = np.flatnonzero(np.any(states[1:] != states[:-1], axis=1)) + 1
        for first, last in zip(np.r_[0, changes], np.r_[changes, len(states)] - 1, strict=True):
            if states[first, 0] == OFF:
                continue
            state = states[first]
            points = list(edge.points[first : last + 1])
            if first > 0:
                points.insert(0, self._end(edge, first - 1, first, state, max_gap))
            if last < len(states) - 1:
                points.append(self._end(edge, last + 1, last, state, max_gap))
            way = np.array(points)
            keep = np.r_[True, np.linalg.norm(np.diff(way, axis=0), axis=1) > 1e-8]
            on_face = self.solid.project(self.face, way[keep], max_gap)
            if on_face is not None and keep.sum() >= 2:
                yield self._contact(owner, other, solid, edge, state, way[keep], on_face)

    def _states(self, points: Array, normals: tuple[Array, Array], max_gap: float) -> tuple[Array, Footing | None]:
        """Per point: OFF, INNER or the face beyond the rim; and which of the edge's faces makes contact (n, 2)."""
        out = np.full((len(points), 2), OFF)
        footing = self.solid.project(self.face, points, max_gap)
        if footing is None:
            return out, None
        opposed = np.stack([-np.sum(n * footing.normals, axis=1) for n in normals], axis=1)
        which = np.argmax(opposed, axis=1)
        on = footing.within & (footing.distance <= max_gap) & (opposed.max(axis=1) > np.cos(CONTACT_ANGLE))
        if not np.any(on):
            return out, footing
        ways = np.gradient(points, axis=0) if len(points) > 1 else np.cross(normals[0], normals[1])
        ways /= np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-15)
        rims = self.rims.near(footing.feet, ways, FLUSH)
        out[on, 0] = np.where(rims[on] >= 0, self.rims.beyond[rims[on]] if len(self.rims.beyond) else INNER, INNER)
        out[on, 1] = which[on]
        return out, footing

    def _end(self, edge: WedgeEdge, outside: int, inside: int, state: Array, max_gap: float) -> Array:
        """The last point of a stretch between two samples, to a hundredth of a micrometre."""
        low, high = 0.0, 1.0
        a, b = edge.points[inside], edge.points[outside]
        for _ in range(26):
            middle = (low + high) / 2
            normals = tuple(n[inside : inside + 1] for n in edge.normals)
            found, _ = self._states((a + middle * (b - a))[None], (normals[0], normals[1]), max_gap)
            if np.array_equal(found[0], state):
                low = middle
            else:
                high = middle
        return a + low * (b - a)

    def _contact(
        self, owner: int, other: int, solid: SolidFaces, edge: WedgeEdge, state: Array, points: Array, footing: Footing
    ) -> Contact:
        which = int(state[1])
        contact_face, free_face = edge.faces[which], edge.faces[1 - which]
        rim = None if state[0] == INNER else int(state[0])
        convex = rim is not None and bool(np.all(self.rims.convex[self.rims.beyond == rim]))
        gap = float(footing.distance.max())
        return Contact(
            owner, other, edge.number, contact_face, free_face, self.face, rim, points, footing.feet, solid.normals_at(contact_face, points),
            solid.normals_at(free_face, points), footing.normals, None if rim is None else self.solid.normals_at(rim, footing.feet), convex,
            gap if gap > 1e-5 else 0.0, edge.straight,
        )  # fmt: skip
