"""How thick a sheet is: a vote of parallel faces that look away from each other, weighted by area; then which faces are the sheet's two sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely import Point, Polygon

from core.errors import InputError
from core.frames import Array
from core.units import to_mm
from parts.brep import CYLINDER, KINDS, PLANE, Brep

PARALLEL = 2e-3
"""Normals closer than this are parallel [rad]."""
SAME_PLACE = 1e-5
"""Offsets of planes, axes and radii closer than this are equal [m]."""
THICKEST = 0.03
"""Thicker plates are no sheet for a press brake [m]."""
SMALL = 0.003
"""Faces smaller than this share of the largest do not vote."""
OTHER_THICKNESS = 0.15
"""A second thickness over more than this share of the voting area makes the part no sheet."""


class Planes:
    """The plane faces of a solid in groups of parallel ones, each as a polygon in its group's own plane coordinates."""

    def __init__(self, brep: Brep) -> None:
        self.brep = brep
        self.faces = np.flatnonzero(brep.face_kind == PLANE)
        self.groups = _directions(brep.normals[self.faces]) if len(self.faces) else []
        self._shapes: dict[int, Polygon] = {}
        self._common: dict[tuple[int, int], float] = {}
        self._bases: dict[int, tuple[Array, Array]] = {}
        self.group_of = {int(self.faces[row]): number for number, group in enumerate(self.groups) for row in group}

    def basis(self, group: int) -> tuple[Array, Array]:
        """Two unit directions in the planes of a group."""
        if group not in self._bases:
            normal = self.direction(group)
            x = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
            x /= np.linalg.norm(x)
            self._bases[group] = (x, np.cross(normal, x))
        return self._bases[group]

    def direction(self, group: int) -> Array:
        """The normal that the group's offsets are counted along."""
        return self.brep.normals[self.faces[self.groups[group][0]]]

    def shape(self, group: int, face: int) -> Polygon:
        """Region of a face in the group's coordinates, holes taken out."""
        if face not in self._shapes:
            x, y = self.basis(group)
            rings = []
            for loop in self.brep.loops(face):
                points = np.concatenate([self.brep.coedge_points(row)[:-1] for row in loop])
                if len(points) > 2:
                    rings.append(np.stack((points @ x, points @ y), axis=1))
            rings.sort(key=lambda ring: -float(np.prod(np.ptp(ring, axis=0))))
            polygon = Polygon(rings[0], rings[1:]) if rings else Polygon()
            self._shapes[face] = polygon if polygon.is_valid else polygon.buffer(0)
        return self._shapes[face]

    def common(self, group: int, a: int, b: int) -> float:
        """Area that two faces share, seen along the group's normal [m2]."""
        pair = (min(a, b), max(a, b))
        if pair not in self._common:
            one, other = self.shape(group, a), self.shape(group, b)
            (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = one.bounds or (0, 0, 0, 0), other.bounds or (0, 0, 0, 0)
            apart = ax0 >= bx1 or bx0 >= ax1 or ay0 >= by1 or by0 >= ay1
            self._common[pair] = 0.0 if apart else float(shapely.intersection(one, other).area)
        return self._common[pair]

    def has(self, face: int, point: Array) -> bool:
        """Whether a point, dropped onto a face's plane, lies in the face."""
        group = self.group_of[face]
        x, y = self.basis(group)
        return bool(self.shape(group, face).contains(Point(point @ x, point @ y)))


@dataclass(frozen=True, eq=False, slots=True)
class Sides:
    """Thickness and opposite faces.

    Attributes:
        thickness: [m]
        opposite: Per plane or cylinder the faces of the other side at the distance of the thickness, largest overlap first.
        covered: Per plane the share of its area that has an opposite face.
        planes: The plane faces as polygons.
    """

    thickness: float
    opposite: dict[int, tuple[int, ...]]
    covered: dict[int, float]
    planes: Planes

    def is_sheet(self, face: int) -> bool:
        """Whether a plane is one of the sheet's two large sides, not a cut edge."""
        return self.covered.get(face, 0.0) > 0.3

    def backed_at(self, face: int, point: Array) -> bool:
        """Whether an opposite face of a plane lies below a point [m]."""
        return any(self.planes.has(other, point) for other in self.opposite.get(face, ()))


def _directions(normals: Array) -> list[Array]:
    """Rows of parallel or antiparallel normals, as groups."""
    tree = cKDTree(np.concatenate((normals, -normals)))
    count, left, groups = len(normals), np.ones(len(normals), dtype=bool), []
    for row in range(count):
        if left[row]:
            near = np.unique(np.array(tree.query_ball_point(normals[row], PARALLEL)) % count)
            near = near[left[near]]
            near = np.concatenate(([row], near[near != row]))
            left[near] = False
            groups.append(near)
    return groups


def find_sides(brep: Brep) -> Sides:
    """Thickness and both sides.

    Raises:
        InputError: When no two faces are parallel, or two thicknesses are about equally strong; names faces and figures.
    """
    planes = Planes(brep)
    thickness = _vote(brep, planes)
    opposite: dict[int, tuple[int, ...]] = {}
    covered: dict[int, float] = {}
    reach = max(SAME_PLACE, 0.01 * thickness)
    for group, members in enumerate(planes.groups):
        faces = planes.faces[members]
        heights = brep.face_frame[faces, :3] @ planes.direction(group)
        up = brep.normals[faces] @ planes.direction(group) > 0
        tops, bottoms = np.flatnonzero(up), np.flatnonzero(~up)
        bottoms = bottoms[np.argsort(heights[bottoms])]
        for top in tops:
            low, high = np.searchsorted(heights[bottoms], heights[top] - thickness + np.array([-reach, reach]))
            for bottom in bottoms[low:high]:
                a, b = int(faces[top]), int(faces[bottom])
                common = planes.common(group, a, b)
                if common > 1e-12:
                    for one, other in ((a, b), (b, a)):
                        opposite[one] = (*opposite.get(one, ()), other)
                        covered[one] = covered.get(one, 0.0) + common / max(float(brep.face_area[one]), 1e-15)
    opposite |= _cylinder_pairs(brep, thickness)
    return Sides(thickness, opposite, covered, planes)


def _vote(brep: Brep, planes: Planes) -> float:
    """Each face votes with the area it shares with the nearest face below it that looks the other way."""
    votes: list[tuple[float, float, int]] = []
    largest = float(brep.face_area[planes.faces].max(initial=0.0))
    for group, members in enumerate(planes.groups):
        faces = planes.faces[members]
        faces = faces[brep.face_area[faces] >= SMALL * largest]
        heights = brep.face_frame[faces, :3] @ planes.direction(group)
        up = brep.normals[faces] @ planes.direction(group) > 0
        for top in np.flatnonzero(up):
            below = np.flatnonzero(~up & (heights < heights[top] - SAME_PLACE))
            for bottom in below[np.argsort(-heights[below])]:
                common = planes.common(group, int(faces[top]), int(faces[bottom]))
                if common > 0.02 * float(brep.face_area[faces[top]]):
                    votes.append((float(heights[top] - heights[bottom]), common, int(faces[top])))
                    break
    if not votes:
        raise InputError(
            f"not a press-brake part: no two of its plane faces are parallel and look away from each other; it has {_kinds(brep)}: cones, lofts and drawn shapes have no flat flanges"
        )
    votes.sort()
    clusters: list[list[tuple[float, float, int]]] = [[votes[0]]]
    for vote in votes[1:]:
        if vote[0] - clusters[-1][0][0] <= max(2 * SAME_PLACE, 0.01 * vote[0]):
            clusters[-1].append(vote)
        else:
            clusters.append([vote])
    weights = [sum(area for _, area, _ in cluster) for cluster in clusters]
    best = int(np.argmax(weights))
    # Within a cluster the value that most area shares, not a mean: models are exact where they are not sloppy.
    exact = clusters[best]
    thickness = max(exact, key=lambda vote: sum(area for d, area, _ in exact if abs(d - vote[0]) < 1e-7))[0]
    if thickness > THICKEST:
        raise InputError(
            f"not a sheet part: its faces lie {to_mm(thickness):.1f} mm apart; the limit is {to_mm(THICKEST):g} mm", place=brep.place(clusters[best][0][2])
        )  # fmt: skip
    for cluster, weight in zip(clusters, weights, strict=True):
        near = 0.2 * thickness < cluster[0][0] < 4 * thickness and cluster is not clusters[best]
        if near and weight > OTHER_THICKNESS * weights[best]:
            raise InputError(
                f"not a sheet part: the thickness is not constant: {to_mm(thickness):.3g} mm over {weights[best] * 1e6:.0f} mm2, but {to_mm(cluster[0][0]):.3g} mm "
                f"over {weight * 1e6:.0f} mm2 ({brep.where(face for _, _, face in cluster)})"
            )  # fmt: skip
    return thickness


def _kinds(brep: Brep) -> str:
    counts = [(KINDS[kind], int(np.sum(brep.face_kind == kind))) for kind in range(len(KINDS))]
    return ", ".join(f"{count} {name}" for name, count in counts if count)


def _cylinder_pairs(brep: Brep, thickness: float) -> dict[int, tuple[int, ...]]:
    """Convex and concave cylinders on one axis whose radii differ by the thickness and that lie beside each other along it."""
    cylinders = np.flatnonzero(brep.face_kind == CYLINDER)
    convex = cylinders[brep.face_sign[cylinders] > 0]
    concave = cylinders[brep.face_sign[cylinders] < 0]
    out: dict[int, tuple[int, ...]] = {}
    if not len(convex) or not len(concave):
        return out
    reach = max(2 * SAME_PLACE, 0.02 * thickness)
    axes, origins, radii = brep.face_frame[concave, 3:6], brep.face_frame[concave, :3], brep.face_radius[concave]
    for face in convex.tolist():
        axis = brep.face_frame[face, 3:6]
        offset = origins - brep.face_frame[face, :3]
        away = np.linalg.norm(offset - (offset @ axis)[:, None] * axis, axis=1)
        fits = (np.abs(axes @ axis) > 1 - 1e-6) & (away < reach) & (np.abs(brep.face_radius[face] - radii - thickness) < reach)
        if not fits.any():
            continue
        span = _span(brep, face, axis)
        for other in concave[fits].tolist():
            beside = _span(brep, other, axis)
            if min(span[1], beside[1]) - max(span[0], beside[0]) > 0 and _same_arc(brep, face, other, axis):
                for one, two in ((face, other), (other, face)):
                    out[one] = (*out.get(one, ()), two)
    return out


def _span(brep: Brep, face: int, axis: Array) -> tuple[float, float]:
    along = brep.face_points(face) @ axis
    return float(along.min()), float(along.max())


def _same_arc(brep: Brep, a: int, b: int, axis: Array) -> bool:
    """Whether two coaxial faces lie on the same side of their axis: the middle of the one within the other's arc."""
    origin = brep.face_frame[a, :3]
    x = brep.face_frame[a, 6:9]
    y = np.cross(axis, x)

    def angles(face: int) -> Array:
        offset = brep.face_points(face) - origin
        return np.arctan2(offset @ y, offset @ x)

    one, two = angles(a), angles(b)
    middle = np.angle(np.mean(np.exp(1j * one)))
    one, two = (np.angle(np.exp(1j * (values - middle))) for values in (one, two))
    return bool(min(one.max(), two.max()) - max(one.min(), two.min()) > 0.01)


__all__ = ["Planes", "Sides", "find_sides"]
