"""What is on a sheet but no sheet: bosses, dimples, countersinks, louvres. Each hole of the flat is kept, filled or taken from the other side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely import Polygon

from core.frames import Array
from core.units import to_mm
from parts.brep import CONE, KINDS, Brep, mm3
from parts.unfold_outline import FlatRing, FlatSide

STANDS_OFF = 0.1
"""Faces further than this share of the thickness off the sheet's two sides stand on it or hang below it."""
COVERS = 0.8
"""A form whose faces cover this share of its hole, seen from above, is a lanced one: the sheet is slit there, not cut out."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that was left out of the flat.

    Attributes:
        kind: In words.
        place: Where, in the coordinates of the file (3,) [m].
        size: Largest extent [m].
        volume: What it adds to the sheet's own volume [m3]; negative where it takes away.
        on_flat: What became of it in the flat.
    """

    kind: str
    place: tuple[float, float, float]
    size: float
    volume: float
    on_flat: str

    def __str__(self) -> str:
        return f"{self.kind} of {to_mm(self.size):.1f} mm at {mm3(np.array(self.place))} ({self.on_flat})"


@dataclass(frozen=True, eq=False, slots=True)
class Explained:
    """Rings of the flat, and what the solid has besides the sheet.

    Attributes:
        rings: The outline and the holes that are cut.
        features: What was left out.
        foreign: Faces that belong to neither side, to no cut edge and to no feature.
    """

    rings: tuple[FlatRing, ...]
    features: tuple[Feature, ...]
    foreign: tuple[int, ...]


def explain(brep: Brep, front: FlatSide, back: FlatSide, rings: list[FlatRing], back_rings: list[FlatRing], thickness: float) -> Explained:
    """Sorts what lies between the two sides.

    Args:
        brep: The solid, with its triangles.
        front, back: Both sides.
        rings: Of the front, the outline first.
        back_rings: Of the far side.
        thickness: [m]
    """
    groups = _groups(brep, set(front.node) | set(back.node))
    of_face = {face: i for i, group in enumerate(groups) for face in group}
    rim = {of_face[face] for face in rings[0].faces if face in of_face}
    far: dict[int, list[FlatRing]] = {}
    for ring in back_rings:
        for i in {of_face[face] for face in ring.faces if face in of_face}:
            far.setdefault(i, []).append(ring)
    kept, seen = [rings[0]], set(rim)
    features: list[Feature] = []
    filled: list[Polygon] = []
    for ring in rings[1:]:
        own = {of_face[face] for face in ring.faces if face in of_face}
        if not own or own & rim:
            kept.append(ring)
            continue
        form = _Form(brep, front, [face for i in own for face in groups[i]], ring, thickness)
        others = list({id(other): other for i in own for other in far.get(i, []) if other.area < 0}.values())
        stays, feature = _judged(form, ring, others)
        kept += stays
        if feature is not None and not own <= seen:
            features.append(feature)
            filled.append(ring.polygon.buffer(0))
        seen |= own
    for i, there in far.items():
        if i in seen:
            continue
        seen.add(i)
        feature = _Form(brep, back, groups[i], there[0], thickness).feature("boss, stud or recess on the far side", "left out")
        hole = there[0].polygon.buffer(0)
        same = next((k for k, other in enumerate(filled) if other.intersection(hole).area > 0.5 * min(other.area, hole.area)), None)
        if same is None:
            features.append(feature)
        else:
            # The far skin of a dimple belongs to the near one.
            features[same] = replace(features[same], volume=features[same].volume + feature.volume)
    both = [face for i in rim for face in groups[i] if not (_touches(brep, face, front) and _touches(brep, face, back))]
    inner = [face for i, group in enumerate(groups) if i not in seen for face in group]
    return Explained(tuple(kept), tuple(features), tuple(sorted((*both, *inner), key=lambda face: -float(brep.face_area[face]))))


def foreign_kinds(brep: Brep, faces: Iterable[int]) -> str:
    """Kinds of faces with their areas, for a refusal."""
    area: dict[str, float] = {}
    for face in faces:
        kind = KINDS[int(brep.face_kind[face])]
        area[kind] = area.get(kind, 0.0) + float(brep.face_area[face])
    return ", ".join(f"{kind} {value * 1e6:.0f} mm2" for kind, value in sorted(area.items(), key=lambda item: -item[1]))


def _groups(brep: Brep, sheet: set[int]) -> list[list[int]]:
    """Faces that are not the sheet's two sides, in groups that hang together."""
    left = set(range(brep.n_faces)) - sheet
    out = []
    while left:
        queue, group = [left.pop()], []
        while queue:
            face = queue.pop()
            group.append(face)
            beside = brep.neighbours(face) & left
            left -= beside
            queue += beside
        out.append(sorted(group))
    return out


def _touches(brep: Brep, face: int, side: FlatSide) -> bool:
    return any(other in side.node for other in brep.neighbours(face))


class _Form:
    """One group of faces about a hole, seen from the side whose ring it has."""

    def __init__(self, brep: Brep, side: FlatSide, faces: list[int], ring: FlatRing, thickness: float) -> None:
        self.brep, self.faces, self.ring, self.thickness = brep, faces, ring, thickness
        self.points = np.concatenate([brep.face_points(face) for face in faces])
        self.on_bend = any(side.node[face][0] == "bend" for face in ring.sources)
        first = next(iter(sorted(ring.sources)))
        self.flat = side.flat_of(first)
        at = brep.coedge_points(brep.face_coedges[first][0])[0]
        normal = brep.normal_at(first, at)
        self.origin, self.normal = at, np.zeros(3) if normal is None or self.on_bend else normal

    @property
    def stands_off(self) -> float:
        """How far it reaches out of the sheet, on whichever side it reaches further [m]."""
        if self.on_bend:
            return 0.0
        height = (self.points - self.origin) @ self.normal
        return float(max(height.max(), -self.thickness - height.min(), 0.0))

    @property
    def above(self) -> bool:
        """Whether it reaches out on the side it is seen from."""
        return bool(((self.points - self.origin) @ self.normal).max() > STANDS_OFF * self.thickness)

    def triangles(self) -> Array:
        """Corners (k, 3, 3) of its faces."""
        return self.brep.triangles(self.faces)[0]

    def covered(self) -> float:
        """Share of the hole that its faces cover, seen from above."""
        flat = self.flat(self.triangles().reshape(-1, 3)).reshape(-1, 3, 2)
        shapes = [shape for shape in (Polygon(corners) for corners in flat) if shape.area > 1e-12]
        hole = self.ring.polygon.buffer(0)
        return float(shapely.union_all(shapes).intersection(hole).area / max(hole.area, 1e-15)) if shapes else 0.0

    def added(self, far: float, kept: float) -> float:
        """Volume beyond that of the sheet with the hole that was kept: its faces closed by flat lids on both sides of the sheet [m3].

        Args:
            far: Area of its hole on the other side [m2].
            kept: Area of the hole that is cut [m2].
        """
        if self.on_bend:
            return 0.0
        a, b, c = np.moveaxis(self.triangles() - self.origin, 1, 0)
        shell = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
        return shell - self.thickness * far / 3 + self.thickness * kept

    def feature(self, kind: str, on_flat: str, far: float = 0.0, kept: float = 0.0) -> Feature:
        """As it is reported."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        x, y, z = (low + high) / 2
        return Feature(kind, (float(x), float(y), float(z)), float((high - low).max()), self.added(far, kept), on_flat)


def _judged(form: _Form, ring: FlatRing, far: list[FlatRing]) -> tuple[list[FlatRing], Feature | None]:
    """The holes that are cut for a ring, and what is left out there."""
    own, other = abs(ring.area), sum(abs(there.area) for there in far)
    off = form.stands_off > STANDS_OFF * form.thickness
    if not far:
        kind = "boss or stud" if form.above else "dimple, emboss or formed area" if off else "recess"
        return [], form.feature(kind, "the sheet goes on there")
    if form.on_bend or (not off and abs(own - other) < 2e-3 * own):
        return [ring], None
    if off and form.covered() > COVERS:
        # Bosses and inserts with a hole leave the hole open; louvres and bridges cover it.
        smaller = far if other < 0.5 * own else []
        if not smaller:
            return [], form.feature("louvre, bridge or lanced form", "the slit is not drawn", other)
    kept = far if other < own else [ring]
    area = min(own, other)
    cone = any(form.brep.face_kind[face] == CONE for face in form.faces)
    kind = "boss, insert or extruded hole" if off else "countersink" if cone else "counterbore or step"
    return kept, form.feature(kind, "cut with the smaller hole", other, area)


__all__ = ["Explained", "Feature", "explain", "foreign_kinds"]
