"""roboplan: its scene from the URDF (its meshes are not made convex), RRT-Connect and its shortcutter."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from roboplan.core import (
    JointConfiguration,
    PathShortcutter,
    PathShortcuttingOptions,
    Scene,
    hasCollisionsAlongPath,
    loadUrdfSceneDescription,
)
from roboplan.rrt import RRT, RRTOptions

from bench.peers.engine import JOINT_STEP, Engine
from bench.peers.plain import CELL, Array, PlainScene

RANGE = 1.0
"""Longest edge of the tree [rad, Euclidean]; 0.5 takes as long."""
NODES = 100_000
"""Enough that time is what ends a search."""


class Roboplan(Engine):
    """The whole cell is one URDF: world bodies on its base are never checked against each other then."""

    packages = ("roboplan",)

    def load(self, scene: PlainScene, folder: Path) -> None:
        os.chdir(folder)
        self.scene = Scene("cell", loadUrdfSceneDescription(str(folder / f"{CELL}.urdf"), [str(folder)]))
        self.scene.importSrdf((folder / f"{CELL}.srdf").read_text(encoding="utf-8"))
        self.names = scene.joint_names

    def free(self, q: Array) -> bool:
        return not self.scene.hasCollisions(q)

    def edge_free(self, a: Array, b: Array) -> bool:
        return not hasCollisionsAlongPath(self.scene, a, b, JOINT_STEP, True)

    def plan(self, start: Array, goals: Array, seed: int, seconds: float) -> Array | None:
        options = RRTOptions(
            group_name="arm", max_nodes=NODES, max_connection_distance=RANGE, collision_check_step_size=JOINT_STEP,
            max_planning_time=seconds, rrt_connect=True,
        )  # fmt: skip
        planner = RRT(self.scene, options)
        planner.setRngSeed(seed)
        try:
            path = planner.plan(JointConfiguration(self.names, start), JointConfiguration(self.names, goals[0]))
        except RuntimeError:
            return None
        short = PathShortcutter(self.scene, PathShortcuttingOptions(group_name="arm", max_step_size=JOINT_STEP, seed=seed))
        return np.array(short.shortcut(path).positions)
