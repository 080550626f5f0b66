"""What stays the same when a scene's links move: who may touch whom, which joints move what, and how far bodies reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from core.frames import Array
from sim.scene_kernels import Pairs

KINDS = {"fixed": 0, "revolute": 1, "prismatic": 2}


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
class Fixed:
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
    margin: float
    lower: Array
    upper: Array
    structures: dict[tuple[bytes, frozenset[tuple[str, str]], frozenset[tuple[tuple[str, str], float]]], Structure] = field(
        default_factory=dict
    )


@dataclass(frozen=True, eq=False, slots=True)
class Structure:
    """What follows from which link hangs on which and who may touch whom, the same in many poses.

    Attributes:
        order: Links, parents first.
        pairs: Bodies that the robot moves against each other.
        still: Bodies that it does not.
        moves, link_moves: Whether it moves a body (n_bodies,), a link (n_links,).
        chains, levels, carriers: See `edge_kernels.Motion`.
    """

    order: Array
    pairs: Pairs
    still: Pairs
    moves: Array
    link_moves: Array
    chains: Array
    levels: Array
    carriers: Array


def structure_of(fixed: Fixed, parents: Array, allowed: frozenset[tuple[str, str]], margins: Mapping[tuple[str, str], float]) -> Structure:
    order = _topological(parents)
    # The nearest joint above a link that q moves; links with the same one never move against each other.
    driver = np.full(len(parents), -1, dtype=np.int64)
    for at in order:
        driver[at] = at if fixed.kinds[at] else (driver[parents[at]] if parents[at] >= 0 else -1)
    body_driver = driver[fixed.links]
    group_index = {name: i for i, name in enumerate(fixed.group_names)}
    enabled = fixed.enabled
    if allowed:
        enabled = enabled & ~group_mask(allowed, group_index)[np.ix_(fixed.group_of, fixed.group_of)]
    relative = body_driver[:, None] != body_driver[None, :]
    table = np.full((len(fixed.group_names),) * 2, fixed.margin)
    for (a, b), value in margins.items():
        if a in group_index and b in group_index:
            table[group_index[a], group_index[b]] = table[group_index[b], group_index[a]] = value
    # Clusters: bodies of a link that moves, or one that stands still.
    clusters = np.where(body_driver >= 0, fixed.links, len(parents) + np.arange(len(fixed.links)))
    pairs = _grouped(fixed, np.argwhere(enabled & relative), table, clusters)
    chains = _chains(fixed, parents, order)[fixed.links]
    levels, carriers = _shared_joints(chains, pairs.pairs[pairs.spans[:-1]])
    still = _grouped(fixed, np.argwhere(enabled & ~relative), table, clusters)
    return Structure(order, pairs, still, body_driver >= 0, driver >= 0, chains, levels, carriers)


def _grouped(fixed: Fixed, pairs: Array, table: Array, clusters: Array) -> Pairs:
    """Pairs of bodies (m, 2) ordered by their `clusters` (n_bodies,), with the clearance of their groups' `table`."""
    of = clusters[pairs]
    order = np.lexsort((of[:, 1], of[:, 0]))
    pairs, of = pairs[order].astype(np.int64), of[order].astype(np.int64)
    margins = table[fixed.group_of[pairs[:, 0]], fixed.group_of[pairs[:, 1]]]
    wanted = margins + fixed.radius[pairs[:, 0]] + fixed.radius[pairs[:, 1]]
    starts = np.flatnonzero(np.r_[True, np.any(np.diff(of, axis=0) != 0, axis=1)][: len(pairs)]).astype(np.int64)
    widest = np.maximum.reduceat(wanted, starts) if len(pairs) else np.zeros(0)
    return Pairs(pairs, margins, wanted, np.r_[starts, len(pairs)].astype(np.int64), of[starts], widest)


def _chains(fixed: Fixed, parents: Array, order: Array) -> Array:
    """Joints above every link, from the base on, then -1 (n_links, n)."""
    chains = np.full((len(parents), len(fixed.lower)), -1, dtype=np.int64)
    for at in order:
        if parents[at] >= 0:
            chains[at] = chains[parents[at]]
        if fixed.kinds[at]:
            chains[at, int(np.sum(chains[at] >= 0))] = fixed.q_index[at]
    return chains


def _shared_joints(chains: Array, pairs: Array) -> tuple[Array, Array]:
    """How many joints move both bodies of a pair (m, 2) alike, where one carries the other (m,); else 0; and which one carries (m,), 0 or 1."""
    counts = np.sum(chains >= 0, axis=1)
    carriers = (counts[pairs[:, 0]] > counts[pairs[:, 1]]).astype(np.int64)
    carrier = np.where(carriers == 0, pairs[:, 0], pairs[:, 1])
    carried = np.where(carriers == 0, pairs[:, 1], pairs[:, 0])
    own = chains[carrier]
    carries = np.all((own < 0) | (own == chains[carried]), axis=1)
    return np.where(carries, counts[carrier], 0).astype(np.int64), carriers


def group_mask(pairs: frozenset[tuple[str, str]], index: Mapping[str, int]) -> Any:
    mask = np.zeros((len(index), len(index)), dtype=bool)
    for a, b in pairs:
        if a in index and b in index:
            mask[index[a], index[b]] = mask[index[b], index[a]] = True
    return mask


def sliding(links: list[SceneLink], count: int) -> Array:
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


def travels(fixed: Fixed) -> Array:
    """How far from 0 each joint goes inside its limits (n,); 0 where it has none."""
    most = np.maximum(np.abs(fixed.lower), np.abs(fixed.upper))
    out: Array = np.where(np.isfinite(most), most, 0.0)
    return out


def reaches(parents: Array, Ts: Array, fixed: Fixed, extent: Array, order: Array) -> Array:
    """How far a point of each body can lie from each joint's axis at most (n_bodies, n) [m per rad; 1 for sliding joints].

    The farthest vertex from its link's origin, plus the lengths of all offsets between that origin and the joint's: the triangle
    inequality over the chain, so it holds in every position of the joints between, sliding ones as far from 0 as `travels` says.
    """
    n = len(fixed.lower)
    travel = travels(fixed)
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
                chain[at] += above[at] * travel[i]
            above[at, i] = True
            chain[at, i] = 0.0
    reach: Array = np.where(above[fixed.links], chain[fixed.links] + (extent + fixed.radius)[:, None], 0.0)
    for at in order:
        if fixed.kinds[at] == 2:
            column = int(fixed.q_index[at])
            reach[:, column] = np.where(above[fixed.links, column], 1.0, 0.0)
    return reach


def extents(starts: Array, local: Array) -> Array:
    """Distance of each body's farthest vertex from its link's origin (n_bodies,)."""
    out: Array = np.maximum.reduceat(np.linalg.norm(local, axis=1), starts[:-1])
    return out
