"""One stroke in the brake, without the robot: where the part is, and whether it fits between the tools from insertion to withdrawal."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from cells.model import Brake
from cells.tooling_hulls import die_hulls, punch_hulls
from core.frames import Array, apply, from_axes, inverse, translation
from parts.sheet import SheetPart
from sim import scene_kernels as kernels
from sim.airbend import LegPoses, leg_poses
from sim.tool_choice import ToolPair

GAP = 1e-3
"""Clearance between part and tools that the search asks for [m]."""
NEIGHBOURS = 3e-3
"""Flanges nearer than this in the flat meet at a corner by design and are not tested against each other [m]."""
SWING_SAMPLES = 9
LIFTS = (0.010, 0.045, 0.120)
"""Heights above the die at which the part may be brought in and out [m]."""
BEAM = ("ram", "frame")


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


def fold_with(part: SheetPart, stroke: int, before: Array, beta: float) -> Array:
    """Bend angles with the stroke at deflection `beta` >= 0."""
    angles = before.copy()
    for bend in part.strokes[stroke].bends:
        angles[bend] = np.sign(part.bends[bend].angle) * beta
    return angles


def part_in_brake(part: SheetPart, how: Lie, legs: LegPoses, angles: Array, die_height: float) -> Array:
    """Ts_brake_flange (n, 4, 4) with the stroke's legs where `legs` says; `angles` hold the stroke's deflection."""
    bend = part.bends[part.strokes[how.stroke].bends[0]]
    x = how.T_brake_bend_pinch[0, 3]
    T_machine_bend = translation(-x, 0.0, -(die_height + part.thickness / 2)) @ how.T_brake_bend_pinch
    T_leg = legs.rear if how.gauged == "parent" else legs.front
    T_brake_parent = translation(x, 0.0, die_height) @ T_leg @ T_machine_bend @ inverse(bend.T_sheet_bend)
    Ts = part.fold(angles)
    out: Array = T_brake_parent @ inverse(Ts[bend.parent]) @ Ts
    return out


def lying_flanges(part: SheetPart, stroke: int, before: Array) -> frozenset[int]:
    """Flanges that lie on the die when the stroke begins: those at its line, and all that hang flat on them."""
    flat = nx.Graph()
    flat.add_nodes_from(range(len(part.flanges)))
    flat.add_edges_from((b.parent, b.child) for b in part.bends if abs(before[b.index]) < 1e-9)
    legs = {f for i in part.strokes[stroke].bends for f in (part.bends[i].parent, part.bends[i].child)}
    return frozenset(f for leg in legs for f in nx.node_connected_component(flat, leg))


class Press:
    """Tools and beams of one station as hulls, against which part states are tested.

    Args:
        part: The part.
        brake: The machine.
        pair: Tools.
        punch_span: Left and right end of the punch on the beam [m].
        die_span: Of the die.
    """

    def __init__(
        self, part: SheetPart, brake: Brake, pair: ToolPair, punch_span: tuple[float, float], die_span: tuple[float, float]
    ) -> None:
        self.part, self.brake, self.pair = part, brake, pair
        zero = brake.mechanism.fk(np.zeros(len(brake.mechanism.joint_names)))
        names = [link.name for link in brake.mechanism.links]
        upper = [("punch", hull + np.array([0.0, 0.0, brake.daylight])) for hull in punch_hulls(pair.punch, *punch_span)]
        upper += [("ram", apply(zero[names.index("ram")], hull)) for hull in brake.mechanism.links[names.index("ram")].hulls]
        lower = [("die", hull) for hull in die_hulls(pair.die, *die_span)]
        lower += [("lower beam", apply(zero[names.index("frame")], hull)) for hull in brake.mechanism.links[names.index("frame")].hulls]
        self.kinds = [name for name, _ in (*lower, *upper)]
        self.upper_count = len(upper)
        part_hulls: list[Array] = []
        self.part_flange: list[int] = []
        for flange in part.flanges:
            for hull in part.flange_hulls(flange.index):
                part_hulls.append(hull)
                self.part_flange.append(flange.index)
        machine = [hull for _, hull in (*lower, *upper)]
        hulls = [*machine, *part_hulls]
        self.machine_count = len(machine)
        self.starts = np.cumsum([0, *(len(h) for h in hulls)]).astype(np.int64)
        self.local = np.ascontiguousarray(np.concatenate(hulls))
        self.world = self.local.copy()
        count = len(hulls)
        # Links: 0 lower, 1 upper, 2.. flanges.
        self.links = np.array([0] * len(lower) + [1] * len(upper) + [2 + f for f in self.part_flange], dtype=np.int64)
        self.low, self.high = np.empty((count, 3)), np.empty((count, 3))
        self.radius = np.zeros(count)
        self.slack = np.zeros(count)
        self.all = np.arange(count, dtype=np.int64)
        polygons = [flange.polygon for flange in part.flanges]
        self.neighbours = frozenset(
            (i, k) for i in range(len(polygons)) for k in range(i + 1, len(polygons)) if polygons[i].distance(polygons[k]) < NEIGHBOURS
        )
        self.Ts = np.tile(np.eye(4), (2 + len(part.flanges), 1, 1))

    @property
    def open_tip(self) -> float:
        """Tip above the die's top with the ram open [m]."""
        return self.brake.daylight - self.pair.die.height - self.pair.punch.height

    def pairs(self, legs: frozenset[int]) -> Array:
        """Body pairs to test: all of the part against the machine, but the bent legs not against punch and die; distant flanges against each other."""
        rows = []
        for k, flange in enumerate(self.part_flange):
            body = self.machine_count + k
            for m, kind in enumerate(self.kinds):
                if not (flange in legs and kind in ("punch", "die")):
                    rows.append((m, body))
            for other in range(k + 1, len(self.part_flange)):
                pair = (min(flange, self.part_flange[other]), max(flange, self.part_flange[other]))
                if pair[0] != pair[1] and pair not in self.neighbours:
                    rows.append((body, self.machine_count + other))
        return np.array(rows, dtype=np.int64).reshape(-1, 2)

    def closest(self, Ts_brake_flange: Array, tip: float, pairs: Array, cap: float = 0.02) -> tuple[float, str, str]:
        """Smallest distance [m] and the two names, at a part pose and punch-tip height above the die."""
        ram = self.open_tip - tip
        self.Ts[1, 2, 3] = -ram
        self.Ts[2:] = Ts_brake_flange
        kernels.move_bodies(self.all, self.starts, self.links, self.local, self.Ts, self.world, self.low, self.high)
        points = np.zeros((2, 3))
        distance, which = kernels.closest_pair(pairs, self.radius, self.starts, self.world, self.low, self.high, cap, points)
        if which < 0:
            return cap, "", ""
        a, b = pairs[which]
        return float(distance), self._name(int(a)), self._name(int(b))

    def swept(self, Ts_brake_flange: Array, out: float, tip: float, pairs: Array, cap: float = 0.02) -> tuple[float, str, str]:
        """Like `closest`, for the whole way of the part straight towards the robot by `out` [m].

        A convex hull moved along a line sweeps the convex hull of its two ends, so nothing between is missed.
        """
        self.Ts[1, 2, 3] = -(self.open_tip - tip)
        kernels.move_bodies(self.all[: self.machine_count], self.starts, self.links, self.local, self.Ts, self.world, self.low, self.high)
        pieces = [self.world[: self.starts[self.machine_count]]]
        starts = list(self.starts[: self.machine_count + 1])
        low, high = self.low.copy(), self.high.copy()
        for k, flange in enumerate(self.part_flange):
            body = self.machine_count + k
            hull = apply(Ts_brake_flange[flange], self.local[self.starts[body] : self.starts[body + 1]])
            both = np.concatenate((hull, hull - (0.0, out, 0.0)))
            pieces.append(both)
            starts.append(starts[-1] + len(both))
            low[body], high[body] = both.min(axis=0), both.max(axis=0)
        points = np.zeros((2, 3))
        world = np.ascontiguousarray(np.concatenate(pieces))
        distance, which = kernels.closest_pair(pairs, self.radius, np.array(starts, dtype=np.int64), world, low, high, cap, points)
        if which < 0:
            return cap, "", ""
        a, b = pairs[which]
        return float(distance), self._name(int(a)), self._name(int(b))

    def _name(self, body: int) -> str:
        return self.kinds[body] if body < self.machine_count else f"flange {self.part_flange[body - self.machine_count]}"


@dataclass(frozen=True, slots=True)
class Clash:
    """What is in the way of a stroke: when, which bodies, how much [m], 0 or less when they touch."""

    when: str
    body_a: str
    body_b: str
    distance: float

    def __str__(self) -> str:
        how = "hits" if self.distance <= 0 else f"comes within {self.distance * 1e3:.1f} mm of"
        return f"{self.body_b} {how} {self.body_a} {self.when}"


def check_stroke(press: Press, how: Lie, before: Array, loaded: float, target: float) -> float | Clash:
    """Smallest clearance [m] (capped at 20 mm) of a stroke from insertion to withdrawal, or the first clash."""
    part, die_height = press.part, press.pair.die.height
    bends = [part.bends[i] for i in part.strokes[how.stroke].bends]
    legs_of = lying_flanges(part, how.stroke, before)
    pairs = press.pairs(legs_of)
    is_machine = pairs[:, 0] < press.machine_count
    machine_pairs = press.pairs(frozenset())
    machine_pairs = machine_pairs[machine_pairs[:, 0] < press.machine_count]
    smallest = 0.02
    for beta in np.r_[0.0, np.linspace(0.0, loaded, SWING_SAMPLES)[1:]]:
        legs = leg_poses(part, bends[0].index, float(beta), press.pair.punch, press.pair.die)
        Ts = part_in_brake(part, how, legs, fold_with(part, how.stroke, before, float(beta)), die_height)
        found, a, b = press.closest(Ts, legs.tip, pairs[is_machine])
        if found < GAP:
            return Clash(f"at {np.degrees(beta):.0f} deg", a, b, found)
        smallest = min(smallest, found)
        # Flanges that close a corner come near each other by design; their plates are grown a little, so not touching is enough.
        found, a, b = press.closest(Ts, legs.tip, pairs[~is_machine])
        if found <= 0.0:
            return Clash(f"at {np.degrees(beta):.0f} deg", a, b, found)
    flat = leg_poses(part, bends[0].index, 0.0, press.pair.punch, press.pair.die)
    bent = leg_poses(part, bends[0].index, target, press.pair.punch, press.pair.die)
    for when, legs, beta in (("while it is brought in", flat, 0.0), ("while it is taken out", bent, target)):
        Ts = part_in_brake(part, how, legs, fold_with(part, how.stroke, before, beta), die_height)
        reach = max(float(apply(Ts[f.index], hull)[:, 1].max()) for f in part.flanges for hull in part.flange_hulls(f.index))
        worst: Clash | None = None
        for lift in LIFTS:
            found, a, b = press.swept(translation(0.0, 0.0, lift) @ Ts, max(reach, 0.0) + 0.08, press.open_tip, machine_pairs)
            if found >= 2 * GAP:
                worst = None
                smallest = min(smallest, found)
                break
            worst = Clash(when, a, b, found)
        if worst is not None:
            return worst
    return smallest
