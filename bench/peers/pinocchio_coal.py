"""pinocchio's kinematics with coal's convex hulls, called directly: the same pairs and margins; broad phase: the naive manager, the fastest that is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import coal
import numpy as np
import pinocchio as pin
from scipy.spatial import ConvexHull

from bench.peers.engine import Engine
from bench.peers.plain import Array, PlainScene


class Coal(Engine):
    """One state at a time, as its users ask."""

    packages = ("pin", "coal")
    margins = True

    def load(self, scene: PlainScene, folder: Path) -> None:
        model, geometry = pin.Model(), pin.GeometryModel()
        ids = {-1: 0}
        order = []
        for link, parent, T in scene.joints():
            axis = scene.axes[link]
            kind = pin.JointModelRevoluteUnaligned(axis) if scene.kinds[link] == 1 else pin.JointModelPrismaticUnaligned(axis)
            ids[link] = model.addJoint(ids[parent], kind, pin.SE3(T), f"link {link}")
            order.append(int(scene.q_index[link]))
        for i, (joint, hull) in enumerate(scene.carried()):
            geometry.addGeometryObject(pin.GeometryObject(f"body {i}", ids[joint], pin.SE3.Identity(), _convex(hull)))
        for a, b in scene.pairs.tolist():
            geometry.addCollisionPair(pin.CollisionPair(a, b))
        self.order = np.array(order)
        self.model, self.data = model, model.createData()
        self.geometry, self.geometry_data = geometry, geometry.createData()
        self.margins_kept = scene.margins
        self.widen(0.0)
        self.manager = pin.BroadPhaseManager_NaiveCollisionManager(self.model, self.geometry, self.geometry_data)

    def widen(self, less: float, *, bare: bool = False) -> None:
        """Margins less so much [m]; `bare`: none at all."""
        for k, margin in enumerate(self.margins_kept.tolist()):
            self.geometry_data.collisionRequests[k].security_margin = 0.0 if bare else margin - less

    def free(self, q: Array) -> bool:
        return not pin.computeCollisions(self.model, self.data, self.manager, np.ascontiguousarray(q[self.order]), True)

    def distance(self, q: Array) -> float:
        pin.computeDistances(self.model, self.data, self.geometry, self.geometry_data, np.ascontiguousarray(q[self.order]))
        return float(min(result.min_distance for result in self.geometry_data.distanceResults))


def _convex(points: Array) -> Any:
    vertices = coal.StdVec_Vec3s()
    for vertex in points[np.unique(ConvexHull(points).vertices)]:
        vertices.append(vertex)
    return coal.Convex.convexHull(vertices, False, "Qt")
