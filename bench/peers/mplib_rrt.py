"""mplib: FCL on convex meshes and the RRT-Connect of the OMPL that it brings, with its simplification. Its resolution along edges cannot be set."""

from __future__ import annotations

import os
from pathlib import Path

import mplib
import numpy as np
from mplib.collision_detection.fcl import CollisionObject, FCLObject, load_mesh_as_Convex

from bench.peers.engine import Engine
from bench.peers.plain import ARM, Array, PlainScene

RANGE = 1.0
"""Longest edge of the tree [rad, Euclidean]; 0.5 takes as long."""


class Mplib(Engine):
    """The arm with all it carries from its URDF, the rest as objects of the planning world. It tries goals with whole turns of the joints by itself."""

    packages = ("mplib",)

    def load(self, scene: PlainScene, folder: Path) -> None:
        os.chdir(folder)
        self.planner = mplib.Planner(f"{ARM}.urdf", f"link{len(scene.lower) - 1}", srdf=f"{ARM}.srdf", use_convex=True)
        world = self.planner.planning_world
        joints = [joint for joint, _ in scene.carried()]
        for i in np.flatnonzero(np.array(joints) < 0).tolist():
            mesh = load_mesh_as_Convex(f"meshes/body_{i}.stl", np.ones(3))
            world.add_object(FCLObject(f"body_{i}", mplib.Pose(), [CollisionObject(mesh)], [mplib.Pose()]))
        wanted = {(int(a), int(b)) for a, b in scene.pairs}
        matrix = world.get_allowed_collision_matrix()
        for a in range(len(joints)):
            for b in range(a):
                if (joints[a] >= 0 or joints[b] >= 0) and (a, b) not in wanted and (b, a) not in wanted:
                    matrix.set_entry(f"body_{a}", f"body_{b}", True)

    def free(self, q: Array) -> bool:
        world = self.planner.planning_world
        world.set_qpos_all(q)
        return not world.is_state_colliding()

    def distance(self, q: Array) -> float:
        world = self.planner.planning_world
        world.set_qpos_all(q)
        return float(world.distance_to_collision())

    def plan(self, start: Array, goals: Array, seed: int, seconds: float) -> Array | None:
        mplib.set_global_seed(seed)
        status, path = self.planner.planner.plan(start, list(goals), time=seconds, range=RANGE, simplify=True)
        return np.array(path) if status == "Exact solution" else None
