"""py-opw-kinematics: closed form of arms with a spherical wrist, on poses of its own forward kinematics."""

from __future__ import annotations

import time

import numpy as np
from py_opw_kinematics import KinematicModel, Robot

from bench.peers.engine import Engine
from bench.peers.plain import Array

RUNS = 3
"""The quickest counts."""


class Opw(Engine):
    """One by one by the call that its public one wraps in scipy's transforms, and all poses at once."""

    packages = ("py-opw-kinematics",)

    def solve(self, lengths: Array, limits: Array, count: int) -> list[tuple[str, float, float]]:
        robot = Robot(KinematicModel(*lengths.tolist()), degrees=False)
        poses = robot.batch_forward(np.random.default_rng(3).uniform(limits[:, 0], limits[:, 1], (count, 6)))
        matrices, inverse = poses.as_matrix(), robot._robot.inverse
        single, batch = np.inf, np.inf
        for _ in range(RUNS):
            begin = time.perf_counter()
            singles = [inverse(T) for T in matrices]
            single = min(single, time.perf_counter() - begin)
            begin = time.perf_counter()
            found = robot.reach(poses, limits)
            batch = min(batch, time.perf_counter() - begin)
        branches = np.isfinite(found.joints).all(axis=-1)
        return [
            ("one by one, limits not looked at", single / count, float(np.mean([len(one) for one in singles]))),
            ("all at once, with margins to the limits", batch / count, float(np.mean(np.sum(branches, axis=1)))),
        ]
