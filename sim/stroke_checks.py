"""Whether strokes fit between the tools, remembered by what each answer depends on.

Where a flange is during a stroke depends only on the bends between it and the bend line. So its clearance is asked once for every state of
those few bends, and a state of the whole part is the least of its flanges: the cost grows with the depth of the flange tree, not with the
number of states (the "virtual nodes" of Gupta and Bourne 1999 are the same idea).
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from cells.model import Brake
from cells.tooling_hulls import die_hulls, punch_hulls
from core.frames import Array, apply, inverse
from parts.sheet import SheetPart
from sim import press_kernels as kernels
from sim.airbend import LegPoses, leg_poses
from sim.gauging import Contact, Gauging, choose_contact, flange_contacts
from sim.swing import Lie, T_brake_leg, lie
from sim.tool_choice import ToolPair

GAP = 1e-3
"""Clearance between part and tools that the search asks for [m]."""
PRESSED = 0.5e-3
"""A leg that lies on the die touches both tools with its faces; what enters them by more is pressed into them [m]."""
NEIGHBOURS = 3e-3
"""Flanges nearer than this in the flat meet at a corner by design and are not tested against each other [m]."""
SWING_SAMPLES = 9
LIFTS = (0.010, 0.045, 0.120)
"""Heights above the die at which the part may be brought in and out [m]."""
FREE_SPACE = 0.08
"""The part counts as out of the brake when all of it is this far before the bending plane [m]."""
CAP = 0.02
"""Clearances above this are not measured [m]."""


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


@dataclass(frozen=True, eq=False, slots=True)
class _Passage:
    """One flange during one stroke; distances are capped at `CAP` [m], names are those of the nearest body of the press.

    Attributes:
        swing, swing_body, swing_angle: Nearest while the ram comes down.
        lifts: Nearest on the way in and on the way out, per lift (2, 3).
        lift_bodies: Their names.
    """

    swing: float
    swing_body: str
    swing_angle: float
    lifts: Array
    lift_bodies: tuple[tuple[str, ...], tuple[str, ...]]


class Press:
    """Tools and beams of one station as hulls, the ram open; x = 0 is the middle of the tools.

    Args:
        brake: The machine.
        pair: Tools.
        length: Of punch and die along the beam [m].
    """

    def __init__(self, brake: Brake, pair: ToolPair, length: float) -> None:
        zero = brake.mechanism.fk(np.zeros(len(brake.mechanism.joint_names)))
        names = [link.name for link in brake.mechanism.links]
        up = np.array([0.0, 0.0, brake.daylight])
        bodies = [("die", hull) for hull in die_hulls(pair.die, -length / 2, length / 2)]
        bodies += [("lower beam", apply(zero[names.index("frame")], hull)) for hull in brake.mechanism.links[names.index("frame")].hulls]
        bodies += [("punch", hull + up) for hull in punch_hulls(pair.punch, -length / 2, length / 2)]
        bodies += [("ram", apply(zero[names.index("ram")], hull)) for hull in brake.mechanism.links[names.index("ram")].hulls]
        self.names = tuple(name for name, _ in bodies)
        self.points, self.starts = _rows([hull for _, hull in bodies])
        self.low = np.array([hull.min(axis=0) for _, hull in bodies])
        self.high = np.array([hull.max(axis=0) for _, hull in bodies])
        self.upper = np.array([name in ("punch", "ram") for name in self.names])
        self.tool = np.array([name in ("punch", "die") for name in self.names])
        self.open_tip = brake.daylight - pair.die.height - pair.punch.height

    def clearances(
        self, flange: tuple[Array, Array], poses: Array, tips: Array, travels: Array, with_tools: Array
    ) -> tuple[Array, list[str]]:
        """Distances (k,) of a flange's hulls (vertices, starts) at poses (k, 4, 4), tips above the die's top (k,); and what is nearest."""
        distances, nearest = np.empty(len(poses)), np.empty(len(poses), dtype=np.int64)
        kernels.press_clearances(
            self.points, self.starts, self.low, self.high, self.upper, self.tool, *flange, np.ascontiguousarray(poses), self.open_tip - tips, travels, with_tools,
            CAP, distances, nearest,
        )  # fmt: skip
        return distances, [self.names[i] if i >= 0 else "" for i in nearest]


class StrokeChecks:
    """Answers about the strokes of one part in one brake. `mask` has a bit for every stroke that is already made.

    Args:
        part: The part.
        brake: The machine.
    """

    def __init__(self, part: SheetPart, brake: Brake) -> None:
        self.part, self.brake = part, brake
        self.flanges = [_rows(list(part.flange_hulls(flange.index))) for flange in part.flanges]
        self.cores = [(_core(points, part.thickness), starts) for points, starts in self.flanges]
        self.stroke_of = {bend: stroke.index for stroke in part.strokes for bend in stroke.bends}
        self.tree = nx.Graph()
        self.tree.add_nodes_from(range(len(part.flanges)))
        for bend in part.bends:
            self.tree.add_edge(bend.parent, bend.child, stroke=self.stroke_of[bend.index])
        self.routes = [self._routes(stroke.index) for stroke in part.strokes]
        self.between = [self._between(stroke.index) for stroke in part.strokes]
        polygons = [flange.polygon for flange in part.flanges]
        self.apart = [
            (i, k) for i in range(len(polygons)) for k in range(i + 1, len(polygons)) if polygons[i].distance(polygons[k]) >= NEIGHBOURS
        ]
        self._angles: dict[int, Array] = {}
        self._folds: dict[int, Array] = {}
        self._lies: dict[tuple[int, str, int, float], Lie | str] = {}
        self._legs: dict[tuple[int, str, str, float], list[LegPoses]] = {}
        self._presses: dict[tuple[str, str, float], Press] = {}
        self._passages: dict[tuple[int, str, str, str, float, int, int], _Passage] = {}
        self._touches: dict[tuple[int, int, int, int, str, str], float | None] = {}
        self._contacts: dict[tuple[int, str, float, int, int], list[Contact]] = {}
        self._swings: dict[tuple[int, str, str, str], tuple[Array, Array]] = {}
        self._reaches: dict[tuple[int, str], float] = {}
        # The flange that was in the way of a stroke last is looked at first.
        self._likely: dict[int, int] = {}

    def _routes(self, stroke: int) -> list[int]:
        """Per flange, the strokes (as a mask) of the bends between it and the nearest leg of a stroke."""
        cut = nx.Graph(self.tree)
        legs = set()
        for index in self.part.strokes[stroke].bends:
            bend = self.part.bends[index]
            cut.remove_edge(bend.parent, bend.child)
            legs |= {bend.parent, bend.child}
        paths = nx.multi_source_dijkstra_path(cut, legs)
        return [self._strokes_on(paths[flange.index]) for flange in self.part.flanges]

    def _between(self, stroke: int) -> int:
        """The strokes of the bends between the bends of a stroke."""
        bends = [self.part.bends[index] for index in self.part.strokes[stroke].bends]
        mask = 0
        for bend in bends[1:]:
            mask |= self._strokes_on(nx.shortest_path(self.tree, bends[0].parent, bend.parent))
        return mask & ~(1 << stroke)

    def _strokes_on(self, path: list[int]) -> int:
        mask = 0
        for a, b in zip(path[:-1], path[1:], strict=True):
            mask |= 1 << self.tree.edges[a, b]["stroke"]
        return mask

    def angles(self, mask: int) -> Array:
        """Bend angles (n_bends,) with the strokes of a mask made."""
        if mask not in self._angles:
            self._angles[mask] = np.array([bend.angle if mask >> self.stroke_of[bend.index] & 1 else 0.0 for bend in self.part.bends])
        return self._angles[mask]

    def _fold(self, mask: int) -> Array:
        if mask not in self._folds:
            self._folds[mask] = self.part.fold(self.angles(mask))
        return self._folds[mask]

    def lie(self, stroke: int, mask: int, gauged: str, die_height: float) -> Lie | str:
        """How the part lies for a stroke, with the middle of its line at x = 0; or why the stroke cannot be made."""
        key = (stroke, gauged, mask & self.between[stroke], die_height)
        if key not in self._lies:
            self._lies[key] = lie(self.part, stroke, gauged, self.angles(key[2]), 0.0, die_height)
        return self._lies[key]

    def gauging(self, how: Lie, mask: int, die_height: float) -> Gauging | str:
        """Where the back gauge's fingers stand, or why there is no contact for them."""
        height = die_height + self.part.thickness / 2
        found: list[Contact] = []
        for flange in sorted(how.rear):
            state = mask & self._depends(how.stroke, flange)
            key = (how.stroke, how.gauged, die_height, flange, state)
            if key not in self._contacts:
                self._contacts[key] = flange_contacts(self.part, flange, self._lying_pose(how, flange, state), height)
            found += self._contacts[key]
        return choose_contact(found, height, self.part.thickness, self.brake)

    def check(self, how: Lie, mask: int, pair: ToolPair, length: float, loaded: float, target: float) -> float | Clash:
        """Smallest clearance [m] (at most `CAP`) of a stroke from insertion to withdrawal, or the first clash.

        Args:
            how: From `lie`.
            mask: Strokes already made.
            pair: Tools.
            length: Of the tools along the beam [m].
            loaded: Deflection under load [rad].
            target: Deflection after springback [rad].
        """
        first = self._likely.get(how.stroke, 0)
        flanges = [first, *(flange for flange in range(len(self.part.flanges)) if flange != first)]
        passages = []
        for flange in flanges:
            passage = self._passage(how, flange, mask, pair, length, loaded, target)
            if passage.swing < GAP:
                self._likely[how.stroke] = flange
                return Clash(f"at {np.degrees(passage.swing_angle):.0f} deg", passage.swing_body, f"flange {flange}", passage.swing)
            passages.append(passage)
        touch = self._self_touch(how, mask, pair, loaded, target)
        if touch is not None:
            return touch
        smallest = min(passage.swing for passage in passages)
        for way, when in enumerate(("while it is brought in", "while it is taken out")):
            nearest = np.min([passage.lifts[way] for passage in passages], axis=0)
            wide = np.flatnonzero(nearest >= 2 * GAP)
            if len(wide) == 0:
                lift = len(LIFTS) - 1
                index = min(range(len(passages)), key=lambda i: passages[i].lifts[way][lift])
                return Clash(when, passages[index].lift_bodies[way][lift], f"flange {flanges[index]}", float(nearest[lift]))
            smallest = min(smallest, float(nearest[wide[0]]))
        return smallest

    def _depends(self, stroke: int, flange: int) -> int:
        """Strokes that move a flange against the line of a stroke."""
        return self.routes[stroke][flange] | self.between[stroke]

    def _lying_pose(self, how: Lie, flange: int, state: int) -> Array:
        """Pose of a flange in the brake (4, 4) when the stroke's line lies flat on the die."""
        bend = self.part.bends[self.part.strokes[how.stroke].bends[0]]
        Ts = self._fold(state)
        T: Array = how.T_brake_bend_pinch @ bend.T_bend_sheet @ inverse(Ts[bend.parent]) @ Ts[flange]
        return T

    def _leg_poses(self, stroke: int, pair: ToolPair, loaded: float) -> list[LegPoses]:
        key = (stroke, pair.punch.name, pair.die.name, loaded)
        if key not in self._legs:
            first = self.part.strokes[stroke].bends[0]
            self._legs[key] = [leg_poses(self.part, first, float(b), pair.punch, pair.die) for b in np.linspace(0.0, loaded, SWING_SAMPLES)]
        return self._legs[key]

    def _sides(self, how: Lie, pair: ToolPair, loaded: float, target: float) -> tuple[Array, Array]:
        """How the front and the rear side have moved at every sample of the swing and when it has sprung back to `target`, (k + 1, 4, 4) each."""
        key = (how.stroke, how.gauged, pair.punch.name, pair.die.name)
        if key not in self._swings:
            first = self.part.strokes[how.stroke].bends[0]
            legs = [*self._leg_poses(how.stroke, pair, loaded), leg_poses(self.part, first, target, pair.punch, pair.die)]
            stacks = (np.array([leg.front for leg in legs]), np.array([leg.rear for leg in legs]))
            front, rear = (T_brake_leg(stack, how.T_brake_bend_pinch, self.part.thickness, pair.die.height) for stack in stacks)
            self._swings[key] = (front, rear)
        return self._swings[key]

    def _passage(self, how: Lie, flange: int, mask: int, pair: ToolPair, length: float, loaded: float, target: float) -> _Passage:
        state = mask & self._depends(how.stroke, flange)
        key = (how.stroke, how.gauged, pair.punch.name, pair.die.name, length, flange, state)
        if key not in self._passages:
            self._passages[key] = self._measure(how, flange, state, pair, length, loaded, target)
        return self._passages[key]

    def _measure(self, how: Lie, flange: int, state: int, pair: ToolPair, length: float, loaded: float, target: float) -> _Passage:
        press_key = (pair.punch.name, pair.die.name, length)
        if press_key not in self._presses:
            self._presses[press_key] = Press(self.brake, pair, length)
        press = self._presses[press_key]
        T_lying = self._lying_pose(how, flange, state)
        legs = self._leg_poses(how.stroke, pair, loaded)
        swing = self._sides(how, pair, loaded, target)[0 if flange in how.front else 1] @ T_lying
        lifted = np.repeat(np.array((T_lying, swing[-1])), len(LIFTS), axis=0)
        lifted[:, 2, 3] += np.tile(LIFTS, 2)
        swing = swing[:-1]
        tips = np.array([leg.tip for leg in legs] + [press.open_tip] * len(lifted))
        # Bending is a contraction: nothing reaches further behind the line than in the flat.
        out = self._flat_reach(how) + FREE_SPACE
        travels = np.array([0.0] * len(legs) + [out] * len(lifted))
        # What lies on the die touches both tools while it is bent.
        lying = state & self.routes[how.stroke][flange] == 0
        with_tools = np.array([not lying] * len(legs) + [True] * len(lifted))
        distances, bodies = press.clearances(self.flanges[flange], np.concatenate((swing, lifted)), tips, travels, with_tools)
        n = len(legs)
        if lying:
            # A lobe that reaches across the bend line beside its end goes down into the die while its leg goes up.
            pressed, by = press.clearances(self.cores[flange], swing, tips[:n], travels[:n], np.ones(n, dtype=bool))
            for k in np.flatnonzero(pressed <= 0.0):
                distances[k], bodies[k] = pressed[k], by[k]
        worst = int(np.argmin(distances[:n]))
        angle = float(np.linspace(0.0, loaded, SWING_SAMPLES)[worst])
        m = n + len(LIFTS)
        return _Passage(
            float(distances[worst]),
            bodies[worst],
            angle,
            np.array([distances[n:m], distances[m:]]),
            (tuple(bodies[n:m]), tuple(bodies[m:])),
        )

    def _flat_reach(self, how: Lie) -> float:
        """How far the flat part reaches behind the bending plane [m]."""
        key = (how.stroke, how.gauged)
        if key not in self._reaches:
            outline = np.asarray(self.part.flat.outline.exterior.coords)
            bend = self.part.bends[self.part.strokes[how.stroke].bends[0]]
            T = how.T_brake_bend_pinch @ bend.T_bend_sheet
            self._reaches[key] = max(float((np.c_[outline, np.zeros(len(outline))] @ T[1, :3] + T[1, 3]).max()), 0.0)
        return self._reaches[key]

    def _self_touch(self, how: Lie, mask: int, pair: ToolPair, loaded: float, target: float) -> Clash | None:
        """Flanges of the two sides that meet while the ram comes down.

        Flanges that close a corner come near each other by design; their plates are grown a little, so not touching is enough.
        """
        for a, b in self.apart:
            if (a in how.front) == (b in how.front):
                continue
            state = mask & (self._depends(how.stroke, a) | self._depends(how.stroke, b))
            key = (how.stroke, a, b, state, pair.punch.name, pair.die.name)
            if key not in self._touches:
                front, rear = (stack[:-1] for stack in self._sides(how, pair, loaded, target))
                T_a, T_b = ((front if f in how.front else rear) @ self._lying_pose(how, f, state) for f in (a, b))
                which = kernels.flange_touches(*self.flanges[a], *self.flanges[b], np.ascontiguousarray(inverse(T_a) @ T_b))
                self._touches[key] = None if which < 0 else float(np.linspace(0.0, loaded, SWING_SAMPLES)[which])
            angle = self._touches[key]
            if angle is not None:
                return Clash(f"at {np.degrees(angle):.0f} deg", f"flange {a}", f"flange {b}", 0.0)
        return None


def _core(points: Array, thickness: float) -> Array:
    """Vertices of a flange's hulls drawn together across the sheet, so that what touches its faces stays clear of it."""
    half = max(thickness / 2 - PRESSED, thickness / 10)
    return np.ascontiguousarray(points * np.array([1.0, 1.0, half / float(np.abs(points[:, 2]).max())]))


def _rows(hulls: list[Array]) -> tuple[Array, Array]:
    """Vertices of hulls one below the other (n, 3), and where each begins (m + 1,)."""
    return np.ascontiguousarray(np.concatenate(hulls)), np.cumsum([0, *(len(hull) for hull in hulls)]).astype(np.int64)
