"""Tool poses to joint paths with one arm configuration, and joint paths checked against posed scenes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cells.model import Cell, Gripper
from core.frames import Array, angle_between, interpolate, inverse
from robots.model import RobotModel
from sim.scene import Clearance, Scene

PORTION = 64
"""Poses of a way that are solved at once."""
MAX_JOINT_STEP = 0.35
"""Largest joint change between two dense samples that still counts as the same configuration [rad]."""


def T_base_flange(cell: Cell, gripper: Gripper, T_world_tcp: Array) -> Array:
    """Pose of the robot's flange in its base for a TCP pose in the world; also for stacks (k, 4, 4)."""
    T: Array = inverse(cell.robot.T_world_base) @ T_world_tcp @ inverse(gripper.T_flange_tcp)
    return T


def T_world_tcp(cell: Cell, gripper: Gripper, q: Array) -> Array:
    """TCP pose in the world (4, 4) at joint positions q (n,)."""
    T: Array = cell.robot.T_world_base @ cell.robot.model.fk(q) @ gripper.T_flange_tcp
    return T


def solutions(cell: Cell, gripper: Gripper, T_world_tcp: Array) -> Array:
    """All joint solutions (m, n) inside limits, those nearest the middle of the arm's joint ranges first.

    On a track: from a few positions that suit the target, those near the home position preferred (`RobotModel.track_positions`).
    """
    model = cell.robot.model
    near = float(cell.robot.q_home[0]) if model.slides else None
    found = model.ik(T_base_flange(cell, gripper, T_world_tcp), near=near)
    if len(found) == 0:
        return found
    middle = (model.lower + model.upper) / 2
    spread = np.abs((found - middle) / (model.upper - model.lower))[:, model.slides :]
    return found[np.lexsort((found[:, 0], np.round(np.max(spread, axis=1), 6)))]


def track(cell: Cell, gripper: Gripper, Ts_world_tcp: Array, q_start: Array) -> Array | None:
    """Joint path (k, n) through all poses from a solution of the first one, always the nearest solution; a track stands still meanwhile.

    Returns None when a pose has no solution or the nearest one lies more than `MAX_JOINT_STEP` away (another configuration).
    """
    qs = nearest_solutions(cell.robot.model, T_base_flange(cell, gripper, Ts_world_tcp[1:]), q_start)
    return qs if len(qs) == len(Ts_world_tcp) else None


def nearest_solutions(model: RobotModel, Ts_base_flange: Array, q_start: Array) -> Array:
    """Joints from `q_start` through flange poses (k, 4, 4), the nearest solution each time, a track standing still (m + 1, n); m < k where a pose has no solution within
    `MAX_JOINT_STEP` of the one before."""
    qs = [q_start]
    # In portions: where the way ends early, what lies behind is not solved.
    for first in range(0, len(Ts_base_flange), PORTION):
        part = Ts_base_flange[first : first + PORTION]
        solved, owner = model.ik_many(part, slides=float(q_start[0]) if model.slides else None)
        ends = np.searchsorted(owner, np.arange(len(part) + 1))
        for a, b in zip(ends[:-1], ends[1:], strict=True):
            if a == b:
                return np.array(qs)
            change = np.max(np.abs(solved[a:b] - qs[-1]), axis=1)
            nearest = int(np.argmin(change))
            if change[nearest] > MAX_JOINT_STEP:
                return np.array(qs)
            qs.append(solved[a + nearest])
    return np.array(qs)


def line(T_start: Array, T_end: Array, *, step: float = 0.02, turn: float = 0.05) -> Array:
    """Poses (k, 4, 4) on the straight line between two, at most `step` [m] and `turn` [rad] apart."""
    distance = float(np.linalg.norm(T_end[:3, 3] - T_start[:3, 3]))
    count = max(2, int(np.ceil(max(distance / step, angle_between(T_start, T_end) / turn))) + 1)
    return np.array([interpolate(T_start, T_end, share) for share in np.linspace(0.0, 1.0, count)])


def polyline(Ts: Sequence[Array], *, step: float = 0.02) -> tuple[Array, tuple[int, ...]]:
    """Dense poses along several straight lines and the indices of the given poses among them."""
    dense = [Ts[0][None]]
    corners = [0]
    for a, b in zip(Ts[:-1], Ts[1:], strict=True):
        dense.append(line(a, b, step=step)[1:])
        corners.append(corners[-1] + len(dense[-1]))
    return np.concatenate(dense), tuple(corners)


def path_is_free(scene: Scene, qs: Array) -> bool:
    """Whether every sample keeps the scene's margins and no edge between samples breaks them."""
    if not bool(np.all(scene.free(qs))):
        return False
    return all(scene.edge_free(a, b) for a, b in zip(qs[:-1], qs[1:], strict=True))


def blocking(scene: Scene, qs: Array) -> Clearance:
    """What is in the way over the samples of a path (k, n): the first pair that breaks its margin, else the closest pair."""
    for q in qs:
        broken = scene.violation(q)
        if broken is not None:
            return broken
    return min((scene.distance(q) for q in qs), key=lambda clearance: clearance.distance)
