"""One stroke in the brake, without the robot: how the part lies and where its flanges are while it is bent."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from core.frames import Array, from_axes, inverse, translation
from parts.sheet import SheetPart
from sim.airbend import LegPoses


@dataclass(frozen=True, eq=False, slots=True)
class Lie:
    """How a part lies in the brake for one stroke.

    Attributes:
        stroke: Index of the stroke.
        gauged: Which side of the stroke's first bend points to the gauge.
        flipped: Sheet +z looks down.
        T_brake_bend_pinch: Bend frame of the first bend when the flat sheet lies on the die.
        front, rear: Flanges on each side.
        span: Left and right end of the line on the beam [m].
    """

    stroke: int
    gauged: str
    flipped: bool
    T_brake_bend_pinch: Array
    front: frozenset[int]
    rear: frozenset[int]
    span: tuple[float, float]


def lie(part: SheetPart, stroke: int, gauged: str, angles: Array, x: float, die_height: float) -> Lie | str:
    """How the part lies, with the middle of the line at `x` on the beam; or why the stroke cannot be made now."""
    bends = [part.bends[i] for i in part.strokes[stroke].bends]
    first = bends[0]
    flipped = first.angle < 0
    Ts = part.fold(angles)
    # Every bend of the stroke must lie on the first one's line while that is flat.
    T_sheet_first = Ts[first.parent] @ first.T_sheet_bend
    ends, same_way = [], []
    for bend in bends:
        T = inverse(T_sheet_first) @ Ts[bend.parent] @ bend.T_sheet_bend
        if abs(T[1, 3]) > 2e-4 or abs(T[2, 3]) > 2e-4 or T[2, 2] < 1 - 1e-6:
            return f"its lines are no longer in one plane; bends {', '.join(str(b.index + 1) for b in bends)} must be made before the flanges between them stand up"
        half = float(np.linalg.norm(bend.end - bend.start)) / 2
        ends += [T[0, 3] - half, T[0, 3] + half]
        same_way.append(T[1, 1] > 0)
    turn_z, turn_x = gauged == "parent", flipped
    # y of the bend frame to the gauge when the child is gauged; z down when flipped.
    x_axis = np.array([1.0, 0.0, 0.0])
    y_axis = np.array([0.0, 1.0, 0.0])
    if turn_z:
        x_axis, y_axis = -x_axis, -y_axis
    if turn_x:
        x_axis = -x_axis
    z_axis = np.cross(x_axis, y_axis)
    middle = (min(ends) + max(ends)) / 2
    origin = np.array([x, 0.0, die_height + part.thickness / 2]) - x_axis * middle
    T_brake_bend = from_axes(x_axis, y_axis, z_axis, origin)
    sides = _sides(part, [b.index for b in bends], same_way, gauged)
    if sides is None:
        return "the sheet on both sides hangs together beside the line"
    length = max(ends) - min(ends)
    return Lie(stroke, gauged, flipped, T_brake_bend, sides[0], sides[1], (x - length / 2, x + length / 2))


def _sides(part: SheetPart, bends: list[int], same_way: list[bool], gauged: str) -> tuple[frozenset[int], frozenset[int]] | None:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(part.flanges)))
    graph.add_edges_from((b.parent, b.child) for b in part.bends if b.index not in bends)
    front: set[int] = set()
    rear: set[int] = set()
    for index, same in zip(bends, same_way, strict=True):
        bend = part.bends[index]
        child_rear = (gauged == "child") == same
        back, fore = (bend.child, bend.parent) if child_rear else (bend.parent, bend.child)
        rear |= nx.node_connected_component(graph, back)
        front |= nx.node_connected_component(graph, fore)
    if front & rear:
        return None
    return frozenset(front), frozenset(rear)


def T_brake_sheet(
    part: SheetPart, stroke: int, gauged: str, T_brake_bend_pinch: Array, legs: LegPoses, angles: Array, die_height: float
) -> Array:
    """Pose of the sheet frame (root flange) in the brake (4, 4) with the stroke's legs where `legs` says; `angles` hold the stroke's deflection."""
    bend = part.bends[part.strokes[stroke].bends[0]]
    side = legs.rear if gauged == "parent" else legs.front
    T: Array = (
        T_brake_leg(side, T_brake_bend_pinch, part.thickness, die_height)
        @ T_brake_bend_pinch
        @ inverse(part.fold(angles)[bend.parent] @ bend.T_sheet_bend)
    )
    return T


def T_brake_leg(T_leg: Array, T_brake_bend_pinch: Array, thickness: float, die_height: float) -> Array:
    """How a leg has moved in the brake since it lay flat: brake to brake (4, 4), for a pose or a stack of `sim.airbend.LegPoses` legs."""
    x = T_brake_bend_pinch[0, 3]
    T: Array = translation(x, 0.0, die_height) @ T_leg @ translation(-x, 0.0, -(die_height + thickness / 2))
    return T


def lying_flanges(part: SheetPart, stroke: int, before: Array) -> frozenset[int]:
    """Flanges that lie on the die when the stroke begins: those at its line, and all that hang flat on them."""
    flat = nx.Graph()
    flat.add_nodes_from(range(len(part.flanges)))
    flat.add_edges_from((b.parent, b.child) for b in part.bends if abs(before[b.index]) < 1e-9)
    legs = {f for i in part.strokes[stroke].bends for f in (part.bends[i].parent, part.bends[i].child)}
    return frozenset(f for leg in legs for f in nx.node_connected_component(flat, leg))
