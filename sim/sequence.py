"""The order of bends: a search over what is done, which flange is held, which side is gauged and which tool station is used.

State = (strokes done, flange held, how the part last lay). Costs are seconds of handling. Geometry is asked once per (stroke, strokes done,
gauged side, tools) and remembered: it does not depend on the order in which the others were made. A* with the least cost of the remaining
strokes as its estimate is exact within `MAX_EXPANSIONS` states; beyond, a weighted search goes for a complete order and the result says so.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cells.model import Brake, ToolStock
from cells.tooling import Die, Punch, ToolSetup, ToolStation
from cells.tooling_hulls import STEP, compose
from core.findings import Finding
from core.frames import Array
from core.progress import Progress, silent
from core.units import to_mm
from parts.sheet import SheetPart
from sim.airbend import bending_force, contact_half_width, inner_radius, leg_poses, minimum_leg, penetration, springback
from sim.gauging import Gauging, gauge
from sim.swing import Clash, Lie, Press, check_stroke, lie, part_in_brake
from sim.tool_choice import ToolPair, radius_finding, tool_pairs

MAX_EXPANSIONS = 3000
"""States looked at before the search gives up on proving the best order."""
GREEDY_WEIGHT = 6.0
# Handling costs in seconds; regripping is what a robot cell suffers from most.
STROKE_COST = 8.0
REGRIP_COST = 20.0
FLIP_COST = 6.0
TURN_COST = 3.0
STATION_COST = 2.0
OWN_STATION_COST = 4.0
LIGHT_FRONT_COST = 5.0


@dataclass(frozen=True, eq=False, slots=True)
class SequencedStroke:
    """One stroke of the answer; see `sim.plan.BendStep` for the fields they share.

    Attributes:
        hold_flange: A flange in front that the gripper can hold.
        before: Bend angles (n_bends,) before the stroke.
        clearance: Smallest distance of part and tools found, at most 0.02 [m].
        front: Flanges on the robot's side.
    """

    stroke: int
    bends: tuple[int, ...]
    station: int
    x: float
    gauged: str
    flipped: bool
    hold_flange: int
    angle: float
    loaded_angle: float
    radius: float
    force: float
    tip_depth: float
    pinch_tip: float
    gauge_x: float
    gauge_r: float
    gauge_z1: float
    gauge_z2: float
    gauge_contact: str
    T_brake_bend_pinch: Array
    before: Array
    clearance: float
    front: frozenset[int]


@dataclass(frozen=True, eq=False, slots=True)
class SequenceResult:
    """The best order, or as much of one as there is with the reasons in `findings`."""

    steps: tuple[SequencedStroke, ...]
    setup: ToolSetup
    findings: tuple[Finding, ...]
    cost: float
    expanded: int
    checks: int


@dataclass(frozen=True, eq=False, slots=True)
class _Option:
    """A stroke that works in one way: tools, side, geometry."""

    how: Lie
    pair: ToolPair
    length: float
    gauging: Gauging
    clearance: float


@dataclass(order=True, slots=True)
class _Node:
    estimate: float
    tie: int
    cost: float = field(compare=False)
    mask: int = field(compare=False)
    hold: int = field(compare=False)
    last: tuple[object, ...] = field(compare=False)
    path: tuple[tuple[int, int, _Option, Array], ...] = field(compare=False)


class _Search:
    def __init__(
        self, part: SheetPart, brake: Brake, stock: ToolStock, holds: tuple[bool, ...], forbidden: frozenset[tuple[int, int, str]]
    ) -> None:
        self.part, self.brake, self.stock = part, brake, stock
        self.holds, self.forbidden = holds, forbidden
        self.findings: list[Finding] = []
        self.options: dict[tuple[int, int, str], _Option | str] = {}
        self.presses: dict[tuple[str, str, float], Press] = {}
        self.pairs: dict[int, list[ToolPair]] = {}
        for stroke in part.strokes:
            pairs, findings = tool_pairs(part, stroke.index, stock)
            self.pairs[stroke.index] = pairs
            self.findings += findings
        self.lengths = {stroke.index: self._line_length(stroke.index) for stroke in part.strokes}
        longest = max(self.lengths.values(), default=0.0)
        # The longest stroke's tools serve all strokes where nothing stands beside them.
        self.common = _punch_length(longest)

    def _line_length(self, stroke: int) -> float:
        bends = [self.part.bends[i] for i in self.part.strokes[stroke].bends]
        along = (bends[0].end - bends[0].start) / np.linalg.norm(bends[0].end - bends[0].start)
        marks = [float(p @ along) for b in bends for p in (b.start, b.end)]
        return max(marks) - min(marks)

    def angles(self, mask: int) -> Array:
        out = np.zeros(len(self.part.bends))
        for stroke in self.part.strokes:
            if mask >> stroke.index & 1:
                for bend in stroke.bends:
                    out[bend] = self.part.bends[bend].angle
        return out

    def option(self, stroke: int, mask: int, gauged: str) -> _Option | str:
        key = (stroke, mask, gauged)
        if key not in self.options:
            self.options[key] = "the robot cannot carry it out this way" if key in self.forbidden else self._evaluate(stroke, mask, gauged)
        return self.options[key]

    def _evaluate(self, stroke: int, mask: int, gauged: str) -> _Option | str:
        part = self.part
        bend = part.bends[part.strokes[stroke].bends[0]]
        before = self.angles(mask)
        angle = abs(bend.angle)
        reason = "no tools fit"
        for pair in self.pairs[stroke]:
            loaded = _loaded_angle(part, stroke, pair.die, pair.punch)
            how = lie(part, stroke, gauged, before, 0.0, pair.die.height)
            if isinstance(how, str):
                return how
            short = self._short_leg(stroke, pair)
            if short:
                reason = short
                continue
            length = self.lengths[stroke]
            force = bending_force(part.material, part.thickness, pair.die.opening, length)
            if force > self.brake.max_force:
                reason = f"it needs {force / 1e3:.0f} kN, the brake has {self.brake.max_force / 1e3:.0f} kN"
                continue
            if force / length > min(pair.punch.rating, pair.die.rating):
                reason = f"it needs {force / length / 1e3:.0f} kN/m, more than {pair.punch.name} or {pair.die.name} bears"
                continue
            Ts = part_in_brake(part, how, leg_poses(part, bend.index, 0.0, pair.punch, pair.die), before, pair.die.height)
            gauging = gauge(part, Ts, how.rear, pair.die.height + part.thickness / 2, self.brake)
            if isinstance(gauging, str):
                return gauging
            own = _punch_length(length)
            for tool_length in dict.fromkeys((self.common, own)):
                if tool_length > self.brake.length or compose(tool_length, _stock(self.stock, pair.punch.name)) is None:
                    continue
                found = check_stroke(self._press(pair, tool_length), how, before, loaded, angle)
                if not isinstance(found, Clash):
                    return _Option(how, pair, tool_length, gauging, found)
                reason = str(found)
        return reason

    def _press(self, pair: ToolPair, length: float) -> Press:
        key = (pair.punch.name, pair.die.name, length)
        if key not in self.presses:
            half = length / 2
            self.presses[key] = Press(self.part, self.brake, pair, (-half, half), (-half, half))
        return self.presses[key]

    def _short_leg(self, stroke: int, pair: ToolPair) -> str:
        for index in self.part.strokes[stroke].bends:
            bend = self.part.bends[index]
            need = minimum_leg(pair.die.opening, bend.radius, self.part.thickness)
            for flange in (bend.parent, bend.child):
                polygon = self.part.flanges[flange].polygon
                y = np.asarray(polygon.exterior.coords) @ bend.T_sheet_bend[:2, 1] - bend.T_sheet_bend[:2, 3] @ bend.T_sheet_bend[:2, 1]
                leg = float(np.max(np.abs(y))) + bend.radius + self.part.thickness - bend.allowance / 2
                if leg < need:
                    return f"the {to_mm(leg):.1f} mm leg is shorter than the {to_mm(need):.1f} mm that V {to_mm(pair.die.opening):g} needs"
        return ""

    def run(self, progress: Progress, weight: float = 1.0) -> tuple[_Node | None, _Node, int, bool]:
        """A* (weight 1: exact); a larger weight goes for any complete order. Also the furthest node, expansions, and whether the limit was hit."""
        n = len(self.part.strokes)
        goal = (1 << n) - 1
        areas = [flange.polygon.area for flange in self.part.flanges]
        total = sum(areas)
        order = sorted((f for f in range(len(areas)) if self.holds[f]), key=lambda f: (-round(areas[f], 9), f))[:5]
        heap: list[_Node] = []
        tie = 0
        for hold in order:
            heap.append(_Node(n * STROKE_COST, tie, 0.0, 0, hold, (), ()))
            tie += 1
        heapq.heapify(heap)
        best: dict[tuple[int, int, tuple[object, ...]], float] = {}
        furthest = heap[0] if heap else _Node(0.0, 0, 0.0, 0, 0, (), ())
        expanded = 0
        while heap and expanded < MAX_EXPANSIONS:
            node = heapq.heappop(heap)
            if node.mask == goal:
                return node, node, expanded, False
            key = (node.mask, node.hold, node.last)
            if best.get(key, np.inf) <= node.cost:
                continue
            best[key] = node.cost
            expanded += 1
            if len(node.path) > len(furthest.path):
                furthest = node
            if expanded % 50 == 0:
                progress("sequence", len(furthest.path) / n, f"{expanded} orders looked at")
            for stroke in range(n):
                if node.mask >> stroke & 1:
                    continue
                for gauged in ("child", "parent"):
                    option = self.option(stroke, node.mask, gauged)
                    if isinstance(option, str):
                        continue
                    front_area = sum(areas[f] for f in option.how.front)
                    turn = float(np.round(np.arctan2(*self._direction(option.how, node.mask)) / (np.pi / 2), 2))
                    last = (option.how.flipped, turn, option.pair.punch.name, option.pair.die.name, option.length)
                    for hold in order:
                        if hold not in option.how.front:
                            continue
                        cost = STROKE_COST + REGRIP_COST * (hold != node.hold) + LIGHT_FRONT_COST * (front_area < 0.5 * total)
                        cost += OWN_STATION_COST * (option.length != self.common)
                        if node.last:
                            cost += (
                                FLIP_COST * (last[0] != node.last[0])
                                + TURN_COST * (last[1] != node.last[1])
                                + STATION_COST * (last[2:] != node.last[2:])
                            )
                        new_mask = node.mask | 1 << stroke
                        new_cost = node.cost + cost
                        if best.get((new_mask, hold, last), np.inf) <= new_cost:
                            continue
                        remaining = n - bin(new_mask).count("1")
                        tie += 1
                        heapq.heappush(
                            heap,
                            _Node(
                                new_cost + weight * remaining * STROKE_COST,
                                tie,
                                new_cost,
                                new_mask,
                                hold,
                                last,
                                (*node.path, (stroke, hold, option, self.angles(node.mask))),
                            ),
                        )
        return None, furthest, expanded, bool(heap)

    def _direction(self, how: Lie, mask: int) -> tuple[float, float]:
        """Direction of the root flange's x axis in the brake: tells how the part is turned."""
        part = self.part
        bend = part.bends[part.strokes[how.stroke].bends[0]]
        Ts = part.fold(self.angles(mask))
        R = how.T_brake_bend_pinch[:3, :3] @ (Ts[bend.parent] @ bend.T_sheet_bend)[:3, :3].T
        return float(R[1, 0]), float(R[0, 0])


def plan_sequence(
    part: SheetPart,
    brake: Brake,
    stock: ToolStock,
    *,
    holdable: Callable[[int], bool] | None = None,
    forbidden: frozenset[tuple[int, int, str]] = frozenset(),
    progress: Progress = silent,
) -> SequenceResult:
    """Finds the order of bends.

    Args:
        part: The part.
        brake: The machine.
        stock: Tools in the shop.
        holdable: Whether the gripper can hold a flange; None: any.
        forbidden: (stroke, mask of strokes done, gauged side) that the robot could not carry out.
        progress: Told how far the search is.
    """
    holds = tuple(holdable is None or holdable(flange.index) for flange in part.flanges)
    search = _Search(part, brake, stock, holds, forbidden)
    if not part.strokes:
        finding = Finding("error", "no-bends", f"{part.name} has no bends", "give a flat pattern with bend lines", "sequence")
        return SequenceResult((), ToolSetup(()), (finding,), 0.0, 0, 0)
    if search.findings:
        return SequenceResult((), ToolSetup(()), tuple(search.findings), 0.0, 0, 0)
    found, furthest, expanded, limited = search.run(progress)
    findings: list[Finding] = []
    if limited:
        # Too many orders to compare them all: go for a good one.
        found, furthest, more, limited = search.run(progress, GREEDY_WEIGHT)
        expanded += more
        if found is not None:
            findings.append(
                Finding(
                    "info",
                    "order-not-proven",
                    f"the order is good but not proven the best: the search stopped after {MAX_EXPANSIONS} states",
                    "",
                    "sequence",
                )
            )
    node = found or furthest
    if found is None and limited:
        findings.append(
            Finding(
                "error",
                "search-limit",
                f"no complete order among {expanded} states; the part may still be possible",
                "simplify the part or split it",
                "sequence",
            )
        )
    elif found is None:
        findings += _reasons(search, furthest)
    setup, station_of, layout = _layout(part, brake, stock, node)
    findings += layout
    steps = tuple(_step(part, setup, station_of, hold, option, before) for _, hold, option, before in node.path)
    for _, _, option, _ in node.path:
        warning = radius_finding(part, option.how.stroke, option.pair)
        if warning is not None:
            findings.append(warning)
    return SequenceResult(steps, setup, tuple(findings), node.cost, expanded, len(search.options))


def _take(left: dict[str, list[float]], stock: ToolStock, name: str, length: float) -> tuple[float, ...] | None:
    """Segments of a tool for one station, taken out of what is left of its set; None when they do not add up."""
    remaining = left.setdefault(name, list(_stock(stock, name)))
    found = compose(length, tuple(remaining))
    for segment in found or ():
        remaining.remove(min(remaining, key=lambda value: abs(value - segment)))
    return found


def _loaded_angle(part: SheetPart, stroke: int, die: Die, punch: Punch) -> float:
    """Deflection under load [rad]: target plus springback of the radius that these tools make, whatever the flat was computed with."""
    angle = abs(part.bends[part.strokes[stroke].bends[0]].angle)
    return angle + springback(part.material, angle, inner_radius(part.material, die.opening, punch.radius), part.thickness)


def _punch_length(line: float) -> float:
    """Punch for a bend line [m]: 3 mm shorter on each side, so that it goes between standing walls; very short lines take what fits."""
    room = line - 6e-3 if line > 30e-3 else line
    return max(float(np.floor(room / STEP + 1e-6) * STEP), STEP)


def _stock(stock: ToolStock, name: str) -> tuple[float, ...]:
    return stock.segments.get(name) or stock.segments["*"]


def _label(part: SheetPart, stroke: int) -> str:
    return " + ".join(str(b + 1) for b in part.strokes[stroke].bends)


def _reasons(search: _Search, furthest: _Node) -> list[Finding]:
    """Why the remaining strokes cannot follow the furthest order."""
    part = search.part
    out = []
    for stroke in part.strokes:
        if furthest.mask >> stroke.index & 1:
            continue
        why = []
        for gauged in ("child", "parent"):
            option = search.option(stroke.index, furthest.mask, gauged)
            side = "smaller side" if gauged == "child" else "larger side"
            if isinstance(option, str):
                why.append(f"with the {side} at the gauge: {option}")
            else:
                why.append(f"with the {side} at the gauge: no flange in front can be gripped")
        done = [_label(part, s) for s, *_ in furthest.path]
        after = f"after bends {', '.join(done)}" if done else "as the first bend"
        message = f"bend {_label(part, stroke.index)} cannot be made {after}; " + "; ".join(why)
        out.append(
            Finding(
                "error",
                "no-sequence",
                message,
                "a gooseneck punch, a narrower die, another gripper, or a changed flange",
                f"bend {_label(part, stroke.index)}",
            )
        )
    return out


def _layout(
    part: SheetPart, brake: Brake, stock: ToolStock, node: _Node
) -> tuple[ToolSetup, dict[tuple[str, str, float], int], list[Finding]]:
    """Stations side by side on the beam, the longest in the middle of the robot's reach first."""
    keys = list(dict.fromkeys((option.pair.punch.name, option.pair.die.name, option.length) for _, _, option, _ in node.path))
    pairs = {(option.pair.punch.name, option.pair.die.name, option.length): option.pair for _, _, option, _ in node.path}
    keys.sort(key=lambda key: -key[2])
    findings: list[Finding] = []
    if not keys:
        return ToolSetup(()), {}, findings
    bounds = part.flat.outline.bounds
    width = max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    gaps = [max(0.05, (width - min(a[2], b[2])) / 2 * 0.6) for a, b in zip(keys[:-1], keys[1:], strict=True)]
    total = sum(key[2] for key in keys) + sum(gaps)
    if total > brake.length:
        short = sum(key[2] for key in keys)
        scale = max(0.0, (brake.length - short) / max(sum(gaps), 1e-9))
        gaps = [gap * scale for gap in gaps]
        total = short + sum(gaps)
        if total > brake.length + 1e-9:
            findings.append(
                Finding(
                    "error",
                    "beam-too-short",
                    f"the stations need {to_mm(total):.0f} mm of beam, the brake has {to_mm(brake.length):.0f} mm",
                    "split the job or use a longer brake",
                    "tools",
                )
            )
    stations = []
    left: dict[str, list[float]] = {}
    x = -total / 2
    for index, key in enumerate(keys):
        pair = pairs[key]
        taken = [_take(left, stock, name, key[2]) for name in (pair.punch.name, pair.die.name)]
        for name, found in zip((pair.punch.name, pair.die.name), taken, strict=True):
            if found is None:
                findings.append(
                    Finding(
                        "error",
                        "no-segments",
                        f"station {index + 1} needs {to_mm(key[2]):.0f} mm of {name}, but the segments left in stock do not add up to it",
                        "add segments, or make the part in two set-ups",
                        "tools",
                    )
                )
        segments, die_segments = (found or (key[2],) for found in taken)
        stations.append(ToolStation(index, pair.punch, pair.die, x, segments, die_segments))
        x += key[2] + (gaps[index] if index < len(gaps) else 0.0)
    heights = {station.die.height for station in stations}
    if len(heights) > 1:
        findings.append(
            Finding(
                "error",
                "die-heights",
                f"dies of different heights ({', '.join(f'{to_mm(h):g}' for h in sorted(heights))} mm) cannot stand together",
                "use V openings of one height class",
                "tools",
            )
        )
    tall = {station.punch.height for station in stations}
    if max(tall) - min(tall) > 1e-5:
        findings.append(
            Finding(
                "error",
                "punch-heights",
                f"punches of different heights ({', '.join(f'{to_mm(h):g}' for h in sorted(tall))} mm) cannot hang together",
                "use punches of one height, or two set-ups",
                "tools",
            )
        )
    return ToolSetup(tuple(stations)), {key: index for index, key in enumerate(keys)}, findings


def _step(
    part: SheetPart, setup: ToolSetup, station_of: dict[tuple[str, str, float], int], hold: int, option: _Option, before: Array
) -> SequencedStroke:
    station = setup.stations[station_of[(option.pair.punch.name, option.pair.die.name, option.length)]]
    stroke = part.strokes[option.how.stroke]
    bend = part.bends[stroke.bends[0]]
    angle = abs(bend.angle)
    loaded = _loaded_angle(part, stroke.index, station.die, station.punch)
    made = inner_radius(part.material, station.die.opening, station.punch.radius)
    T = option.how.T_brake_bend_pinch.copy()
    T[0, 3] += station.x_middle
    length = option.how.span[1] - option.how.span[0]
    g = option.gauging
    return SequencedStroke(
        stroke=stroke.index, bends=stroke.bends, station=station.index, x=station.x_middle, gauged=option.how.gauged, flipped=option.how.flipped, hold_flange=hold,
        angle=angle, loaded_angle=loaded, radius=bend.radius, force=bending_force(part.material, part.thickness, station.die.opening, length),
        tip_depth=penetration(loaded, made, part.thickness, contact_half_width(station.die), station.die.shoulder), pinch_tip=part.thickness,
        gauge_x=g.gauge_x, gauge_r=g.gauge_r, gauge_z1=g.gauge_z1 + station.x_middle, gauge_z2=g.gauge_z2 + station.x_middle, gauge_contact=g.contact,
        T_brake_bend_pinch=T, before=before, clearance=option.clearance, front=option.how.front,
    )  # fmt: skip
