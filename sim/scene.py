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
from sim import edge_kernels as edges
from sim import scene_kernels as kernels
from sim.scene_structure import KINDS, Fixed, SceneBody, SceneLink, extents, group_mask, reaches, sliding, structure_of, travels


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
        driven = [link.q_index for link in links if link.kind != "fixed"]
        if len(set(driven)) != len(driven) or not all(0 <= i < len(lower) for i in driven):
            # Two links that turn with one joint would count as moving alike, and nothing would be certified between them.
            raise ValueError("every joint position moves exactly one link")
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
            margin=margin,
            lower=np.asarray(lower, dtype=float),
            upper=np.asarray(upper, dtype=float),
        )
        parents = np.array([link.parent for link in links], dtype=np.int64)
        Ts = np.array([link.T_parent_link for link in links], dtype=float)
        local = np.concatenate([np.asarray(body.hull, dtype=float) for body in bodies])
        self._set(parents, Ts, local, frozenset(), _either_way(margins or {}))

    def _set(
        self, parents: Array, Ts: Array, local: Array, allowed: frozenset[tuple[str, str]], margins: Mapping[tuple[str, str], float]
    ) -> None:
        f = self._fixed
        if not (np.all(np.isfinite(Ts)) and np.all(np.isfinite(local))):
            raise ValueError("poses and hulls must be finite numbers")
        self._margins = margins
        key = (parents.tobytes(), allowed, frozenset(margins.items()))
        if key not in f.structures:
            f.structures[key] = structure_of(f, parents, allowed, margins)
        self._structure = structure = f.structures[key]
        links, bodies = len(parents), len(f.names)
        around = np.empty((bodies, 4)), np.empty((bodies, 2, 3)), np.empty((links, 4)), np.empty((links, 2, 3))
        kernels.surround(f.starts, f.links, local, *around)
        self._cell = kernels.Cell(
            parents, Ts, f.kinds, f.axes, f.q_index, structure.order, structure.link_moves, local, f.starts, f.links, f.radius, structure.moves, *around
        )  # fmt: skip
        self._room = kernels.Room(
            np.empty((links, 4, 4)), np.empty_like(local), np.empty((bodies, 3)), np.empty((bodies, 3)), np.zeros(bodies),
            np.zeros(bodies, dtype=np.int64), np.empty((links + bodies, 3)), np.empty((links + bodies, 3)), np.zeros(links + bodies),
            np.zeros(1, dtype=np.int64),
        )  # fmt: skip
        self._motion_memo: edges.Motion | None = None
        kernels.stand(self._cell, np.zeros(len(f.lower)), self._room)

    @property
    def _motion(self) -> edges.Motion:
        if self._motion_memo is None:
            f, cell, structure = self._fixed, self._cell, self._structure
            if np.any(structure.pairs.wanted <= edges.FINEST):
                raise ValueError(f"edges are certified to margins above {edges.FINEST} m only")
            reach = reaches(cell.parents, cell.Ts, f, extents(f.starts, cell.local), structure.order)
            self._motion_memo = edges.Motion(structure.chains, reach, f.slides, travels(f), structure.levels, structure.carriers)
        return self._motion_memo

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
        parents, Ts, local = self._cell.parents.copy(), self._cell.Ts.copy(), self._cell.local
        for link, (parent, T) in (poses or {}).items():
            parents[link], Ts[link] = parent, T
        if hulls:
            local = local.copy()
            for body, hull in hulls.items():
                local[self._fixed.starts[body] : self._fixed.starts[body + 1]] = hull
        scene._set(parents, Ts, local, allowed, {**self._margins, **_either_way(margins or {})})
        return scene

    def place(self, q: Array) -> Array:
        """T_world_link of every link (n_links, 4, 4) at robot joints q (n,)."""
        Ts = np.empty_like(self._room.poses)
        kernels.place_links(self._cell, _row(q), Ts)
        return Ts

    def distance(self, q: Array, cap: float = 0.3) -> Clearance:
        """The closest of the pairs that move against each other; distance `cap` and empty names when all are further."""
        return self._closest(self._structure.pairs, q, cap)

    def violation(self, q: Array) -> Clearance | None:
        """The pair that falls short of its margin the most at q (n,); None when all keep theirs."""
        points = np.zeros((2, 3))
        pairs = self._structure.pairs
        distance, which = kernels.worst_pair(self._cell, pairs, self._room, _row(q), points)
        return None if which < 0 else self._clearance(distance, pairs.pairs[which], points)

    def near(self, q: Array, distance: float) -> tuple[Clearance, ...]:
        """Every pair of hulls that is `distance` [m] or less apart at q (n,), whether the robot moves them against each other or not."""
        found: list[Clearance] = []
        for pairs in (self._structure.pairs, self._structure.still):
            distances, points = np.empty(len(pairs.pairs)), np.zeros((len(pairs.pairs), 2, 3))
            kernels.pairs_within(self._cell, pairs, self._room, _row(q), distance, distances, points)
            found += [self._clearance(distances[k], pairs.pairs[k], points[k]) for k in np.flatnonzero(np.isfinite(distances))]
        return tuple(found)

    def static_distance(self, cap: float = 0.3) -> Clearance:
        """The closest of the pairs that do not depend on the robot: a part in the brake against the tools."""
        return self._closest(self._structure.still, np.zeros(len(self.lower)), cap)

    def _closest(self, pairs: kernels.Pairs, q: Array, cap: float) -> Clearance:
        points = np.zeros((2, 3))
        distance, which = kernels.closest_pair(self._cell, pairs, self._room, _row(q), cap, points)
        if which < 0:
            return Clearance(float(cap), "", "", "", "", np.zeros(3), np.zeros(3))
        return self._clearance(distance, pairs.pairs[which], points)

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
        check(np.ascontiguousarray(qs, dtype=float), self._cell, self._structure.pairs, self._room, out)
        return out

    def edge_free(self, q_a: Array, q_b: Array) -> bool:
        """Certified: no pair comes closer than its margin less 0.2 mm anywhere on the straight joint segment.

        Raises:
            ValueError: A margin is no more than that, so that a certificate would say nothing; or a joint position is not a finite number.
        """
        certify: Any = edges.edge_free
        return bool(certify(_row(q_a), _row(q_b), self._cell, self._structure.pairs, self._motion, self._room))

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

    def arrays(self) -> dict[str, Array]:
        """What a state check looks at, as plain arrays for other engines.

        `parents`, `Ts`, `kinds` (0 fixed, 1 revolute, 2 prismatic), `axes`, `q_index` of the links; `vertices`, `starts`, `links` of the hulls, in the frames of
        their links; `pairs` (m, 2) that the robot moves against each other, with the `margins` (m,) that their hulls keep; `lower`, `upper` of q.
        """
        cell, pairs = self._cell, self._structure.pairs
        return {
            "parents": cell.parents, "Ts": cell.Ts, "kinds": cell.kinds, "axes": cell.axes, "q_index": cell.q_index,
            "vertices": cell.local, "starts": cell.starts, "links": cell.links,
            "pairs": pairs.pairs, "margins": pairs.wanted, "lower": self.lower, "upper": self.upper,
        }  # fmt: skip

    @property
    def lower(self) -> Array:
        """Lower limits of q (n,)."""
        return self._fixed.lower

    @property
    def upper(self) -> Array:
        """Upper limits of q (n,)."""
        return self._fixed.upper


def _either_way(margins: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Margins by pairs of groups in the order of their names, so that what is given later for (b, a) replaces what was given for (a, b)."""
    return {(min(pair), max(pair)): margin for pair, margin in margins.items()}


def _row(q: Array) -> Array:
    return np.ascontiguousarray(q, dtype=float)
