"""pybullet as the second engine, whatever stands in the cell: machines from their URDFs moved by joint values, everything else convex hulls posed by hand.

Every shape keeps a collision margin of 0.01 mm (`MARGIN`), so pybullet's distances between hulls are small by at most twice that.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pybullet
from lxml import etree

from core.frames import Array, inverse, quat_wxyz
from robots.mechanism import Mechanism
from robots.model import RobotModel
from sim.scene_parts import Groups

SAME_PLACE = 1e-8
"""Poses that differ by less than this in every entry are the same [m, or an entry of a rotation]."""
MARGIN = 1e-5
"""Collision margin of every shape [m]. Without any, pybullet says of 4 in 100,000 pairs of hulls that overlap that they are apart, by up to centimetres;
with this one of none in 130,000 (tests/sim/test_engines.py)."""
TOUCH = 1e-3
"""Bodies that may touch overlap by at most this: in plans a sheet is up to 0.25 mm inside fingers and die [m]."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Two bodies nearer than asked; distance [m], negative when they overlap; a and b index `Engine.bodies`."""

    distance: float
    a: int
    b: int


@dataclass(frozen=True, eq=False, slots=True)
class EngineBody:
    """One collision body of the world: a posed hull, or a link of a machine.

    Attributes:
        uid, link: pybullet's numbers.
        name, group: As the planner's scene names them.
        box: Corners of its bounding box in its own frame (8, 3) [m].
    """

    uid: int
    link: int
    name: str
    group: str
    box: Array


class Engine(ABC):
    """One pybullet client with bodies in it; use as a context manager. What stands in it and which pairs may ever collide is said by `sim.world` and `sim.weld.world`.

    Attributes:
        bodies: Everything that can touch.
        poses: T_world_body (n, 4, 4) as last posed.
        robot: pybullet's number of the robot.
    """

    robot: int

    def __init__(self) -> None:
        self.client = pybullet.connect(pybullet.DIRECT)
        self.bodies: list[EngineBody] = []
        self.poses = np.zeros((0, 4, 4))
        self._numbers: dict[int, dict[str, int]] = {}
        self._movable: dict[int, tuple[list[int], list[int]]] = {}
        self._roots: dict[int, Array] = {}
        self._machines: dict[int, tuple[Array, dict[str, Array]]] = {}
        self._posed: dict[int, bytes] = {}
        self._pairs: Array | None = None
        self._boxes: Array | None = None
        # Distance asked for, and of every pair where the second body was in the first one's frame and how far apart they were.
        self._asked: tuple[float, Array, Array] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pybullet.disconnect(physicsClientId=self.client)

    # Building

    def _load(self, mechanism: Mechanism, T_world: Array) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "machine.urdf"
            path.write_text(_with_inertia(mechanism.urdf_text))
            uid = int(pybullet.loadURDF(str(path), T_world[:3, 3].tolist(), _xyzw(T_world), useFixedBase=True, physicsClientId=self.client))
        numbers = {mechanism.links[0].name: -1}
        joints, columns = [], []
        for index in range(pybullet.getNumJoints(uid, physicsClientId=self.client)):
            info = pybullet.getJointInfo(uid, index, physicsClientId=self.client)
            numbers[info[12].decode()] = index
            if info[1].decode() in mechanism.joint_names:
                joints.append(index)
                columns.append(mechanism.joint_names.index(info[1].decode()))
        self._numbers[uid], self._movable[uid] = numbers, (joints, columns)
        # pybullet poses a base by its centre of mass.
        root_position, root_orientation = pybullet.getBasePositionAndOrientation(uid, physicsClientId=self.client)
        inertial_position, inertial_orientation = pybullet.getDynamicsInfo(uid, -1, physicsClientId=self.client)[3:5]
        T_world_com = _from_xyzw(root_orientation, root_position)
        self._roots[uid] = T_world_com @ inverse(_from_xyzw(inertial_orientation, inertial_position))
        return uid

    def _links(self, uid: int, mechanism: Mechanism, prefix: str, group: Callable[[str], str]) -> dict[str, int]:
        """Body index by link name, of the links that have a shape."""
        numbers = self._numbers[uid]
        found = {}
        for link in mechanism.links:
            pybullet.changeDynamics(uid, numbers[link.name], collisionMargin=MARGIN, physicsClientId=self.client)
            if link.hulls:
                found[link.name] = len(self.bodies)
                self.bodies.append(
                    EngineBody(uid, numbers[link.name], f"{prefix}{link.name}", group(link.name), _box(np.concatenate(link.hulls)))
                )
        return found

    def _hull(self, name: str, group: str, hull: Array) -> int:
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_MESH, vertices=np.asarray(hull, dtype=float).tolist(), physicsClientId=self.client
        )
        uid = int(pybullet.createMultiBody(0.0, shape, physicsClientId=self.client))
        pybullet.changeDynamics(uid, -1, collisionMargin=MARGIN, physicsClientId=self.client)
        self.bodies.append(EngineBody(uid, -1, name, group, _box(hull)))
        return len(self.bodies) - 1

    # Posing

    def _pose(self, indices: Iterable[int], T_world: Array) -> None:
        """Puts bodies at one pose; those that are there already stay."""
        position: list[float] = []
        for index in indices:
            if self._posed.get(index) == (key := T_world.tobytes()):
                continue
            self._posed[index] = key
            if not position:
                position, orientation = T_world[:3, 3].tolist(), _xyzw(T_world)
            self.poses[index] = T_world
            pybullet.resetBasePositionAndOrientation(self.bodies[index].uid, position, orientation, physicsClientId=self.client)

    def link_poses(self, uid: int, mechanism: Mechanism) -> dict[str, Array]:
        """T_world_link by link name, as pybullet computes it."""
        out = {mechanism.links[0].name: self._roots[uid]}
        indices = [index for index in self._numbers[uid].values() if index >= 0]
        states = pybullet.getLinkStates(uid, indices, computeForwardKinematics=True, physicsClientId=self.client)
        of_index = dict(zip(indices, states, strict=True))
        for name, index in self._numbers[uid].items():
            if index >= 0:
                out[name] = _from_xyzw(of_index[index][5], of_index[index][4])
        return out

    def _moved(self, uid: int, mechanism: Mechanism, q: Array) -> dict[str, Array]:
        """Poses of a machine's links with its joints at q; asked of pybullet only when they have moved."""
        last = self._machines.get(uid)
        if last is None or not np.array_equal(last[0], q):
            self._joints(uid, q)
            last = self._machines[uid] = (q.copy(), self.link_poses(uid, mechanism))
        return last[1]

    def _joints(self, uid: int, q: Array) -> None:
        joints, columns = self._movable[uid]
        pybullet.resetJointStatesMultiDof(uid, joints, [[float(q[column])] for column in columns], physicsClientId=self.client)

    # Asking

    @property
    def boxes(self) -> Array:
        """Corners of every body's bounding box in its own frame (n, 8, 3)."""
        if self._boxes is None:
            self._boxes = np.array([body.box for body in self.bodies])
        return self._boxes

    @property
    def pairs(self) -> Array:
        """Pairs of body indices (m, 2) that may ever collide: what moves against everything it is not joined to."""
        if self._pairs is None:
            self._pairs = np.array(self._make_pairs(), dtype=int).reshape(-1, 2)
        return self._pairs

    @abstractmethod
    def _make_pairs(self) -> list[tuple[int, int]]:
        """Pairs that may ever collide, by body index."""

    def arm_pairs(self, model: RobotModel, bodies: dict[str, int]) -> list[tuple[int, int]]:
        """Pairs of a robot's own links that may collide, `bodies` by link name: not joined, and not known never to."""
        joined = {(joint.parent, joint.child) for joint in model.mechanism.joints}
        names = [link.name for link in model.mechanism.links]
        pairs = []
        for a in bodies:
            for b in bodies:
                i, j = names.index(a), names.index(b)
                if i < j and (i, j) not in joined and (a, b) not in model.never_collide and (b, a) not in model.never_collide:
                    pairs.append((bodies[a], bodies[b]))
        return pairs

    def is_machine_link(self, index: int) -> bool:
        """Whether a body came from a URDF that pybullet read (pybullet then adds a skin, see `sim.looking.SKIN`)."""
        return self.bodies[index].uid in self._numbers

    def near(self, distance: float, allowed: Groups = frozenset()) -> list[Contact]:
        """Every pair nearer than `distance` [m]; of groups that are `allowed` to touch only those that overlap by more than `TOUCH`."""
        pairs = self.pairs
        if self._asked is None or self._asked[0] != distance or len(self._asked[1]) != len(pairs):
            self._asked = (distance, np.full((len(pairs), 4, 4), np.nan), np.full(len(pairs), np.inf))
        _, seen, answers = self._asked
        rows = np.flatnonzero(self._box_gaps(pairs) <= distance)
        # Two bodies that have not moved against each other are as far apart as they were.
        relative = inverse(self.poses[pairs[rows, 0]]) @ self.poses[pairs[rows, 1]]
        moved = ~(np.max(np.abs(relative - seen[rows]), axis=(1, 2)) < SAME_PLACE)
        found = []
        for row, T, is_new in zip(rows, relative, moved, strict=True):
            i, j = pairs[row]
            one, two = self.bodies[i], self.bodies[j]
            touching = (one.group, two.group) in allowed or (two.group, one.group) in allowed
            if is_new:
                answers[row], seen[row] = self._distance(int(i), int(j), distance), T
            if answers[row] <= (-TOUCH if touching else distance):
                found.append(Contact(float(answers[row]), int(i), int(j)))
        return found

    def near_pairs(self, pairs: Array, distance: float) -> list[Contact]:
        """The same for given pairs of body indices (m, 2), whatever their groups."""
        close = pairs[self._box_gaps(pairs) <= distance]
        measured = ((self._distance(int(i), int(j), distance), int(i), int(j)) for i, j in close)
        return [Contact(apart, i, j) for apart, i, j in measured if apart <= distance]

    def _box_gaps(self, pairs: Array) -> Array:
        """Distances of the boxes round the bodies of every pair (m,) [m]."""
        corners = self.boxes @ np.swapaxes(self.poses[:, :3, :3], 1, 2) + self.poses[:, None, :3, 3]
        low, high = corners.min(axis=1), corners.max(axis=1)
        a, b = pairs[:, 0], pairs[:, 1]
        gaps: Array = np.linalg.norm(np.maximum(np.maximum(low[a] - high[b], low[b] - high[a]), 0.0), axis=1)
        return gaps

    def _distance(self, i: int, j: int, reach: float) -> float:
        """Distance of two bodies [m], negative when they overlap; inf when it is more than `reach`."""
        one, two = self.bodies[i], self.bodies[j]
        points: Any = pybullet.getClosestPoints(one.uid, two.uid, reach, one.link, two.link, physicsClientId=self.client)
        return min((float(point[8]) for point in points or ()), default=np.inf)


def _box(points: Array) -> Array:
    low, high = points.min(axis=0), points.max(axis=0)
    return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])


def _with_inertia(text: str) -> str:
    """The description with a unit mass on links that state none: poses do not depend on it, and pybullet would print a warning for each."""
    root = etree.fromstring(text.encode())
    for link in root.findall("link"):
        if link.find("inertial") is None:
            inertial = etree.SubElement(link, "inertial")
            etree.SubElement(inertial, "mass", value="1")
            etree.SubElement(inertial, "inertia", ixx="1", ixy="0", ixz="0", iyy="1", iyz="0", izz="1")
    out: str = etree.tostring(root, encoding="unicode")
    return out


def _xyzw(T: Array) -> list[float]:
    w, x, y, z = quat_wxyz(T)
    return [float(x), float(y), float(z), float(w)]


def _from_xyzw(orientation: Any, position: Any) -> Array:
    T = np.eye(4)
    T[:3, :3] = np.reshape(pybullet.getMatrixFromQuaternion(orientation), (3, 3))
    T[:3, 3] = position
    return T
