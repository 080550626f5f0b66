"""Order and direction of beads: short ways through the air, and heat spread out.

Every bead may be welded in one or two ways (directions). The cost of an order is time:

    sum of travel times  +  HEAT for every bead that begins next to the one before it

Two beads are neighbours when their middles are nearer than `NEAR`, unless they lie on opposite sides of the same two pieces: those balance each other's pull. Beads of one
seam (passes) keep their order, and so do classes (tacks before seams).

The order is built by always taking the cheapest next bead, from every way to begin, then improved by turning stretches around and moving single beads until nothing
gets cheaper. Bounded by counts, without chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from core.frames import Array

NEAR = 0.080
"""Beads whose middles are nearer are neighbours [m]."""
HEAT = 2.0
"""What a neighbour next costs [s]; longer than the way past it to another one."""
ROUNDS = 6
"""How often all improvements are tried."""
MOST_STARTS = 8


@dataclass(frozen=True, eq=False, slots=True)
class Way:
    """A bead in one direction.

    Attributes:
        bead: Which bead; ways of the same bead exclude each other.
        rank: Beads of lower rank come first: tacks, root passes, then the next.
        start, end: Joints where the way through the air ends and begins (n,).
        middle: Of the bead (3,) [m].
        side: Direction from which the torch comes (3,).
        pieces: That it joins.
        table: Joints of the positioner meanwhile (m,); m = 0 without one.
        cost: Of the bead itself, beside those of the other ways to weld it; counts like seconds.
    """

    bead: int
    rank: int
    start: Array
    end: Array
    middle: Array
    side: Array
    pieces: tuple[str, str]
    table: Array = field(default_factory=lambda: np.zeros(0))
    cost: float = 0.0


def heat(before: Way, after: Way) -> float:
    """What it costs to weld one right after the other [s]."""
    if float(np.linalg.norm(before.middle - after.middle)) >= NEAR:
        return 0.0
    opposite = set(before.pieces) == set(after.pieces) and _across(before.side, after.side)
    return 0.0 if opposite else HEAT


def _across(a: Array, b: Array) -> bool:
    """Whether two directions lie on opposite sides of a plate: their parts that differ point away from each other."""
    return float(np.linalg.norm(a - b)) > 1.0


def best_order(
    ways: list[Way], home: Array, velocity: Array, home_table: Array | None = None, turning: Callable[[Array, Array], float] | None = None
) -> list[int]:
    """Indices of ways in the order to weld, one of every bead.

    Args:
        ways: All ways of all beads.
        home: Where the robot comes from and goes to (n,).
        velocity: Of the joints (n,).
        home_table: Where the positioner stands at first (m,); None: there is none.
        turning: How long it turns from one position to another [s]; the robot waits at home meanwhile.
    """
    if not ways:
        return []
    n = len(ways)
    starts, ends = np.array([way.start for way in ways]), np.array([way.end for way in ways])
    step = np.max(np.abs(starts[None] - ends[:, None]) / velocity, axis=2) + np.array([[heat(a, b) for b in ways] for a in ways])
    out, back = np.max(np.abs(starts - home) / velocity, axis=1), np.max(np.abs(ends - home) / velocity, axis=1)
    if home_table is not None and turning is not None:
        for i, one in enumerate(ways):
            for j, other in enumerate(ways):
                if not _same(one.table, other.table):
                    step[i, j] = back[i] + turning(one.table, other.table) + out[j]
        out += np.array([0.0 if _same(home_table, way.table) else turning(home_table, way.table) for way in ways])
    costs = np.array([way.cost for way in ways])
    step += costs[None]
    out += costs
    bead, rank = [way.bead for way in ways], [way.rank for way in ways]
    first_rank = min(rank)
    begin = sorted((k for k in range(n) if rank[k] == first_rank), key=lambda k: (out[k], k))[:MOST_STARTS]
    orders = [_greedy(k, step, bead, rank) for k in begin]
    total = _Total(step, out, back)
    best = min(orders, key=total.of)
    return _improved(best, total, bead, rank)


def _same(a: Array, b: Array) -> bool:
    return bool(np.max(np.abs(a - b), initial=0.0) < 1e-9)


class _Total:
    def __init__(self, step: Array, out: Array, back: Array) -> None:
        self.step, self.out, self.back = step, out, back

    def of(self, order: list[int]) -> float:
        inner = float(np.sum(self.step[order[:-1], order[1:]])) if len(order) > 1 else 0.0
        return float(self.out[order[0]]) + inner + float(self.back[order[-1]])


def _greedy(first: int, step: Array, bead: list[int], rank: list[int]) -> list[int]:
    order, done = [first], {bead[first]}
    left = set(bead) - done
    while left:
        lowest = min(rank[k] for k in range(len(bead)) if bead[k] in left)
        options = [k for k in range(len(bead)) if bead[k] in left and rank[k] == lowest]
        chosen = min(options, key=lambda k: (step[order[-1], k], k))
        order.append(chosen)
        left.discard(bead[chosen])
    return order


def _improved(order: list[int], total: _Total, bead: list[int], rank: list[int]) -> list[int]:
    others: dict[int, list[int]] = {}
    for k, one in enumerate(bead):
        others.setdefault(one, []).append(k)
    best = total.of(order)
    for _ in range(ROUNDS):
        before = best
        for trial in _trials(order, others, bead):
            if [rank[k] for k in trial] != sorted(rank[k] for k in trial):
                continue
            value = total.of(trial)
            if value < best - 1e-9:
                order, best = trial, value
        if best > before - 1e-9:
            break
    return order


def _trials(order: list[int], others: dict[int, list[int]], bead: list[int]) -> list[list[int]]:
    """Changes of an order: a bead the other way, a bead elsewhere, a stretch turned around (each bead then the other way where it can)."""
    out = []
    n = len(order)
    for i in range(n):
        for other in others[bead[order[i]]]:
            if other != order[i]:
                out.append([*order[:i], other, *order[i + 1 :]])
        rest = order[:i] + order[i + 1 :]
        for j in range(n):
            if j != i:
                out += [[*rest[:j], way, *rest[j:]] for way in others[bead[order[i]]]]
        for j in range(i + 2, n + 1):
            turned = order[i:j][::-1]
            out.append([*order[:i], *turned, *order[j:]])
            flipped = [next((k for k in others[bead[way]] if k != way), way) for way in turned]
            out.append([*order[:i], *flipped, *order[j:]])
    return out
