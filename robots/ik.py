"""All inverse-kinematics solutions of a six-axis arm: in closed form where its axes allow, else one by one from many starts.

The two families that industrial arms belong to have compiled closed forms of our own (`robots/ik_kernels.py`), several times quicker than a call of
EAIK, which solves the other arms that decompose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import eaik.pybindings.EAIK as EAIK
import numpy as np
from numpy.typing import NDArray

from core.frames import Array, inverse, rotation_vector
from robots import ik_kernels as kernels
from robots.mechanism import Mechanism

POSE_TOLERANCE = 1e-9
"""Every solution reproduces the pose to this, metres and radians."""
MEET = 1e-6
"""Axes of a description that pass each other this closely meet [m], and that lie this nearly along each other are parallel [rad]; solutions are exact all the same."""
STARTS, MOST = 100, 16
"""Starts of the numeric search (twice as many find nothing more, tests/robots/test_ik.py), and how many solutions an arm of six turning joints can have without whole turns (Primrose 1986)."""


@dataclass(frozen=True, eq=False, slots=True)
class Screws:
    """An arm as a product of screws: directions H and points P of its axes at q = 0 (n, 3), in the base, which of them slide (n,), and T_base_flange there (4, 4)."""

    H: Array
    P: Array
    slides: NDArray[np.bool_]
    T0: Array

    @classmethod
    def of(cls, mechanism: Mechanism, flange: int) -> Screws:
        """Those of the joints up to the flange; the others get a direction of 0 and move nothing."""
        Ts = mechanism.fk(np.zeros(len(mechanism.joint_names)))
        chain = set(mechanism.chain(mechanism.links[flange].name))
        movable = [(index, joint) for index, joint in enumerate(mechanism.joints) if joint.kind != "fixed"]
        H = np.array([(index in chain) * (Ts[joint.child][:3, :3] @ joint.axis) for index, joint in movable])
        P = np.array([Ts[joint.child][:3, 3] for _, joint in movable])
        return cls(H, P, np.array([joint.kind == "prismatic" for _, joint in movable]), Ts[flange])

    @property
    def six_turning(self) -> bool:
        """Whether six turning joints carry the flange, and nothing else moves."""
        return len(self.H) == 6 and not np.any(self.slides) and bool(np.all(np.any(self.H != 0, axis=1)))

    def meeting(self, *axes: int) -> Array | None:
        """Where axes (indices from 0) meet (3,); None when they do not."""
        across = [np.eye(3) - np.outer(self.H[i], self.H[i]) for i in axes]
        point = np.linalg.lstsq(sum(across), sum(A @ self.P[i] for A, i in zip(across, axes, strict=True)), rcond=1e-9)[0]
        off = max(float(np.linalg.norm(A @ (point - self.P[i]))) for A, i in zip(across, axes, strict=True))
        return point if off < MEET else None

    def parallel(self, *axes: int) -> bool:
        """Whether axes (indices from 0) have one direction, or opposite ones."""
        return all(float(np.linalg.norm(np.cross(self.H[axes[0]], self.H[i]))) < MEET for i in axes[1:])


class ClosedForm:
    """Solutions of an arm of six turning joints whose equations decompose: [-pi, pi), all of them, each true to its pose."""

    def __init__(self, screws: Screws) -> None:
        self.screws = screws
        self._inverse = np.ascontiguousarray(inverse(screws.T0))
        wrist, hand = screws.meeting(3, 4, 5), screws.meeting(4, 5)
        # Without a family of ours the kernels only bring EAIK's solutions to the pose.
        self.family: int | None = None
        self._centre = np.zeros(3)
        self._eaik: Any = None
        if wrist is not None and screws.parallel(1, 2):
            self.family, self._centre = 0, wrist
        elif hand is not None and screws.parallel(1, 2, 3):
            self.family, self._centre = 1, hand
        else:
            # EAIK's own URDF loader drops the fixed tool frame, so it is given the axes; the flange's turn at q = 0 is taken off the target.
            offsets = np.diff(np.vstack((np.zeros(3), screws.P, screws.T0[:3, 3])), axis=0)
            self._eaik = EAIK.Robot(screws.H.T, offsets.T, np.eye(3), [], True)

    @property
    def solvable(self) -> bool:
        """Whether all solutions are found."""
        return self.family is not None or bool(self._eaik.has_known_decomposition())

    def solve(self, Ts: Array) -> tuple[Array, Array]:
        """Solutions (k, m, 6) of poses (k, 4, 4), and how many of the m each has (k,)."""
        screws, Ts = self.screws, np.ascontiguousarray(Ts, dtype=float)
        counts = np.zeros(len(Ts), dtype=np.int64)
        if self.family is not None:
            qs = np.empty((len(Ts), kernels.BRANCHES, 6))
            kernels.solve(self.family, screws.slides, Ts, screws.H, screws.P, self._centre, screws.T0, self._inverse, qs, counts)
            return qs, counts
        turned = Ts.copy()
        turned[:, :3, :3] = Ts[:, :3, :3] @ screws.T0[:3, :3].T
        answers = [self._eaik.calculate_IK(T) for T in turned]
        found = [[q for q, bad in zip(answer.Q, answer.is_LS, strict=False) if not bad] for answer in answers]
        qs = np.zeros((len(Ts), max(1, *(len(one) for one in found), 1), 6))
        for k, one in enumerate(found):
            qs[k, : len(one)] = np.array(one).reshape(-1, 6)
            counts[k] = len(one)
        kernels.keep_exact(screws.slides, Ts, screws.H, screws.P, screws.T0, qs, counts)
        return qs, counts


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


def with_turns(slides: NDArray[np.bool_], qs: Array, counts: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Solutions (k, m, n), of which the first `counts` (k,) count, with all whole turns inside the limits: rows (r, n) and whose pose each is (r,); by pose and sorted."""
    first, choices = (np.empty(qs.shape, dtype=np.int64) for _ in range(2))
    total = int(np.sum(kernels.turns_within(slides, qs, counts, lower, upper, first, choices)))
    rows, owners = np.empty((total, qs.shape[2])), np.empty(total, dtype=np.int64)
    kernels.with_turns(qs, counts, lower, upper, first, choices, rows, owners)
    return rows, owners


def numeric(screws: Screws, Ts: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Solutions as `ClosedForm.solve` gives them, by damped least squares from `STARTS` seeded starts, for arms without a closed form; may miss some."""
    low, high = (np.where(screws.slides, limit, np.clip(limit, -np.pi, np.pi)) for limit in (lower, upper))
    starts = np.random.default_rng(0).uniform(low, high, (STARTS, len(lower)))
    qs, counts = np.empty((len(Ts), MOST + 1, len(lower))), np.zeros(len(Ts), dtype=np.int64)
    kernels.search(screws.slides, np.ascontiguousarray(Ts, dtype=float), screws.H, screws.P, screws.T0, starts, qs, counts)
    return qs, counts
