"""From a flat pattern to a sheet part: bend zones cut the sheet into flanges, flanges and bends make a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.ops import unary_union

from core.errors import InputError
from core.frames import Array, from_axes, inverse
from core.units import to_mm
from parts.allowance import AllowanceRule, KFactor
from parts.convex import collision_outline, convex_pieces
from parts.flat import FlatPattern
from parts.holed import HoledRegion
from parts.materials import Material
from parts.sheet import Bend, Flange, SheetPart, Stroke

COLLINEAR = 1e-4
"""Bend lines closer than this to one line are made in one stroke [m]."""
PARALLEL = np.radians(0.05)
GRID = 1e-9
"""Corners are rounded to this where hairs of sheet are in the way [m]."""
SLIVER = 2e-7
"""Regions smaller than this join a neighbour instead of being a flange [m2]."""
END_SLACK = 5e-5
"""A bend zone reaches this far beyond the ends of its line, so that it cuts through [m]."""


@dataclass(frozen=True, slots=True)
class BendSpec:
    """What is asked of one bend line: signed angle from flat [rad], positive up, and inner radius [m]."""

    angle: float
    radius: float


def build_sheet(
    flat: FlatPattern,
    *,
    thickness: float,
    material: Material,
    specs: Sequence[BendSpec],
    rule: AllowanceRule | None = None,
    collision: bool = True,
) -> SheetPart:
    """Makes the part.

    Args:
        flat: Outline and bend lines.
        thickness: [m]
        material: Of the sheet.
        specs: One per bend line of `flat`.
        rule: Flat width of the bend zones; None: the material's K-factor.
        collision: Simplify outlines for collision plates (else they are exact but for small holes).

    Raises:
        InputError: When the lines do not make a tree of flanges; names bends (counted from 1) and places in mm.
    """
    if len(specs) != len(flat.bend_lines):
        raise InputError(f"{len(flat.bend_lines)} bend lines but {len(specs)} bend specifications", file=flat.source)
    if thickness <= 0:
        raise InputError(f"thickness is {to_mm(thickness):g} mm; it must be positive", file=flat.source)
    chosen = rule or KFactor(material.k_factor)
    widths = [_width(flat, i, spec, thickness, chosen) for i, spec in enumerate(specs)]
    zones = _zones(flat, widths)
    regions = _regions(flat, zones)
    sides = [_sides(flat, i, widths[i], regions) for i in range(len(specs))]
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(len(regions)))
    graph.add_edges_from((a, b, {"bend": i}) for i, (a, b) in enumerate(sides))
    _check_tree(flat, graph, len(regions))
    root = max(range(len(regions)), key=lambda i: (round(regions[i].area, 12), -i))
    order = [root, *(child for _, child in nx.bfs_edges(graph, root))]
    parent_of = {child: parent for parent, child in nx.bfs_edges(graph, root)}

    bends = []
    strokes = _strokes(flat, specs)
    stroke_of = {bend: stroke.index for stroke in strokes for bend in stroke.bends}
    for i, spec in enumerate(specs):
        left, right = sides[i]
        parent, child = (left, right) if parent_of.get(right) == left else (right, left)
        bends.append(_bend(flat, i, spec, widths[i], thickness, parent, child, child == left, stroke_of[i]))
    bend_of = {bend.child: bend.index for bend in bends}
    flanges = tuple(Flange(i, region, bend_of.get(i), parent_of.get(i)) for i, region in enumerate(regions))
    plates = tuple(convex_pieces(collision_outline(region) if collision else region) for region in regions)
    return SheetPart(flat.name, thickness, material, flanges, tuple(bends), strokes, root, zones, flat, tuple(order), plates)


def _at(line: tuple[Array, Array]) -> str:
    (x0, y0), (x1, y1) = line
    return f"({to_mm(x0):.1f}, {to_mm(y0):.1f}) - ({to_mm(x1):.1f}, {to_mm(y1):.1f}) mm"


def _line(flat: FlatPattern, i: int) -> tuple[Array, Array]:
    return flat.bend_lines[i].start, flat.bend_lines[i].end


def _width(flat: FlatPattern, i: int, spec: BendSpec, thickness: float, rule: AllowanceRule) -> float:
    where = _at(_line(flat, i))
    if not 1e-3 < abs(spec.angle) <= np.pi:
        raise InputError(
            f"bend {i + 1} has angle {np.degrees(spec.angle):g} deg; it must lie in 0..180, up or down", file=flat.source, place=where
        )
    if spec.radius < 0:
        raise InputError(f"bend {i + 1} has inner radius {to_mm(spec.radius):g} mm; it must not be negative", file=flat.source, place=where)
    return rule.allowance(abs(spec.angle), spec.radius, thickness)


def _zones(flat: FlatPattern, widths: Sequence[float]) -> tuple[Polygon | MultiPolygon, ...]:
    """Flat region of each bend zone. Where zones meet at a corner the earlier one keeps the common corner."""
    zones: list[Polygon | MultiPolygon] = []
    taken: Polygon | MultiPolygon = Polygon()
    holed = HoledRegion(flat.outline)
    for i, width in enumerate(widths):
        start, end = _line(flat, i)
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]]) * width / 2
        a, b = start - along * END_SLACK, end + along * END_SLACK
        band = Polygon([a - across, b - across, b + across, a + across])
        zone = holed.near(band).intersection(band)
        overlap = 0.0 if taken.is_empty else zone.intersection(taken).area
        if overlap > 2 * width * max(width, max(widths)):
            raise InputError(
                f"the zone of bend {i + 1} ({to_mm(width):.2f} mm wide) overlaps that of another bend by {overlap * 1e6:.1f} mm2; "
                "bends that close cannot both be made: use a smaller radius", file=flat.source, place=_at((start, end)),
            )  # fmt: skip
        zone = zone if taken.is_empty else zone.difference(taken)
        pieces = [piece for piece in getattr(zone, "geoms", (zone,)) if isinstance(piece, Polygon)]
        middle = LineString([start, end])
        # A hole on the line parts the zone; every piece that the line runs through bends.
        bent = [piece for piece in pieces if piece.intersection(middle).length > 1e-5]
        zone = bent[0] if len(bent) == 1 else MultiPolygon(bent) if bent else max(pieces, key=lambda piece: piece.area)
        zones.append(zone)
        taken = zone if taken.is_empty else unary_union((taken, zone))
    return tuple(zones)


def _regions(flat: FlatPattern, zones: Sequence[Polygon | MultiPolygon]) -> list[Polygon]:
    """Connected regions outside the zones, larger first; slivers are given to the region they touch most."""
    rest = _rest(flat.outline, unary_union(zones)) if zones else flat.outline
    pieces = [piece for piece in getattr(rest, "geoms", (rest,)) if isinstance(piece, Polygon) and piece.area > 1e-12]
    regions = sorted((piece for piece in pieces if piece.area > SLIVER), key=lambda piece: (-round(piece.area, 12), piece.bounds))
    for sliver in (piece for piece in pieces if piece.area <= SLIVER):
        touching = [(sliver.buffer(1e-7).intersection(region).area, i) for i, region in enumerate(regions)]
        if touching and max(touching)[0] > 0:
            i = max(touching)[1]
            joined = unary_union((regions[i], sliver))
            if isinstance(joined, Polygon):
                regions[i] = joined
    return regions


def _rest(outline: Polygon, zones: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """The outline without the zones. Edges that are a rounding error off square leave hairs of sheet beside a zone; on a grid they are gone."""
    exact, clean = shapely.difference(outline, zones), shapely.difference(outline, zones, grid_size=GRID)
    return exact if shapely.get_num_coordinates(exact) == shapely.get_num_coordinates(clean) else clean


def _sides(flat: FlatPattern, i: int, width: float, regions: Sequence[Polygon]) -> tuple[int, int]:
    """Regions to the left and to the right of bend line i."""
    start, end = _line(flat, i)
    along = (end - start) / np.linalg.norm(end - start)
    normal = np.array([-along[1], along[0]])
    found = []
    for sign in (1.0, -1.0):
        shift = normal * sign * (width / 2 + 2e-5)
        probe = LineString([start + shift, end + shift])
        shares = [region.intersection(probe).length for region in regions]
        best = int(np.argmax(shares)) if shares else -1
        if best < 0 or shares[best] < 0.2 * probe.length:
            raise InputError(
                f"there is no flange beside bend {i + 1}: its zone is {to_mm(width):.2f} mm wide and leaves no sheet on one side; "
                "the flange is too short for this radius and thickness", file=flat.source, place=_at((start, end)),
            )  # fmt: skip
        found.append(best)
    if found[0] == found[1]:
        raise InputError(
            f"bend {i + 1} does not cut the sheet in two: the same flange lies on both sides", file=flat.source, place=_at((start, end))
        )
    return found[0], found[1]


def _check_tree(flat: FlatPattern, graph: nx.MultiGraph, count: int) -> None:
    rings = nx.cycle_basis(nx.Graph(graph))
    if rings:
        ring = rings[0]
        bends = sorted({data["bend"] + 1 for a, b, data in graph.edges(data=True) if a in ring and b in ring})
        raise InputError(
            f"bends {', '.join(map(str, bends))} close a ring; a ring of sheet cannot be folded",
            file=flat.source,
            place=_at(_line(flat, bends[0] - 1)),
        )
    pairs: dict[tuple[int, int], int] = {}
    for a, b, data in graph.edges(data=True):
        key = (min(a, b), max(a, b))
        if key in pairs:
            raise InputError(
                f"bends {pairs[key] + 1} and {data['bend'] + 1} join the same two flanges; cut the sheet between them or merge the lines",
                file=flat.source, place=_at(_line(flat, data["bend"])),
            )  # fmt: skip
        pairs[key] = data["bend"]
    if count > 1 and not nx.is_connected(nx.Graph(graph)):
        raise InputError("the sheet falls apart: some regions are not joined by a bend", file=flat.source)


def _strokes(flat: FlatPattern, specs: Sequence[BendSpec]) -> tuple[Stroke, ...]:
    groups: list[list[int]] = []
    for i, spec in enumerate(specs):
        for group in groups:
            first = specs[group[0]]
            if (
                abs(first.angle - spec.angle) < 1e-6
                and abs(first.radius - spec.radius) < 1e-6
                and _collinear(_line(flat, group[0]), _line(flat, i))
            ):
                group.append(i)
                break
        else:
            groups.append([i])
    strokes = []
    for index, group in enumerate(groups):
        start, end = _line(flat, group[0])
        along = end - start
        strokes.append(Stroke(index, tuple(sorted(group, key=lambda i: float(np.dot(sum(_line(flat, i)) / 2, along))))))
    return tuple(strokes)


def _collinear(a: tuple[Array, Array], b: tuple[Array, Array]) -> bool:
    along = (a[1] - a[0]) / np.linalg.norm(a[1] - a[0])
    other = (b[1] - b[0]) / np.linalg.norm(b[1] - b[0])
    normal = np.array([-along[1], along[0]])
    return bool(abs(normal @ other) < PARALLEL and max(abs(normal @ (b[0] - a[0])), abs(normal @ (b[1] - a[0]))) < COLLINEAR)


def _bend(
    flat: FlatPattern, i: int, spec: BendSpec, width: float, thickness: float, parent: int, child: int, child_on_left: bool, stroke: int
) -> Bend:
    start, end = _line(flat, i)
    along = (end - start) / np.linalg.norm(end - start)
    # y from parent to child, z up, x = y cross z: x runs along the line when the child lies to its left.
    if not child_on_left:
        start, end, along = end, start, -along
    y = np.array([-along[1], along[0], 0.0])
    z = np.array([0.0, 0.0, 1.0])
    T = from_axes(np.cross(y, z), y, z, (*((start + end) / 2), 0.0))
    k = (width / abs(spec.angle) - spec.radius) / thickness
    return Bend(i, start, end, spec.angle, spec.radius, width, k, parent, child, stroke, T, inverse(T))
