"""Free moves: a joint path from here to any of several goals that keeps every margin, certified edge by edge.

RRT-Connect (Kuffner and LaValle 2000) in a joint metric of time: distances are divided by joint speeds. OMPL is not used because its random
generator is global to the process, so that a plan would depend on what was planned before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.frames import Array
from core.units import to_mm
from robots.model import RobotModel
from sim.scene import Clearance, Scene

STEP = 0.35
"""Longest edge of the tree [s of the slowest joint]."""
SHORT_CUTS, PULLS = 10, 4
"""More of either take longer and give ways that are driven no quicker: every short cut puts in two corners."""
WORTH = 0.02
"""What a short cut must save, for the robot slows down at its corners [s]."""


@dataclass(frozen=True, eq=False, slots=True)
class JointLimits:
    """Limits of the joints, each (n,): positions [rad], speed [rad/s], acceleration [rad/s2], jerk [rad/s3]."""

    lower: Array
    upper: Array
    velocity: Array
    acceleration: Array
    jerk: Array

    @classmethod
    def of(cls, model: RobotModel) -> JointLimits:
        """Those of a robot."""
        return cls(model.lower, model.upper, model.velocity, model.acceleration, model.jerk)


@dataclass(frozen=True, eq=False, slots=True)
class FreePath:
    """Way-points (k, n); every straight joint segment between them is certified free."""

    qs: Array


@dataclass(frozen=True, eq=False, slots=True)
class MotionFailure:
    """Why there is no path.

    Attributes:
        code: `start-in-collision`, `goal-in-collision`, `no-goal` or `no-path`.
        message: A sentence.
        closest: The pair that breaks its margin: at the start, at the quickest goal, or first on the straight way between the nearest states that were reached.
    """

    code: str
    message: str
    closest: Clearance | None = None


def plan_free(
    scene: Scene, q_start: Array, q_goals: Array, limits: JointLimits, *, seed: int, iterations: int = 3000
) -> FreePath | MotionFailure:
    """A short free path from `q_start` (n,) to the best of `q_goals` (g, n).

    Straight edges are tried first, the quickest goal first. Bounded by iterations, so the answer depends on nothing but the arguments.
    """
    if len(q_goals) == 0:
        return MotionFailure("no-goal", "no arm configuration reaches the target")
    if (closest := scene.violation(q_start)) is not None:
        return MotionFailure("start-in-collision", f"at its start {_told(closest)}", closest)
    free = scene.free(q_goals)
    if not np.any(free):
        closest = scene.violation(q_goals[0])
        assert closest is not None
        return MotionFailure("goal-in-collision", f"at its target {_told(closest)}", closest)
    goals = q_goals[free]
    duration = np.max(np.abs(goals - q_start) / limits.velocity, axis=1)
    goals = goals[np.argsort(duration, kind="stable")]
    for goal in goals:
        if scene.edge_free(q_start, goal):
            return FreePath(np.array([q_start, goal]))
    found = _rrt_connect(scene, q_start, goals, limits, np.random.default_rng(seed), iterations)
    if isinstance(found, _Apart):
        closest = _in_the_way(scene, found)
        where = f"; where the ways from both ends come nearest, {_told(closest)}" if closest is not None else ""
        return MotionFailure("no-path", f"no way found in {iterations} tries{where}", closest)
    return FreePath(_shorten(scene, found, limits, np.random.default_rng(seed + 1)))


def _told(closest: Clearance) -> str:
    return f"{closest.body_a} is {to_mm(closest.distance):.1f} mm from {closest.body_b}"


@dataclass(frozen=True, eq=False, slots=True)
class _Apart:
    """The nearest states that the ways from start and goal have reached (n,)."""

    one: Array
    other: Array


def _in_the_way(scene: Scene, apart: _Apart, looks: int = 60) -> Clearance | None:
    """What stands between two states: the pair that breaks its margin first on the straight way."""
    for share in np.linspace(0.0, 1.0, looks):
        found = scene.violation(apart.one + share * (apart.other - apart.one))
        if found is not None:
            return found
    return None


class _Tree:
    """States with their parents; grows without reallocation for each node."""

    def __init__(self, roots: Array) -> None:
        self.qs = np.zeros((max(256, 2 * len(roots)), roots.shape[1]))
        self.qs[: len(roots)] = roots
        self.parents = [-1] * len(roots)

    def add(self, q: Array, parent: int) -> int:
        if len(self.parents) == len(self.qs):
            self.qs = np.concatenate((self.qs, np.zeros_like(self.qs)))
        self.qs[len(self.parents)] = q
        self.parents.append(parent)
        return len(self.parents) - 1

    @property
    def states(self) -> Array:
        return self.qs[: len(self.parents)]

    def distances(self, q: Array, weights: Array) -> Array:
        found: Array = np.max(np.abs(self.states - q) * weights, axis=1)
        return found

    def nearest(self, q: Array, weights: Array) -> int:
        return int(np.argmin(self.distances(q, weights)))

    def branch(self, at: int) -> list[Array]:
        out = []
        while at >= 0:
            out.append(self.qs[at])
            at = self.parents[at]
        return out


def _rrt_connect(
    scene: Scene, start: Array, goals: Array, limits: JointLimits, rng: np.random.Generator, iterations: int
) -> Array | _Apart:
    weights = 1.0 / limits.velocity
    trees = (_Tree(start[None]), _Tree(goals))
    grow = 0
    for _ in range(iterations):
        target = rng.uniform(limits.lower, limits.upper)
        if rng.random() < 0.5:
            # Half the samples near the two ends' box: the long way round is rarely needed.
            goal = goals[int(rng.integers(len(goals)))]
            low, high = np.minimum(start, goal) - 0.6, np.maximum(start, goal) + 0.6
            target = np.clip(rng.uniform(low, high), limits.lower, limits.upper)
        tree, other = trees[grow], trees[1 - grow]
        new = _extend(scene, tree, target, weights)
        if new is not None:
            reached = _connect(scene, other, tree.qs[new], weights)
            if reached is not None:
                one, two = tree.branch(new)[::-1], other.branch(reached)
                path = np.array(one + two[1:])
                return path if grow == 0 else path[::-1]
        grow = 1 - grow
    gaps = [float(np.min(trees[1].distances(q, weights))) for q in trees[0].states]
    one = trees[0].states[int(np.argmin(gaps))]
    return _Apart(one, trees[1].states[trees[1].nearest(one, weights)])


def _extend(scene: Scene, tree: _Tree, target: Array, weights: Array, step: float = STEP) -> int | None:
    """One step from the nearest node towards the target; half the step near narrow places."""
    near = tree.nearest(target, weights)
    q = tree.qs[near].copy()
    distance = float(np.max(np.abs(target - q) * weights))
    if distance < 1e-9:
        return None
    for length in (step, step / 4):
        share = min(1.0, length / distance)
        new = q + share * (target - q)
        if scene.edge_free(q, new):
            return tree.add(new, near)
    return None


def _connect(scene: Scene, tree: _Tree, target: Array, weights: Array) -> int | None:
    """Steps towards the target until exactly that is reached, and which node it is; None where something is in the way."""
    at = tree.nearest(target, weights)
    while True:
        q = tree.qs[at].copy()
        if np.array_equal(q, target):
            return at
        distance = float(np.max(np.abs(target - q) * weights))
        new = target if distance <= STEP else q + STEP / distance * (target - q)
        if not scene.edge_free(q, new):
            return None
        at = tree.add(new, at)


def _shorten(scene: Scene, path: Array, limits: JointLimits, rng: np.random.Generator) -> Array:
    """A quicker path: without way-points that are not needed, with straight edges between random points of it, and with corners pulled in; what saves less than
    `WORTH` is left alone."""
    qs = _needed(scene, path)
    lengths = _durations(qs, limits)
    for _ in range(SHORT_CUTS):
        if len(qs) < 3:
            break
        ends = np.r_[0.0, np.cumsum(lengths)]
        u, w = np.sort(rng.uniform(0.0, ends[-1], 2))
        i, j = np.clip(np.searchsorted(ends, (u, w), side="right") - 1, 0, len(qs) - 2).tolist()
        if i == j:
            continue
        a = qs[i] + (u - ends[i]) / max(lengths[i], 1e-12) * (qs[i + 1] - qs[i])
        b = qs[j] + (w - ends[j]) / max(lengths[j], 1e-12) * (qs[j + 1] - qs[j])
        if np.max(np.abs(b - a) / limits.velocity) < w - u - WORTH and scene.edge_free(a, b):
            qs = np.concatenate((qs[: i + 1], (a, b), qs[j + 1 :]))
            lengths = _durations(qs, limits)
    for _ in range(PULLS):
        pulled = _pulled(scene, qs, limits)
        if np.array_equal(pulled, qs):
            break
        qs = pulled
    return _needed(scene, qs)


def _needed(scene: Scene, path: Array) -> Array:
    """The path without way-points that a straight edge can leave out."""
    kept = list(path)
    i = 0
    while i < len(kept) - 2:
        if np.array_equal(kept[i + 1], kept[i]) or scene.edge_free(kept[i], kept[i + 2]):
            del kept[i + 1]
        else:
            i += 1
    return np.array(kept)


def _pulled(scene: Scene, path: Array, limits: JointLimits) -> Array:
    """The path with every corner half or a quarter of the way nearer to the straight line between its neighbours, where that is free."""
    qs = np.array(path)
    for i in range(1, len(qs) - 1):
        before, corner, after = qs[i - 1 : i + 2].copy()
        first, second = _durations(qs[i - 1 : i + 2], limits)
        on_line = before + first / max(first + second, 1e-12) * (after - before)
        for share in (0.5, 0.25):
            trial = corner + share * (on_line - corner)
            saved = first + second - float(np.sum(_durations(np.array([before, trial, after]), limits)))
            if saved > 0.005 * (first + second) and scene.edge_free(before, trial) and scene.edge_free(trial, after):
                qs[i] = trial
                break
    return qs


def _durations(qs: Array, limits: JointLimits) -> Array:
    """Seconds of the slowest joint at full speed between neighbouring points of a path."""
    durations: Array = np.max(np.abs(np.diff(qs, axis=0)) / limits.velocity, axis=1)
    return durations
