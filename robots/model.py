"""A robot: a mechanism with a flange, limits, payload and inverse kinematics."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from core.errors import InputError
from core.frames import Array, inverse
from robots.configuration import Configuration, turns
from robots.ik import ClosedForm, Screws, jacobian, jacobian_batch, numeric, with_turns
from robots.mechanism import Mechanism

TRACK_RASTER = 0.25
"""Spacing of the positions at which a robot stands on its track [m]."""
GOOD_SHARE = (0.45, 0.85)
"""A target lies well when it is this far from the shoulder, as a share of the stretched arm."""
MOST_POSITIONS = 4


@dataclass(frozen=True, eq=False, slots=True)
class RobotModel:
    """Kinematics and limits of an arm, or of an arm on a track. Joint order is the mechanism's; a track's joint comes first, in metres.

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
        arm: The same arm without its track; None: it has none.
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
    arm: RobotModel | None = None
    torque_limit: Array | None = None
    _flange: int = field(init=False, repr=False)
    _screws: Screws = field(init=False, repr=False)
    _closed: ClosedForm | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.mechanism.joint_names)
        if self.acceleration.shape != (n,) or self.jerk.shape != (n,):
            raise InputError(
                f"robot '{self.name}' has {n} joints; acceleration {self.acceleration.shape} and jerk {self.jerk.shape} must have as many values"
            )
        if self.torque_limit is not None and self.torque_limit.shape != (n,):
            raise InputError(f"robot '{self.name}' has {n} joints; torque limits {self.torque_limit.shape} must have as many values")
        object.__setattr__(self, "_flange", self.mechanism.link_index(self.flange_link))
        if self.arm is not None and n != len(self.arm.lower) + 1:
            raise InputError(
                f"robot '{self.name}' has {n} joints; a track and an arm of {len(self.arm.lower)} make one more than the arm's"
            )
        alone = self.arm is None
        screws = Screws.of(self.mechanism, self._flange)
        object.__setattr__(self, "_screws", screws)
        closed = ClosedForm(screws) if alone and screws.six_turning else None
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
        return self._closed is not None if self.arm is None else self.arm.has_closed_form

    @property
    def slides(self) -> int:
        """How many sliding joints stand before the arm's: 1 on a track, else 0."""
        return 0 if self.arm is None else 1

    def fk(self, q: ArrayLike) -> Array:
        """T_base_flange (4, 4)."""
        return self.mechanism.fk(q)[self._flange]

    def fk_batch(self, qs: ArrayLike) -> Array:
        """Ts_base_flange (k, 4, 4)."""
        return self.mechanism.fk_batch(qs)[:, self._flange]

    def ik(self, T_base_flange: Array, *, slide: float | None = None, near: float | None = None) -> Array:
        """All joint solutions (m, n) inside the limits, whole turns included, each true to 1e-9 m and rad; sorted.

        On a track there are endlessly many: these are the arm's at the positions of `track_positions`, in that order; where
        it has none there, those at all positions of the raster.

        Args:
            T_base_flange: The flange's pose (4, 4).
            slide: Keep the track at this position [m].
            near: Prefer track positions near this one [m]; None: the middle of the track.
        """
        if self.arm is not None and slide is None:
            found = np.zeros((0, len(self.lower)))
            for positions in (np.array(self.track_positions(T_base_flange, near)), self._track_raster):
                if len(found) == 0:
                    found = self.ik_many(np.repeat(T_base_flange[None], len(positions), axis=0), slides=positions)[0]
            return found
        return self.ik_many(T_base_flange[None], slides=slide)[0]

    def ik_many(self, Ts_base_flange: Array, *, slides: float | Array | None = None) -> tuple[Array, Array]:
        """Solutions of many poses (k, 4, 4), as `ik` gives them: joints (m, n), and which pose each belongs to (m,), in order of the poses.

        The turn of a pose may be rounded to six decimals: its solutions are true to the nearest rotation.

        Args:
            Ts_base_flange: The flange's poses.
            slides: Of a robot on a track, where it stands: for all, or for each pose (k,) [m].

        Raises:
            ValueError: A pose is not all finite numbers.
        """
        count = len(Ts_base_flange)
        if not np.all(np.isfinite(Ts_base_flange)):
            raise ValueError("poses must be finite numbers")
        if self.arm is not None:
            if slides is None:
                raise ValueError("on a track every pose needs a position of the track")
            at = np.broadcast_to(np.asarray(slides, dtype=float), (count,))
            kept = np.flatnonzero((at >= self.lower[0] - 1e-9) & (at <= self.upper[0] + 1e-9))
            bases = np.repeat(self._T_base_arm(0.0)[None], len(kept), axis=0)
            bases[:, :3, 3] += at[kept, None] * self.mechanism.joints[0].axis
            found, own = self.arm.ik_many(inverse(bases) @ Ts_base_flange[kept])
            return np.c_[at[kept][own], found], kept[own]
        solved = (
            numeric(self._screws, Ts_base_flange, self.lower, self.upper) if self._closed is None else self._closed.solve(Ts_base_flange)
        )
        return with_turns(self._screws.slides, *solved, self.lower, self.upper)

    def _T_base_arm(self, position: float) -> Array:
        """The arm's base in the track's (4, 4)."""
        assert self.arm is not None
        q = np.zeros(len(self.lower))
        q[0] = position
        T: Array = self.mechanism.fk(q)[self.mechanism.link_index(self.arm.mechanism.links[0].name)]
        return T

    @property
    def _track_raster(self) -> Array:
        """Positions over the whole track, `TRACK_RASTER` apart or a little more or less [m]."""
        count = max(round(float(self.upper[0] - self.lower[0]) / TRACK_RASTER), 1)
        return np.linspace(self.lower[0], self.upper[0], count + 1)

    def track_positions(self, T_base_flange: Array, near: float | None = None) -> tuple[float, ...]:
        """Where on its track the robot should stand for a pose [m], at most `MOST_POSITIONS`, the nearest to `near` first.

        Positions lie on a raster of `TRACK_RASTER` over the whole track, so that neighbouring targets share them and the robot drives less. Those
        count from which the target lies at a good distance (`GOOD_SHARE` of the arm's reach); if there is none, the one that comes nearest to it.
        """
        assert self.arm is not None
        raster = self._track_raster
        start, along = self._T_base_arm(0.0), self.mechanism.joints[0].axis
        shoulder, reach = self.arm.shoulder_and_reach
        way = T_base_flange[:3, 3] - start[:3, :3] @ shoulder - start[:3, 3]
        share = np.linalg.norm(way - raster[:, None] * along, axis=1) / reach
        missed = np.maximum(np.maximum(GOOD_SHARE[0] - share, share - GOOD_SHARE[1]), 0.0)
        reference = (self.lower[0] + self.upper[0]) / 2 if near is None else near
        good = [k for k in range(len(raster)) if missed[k] == 0.0] or [int(np.argmin(missed))]
        good.sort(key=lambda k: (round(abs(float(raster[k]) - reference), 6), k))
        return tuple(float(raster[k]) for k in good[:MOST_POSITIONS])

    @property
    def shoulder_and_reach(self) -> tuple[Array, float]:
        """Origin of joint 2 at q = 0 in the base (3,) [m], and the length of the arm from there to the wrist centre, stretched [m]."""
        movable = [joint for joint in self.mechanism.joints if joint.kind != "fixed"]
        Ts = self.mechanism.fk(np.zeros(len(movable)))
        points = [Ts[joint.child][:3, 3] for joint in movable[1:5]]
        return points[0], float(sum(np.linalg.norm(b - a) for a, b in zip(points[:-1], points[1:], strict=True)))

    def jacobian(self, q: ArrayLike) -> Array:
        """Geometric Jacobian (6, n) at the flange, base axes."""
        return jacobian(self.mechanism, self._flange, np.asarray(q, dtype=float))

    def singularity(self, qs: ArrayLike) -> Array:
        """Smallest singular value (k,) of the arm's Jacobian at joint positions (k, n), lengths scaled by the reach of one metre; 0 in a singularity.

        A track does not count: it stands still while the tool follows a line.
        """
        joints = np.asarray(qs, dtype=float)
        if self.arm is not None:
            return self.arm.singularity(joints[:, 1:])
        found: Array = np.linalg.svd(jacobian_batch(self.mechanism, self._flange, joints), compute_uv=False)[:, -1]
        return found

    def configuration(self, q: ArrayLike) -> Configuration:
        """Named posture of a six-axis arm with a spherical wrist or with three parallel axes."""
        if self.arm is not None:
            return self.arm.configuration(np.asarray(q, dtype=float)[1:])
        joints = np.asarray(q, dtype=float)
        behind, behind_arm = self.wrist_behind(joints)
        return Configuration(
            "back" if behind else "front", "down" if behind_arm else "up", "no-flip" if joints[4] >= 0 else "flip", turns(joints)
        )

    def wrist_behind(self, q: ArrayLike) -> tuple[bool, bool]:
        """(wrist centre behind axis 1, wrist centre behind the lower arm), the bits ABB and KUKA name postures by.

        Axis 5's origin counts as the wrist centre. "Before axis 1" is where axis 2 lies from axis 1, or where the arm reaches at q = 0
        when the two meet. The wrist is behind the lower arm when it lies on the other side of the line axis 2 - axis 3 than when the
        forearm is folded forward.
        """
        if self.arm is not None:
            return self.arm.wrist_behind(np.asarray(q, dtype=float)[1:])
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
        behind_arm = bool(np.cross(p3 - p2, p5 - p2) @ side > 0)
        return behind_axis_1, behind_arm
