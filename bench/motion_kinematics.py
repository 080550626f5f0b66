"""Inverse kinematics with all solutions, beside the libraries made for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import eaik.pybindings.EAIK as EAIK
import numpy as np

from core.frames import Array
from robots.model import RobotModel
from robots.second_kinematics import elementary_transforms

RUNS = 3


@dataclass(frozen=True, eq=False, slots=True)
class Axes:
    """An arm at q = 0, in its base: the directions of its joints (6, 3), a point on each (6, 3), and the flange's pose (4, 4)."""

    directions: Array
    points: Array
    T_flange: Array

    @classmethod
    def of(cls, arm: RobotModel) -> Axes:
        """Those of a six-axis arm."""
        mechanism = arm.mechanism
        Ts = mechanism.fk(np.zeros(len(mechanism.joint_names)))
        joints = [mechanism.joints[i] for i in mechanism.chain(arm.flange_link) if mechanism.joints[i].kind != "fixed"]
        frames = [Ts[joint.child] for joint in joints]
        directions = np.array([T[:3, :3] @ joint.axis for T, joint in zip(frames, joints, strict=True)])
        return cls(directions, np.array([T[:3, 3] for T in frames]), Ts[mechanism.link_index(arm.flange_link)])

    def lengths(self) -> Array:
        """a1, a2, b, c1, c2, c3, c4 (7,) [m] of an arm with a spherical wrist whose axes lie in one plane at q = 0, signs left out: what a closed form costs does not depend on them."""
        h, p = self.directions, self.points
        wrist = _nearest(p[3], h[3], p[4], h[4])
        between = np.cross(h[1], p[2] - p[1])
        a1, a2 = (abs(float(np.cross(h[i], h[i + 1]) @ (q - p[i]))) for i, q in ((0, p[1]), (2, wrist)))
        c1, c3 = abs(float(p[1] @ h[0])), abs(float((wrist - p[2]) @ h[3]))
        return np.array([a1, a2, 0.0, c1, np.linalg.norm(between), c3, np.linalg.norm(self.T_flange[:3, 3] - wrist)])


def _nearest(p_a: Array, h_a: Array, p_b: Array, h_b: Array) -> Array:
    """The point of line a that is nearest to line b (3,)."""
    normal = np.cross(h_b, np.cross(h_a, h_b))
    along: Array = p_a + h_a * float((p_b - p_a) @ normal) / float(h_a @ normal)
    return along


def seconds_each(work: Callable[[], object], calls: int) -> float:
    """Seconds per call, the quickest of `RUNS` runs: other work on the machine only adds."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) / calls)
    return min(times)


def inverse_kinematics(arm: RobotModel, count: int) -> list[tuple[str, float, float]]:
    """Ours, EAIK called directly and roboticstoolbox, in this process: how it was asked, seconds per pose, solutions per pose."""
    qs = np.random.default_rng(3).uniform(arm.lower, arm.upper, (count, len(arm.lower)))
    Ts = arm.fk_batch(qs)
    solved = len(arm.ik_many(Ts)[0]) / count
    rows = [
        ("Pliant, all at once, branches and turns within limits", seconds_each(lambda: arm.ik_many(Ts), count), solved),
        ("Pliant, one by one", seconds_each(lambda: [arm.ik(T) for T in Ts], count), solved),
    ]
    axes = Axes.of(arm)
    offsets = np.diff(np.vstack((np.zeros(3), axes.points, axes.T_flange[:3, 3])), axis=0)
    eaik = EAIK.Robot(axes.directions.T, offsets.T, np.eye(3), [], True)
    turned = Ts.copy()
    turned[:, :3, :3] = Ts[:, :3, :3] @ axes.T_flange[:3, :3].T
    branches = float(np.mean([np.count_nonzero(~np.asarray(eaik.calculate_IK(T).is_LS, dtype=bool)) for T in turned]))
    rows.append(("EAIK, one by one, limits not looked at", seconds_each(lambda: [eaik.calculate_IK(T) for T in turned], count), branches))
    ets, few = elementary_transforms(arm), Ts[: max(1, count // 6)]
    found = float(np.mean([bool(ets.ik_LM(T).success) for T in few]))
    rows.append(("roboticstoolbox `ik_LM`, one by one, one solution", seconds_each(lambda: [ets.ik_LM(T) for T in few], len(few)), found))
    return rows
