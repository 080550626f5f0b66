"""One side of a folded sheet as flanges and bends: a walk from face to face over edges where the surface goes on without a corner, and over modelled-sharp bends."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.frames import Array
from parts.brep import CYLINDER, LINE, PLANE, Brep
from parts.sheet_thickness import SAME_PLACE, Sides

TANGENT = np.radians(1.0)
"""Normals that differ by less go on without a corner."""
SHARP_SHARE = 0.05
"""A modelled inner radius below this share of the thickness is none."""


@dataclass(frozen=True, eq=False, slots=True)
class FoldedFlange:
    """A flat piece of the folded sheet.

    Attributes:
        faces: Of the side that is walked; none where two bends follow on each other without a flat piece between.
        origin, normal: Of its plane on that side (3,).
    """

    faces: tuple[int, ...]
    origin: Array
    normal: Array


@dataclass(frozen=True, eq=False, slots=True)
class FoldedBend:
    """A bend of the folded sheet, as seen from flange `a`.

    Attributes:
        a, b: Flanges; `b` is None where the sheet ends in the bend (a curl).
        start: A point where flange a ends and the bend begins, on the walked side (3,) [m].
        along: Unit direction of the bend's axis (3,).
        across: Unit direction in the plane of a, out of a into the bend (3,).
        normal: Of flange a on the walked side (3,).
        angle: From flat, positive [rad].
        up: Whether b rises towards the normal.
        radius: Inner radius of the model [m]; 0 or less for modelled-sharp ones.
        surface_radius: Radius of the walked side [m]; 0 where it has a sharp corner.
        faces: Cylinders of the walked side.
        span: From where to where it reaches along its axis, from `start` [m].
        sharp: Modelled without a radius, inside or on both sides.
        edges: Edges of modelled-sharp bends.
    """

    a: int
    b: int | None
    start: Array
    along: Array
    across: Array
    normal: Array
    angle: float
    up: bool
    radius: float
    surface_radius: float
    faces: tuple[int, ...]
    span: tuple[float, float]
    sharp: bool = False
    edges: tuple[int, ...] = ()

    @property
    def turn(self) -> float:
        """+1 for up, -1 for down."""
        return 1.0 if self.up else -1.0

    @property
    def end_across(self) -> Array:
        """Direction in the plane of b, away from the bend."""
        out: Array = np.cos(self.angle) * self.across + self.turn * np.sin(self.angle) * self.normal
        return out

    @property
    def end_normal(self) -> Array:
        """Normal of b on the walked side."""
        out: Array = np.cos(self.angle) * self.normal - self.turn * np.sin(self.angle) * self.across
        return out

    @property
    def end(self) -> Array:
        """The point of b that `start` comes to."""
        r, b = self.surface_radius, self.angle
        out: Array = self.start + r * np.sin(b) * self.across + self.turn * r * (1 - np.cos(b)) * self.normal
        return out

    def reversed(self) -> FoldedBend:
        """The same bend as seen from b."""
        if self.b is None:
            raise ValueError("a bend without a second flange has no other side")
        return replace(self, a=self.b, b=self.a, start=self.end, across=-self.end_across, normal=self.end_normal)

    def turned(self, points: Array) -> Array:
        """How far round the bend points (k, 3) lie, from `start` [rad], of either side of the sheet."""
        offset = points - (self.start + self.turn * self.surface_radius * self.normal)
        phi = np.arctan2(offset @ self.across, -self.turn * (offset @ self.normal))
        # Hems turn by half a circle: count on from the middle of the bend.
        return (phi - self.angle / 2 + np.pi) % (2 * np.pi) - np.pi + self.angle / 2


@dataclass(frozen=True, eq=False, slots=True)
class SheetSide:
    """What was reached from one face.

    Attributes:
        flanges, bends: In the order found; the first flange holds the first face.
        flange_of: Flange of each plane face reached.
    """

    flanges: tuple[FoldedFlange, ...]
    bends: tuple[FoldedBend, ...]
    flange_of: dict[int, int]

    @property
    def faces(self) -> set[int]:
        """All faces of the side."""
        return set(self.flange_of) | {face for bend in self.bends for face in bend.faces}


def walk(brep: Brep, sides: Sides, first: int) -> SheetSide:
    """Everything that hangs together with a plane face."""
    return _Walk(brep, sides).run(first)


def best_side(brep: Brep, sides: Sides) -> SheetSide:
    """The side that reaches more of the sheet; of equals the one that sees more of the bends from inside, where they are up.

    The walk starts at the largest face of the sheet, and at the one opposite to it.
    """
    first = max((face for face in sides.covered if sides.is_sheet(face)), key=lambda face: float(brep.face_area[face]))
    candidates = [walk(brep, sides, first), *(walk(brep, sides, other) for other in sides.opposite[first][:1])]

    def worth(side: SheetSide) -> tuple[float, ...]:
        length = sum((bend.span[1] - bend.span[0]) * bend.turn for bend in side.bends)
        return len(side.bends), round(length, 6), sum(float(brep.face_area[face]) for face in side.flange_of)

    return max(candidates, key=worth)


class _Walk:
    def __init__(self, brep: Brep, sides: Sides) -> None:
        self.brep = brep
        self.sides = sides
        self.flanges: list[FoldedFlange] = []
        self.flange_of: dict[int, int] = {}
        self.bends: list[FoldedBend] = []
        self.zoned: set[int] = set()
        self.virtual: dict[frozenset[int], int] = {}

    def run(self, first: int) -> SheetSide:
        self._flange(first)
        at = 0
        while at < len(self.flanges):
            for face in self.flanges[at].faces:
                for row in self.brep.face_coedges[face]:
                    for twin in self.brep.twins(row):
                        other = int(self.brep.coedges[twin, 0])
                        if other in self.flange_of or other in self.zoned:
                            continue
                        if self._is_zone(other) and self._tangent(row, face, other):
                            self._zone(other)
            at += 1
            if at == len(self.flanges):
                # Sharp bends only when nothing more is reached without a corner.
                self._sharp_bends()
        self.bends += self._closing_edges()
        return SheetSide(tuple(self.flanges), tuple(_merged(self.bends)), self.flange_of)

    def _flange(self, face: int) -> int:
        if face in self.flange_of:
            return self.flange_of[face]
        index = len(self.flanges)
        found, queue = {face}, [face]
        while queue:
            at = queue.pop()
            for other in self.brep.neighbours(at):
                if other not in found and other not in self.flange_of and self._coplanar(at, other):
                    found.add(other)
                    queue.append(other)
        self.flange_of |= dict.fromkeys(found, index)
        self.flanges.append(FoldedFlange(tuple(sorted(found)), self.brep.face_frame[face, :3], self.brep.normals[face]))
        return index

    def _coplanar(self, a: int, b: int) -> bool:
        brep = self.brep
        if brep.face_kind[b] != PLANE or brep.normals[a] @ brep.normals[b] < 1 - 1e-6:
            return False
        return bool(abs((brep.face_frame[b, :3] - brep.face_frame[a, :3]) @ brep.normals[a]) < SAME_PLACE)

    def _tangent(self, row: int, a: int, b: int) -> bool:
        points = self.brep.coedge_points(row)
        for point in (points[0], points[len(points) // 2], points[-1]):
            one, two = self.brep.normal_at(a, point), self.brep.normal_at(b, point)
            if one is None or two is None or one @ two < np.cos(TANGENT):
                return False
        return True

    def _is_zone(self, face: int) -> bool:
        """A cylinder with its partner on the other side, or an outer one about a sharp inner corner."""
        brep = self.brep
        if brep.face_kind[face] != CYLINDER:
            return False
        if face in self.sides.opposite:
            return True
        t = self.sides.thickness
        if brep.face_sign[face] < 0 or abs(brep.face_radius[face] - t) > SHARP_SHARE * t:
            return False
        ends = {
            self.flange_key(other)
            for row in brep.face_coedges[face]
            for twin in brep.twins(row)
            if self.sides.is_sheet(other := int(brep.coedges[twin, 0])) and self._tangent(row, face, other)
        }
        return len(ends) > 1

    def flange_key(self, face: int) -> tuple[float, ...]:
        """Plane of a face, rounded: the same for pieces of one flange."""
        normal = self.brep.normals[face]
        return (*np.round(normal, 3).tolist(), round(float(self.brep.face_frame[face, :3] @ normal), 5))

    def _zone(self, first: int) -> None:
        """Coaxial faces of one radius that hang together, and the flanges on both sides of them."""
        brep = self.brep
        axis, radius = brep.face_frame[first, 3:6], float(brep.face_radius[first])
        found, queue, contacts = {first}, [first], []
        while queue:
            at = queue.pop()
            for row in brep.face_coedges[at]:
                for twin in brep.twins(row):
                    other = int(brep.coedges[twin, 0])
                    if other in found:
                        continue
                    if self._coaxial(first, other):
                        found.add(other)
                        queue.append(other)
                    elif self._tangent(row, at, other) and (brep.face_kind[other] == PLANE or self._is_zone(other)):
                        contacts.append((row, at, other))
        self.zoned |= found
        points = np.concatenate([brep.face_points(face) for face in found])
        concave = brep.face_sign[first] < 0
        inner = radius if concave else radius - self.sides.thickness
        ends = []
        for row, at, other in contacts:
            edge = brep.coedge_points(row)
            normal = brep.normal_at(at, edge[0])
            if normal is None:
                continue
            flange = self._flange(other) if brep.face_kind[other] == PLANE else self._between(first, other, edge[0], normal)
            along = edge @ axis
            ends.append((flange, edge[0], normal, (float(along.min()), float(along.max()))))
        for i, (a, start, normal, reach) in enumerate(ends):
            across = np.cross(axis, normal)
            if (points.mean(axis=0) - start) @ across < 0:
                across = -across
            base = FoldedBend(
                a, None, start, axis, across, normal, np.pi, bool(concave), inner, radius, tuple(sorted(found)), (0.0, 0.0), inner < SHARP_SHARE * self.sides.thickness
            )  # fmt: skip
            mates = [
                (b, end, facing)
                for b, end, _, facing in ends[i + 1 :]
                if b != a and min(reach[1], facing[1]) - max(reach[0], facing[0]) > 1e-6
            ]
            for b, end, facing in mates:
                angle = _whole_turn(base, end)
                low, high = max(reach[0], facing[0]) - start @ axis, min(reach[1], facing[1]) - start @ axis
                self.bends.append(replace(base, b=b, angle=angle, span=(float(low), float(high))))
        if len({flange for flange, *_ in ends}) == 1:
            a, start, normal, reach = ends[0]
            across = np.cross(axis, normal)
            # A curl: which way it goes is what its own points say, near the flange.
            near = points[np.argsort(np.linalg.norm(points - start - np.outer((points - start) @ axis, axis), axis=1))]
            ahead = near[np.linalg.norm(near - start - np.outer((near - start) @ axis, axis), axis=1) > 1e-6]
            if len(ahead) and (ahead[0] - start) @ across < 0:
                across = -across
            base = FoldedBend(a, None, start, axis, across, normal, np.pi, bool(concave), inner, radius, tuple(sorted(found)), (0.0, 0.0))
            angle = float(np.max(base.turned(points)))
            low, high = reach[0] - start @ axis, reach[1] - start @ axis
            self.bends.append(replace(base, angle=angle, span=(float(low), float(high))))

    def _coaxial(self, a: int, b: int) -> bool:
        brep = self.brep
        if (
            brep.face_kind[b] != CYLINDER
            or brep.face_sign[a] != brep.face_sign[b]
            or abs(brep.face_radius[a] - brep.face_radius[b]) > SAME_PLACE
        ):
            return False
        axis, offset = brep.face_frame[a, 3:6], brep.face_frame[b, :3] - brep.face_frame[a, :3]
        return bool(abs(axis @ brep.face_frame[b, 3:6]) > 1 - 1e-6 and np.linalg.norm(offset - axis * (offset @ axis)) < 2 * SAME_PLACE)

    def _between(self, a: int, b: int, point: Array, normal: Array) -> int:
        """A flange of no width between two bends that follow on each other; the second zone is walked from it."""
        key = frozenset((self._zone_key(a), self._zone_key(b)))
        if key not in self.virtual:
            self.virtual[key] = len(self.flanges)
            self.flanges.append(FoldedFlange((), point, normal))
            if b not in self.zoned:
                self._zone(b)
        return self.virtual[key]

    def _zone_key(self, face: int) -> int:
        """One number for all coaxial faces of one radius that hang together: the smallest of them."""
        found, queue = {face}, [face]
        while queue:
            at = queue.pop()
            for other in self.brep.neighbours(at):
                if other not in found and self._coaxial(face, other):
                    found.add(other)
                    queue.append(other)
        return min(found)

    def _sharp_bends(self) -> None:
        """Bends without a radius from flanges reached so far to faces not reached yet."""
        for face, index in list(self.flange_of.items()):
            for row in self.brep.face_coedges[face]:
                for twin in self.brep.twins(row):
                    other = int(self.brep.coedges[twin, 0])
                    if other not in self.flange_of and (bend := self._sharp(row, face, other)) is not None:
                        self.bends.append(replace(bend, a=index, b=self._flange(other)))

    def _closing_edges(self) -> list[FoldedBend]:
        """Sharp corners between flanges that are both reached already: bends or touching flanges, the tree decides."""
        joined = {frozenset((bend.a, bend.b)) for bend in self.bends}
        out = []
        for face, index in self.flange_of.items():
            for row in self.brep.face_coedges[face]:
                for twin in self.brep.twins(row):
                    other = int(self.brep.coedges[twin, 0])
                    mate = self.flange_of.get(other)
                    if mate is None or mate <= index or frozenset((index, mate)) in joined:
                        continue
                    bend = self._sharp(row, face, other)
                    if bend is not None:
                        out.append(replace(bend, a=index, b=mate))
        return out

    def _sharp(self, row: int, face: int, other: int) -> FoldedBend | None:
        """The bend over an edge between two large faces, if their other sides end where those of a bent sheet do."""
        brep, sides = self.brep, self.sides
        edge = int(brep.coedges[row, 2])
        if brep.face_kind[other] != PLANE or brep.edge_kind[edge] != LINE or not (sides.is_sheet(face) and sides.is_sheet(other)):
            return None
        if any(back in self.flange_of for back in sides.opposite[other]):
            # The far side of a flange that is reached already.
            return None
        points = brep.coedge_points(row)
        length = float(np.linalg.norm(points[-1] - points[0]))
        normal, beyond = brep.normals[face], brep.normals[other]
        angle = float(np.arctan2(np.linalg.norm(np.cross(normal, beyond)), normal @ beyond))
        if length < 1e-6 or not np.radians(3) < angle < np.radians(177):
            return None
        along = (points[-1] - points[0]) / length
        # The face lies to the left of its edge, so out of it is to the right.
        across = np.cross(along, normal)
        up = bool(beyond @ across < 0)
        t, corner = sides.thickness, sides.thickness * float(np.tan(angle / 2))
        good = 0
        for share in (0.2, 0.5, 0.8):
            at = points[0] + share * length * along
            if up:
                # Seen from inside: the outer side goes on to its own corner, and no further (a rib would stand on a sheet that does).
                good += not sides.backed_at(face, at + across * (corner + 0.6 * t))
            else:
                good += not sides.backed_at(face, at - across * 0.4 * corner) and sides.backed_at(face, at - across * (corner + 0.6 * t))
        if good < 2:
            return None
        return FoldedBend(
            0, None, points[0], along, across, normal, angle, up, 0.0 if up else -t, 0.0, (), (0.0, length), True, (edge,)
        )  # fmt: skip


def _whole_turn(bend: FoldedBend, end: Array) -> float:
    """How far round a bend its last tangent line lies [rad], 0..2 pi."""
    offset = end - (bend.start + bend.turn * bend.surface_radius * bend.normal)
    return float(np.arctan2(offset @ bend.across, -bend.turn * (offset @ bend.normal)) % (2 * np.pi))


def _merged(bends: list[FoldedBend]) -> list[FoldedBend]:
    """Pieces on one axis between the same two flanges are one bend."""
    out: list[FoldedBend] = []
    for bend in bends:
        for i, other in enumerate(out):
            same = (other.a, other.b) == (bend.a, bend.b) or (other.b, other.a) == (bend.a, bend.b)
            mate = bend if other.a == bend.a or bend.b is None else bend.reversed()
            offset = mate.start - other.start
            off_line = float(np.linalg.norm(offset - other.along * (offset @ other.along)))
            if same and other.b is not None and abs(mate.angle - other.angle) < 1e-3 and off_line < 5 * SAME_PLACE:
                shift, sign = float(offset @ other.along), float(np.sign(mate.along @ other.along))
                ends = [shift + sign * mate.span[0], shift + sign * mate.span[1], *other.span]
                faces, edges = tuple(sorted({*other.faces, *mate.faces})), tuple(sorted({*other.edges, *mate.edges}))
                out[i] = replace(other, faces=faces, edges=edges, span=(min(ends), max(ends)))
                break
        else:
            out.append(bend)
    return out


__all__ = ["FoldedBend", "FoldedFlange", "SheetSide", "best_side", "walk"]
