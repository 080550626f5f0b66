"""Compiled loops behind `sim.scene`: place links, measure pairs in a state.

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
def apart(low: Array, high: Array, grown: Array, a: int, b: int, want: float) -> bool:
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
    if apart(low, high, grown, a, b, want):
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
        if apart(cluster_low, cluster_high, cluster_round, clusters[g, 0], clusters[g, 1], best + widest[g]):
            continue
        for k in range(spans[g], spans[g + 1]):
            a, b = both[k, 0], both[k, 1]
            r = radius[a] + radius[b]
            if apart(low, high, grown, a, b, best + r):
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
        if not apart(low, high, grown, a, b, want):
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
        if apart(cluster_low, cluster_high, cluster_round, clusters[g, 0], clusters[g, 1], widest[g]):
            continue
        for k in range(spans[g], spans[g + 1]):
            a, b = both[k, 0], both[k, 1]
            if apart(low, high, grown, a, b, wanted[k]):
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
            not apart(low, high, grown, a, b, want)
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
        if apart(cluster_low, cluster_high, cluster_round, clusters[g, 0], clusters[g, 1], widest[g]):
            continue
        for k in range(spans[g], spans[g + 1]):
            a, b = both[k, 0], both[k, 1]
            want = wanted[k]
            if (
                not apart(low, high, grown, a, b, want)
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
