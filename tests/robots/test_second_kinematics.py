"""roboticstoolbox's answer against ours, and a planted difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cells.load import load_cell
from robots.catalogue import load_robot, robot_names
from robots.model import RobotModel
from robots.second_kinematics import disagreement, elementary_transforms


@pytest.mark.parametrize("name", robot_names())
def test_shipped_robots_agree(name):
    apart = disagreement(load_robot(name))
    assert apart.pose < 1e-12 and apart.jacobian < 1e-12


def test_an_arm_on_a_track_agrees():
    apart = disagreement(load_cell("bending-kr120-track").robot.model)
    assert apart.pose < 1e-12 and apart.jacobian < 1e-12


def test_a_link_that_is_a_millimetre_longer_is_found():
    """The elementary transforms are made of one arm, our kinematics of another: the flange is 1 mm off in every position."""
    model = load_robot("abb-irb4600-40-255")
    joints = list(model.mechanism.joints)
    last = next(
        i for i, joint in enumerate(joints) if joint.kind == "fixed" and model.mechanism.links[joint.child].name == model.flange_link
    )
    T = joints[last].T_parent_joint.copy()
    T[0, 3] += 1e-3
    joints[last] = replace(joints[last], T_parent_joint=T)
    longer = RobotModel(
        "longer", replace(model.mechanism, joints=tuple(joints)), model.flange_link, model.acceleration, model.jerk, model.payload
    )
    q = np.array([0.3, -0.4, 0.5, 0.6, 0.7, 0.8])
    theirs = np.asarray(elementary_transforms(longer).eval(q))
    assert np.linalg.norm(theirs[:3, 3] - model.fk(q)[:3, 3]) == pytest.approx(1e-3, abs=1e-12)
