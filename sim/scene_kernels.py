"""Compiled loops behind `sim.scene`: place links, measure pairs, certify edges.

Pairs of bodies are looked at from coarse to fine: a ball round all bodies of a link, a ball round a body, its vertices and their box, at last the distance of two
hulls; vertices are worked out when they are asked for. Pairs come in groups by their clusters. A cluster is all bodies of a link that moves (its number is the
link's), or one body that stands still (its number is that of links and the body's).

The loops take their arrays out of the named tuples first: a tuple that is handed on costs more than the work on a pair.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from core.frames import Array
from core.hull_distance import hull_distance

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
FINEST = 2e-4
"""Tolerance of certified edges [m]: a pair may come this much nearer than its margin between the states that are looked at."""
_SHORTEST = 0.5**24
"""Intervals are halved down to this share of the edge."""
_SAG = 0.15
"""An edge with less sag than this [m] is certified before any of its states is looked at, for most such edges are free; an interval with more is not worth trying."""


class Cell(NamedTuple):
    """What the loops read of a scene.

    Links: `parents` (l,), `Ts` T_parent_link (l, 4, 4), `kinds` (l,) 0 fixed, 1 turning, 2 sliding, `axes` (l, 3), `q_index` (l,), `order` parents first (l,),
    `link_moves` (l,) whether q moves it. Bodies: vertices `local` (v, 3) in their links, those of body b from `starts[b]` to `starts[b + 1]`; `links` (b,), `radius` (b,)
    by which the real shape stands out [m], `moves` (b,). Round them, in their links: `balls` (b, 4) and `boxes` (b, 2, 3), `link_balls` (l, 4) and `link_boxes` (l, 2, 3).
    """

    parents: Ints
    Ts: Array
    kinds: Ints
    axes: Array
    q_index: Ints
    order: Ints
    link_moves: Flags
    local: Array
    starts: Ints
    links: Ints
    radius: Array
    moves: Flags
    balls: Array
    boxes: Array
    link_balls: Array
    link_boxes: Array


class Pairs(NamedTuple):
    """Bodies that are looked at against each other.

    `pairs` (m, 2), their `margins` (m,) and what the distance of the hulls must be: margin and both radii, `wanted` (m,) [m]. The pairs of one group stand from
    `spans[g]` to `spans[g + 1]`; `clusters` (g, 2): whose they are, `widest` (g,): the largest they want.
    """

    pairs: Ints
    margins: Array
    wanted: Array
    spans: Ints
    clusters: Ints
    widest: Array


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


class Room(NamedTuple):
    """Where things are at the moment; written by the loops.

    `poses` (l, 4, 4); vertices `world` (v, 3); a box `low`, `high` (b, 3) grown by `round` (b,) holds each body, and `known` (b,) says from what: 0 nothing yet, 1 its ball,
    2 its vertices. The same round each cluster: `cluster_low`, `cluster_high` (l + b, 3), `cluster_round` (l + b,). `hint[0]` is the pair that broke its margin last.
    """

    poses: Array
    world: Array
    low: Array
    high: Array
    round: Array
    known: Ints
    cluster_low: Array
    cluster_high: Array
    cluster_round: Array
    hint: Ints


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def place_links(cell: Cell, q: Array, out: Array) -> None:
    """World poses of all links (n_links, 4, 4) at joints q (n,).

    Raises:
        ValueError: A position is not a finite number. Boxes round such a place would be empty, and what is in them free.
    """
    for value in q:
        if not np.isfinite(value):
            raise ValueError("joint positions must be finite numbers")
    parents, kinds, q_index, order, Ts, axes = cell.parents, cell.kinds, cell.q_index, cell.order, cell.Ts, cell.axes
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
def surround(starts: Ints, links: Ints, local: Array, balls: Array, boxes: Array, link_balls: Array, link_boxes: Array) -> None:
    """Fills a ball (b, 4) and a box (b, 2, 3) round every body in its link, and the same round all bodies of each link; see `Cell`."""
    link_boxes[:, 0], link_boxes[:, 1] = np.inf, -np.inf
    for b in range(links.shape[0]):
        boxes[b, 0], boxes[b, 1] = np.inf, -np.inf
        for i in range(starts[b], starts[b + 1]):
            for r in range(3):
                boxes[b, 0, r] = min(boxes[b, 0, r], local[i, r])
                boxes[b, 1, r] = max(boxes[b, 1, r], local[i, r])
        for r in range(3):
            balls[b, r] = (boxes[b, 0, r] + boxes[b, 1, r]) / 2
            link_boxes[links[b], 0, r] = min(link_boxes[links[b], 0, r], boxes[b, 0, r])
            link_boxes[links[b], 1, r] = max(link_boxes[links[b], 1, r], boxes[b, 1, r])
    link_balls[:, :3] = (link_boxes[:, 0] + link_boxes[:, 1]) / 2
    balls[:, 3], link_balls[:, 3] = 0.0, 0.0
    for b in range(links.shape[0]):
        link = links[b]
        for i in range(starts[b], starts[b + 1]):
            own, whole = 0.0, 0.0
            for r in range(3):
                own += (local[i, r] - balls[b, r]) ** 2
                whole += (local[i, r] - link_balls[link, r]) ** 2
            balls[b, 3] = max(balls[b, 3], own)
            link_balls[link, 3] = max(link_balls[link, 3], whole)
    balls[:, 3], link_balls[:, 3] = np.sqrt(balls[:, 3]), np.sqrt(link_balls[:, 3])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def stand(cell: Cell, q: Array, room: Room) -> None:
    """Fills the room at q (n,): bodies that stand still with their vertices, those that q moves with their balls."""
    links, moves, local, starts = cell.links, cell.moves, cell.local, cell.starts
    poses, world, low, high, grown, known = room.poses, room.world, room.low, room.high, room.round, room.known
    count = cell.parents.shape[0]
    place_links(cell, q, poses)
    room.cluster_low[:], room.cluster_high[:], room.cluster_round[:] = np.inf, -np.inf, 0.0
    for b in range(links.shape[0]):
        if not moves[b]:
            _show_hull(b, links, local, starts, poses, world, low, high, grown, known)
            room.cluster_low[count + b], room.cluster_high[count + b] = low[b], high[b]
    enter(cell, q, room)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def enter(cell: Cell, q: Array, room: Room) -> None:
    """Moves to q (n,): balls round the links that move and round their bodies."""
    links, moves, balls, link_moves, link_balls = cell.links, cell.moves, cell.balls, cell.link_moves, cell.link_balls
    poses, low, high, grown, known = room.poses, room.low, room.high, room.round, room.known
    cluster_low, cluster_high, cluster_round = room.cluster_low, room.cluster_high, room.cluster_round
    place_links(cell, q, poses)
    for link in range(link_moves.shape[0]):
        if link_moves[link]:
            _put_ball(poses[link], link_balls[link], cluster_low[link], cluster_high[link])
            cluster_round[link] = link_balls[link, 3]
    for b in range(moves.shape[0]):
        if moves[b]:
            _put_ball(poses[links[b]], balls[b], low[b], high[b])
            grown[b] = balls[b, 3]
            known[b] = 1


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _put_ball(T: Array, ball: Array, low: Array, high: Array) -> None:
    """The box (3,) round the middle of a ball (4,) at a pose: a point."""
    x, y, z = ball[0], ball[1], ball[2]
    for r in range(3):
        middle = T[r, 0] * x + T[r, 1] * y + T[r, 2] * z + T[r, 3]
        low[r], high[r] = middle, middle


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _show_hull(
    b: int, links: Ints, local: Array, starts: Ints, poses: Array, world: Array, low: Array, high: Array, grown: Array, known: Ints
) -> None:
    """Makes a body's vertices and their box known."""
    T = poses[links[b]]
    for r in range(3):
        t0, t1, t2, t3 = T[r, 0], T[r, 1], T[r, 2], T[r, 3]
        least, most = np.inf, -np.inf
        for i in range(starts[b], starts[b + 1]):
            x = t0 * local[i, 0] + t1 * local[i, 1] + t2 * local[i, 2] + t3
            world[i, r] = x
            least, most = min(least, x), max(most, x)
        low[b, r], high[b, r] = least, most
    grown[b] = 0.0
    known[b] = 2


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _apart(low: Array, high: Array, grown: Array, a: int, b: int, want: float) -> bool:
    """Whether what is in two grown boxes is at least `want` apart for sure."""
    s = 0.0
    for r in range(3):
        d = max(low[a, r] - high[b, r], low[b, r] - high[a, r])
        if d > 0.0:
            s += d * d
    w = want + grown[a] + grown[b]
    return w <= 0.0 or s >= w * w


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _nearer(
    a: int, b: int, want: float, least: float, links: Ints, local: Array, starts: Ints,
    poses: Array, world: Array, low: Array, high: Array, grown: Array, known: Ints, trial: Array,
) -> float:  # fmt: skip
    """Distance of two hulls whose boxes are near, without radii, or something not smaller than `want` where it is at least that; or not greater than `least` where
    it is at most that."""
    for body in (a, b):
        if known[body] == 1:
            _show_hull(body, links, local, starts, poses, world, low, high, grown, known)
    if _apart(low, high, grown, a, b, want):
        return want
    return float(hull_distance(world, starts[a], starts[a + 1], starts[b], starts[b + 1], want, least, trial))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def closest_pair(cell: Cell, pairs: Pairs, room: Room, q: Array, cap: float, points: Array) -> tuple[float, int]:
    """Smallest distance over pairs below `cap` at q (n,), and which pair; (cap, -1) when all are further. `points` (2, 3): where."""
    links, local, starts, radius = cell.links, cell.local, cell.starts, cell.radius
    poses, world, low, high, grown, known = room.poses, room.world, room.low, room.high, room.round, room.known
    cluster_low, cluster_high, cluster_round = room.cluster_low, room.cluster_high, room.cluster_round
    both, spans, clusters, widest = pairs.pairs, pairs.spans, pairs.clusters, pairs.widest
    enter(cell, q, room)
    best, which = cap, -1
    trial = np.zeros((2, 3))
    for g in range(widest.shape[0]):
        if _apart(cluster_low, cluster_high, cluster_round, clusters[g, 0], clusters[g, 1], best + widest[g]):
            continue
        for k in range(spans[g], spans[g + 1]):
            a, b = both[k, 0], both[k, 1]
            r = radius[a] + radius[b]
            if _apart(low, high, grown, a, b, best + r):
                continue
            d = _nearer(a, b, best + r, -1.0, links, local, starts, poses, world, low, high, grown, known, trial) - r
            if d < best:
                best, which = d, k
                points[:] = trial
    return best, which


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def pairs_within(cell: Cell, pairs: Pairs, room: Room, q: Array, most: float, distances: Array, points: Array) -> None:
    """Distances (m,) at q (n,) of all pairs, inf where they are more than `most`, and where they are taken, `points` (m, 2, 3)."""
    links, local, starts, radius = cell.links, cell.local, cell.starts, cell.radius
    poses, world, low, high, grown, known = room.poses, room.world, room.low, room.high, room.round, room.known
    enter(cell, q, room)
    for k in range(pairs.pairs.shape[0]):
        a, b = pairs.pairs[k, 0], pairs.pairs[k, 1]
        r = radius[a] + radius[b]
        distances[k] = np.inf
        # A hair more: what is further answers with what was wanted.
        want = most + r + 1e-9
        if not _apart(low, high, grown, a, b, want):
            d = _nearer(a, b, want, -1.0, links, local, starts, poses, world, low, high, grown, known, points[k]) - r
            if d <= most:
                distances[k] = d


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def worst_pair(cell: Cell, pairs: Pairs, room: Room, q: Array, points: Array) -> tuple[float, int]:
    """Distance at q (n,) of the pair that falls short of its margin the most, and which; (inf, -1) when all keep theirs. `points` (2, 3): where."""
    links, local, starts = cell.links, cell.local, cell.starts
    poses, world, low, high, grown, known = room.poses, room.world, room.low, room.high, room.round, room.known
    cluster_low, cluster_high, cluster_round = room.cluster_low, room.cluster_high, room.cluster_round
    both, margins, wanted, spans, clusters, widest = pairs.pairs, pairs.margins, pairs.wanted, pairs.spans, pairs.clusters, pairs.widest
    enter(cell, q, room)
    shortfall, best, which = 0.0, np.inf, -1
    trial = np.zeros((2, 3))
    for g in range(widest.shape[0]):
        if _apart(cluster_low, cluster_high, cluster_round, clusters[g, 0], clusters[g, 1], widest[g]):
            continue
        for k in range(spans[g], spans[g + 1]):
            a, b = both[k, 0], both[k, 1]
            if _apart(low, high, grown, a, b, wanted[k]):
                continue
            d = _nearer(a, b, wanted[k], -1.0, links, local, starts, poses, world, low, high, grown, known, trial)
            if d - wanted[k] < shortfall:
                shortfall, best, which = d - wanted[k], d - wanted[k] + margins[k], k
                points[:] = trial
    return best, which


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def broken_pair(cell: Cell, pairs: Pairs, room: Room, listed: Ints, count: int, trial: Array) -> int:
    """The first of `count` listed pairs that is nearer than its margin where the room stands; -1: none."""
    links, local, starts = cell.links, cell.local, cell.starts
    poses, world, low, high, grown, known = room.poses, room.world, room.low, room.high, room.round, room.known
    both, wanted = pairs.pairs, pairs.wanted
    for m in range(count):
        k = listed[m]
        a, b = both[k, 0], both[k, 1]
        want = wanted[k]
        if (
            not _apart(low, high, grown, a, b, want)
            and _nearer(a, b, want, want, links, local, starts, poses, world, low, high, grown, known, trial) < want
        ):
            room.hint[0] = k
            return int(k)
    return -1


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def state_free(cell: Cell, pairs: Pairs, room: Room, q: Array, trial: Array) -> bool:
    """Whether every pair keeps its margin at q (n,); the pair that broke it last is looked at first."""
    links, local, starts = cell.links, cell.local, cell.starts
    poses, world, low, high, grown, known = room.poses, room.world, room.low, room.high, room.round, room.known
    cluster_low, cluster_high, cluster_round, hint = room.cluster_low, room.cluster_high, room.cluster_round, room.hint
    both, wanted, spans, clusters, widest = pairs.pairs, pairs.wanted, pairs.spans, pairs.clusters, pairs.widest
    enter(cell, q, room)
    if hint[0] < both.shape[0] and broken_pair(cell, pairs, room, hint, 1, trial) >= 0:
        return False
    for g in range(widest.shape[0]):
        if _apart(cluster_low, cluster_high, cluster_round, clusters[g, 0], clusters[g, 1], widest[g]):
            continue
        for k in range(spans[g], spans[g + 1]):
            a, b = both[k, 0], both[k, 1]
            want = wanted[k]
            if (
                not _apart(low, high, grown, a, b, want)
                and _nearer(a, b, want, want, links, local, starts, poses, world, low, high, grown, known, trial) < want
            ):
                hint[0] = k
                return False
    return True


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def states_free(qs: Array, cell: Cell, pairs: Pairs, room: Room, out: Flags) -> None:
    """Fills `out` (k,): whether each state (k, n) keeps every margin."""
    trial = np.zeros((2, 3))
    for k in range(qs.shape[0]):
        out[k] = state_free(cell, pairs, room, qs[k], trial)


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
        group, level, carrier, apart = -1, 0, 0, False
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
                    apart = _ball_from_box(T_begin, T_end, link_balls[other], link_boxes[one]) >= want
                else:
                    want = widest[group] + sag * (link_bend[one, 0] + link_bend[other, 0])
                    apart = _apart(cluster_low, cluster_high, cluster_round, one, other, want)
            if apart:
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
                if _apart(low, high, grown, a, b, want):
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
                if _apart(low, high, grown, a, b, want):
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
