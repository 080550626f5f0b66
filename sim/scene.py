"""Clearance: the whole cell as convex hulls on moving links, asked for distances and for certified edges.

A `Scene` is immutable. `posed` gives a cheap variant with links re-attached (a part in the gripper, a ram lowered), hulls replaced
(a bend zone) and group pairs allowed to touch. All hulls carry the radius by which the real mesh stands out of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from core.frames import Array
from sim import scene_kernels as kernels

_KINDS = {"fixed": 0, "revolute": 1, "prismatic": 2}


@dataclass(frozen=True, eq=False, slots=True)
class SceneLink:
    """A frame that moves.

    Attributes:
        name: For people.
        parent: Index of the parent link, -1 for the world.
        T_parent_link: Pose at q = 0 (4, 4).
        kind: How its joint moves it.
        axis: Unit axis in its own frame (3,).
        q_index: Which joint position moves it, -1 for none.
    """

    name: str
    parent: int
    T_parent_link: Array
    kind: Literal["fixed", "revolute", "prismatic"]
    axis: Array
    q_index: int


@dataclass(frozen=True, eq=False, slots=True)
class SceneBody:
    """A convex hull on a link.

    Attributes:
        name: What findings call it; pieces of one thing share it.
        group: Allowed contacts and margins go by group.
        link: Index of its link.
        hull: Vertices (k, 3) in the link frame [m].
        radius: How far the real shape stands out of the hull [m].
    """

    name: str
    group: str
    link: int
    hull: Array
    radius: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Clearance:
    """The closest pair of a state.

    Attributes:
        distance: [m]; 0 or less when they touch.
        body_a, body_b: Names.
        group_a, group_b: Groups.
        p_a, p_b: Closest points in the world (3,) [m].
    """

    distance: float
    body_a: str
    body_b: str
    group_a: str
    group_b: str
    p_a: Array
    p_b: Array


@dataclass(frozen=True, eq=False, slots=True)
class _Fixed:
    """What `posed` never changes."""

    names: tuple[str, ...]
    groups: tuple[str, ...]
    group_of: Array
    group_names: tuple[str, ...]
    enabled: Array
    starts: Array
    links: Array
    radius: Array
    kinds: Array
    axes: Array
    q_index: Array
    slides: Array
    all: Array
    margin: float
    lower: Array
    upper: Array
    structures: dict[tuple[bytes, frozenset[tuple[str, str]], frozenset[tuple[tuple[str, str], float]]], _Structure] = field(
        default_factory=dict
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Structure:
    """What follows from which link hangs on which and who may touch whom, the same in many poses.

    Attributes:
        order: Links, parents first.
        pairs: Pairs of bodies that the robot moves against each other (m, 2).
        margins: Their clearance (m,) [m].
        static_pairs: The other pairs.
        moving: Bodies that the robot moves.
        chains, levels, carriers: See `scene_kernels.edge_free`.
    """

    order: Array
    pairs: Array
    margins: Array
    static_pairs: Array
    moving: Array
    chains: Array
    levels: Array
    carriers: Array


def _structure(fixed: _Fixed, parents: Array, allowed: frozenset[tuple[str, str]], margins: Mapping[tuple[str, str], float]) -> _Structure:
    order = _topological(parents)
    # The nearest joint above a link that q moves; links with the same one never move against each other.
    driver = np.full(len(parents), -1, dtype=np.int64)
    for at in order:
        driver[at] = at if fixed.kinds[at] else (driver[parents[at]] if parents[at] >= 0 else -1)
    body_driver = driver[fixed.links]
    group_index = {name: i for i, name in enumerate(fixed.group_names)}
    enabled = fixed.enabled
    if allowed:
        enabled = enabled & ~_group_mask(allowed, group_index)[np.ix_(fixed.group_of, fixed.group_of)]
    relative = body_driver[:, None] != body_driver[None, :]
    pairs = np.argwhere(enabled & relative).astype(np.int64)
    chains = _chains(fixed, parents, order)
    levels, carriers = _shared_joints(chains[fixed.links], pairs)
    table = np.full((len(fixed.group_names),) * 2, fixed.margin)
    for (a, b), value in margins.items():
        if a in group_index and b in group_index:
            table[group_index[a], group_index[b]] = table[group_index[b], group_index[a]] = value
    return _Structure(
        order,
        pairs,
        table[fixed.group_of[pairs[:, 0]], fixed.group_of[pairs[:, 1]]],
        np.argwhere(enabled & ~relative).astype(np.int64),
        np.flatnonzero(body_driver >= 0).astype(np.int64),
        chains[fixed.links],
        levels,
        carriers,
    )


def _chains(fixed: _Fixed, parents: Array, order: Array) -> Array:
    """Joints above every link, from the base on, then -1 (n_links, n)."""
    chains = np.full((len(parents), len(fixed.lower)), -1, dtype=np.int64)
    for at in order:
        if parents[at] >= 0:
            chains[at] = chains[parents[at]]
        if fixed.kinds[at]:
            chains[at, int(np.sum(chains[at] >= 0))] = fixed.q_index[at]
    return chains


def _shared_joints(chains: Array, pairs: Array) -> tuple[Array, Array]:
    """How many joints move both bodies of a pair (m, 2) alike, where one carries the other (m,); else 0; and which one carries (m,)."""
    counts = np.sum(chains >= 0, axis=1)
    carriers = (counts[pairs[:, 0]] > counts[pairs[:, 1]]).astype(np.int64)
    carrier = np.where(carriers == 0, pairs[:, 0], pairs[:, 1])
    carried = np.where(carriers == 0, pairs[:, 1], pairs[:, 0])
    own = chains[carrier]
    carries = np.all((own < 0) | (own == chains[carried]), axis=1)
    return np.where(carries, counts[carrier], 0).astype(np.int64), carriers


class Scene:
    """Bodies on links; robot joints q (n,) free, everything else posed.

    Args:
        links: Frames; parents may come in any order.
        bodies: Hulls.
        lower, upper: Limits of q (n,).
        ignore_links: Pairs of link indices never checked.
        ignore_groups: Pairs of groups never checked.
        margin: Clearance every pair keeps [m].
        margins: Clearance by pair of groups where it differs.
    """

    def __init__(
        self,
        links: list[SceneLink],
        bodies: list[SceneBody],
        *,
        lower: Array,
        upper: Array,
        ignore_links: frozenset[tuple[int, int]] = frozenset(),
        ignore_groups: frozenset[tuple[str, str]] = frozenset(),
        margin: float = 0.01,
        margins: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        group_names = tuple(sorted({body.group for body in bodies}))
        group_index = {name: i for i, name in enumerate(group_names)}
        groups = np.array([group_index[body.group] for body in bodies], dtype=np.int64)
        body_links = np.array([body.link for body in bodies], dtype=np.int64)
        enabled = body_links[:, None] != body_links[None, :]
        off = np.zeros((len(links), len(links)), dtype=bool)
        for a, b in ignore_links:
            off[a, b] = off[b, a] = True
        enabled &= ~off[np.ix_(body_links, body_links)]
        enabled &= ~_group_mask(ignore_groups, group_index)[np.ix_(groups, groups)]
        enabled = np.triu(enabled, 1)
        self._fixed = _Fixed(
            names=tuple(body.name for body in bodies),
            groups=tuple(body.group for body in bodies),
            group_of=groups,
            group_names=group_names,
            enabled=enabled,
            starts=np.cumsum([0, *(len(body.hull) for body in bodies)]).astype(np.int64),
            links=body_links,
            radius=np.array([body.radius for body in bodies]),
            kinds=np.array([_KINDS[link.kind] for link in links], dtype=np.int64),
            axes=np.array([link.axis for link in links], dtype=float),
            q_index=np.array([link.q_index for link in links], dtype=np.int64),
            slides=_sliding(links, len(lower)),
            all=np.arange(len(bodies), dtype=np.int64),
            margin=margin,
            lower=np.asarray(lower, dtype=float),
            upper=np.asarray(upper, dtype=float),
        )
        parents = np.array([link.parent for link in links], dtype=np.int64)
        Ts = np.array([link.T_parent_link for link in links], dtype=float)
        local = np.concatenate([np.asarray(body.hull, dtype=float) for body in bodies])
        self._set(parents, Ts, local, frozenset(), dict(margins or {}))

    def _set(
        self, parents: Array, Ts: Array, local: Array, allowed: frozenset[tuple[str, str]], margins: Mapping[tuple[str, str], float]
    ) -> None:
        fixed = self._fixed
        self._parents, self._Ts, self._local = parents, Ts, local
        self._margins = margins
        key = (parents.tobytes(), allowed, frozenset(margins.items()))
        if key not in fixed.structures:
            fixed.structures[key] = _structure(fixed, parents, allowed, margins)
        structure = fixed.structures[key]
        self._order, self._pairs, self._pair_margins = structure.order, structure.pairs, structure.margins
        self._moving, self._static_pairs = structure.moving, structure.static_pairs
        self._relative = (structure.chains, structure.levels, structure.carriers)
        self._rounds_memo: tuple[Array, Array] | None = None
        self._reach_memo: Array | None = None
        count = len(fixed.names)
        self._world = np.empty_like(local)
        self._low, self._high = np.empty((count, 3)), np.empty((count, 3))
        self._poses = np.empty((len(parents), 4, 4))
        self._hint = np.zeros(1, dtype=np.int64)
        self._place(np.zeros(len(fixed.lower)))
        kernels.move_bodies(fixed.all, fixed.starts, fixed.links, local, self._poses, self._world, self._low, self._high)

    @property
    def _reach(self) -> Array:
        if self._reach_memo is None:
            fixed = self._fixed
            self._reach_memo = _reaches(self._parents, self._Ts, fixed, _extents(fixed.starts, self._local), self._order)
        return self._reach_memo

    @property
    def _rounds(self) -> tuple[Array, Array]:
        """A ball (n_bodies, 4) and a box (n_bodies, 2, 3) round every body, in its link's frame."""
        if self._rounds_memo is None:
            starts = self._fixed.starts
            low, high = (np.asarray(best.reduceat(self._local, starts[:-1], axis=0)) for best in (np.minimum, np.maximum))
            middle = (low + high) / 2
            away = np.linalg.norm(self._local - np.repeat(middle, np.diff(starts), axis=0), axis=1)
            self._rounds_memo = np.column_stack((middle, np.maximum.reduceat(away, starts[:-1]))), np.stack((low, high), axis=1)
        return self._rounds_memo

    def posed(
        self,
        poses: Mapping[int, tuple[int, Array]] | None = None,
        hulls: Mapping[int, Array] | None = None,
        *,
        allowed: frozenset[tuple[str, str]] = frozenset(),
        margins: Mapping[tuple[str, str], float] | None = None,
    ) -> Scene:
        """A variant of this scene.

        Args:
            poses: Link index to (parent link or -1, T_parent_link).
            hulls: Body index to new vertices, as many as before.
            allowed: Pairs of groups that may touch; they are not looked at.
            margins: Clearance by pair of groups, beside the scene's own.
        """
        scene = object.__new__(Scene)
        scene._fixed = self._fixed
        parents, Ts, local = self._parents.copy(), self._Ts.copy(), self._local
        for link, (parent, T) in (poses or {}).items():
            parents[link], Ts[link] = parent, T
        if hulls:
            local = local.copy()
            for body, hull in hulls.items():
                local[self._fixed.starts[body] : self._fixed.starts[body + 1]] = hull
        scene._set(parents, Ts, local, allowed, {**self._margins, **(margins or {})})
        return scene

    def _place(self, q: Array) -> None:
        f = self._fixed
        kernels.place_links(
            self._parents, self._Ts, f.kinds, f.axes, f.q_index, self._order, np.ascontiguousarray(q, dtype=float), self._poses
        )

    def place(self, q: Array) -> Array:
        """T_world_link of every link (n_links, 4, 4) at robot joints q (n,)."""
        self._place(q)
        return self._poses.copy()

    def distance(self, q: Array, cap: float = 0.3) -> Clearance:
        """The closest of the pairs that move against each other; distance `cap` and empty names when all are further."""
        self._move(q)
        return self._closest(self._pairs, cap)

    def violation(self, q: Array) -> Clearance | None:
        """The pair that falls short of its margin the most at q (n,); None when all keep theirs."""
        self._move(q)
        f = self._fixed
        points = np.zeros((2, 3))
        distance, which = kernels.worst_pair(
            self._pairs, self._pair_margins, f.radius, f.starts, self._world, self._low, self._high, points
        )
        return None if which < 0 else self._clearance(distance, self._pairs[which], points)

    def static_distance(self, cap: float = 0.3) -> Clearance:
        """The closest of the pairs that do not depend on the robot: a part in the brake against the tools."""
        return self._closest(self._static_pairs, cap)

    def _move(self, q: Array) -> None:
        f = self._fixed
        self._place(q)
        kernels.move_bodies(self._moving, f.starts, f.links, self._local, self._poses, self._world, self._low, self._high)

    def _closest(self, pairs: Array, cap: float) -> Clearance:
        f = self._fixed
        points = np.zeros((2, 3))
        distance, which = kernels.closest_pair(pairs, f.radius, f.starts, self._world, self._low, self._high, cap, points)
        if which < 0:
            return Clearance(float(cap), "", "", "", "", np.zeros(3), np.zeros(3))
        return self._clearance(distance, pairs[which], points)

    def _clearance(self, distance: float, pair: Array, points: Array) -> Clearance:
        f = self._fixed
        a, b = pair
        return Clearance(float(distance), f.names[a], f.names[b], f.groups[a], f.groups[b], points[0].copy(), points[1].copy())

    def distances(self, qs: Array, cap: float = 0.3) -> Array:
        """Smallest distance of every state (k,), at most `cap`."""
        return np.array([self.distance(q, cap).distance for q in qs])

    def free(self, qs: Array) -> Any:
        """Whether each state (k, n) keeps every margin: (k,) bool."""
        out = np.zeros(len(qs), dtype=np.bool_)
        check: Any = kernels.states_free
        check(np.ascontiguousarray(qs, dtype=float), *self._arguments(), self._poses, self._hint, out)
        return out

    def edge_free(self, q_a: Array, q_b: Array) -> bool:
        """Certified: no pair comes closer than its margin less 0.2 mm anywhere on the straight joint segment."""
        *arguments, pairs, margins = self._arguments()
        certify: Any = kernels.edge_free
        return bool(
            certify(
                np.ascontiguousarray(q_a, dtype=float),
                np.ascontiguousarray(q_b, dtype=float),
                *arguments,
                pairs,
                margins,
                self._reach,
                self._fixed.slides,
                self._poses,
                self._hint,
                *self._relative,
                *self._rounds,
            )
        )

    def path_clearance(self, qs: Array, step: float = 0.02) -> Clearance:
        """The closest pair over a polyline (k, n), sampled at most `step` [rad] apart."""
        dense = [qs[:1]]
        for a, b in zip(qs[:-1], qs[1:], strict=True):
            count = max(1, int(np.ceil(np.max(np.abs(b - a)) / step)))
            dense.append(a + np.linspace(0.0, 1.0, count + 1)[1:, None] * (b - a))
        closest: Clearance | None = None
        for q in np.concatenate(dense):
            found = self.distance(q, 0.3 if closest is None else closest.distance)
            if closest is None or found.distance < closest.distance:
                closest = found
        assert closest is not None
        return closest

    def _arguments(self) -> tuple[Any, ...]:
        f = self._fixed
        return (
            self._parents, self._Ts, f.kinds, f.axes, f.q_index, self._order, self._moving, f.starts, f.links, self._local,
            self._world, self._low, self._high, f.radius, self._pairs, self._pair_margins,
        )  # fmt: skip

    @property
    def lower(self) -> Array:
        """Lower limits of q (n,)."""
        return self._fixed.lower

    @property
    def upper(self) -> Array:
        """Upper limits of q (n,)."""
        return self._fixed.upper


def _group_mask(pairs: frozenset[tuple[str, str]], index: Mapping[str, int]) -> Any:
    mask = np.zeros((len(index), len(index)), dtype=bool)
    for a, b in pairs:
        if a in index and b in index:
            mask[index[a], index[b]] = mask[index[b], index[a]] = True
    return mask


def _sliding(links: list[SceneLink], count: int) -> Array:
    """Which joints q slide: (n,) bool."""
    slides = np.zeros(count, dtype=np.bool_)
    for link in links:
        if link.kind == "prismatic":
            slides[link.q_index] = True
    return slides


def _topological(parents: Array) -> Array:
    """Link indices, parents first."""
    depth = np.zeros(len(parents), dtype=np.int64)
    for at in range(len(parents)):
        up, steps = parents[at], 0
        while up >= 0:
            up, steps = parents[up], steps + 1
        depth[at] = steps
    return np.argsort(depth, kind="stable").astype(np.int64)


def _reaches(parents: Array, Ts: Array, fixed: _Fixed, extent: Array, order: Array) -> Array:
    """How far a point of each body can lie from each joint's axis at most (n_bodies, n) [m per rad; 1 for sliding joints].

    The farthest vertex from its link's origin, plus the lengths of all offsets between that origin and the joint's: the triangle
    inequality over the chain, so it holds in every position of the joints between.
    """
    n = len(fixed.lower)
    offsets = np.linalg.norm(Ts[:, :3, 3], axis=1)
    # Per link: length of the chain from each joint above it, and which joints are above it.
    chain = np.zeros((len(parents), n))
    above = np.zeros((len(parents), n), dtype=bool)
    for at in order:
        parent = int(parents[at])
        if parent >= 0:
            chain[at] = chain[parent] + offsets[at] * above[parent]
            above[at] = above[parent]
        if fixed.kinds[at]:
            i = int(fixed.q_index[at])
            if fixed.kinds[at] == 2:
                chain[at] += above[at] * float(np.max(np.abs([fixed.lower[i], fixed.upper[i]])))
            above[at, i] = True
            chain[at, i] = 0.0
    reach: Array = np.where(above[fixed.links], chain[fixed.links] + (extent + fixed.radius)[:, None], 0.0)
    for at in order:
        if fixed.kinds[at] == 2:
            column = int(fixed.q_index[at])
            reach[:, column] = np.where(above[fixed.links, column], 1.0, 0.0)
    return reach


def _extents(starts: Array, local: Array) -> Array:
    """Distance of each body's farthest vertex from its link's origin (n_bodies,)."""
    out: Array = np.maximum.reduceat(np.linalg.norm(local, axis=1), starts[:-1])
    return out
