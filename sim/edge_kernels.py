"""Compiled loop that certifies a whole straight joint segment; see docs/motion_bound.md."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from core.frames import Array
from core.hull_distance import hull_distance
from sim.scene_kernels import Cell, Flags, Ints, Pairs, Room, apart, broken_pair, enter, place_links, state_free

FINEST = 2e-4
"""Tolerance of certified edges [m]: a pair may come this much nearer than its margin between the states that are looked at."""
_SHORTEST = 0.5**24
"""Intervals are halved down to this share of the edge."""
_SAG = 0.15
"""An edge with less sag than this [m] is certified before any of its states is looked at, for most such edges are free; an interval with more is not worth trying."""


class Motion(NamedTuple):
    """How joints move bodies and links.

    `chains` (b, n): joints above each body, from the base on, then -1; `reach` (b, n), see `scene_structure.reaches`; `slides` (n,) which joints slide, and how far from
    0 `reach` lets them, `travel` (n,) [m]. Of each group of pairs: `levels` (g,), how many joints move both links alike, where one carries the other, else 0: they are looked at in the world; `carriers` (g,), which one carries.
    """

    chains: Ints
    reach: Array
    slides: Flags
    travel: Array
    levels: Ints
    carriers: Ints


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _relative(A: Array, B: Array, out: Array) -> None:
    """A^-1 B of two poses."""
    for r in range(3):
        for c in range(3):
            out[r, c] = A[0, r] * B[0, c] + A[1, r] * B[1, c] + A[2, r] * B[2, c]
        out[r, 3] = A[0, r] * (B[0, 3] - A[0, 3]) + A[1, r] * (B[1, 3] - A[1, 3]) + A[2, r] * (B[2, 3] - A[2, 3])


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _ball_from_box(A: Array, B: Array, ball: Array, box: Array) -> float:
    """A lower bound of the distance between a box (2, 3) and the hull of a ball (4,) at two poses."""
    s = 0.0
    for r in range(3):
        u = A[r, 0] * ball[0] + A[r, 1] * ball[1] + A[r, 2] * ball[2] + A[r, 3]
        v = B[r, 0] * ball[0] + B[r, 1] * ball[1] + B[r, 2] * ball[2] + B[r, 3]
        d = max(box[0, r] - max(u, v), min(u, v) - box[1, r]) - ball[3]
        if d > 0.0:
            s += d * d
    return np.sqrt(s)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _bends(q_a: Array, q_b: Array, cell: Cell, motion: Motion, bend: Array, link_bend: Array) -> float:
    """Fills `bend` (n_bodies, n + 1): bound of the acceleration of a body's points by its joints from the p-th on, counted from the base; returns the bound of all speeds.

    Both over the whole segment, in metres. `link_bend` (n_links, n + 1): the largest of a link's bodies.
    """
    chains, reach, slides, travel, links, moves = motion.chains, motion.reach, motion.slides, motion.travel, cell.links, cell.moves
    longest = 0.0
    # What sliding joints put out further than `reach` reckons with, an edge out of the limits for one, is further from every axis.
    beyond = 0.0
    for i in range(slides.shape[0]):
        if slides[i]:
            beyond += max(0.0, max(abs(q_a[i]), abs(q_b[i])) - travel[i])
    for b in range(links.shape[0]):
        if not moves[b]:
            continue
        count, speed = 0, 0.0
        while count < chains.shape[1] and chains[b, count] >= 0:
            i = chains[b, count]
            speed += abs(q_b[i] - q_a[i]) * (1.0 if slides[i] else reach[b, i] + beyond)
            count += 1
        longest = max(longest, speed)
        for p in range(count - 1, -1, -1):
            i = chains[b, p]
            d = abs(q_b[i] - q_a[i])
            total = d * d * (1.0 if slides[i] else reach[b, i] + beyond)
            for other in range(p + 1, count):
                j = chains[b, other]
                total += 2.0 * d * abs(q_b[j] - q_a[j]) * (1.0 if slides[i] or slides[j] else min(reach[b, i], reach[b, j]) + beyond)
            bend[b, p] = bend[b, p + 1] + total
            link_bend[links[b], p] = max(link_bend[links[b], p], bend[b, p])
    return longest


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _sweep(local: Array, start: int, stop: int, A: Array, B: Array, at: int, swept: Array, low: Array, high: Array) -> int:
    """Vertices of a body at both poses of an interval, one set after the other, from row `at` on, and the box (3,) around both; returns the row behind them."""
    count = stop - start
    for r in range(3):
        low[r] = np.inf
        high[r] = -np.inf
    for i in range(count):
        x, y, z = local[start + i, 0], local[start + i, 1], local[start + i, 2]
        for r in range(3):
            u = A[r, 0] * x + A[r, 1] * y + A[r, 2] * z + A[r, 3]
            v = B[r, 0] * x + B[r, 1] * y + B[r, 2] * z + B[r, 3]
            swept[at + i, r], swept[at + count + i, r] = u, v
            low[r] = min(low[r], u, v)
            high[r] = max(high[r], u, v)
    return at + 2 * count


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _ball_way(A: Array, B: Array, ball: Array, low: Array, high: Array) -> None:
    """The box (3,) round the middle of a ball (4,) at two poses."""
    for r in range(3):
        u = A[r, 0] * ball[0] + A[r, 1] * ball[1] + A[r, 2] * ball[2] + A[r, 3]
        v = B[r, 0] * ball[0] + B[r, 1] * ball[1] + B[r, 2] * ball[2] + B[r, 3]
        low[r], high[r] = min(u, v), max(u, v)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def edge_free(q_a: Array, q_b: Array, cell: Cell, pairs: Pairs, motion: Motion, room: Room) -> bool:
    """Certified check of the straight joint segment from q_a to q_b; see docs/motion_bound.md.

    In an interval every vertex stays within its sag of the chord between its two ends, so a body stays in the convex hull of its two end poses,
    grown by the sag. Pairs whose grown hulls keep their margin are done with in the whole interval; for the others it is halved, until none is left
    or no body can move more than `FINEST`. Of two bodies one of which carries the other, only the joints between them count.
    """
    links, moves, local, starts, radius, balls, boxes = cell.links, cell.moves, cell.local, cell.starts, cell.radius, cell.balls, cell.boxes
    link_moves, link_balls, link_boxes = cell.link_moves, cell.link_balls, cell.link_boxes
    poses, world, low, high, grown, known = room.poses, room.world, room.low, room.high, room.round, room.known
    cluster_low, cluster_high, cluster_round = room.cluster_low, room.cluster_high, room.cluster_round
    both, wanted, spans, clusters, widest = pairs.pairs, pairs.wanted, pairs.spans, pairs.clusters, pairs.widest
    levels, carriers = motion.levels, motion.carriers
    n, bodies, count = q_a.shape[0], radius.shape[0], both.shape[0]
    bend, link_bend = np.zeros((bodies, n + 2)), np.zeros((link_moves.shape[0] + bodies, n + 2))
    longest = _bends(q_a, q_b, cell, motion, bend, link_bend)
    sag = 0.0
    for b in range(bodies):
        sag = max(sag, bend[b, 0] / 8.0)
    trial = np.zeros((2, 3))
    q = np.empty(n)
    looked = sag > _SAG
    if looked:
        # The ends and a few states between find most collisions in the open.
        for look in (1.0, 0.5, 0.0, 0.25, 0.75):
            for i in range(n):
                q[i] = q_a[i] + look * (q_b[i] - q_a[i])
            if not state_free(cell, pairs, room, q, trial):
                return False
    # Intervals wait from coarse to fine, so that collisions are met early: where they begin and end, and the pairs that are left to certify in them, `size` from `at` on in `left`.
    left = np.empty(2 * count + 64, dtype=np.int64)
    left[:count] = np.arange(count)
    used = count
    begins, lengths = np.empty(64), np.empty(64)
    spot = np.empty((64, 2), dtype=np.int64)
    # The first intervals end where it was looked: at most quarters.
    parts = 1 if sag <= _SAG else (2 if sag <= 4 * _SAG else 4)
    for part in range(parts):
        begins[part], lengths[part], spot[part, 0], spot[part, 1] = part / parts, 1.0 / parts, 0, count
    at, waiting = 0, parts
    largest = 0
    for b in range(bodies):
        largest = max(largest, starts[b + 1] - starts[b])
    swept = np.empty((2 * local.shape[0], 3))
    copied = np.zeros(bodies, dtype=np.bool_)
    beside = np.empty((3 * largest, 3))
    beside_low, beside_high = np.empty(3), np.empty(3)
    T_begin, T_end = np.zeros((4, 4)), np.zeros((4, 4))
    begin_poses = np.empty_like(poses)
    while at < waiting:
        begin, length, first, size = begins[at], lengths[at], spot[at, 0], spot[at, 1]
        at += 1
        if used + size > left.shape[0]:
            left = _longer(left, used + size)
        for i in range(n):
            q[i] = q_a[i] + begin * (q_b[i] - q_a[i])
        place_links(cell, q, begin_poses)
        for i in range(n):
            q[i] = q_a[i] + (begin + length) * (q_b[i] - q_a[i])
        enter(cell, q, room)
        for link in range(link_moves.shape[0]):
            if link_moves[link]:
                _ball_way(begin_poses[link], poses[link], link_balls[link], cluster_low[link], cluster_high[link])
        for b in range(bodies):
            if moves[b]:
                _ball_way(begin_poses[links[b]], poses[links[b]], balls[b], low[b], high[b])
        kept = 0
        sag = length * length / 8.0
        group, level, carrier, clear = -1, 0, 0, False
        for m in range(size):
            k = left[first + m]
            if group < 0 or k >= spans[group + 1]:
                group += 1
                while k >= spans[group + 1]:
                    group += 1
                level, carrier = levels[group], carriers[group]
                one, other = clusters[group, carrier], clusters[group, 1 - carrier]
                if level > 0:
                    # In the frame of the one that carries: it stands still there.
                    _relative(begin_poses[one], begin_poses[other], T_begin)
                    _relative(poses[one], poses[other], T_end)
                    want = widest[group] + sag * link_bend[other, level]
                    clear = _ball_from_box(T_begin, T_end, link_balls[other], link_boxes[one]) >= want
                else:
                    want = widest[group] + sag * (link_bend[one, 0] + link_bend[other, 0])
                    clear = apart(cluster_low, cluster_high, cluster_round, one, other, want)
            if clear:
                continue
            a, b = both[k, carrier], both[k, 1 - carrier]
            want = wanted[k] - FINEST
            if level > 0:
                want += sag * bend[b, level]
                if _ball_from_box(T_begin, T_end, balls[b], boxes[a]) >= want:
                    continue
                still = starts[a + 1] - starts[a]
                behind = _sweep(local, starts[b], starts[b + 1], T_begin, T_end, still, beside, beside_low, beside_high)
                gap = 0.0
                for r in range(3):
                    d = max(boxes[a, 0, r] - beside_high[r], beside_low[r] - boxes[a, 1, r])
                    if d > 0.0:
                        gap += d * d
                if np.sqrt(gap) >= want:
                    continue
                beside[:still] = local[starts[a] : starts[a + 1]]
                if hull_distance(beside, 0, still, still, behind, want, want, trial) >= want:
                    continue
            else:
                want += sag * (bend[a, 0] + bend[b, 0])
                if apart(low, high, grown, a, b, want):
                    continue
                for body in (a, b):
                    if known[body] == 1:
                        link = links[body]
                        _sweep(
                            local,
                            starts[body],
                            starts[body + 1],
                            begin_poses[link],
                            poses[link],
                            2 * starts[body],
                            swept,
                            low[body],
                            high[body],
                        )
                        grown[body] = 0.0
                        known[body] = 2
                    elif not moves[body] and not copied[body]:
                        swept[2 * starts[body] : starts[body] + starts[body + 1]] = world[starts[body] : starts[body + 1]]
                        copied[body] = True
                if apart(low, high, grown, a, b, want):
                    continue
                a0, b0 = 2 * starts[a], 2 * starts[b]
                a1 = a0 + (starts[a + 1] - starts[a]) * (2 if moves[a] else 1)
                b1 = b0 + (starts[b + 1] - starts[b]) * (2 if moves[b] else 1)
                if hull_distance(swept, a0, a1, b0, b1, want, want, trial) >= want:
                    continue
            left[used + kept] = k
            kept += 1
        if kept == 0:
            continue
        if not looked:
            looked = True
            for end in range(2):
                enter(cell, q_b if end == 0 else q_a, room)
                if broken_pair(cell, pairs, room, left[used : used + kept], kept, trial) >= 0:
                    return False
        if longest * length <= FINEST:
            continue
        if length < _SHORTEST:
            return False
        for i in range(n):
            q[i] = q_a[i] + (begin + length / 2) * (q_b[i] - q_a[i])
        enter(cell, q, room)
        if broken_pair(cell, pairs, room, left[used : used + kept], kept, trial) >= 0:
            return False
        if waiting + 2 > begins.shape[0]:
            begins, lengths = _longer(begins, waiting + 2), _longer(lengths, waiting + 2)
            wider = np.empty((begins.shape[0], 2), dtype=np.int64)
            wider[:waiting] = spot[:waiting]
            spot = wider
        for part in range(2):
            begins[waiting], lengths[waiting], spot[waiting, 0], spot[waiting, 1] = begin + part * length / 2, length / 2, used, kept
            waiting += 1
        used += kept
    return True


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _longer(values: Array, least: int) -> Array:
    """A copy with room for at least so many."""
    out = np.empty(2 * least, dtype=values.dtype)
    out[: values.shape[0]] = values
    return out
