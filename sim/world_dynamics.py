"""Joint torques of an arm with a load on its flange, by pybullet's inverse dynamics."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pybullet
from lxml import etree

from core.frames import Array
from robots.mechanism import Mechanism

GRAVITY = 9.81
NOTHING = 1e-9
"""pybullet takes no link without a mass: this stands for none [kg, kg m2]."""


@dataclass(frozen=True, eq=False, slots=True)
class Payload:
    """What hangs on the flange.

    Attributes:
        mass: [kg]
        com: Centre of mass in the flange frame (3,) [m].
        inertia: About the centre of mass, flange axes (3, 3) [kg m2].
    """

    mass: float
    com: Array
    inertia: Array

    def plus(self, other: Payload) -> Payload:
        """Both together (Steiner)."""
        mass = self.mass + other.mass
        com = (self.mass * self.com + other.mass * other.com) / mass
        inertia = np.zeros((3, 3))
        for one in (self, other):
            d = one.com - com
            inertia += one.inertia + one.mass * (d @ d * np.eye(3) - np.outer(d, d))
        return Payload(mass, com, inertia)

    def seen_from(self, T: Array) -> Payload:
        """The same in an outer frame, T being the pose of its own frame there (4, 4)."""
        R = T[:3, :3]
        return Payload(self.mass, R @ self.com + T[:3, 3], R @ self.inertia @ R.T)


class Dynamics:
    """One arm in its place; use as a context manager.

    Args:
        mechanism: The arm.
        T_world_base: Its place; a tilted base feels gravity from the side.
        flange: Link that carries the payload.
        payload: The load, or None.
        massless: Leave the arm's own masses out: what remains is the torque the load needs.
    """

    def __init__(self, mechanism: Mechanism, T_world_base: Array, flange: str, payload: Payload | None, *, massless: bool = False) -> None:
        self.client = pybullet.connect(pybullet.DIRECT)
        loads = _loads(mechanism, flange, payload, massless=massless)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "arm.urdf"
            path.write_text(_skeleton(mechanism, loads))
            # Without the flag pybullet makes up inertias from shapes.
            flags = pybullet.URDF_USE_INERTIA_FROM_FILE
            self.uid = int(pybullet.loadURDF(str(path), useFixedBase=True, flags=flags, physicsClientId=self.client))
        # The base stays at the client's origin and gravity is turned instead.
        pybullet.setGravity(*(T_world_base[:3, :3].T @ (0.0, 0.0, -GRAVITY)).tolist(), physicsClientId=self.client)
        infos = [
            pybullet.getJointInfo(self.uid, i, physicsClientId=self.client)
            for i in range(pybullet.getNumJoints(self.uid, physicsClientId=self.client))
        ]
        names = [info[1].decode() for info in infos]
        # The importer drops an inertia as flat as a sheet's in silence (the greatest equals the sum of the others), so moments are set afterwards.
        for index, info in enumerate(infos):
            _, values, _ = loads[info[12].decode()]
            pybullet.changeDynamics(self.uid, index, localInertiaDiagonal=values.tolist(), physicsClientId=self.client)
        # pybullet numbers joints depth first, a mechanism breadth first.
        movable = [name for name in names if name in mechanism.joint_names]
        self._to_engine = [mechanism.joint_names.index(name) for name in movable]
        self._from_engine = [movable.index(name) for name in mechanism.joint_names]

    def __enter__(self) -> Dynamics:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pybullet.disconnect(physicsClientId=self.client)

    def torques(self, q: Array, qd: Array, qdd: Array) -> Array:
        """Torques (n,) [Nm] the drives must give at positions, speeds and accelerations (n,)."""
        order = self._to_engine
        found = pybullet.calculateInverseDynamics(
            self.uid, q[order].tolist(), qd[order].tolist(), qdd[order].tolist(), physicsClientId=self.client
        )
        return np.array(found)[self._from_engine]


def _carriers(mechanism: Mechanism) -> dict[int, tuple[int, Array]]:
    """Per link, the link that carries it by fixed joints alone (itself when its joint moves) and its pose there (4, 4)."""
    carrier = {0: (0, np.eye(4))}
    for joint in mechanism.joints:
        at, T = carrier[joint.parent]
        carrier[joint.child] = (at, T @ joint.T_parent_joint) if joint.kind == "fixed" else (joint.child, np.eye(4))
    return carrier


def _loads(mechanism: Mechanism, flange: str, payload: Payload | None, *, massless: bool) -> dict[str, tuple[float, Array, Array]]:
    """Mass, principal moments (3,) and pose of the principal axes in the link (4, 4), by name of the links that move; pybullet takes no other axes.

    What hangs on a link by fixed joints counts as part of it. The base stands still and has none: pybullet would turn gravity with the base's principal
    axes (measured against pinocchio: tests/sim/test_torques.py, the KR 5).
    """
    carrier = _carriers(mechanism)
    pieces = (
        [] if massless else [(i, Payload(link.mass, link.com, link.inertia)) for i, link in enumerate(mechanism.links) if link.mass > 0]
    )
    if payload is not None:
        pieces.append((mechanism.link_index(flange), payload))
    sums: dict[int, Payload] = {}
    for index, piece in pieces:
        at, T = carrier[index]
        if at == 0:
            continue
        moved = piece.seen_from(T)
        sums[at] = sums[at].plus(moved) if at in sums else moved
    found = {}
    for at in dict.fromkeys(at for at, _ in carrier.values()):
        load = sums.get(at, Payload(NOTHING, np.zeros(3), np.zeros((3, 3))))
        values, axes = np.linalg.eigh(load.inertia)
        axes[:, 2] *= np.sign(np.linalg.det(axes))
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = axes, load.com
        found[mechanism.links[at].name] = (load.mass, np.maximum(values, NOTHING), T)
    return found


def _skeleton(mechanism: Mechanism, loads: dict[str, tuple[float, Array, Array]]) -> str:
    """The moving links without shapes, with their masses (or none)."""
    robot = etree.Element("robot", name="arm")
    for name, (mass, _, T) in loads.items():
        inertial = etree.SubElement(etree.SubElement(robot, "link", name=name), "inertial")
        _origin(inertial, T)
        etree.SubElement(inertial, "mass", value=repr(float(mass)))
        etree.SubElement(inertial, "inertia", ixx="1", iyy="1", izz="1", ixy="0", ixz="0", iyz="0")
    carrier = _carriers(mechanism)
    for joint in mechanism.joints:
        if joint.kind != "fixed":
            at, T = carrier[joint.parent]
            _joint(robot, joint.name, joint.kind, mechanism.links[at].name, mechanism.links[joint.child].name, T @ joint.T_parent_joint)
            etree.SubElement(robot[-1], "axis", xyz=_text(joint.axis))
            etree.SubElement(robot[-1], "limit", lower="-100", upper="100", effort="0", velocity="0")
    text: str = etree.tostring(robot, encoding="unicode")
    return text


def _joint(robot: etree._Element, name: str, kind: str, parent: str, child: str, T: Array) -> None:
    joint = etree.SubElement(robot, "joint", name=name, type=kind)
    etree.SubElement(joint, "parent", link=parent)
    etree.SubElement(joint, "child", link=child)
    _origin(joint, T)


def _origin(element: etree._Element, T: Array) -> None:
    R = T[:3, :3]
    pitch = np.arctan2(-R[2, 0], np.hypot(R[0, 0], R[1, 0]))
    if np.hypot(R[0, 0], R[1, 0]) > 1e-9:
        roll, yaw = np.arctan2(R[2, 1], R[2, 2]), np.arctan2(R[1, 0], R[0, 0])
    else:
        roll, yaw = np.arctan2(-R[1, 2], R[1, 1]), 0.0
    etree.SubElement(element, "origin", xyz=_text(T[:3, 3]), rpy=_text(np.array([roll, pitch, yaw])))


def _text(values: Array) -> str:
    return " ".join(repr(float(v)) for v in values)
