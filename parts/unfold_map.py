"""Where every face of a folded sheet comes to lie when it is flat: a tree over the flanges, rigid maps for flanges, unrolled ones for bends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.frames import Array, from_axes
from core.units import to_deg, to_mm
from parts.allowance import AllowanceRule
from parts.brep import Brep, mm3
from parts.sheet_walk import FoldedBend, SheetSide


@dataclass(frozen=True, eq=False, slots=True)
class FlangeMap:
    """Flange to flat: flat = (point - origin) @ [x, y] + offset.

    Attributes:
        origin: A point of its plane on the walked side (3,) [m].
        x, y: Directions in the folded part that lie along x and y of the flat (3,).
        normal: Of the walked side (3,); x cross y.
        offset: Where the origin lies in the flat (2,) [m].
    """

    origin: Array
    x: Array
    y: Array
    normal: Array
    offset: Array

    def flat(self, points: Array) -> Array:
        """Points (k, 3) to the flat (k, 2)."""
        rest = points - self.origin
        return np.stack((rest @ self.x, rest @ self.y), axis=-1) + self.offset

    def direction(self, vector: Array) -> Array:
        """A direction in the flange's plane (3,) in the flat (2,)."""
        return np.array([vector @ self.x, vector @ self.y])

    def T_step_sheet(self, thickness: float) -> Array:
        """Pose (4, 4) of the flat's frame, whose z = 0 lies in the middle of the sheet, in the coordinates of the STEP file."""
        origin = self.origin - self.offset[0] * self.x - self.offset[1] * self.y - self.normal * thickness / 2
        return from_axes(self.x, self.y, self.normal, origin)


@dataclass(frozen=True, eq=False, slots=True)
class BendMap:
    """A bend zone to the flat, seen from the flange nearer the root.

    Attributes:
        bend: Its `a` is the flange nearer the root.
        radius: Inner radius that will be made [m]; the model's, but for modelled-sharp bends.
        allowance: Flat width of the zone [m].
        gap: Distance in the flat between the two lines where the model's flanges end [m]; below 0 where the new radius takes more than it gives.
        origin: Where `bend.start` lies in the flat (2,) [m].
        x, y: Directions along the bend and across it, away from the root, in the flat (2,).
    """

    bend: FoldedBend
    radius: float
    allowance: float
    gap: float
    origin: Array
    x: Array
    y: Array

    def flat(self, points: Array) -> Array:
        """Points of the zone on either side of the sheet (k, 3) to the flat (k, 2)."""
        along = (points - self.bend.start) @ self.bend.along
        across = self.gap * self.bend.turned(points) / self.bend.angle
        return self.origin + along[:, None] * self.x + across[:, None] * self.y


@dataclass(frozen=True, eq=False, slots=True)
class UnfoldMaps:
    """All maps of a part.

    Attributes:
        flanges: Per flange of the side; None where the tree does not reach.
        bends: Those of the tree.
        seams: Sharp corners that are taken as flanges which touch, not as bends.
    """

    flanges: tuple[FlangeMap | None, ...]
    bends: tuple[BendMap, ...]
    seams: tuple[FoldedBend, ...]


def unfold_maps(brep: Brep, side: SheetSide, thickness: float, rule: AllowanceRule, sharp_radius: Callable[[], float]) -> UnfoldMaps:
    """Lays the flanges out.

    Args:
        brep: The solid.
        side: Its walked side.
        thickness: [m]
        rule: Flat width of bends.
        sharp_radius: Inner radius of modelled-sharp bends [m]; asked only where there are any.

    Raises:
        InputError: When bends close a ring, with the flanges in it.
    """
    tree, seams = _tree(brep, side)
    maps: list[FlangeMap | None] = [None] * len(side.flanges)
    maps[0] = _root(brep, side)
    out: list[BendMap] = []
    left = list(tree)
    while left:
        bend = next((bend for bend in left if maps[bend.a] is not None or (bend.b is not None and maps[bend.b] is not None)), None)
        if bend is None:
            break
        left.remove(bend)
        seen = bend if maps[bend.a] is not None else bend.reversed()
        base = maps[seen.a]
        if base is None:
            continue
        radius = sharp_radius() if seen.sharp else seen.radius
        allowance = rule.allowance(seen.angle, radius, thickness)
        # The legs keep their places in the folded part: what a larger radius takes from each is its growth times tan(angle / 2).
        gap = allowance - (2 * (radius - seen.radius) * float(np.tan(seen.angle / 2)) if seen.sharp else 0.0)
        origin = base.flat(seen.start[None])[0]
        x, y = base.direction(seen.along), base.direction(seen.across)
        out.append(BendMap(seen, radius, allowance, gap, origin, x, y))
        if seen.b is not None:
            # A direction of the flat, x or y, in the plane of b: what along and across have become there.
            flat_x, flat_y = (x[k] * seen.along + y[k] * seen.end_across for k in (0, 1))
            maps[seen.b] = FlangeMap(seen.end, flat_x, flat_y, seen.end_normal, origin + gap * y)
    return UnfoldMaps(tuple(maps), tuple(out), tuple(seams))


def _root(brep: Brep, side: SheetSide) -> FlangeMap:
    """The first flange, its longest straight edge along x."""
    flange = side.flanges[0]
    best, x = 0.0, np.zeros(3)
    for face in flange.faces:
        for row in brep.face_coedges[face]:
            points = brep.coedge_points(row)
            chord = points[-1] - points[0]
            if len(points) == 2 and np.linalg.norm(chord) > best + 1e-7:
                best, x = float(np.linalg.norm(chord)), chord
    if best == 0.0:
        x = np.cross(flange.normal, np.eye(3)[int(np.argmin(np.abs(flange.normal)))])
    x = x - flange.normal * (x @ flange.normal)
    x /= np.linalg.norm(x)
    # Along a main axis rather than against it, so that the flat does not lie on its head.
    if x[int(np.argmax(np.abs(x)))] < 0:
        x = -x
    return FlangeMap(flange.origin, x, np.cross(flange.normal, x), flange.normal, np.zeros(2))


def _tree(brep: Brep, side: SheetSide) -> tuple[list[FoldedBend], list[FoldedBend]]:
    """Bends that make a tree, and sharp corners left over. Bends with a radius come first, then those at the root, then long ones."""
    group = list(range(len(side.flanges)))

    def find(flange: int) -> int:
        while group[flange] != flange:
            flange = group[flange]
        return flange

    tree, seams = [], []
    order = sorted(side.bends, key=lambda bend: (not bend.faces, 0 not in (bend.a, bend.b), -(bend.span[1] - bend.span[0])))
    for bend in order:
        if bend.b is None:
            tree.append(bend)
            continue
        a, b = find(bend.a), find(bend.b)
        if a != b:
            group[b] = a
            tree.append(bend)
        elif bend.faces:
            raise InputError(
                f"the sheet is closed to a ring: flanges {bend.a + 1} and {bend.b + 1} are joined by more than one way of bends, the last of {to_deg(bend.angle):.1f} deg "
                f"at {mm3(bend.start)} over {to_mm(bend.span[1] - bend.span[0]):.1f} mm; a ring cannot be unfolded: it needs a slit",
                place=brep.where(bend.faces),
            )  # fmt: skip
        else:
            seams.append(bend)
    return tree, seams


__all__ = ["BendMap", "FlangeMap", "UnfoldMaps", "unfold_maps"]
