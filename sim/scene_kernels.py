"""Compiled loops behind `sim.scene`: place links, move vertices, measure pairs, certify edges."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from core.frames import Array
from sim.gjk import hull_distance

Ints = NDArray[np.int64]
FINEST = 2e-4
"""Edges are split until no point moves more than this between checks [m]; below it a state at its margin counts as free."""


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def place_links(parents: Ints, Ts: Array, kinds: Ints, axes: Array, q_index: Ints, order: Ints, q: Array, out: Array) -> None:
    """World poses of all links; `order` lists links, parents first."""
    for at in order:
        parent = parents[at]
        C = out[at]
        if parent < 0:
            C[:, :] = Ts[at]
        else:
            P, F = out[parent], Ts[at]
            for r in range(3):
                for c in range(4):
                    C[r, c] = P[r, 0] * F[0, c] + P[r, 1] * F[1, c] + P[r, 2] * F[2, c]
                C[r, 3] += P[r, 3]
                C[3, r] = 0.0
            C[3, 3] = 1.0
        if kinds[at] == 0:
            continue
        value = q[q_index[at]]
        x, y, z = axes[at, 0], axes[at, 1], axes[at, 2]
        if kinds[at] == 2:
            for r in range(3):
                C[r, 3] += (C[r, 0] * x + C[r, 1] * y + C[r, 2] * z) * value
            continue
        s, co = np.sin(value), np.cos(value)
        v = 1.0 - co
        for r in range(3):
            a, b, d = C[r, 0], C[r, 1], C[r, 2]
            C[r, 0] = a * (co + x * x * v) + b * (y * x * v + z * s) + d * (z * x * v - y * s)
            C[r, 1] = a * (x * y * v - z * s) + b * (co + y * y * v) + d * (z * y * v + x * s)
            C[r, 2] = a * (x * z * v + y * s) + b * (y * z * v - x * s) + d * (co + z * z * v)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def move_bodies(bodies: Ints, starts: Ints, links: Ints, local: Array, Ts: Array, world: Array, low: Array, high: Array) -> None:
    """World vertices and bounding boxes of the given bodies."""
    for b in bodies:
        T = Ts[links[b]]
        for r in range(3):
            low[b, r] = np.inf
            high[b, r] = -np.inf
        for i in range(starts[b], starts[b + 1]):
            for r in range(3):
                x = T[r, 0] * local[i, 0] + T[r, 1] * local[i, 1] + T[r, 2] * local[i, 2] + T[r, 3]
                world[i, r] = x
                low[b, r] = min(low[b, r], x)
                high[b, r] = max(high[b, r], x)


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _box_gap(low: Array, high: Array, a: int, b: int) -> float:
    s = 0.0
    for r in range(3):
        d = max(low[a, r] - high[b, r], low[b, r] - high[a, r])
        if d > 0.0:
            s += d * d
    return np.sqrt(s)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def closest_pair(
    pairs: Ints, radius: Array, starts: Ints, world: Array, low: Array, high: Array, cap: float, points: Array
) -> tuple[float, int]:
    """Smallest distance over pairs (n, 2) below `cap`, and which pair; (cap, -1) when all are further."""
    best, which = cap, -1
    trial = np.zeros((2, 3))
    for k in range(pairs.shape[0]):
        a, b = pairs[k, 0], pairs[k, 1]
        r = radius[a] + radius[b]
        if _box_gap(low, high, a, b) - r >= best:
            continue
        d = hull_distance(world, starts[a], starts[a + 1], starts[b], starts[b + 1], best + r, -1.0, trial) - r
        if d < best:
            best, which = d, k
            points[:] = trial
    return best, which


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def worst_pair(
    pairs: Ints, margins: Array, radius: Array, starts: Ints, world: Array, low: Array, high: Array, points: Array
) -> tuple[float, int]:
    """Distance of the pair that falls short of its margin the most, and which; (inf, -1) when all keep theirs."""
    shortfall, best, which = 0.0, np.inf, -1
    trial = np.zeros((2, 3))
    for k in range(pairs.shape[0]):
        a, b = pairs[k, 0], pairs[k, 1]
        r = radius[a] + radius[b]
        want = margins[k]
        if _box_gap(low, high, a, b) - r >= want:
            continue
        d = hull_distance(world, starts[a], starts[a + 1], starts[b], starts[b + 1], want + r, -1.0, trial) - r
        if d - want < shortfall:
            shortfall, best, which = d - want, d, k
            points[:] = trial
    return best, which


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def pairs_free(
    pairs: Ints, margins: Array, slack: Array, radius: Array, starts: Ints, world: Array, low: Array, high: Array, hint: Ints
) -> int:
    """1: every pair keeps margin + slack; 0: every pair keeps its margin but not all the slack; -1: some pair breaks its margin.

    `hint[0]` is the pair that broke last; it is looked at first.
    """
    n = pairs.shape[0]
    trial = np.zeros((2, 3))
    state = 1
    first = hint[0]
    for turn in range(-1, n):
        k = first if turn < 0 else turn
        if k >= n or (turn >= 0 and turn == first):
            continue
        a, b = pairs[k, 0], pairs[k, 1]
        r = radius[a] + radius[b]
        want = margins[k] + slack[a] + slack[b]
        if _box_gap(low, high, a, b) - r >= want:
            continue
        d = hull_distance(world, starts[a], starts[a + 1], starts[b], starts[b + 1], want + r, margins[k] + r, trial) - r
        if d < margins[k]:
            hint[0] = k
            return -1
        if d < want:
            state = 0
    return state


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def states_free(
    qs: Array, parents: Ints, Ts: Array, kinds: Ints, axes: Array, q_index: Ints, order: Ints, moving: Ints, starts: Ints, links: Ints, local: Array,
    world: Array, low: Array, high: Array, radius: Array, pairs: Ints, margins: Array, poses: Array, hint: Ints, out: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Fills `out` (k,): whether each state keeps every margin."""
    slack = np.zeros(radius.shape[0])
    for k in range(qs.shape[0]):
        place_links(parents, Ts, kinds, axes, q_index, order, qs[k], poses)
        move_bodies(moving, starts, links, local, poses, world, low, high)
        out[k] = pairs_free(pairs, margins, slack, radius, starts, world, low, high, hint) >= 0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def edge_free(
    q_a: Array, q_b: Array, parents: Ints, Ts: Array, kinds: Ints, axes: Array, q_index: Ints, order: Ints, moving: Ints, starts: Ints, links: Ints, local: Array,
    world: Array, low: Array, high: Array, radius: Array, pairs: Ints, margins: Array, reach: Array, poses: Array, hint: Ints,
) -> bool:  # fmt: skip
    """Certified check of the straight joint segment from q_a to q_b; see docs/motion_bound.md.

    An interval around its middle state is free when every pair is further apart than its margin plus how far both bodies can move from the
    middle to either end; otherwise it is halved, widest first, until no body can move more than `FINEST`.
    """
    n = q_a.shape[0]
    bodies = radius.shape[0]
    travel = np.zeros(bodies)
    longest = 0.0
    for b in moving:
        for i in range(n):
            travel[b] += abs(q_b[i] - q_a[i]) * reach[b, i]
        longest = max(longest, travel[b])
    slack = np.zeros(bodies)
    q = np.empty(n)
    # The first intervals breadth first, so that a collision in the open is found after a few states; the rest depth first, so that few wait.
    middles = np.empty(512)
    halves = np.empty(512)
    middles[0], halves[0] = 0.5, 0.5
    head, tail, done = 0, 1, 0
    while head < tail:
        if done < 31:
            middle, half = middles[head], halves[head]
            head += 1
        else:
            tail -= 1
            middle, half = middles[tail], halves[tail]
        done += 1
        for i in range(n):
            q[i] = q_a[i] + middle * (q_b[i] - q_a[i])
        place_links(parents, Ts, kinds, axes, q_index, order, q, poses)
        move_bodies(moving, starts, links, local, poses, world, low, high)
        for b in moving:
            slack[b] = travel[b] * half
        state = pairs_free(pairs, margins, slack, radius, starts, world, low, high, hint)
        if state < 0:
            return False
        if state == 1 or longest * half <= FINEST:
            continue
        if tail + 2 > middles.shape[0]:
            return False
        middles[tail], halves[tail] = middle - half / 2, half / 2
        middles[tail + 1], halves[tail + 1] = middle + half / 2, half / 2
        tail += 2
    return True
