"""Joints that run on in each other without a corner become one seam: line, arc or free curve, open or closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from core.frames import Array
from core.units import MM
from parts.seam import Seam
from parts.seam_kinds import Joint

SMOOTH = np.radians(6.0)
"""Directions at a joint of two stretches may differ by this; more is a corner, at which a seam ends."""
TOUCH = 0.1 * MM
STRAIGHT = 0.01 * MM
"""A curve this near to a line or circle is one."""
CHORD, TURN = 1.0 * MM, np.radians(5.0)
"""Of curved seams: distance and turn from one point to the next at most."""


@dataclass(eq=False, slots=True)
class Chain:
    """Joints in a row.

    Attributes:
        joints: In welding direction.
        points, normals_a, normals_b: Of all of them (k, 3).
    """

    joints: list[Joint]
    points: Array
    normals_a: Array
    normals_b: Array

    @property
    def closed(self) -> bool:
        """It ends where it starts, and in the same direction."""
        return bool(
            np.linalg.norm(self.points[0] - self.points[-1]) < TOUCH and len(self.points) > 4 and _runs_on(self.points, self.points)
        )

    @property
    def length(self) -> float:
        """[m]"""
        return polyline_length(self.points)


def polyline_length(points: Array) -> float:
    """[m]"""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def chained(joints: list[Joint]) -> list[Chain]:
    """Chains of joints of the same two pieces and kind, in the order of their first joints; each joint in exactly one."""
    if not joints:
        return []
    starts = cKDTree(np.array([joint.points[0] for joint in joints]))
    following: dict[int, int] = {}
    taken: set[int] = set()
    for k, joint in enumerate(joints):
        for other in sorted(starts.query_ball_point(joint.points[-1], TOUCH)):
            if other not in taken and _group(joint) == _group(joints[other]) and _runs_on(joint.points, joints[other].points):
                following[k] = other
                taken.add(other)
                break
    chains: list[tuple[int, Chain]] = []
    left = dict.fromkeys(range(len(joints)))
    # First the chains that begin somewhere; what is left then runs in rings.
    for first in [*(k for k in left if k not in taken), *left]:
        row, k = [], first
        while k in left:
            del left[k]
            row.append(k)
            k = following.get(k, -1)
        if row:
            chains.append((min(row), _chain([joints[i] for i in row])))
    return [chain for _, chain in sorted(chains, key=lambda pair: pair[0])]


def _group(joint: Joint) -> tuple[str, int, int]:
    return joint.kind, joint.contact.owner, joint.contact.other


def _chain(joints: list[Joint]) -> Chain:
    rows = ([j.points for j in joints], [j.normals_a for j in joints], [j.normals_b for j in joints])
    points, a, b = (np.concatenate([row[0], *(part[1:] for part in row[1:])]) for row in rows)
    return Chain(joints, points, a, b)


def _runs_on(first: Array, second: Array) -> bool:
    a, b = first[-1] - first[-2], second[1] - second[0]
    return bool(a @ b > np.cos(SMOOTH) * np.linalg.norm(a) * np.linalg.norm(b))


def seam_of(chain: Chain, name: str, pieces: tuple[str, str]) -> Seam:
    """The seam of a chain with as few points as its curve allows."""
    points, closed = chain.points, chain.closed
    if closed:
        points = np.concatenate((points[:-1], points[:1]))
    curve = curve_of(points)
    a, b = chain.normals_a, chain.normals_b
    kept = thinned(points, a, b, curve)
    return Seam(
        name, chain.joints[0].kind, points[kept], _unit(a[kept]), _unit(b[kept]), curve, closed, pieces,
        min(j.thickness_a for j in chain.joints), min(j.thickness_b for j in chain.joints), max(j.contact.gap for j in chain.joints),
    )  # fmt: skip


def curve_of(points: Array) -> Literal["line", "arc", "free"]:
    """What a polyline's points lie on."""
    way = points[-1] - points[0]
    length = float(np.linalg.norm(way))
    if length > TOUCH:
        away = points - points[0]
        if np.max(np.linalg.norm(away - np.outer(away @ way / length, way / length), axis=1)) < STRAIGHT:
            return "line"
    if len(points) < 4:
        return "free"
    middle = points.mean(axis=0)
    _, spread, axes = np.linalg.svd(points - middle, full_matrices=False)
    flat = (points - middle) @ axes[:2].T
    if np.max(np.abs((points - middle) @ axes[2])) > STRAIGHT or spread[1] < 1e-12:
        return "free"
    # Circle by least squares (Kasa): |p|^2 = 2 c.p + d.
    solved = np.linalg.lstsq(np.c_[2 * flat, np.ones(len(flat))], np.sum(flat**2, axis=1), rcond=None)[0]
    radii = np.linalg.norm(flat - solved[:2], axis=1)
    return "arc" if np.max(np.abs(radii - radii.mean())) < STRAIGHT else "free"


def thinned(points: Array, a: Array, b: Array, curve: str) -> Array:
    """Rows to keep: of a line with constant normals the ends, else so that chords and turns stay within their limits and normals too."""
    if curve == "line" and np.allclose(a, a[0], atol=1e-6) and np.allclose(b, b[0], atol=1e-6):
        return np.array([0, len(points) - 1])
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    ways = steps / np.maximum(lengths, 1e-15)[:, None]
    kept, at = [0], 0
    limit = np.cos(TURN / 2)
    for k in range(1, len(points) - 1):
        far = lengths[at : k + 1].sum() > CHORD
        turned = ways[at] @ ways[k] < limit or a[at] @ a[k + 1] < limit or b[at] @ b[k + 1] < limit
        if (far and curve != "line") or turned:
            kept.append(k)
            at = k
    return np.array([*kept, len(points) - 1])


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
