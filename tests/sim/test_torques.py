"""Torques: pybullet against pinocchio, against hand calculations, and limits planted into a real plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from core.frames import rot_x, rot_z
from robots.catalogue import load_robot, robot_names
from sim.setup_sheet import setup_sheet
from sim.torques import check_torques, gripper_payload, masses_known, part_payload, torque_table
from sim.world_dynamics import Dynamics, Payload
from tests.conftest import strip

G = 9.81


def pinocchio_model(mechanism, flange, payload, base, massless):
    model = pin.Model()
    at = {0: (0, pin.SE3.Identity())}
    for joint in mechanism.joints:
        parent, place = at[joint.parent]
        place = place * pin.SE3(joint.T_parent_joint)
        if joint.kind == "fixed":
            at[joint.child] = (parent, place)
        else:
            index = model.addJoint(parent, pin.JointModelRevoluteUnaligned(joint.axis), place, joint.name)
            at[joint.child] = (index, pin.SE3.Identity())
    for index, link in enumerate(mechanism.links):
        number, place = at[index]
        if not massless and link.mass > 0 and number > 0:
            model.appendBodyToJoint(number, pin.Inertia(link.mass, link.com, link.inertia), place)
        if link.name == flange:
            model.appendBodyToJoint(number, pin.Inertia(payload.mass, payload.com, payload.inertia), place)
    model.gravity.linear = base[:3, :3].T @ np.array([0.0, 0.0, -G])
    return model


@pytest.mark.parametrize("massless", [False, True])
@pytest.mark.parametrize("name", robot_names())
def test_inverse_dynamics_is_pinocchios(name, massless):
    """Random states; the load is as flat as a sheet (its greatest moment is the sum of the others) and turned; the base is tilted."""
    robot = load_robot(name)
    turn = (rot_x(0.4) @ rot_z(1.1))[:3, :3]
    payload = Payload(12.0, np.array([0.1, -0.05, 0.2]), turn @ np.diag([0.3, 0.5, 0.8]) @ turn.T)
    base = rot_x(0.7) @ rot_z(1.0)
    model = pinocchio_model(robot.mechanism, robot.flange_link, payload, base, massless)
    data = model.createData()
    rng = np.random.default_rng(3)
    with Dynamics(robot.mechanism, base, robot.flange_link, payload, massless=massless) as arm:
        for _ in range(100):
            q, qd, qdd = (rng.uniform(-1, 1, 6) * scale for scale in (2.5, 3.0, 10.0))
            assert arm.torques(q, qd, qdd) == pytest.approx(pin.rnea(model, data, q, qd, qdd), abs=1e-5)


def test_static_torque_by_hand():
    """IRB 4600 at zero: forearm level. From axis 2 to the load: 0.96 m forearm, 0.135 m flange, 0.10 m of tool."""
    robot = load_robot("abb-irb4600-40-255")
    payload = Payload(40.0, np.array([0.0, 0.0, 0.10]), np.zeros((3, 3)))
    rest = np.zeros(6)
    with Dynamics(robot.mechanism, np.eye(4), robot.flange_link, payload, massless=True) as arm:
        torques = arm.torques(rest, rest, rest)
        # Turning about axis 1 from rest: (m r^2) alpha with r = 0.175 + 1.195 m.
        turning = arm.torques(rest, rest, np.array([2.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert abs(torques[1]) == pytest.approx(40.0 * G * 1.195, abs=1e-4)
    assert abs(torques[2]) == pytest.approx(40.0 * G * 1.195, abs=1e-4)
    assert abs(torques[4]) == pytest.approx(40.0 * G * 0.235, abs=1e-4)
    assert torques[[0, 3, 5]] == pytest.approx(0.0, abs=1e-5)
    assert abs(turning[0]) == pytest.approx(40.0 * 1.370**2 * 2.0, abs=1e-4)


def test_loads_add_up():
    """A strip of steel held in its middle by a point gripper: mass, centre and moments of a thin bar about both together."""
    part = strip([0.3], 0.4, 0.05)
    T = np.eye(4)
    T[:3, 3] = (-0.2, -0.025, 0.2)
    both = Payload(2.0, np.array([0.0, 0.0, 0.0]), np.zeros((3, 3))).plus(part_payload(part, T, np.zeros(1)))
    mass = 0.4 * 0.05 * 2e-3 * 7850
    assert both.mass == pytest.approx(2.0 + mass, rel=1e-6)
    assert both.com == pytest.approx([0.0, 0.0, 0.2 * mass / (2.0 + mass)], abs=1e-6)
    reduced = 2.0 * mass / (2.0 + mass) * 0.2**2
    assert both.inertia[1, 1] == pytest.approx(mass * 0.4**2 / 12 + reduced, rel=1e-3)


def test_placeholder_masses_are_not_believed():
    """The KR 120's description has 2 kg for every link."""
    assert not masses_known(load_robot("kuka-kr120-r2500-pro").mechanism)
    assert masses_known(load_robot("abb-irb4600-40-255").mechanism)


def test_limits_planted_into_a_plan(dimmer):
    """Unchanged there is no finding but the figures; a rated payload or limit below them is an error that names joint and step."""
    check = check_torques(dimmer)
    assert [finding.level for finding in check.findings] == ["info"]
    assert check.heaviest == pytest.approx(dimmer.gripper.mass + dimmer.part.mass)
    # The load part is at least what holding the gripper at home takes.
    robot = dimmer.cell.robot
    zeros = np.zeros(6)
    with Dynamics(
        robot.model.mechanism, robot.T_world_base, robot.model.flange_link, gripper_payload(dimmer.gripper), massless=True
    ) as arm:
        assert np.all(check.load >= np.abs(arm.torques(robot.q_home, zeros, zeros)) - 1e-6)

    def planted(**changes):
        model = replace(robot.model, **changes)
        return check_torques(replace(dimmer, cell=replace(dimmer.cell, robot=replace(robot, model=model)))).findings

    heavy = planted(payload=3.6)
    assert [finding.code for finding in heavy if finding.level == "error"] == ["payload-exceeded"]
    limit = check.largest * 1.01
    limit[2] = check.largest[2] * 0.99
    weak = [finding for finding in planted(torque_limit=limit) if finding.level == "error"]
    assert [(finding.code, finding.data["joint"], finding.step) for finding in weak] == [("torque-exceeded", "joint_3", check.steps[2])]
    page = setup_sheet(dimmer, {}, None, [torque_table(check)])
    assert "Robot joints" in page and f"{check.largest[1]:.1f}" in page and "not given" in page
