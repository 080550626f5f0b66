"""A robot: a mechanism with a flange, limits, payload and inverse kinematics."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from core.errors import InputError
from core.frames import Array
from robots.configuration import Configuration, turns
from robots.ik import ClosedForm, jacobian, numeric, polish, whole_turns, with_turns
from robots.mechanism import Mechanism


@dataclass(frozen=True, eq=False, slots=True)
class RobotModel:
    """Kinematics and limits of an arm. Joint order is the mechanism's.

    Attributes:
        name: Catalogue name.
        mechanism: Links and joints; root link is the base.
        flange_link: Link on which tools are mounted.
        acceleration: (n,) [rad/s2]
        jerk: (n,) [rad/s3]
        payload: Rated load at the flange [kg].
        never_collide: Pairs of link names that are not checked against each other.
        controller: Usual controller (`krc4`, `irc5`).
        language: Its program language (`krl`, `rapid`).
        torque_limit: Joint torques of the data sheet (n,) [Nm]; None: what the description says.
    """

    name: str
    mechanism: Mechanism
    flange_link: str
    acceleration: Array
    jerk: Array
    payload: float
    never_collide: frozenset[tuple[str, str]] = frozenset()
    controller: str = ""
    language: str = ""
    torque_limit: Array | None = None
    _flange: int = field(init=False, repr=False)
    _closed: ClosedForm | None = field(init=False, repr=False)
    _shifts: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.mechanism.joint_names)
        if self.acceleration.shape != (n,) or self.jerk.shape != (n,):
            raise InputError(
                f"robot '{self.name}' has {n} joints; acceleration {self.acceleration.shape} and jerk {self.jerk.shape} must have as many values"
            )
        if self.torque_limit is not None and self.torque_limit.shape != (n,):
            raise InputError(f"robot '{self.name}' has {n} joints; torque limits {self.torque_limit.shape} must have as many values")
        object.__setattr__(self, "_flange", self.mechanism.link_index(self.flange_link))
        object.__setattr__(self, "_shifts", whole_turns(self.lower, self.upper))
        closed = ClosedForm(self.mechanism, self._flange) if n == 6 else None
        object.__setattr__(self, "_closed", closed if closed is not None and closed.solvable else None)

    @property
    def lower(self) -> Array:
        """Lower joint limits (n,) [rad]."""
        return self.mechanism.lower

    @property
    def upper(self) -> Array:
        """Upper joint limits (n,) [rad]."""
        return self.mechanism.upper

    @property
    def velocity(self) -> Array:
        """Joint speed limits (n,) [rad/s]."""
        return self.mechanism.velocity

    @property
    def effort(self) -> Array:
        """Joint torque limits (n,) [Nm]; inf where neither data sheet nor description gives one."""
        return self.mechanism.effort if self.torque_limit is None else self.torque_limit

    @property
    def has_closed_form(self) -> bool:
        """Whether all solutions are found in closed form."""
        return self._closed is not None

    def fk(self, q: ArrayLike) -> Array:
        """T_base_flange (4, 4)."""
        return self.mechanism.fk(q)[self._flange]

    def fk_batch(self, qs: ArrayLike) -> Array:
        """Ts_base_flange (k, 4, 4)."""
        return self.mechanism.fk_batch(qs)[:, self._flange]

    def ik(self, T_base_flange: Array) -> Array:
        """All joint solutions (m, n) inside the limits, whole turns included, each true to 1e-9 m and rad; sorted."""
        if self._closed is not None:
            raw = self._closed.solve(T_base_flange)
            if len(raw):
                missed = np.max(np.abs(self.fk_batch(raw) - T_base_flange), axis=(1, 2)) > 5e-10
                if np.any(missed):
                    raw = np.concatenate((raw[~missed], polish(self.mechanism, self._flange, raw[missed], T_base_flange)))
        else:
            raw = numeric(self.mechanism, self._flange, T_base_flange, self.lower, self.upper)
        return with_turns(raw.reshape(-1, len(self.lower)), self._shifts, self.lower, self.upper)

    def ik_batch(self, Ts_base_flange: Array) -> list[Array]:
        """Solutions of every pose of a stack (k, 4, 4)."""
        return [self.ik(T) for T in Ts_base_flange]

    def jacobian(self, q: ArrayLike) -> Array:
        """Geometric Jacobian (6, n) at the flange, base axes."""
        return jacobian(self.mechanism, self._flange, np.asarray(q, dtype=float))

    def singularity(self, q: ArrayLike) -> float:
        """Smallest singular value of the Jacobian with lengths scaled by the reach of one metre; 0 in a singularity."""
        return float(np.linalg.svd(self.jacobian(q), compute_uv=False)[-1])

    def configuration(self, q: ArrayLike) -> Configuration:
        """Named posture of a six-axis arm with a spherical wrist or with three parallel axes."""
        joints = np.asarray(q, dtype=float)
        behind, below = self.wrist_behind(joints)
        return Configuration(
            "back" if behind else "front", "down" if below else "up", "no-flip" if joints[4] >= 0 else "flip", turns(joints)
        )

    def wrist_behind(self, q: ArrayLike) -> tuple[bool, bool]:
        """(wrist centre behind axis 1, wrist centre behind the lower arm), the bits ABB and KUKA name postures by.

        Axis 5's origin counts as the wrist centre. "Before axis 1" is where axis 2 lies from axis 1, or where the arm reaches at q = 0
        when the two meet. The wrist is behind the lower arm when it lies on the other side of the line axis 2 - axis 3 than when the
        forearm is folded forward.
        """
        joints = np.asarray(q, dtype=float)
        movable = [joint for joint in self.mechanism.joints if joint.kind != "fixed"]
        Ts, Ts_zero = self.mechanism.fk(joints), self.mechanism.fk(np.zeros(len(joints)))
        p2, p3, p5 = (Ts[movable[i].child][:3, 3] for i in (1, 2, 4))
        axis_1 = Ts[movable[0].child]
        axis_1_zero = Ts_zero[movable[0].child]
        wrist_zero = Ts_zero[movable[4].child][:3, 3]
        forward_local = axis_1_zero[:3, :3].T @ (wrist_zero - axis_1_zero[:3, 3])
        axis_local = movable[0].axis
        forward_local = forward_local - (forward_local @ axis_local) * axis_local
        forward = axis_1[:3, :3] @ forward_local
        behind_axis_1 = bool((p5 - axis_1[:3, 3]) @ forward < 0)
        up = axis_1[:3, :3] @ axis_local
        up = up if up[2] >= 0 else -up
        side = np.cross(forward, up)
        behind_arm = bool(np.cross(p3 - p2, p5 - p2) @ side < 0)
        return behind_axis_1, behind_arm
