"""Which links of a machine need no check against each other: joined, always touching, or proven never to come near.

A pair is proven over all positions of the joints between its two links by branch and bound: at the middle of a box of joint ranges the distance is
measured, and in all of the box the links are no nearer than that less the ways that their points can make (docs/motion_bound.md). Boxes that this does not
settle are halved.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numba
import numpy as np
from numpy.typing import NDArray

from core.frames import Array, inverse
from core.hull_distance import hull_distance
from robots.mechanism import Joint, Mechanism

CLEARANCE = 5e-3
"""Pairs that are proven to stay this far apart are not checked [m]: more than scenes keep between an arm's own links, and than pybullet's skins."""
MOST_BOXES = 20_000
"""A pair that is not settled with so many boxes stays checked."""
ALL_BOXES = 100_000
"""So many for all pairs of a machine together, those with few joints between them first; what is left then stays checked."""
SAMPLES = 60
"""Seeded positions in which a pair is looked at before anything is proven."""
DESCENTS = 4
"""From so many of them, the nearest, joints are turned downhill: what touches anywhere is found so without many boxes."""
_SEED = 7
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LinkPairs:
    """Pairs of links with a shape, by name, the one nearer the root first.

    Attributes:
        adjacent: Joined by a joint; links without shape between two others count as part of it. Descriptions let links overlap there, in every position
            of the joint, so only the joint's limits say what these two may do.
        always: Touch in every sampled position.
        never: Proven to stay `CLEARANCE` apart in every position within the limits.
        checked: All others.
    """

    adjacent: frozenset[Pair]
    always: frozenset[Pair]
    never: frozenset[Pair]
    checked: frozenset[Pair]

    @property
    def unchecked(self) -> frozenset[Pair]:
        """All that need no check."""
        return self.adjacent | self.always | self.never


def link_pairs(mechanism: Mechanism) -> LinkPairs:
    """Every pair of links of a machine, by what is known of it."""
    shaped = [i for i, link in enumerate(mechanism.links) if link.hulls]
    adjacent = _adjacent(mechanism, shaped)
    between = {pair: _Between(mechanism, *pair) for pair in combinations(shaped, 2) if pair not in adjacent}
    left = ALL_BOXES
    kinds: dict[str, set[Pair]] = {"adjacent": set(), "always": set(), "never": set(), "checked": set()}
    for pair in adjacent:
        kinds["adjacent"].add(_names(mechanism, pair))
    for pair in sorted(between, key=lambda pair: (len(between[pair].axes), pair)):
        kind, looked = between[pair].kind(min(left, MOST_BOXES))
        left -= looked
        kinds[kind].add(_names(mechanism, pair))
    return LinkPairs(**{kind: frozenset(pairs) for kind, pairs in kinds.items()})


def _names(mechanism: Mechanism, pair: tuple[int, int]) -> Pair:
    a, b = pair
    return mechanism.links[a].name, mechanism.links[b].name


def _adjacent(mechanism: Mechanism, shaped: list[int]) -> set[tuple[int, int]]:
    parent = {joint.child: joint.parent for joint in mechanism.joints}
    found = set()
    for i in shaped:
        at = parent.get(i)
        while at is not None and not mechanism.links[at].hulls:
            at = parent.get(at)
        if at is not None:
            found.add((at, i))
    return found


class _Between:
    """Two links and the joints between them, as a chain from the one to the other: offset, motion, offset, motion, ..., offset."""

    def __init__(self, mechanism: Mechanism, a: int, b: int) -> None:
        links = mechanism.links
        self.gap = links[a].hull_gap + links[b].hull_gap
        hulls = (*links[a].hulls, *links[b].hulls)
        self.count = len(links[a].hulls)
        self.vertices = np.concatenate(hulls)
        self.starts = np.cumsum([0, *(len(hull) for hull in hulls)]).astype(np.int64)
        up, down = mechanism.chain(links[a].name), mechanism.chain(links[b].name)
        shared = sum(i == j for i, j in zip(up, down, strict=False))
        offsets, axes, slides, ranges = [np.eye(4)], [], [], []

        def move(joint: Joint, direction: float) -> None:
            axes.append(direction * joint.axis)
            slides.append(joint.kind == "prismatic")
            # A whole turn and more is every angle.
            whole = joint.kind == "revolute" and joint.upper - joint.lower >= 2 * np.pi
            ranges.append((-np.pi, np.pi) if whole else (joint.lower, joint.upper))
            offsets.append(np.eye(4))

        for index in reversed(up[shared:]):
            joint = mechanism.joints[index]
            if joint.kind != "fixed":
                move(joint, -1.0)
            offsets[-1] = offsets[-1] @ inverse(joint.T_parent_joint)
        for index in down[shared:]:
            joint = mechanism.joints[index]
            offsets[-1] = offsets[-1] @ joint.T_parent_joint
            if joint.kind != "fixed":
                move(joint, 1.0)
        self.offsets, self.axes = np.array(offsets), np.array(axes).reshape(-1, 3)
        self.slides, self.ranges = np.array(slides, dtype=np.bool_), np.array(ranges, dtype=float).reshape(-1, 2)

    def kind(self, most: int) -> tuple[str, int]:
        """`always`, `never` or `checked`, see `LinkPairs`, told with at most `most` boxes; and how many it took."""
        arm = (self.vertices, self.starts, self.count, self.offsets, self.axes, self.slides)
        qs = np.random.default_rng(_SEED).uniform(self.ranges[:, 0], self.ranges[:, 1], (SAMPLES, len(self.ranges)))
        distances = np.array([_at(*arm, q) for q in qs])
        # Touching is told by the hulls themselves, nearness with all that the real shapes stand out of them.
        if np.all(distances <= 0.0):
            return "always", 0
        want = CLEARANCE + self.gap
        nearest = np.argsort(distances)[:DESCENTS]
        if distances[nearest[0]] < want or any(_descent(*arm, self.ranges, qs[k], want) < want for k in nearest):
            return "checked", 0
        proven, looked = _proven(*arm, self.ranges, want, most)
        return "never" if proven else "checked", int(looked)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _apart(vertices: Array, starts: NDArray[np.int64], count: int, T: Array, above: float, below: float) -> float:
    """Distance of the first `count` hulls and the others, which are moved by T; `above` and `below` as in `hull_distance`."""
    middle = starts[count]
    placed = vertices.copy()
    for i in range(middle, len(vertices)):
        for r in range(3):
            placed[i, r] = T[r, 0] * vertices[i, 0] + T[r, 1] * vertices[i, 1] + T[r, 2] * vertices[i, 2] + T[r, 3]
    points = np.zeros((2, 3))
    best = np.inf
    for a in range(count):
        for b in range(count, len(starts) - 1):
            found = hull_distance(placed, starts[a], starts[a + 1], starts[b], starts[b + 1], min(above, best), below, points)
            best = min(best, found)
            if best < below:
                return best
    return best


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _turned(axis: Array, slides: bool, value: float) -> Array:
    """The motion of one joint (4, 4)."""
    T = np.eye(4)
    if slides:
        T[:3, 3] = value * axis
        return T
    x, y, z = axis
    s, c = np.sin(value), np.cos(value)
    v = 1.0 - c
    T[0, 0], T[0, 1], T[0, 2] = c + x * x * v, x * y * v - z * s, x * z * v + y * s
    T[1, 0], T[1, 1], T[1, 2] = y * x * v + z * s, c + y * y * v, y * z * v - x * s
    T[2, 0], T[2, 1], T[2, 2] = z * x * v - y * s, z * y * v + x * s, c + z * z * v
    return T


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _at(vertices: Array, starts: NDArray[np.int64], count: int, offsets: Array, axes: Array, slides: NDArray[np.bool_], q: Array) -> float:
    """Distance of the two links with the joints between them at q (n,) [m]; 0 when they touch."""
    T = offsets[0].copy()
    for i in range(len(axes)):
        T = T @ _turned(axes[i], slides[i], q[i]) @ offsets[i + 1]
    return _apart(vertices, starts, count, T, np.inf, -np.inf)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _descent(
    vertices: Array, starts: NDArray[np.int64], count: int, offsets: Array, axes: Array, slides: NDArray[np.bool_], ranges: Array, q: Array,
    want: float,
) -> float:  # fmt: skip
    """A small distance, joint by joint downhill from q (n,); ends below `want`, or where no step of 1/1000 of a range leads further down."""
    best = _at(vertices, starts, count, offsets, axes, slides, q)
    step = 0.125
    while step > 1e-3 and best >= want:
        lower = False
        for i in range(len(q)):
            for sign in (-1.0, 1.0):
                trial = q.copy()
                trial[i] = min(max(q[i] + sign * step * (ranges[i, 1] - ranges[i, 0]), ranges[i, 0]), ranges[i, 1])
                found = _at(vertices, starts, count, offsets, axes, slides, trial)
                if found < best:
                    best, lower = found, True
                    q = trial
        if not lower:
            step /= 2
    return best


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _farthest(vertices: Array, first: int, last: int, T_joint: Array, axis: Array) -> float:
    """The largest distance of vertices from a joint's axis; `T_joint`: frame of the vertices in the joint's."""
    largest = 0.0
    for i in range(first, last):
        square, along = 0.0, 0.0
        for r in range(3):
            x = T_joint[r, 0] * vertices[i, 0] + T_joint[r, 1] * vertices[i, 1] + T_joint[r, 2] * vertices[i, 2] + T_joint[r, 3]
            square += x * x
            along += x * axis[r]
        largest = max(largest, square - along * along)
    return np.sqrt(largest)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _inverse(T: Array) -> Array:
    out = np.eye(4)
    for r in range(3):
        for c in range(3):
            out[r, c] = T[c, r]
            out[r, 3] -= T[c, r] * T[c, 3]
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _proven(
    vertices: Array, starts: NDArray[np.int64], count: int, offsets: Array, axes: Array, slides: NDArray[np.bool_], ranges: Array, want: float,
    most: int,
) -> tuple[bool, int]:  # fmt: skip
    """Whether two links stay `want` apart in every position of the joints between them, and how many boxes it took; False also where `most` are too few.

    Args:
        vertices: Of all hulls, each in its link (m, 3) [m].
        starts: First row of each hull, and the end.
        count: How many hulls are the first link's.
        offsets: Between the joints, from the first link to the second (n + 1, 4, 4).
        axes, slides, ranges: Of the joints (n, 3), (n,), (n, 2) [rad or m].
    """
    n = len(axes)
    middle = starts[count]
    boxes = np.empty((most + 2, n, 2))
    boxes[0] = ranges
    waiting, looked = 1, 0
    centre, chords = np.empty(n), np.empty(n)
    near, far = np.zeros(n + 1), np.zeros(n + 1)
    while waiting > 0:
        if looked == most:
            return False, looked
        looked += 1
        waiting -= 1
        box = boxes[waiting].copy()
        for i in range(n):
            centre[i], half = (box[i, 0] + box[i, 1]) / 2, (box[i, 1] - box[i, 0]) / 2
            chords[i] = half if slides[i] else 2.0 * np.sin(min(half, np.pi) / 2)
        # How far points get with joints anywhere in the box: far[i], the second link's with i, i + 1, ...; near[i], the first link's with those before i.
        T = offsets[n].copy()
        for i in range(n - 1, -1, -1):
            reach = 1.0 if slides[i] else _farthest(vertices, middle, len(vertices), T, axes[i]) + far[i + 1]
            far[i] = far[i + 1] + chords[i] * reach
            T = offsets[i] @ _turned(axes[i], slides[i], centre[i]) @ T
        S = offsets[0].copy()
        bound = far[0]
        for i in range(n):
            reach = 1.0 if slides[i] else _farthest(vertices, 0, middle, _inverse(S), axes[i]) + near[i]
            near[i + 1] = near[i] + chords[i] * reach
            bound = min(bound, near[i + 1] + far[i + 1])
            S = S @ _turned(axes[i], slides[i], centre[i]) @ offsets[i + 1]
        apart = _apart(vertices, starts, count, T, want + bound, want)
        if apart < want:
            return False, looked
        if apart >= want + bound:
            continue
        widest = 0
        for i in range(1, n):
            if far[i] - far[i + 1] > far[widest] - far[widest + 1]:
                widest = i
        for part in range(2):
            boxes[waiting] = box
            boxes[waiting, widest, 1 - part] = centre[widest]
            waiting += 1
    return True, looked
