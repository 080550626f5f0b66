"""The second engine: the whole cell in pybullet, posed from plan states by pybullet's own kinematics.

Robot and brake are loaded from their URDFs and moved by joint values; gripper, tools, stations, flanges and bend zones are convex hulls that are posed
by hand. pybullet's collision margin is set to 0 on every shape, after which its distances between hulls are exact to 0.01 mm.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pybullet
from lxml import etree

from cells.model import Body, Cell, Gripper
from cells.tooling import ToolSetup
from cells.tooling_hulls import setup_hulls
from core.frames import Array, inverse, quat_wxyz, translation
from parts.sheet import SheetPart
from robots.mechanism import Mechanism
from sim.cell_scene import PARKED, brake_group
from sim.plan import State
from sim.scene_parts import Groups

SAME_PLACE = 1e-8
"""Poses that differ by less than this in every entry are the same [m, or an entry of a rotation]."""
TOUCH = 1e-3
"""Bodies that may touch overlap by at most this: in plans a sheet is up to 0.25 mm inside fingers and die [m]."""
MACHINE = ("punch", "die", "frame", "ram", "gauge")
"""Groups of the brake and its tools."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Two bodies nearer than asked; distance [m], negative when they overlap; a and b index `World.bodies`."""

    distance: float
    a: int
    b: int


@dataclass(frozen=True, eq=False, slots=True)
class _Body:
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


class World:
    """One pybullet client with a cell in it; use as a context manager.

    Attributes:
        bodies: Everything that can touch.
        poses: T_world_body (n, 4, 4) after the last `set_state`.
    """

    def __init__(self, cell: Cell, setup: ToolSetup, part: SheetPart | None, gripper: Gripper) -> None:
        self.cell, self.setup, self.part, self.gripper = cell, setup, part, gripper
        self.client = pybullet.connect(pybullet.DIRECT)
        self.bodies: list[_Body] = []
        self._numbers: dict[int, dict[str, int]] = {}
        self._movable: dict[int, tuple[list[int], list[int]]] = {}
        self._roots: dict[int, Array] = {}
        self._machines: dict[int, tuple[Array, dict[str, Array]]] = {}
        self.robot = self._load(cell.robot.model.mechanism, cell.robot.T_world_base)
        self.brake = self._load(cell.brake.mechanism, cell.brake.T_world_brake)
        self._robot_bodies = self._links(self.robot, cell.robot.model.mechanism, "", lambda _: "robot")
        self._brake_bodies = self._links(self.brake, cell.brake.mechanism, "brake ", brake_group)
        self._gripper_bodies = [[self._hull(gripper.name, "gripper", hull) for hull in link.hulls] for link in gripper.mechanism.links]
        tools = [(which, self._hull(name, which, hull)) for name, which, hull in setup_hulls(setup)]
        self._punches = [index for which, index in tools if which == "punch"]
        self._dies = [index for which, index in tools if which == "die"]
        statics: list[Body] = [*cell.bodies, *(body for station in cell.stations.values() for body in station.bodies)]
        self._statics = [(self._hull(body.name, body.group, hull), body.T_world_body) for body in statics for hull in body.hulls]
        self._flanges = (
            []
            if part is None
            else [[self._hull(f"flange {f.index}", f"flange-{f.index}", hull) for hull in part.flange_hulls(f.index)] for f in part.flanges]
        )
        self._zones: list[list[int]] = [] if part is None else [[] for _ in part.bends]
        self._zone_angles: list[float | None] = [None for _ in self._zones]
        self.poses = np.repeat(np.eye(4)[None], len(self.bodies), axis=0)
        self._posed: dict[int, bytes] = {}
        self._pose(self._dies, cell.brake.T_world_brake)
        for index, T in self._statics:
            self._pose((index,), T)
        self._pairs: Array | None = None
        self._boxes: Array | None = None
        # Distance asked for, and of every pair where the second body was in the first one's frame and how far apart they were.
        self._asked: tuple[float, Array, Array] | None = None

    def __enter__(self) -> World:
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

    def _links(self, uid: int, mechanism: Mechanism, prefix: str, group: Any) -> dict[str, int]:
        """Body index by link name, of the links that have a shape."""
        numbers = self._numbers[uid]
        found = {}
        for link in mechanism.links:
            pybullet.changeDynamics(uid, numbers[link.name], collisionMargin=0.0, physicsClientId=self.client)
            if link.hulls:
                found[link.name] = len(self.bodies)
                self.bodies.append(
                    _Body(uid, numbers[link.name], f"{prefix}{link.name}", group(link.name), _box(np.concatenate(link.hulls)))
                )
        return found

    def _hull(self, name: str, group: str, hull: Array) -> int:
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_MESH, vertices=np.asarray(hull, dtype=float).tolist(), physicsClientId=self.client
        )
        uid = int(pybullet.createMultiBody(0.0, shape, physicsClientId=self.client))
        pybullet.changeDynamics(uid, -1, collisionMargin=0.0, physicsClientId=self.client)
        self.bodies.append(_Body(uid, -1, name, group, _box(hull)))
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

    def set_state(self, state: State) -> None:
        """Moves everything; the gripper hangs on the flange where pybullet says it is."""
        cell = self.cell
        Ts_robot = self._moved(self.robot, cell.robot.model.mechanism, state.robot)
        Ts_brake = self._moved(self.brake, cell.brake.mechanism, state.brake)
        for name, index in self._robot_bodies.items():
            self.poses[index] = Ts_robot[name]
        for name, index in self._brake_bodies.items():
            self.poses[index] = Ts_brake[name]
        T_world_flange = Ts_robot[cell.robot.model.flange_link]
        for T_link, indices in zip(self.gripper.mechanism.fk(state.gripper), self._gripper_bodies, strict=True):
            self._pose(indices, T_world_flange @ T_link)
        ram = float(state.brake[cell.brake.mechanism.joint_names.index("ram")])
        self._pose(self._punches, cell.brake.T_world_brake @ translation(0.0, 0.0, cell.brake.daylight - ram))
        if self.part is not None:
            self._pose_part(self.part, state, T_world_flange)

    def _pose_part(self, part: SheetPart, state: State, T_world_flange: Array) -> None:
        Ts_sheet_flange = part.fold(state.fold)
        if state.part is None:
            T_world_sheet = PARKED
        else:
            T_holder = T_world_flange @ self.gripper.T_flange_tcp if state.part.held_by == "tcp" else np.eye(4)
            T_world_sheet = T_holder @ state.part.T_holder_flange @ inverse(Ts_sheet_flange[state.part.flange])
        for T, indices in zip(T_world_sheet @ Ts_sheet_flange, self._flanges, strict=True):
            self._pose(indices, T)
        for bend in part.bends:
            angle = float(state.fold[bend.index])
            if self._zone_angles[bend.index] is None or abs(angle - self._zone_angles[bend.index]) > 1e-9:  # type: ignore[operator]
                self._make_zone(part, bend.index, angle)
            self._pose(self._zones[bend.index], T_world_sheet @ Ts_sheet_flange[bend.parent])

    def _make_zone(self, part: SheetPart, bend: int, angle: float) -> None:
        """A bend zone's shapes at an angle take the places of those at the last angle."""
        hulls = part.zone_hulls(bend, angle)
        old = self._zones[bend]
        if not old:
            self._zones[bend] = [self._hull(f"bend {bend + 1} zone", f"zone-{bend}", hull) for hull in hulls]
            self.poses = np.concatenate((self.poses, np.repeat(PARKED[None], len(hulls), axis=0)))
            self._pairs = None
        else:
            for index, hull in zip(old, hulls, strict=True):
                pybullet.removeBody(self.bodies[index].uid, physicsClientId=self.client)
                self._hull(f"bend {bend + 1} zone", f"zone-{bend}", hull)
                self.bodies[index] = self.bodies.pop()
                self._posed.pop(index, None)
        self._zone_angles[bend] = angle
        self._boxes = None
        if self._asked is not None and self._pairs is not None:
            # A new shape in an old place: what was measured of it is no longer true.
            self._asked[1][np.any(np.isin(self._pairs, self._zones[bend]), axis=1)] = np.nan

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

    def _make_pairs(self) -> list[tuple[int, int]]:
        part = [i for i, body in enumerate(self.bodies) if body.group.startswith(("flange-", "zone-"))]
        gripper = [i for i, body in enumerate(self.bodies) if body.group == "gripper"]
        machine = [i for i, body in enumerate(self.bodies) if body.group in MACHINE]
        statics = [index for index, _ in self._statics]
        robot = list(self._robot_bodies.values())
        model = self.cell.robot.model
        root = model.mechanism.links[0].name
        carriers = {self._robot_bodies[name] for name in self._carriers() if name in self._robot_bodies}
        # The root link stands on the floor or on a plinth.
        arm = [index for name, index in self._robot_bodies.items() if name != root]
        pairs = [(a, b) for a in part for b in (*machine, *statics, *gripper, *robot)]
        pairs += [(a, b) for a in gripper for b in (*machine, *statics, *(index for index in robot if index not in carriers))]
        pairs += [(a, b) for a in arm for b in (*machine, *statics)]
        joined = {(joint.parent, joint.child) for joint in model.mechanism.joints}
        names = [link.name for link in model.mechanism.links]
        for a in self._robot_bodies:
            for b in self._robot_bodies:
                i, j = names.index(a), names.index(b)
                if i < j and (i, j) not in joined and (a, b) not in model.never_collide and (b, a) not in model.never_collide:
                    pairs.append((self._robot_bodies[a], self._robot_bodies[b]))
        return pairs

    def _carriers(self) -> set[str]:
        """Links between the last moving joint and the flange: the gripper is bolted to them."""
        mechanism = self.cell.robot.model.mechanism
        incoming = {joint.child: joint for joint in mechanism.joints}
        link = mechanism.link_index(self.cell.robot.model.flange_link)
        names = {mechanism.links[link].name}
        while incoming[link].kind == "fixed":
            link = incoming[link].parent
            names.add(mechanism.links[link].name)
        return names

    def is_machine_link(self, index: int) -> bool:
        """Whether a body came from a URDF that pybullet read (pybullet then adds a skin, see `sim.replay.SKIN`)."""
        return self.bodies[index].uid in (self.robot, self.brake)

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
