"""All inverse-kinematics solutions of a six-axis arm in closed form (EAIK), or one by one numerically where none exists."""

from __future__ import annotations

from itertools import product

import eaik.pybindings.EAIK as EAIK
import numpy as np

from core.frames import Array, rotation_vector
from robots.mechanism import Mechanism

POSE_TOLERANCE = 1e-9
"""Every solution reproduces the pose to this, metres and radians."""
_FULL_TURN = 2 * np.pi


class ClosedForm:
    """Subproblem decomposition of an arm given by its joint axes at q = 0.

    EAIK's own URDF loader drops the fixed tool frame, so axes H and offsets P come from our forward kinematics and the rotation of
    the flange at q = 0 is taken off the target.
    """

    def __init__(self, mechanism: Mechanism, flange: int) -> None:
        joints = [mechanism.joints[i] for i in mechanism.chain(mechanism.links[flange].name) if mechanism.joints[i].kind != "fixed"]
        Ts = mechanism.fk(np.zeros(len(mechanism.joint_names)))
        frames = [Ts[joint.child] for joint in joints]
        H = np.array([T[:3, :3] @ joint.axis for T, joint in zip(frames, joints, strict=True)])
        points = np.array([T[:3, 3] for T in frames])
        P = np.diff(np.vstack((np.zeros(3), points, Ts[flange][:3, 3])), axis=0)
        self.R_flange_zero = Ts[flange][:3, :3]
        self.robot = EAIK.Robot(H.T, P.T, np.eye(3), [], True)
        self.solvable = (
            len(joints) == 6 and all(joint.kind == "revolute" for joint in joints) and bool(self.robot.has_known_decomposition())
        )

    def solve(self, Ts_base_flange: Array) -> tuple[Array, Array]:
        """Raw solutions (m, 6) of poses (k, 4, 4) in (-pi, pi], least-squares ones left out; and which pose each belongs to (m,)."""
        Ts = Ts_base_flange.copy()
        Ts[:, :3, :3] = Ts_base_flange[:, :3, :3] @ self.R_flange_zero.T
        solve = self.robot.calculate_IK
        qs: list[list[float]] = []
        owner: list[int] = []
        for k, T in enumerate(Ts):
            solution = solve(T)
            exact = [q for q, bad in zip(solution.Q, solution.is_LS, strict=False) if not bad]
            qs += exact
            owner += [k] * len(exact)
        return np.array(qs, dtype=float).reshape(-1, 6), np.array(owner, dtype=int)


def polish(mechanism: Mechanism, flange: int, qs: Array, T_base_flange: Array, steps: int = 3) -> Array:
    """Newton steps on those of qs (m, n) that miss the pose; rows that still miss it are dropped."""
    kept = []
    for q in qs:
        q = q.copy()
        for _ in range(steps + 1):
            Ts = mechanism.fk(q)
            error = pose_error(Ts[flange], T_base_flange)
            if np.max(np.abs(error)) < POSE_TOLERANCE:
                kept.append(q)
                break
            q = q + np.linalg.lstsq(jacobian(mechanism, flange, q, Ts), error, rcond=1e-10)[0]
    return np.array(kept).reshape(-1, qs.shape[1])


def pose_error(T: Array, T_target: Array) -> Array:
    """Twist (6,) [m, rad] that takes T to the target, base axes."""
    return np.concatenate((T_target[:3, 3] - T[:3, 3], rotation_vector(T_target[:3, :3] @ T[:3, :3].T)))


def jacobian(mechanism: Mechanism, flange: int, q: Array, Ts: Array | None = None) -> Array:
    """Geometric Jacobian (6, n) at the flange: rows 0-2 m per rad (or m), rows 3-5 rad per rad, base axes."""
    frames = mechanism.fk(q) if Ts is None else Ts
    J = np.zeros((6, len(q)))
    chain = set(mechanism.chain(mechanism.links[flange].name))
    column = 0
    for index, joint in enumerate(mechanism.joints):
        if joint.kind == "fixed":
            continue
        if index in chain:
            T = frames[joint.child]
            axis = T[:3, :3] @ joint.axis
            if joint.kind == "revolute":
                J[:3, column] = np.cross(axis, frames[flange][:3, 3] - T[:3, 3])
                J[3:, column] = axis
            else:
                J[:3, column] = axis
        column += 1
    return J


def jacobian_batch(mechanism: Mechanism, flange: int, qs: Array) -> Array:
    """Geometric Jacobians (k, 6, n) of a stack of joint positions (k, n); see `jacobian`."""
    frames = mechanism.fk_batch(qs)
    J = np.zeros((len(qs), 6, qs.shape[1]))
    chain = set(mechanism.chain(mechanism.links[flange].name))
    movable = [(index, joint) for index, joint in enumerate(mechanism.joints) if joint.kind != "fixed"]
    for column, (index, joint) in enumerate(movable):
        if index not in chain:
            continue
        T = frames[:, joint.child]
        axis = T[:, :3, :3] @ joint.axis
        if joint.kind == "revolute":
            J[:, :3, column] = np.cross(axis, frames[:, flange, :3, 3] - T[:, :3, 3])
            J[:, 3:, column] = axis
        else:
            J[:, :3, column] = axis
    return J


def whole_turns(lower: Array, upper: Array) -> Array:
    """Every combination of whole turns (c, n) [rad] that can matter inside the limits for angles in [-pi, pi]."""
    choices = []
    for low, high in zip(lower, upper, strict=True):
        first, last = int(np.ceil((low - np.pi) / _FULL_TURN)), int(np.floor((high + np.pi) / _FULL_TURN))
        choices.append([k * _FULL_TURN for k in range(first, last + 1)])
    return np.array(list(product(*choices))).reshape(-1, len(lower))


def with_turns(qs: Array, owner: Array, shifts: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Solutions qs (m, n) of poses `owner` (m,) shifted by `shifts` (c, n), those inside the limits; by pose and sorted, duplicates removed."""
    wrapped = (qs + np.pi) % _FULL_TURN - np.pi
    # Joints that cannot make a whole turn decide first: most branches end there.
    single = np.all(shifts == 0.0, axis=0)
    fits = np.all((wrapped >= lower - 1e-9) & (wrapped <= upper + 1e-9) | ~single, axis=1)
    wrapped, owner = wrapped[fits], owner[fits]
    rows = (wrapped[:, None, :] + shifts[None]).reshape(-1, qs.shape[1])
    inside = np.all((rows >= lower - 1e-9) & (rows <= upper + 1e-9), axis=1)
    rows, owners = rows[inside], np.repeat(owner, len(shifts))[inside]
    if len(rows) > 1:
        keys = np.round(rows, 7) + 0.0
        order = np.lexsort((*keys.T[::-1], owners))
        keys, owners = keys[order], owners[order]
        keep = np.r_[True, np.any(np.diff(keys, axis=0) != 0, axis=1) | (np.diff(owners) != 0)]
        rows, owners = rows[order[keep]], owners[keep]
    return np.clip(rows, lower, upper), owners


def numeric(mechanism: Mechanism, flange: int, T_base_flange: Array, lower: Array, upper: Array, *, seeds: int = 48) -> Array:
    """Solutions (m, n) by damped least squares from seeded starts, for arms without a closed form; may miss some."""
    rng = np.random.default_rng(0)
    found: list[Array] = []
    for q in rng.uniform(np.maximum(lower, -np.pi), np.minimum(upper, np.pi), (seeds, len(lower))):
        for _ in range(60):
            Ts = mechanism.fk(q)
            error = pose_error(Ts[flange], T_base_flange)
            if np.max(np.abs(error)) < POSE_TOLERANCE:
                found.append((q + np.pi) % _FULL_TURN - np.pi)
                break
            J = jacobian(mechanism, flange, q, Ts)
            damping = min(1e-2, float(error @ error))
            q = q + np.clip(J.T @ np.linalg.solve(J @ J.T + damping * np.eye(6), error), -0.5, 0.5)
    rows = np.array(found).reshape(-1, len(lower))
    _, index = np.unique(np.round(rows, 6), axis=0, return_index=True)
    return rows[index]
