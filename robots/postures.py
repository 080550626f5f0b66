"""Postures of a robot model in the makers' words, and the joint solutions that a maker's words mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from core.errors import UnknownNameError
from core.frames import Array
from robots.configuration import abb_confdata, fanuc_config, kuka_status_turn, yaskawa_rconf
from robots.model import RobotModel
from robots.programs.program import Posture, PostureRule

EDGE = np.radians(2e-3)
"""A joint this near to where a maker's words change may be written with either word: text is rounded, and so is arithmetic."""


@dataclass(frozen=True, eq=False, slots=True)
class ArmSeen:
    """What makers name a posture by.

    Attributes:
        q_deg: The arm's six joints (6,) [deg], signs and zeros of the model.
        behind_axis_1: The wrist centre lies behind axis 1.
        behind_lower_arm: The forearm is folded back over the line axis 2 - axis 3.
        stretched_deg: Axis 3 where axis 2, axis 3 and the wrist centre lie on one line [deg].
    """

    q_deg: Array
    behind_axis_1: bool
    behind_lower_arm: bool
    stretched_deg: float


MAKERS: dict[str, Callable[[ArmSeen], tuple[int | str, ...]]] = {
    "abb": lambda arm: abb_confdata(arm.q_deg, wrist_behind_axis_1=arm.behind_axis_1, wrist_behind_lower_arm=arm.behind_lower_arm),
    "fanuc": lambda arm: fanuc_config(arm.q_deg, wrist_behind_axis_1=arm.behind_axis_1, elbow_down=arm.behind_lower_arm),
    "yaskawa": lambda arm: yaskawa_rconf(arm.q_deg, wrist_behind_axis_1=arm.behind_axis_1, elbow_down=arm.behind_lower_arm),
    "kuka": lambda arm: kuka_status_turn(arm.q_deg, wrist_behind_axis_1=arm.behind_axis_1, a3_offset_deg=arm.stretched_deg),
}
"""Maker -> values of `Posture`."""


def posture_rule(model: RobotModel) -> PostureRule:
    """Names postures of a model: (maker, joints (n,), a track first) -> posture; raises `UnknownNameError` for other makers than `MAKERS`."""
    arm = model.arm or model
    stretched = float(np.degrees(stretched_axis_3(arm)))

    def rule(maker: str, q: Array) -> Posture:
        if maker not in MAKERS:
            raise UnknownNameError("maker", maker, list(MAKERS))
        joints = np.asarray(q, dtype=float)[model.slides :]
        behind_axis_1, behind_lower_arm = arm.wrist_behind(joints)
        return Posture(maker, MAKERS[maker](ArmSeen(np.degrees(joints), behind_axis_1, behind_lower_arm, stretched)))

    return rule


def stretched_axis_3(arm: RobotModel) -> float:
    """Angle of joint 3 at which the wrist centre (origin of joint 5) lies on the line through axes 2 and 3, beyond axis 3 [rad]."""
    movable = [joint for joint in arm.mechanism.joints if joint.kind != "fixed"]
    Ts = arm.mechanism.fk(np.zeros(len(movable)))
    p2, p3, p5 = (Ts[movable[i].child][:3, 3] for i in (1, 2, 4))
    axis = Ts[movable[2].child][:3, :3] @ movable[2].axis
    # Parts along axis 3 do not change when it turns.
    upper, fore = (v - (v @ axis) * axis for v in (p3 - p2, p5 - p3))
    return float(np.arctan2(np.cross(fore, upper) @ axis, fore @ upper))


def solutions_with(model: RobotModel, T_base_flange: Array, posture: Posture, track: float | None = None) -> Array:
    """All joint solutions (m, n) of a pose that a posture may mean, those that it names exactly first.

    Where a joint stands on the edge between two words (`EDGE`), either is accepted: axis 4 at 0.0000 deg is `-0.00001` to the one who wrote the
    target. There may then be two solutions a whole turn apart; who follows a program takes the nearer one.

    Args:
        model: The robot.
        T_base_flange: The flange's pose (4, 4).
        posture: In a maker's words.
        track: Position of the track [m], when there is one.

    Raises:
        UnknownNameError: A maker that is not among `MAKERS`.
    """
    rule = posture_rule(model)
    found = model.ik(T_base_flange, slide=track)
    exact = [q for q in found if rule(posture.maker, q).values == posture.values]
    taken = {id(q) for q in exact}
    edge = [
        q for q in found if id(q) not in taken and any(rule(posture.maker, other).values == posture.values for other in _at_edges(model, q))
    ]
    return np.array(exact + edge).reshape(-1, len(model.lower))


def _at_edges(model: RobotModel, q: Array) -> Iterator[Array]:
    """Joints moved over the edges they stand at: quarter turns of every axis, the stretched arm, the wrist over axis 1."""
    quarter = np.pi / 2
    choices = []
    for i, value in enumerate(q):
        near = i >= model.slides and abs(value - round(value / quarter) * quarter) < EDGE
        choices.append((0.0, EDGE, -EDGE) if near else (0.0,))
    arm = model.arm or model
    joints = q[model.slides :]
    for joint in (1, 2):
        for step in (EDGE, -EDGE):
            moved = joints.copy()
            moved[joint] += step
            if arm.wrist_behind(moved) != arm.wrist_behind(joints):
                choices[model.slides + joint] = (0.0, EDGE, -EDGE)
    for steps in product(*choices):
        if any(steps):
            yield q + np.array(steps)
