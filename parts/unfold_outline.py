"""The flat outline from the folded sheet's own edges: those that only one unfolded face has, in rings, with their true arcs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon, make_valid

from core.errors import InputError
from core.frames import Array
from parts.brep import CIRCLE, PLANE, Brep
from parts.flat_edges import FlatEdge, closed, flat_edge, ring_polygon, signed_area
from parts.sheet_thickness import SAME_PLACE, Sides
from parts.sheet_walk import SheetSide
from parts.unfold_map import UnfoldMaps

SLIVER = 1e-9
"""Overlaps below this are rounding [m2]."""


@dataclass(frozen=True, eq=False, slots=True)
class FlatRing:
    """A closed ring of the flat.

    Attributes:
        edges: In order; counter-clockwise for the outline, clockwise for holes.
        faces: Faces on the other side of its edges: cut edges of the sheet, or what stands on it.
        sources: The face of the sheet behind each of those.
        coedges: Of the solid, in order.
    """

    edges: tuple[FlatEdge, ...]
    faces: frozenset[int]
    sources: frozenset[int]
    coedges: tuple[int, ...]

    @property
    def area(self) -> float:
        """Signed [m2]."""
        return signed_area(self.edges)

    @property
    def polygon(self) -> Polygon:
        """What it encloses."""
        return ring_polygon(self.edges)


Node = tuple[str, int]
"""A flange or a bend of the tree: `("flange", 2)`, `("bend", 0)`."""


class FlatSide:
    """One side of the sheet, laid flat face by face.

    Args:
        brep: The solid.
        maps: Where flanges and bends come to lie.
        node: What each face of the side belongs to.
        joined: Pairs over which the sheet goes on.
        shrunk: Bends that are a line in the flat; their faces are left out.
        back: Whether it is the far side: its faces then run clockwise in the flat.
    """

    def __init__(
        self, brep: Brep, maps: UnfoldMaps, node: dict[int, Node], joined: set[frozenset[Node]], shrunk: set[Node], back: bool
    ) -> None:
        self.brep, self.maps, self.node, self.joined, self.shrunk, self.back = brep, maps, node, joined, shrunk, back

    def flat_of(self, face: int) -> Callable[[Array], Array]:
        """The map of a face's points to the flat."""
        kind, index = self.node[face]
        if kind == "bend":
            return self.maps.bends[index].flat
        flange = self.maps.flanges[index]
        if flange is None:
            raise KeyError(face)
        return flange.flat

    def _across(self, row: int) -> int | None:
        """The coedge on the other side, where the sheet goes on there."""
        own = self.node[int(self.brep.coedges[row, 0])]
        for twin in self.brep.twins(row):
            other = self.node.get(int(self.brep.coedges[twin, 0]))
            if other is not None and (other == own or frozenset((own, other)) in self.joined):
                return twin
        return None

    def rings(self) -> list[FlatRing]:
        """All rings in any order, outlines counter-clockwise and holes clockwise as the front side shows them.

        Raises:
            InputError: When the edges do not close.
        """
        border = {row for face in self.node for row in self.brep.face_coedges[face] if self._across(row) is None}
        out: list[FlatRing] = []
        left = set(border)
        for first in sorted(border):
            if first not in left:
                continue
            rows, at = [], first
            while at in left:
                left.discard(at)
                rows.append(at)
                at = self._following(at)
            if at != first:
                raise InputError("the edges of the sheet do not close to rings", place=self.brep.place(int(self.brep.coedges[first, 0])))
            drawn = [self._drawn(row) for row in rows if self.node[int(self.brep.coedges[row, 0])] not in self.shrunk]
            edges = closed(drawn) if drawn else ()
            if self.back:
                edges = tuple(edge.reversed() for edge in reversed(edges))
            if len(edges) > 2 or any(edge.centre is not None or len(edge.points) > 3 for edge in edges):
                beyond = frozenset(int(self.brep.coedges[twin, 0]) for row in rows for twin in self.brep.twins(row))
                out.append(FlatRing(edges, beyond, frozenset(int(self.brep.coedges[row, 0]) for row in rows), tuple(rows)))
        return out

    def _following(self, row: int) -> int:
        at = self.brep.next_coedge[row]
        for _ in range(len(self.brep.coedges)):
            if at < 0:
                break
            twin = self._across(at)
            if twin is None:
                return at
            at = self.brep.next_coedge[twin]
        raise InputError("the edges of a face do not close to a loop", place=self.brep.place(int(self.brep.coedges[row, 0])))

    def _drawn(self, row: int) -> FlatEdge:
        face, edge = int(self.brep.coedges[row, 0]), int(self.brep.coedges[row, 2])
        flat = self.flat_of(face)
        points = flat(self.brep.coedge_points(row))
        if self.brep.face_kind[face] == PLANE and self.brep.edge_kind[edge] == CIRCLE:
            return flat_edge(points, flat(self.brep.edge_circle[edge, None, :3])[0])
        return flat_edge(points)

    def region(self, node: Node) -> Polygon:
        """What a flange or bend covers in the flat, holes taken out."""
        shapes = []
        for face in (face for face, own in self.node.items() if own == node):
            flat = self.flat_of(face)
            outer: list[Polygon] = []
            holes: list[Polygon] = []
            for loop in self.brep.loops(face):
                points = np.concatenate([flat(self.brep.coedge_points(row)) for row in loop])
                if len(points) > 2:
                    ring = np.concatenate((points, points[:1]))
                    outwards = (signed_area([FlatEdge(ring)]) > 0) != self.back
                    (outer if outwards else holes).append(make_valid(Polygon(ring)))
            shapes.append(shapely.union_all(outer).difference(shapely.union_all(holes)))
        return shapely.union_all(shapes) if shapes else Polygon()


def front_side(brep: Brep, side: SheetSide, maps: UnfoldMaps) -> FlatSide:
    """The walked side."""
    node: dict[int, Node] = {face: ("flange", flange) for face, flange in side.flange_of.items() if maps.flanges[flange] is not None}
    joined: set[frozenset[Node]] = set()
    shrunk: set[Node] = set()
    for i, it in enumerate(maps.bends):
        bend, own = it.bend, ("bend", i)
        ends: list[Node] = [("flange", flange) for flange in (bend.a, bend.b) if flange is not None]
        for face in bend.faces:
            # Two bends over one zone share its faces.
            own = node.setdefault(face, own)
        if not bend.faces:
            joined.add(frozenset(ends))
        elif bend.sharp:
            shrunk.add(own)
        joined |= {frozenset((own, end)) for end in ends}
    for i, flange in enumerate(side.flanges):
        if not flange.faces:
            # Bends on both sides of a flange of no width touch each other.
            zones = [node[it.bend.faces[0]] for it in maps.bends if i in (it.bend.a, it.bend.b)]
            joined |= {frozenset((one, two)) for one in zones for two in zones if one != two}
    return FlatSide(brep, maps, node, joined, shrunk, False)


def back_side(front: FlatSide, sides: Sides) -> FlatSide:
    """The far side, by the same maps: faces opposite to those of the walked side and what lies in one plane with them beside them."""
    brep = front.brep
    node: dict[int, Node] = {}
    for face, own in front.node.items():
        for other in sides.opposite.get(face, ()):
            if other not in front.node:
                node.setdefault(other, own)
    queue = [face for face in node if brep.face_kind[face] == PLANE]
    while queue:
        face = queue.pop()
        for other in brep.neighbours(face):
            level = brep.face_kind[other] == PLANE and brep.normals[other] @ brep.normals[face] > 1 - 1e-9
            if (
                level
                and other not in node
                and abs((brep.face_frame[other, :3] - brep.face_frame[face, :3]) @ brep.normals[face]) < SAME_PLACE
            ):
                node[other] = node[face]
                queue.append(other)
    return FlatSide(brep, front.maps, node, front.joined, front.shrunk, True)


def outline_first(brep: Brep, rings: list[FlatRing]) -> list[FlatRing]:
    """The outline, then holes from large to small.

    Raises:
        InputError: When there is not one outline.
    """
    outer = [ring for ring in rings if ring.area > SLIVER]
    if len(outer) != 1:
        raise InputError(
            f"the flat lies on itself or in pieces: it has {len(outer)} outlines instead of one. A flange is larger than the cut-out that it is bent from, "
            "or does not hang together with the rest",
            place=brep.where({face for ring in outer[1:] for face in ring.sources}),
        )
    return [outer[0], *sorted((ring for ring in rings if ring is not outer[0] and ring.area < -SLIVER), key=lambda ring: ring.area)]


__all__ = ["FlatRing", "FlatSide", "back_side", "front_side", "outline_first"]
