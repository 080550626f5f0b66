"""A* over the order of bends.

State = (strokes made, flange held, how the part lies and in which tools). Costs are seconds of handling. The estimate of what remains counts every
remaining stroke, the directions of line that are still to come, a flip when lines of the other side remain, and the light fronts that cannot be
avoided: none of them can cost less, so the first complete order found is the cheapest. Of equal estimates the longest order is looked at first.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from core.frames import Array
from core.progress import Progress
from sim.stroke_options import StrokeOption, StrokeOptions

# Handling costs in seconds; regripping is what a robot cell suffers from most.
STROKE_COST = 8.0
REGRIP_COST = 20.0
FLIP_COST = 6.0
TURN_COST = 3.0
STATION_COST = 2.0
OWN_STATION_COST = 4.0
LIGHT_FRONT_COST = 5.0
HOLD_FLANGES = 5
"""So many of the largest flanges are thought of as held."""

Lay = tuple[bool, float, str, str, float]
"""Flipped, quarter turns about the vertical, punch, die, length of tools."""


@dataclass(frozen=True, eq=False, slots=True)
class OrderStep:
    """One stroke of an order: which, with which flange held, how, and after which others (a mask)."""

    stroke: int
    hold: int
    option: StrokeOption
    mask: int


@dataclass(order=True, slots=True)
class Order:
    """Strokes in order; compares by estimate, then by how many are made."""

    estimate: float
    missing: int
    tie: int
    cost: float = field(compare=False)
    mask: int = field(compare=False)
    hold: int = field(compare=False)
    lay: Lay | None = field(compare=False)
    steps: tuple[OrderStep, ...] = field(compare=False)


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What a search came to.

    Attributes:
        order: A complete order, the cheapest when the weight was 1; None when there is none.
        furthest: The longest order looked at.
        expanded: How many orders were looked at.
        limited: The search stopped at its limit.
    """

    order: Order | None
    furthest: Order
    expanded: int
    limited: bool


class OrderSearch:
    """Looks for the order of one part's strokes.

    Args:
        options: Answers about single strokes.
        holds: Per flange, whether the gripper can hold the part by it.
        forbidden: (stroke, mask of strokes made, gauged side) that the robot could not carry out.
    """

    def __init__(self, options: StrokeOptions, holds: tuple[bool, ...], forbidden: frozenset[tuple[int, int, str]]) -> None:
        self.options, self.forbidden = options, forbidden
        part = options.part
        self.count = len(part.strokes)
        self.areas = [flange.polygon.area for flange in part.flanges]
        self.half = 0.5 * sum(self.areas)
        holdable = [index for index in range(len(self.areas)) if holds[index]]
        self.holds = sorted(holdable, key=lambda flange: (-round(self.areas[flange], 9), flange))[:HOLD_FLANGES]
        self.directions = [self._direction(stroke.index) for stroke in part.strokes]
        self.light = [self._least_light(stroke.index) for stroke in part.strokes]

    def option(self, stroke: int, mask: int, gauged: str) -> StrokeOption | str:
        """Like `StrokeOptions.option`, less what the robot could not do."""
        if (stroke, mask, gauged) in self.forbidden:
            return "the robot cannot carry it out this way"
        return self.options.option(stroke, mask, gauged)

    def run(self, progress: Progress, limit: int, weight: float = 1.0) -> Found:
        """The cheapest order (weight 1), or quickly a good one (a larger weight), looking at no more than `limit` orders."""
        goal = (1 << self.count) - 1
        heap = [Order(weight * self._remaining(0, None), self.count, tie, 0.0, 0, hold, None, ()) for tie, hold in enumerate(self.holds)]
        if not heap:
            return Found(None, Order(0.0, self.count, 0, 0.0, 0, 0, None, ()), 0, False)
        heapq.heapify(heap)
        tie = len(heap)
        best: dict[tuple[int, int, Lay | None], float] = {}
        furthest, expanded = heap[0], 0
        while heap and expanded < limit:
            order = heapq.heappop(heap)
            if order.mask == goal:
                return Found(order, order, expanded, False)
            key = (order.mask, order.hold, order.lay)
            if best.get(key, np.inf) <= order.cost:
                continue
            best[key] = order.cost
            expanded += 1
            if len(order.steps) > len(furthest.steps):
                furthest = order
            if expanded % 50 == 0:
                progress("sequence", len(furthest.steps) / self.count, f"{expanded} orders looked at")
            for step, lay, cost in self._next(order):
                mask = order.mask | 1 << step.stroke
                if best.get((mask, step.hold, lay), np.inf) <= cost:
                    continue
                estimate = round(cost + weight * self._remaining(mask, lay), 6)
                tie += 1
                heapq.heappush(
                    heap, Order(estimate, self.count - len(order.steps) - 1, tie, cost, mask, step.hold, lay, (*order.steps, step))
                )
        return Found(None, furthest, expanded, bool(heap))

    def _next(self, order: Order) -> list[tuple[OrderStep, Lay, float]]:
        """Every stroke that can follow, with its lay and the cost up to there."""
        out = []
        for stroke in range(self.count):
            if order.mask >> stroke & 1:
                continue
            for gauged in ("child", "parent"):
                option = self.option(stroke, order.mask, gauged)
                if isinstance(option, str):
                    continue
                lay = (option.how.flipped, self._turn(stroke, option), option.pair.punch.name, option.pair.die.name, option.length)
                cost = (
                    order.cost
                    + STROKE_COST
                    + LIGHT_FRONT_COST * self._is_light(option)
                    + OWN_STATION_COST * (option.length != self.options.common)
                )
                if order.lay is not None:
                    cost += (
                        FLIP_COST * (lay[0] != order.lay[0])
                        + TURN_COST * (lay[1] != order.lay[1])
                        + STATION_COST * (lay[2:] != order.lay[2:])
                    )
                for hold in self.holds:
                    if hold in option.how.front:
                        step = OrderStep(stroke, hold, option, order.mask)
                        out.append((step, lay, cost + REGRIP_COST * (hold != order.hold)))
        return out

    def _is_light(self, option: StrokeOption) -> bool:
        """The smaller part of the sheet is on the robot's side."""
        return sum(self.areas[flange] for flange in option.how.front) < self.half

    def _turn(self, stroke: int, option: StrokeOption) -> float:
        """Quarter turns of the flat sheet about the vertical, in the brake."""
        bend = self.options.part.bends[self.options.part.strokes[stroke].bends[0]]
        R: Array = option.how.T_brake_bend_pinch[:3, :3] @ bend.T_sheet_bend[:3, :3].T
        return round(float(np.arctan2(R[1, 0], R[0, 0])) / (np.pi / 2), 2) % 4.0

    def _direction(self, stroke: int) -> tuple[bool, float]:
        """Side and direction of a line in the flat: strokes that differ in it cannot follow each other without a turn or a flip."""
        bend = self.options.part.bends[self.options.part.strokes[stroke].bends[0]]
        x = bend.T_sheet_bend[:2, 0]
        return bend.angle < 0, _half_turns(float(np.arctan2(x[1], x[0])) / (np.pi / 2))

    def _least_light(self, stroke: int) -> float:
        """What a light front costs at least, whichever side is gauged."""
        options = [how for gauged in ("child", "parent") if not isinstance(how := self.options.checks.lie(stroke, 0, gauged, 0.0), str)]
        light = [sum(self.areas[flange] for flange in how.front) < self.half for how in options]
        return LIGHT_FRONT_COST if light and all(light) else 0.0

    def _remaining(self, mask: int, lay: Lay | None) -> float:
        """A lower bound of the cost of the strokes that are not made."""
        left = [stroke for stroke in range(self.count) if not mask >> stroke & 1]
        directions = {self.directions[stroke] for stroke in left}
        cost = STROKE_COST * len(left) + sum(self.light[stroke] for stroke in left)
        if not directions:
            return cost
        if lay is None:
            changes, flips = len(directions) - 1, int(len({side for side, _ in directions}) > 1)
        else:
            # The sheet's x axis points along `turn` in the brake, so lines along the beam have the opposite angle in the sheet.
            now = (lay[0], _half_turns(lay[1] if lay[0] else -lay[1]))
            changes = len(directions - {now})
            flips = int(any(side != lay[0] for side, _ in directions))
        return cost + TURN_COST * max(changes - flips, 0) + FLIP_COST * flips


def _half_turns(quarters: float) -> float:
    """Quarter turns of a line, which is the same after two of them; rounded, so that equal directions compare equal."""
    return round(round(quarters, 2) % 2.0, 2) % 2.0
