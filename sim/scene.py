"""Clearance: the whole cell as convex hulls on moving links, asked for distances and for certified edges.

A `Scene` is immutable. `posed` gives a cheap variant with links re-attached (a part in the gripper, a ram lowered), hulls replaced
(a bend zone) and group pairs allowed to touch. All hulls carry the radius by which the real mesh stands out of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.frames import Array
from sim import scene_kernels as kernels
from sim.scene_structure import KINDS, Fixed, SceneBody, SceneLink, extents, group_mask, reaches, sliding, structure_of


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
        enabled &= ~group_mask(ignore_groups, group_index)[np.ix_(groups, groups)]
        enabled = np.triu(enabled, 1)
        self._fixed = Fixed(
            names=tuple(body.name for body in bodies),
            groups=tuple(body.group for body in bodies),
            group_of=groups,
            group_names=group_names,
            enabled=enabled,
            starts=np.cumsum([0, *(len(body.hull) for body in bodies)]).astype(np.int64),
            links=body_links,
            radius=np.array([body.radius for body in bodies]),
            kinds=np.array([KINDS[link.kind] for link in links], dtype=np.int64),
            axes=np.array([link.axis for link in links], dtype=float),
            q_index=np.array([link.q_index for link in links], dtype=np.int64),
            slides=sliding(links, len(lower)),
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
            fixed.structures[key] = structure_of(fixed, parents, allowed, margins)
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
            self._reach_memo = reaches(self._parents, self._Ts, fixed, extents(fixed.starts, self._local), self._order)
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

    def near(self, q: Array, distance: float) -> tuple[Clearance, ...]:
        """Every pair of hulls that is `distance` [m] or less apart at q (n,), whether the robot moves them against each other or not."""
        self._move(q)
        f = self._fixed
        pairs = np.concatenate((self._pairs, self._static_pairs))
        rows = np.flatnonzero(kernels.pairs_within(pairs, f.radius, f.starts, self._world, self._low, self._high, distance))
        return tuple(self._closest(pairs[row : row + 1], np.inf) for row in rows)

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
