"""The second engine: the whole cell in pybullet, posed from plan states by pybullet's own kinematics.

pybullet grows convex shapes by about 1 mm and its distances err by -2 .. +1.4 mm (measured, docs/architecture.md), so contacts count only
below `-TOLERANCE`. Bodies that rest on the floor of the world are mass 0; `getClosestPoints` reports them all the same.
"""

from __future__ import annotations

import tempfile
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
from core.frames import Array, from_quat_wxyz, inverse, quat_wxyz, translation
from parts.sheet import SheetPart
from robots.mechanism import Mechanism
from sim.plan import State

TOLERANCE = 2e-3
"""pybullet's distances are not trusted below this [m]."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Two bodies nearer than asked; distance [m], negative when they overlap."""

    distance: float
    body_a: str
    body_b: str
    group_a: str
    group_b: str


@dataclass(frozen=True, eq=False, slots=True)
class _Shape:
    """One pybullet collision body that is posed by hand."""

    uid: int
    name: str
    group: str
    low: Array
    high: Array


class World:
    """One pybullet client with a cell in it; use as a context manager.

    Robot and brake are loaded from their URDFs and moved by joint values; the gripper, tools, stations and flanges are convex hulls.
    """

    def __init__(self, cell: Cell, setup: ToolSetup, part: SheetPart | None, gripper: Gripper) -> None:
        self.cell, self.setup, self.part, self.gripper = cell, setup, part, gripper
        self.client = pybullet.connect(pybullet.DIRECT)
        self.robot = self._load(cell.robot.model.mechanism, cell.robot.T_world_base)
        self.brake = self._load(cell.brake.mechanism, cell.brake.T_world_brake)
        self.gripper_shapes = [[self._hull(gripper.name, "gripper", hull) for hull in link.hulls] for link in gripper.mechanism.links]
        self.upper = [self._hull(name, which, hull) for name, which, hull in setup_hulls(setup) if which == "punch"]
        lower = [self._hull(name, which, hull) for name, which, hull in setup_hulls(setup) if which == "die"]
        for shape in lower:
            self._pose(shape, cell.brake.T_world_brake)
        statics: list[Body] = [*cell.bodies, *(body for station in cell.stations.values() for body in station.bodies)]
        self.statics = list(lower)
        for body in statics:
            for hull in body.hulls:
                shape = self._hull(body.name, body.group, hull)
                self._pose(shape, body.T_world_body)
                self.statics.append(shape)
        self.flanges = (
            []
            if part is None
            else [[self._hull(f"flange {f.index}", f"flange-{f.index}", hull) for hull in part.flange_hulls(f.index)] for f in part.flanges]
        )

    def __enter__(self) -> World:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pybullet.disconnect(physicsClientId=self.client)

    def _load(self, mechanism: Mechanism, T_world: Array) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "machine.urdf"
            path.write_text(_with_inertia(mechanism.urdf_text))
            uid = pybullet.loadURDF(str(path), T_world[:3, 3].tolist(), _xyzw(T_world), useFixedBase=True, physicsClientId=self.client)
        return int(uid)

    def _hull(self, name: str, group: str, hull: Array) -> _Shape:
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_MESH, vertices=np.asarray(hull, dtype=float).tolist(), physicsClientId=self.client
        )
        uid = pybullet.createMultiBody(0.0, shape, physicsClientId=self.client)
        return _Shape(int(uid), name, group, hull.min(axis=0), hull.max(axis=0))

    def _pose(self, shape: _Shape, T_world: Array) -> None:
        pybullet.resetBasePositionAndOrientation(shape.uid, T_world[:3, 3].tolist(), _xyzw(T_world), physicsClientId=self.client)

    def link_poses(self, uid: int, mechanism: Mechanism) -> dict[str, Array]:
        """T_world_link by link name, as pybullet computes it."""
        out = {}
        for index in range(pybullet.getNumJoints(uid, physicsClientId=self.client)):
            state = pybullet.getLinkState(uid, index, computeForwardKinematics=True, physicsClientId=self.client)
            name = pybullet.getJointInfo(uid, index, physicsClientId=self.client)[12].decode()
            x, y, z, w = state[5]
            out[name] = from_quat_wxyz((w, x, y, z), state[4])
        return out

    def _joints(self, uid: int, mechanism: Mechanism, q: Array) -> None:
        values = dict(zip(mechanism.joint_names, q, strict=True))
        for index in range(pybullet.getNumJoints(uid, physicsClientId=self.client)):
            name = pybullet.getJointInfo(uid, index, physicsClientId=self.client)[1].decode()
            if name in values:
                pybullet.resetJointState(uid, index, float(values[name]), physicsClientId=self.client)

    def set_state(self, state: State) -> None:
        """Moves everything; the gripper hangs on the flange where pybullet says it is."""
        cell = self.cell
        self._joints(self.robot, cell.robot.model.mechanism, state.robot)
        self._joints(self.brake, cell.brake.mechanism, state.brake)
        T_world_flange = self.link_poses(self.robot, cell.robot.model.mechanism)[cell.robot.model.flange_link]
        for T_link, shapes in zip(self.gripper.mechanism.fk(state.gripper), self.gripper_shapes, strict=True):
            for shape in shapes:
                self._pose(shape, T_world_flange @ T_link)
        ram = float(state.brake[cell.brake.mechanism.joint_names.index("ram")])
        for shape in self.upper:
            self._pose(shape, cell.brake.T_world_brake @ translation(0.0, 0.0, cell.brake.daylight - ram))
        if self.part is None:
            return
        if state.part is None:
            T_world_sheet = translation(0.0, 0.0, -50.0)
        else:
            T_holder = T_world_flange @ self.gripper.T_flange_tcp if state.part.held_by == "tcp" else np.eye(4)
            T_world_sheet = T_holder @ state.part.T_holder_flange @ inverse(self.part.fold(state.fold)[state.part.flange])
        for T, shapes in zip(T_world_sheet @ self.part.fold(state.fold), self.flanges, strict=True):
            for shape in shapes:
                self._pose(shape, T)

    def contacts(self, allowed: frozenset[tuple[str, str]], distance: float = 0.0) -> list[Contact]:
        """Pairs nearer than `distance` [m] that may not be: part against machine and cell, gripper and robot against everything."""
        movers = [shape for shapes in self.flanges for shape in shapes]
        gripper = [shape for shapes in self.gripper_shapes for shape in shapes]
        machine = [*self.upper, *self.statics]
        found = []
        for a, others in ((movers, [*machine, *gripper]), (gripper, machine)):
            for shape in a:
                box = pybullet.getAABB(shape.uid, physicsClientId=self.client)
                for other in others:
                    if (
                        (shape.group, other.group) in allowed
                        or (other.group, shape.group) in allowed
                        or _apart(box, pybullet.getAABB(other.uid, physicsClientId=self.client), distance)
                    ):
                        continue
                    found += self._near(shape.uid, other.uid, distance, (shape.name, shape.group), (other.name, other.group))
        for shape in [*movers, *gripper, *machine]:
            if shape in gripper:
                continue
            found += self._near(self.robot, shape.uid, distance, ("robot", "robot"), (shape.name, shape.group), skip_base=True)
        for shape in [*movers, *gripper]:
            found += [
                c
                for c in self._near(self.brake, shape.uid, distance, ("brake", "brake"), (shape.name, shape.group))
                if ("part", "gauge") not in allowed
            ]
        found += self._near(self.robot, self.brake, distance, ("robot", "robot"), ("brake", "brake"))
        return found

    def _near(
        self, a: int, b: int, distance: float, one: tuple[str, str], two: tuple[str, str], *, skip_base: bool = False
    ) -> list[Contact]:
        points: Any = pybullet.getClosestPoints(a, b, max(distance, 0.0), physicsClientId=self.client)
        lowest = min((point[8] for point in points or () if not (skip_base and point[3] == -1)), default=None)
        return [] if lowest is None or lowest > distance else [Contact(float(lowest), one[0], two[0], one[1], two[1])]


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


def _apart(a: Any, b: Any, distance: float) -> bool:
    return any(a[0][k] - b[1][k] > distance or b[0][k] - a[1][k] > distance for k in range(3))


def _xyzw(T: Array) -> list[float]:
    w, x, y, z = quat_wxyz(T)
    return [float(x), float(y), float(z), float(w)]
