"""A solid's boundary as plain arrays: faces with their surfaces, loops of directed edges, edges with their points. Lengths in metres."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import mapbox_earcut
import numpy as np

from core.frames import Array
from core.units import to_mm

PLANE, CYLINDER, CONE, SPHERE, TORUS, OTHER = range(6)
KINDS = ("plane", "cylinder", "cone", "sphere", "torus", "free-form")
LINE, CIRCLE, CURVE = range(3)


@dataclass(frozen=True, eq=False)
class Brep:
    """The boundary of one solid. Not slotted: what follows from the arrays is worked out once and kept.

    Attributes:
        face_kind: PLANE, CYLINDER.. (n_faces,).
        face_frame: Origin, axis, x direction, and the sign by which the axis (plane) or the radial direction (cylinder) is the outward normal (n_faces, 10).
        face_radius: Of cylinders and the like (n_faces,).
        face_area: (n_faces,) [m2].
        coedges: Face, loop, edge, and whether the edge is run backwards; the face lies to the left, seen from outside (k, 4).
        edge_kind: LINE, CIRCLE or CURVE (n_edges,).
        edge_ends: First and last vertex (n_edges, 2).
        edge_circle: Centre, axis, radius of circles (n_edges, 7).
        points, starts: Points of all edges, and where each edge's begin; edge i has points[starts[i]:starts[i + 1]].
        mesh_points, mesh_triangles, mesh_faces: Triangles of the faces that are no planes and the face each belongs to; empty where they were not asked for.
    """

    face_kind: Array
    face_frame: Array
    face_radius: Array
    face_area: Array
    coedges: Array
    edge_kind: Array
    edge_ends: Array
    edge_circle: Array
    points: Array
    starts: Array
    mesh_points: Array
    mesh_triangles: Array
    mesh_faces: Array

    @property
    def n_faces(self) -> int:
        """Number of faces."""
        return len(self.face_kind)

    @cached_property
    def face_sign(self) -> Array:
        """+1 where the axis or radial direction is the outward normal, -1 where it is its opposite; a cylinder of +1 is convex."""
        return self.face_frame[:, 9]

    @cached_property
    def normals(self) -> Array:
        """Outward normals of planes (n_faces, 3); of no meaning for other faces."""
        return self.face_frame[:, 3:6] * self.face_sign[:, None]

    @cached_property
    def face_coedges(self) -> list[list[int]]:
        """Rows of `coedges` per face."""
        out: list[list[int]] = [[] for _ in range(self.n_faces)]
        for row, face in enumerate(self.coedges[:, 0].tolist()):
            out[face].append(row)
        return out

    @cached_property
    def edge_coedges(self) -> list[list[int]]:
        """Rows of `coedges` per edge: two in a closed solid."""
        out: list[list[int]] = [[] for _ in range(len(self.edge_kind))]
        for row, edge in enumerate(self.coedges[:, 2].tolist()):
            out[edge].append(row)
        return out

    @cached_property
    def coedge_vertices(self) -> Array:
        """First and last vertex of each coedge as it is run (k, 2)."""
        ends = self.edge_ends[self.coedges[:, 2]]
        return np.where(self.coedges[:, 3:4] == 1, ends[:, ::-1], ends)

    def edge_points(self, edge: int) -> Array:
        """Points of an edge from first to last (k, 3)."""
        return self.points[self.starts[edge] : self.starts[edge + 1]]

    def coedge_points(self, row: int) -> Array:
        """Points of a coedge in the direction in which it is run (k, 3)."""
        points = self.edge_points(int(self.coedges[row, 2]))
        return points[::-1] if self.coedges[row, 3] else points

    def twins(self, row: int) -> list[int]:
        """The other coedges on the same edge."""
        return [other for other in self.edge_coedges[int(self.coedges[row, 2])] if other != row]

    @cached_property
    def next_coedge(self) -> list[int]:
        """For each coedge the one that follows it in its loop."""
        following = [-1] * len(self.coedges)
        first: dict[tuple[int, int], list[int]] = {}
        for row, loop in enumerate(self.coedges[:, 1].tolist()):
            first.setdefault((loop, int(self.coedge_vertices[row, 0])), []).append(row)
        for row, loop in enumerate(self.coedges[:, 1].tolist()):
            candidates = first.get((loop, int(self.coedge_vertices[row, 1])), [])
            if len(candidates) == 1:
                following[row] = candidates[0]
            elif candidates:
                following[row] = self._leftmost(row, candidates)
        return following

    def _leftmost(self, row: int, candidates: list[int]) -> int:
        """Where a loop meets a vertex twice, the sharpest turn to the left keeps the face on the left."""
        nx, ny, nz = self.normals[int(self.coedges[row, 0])].tolist()
        before, end = self.coedge_points(row)[-2:].tolist()
        bx, by, bz = (b - e for b, e in zip(before, end, strict=True))

        def turn(other: int) -> float:
            start, after = self.coedge_points(other)[:2].tolist()
            wx, wy, wz = (a - s for a, s in zip(after, start, strict=True))
            # normal . (way x back), way . back: in plain numbers, for every hole's wall comes here twice.
            across = nx * (wy * bz - wz * by) + ny * (wz * bx - wx * bz) + nz * (wx * by - wy * bx)
            angle = math.atan2(across, wx * bx + wy * by + wz * bz)
            return angle % (2 * math.pi) or 2 * math.pi

        return min(candidates, key=turn)

    def face_points(self, face: int) -> Array:
        """Points of all edges of a face (k, 3)."""
        rows = self.face_coedges[face]
        return (
            np.concatenate([self.edge_points(int(self.coedges[row, 2])) for row in rows]) if rows else self.face_frame[face : face + 1, :3]
        )

    def loops(self, face: int) -> list[list[int]]:
        """Coedges of each loop of a face, in order."""
        left, out = set(self.face_coedges[face]), []
        for row in self.face_coedges[face]:
            if row not in left:
                continue
            loop, at = [], row
            while at in left:
                left.discard(at)
                loop.append(at)
                at = self.next_coedge[at]
            out.append(loop)
        return out

    def triangles(self, faces: Iterable[int]) -> tuple[Array, Array]:
        """Corners (k, 3, 3) of triangles of some faces, counter-clockwise from outside, and the face of each (k,)."""
        chosen = sorted(set(faces))
        rows = np.isin(self.mesh_faces, chosen)
        corners, owners = [self.mesh_points[self.mesh_triangles[rows]]], [self.mesh_faces[rows]]
        for face in chosen:
            if self.face_kind[face] == PLANE:
                flat = self._plane_triangles(face)
                corners.append(flat)
                owners.append(np.full(len(flat), face))
        return np.concatenate(corners), np.concatenate(owners)

    def _plane_triangles(self, face: int) -> Array:
        normal = self.normals[face]
        x = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
        x /= np.linalg.norm(x)
        axes = np.stack((x, np.cross(normal, x)), axis=1)
        rings = [np.concatenate([self.coedge_points(row)[:-1] for row in loop]) for loop in self.loops(face)]
        rings = sorted((ring for ring in rings if len(ring) > 2), key=lambda ring: -float(np.prod(np.ptp(ring @ axes, axis=0))))
        if not rings:
            return np.empty((0, 3, 3))
        points = np.concatenate(rings)
        index = mapbox_earcut.triangulate_float64(points @ axes, np.cumsum([len(ring) for ring in rings]).astype(np.uint32)).reshape(-1, 3)
        corners = points[index]
        ahead = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) @ normal
        return np.where((ahead < 0)[:, None, None], corners[:, ::-1], corners)

    def neighbours(self, face: int) -> set[int]:
        """Faces that share an edge with a face."""
        rows = [twin for row in self.face_coedges[face] for twin in self.twins(row)]
        return {int(self.coedges[row, 0]) for row in rows} - {face}

    def normal_at(self, face: int, point: Array) -> Array | None:
        """Outward normal of a plane or cylinder at a point; None for other faces."""
        if self.face_kind[face] == PLANE:
            return self.normals[face]
        if self.face_kind[face] != CYLINDER:
            return None
        axis, offset = self.face_frame[face, 3:6], point - self.face_frame[face, :3]
        radial = offset - axis * (offset @ axis)
        return radial / max(float(np.linalg.norm(radial)), 1e-12) * self.face_sign[face]

    def place(self, face: int) -> str:
        """A face in words, for messages."""
        points = self.face_points(face)
        return f"{KINDS[int(self.face_kind[face])]} at {mm3((points.min(axis=0) + points.max(axis=0)) / 2)}"

    def where(self, faces: Iterable[int], most: int = 4) -> str:
        """Several faces in words, the largest first."""
        ordered = sorted(faces, key=lambda face: -self.face_area[face])
        more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
        return "; ".join(self.place(face) for face in ordered[:most]) + more


def mm3(point: Array) -> str:
    """A point [m] as text in mm."""
    x, y, z = (round(to_mm(float(v)), 2) + 0.0 for v in point)
    return f"({x:g}, {y:g}, {z:g}) mm"
