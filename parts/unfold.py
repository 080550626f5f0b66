"""Folded solid to flat pattern: recognised, unfolded, checked against its own volume; what cannot be a bent sheet is refused with its faces."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from shapely import LineString, Point, Polygon

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.units import to_deg, to_mm
from parts.allowance import AllowanceRule
from parts.brep import CONE, CYLINDER, OTHER, Brep, mm3
from parts.flat import BendLine, FlatPattern
from parts.flat_edges import FlatEdge
from parts.holed import HoledRegion
from parts.sheet import SheetPart
from parts.sheet_features import Feature, explain, foreign_kinds
from parts.sheet_thickness import find_sides
from parts.sheet_walk import FoldedBend, best_side
from parts.step_file import StepSolid
from parts.unfold_map import BendMap, FlangeMap, UnfoldMaps, unfold_maps
from parts.unfold_mend import flat_region
from parts.unfold_outline import FlatSide, back_side, front_side, outline_first

FOREIGN = 0.05
"""Faces that are neither the sheet's sides nor cut edges, beyond this share of all area, make the solid no bent sheet."""
UNEXPLAINED = (-0.08, 0.03)
"""Area times thickness over volume, less 1, once features and bends are counted: outside, the solid is no sheet of one thickness."""
SOUND = 0.005
"""Inside this, nothing was missed."""


@dataclass(frozen=True, eq=False, slots=True)
class UnfoldedBend:
    """One bend of the part.

    Attributes:
        map: Geometry, flat width, radius.
        lines: Its bend lines in the flat, by index; several where notches part it, none where the sheet ends in it.
    """

    map: BendMap
    lines: tuple[int, ...]

    @property
    def angle(self) -> float:
        """From flat [rad], positive up."""
        return self.map.bend.turn * self.map.bend.angle


@dataclass(frozen=True, slots=True)
class VolumeCheck:
    """Area of the flat times thickness against the solid's volume.

    Attributes:
        raw: Area times thickness over volume, less 1.
        explained: The same with features, and the bends as the model has them, counted.
    """

    raw: float
    explained: float


@dataclass(frozen=True, eq=False, slots=True)
class UnfoldedPart:
    """What a folded solid is when it is flat.

    Attributes:
        flat: As the planner takes it, with angle, direction and radius of every bend line.
        thickness: [m]
        rings: Outline counter-clockwise, then holes, with true arcs.
        bends: In the order of the tree.
        features: What was left out.
        volume: The self-check.
        front, back: Both sides of the sheet, with their maps.
        solid: Where it came from.
    """

    flat: FlatPattern
    thickness: float
    rings: tuple[tuple[FlatEdge, ...], ...]
    bends: tuple[UnfoldedBend, ...]
    features: tuple[Feature, ...]
    volume: VolumeCheck
    front: FlatSide
    back: FlatSide
    solid: StepSolid

    @property
    def size(self) -> tuple[float, float]:
        """Extents of the flat [m]."""
        x0, y0, x1, y1 = self.flat.outline.bounds
        return x1 - x0, y1 - y0

    def pose(self, part: SheetPart) -> Array:
        """T_step_sheet (4, 4): where the sheet frame of a part made of this flat lies in the file, by the flange that is the part's root."""
        root = part.flanges[part.root].polygon
        maps = self.front.maps.flanges
        shares = [(0.0 if it is None else self.front.region(("flange", i)).intersection(root).area, i) for i, it in enumerate(maps)]
        flange = maps[max(shares)[1]]
        if flange is None:
            raise InputError("the part is not made of this flat", file=self.flat.source)
        return flange.T_step_sheet(self.thickness)


def unfold(solid: StepSolid, rule: AllowanceRule, sharp_radius: Callable[[float], float], *, name: str | None = None) -> UnfoldedPart:
    """Unfolds a solid.

    Args:
        solid: Read with its triangles.
        rule: Flat width of the bends.
        sharp_radius: Inner radius [m] that air bending gives bends which are modelled without one, from the thickness [m].
        name: Of the part; default: that of the file.

    Raises:
        InputError: When the solid is no sheet of constant thickness, no bent one, or cannot lie flat; names the file and the faces.
    """
    try:
        return _unfolded(solid, rule, sharp_radius, name or Path(solid.source).stem)
    except InputError as error:
        raise error.placed(file=solid.source) from None


def _unfolded(solid: StepSolid, rule: AllowanceRule, sharp_radius: Callable[[float], float], name: str) -> UnfoldedPart:
    brep, findings = solid.brep, list[Finding]()
    sides = find_sides(brep)
    if not any(sides.is_sheet(face) for face in sides.covered):
        raise InputError("not a sheet part: no plane face has another one at the distance of the thickness over most of its area")
    thickness = sides.thickness
    side = best_side(brep, sides)
    maps = unfold_maps(brep, side, thickness, rule, lambda: sharp_radius(thickness))
    _check_corners(brep, maps)
    front = front_side(brep, side, maps)
    back = back_side(front, sides)
    outline = outline_first(brep, front.rings())
    explained = explain(brep, front, back, outline, back.rings(), thickness)
    _check_foreign(brep, explained.foreign)
    low = np.min([edge.points.min(axis=0) for edge in explained.rings[0].edges], axis=0)
    maps = _shifted(maps, -low)
    front, back = replace_maps(front, maps), replace_maps(back, maps)
    edges = tuple(tuple(_moved(edge, -low) for edge in ring.edges) for ring in explained.rings)
    widest = max((it.allowance for it in maps.bends), default=thickness)
    region, edges = flat_region(edges, max(widest, 2 * thickness), findings)
    volume = _volume(solid, front, region, explained.features, thickness)
    if not UNEXPLAINED[0] < volume.explained < UNEXPLAINED[1]:
        raise InputError(
            f"not a sheet of constant thickness: the flat's area times {to_mm(thickness):.3g} mm is {100 * (1 + volume.explained):.1f} % of the solid's volume; besides the "
            f"sheet it has {foreign_kinds(brep, explained.foreign) or 'inner faces'}", place=brep.where(explained.foreign),
        )  # fmt: skip
    lines, bends = _lines(maps, region)
    findings += _told(maps, bends, explained.features, volume, brep, explained.foreign, region)
    flat = FlatPattern(name, region, tuple(lines), tuple(findings), Path(solid.source).name)
    return UnfoldedPart(flat, thickness, edges, tuple(bends), explained.features, volume, front, back, solid)


def _check_corners(brep: Brep, maps: UnfoldMaps) -> None:
    """A sharp corner that closes a ring is two flanges that touch, if the ring has bends to tell it from; without any, nobody can say where the sheet bends."""
    joined: dict[int, list[tuple[int, BendMap]]] = {}
    for it in maps.bends:
        if it.bend.b is not None:
            joined.setdefault(it.bend.a, []).append((it.bend.b, it))
            joined.setdefault(it.bend.b, []).append((it.bend.a, it))
    for seam in maps.seams:
        way: dict[int, list[BendMap]] = {seam.a: []}
        queue = [seam.a]
        while queue and seam.b not in way:
            at = queue.pop(0)
            for other, it in joined.get(at, []):
                if other not in way:
                    way[other] = [*way[at], it]
                    queue.append(other)
        ring = way.get(seam.b if seam.b is not None else -1, [])
        if all(not it.bend.faces for it in ring):
            flanges = sorted({flange + 1 for it in ring for flange in (it.bend.a, it.bend.b) if flange is not None})
            raise InputError(
                f"not a bent sheet: its walls {', '.join(map(str, flanges))} are closed to one another in sharp corners, without a gap and without a bend radius, "
                f"as {len(maps.seams)} corner{'s are' if len(maps.seams) > 1 else ' is'}, the first at {mm3(seam.start)}: a cast, moulded or welded shape. "
                "A bent part has a gap in every such corner", place=brep.where(face for edge in seam.edges for face in _faces_at(brep, edge)),
            )  # fmt: skip


def _faces_at(brep: Brep, edge: int) -> list[int]:
    return [int(brep.coedges[row, 0]) for row in brep.edge_coedges[edge]]


def _check_foreign(brep: Brep, foreign: tuple[int, ...]) -> None:
    area = sum(float(brep.face_area[face]) for face in foreign)
    if area <= FOREIGN * float(brep.face_area.sum()):
        return
    curved = sum(float(brep.face_area[face]) for face in foreign if CONE <= brep.face_kind[face] <= OTHER)
    reason = (
        "cones, lofts and drawn shapes are no press-brake bends"
        if curved > 0.4 * area
        else "it has walls of another thickness, or that no bend reaches"
    )
    raise InputError(
        f"not a bent sheet of one thickness: {100 * area / float(brep.face_area.sum()):.0f} % of its surface is neither sheet nor cut edge ({foreign_kinds(brep, foreign)}): {reason}",
        place=brep.where(foreign),
    )


def replace_maps(side: FlatSide, maps: UnfoldMaps) -> FlatSide:
    """The same side by other maps."""
    return FlatSide(side.brep, maps, side.node, side.joined, side.shrunk, side.back)


def _shifted(maps: UnfoldMaps, by: Array) -> UnfoldMaps:
    flanges: list[FlangeMap | None] = [None if it is None else replace(it, offset=it.offset + by) for it in maps.flanges]
    return UnfoldMaps(tuple(flanges), tuple(replace(it, origin=it.origin + by) for it in maps.bends), maps.seams)


def _moved(edge: FlatEdge, by: Array) -> FlatEdge:
    return replace(edge, points=edge.points + by, centre=None if edge.centre is None else edge.centre + by)


def _volume(solid: StepSolid, front: FlatSide, region: Polygon, features: tuple[Feature, ...], thickness: float) -> VolumeCheck:
    """The neutral fibre is not the middle of the sheet, sharp corners hold more than round ones: counted, so that what is left was missed."""
    flat = region.area * thickness
    more = sum(feature.volume for feature in features)
    for i, it in enumerate(front.maps.bends):
        bend = it.bend
        length = bend.span[1] - bend.span[0]
        if bend.sharp:
            corner = thickness**2 * (
                bend.angle / 2 if bend.faces or _rounded_outside(front.brep, bend, thickness) else math.tan(bend.angle / 2)
            )
            more += length * (corner - it.gap * thickness)
        else:
            area = front.region(("bend", i)).area
            more += area * thickness * (bend.angle * (bend.radius + thickness / 2) / it.gap - 1)
    for seam in front.maps.seams:
        # Both flanges end at the inner corner; in the solid one of them goes on to the outer one.
        more += (seam.span[1] - seam.span[0]) * thickness**2 * math.tan(seam.angle / 2)
    return VolumeCheck(flat / solid.entry.volume - 1, (flat + more) / solid.entry.volume - 1)


def _rounded_outside(brep: Brep, bend: FoldedBend, thickness: float) -> bool:
    """Whether a bend with a sharp inner corner has a cylinder of the sheet's thickness about it."""
    found = np.flatnonzero((brep.face_kind == CYLINDER) & (np.abs(brep.face_radius - thickness) < 0.05 * thickness))
    offset = brep.face_frame[found, :3] - bend.start
    away = np.linalg.norm(offset - np.outer(offset @ bend.along, bend.along), axis=1)
    return bool(np.any((np.abs(brep.face_frame[found, 3:6] @ bend.along) > 1 - 1e-6) & (away < 0.05 * thickness)))


def _lines(maps: UnfoldMaps, region: Polygon) -> tuple[list[BendLine], list[UnfoldedBend]]:
    """Bend lines from edge to edge; holes do not interrupt them, notches do."""
    filled, holed = Polygon(region.exterior), HoledRegion(region)
    lines: list[BendLine] = []
    bends: list[UnfoldedBend] = []
    for it in maps.bends:
        if it.bend.b is None:
            bends.append(UnfoldedBend(it, ()))
            continue
        middle, (low, high) = it.origin + it.y * it.gap / 2, it.bend.span
        reach = it.allowance + (high - low) * 0.02
        knife = LineString([middle + it.x * (low - reach), middle + it.x * (high + reach)])
        inside = knife.intersection(holed.near(knife))
        spans = sorted(
            sorted(float((np.array(c) - middle) @ it.x) for c in (piece.coords[0], piece.coords[-1]))
            for piece in getattr(inside, "geoms", (inside,))
            if isinstance(piece, LineString) and piece.length > 1e-5
        )
        merged: list[list[float]] = []
        for a, b in spans:
            # Sheet beyond the bend on the same line is no part of it.
            if min(b, high) - max(a, low) <= 0.5 * min(b - a, high - low):
                continue
            if merged and filled.contains(Point(middle + it.x * (merged[-1][1] + a) / 2)):
                merged[-1][1] = b
            else:
                merged.append([a, b])
        own = []
        for a, b in merged:
            own.append(len(lines))
            place = f"bend of {to_deg(it.bend.angle):.4g} deg at {mm3(it.bend.start)}"
            lines.append(BendLine(middle + it.x * a, middle + it.x * b, it.bend.angle, "up" if it.bend.up else "down", it.radius, place))
        bends.append(UnfoldedBend(it, tuple(own)))
    return lines, bends


def _told(
    maps: UnfoldMaps,
    bends: list[UnfoldedBend],
    features: tuple[Feature, ...],
    volume: VolumeCheck,
    brep: Brep,
    foreign: tuple[int, ...],
    region: Polygon,
) -> list[Finding]:
    out = []
    for bend in bends:
        it = bend.map
        numbers = ", ".join(str(line + 1) for line in bend.lines) or "-"
        if it.bend.sharp:
            change = to_mm(it.radius - max(it.bend.radius, 0.0))
            out.append(
                Finding(
                    "warning", "sharp-bend", f"bend {numbers} ({to_deg(it.bend.angle):.4g} deg) is modelled without an inner radius; air bending makes it {to_mm(it.radius):.2f} mm, "
                    "and the flat is cut for that: the legs keep their places", "give the radius with --radius-mm if another one is meant", "part",
                    {"bends": [line + 1 for line in bend.lines], "radius_mm": round(to_mm(it.radius), 3)},
                )
            )  # fmt: skip
            out += _moved_holes(it, region, numbers, change)
        if it.bend.b is None:
            out.append(
                Finding(
                    "error", "curl", f"the sheet ends in a bend of {to_deg(it.bend.angle):.1f} deg, radius {to_mm(it.bend.radius):.2f} mm, at {mm3(it.bend.start)}, without a flat behind it",
                    "a press brake needs a flat leg; such an edge is rolled", "part",
                )
            )  # fmt: skip
        elif not bend.lines:
            out.append(
                Finding(
                    "error",
                    "bend-without-sheet",
                    f"the bend at {mm3(it.bend.start)} has no sheet on its line: a cut-out takes it all",
                    "",
                    "part",
                )
            )
        if it.bend.angle > np.radians(170):
            kind = "closed" if it.bend.radius < 0.3 * _thickness_of(it) else "open"
            out.append(
                Finding(
                    "info",
                    "hem",
                    f"bend {numbers} is a hem ({kind}): {to_deg(it.bend.angle):.4g} deg, inner radius {to_mm(it.bend.radius):.2f} mm",
                    "",
                    "part",
                )
            )
    for seam in maps.seams:
        out.append(
            Finding(
                "info", "flanges-touch", f"two flanges touch at {mm3(seam.start)} over {to_mm(seam.span[1] - seam.span[0]):.1f} mm; taken as cut there, not as a bend, and both end at the inner corner",
                "model a gap there if one of them must cover the other's edge", "part",
            )
        )  # fmt: skip
    for feature in features:
        out.append(
            Finding(
                "warning", "left-out", f"no sheet, left out of the flat: {feature}", "", "part",
                {"kind": feature.kind, "at_mm": [round(to_mm(v), 2) for v in feature.place], "size_mm": round(to_mm(feature.size), 2), "volume_mm3": round(feature.volume * 1e9, 2)},
            )
        )  # fmt: skip
    area = sum(float(brep.face_area[face]) for face in foreign)
    if area > 1e-3 * float(brep.face_area.sum()):
        out.append(
            Finding(
                "warning", "edges-not-square", f"faces that are neither sheet nor square cut edge ({foreign_kinds(brep, foreign)}): {brep.where(foreign)}",
                "the flat is that of the side with the smaller radii; look at these edges", "part",
            )
        )  # fmt: skip
    sound = abs(volume.explained) <= SOUND
    say = "nothing was missed" if sound else "something of the solid is not in the flat, or not as it was modelled"
    out.append(
        Finding(
            "info" if sound else "warning", "volume-check",
            f"flat area x thickness is {100 * (1 + volume.raw):.2f} % of the solid's volume, {100 * (1 + volume.explained):.2f} % with bends and features counted: {say}",
            "", "part", {"raw_percent": round(100 * volume.raw, 3), "explained_percent": round(100 * volume.explained, 3)},
        )
    )  # fmt: skip
    return out


def _thickness_of(it: BendMap) -> float:
    return abs(it.bend.surface_radius - it.bend.radius) or it.bend.surface_radius or 1e-3


def _moved_holes(it: BendMap, region: Polygon, numbers: str, change: float) -> list[Finding]:
    """Holes that reach into the zone of a bend whose radius is not the model's."""
    middle = it.origin + it.y * it.gap / 2
    a, b = middle + it.x * it.bend.span[0], middle + it.x * it.bend.span[1]
    zone = LineString([a, b]).buffer(it.allowance / 2, cap_style="flat")
    met = [ring for ring in region.interiors if Polygon(ring).intersects(zone)]
    if not met:
        return []
    places = "; ".join(f"({to_mm(ring.centroid.x):.1f}, {to_mm(ring.centroid.y):.1f}) mm" for ring in met[:4])
    return [
        Finding(
            "warning", "cut-out-in-bend", f"{len(met)} cut-outs of the flat reach into bend {numbers}, whose inner radius is {change:.2f} mm larger than modelled; they come to lie differently: {places}",
            "keep cut-outs clear of the bend, or model its radius", "part",
        )
    ]  # fmt: skip


__all__ = ["UnfoldedBend", "UnfoldedPart", "VolumeCheck", "unfold"]
