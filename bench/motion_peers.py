"""The same cell for other engines: pinocchio with coal, pybullet, and OMPL on top of coal; OMPL is measured where it is installed (`pip install ompl`)."""

from __future__ import annotations

import importlib
import importlib.util
import time
from dataclasses import dataclass
from typing import Any

import coal
import eaik.pybindings.EAIK as EAIK
import numpy as np
import pinocchio as pin
import pybullet
from scipy.spatial import ConvexHull

from core.frames import Array
from robots.model import RobotModel
from sim.scene import Scene

JOINT_STEP = 0.02
"""Peers look at an edge in states this far apart [rad], as their users do; ours is certified between states too."""


@dataclass(frozen=True, eq=False, slots=True)
class Bodies:
    """A scene as plain data: hulls on links, pairs with their margins.

    Attributes:
        hulls: Vertices (k, 3) in the frame of their link [m].
        links: Of each hull.
        pairs: Bodies that move against each other (m, 2).
        margins: Of each pair, radii of hulls included (m,) [m].
    """

    hulls: list[Array]
    links: Array
    pairs: Array
    margins: Array


def bodies_of(scene: Scene) -> Bodies:
    """What a scene checks in a state."""
    cell, pairs = scene._cell, scene._structure.pairs
    hulls = [cell.local[a:b] for a, b in zip(cell.starts[:-1], cell.starts[1:], strict=True)]
    return Bodies(hulls, cell.links, pairs.pairs, pairs.wanted)


def _convex(points: Array) -> Any:
    vertices = coal.StdVec_Vec3s()
    for vertex in points[np.unique(ConvexHull(points).vertices)]:
        vertices.append(vertex)
    return coal.Convex.convexHull(vertices, False, "Qt")


class PinCoal:
    """pinocchio's model of the scene's links with coal's convex hulls, the same pairs and margins; broad phase: the naive manager, the fastest that is right."""

    def __init__(self, scene: Scene) -> None:
        f, bodies = scene._cell, bodies_of(scene)
        model = pin.Model()
        joints: dict[int, tuple[int, Any]] = {-1: (0, pin.SE3.Identity())}
        self.order: list[int] = []
        for link in f.order.tolist():
            parent, T = joints[int(f.parents[link])]
            place = T * pin.SE3(f.Ts[link])
            if f.kinds[link] == 0:
                joints[link] = (parent, place)
                continue
            made = pin.JointModelRevoluteUnaligned(f.axes[link]) if f.kinds[link] == 1 else pin.JointModelPrismaticUnaligned(f.axes[link])
            joints[link] = (model.addJoint(parent, made, place, f"link {link}"), pin.SE3.Identity())
            self.order.append(int(f.q_index[link]))
        geometry = pin.GeometryModel()
        for i, (hull, link) in enumerate(zip(bodies.hulls, bodies.links.tolist(), strict=True)):
            joint, place = joints[link]
            geometry.addGeometryObject(pin.GeometryObject(f"body {i}", joint, place, _convex(hull)))
        for a, b in bodies.pairs.tolist():
            geometry.addCollisionPair(pin.CollisionPair(a, b))
        self.model, self.data, self.geometry = model, model.createData(), geometry
        self.geometry_data = geometry.createData()
        for request, margin in zip(self.geometry_data.collisionRequests, bodies.margins.tolist(), strict=True):
            request.security_margin = margin
        for k, margin in enumerate(bodies.margins.tolist()):
            self.geometry_data.collisionRequests[k].security_margin = margin
        self.manager = pin.BroadPhaseManager_NaiveCollisionManager(self.model, self.geometry, self.geometry_data)

    def free(self, q: Array) -> bool:
        """Whether a state keeps every margin."""
        own = np.ascontiguousarray(q[self.order])
        return not pin.computeCollisions(self.model, self.data, self.manager, own, True)

    def distance(self, q: Array) -> float:
        """The smallest distance of all pairs [m]."""
        own = np.ascontiguousarray(q[self.order])
        pin.computeDistances(self.model, self.data, self.geometry, self.geometry_data, own)
        return float(min(result.min_distance for result in self.geometry_data.distanceResults))

    def edge_free(self, a: Array, b: Array, step: float = JOINT_STEP) -> bool:
        """Whether states along an edge are free."""
        count = max(1, int(np.ceil(np.max(np.abs(b - a)) / step)))
        return all(self.free(a + share * (b - a)) for share in np.linspace(0.0, 1.0, count + 1))


class Bullet:
    """pybullet with the same hulls, each a body of its own that is placed anew for every state; contacts without margin, filtered by the scene's pairs."""

    def __init__(self, scene: Scene) -> None:
        self.scene, bodies = scene, bodies_of(scene)
        self.client = pybullet.connect(pybullet.DIRECT)
        self.moving = np.flatnonzero(scene._cell.moves).tolist()
        self.links = bodies.links
        self.ids = []
        for hull in bodies.hulls:
            shape = pybullet.createCollisionShape(pybullet.GEOM_MESH, vertices=hull.tolist(), physicsClientId=self.client)
            self.ids.append(pybullet.createMultiBody(1.0, shape, physicsClientId=self.client))
        index = {uid: i for i, uid in enumerate(self.ids)}
        wanted = {(int(a), int(b)) for a, b in bodies.pairs}
        for a in range(len(self.ids)):
            for b in range(a + 1, len(self.ids)):
                pybullet.setCollisionFilterPair(self.ids[a], self.ids[b], -1, -1, int((a, b) in wanted), physicsClientId=self.client)
        self._index, self.pairs = index, sorted(wanted)
        self._put(scene.place(np.zeros(len(scene.lower))), range(len(self.ids)))

    def _put(self, Ts: Array, which: Any) -> None:
        for i in which:
            T = Ts[self.links[i]]
            x, y, z, w = _quat(T)
            pybullet.resetBasePositionAndOrientation(self.ids[i], T[:3, 3].tolist(), [x, y, z, w], physicsClientId=self.client)

    def free(self, q: Array) -> bool:
        """Whether nothing overlaps (no margin: pybullet has none for this call)."""
        self._put(self.scene.place(q), self.moving)
        pybullet.performCollisionDetection(physicsClientId=self.client)
        return all(contact[8] > 0 for contact in pybullet.getContactPoints(physicsClientId=self.client))

    def distance(self, q: Array, most: float = 0.3) -> float:
        """The smallest distance of all pairs, at most `most` [m]."""
        self._put(self.scene.place(q), self.moving)
        best = most
        for a, b in self.pairs:
            for point in pybullet.getClosestPoints(self.ids[a], self.ids[b], best, physicsClientId=self.client):
                best = min(best, point[8])
        return best

    def close(self) -> None:
        """Ends the client."""
        pybullet.disconnect(physicsClientId=self.client)


def _quat(T: Array) -> tuple[float, float, float, float]:
    x, y, z, w = pin.Quaternion(np.ascontiguousarray(T[:3, :3])).coeffs()
    return float(x), float(y), float(z), float(w)


def eaik_of(arm: RobotModel, Ts: Array) -> tuple[Any, Array]:
    """EAIK's solver of an arm, and its targets (k, 4, 4) for flange poses: it is given the axes, and drops the flange's own turn."""
    at_zero = arm.mechanism.fk(np.zeros(len(arm.lower)))
    joints = [joint for joint in arm.mechanism.joints if joint.kind != "fixed"]
    frames = [at_zero[joint.child] for joint in joints]
    flange = arm.fk(np.zeros(len(arm.lower)))
    H = np.array([T[:3, :3] @ joint.axis for T, joint in zip(frames, joints, strict=True)])
    offsets = np.diff(np.vstack((np.zeros(3), *(T[:3, 3] for T in frames), flange[:3, 3])), axis=0)
    turned = Ts.copy()
    turned[:, :3, :3] = Ts[:, :3, :3] @ flange[:3, :3].T
    return EAIK.Robot(H.T, offsets.T, np.eye(3), [], True).calculate_IK, turned


def ompl_installed() -> bool:
    """Whether OMPL can be measured here."""
    return importlib.util.find_spec("ompl") is not None


def ompl_path(peer: PinCoal, start: Array, goal: Array, lower: Array, upper: Array, seconds: float) -> tuple[float, Array | None]:
    """RRT-Connect with OMPL's own simplification over coal's state check; wall clock [s] and the path (k, n), None: no path in time."""
    base, geometric = importlib.import_module("ompl.base"), importlib.import_module("ompl.geometric")
    n = len(start)
    space = base.RealVectorStateSpace(n)
    bounds = base.RealVectorBounds(n)
    for i in range(n):
        bounds.setLow(i, float(lower[i]))
        bounds.setHigh(i, float(upper[i]))
    space.setBounds(bounds)
    setup = geometric.SimpleSetup(space)
    setup.setStateValidityChecker(lambda state: peer.free(np.array([state[i] for i in range(n)])))
    extent = space.getMaximumExtent()
    setup.getSpaceInformation().setStateValidityCheckingResolution(JOINT_STEP / extent)
    states = []
    for q in (start, goal):
        state = space.allocState()
        for i in range(n):
            state[i] = float(q[i])
        states.append(state)
    setup.setStartAndGoalStates(*states)
    setup.setPlanner(geometric.RRTConnect(setup.getSpaceInformation()))
    begin = time.perf_counter()
    solved = setup.solve(seconds)
    if not solved or not setup.haveExactSolutionPath():
        return time.perf_counter() - begin, None
    setup.simplifySolution()
    path = setup.getSolutionPath()
    took = time.perf_counter() - begin
    return took, np.array([[state[i] for i in range(n)] for state in path.getStates()])


__all__ = ["Bodies", "Bullet", "PinCoal", "bodies_of", "eaik_of", "ompl_installed", "ompl_path"]
