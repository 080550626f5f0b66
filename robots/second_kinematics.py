"""The arm once more in roboticstoolbox, as an elementary transform sequence: an independent answer to where the flange is and how it moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import roboticstoolbox

from core.frames import Array, from_axes, inverse
from robots.model import RobotModel


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Largest differences over all positions looked at: of flange poses [m and entries of the rotation], of Jacobians [m or rad per rad or m]."""

    pose: float
    jacobian: float


def elementary_transforms(model: RobotModel) -> Any:
    """The chain from base to flange as an elementary transform sequence of roboticstoolbox, joints in the model's order."""
    mechanism = model.mechanism
    toolbox: Any = roboticstoolbox
    ET, ETS = toolbox.ET, toolbox.ETS
    pieces: list[Any] = []
    for index in mechanism.chain(model.flange_link):
        joint = mechanism.joints[index]
        if joint.kind == "fixed":
            pieces.append(ET.SE3(joint.T_parent_joint))
            continue
        # roboticstoolbox turns about and slides along coordinate axes only: the joint's axis becomes z, and back.
        T_joint_z = _with_z(joint.axis)
        column = mechanism.joint_names.index(joint.name)
        moving = ET.Rz(jindex=column) if joint.kind == "revolute" else ET.tz(jindex=column)
        before, after = (ET.SE3(T) for T in (joint.T_parent_joint @ T_joint_z, inverse(T_joint_z)))
        pieces += [before, moving, after]
    return ETS(pieces)


def disagreement(model: RobotModel, *, samples: int = 100) -> Disagreement:
    """Our forward kinematics and Jacobian against roboticstoolbox's at seeded positions inside the joint limits."""
    ets = elementary_transforms(model)
    rng = np.random.default_rng(0)
    pose, jacobian = 0.0, 0.0
    for q in rng.uniform(model.lower, model.upper, (samples, len(model.lower))):
        pose = max(pose, float(np.max(np.abs(np.asarray(ets.eval(q)) - model.fk(q)))))
        jacobian = max(jacobian, float(np.max(np.abs(np.asarray(ets.jacob0(q)) - model.jacobian(q)))))
    return Disagreement(pose, jacobian)


def _with_z(axis: Array) -> Array:
    """A rotation (4, 4) whose z axis is `axis`."""
    helper = np.eye(3)[int(np.argmin(np.abs(axis)))]
    x = np.cross(helper, axis)
    x = x / np.linalg.norm(x)
    return from_axes(x, np.cross(axis, x), axis, (0.0, 0.0, 0.0))
