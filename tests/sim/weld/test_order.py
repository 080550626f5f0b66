"""Order of beads against all orders there are, and what heat changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from sim.weld.order import HEAT, Way, best_order, heat


def way(
    bead: int,
    start: float,
    end: float,
    *,
    rank: int = 1,
    at: float = 0.0,
    side: tuple[float, float, float] = (0, 1, 1),
    pieces: tuple[str, str] = ("plate", "rib"),
) -> Way:
    unit = np.array(side, dtype=float) / np.linalg.norm(side)
    return Way(bead, rank, np.array([start]), np.array([end]), np.array([at, 0.0, 0.0]), unit, pieces)


def cost(order: list[Way]) -> float:
    total = abs(order[0].start[0]) + abs(order[-1].end[0])
    return total + sum(abs(b.start[0] - a.end[0]) + heat(a, b) for a, b in zip(order[:-1], order[1:], strict=True))


@pytest.mark.parametrize("seed", range(8))
def test_order_is_that_of_trying_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ways = []
    for bead in range(5):
        a, b = rng.uniform(-3, 3, 2)
        at = float(rng.uniform(0, 0.5))
        ways += [way(bead, a, b, at=at, pieces=("plate", f"rib {bead}")), way(bead, b, a, at=at, pieces=("plate", f"rib {bead}"))]
    best = min(
        cost([ways[2 * bead + turn] for bead, turn in zip(order, turns, strict=True)])
        for order in permutations(range(5))
        for turns in product((0, 1), repeat=5)
    )
    found = best_order(ways, np.zeros(1), np.ones(1))
    assert sorted(ways[k].bead for k in found) == list(range(5))
    # A local search: within a tenth of the best of all 3840 orders.
    assert cost([ways[k] for k in found]) <= best * 1.10 + 1e-9


def test_neighbour_is_not_next_but_the_opposite_side_may_be() -> None:
    one = way(0, 0, 0, side=(0, 1, 1))
    beside = way(1, 0, 0, at=0.05, pieces=("plate", "rib 2"))
    opposite = way(2, 0, 0, at=0.01, side=(0, -1, 1))
    far = way(3, 0, 0, at=0.5)
    assert heat(one, beside) == HEAT
    assert heat(one, opposite) == 0.0
    assert heat(one, far) == 0.0


def test_row_of_ribs_is_not_welded_one_after_the_other() -> None:
    ways = [way(k, 0.1 * k, 0.1 * k, at=0.06 * k, pieces=("plate", f"rib {k}")) for k in range(6)]
    found = best_order(ways, np.zeros(1), np.ones(1))
    assert all(heat(ways[a], ways[b]) == 0.0 for a, b in zip(found[:-1], found[1:], strict=True))


def test_ranks_come_in_order() -> None:
    ways = [way(k, 0.1 * k, 0.1 * k, rank=2 - k % 2, at=float(k)) for k in range(6)]
    ranks = [ways[k].rank for k in best_order(ways, np.zeros(1), np.ones(1))]
    assert ranks == [1, 1, 1, 2, 2, 2]


def test_beads_of_one_position_of_the_positioner_are_welded_together() -> None:
    """Two positions, the joints nearest to each other in turn; between positions the robot goes home."""
    ways = [replace(way(k, 0.1 * k, 0.1 * k, at=float(k)), table=np.array([float(k % 2)])) for k in range(6)]
    found = best_order(ways, np.array([2.0]), np.ones(1), np.zeros(1), lambda a, b: float(abs(a - b)[0]) + 0.5)
    tables = [float(ways[k].table[0]) for k in found]
    assert tables == sorted(tables)
