"""A machine as a value: links, joints, forward kinematics. What a URDF says, without the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numba
import numpy as np
import trimesh
from numpy.typing import ArrayLike, NDArray

from core.errors import InputError, UnknownNameError
from core.frames import Array

JointKind = Literal["fixed", "revolute", "prismatic"]
_KIND_CODE = {"fixed": 0, "revolute": 1, "prismatic": 2}


@dataclass(frozen=True, eq=False, slots=True)
class Visual:
    """What pictures show of a link.

    Attributes:
        mesh: In the visual's own frame [m].
        T_link_visual: Pose (4, 4).
        color: RGBA 0..1.
    """

    mesh: trimesh.Trimesh
    T_link_visual: Array
    color: tuple[float, float, float, float] = (0.7, 0.7, 0.7, 1.0)


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """A rigid part of a machine.

    Attributes:
        name: Unique in the mechanism.
        mass: [kg], 0 when the description gives none.
        com: Centre of mass in the link frame (3,) [m].
        inertia: About the centre of mass, link axes (3, 3) [kg m2].
        hulls: Convex collision pieces, each (k, 3) vertices in the link frame [m].
        visuals: What pictures show.
        hull_gap: How far the described shape stands out of the hulls at most [m]; 0 when nothing was simplified.
    """

    name: str
    mass: float
    com: Array
    inertia: Array
    hulls: tuple[Array, ...] = ()
    visuals: tuple[Visual, ...] = ()
    hull_gap: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Joint:
    """What connects two links.

    Attributes:
        name: Unique in the mechanism.
        kind: A URDF's `continuous` joint is `revolute` with limits of two turns either way.
        parent: Index of the parent link.
        child: Index of the child link.
        T_parent_joint: Pose of the joint (and of the child at q = 0) in the parent link (4, 4).
        axis: Unit axis in the joint frame (3,).
        lower: Least position [rad or m].
        upper: Greatest position [rad or m].
        velocity: Greatest speed [rad/s or m/s]; inf when the description gives none.
        effort: Greatest torque or force [Nm or N]; inf when the description gives none.
    """

    name: str
    kind: JointKind
    parent: int
    child: int
    T_parent_joint: Array
    axis: Array
    lower: float = 0.0
    upper: float = 0.0
    velocity: float = np.inf
    effort: float = np.inf


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fk_kernel(parents: NDArray[np.int64], kinds: NDArray[np.int64], Ts: Array, axes: Array, qs: Array, out: Array) -> None:
    """Fill `out` (k, n_joints + 1, 4, 4). Joint i moves link i + 1; columns of `qs` are the movable joints in order."""
    for k in range(qs.shape[0]):
        out[k, 0] = np.eye(4)
        column = 0
        for i in range(parents.shape[0]):
            P = out[k, parents[i]]
            C = out[k, i + 1]
            F = Ts[i]
            for r in range(3):
                for c in range(4):
                    C[r, c] = P[r, 0] * F[0, c] + P[r, 1] * F[1, c] + P[r, 2] * F[2, c]
                C[r, 3] += P[r, 3]
                C[3, r] = 0.0
            C[3, 3] = 1.0
            if kinds[i] == 0:
                continue
            q = qs[k, column]
            column += 1
            x, y, z = axes[i, 0], axes[i, 1], axes[i, 2]
            if kinds[i] == 2:
                for r in range(3):
                    C[r, 3] += (C[r, 0] * x + C[r, 1] * y + C[r, 2] * z) * q
                continue
            s, co = np.sin(q), np.cos(q)
            v = 1.0 - co
            r00, r01, r02 = co + x * x * v, x * y * v - z * s, x * z * v + y * s
            r10, r11, r12 = y * x * v + z * s, co + y * y * v, y * z * v - x * s
            r20, r21, r22 = z * x * v - y * s, z * y * v + x * s, co + z * z * v
            for r in range(3):
                a, b, d = C[r, 0], C[r, 1], C[r, 2]
                C[r, 0] = a * r00 + b * r10 + d * r20
                C[r, 1] = a * r01 + b * r11 + d * r21
                C[r, 2] = a * r02 + b * r12 + d * r22


@dataclass(frozen=True, eq=False, slots=True)
class Mechanism:
    """A tree of links. Link 0 is the root; joint i moves link i + 1, so parents come before children.

    Attributes:
        name: Of the robot or machine.
        links: Root first.
        joints: One less than links.
        urdf_text: The description with absolute mesh file names (xacro expanded), as pybullet loads it; empty when made in memory.
        joint_names: Movable joints, in the order of q.
        lower: Limits of q (n,) [rad or m].
        upper: Limits of q (n,) [rad or m].
        velocity: (n,) [rad/s or m/s]; inf: not given.
        effort: (n,) [Nm or N]; inf: not given.
    """

    name: str
    links: tuple[Link, ...]
    joints: tuple[Joint, ...]
    urdf_text: str = ""
    joint_names: tuple[str, ...] = field(init=False)
    lower: Array = field(init=False)
    upper: Array = field(init=False)
    velocity: Array = field(init=False)
    effort: Array = field(init=False)
    _parents: NDArray[np.int64] = field(init=False, repr=False)
    _kinds: NDArray[np.int64] = field(init=False, repr=False)
    _Ts: Array = field(init=False, repr=False)
    _axes: Array = field(init=False, repr=False)
    _index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.links) != len(self.joints) + 1:
            raise InputError(
                f"mechanism '{self.name}' has {len(self.links)} links and {len(self.joints)} joints; a tree has one joint less"
            )
        for i, joint in enumerate(self.joints):
            if joint.child != i + 1 or not 0 <= joint.parent <= i:
                raise InputError(f"mechanism '{self.name}': joint '{joint.name}' does not follow its parent; joint i must move link i + 1")
        movable = [joint for joint in self.joints if joint.kind != "fixed"]
        n = len(self.joints)
        derived = {
            "joint_names": tuple(joint.name for joint in movable),
            "lower": np.array([joint.lower for joint in movable], dtype=float),
            "upper": np.array([joint.upper for joint in movable], dtype=float),
            "velocity": np.array([joint.velocity for joint in movable], dtype=float),
            "effort": np.array([joint.effort for joint in movable], dtype=float),
            "_parents": np.array([joint.parent for joint in self.joints], dtype=np.int64),
            "_kinds": np.array([_KIND_CODE[joint.kind] for joint in self.joints], dtype=np.int64),
            "_Ts": np.array([joint.T_parent_joint for joint in self.joints], dtype=float).reshape(n, 4, 4),
            "_axes": np.array([joint.axis for joint in self.joints], dtype=float).reshape(n, 3),
            "_index": {link.name: i for i, link in enumerate(self.links)},
        }
        for key, value in derived.items():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
            object.__setattr__(self, key, value)

    def fk(self, q: ArrayLike) -> Array:
        """Poses of all links `Ts_root_link` (n_links, 4, 4) at joint positions q (n,)."""
        return self.fk_batch(np.asarray(q, dtype=float)[None])[0]

    def fk_batch(self, qs: ArrayLike) -> Array:
        """Poses of all links (k, n_links, 4, 4) at each row of qs (k, n)."""
        positions = np.ascontiguousarray(qs, dtype=float)
        if positions.ndim != 2 or positions.shape[1] != len(self.joint_names):
            raise InputError(
                f"'{self.name}' takes {len(self.joint_names)} joint positions ({', '.join(self.joint_names)}), got shape {positions.shape}"
            )
        out = np.empty((positions.shape[0], len(self.links), 4, 4))
        _fk_kernel(self._parents, self._kinds, self._Ts, self._axes, positions, out)
        return out

    def link_index(self, name: str) -> int:
        """Index of a link by name; raises `UnknownNameError` with the valid names."""
        if name not in self._index:
            raise UnknownNameError("link", name, list(self._index))
        return self._index[name]

    def chain(self, link: str) -> tuple[int, ...]:
        """Indices of the joints from the root to a link, root first."""
        at = self.link_index(link)
        found = []
        while at != 0:
            found.append(at - 1)
            at = self.joints[at - 1].parent
        return tuple(reversed(found))
