"""Compiled loops behind `sim.scene`: place links, move vertices, measure pairs, certify edges."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from core.frames import Array
from core.hull_distance import hull_distance

Ints = NDArray[np.int64]
FINEST = 2e-4
"""Tolerance of certified edges [m]: a pair may come this much nearer than its margin between the states that are looked at."""
_DEPTH = 24
"""An edge is halved at most so many times."""


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


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def move_body(b: int, starts: Ints, links: Ints, local: Array, Ts: Array, world: Array, low: Array, high: Array) -> None:
    """World vertices and bounding box of a body."""
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


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def move_bodies(bodies: Ints, starts: Ints, links: Ints, local: Array, Ts: Array, world: Array, low: Array, high: Array) -> None:
    """World vertices and bounding boxes of the given bodies."""
    for b in bodies:
        move_body(b, starts, links, local, Ts, world, low, high)


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
def pairs_within(pairs: Ints, radius: Array, starts: Ints, world: Array, low: Array, high: Array, distance: float) -> NDArray[np.bool_]:
    """Which pairs (n, 2) are at most `distance` apart: (n,)."""
    trial = np.zeros((2, 3))
    found = np.zeros(pairs.shape[0], dtype=np.bool_)
    for k in range(pairs.shape[0]):
        a, b = pairs[k, 0], pairs[k, 1]
        want = distance + radius[a] + radius[b]
        found[k] = _box_gap(low, high, a, b) <= want and (
            hull_distance(world, starts[a], starts[a + 1], starts[b], starts[b + 1], want, want, trial) <= want
        )
    return found


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


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _sweep(b: int, starts: Ints, local: Array, A: Array, B: Array, at: int, swept: Array, low: Array, high: Array) -> int:
    """Vertices of a body at both ends of an interval, one set after the other, from row `at` on, and the box (3,) around both; returns the row behind them."""
    count = starts[b + 1] - starts[b]
    for r in range(3):
        low[r] = np.inf
        high[r] = -np.inf
    for i in range(count):
        x, y, z = local[starts[b] + i, 0], local[starts[b] + i, 1], local[starts[b] + i, 2]
        for r in range(3):
            u = A[r, 0] * x + A[r, 1] * y + A[r, 2] * z + A[r, 3]
            v = B[r, 0] * x + B[r, 1] * y + B[r, 2] * z + B[r, 3]
            swept[at + i, r], swept[at + count + i, r] = u, v
            low[r] = min(low[r], u, v)
            high[r] = max(high[r], u, v)
    return at + 2 * count


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _relative(A: Array, B: Array, out: Array) -> None:
    """A^-1 B of two poses."""
    for r in range(3):
        for c in range(3):
            out[r, c] = A[0, r] * B[0, c] + A[1, r] * B[1, c] + A[2, r] * B[2, c]
        out[r, 3] = A[0, r] * (B[0, 3] - A[0, 3]) + A[1, r] * (B[1, 3] - A[1, 3]) + A[2, r] * (B[2, 3] - A[2, 3])


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _balls_apart(A: Array, B: Array, ball: Array, radius: float, low: Array, high: Array) -> float:
    """A lower bound of the distance between a box and the hull of a ball (centre `ball`) at two poses."""
    s = 0.0
    for r in range(3):
        u = A[r, 0] * ball[0] + A[r, 1] * ball[1] + A[r, 2] * ball[2] + A[r, 3]
        v = B[r, 0] * ball[0] + B[r, 1] * ball[1] + B[r, 2] * ball[2] + B[r, 3]
        d = max(low[r] - max(u, v), min(u, v) - high[r]) - radius
        if d > 0.0:
            s += d * d
    return np.sqrt(s)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _bends(q_a: Array, q_b: Array, moving: Ints, chains: Ints, reach: Array, slides: NDArray[np.bool_], bend: Array) -> float:
    """Fills `bend` (n_bodies, n + 1): bound of the acceleration of a body's points by its joints from the p-th on, counted from the base; returns the bound of all speeds.

    Both over the whole segment, in metres.
    """
    longest = 0.0
    for b in moving:
        count, speed = 0, 0.0
        while count < chains.shape[1] and chains[b, count] >= 0:
            i = chains[b, count]
            speed += abs(q_b[i] - q_a[i]) * reach[b, i]
            count += 1
        longest = max(longest, speed)
        for p in range(count - 1, -1, -1):
            i = chains[b, p]
            d = abs(q_b[i] - q_a[i])
            total = d * d * (1.0 if slides[i] else reach[b, i])
            for other in range(p + 1, count):
                j = chains[b, other]
                total += 2.0 * d * abs(q_b[j] - q_a[j]) * (1.0 if slides[i] or slides[j] else min(reach[b, i], reach[b, j]))
            bend[b, p] = bend[b, p + 1] + total
    return longest


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def edge_free(
    q_a: Array, q_b: Array, parents: Ints, Ts: Array, kinds: Ints, axes: Array, q_index: Ints, order: Ints, moving: Ints, starts: Ints, links: Ints, local: Array,
    world: Array, low: Array, high: Array, radius: Array, pairs: Ints, margins: Array, reach: Array, slides: NDArray[np.bool_], poses: Array, hint: Ints,
    chains: Ints, levels: Ints, carriers: Ints, balls: Array, boxes: Array,
) -> bool:  # fmt: skip
    """Certified check of the straight joint segment from q_a to q_b; see docs/motion_bound.md.

    In an interval every vertex stays within its sag of the chord between its two ends, so a body stays in the convex hull of its two end poses,
    grown by the sag. Pairs whose grown hulls keep their margin are done with in the whole interval; for the others it is halved, until none is left
    or no body can move more than `FINEST`. Of two bodies one of which carries the other, only the joints between them count.

    Args:
        chains: Joints above each body, from the base on, then -1 (n_bodies, n).
        levels: How many joints move both bodies of a pair alike (m,); 0: they are looked at in the world.
        carriers: Which of a pair, 0 or 1, carries the other (m,).
        balls: Centre and radius of a ball round each body in its link (n_bodies, 4).
        boxes: Box round each body in its link (n_bodies, 2, 3).
    """
    n, bodies = q_a.shape[0], radius.shape[0]
    still = np.zeros(bodies)
    # The ends and a few states between find most collisions in the open.
    q = np.empty(n)
    for look in (1.0, 0.5, 0.0, 0.25, 0.75):
        for i in range(n):
            q[i] = q_a[i] + look * (q_b[i] - q_a[i])
        place_links(parents, Ts, kinds, axes, q_index, order, q, poses)
        move_bodies(moving, starts, links, local, poses, world, low, high)
        if pairs_free(pairs, margins, still, radius, starts, world, low, high, hint) < 0:
            return False
    bend = np.zeros((bodies, n + 2))
    longest = _bends(q_a, q_b, moving, chains, reach, slides, bend)
    moves = np.zeros(bodies, dtype=np.bool_)
    moves[moving] = True
    swept = np.empty((2 * local.shape[0], 3))
    swept_low, swept_high = np.empty((bodies, 3)), np.empty((bodies, 3))
    # In which interval a body's sweep was last worked out, and in which its vertices in the middle.
    known, moved = np.full(bodies, -1, dtype=np.int64), np.full(bodies, -1, dtype=np.int64)
    largest = 0
    for b in range(bodies):
        largest = max(largest, starts[b + 1] - starts[b])
    beside = np.empty((3 * largest, 3))
    beside_low, beside_high = np.empty(3), np.empty(3)
    T_begin, T_end = np.zeros((4, 4)), np.zeros((4, 4))
    ends = np.empty_like(poses)
    count = pairs.shape[0]
    # What is left to certify at each depth; the intervals of one depth that wait belong to the same list.
    left = np.empty((_DEPTH + 1, count), dtype=np.int64)
    size = np.zeros(_DEPTH + 1, dtype=np.int64)
    left[0] = np.arange(count)
    size[0] = count
    begins, lengths, depths = np.empty(2 * _DEPTH), np.empty(2 * _DEPTH), np.empty(2 * _DEPTH, dtype=np.int64)
    begins[0], lengths[0], depths[0] = 0.0, 1.0, 0
    waiting = 1
    interval = 0
    trial = np.zeros((2, 3))
    while waiting > 0:
        waiting -= 1
        interval += 1
        begin, length, depth = begins[waiting], lengths[waiting], depths[waiting]
        for i in range(n):
            q[i] = q_a[i] + begin * (q_b[i] - q_a[i])
        place_links(parents, Ts, kinds, axes, q_index, order, q, ends)
        for i in range(n):
            q[i] = q_a[i] + (begin + length) * (q_b[i] - q_a[i])
        place_links(parents, Ts, kinds, axes, q_index, order, q, poses)
        kept = 0
        sag = length * length / 8.0
        for m in range(size[depth]):
            k = left[depth, m]
            level = levels[k]
            a, b = pairs[k, 0], pairs[k, 1]
            want = margins[k] + radius[a] + radius[b] - FINEST
            if level > 0:
                if carriers[k] == 1:
                    a, b = b, a
                # In the frame of the one that carries: it stands still there.
                want += sag * bend[b, level]
                _relative(ends[links[a]], ends[links[b]], T_begin)
                _relative(poses[links[a]], poses[links[b]], T_end)
                if _balls_apart(T_begin, T_end, balls[b, :3], balls[b, 3], boxes[a, 0], boxes[a, 1]) >= want:
                    continue
                still_count = starts[a + 1] - starts[a]
                behind = _sweep(b, starts, local, T_begin, T_end, still_count, beside, beside_low, beside_high)
                gap = 0.0
                for r in range(3):
                    d = max(boxes[a, 0, r] - beside_high[r], beside_low[r] - boxes[a, 1, r])
                    if d > 0.0:
                        gap += d * d
                if np.sqrt(gap) >= want:
                    continue
                beside[:still_count] = local[starts[a] : starts[a + 1]]
                if hull_distance(beside, 0, still_count, still_count, behind, want, want, trial) >= want:
                    continue
            else:
                want += sag * (bend[a, 0] + bend[b, 0])
                for body in (a, b):
                    if known[body] == interval or (known[body] >= 0 and not moves[body]):
                        continue
                    known[body] = interval
                    if moves[body]:
                        link = links[body]
                        _sweep(body, starts, local, ends[link], poses[link], 2 * starts[body], swept, swept_low[body], swept_high[body])
                    else:
                        swept[2 * starts[body] : starts[body] + starts[body + 1]] = world[starts[body] : starts[body + 1]]
                        swept_low[body], swept_high[body] = low[body], high[body]
                if _box_gap(swept_low, swept_high, a, b) >= want:
                    continue
                a0, b0 = 2 * starts[a], 2 * starts[b]
                a1 = a0 + (starts[a + 1] - starts[a]) * (2 if moves[a] else 1)
                b1 = b0 + (starts[b + 1] - starts[b]) * (2 if moves[b] else 1)
                if hull_distance(swept, a0, a1, b0, b1, want, want, trial) >= want:
                    continue
            if depth < _DEPTH:
                left[depth + 1, kept] = k
            kept += 1
        if kept == 0 or longest * length <= FINEST:
            continue
        if depth >= _DEPTH:
            return False
        size[depth + 1] = kept
        for i in range(n):
            q[i] = q_a[i] + (begin + length / 2) * (q_b[i] - q_a[i])
        place_links(parents, Ts, kinds, axes, q_index, order, q, poses)
        for m in range(kept):
            k = left[depth + 1, m]
            a, b = pairs[k, 0], pairs[k, 1]
            for body in (a, b):
                if moves[body] and moved[body] != interval:
                    moved[body] = interval
                    move_body(body, starts, links, local, poses, world, low, high)
            want = margins[k] + radius[a] + radius[b]
            if _box_gap(low, high, a, b) >= want:
                continue
            if hull_distance(world, starts[a], starts[a + 1], starts[b], starts[b + 1], want, want, trial) < want:
                hint[0] = k
                return False
        for part in (1, 0):
            begins[waiting], lengths[waiting], depths[waiting] = begin + part * length / 2, length / 2, depth + 1
            waiting += 1
    return True
