"""Kinematics against pinocchio; inverse kinematics against itself the other way round."""

from __future__ import annotations

import numpy as np
import pinocchio
import pytest

from core.errors import InputError
from robots.catalogue import load_robot
from robots.urdf import load_urdf

ROBOTS = ["kuka-kr120-r2500-pro", "abb-irb4600-40-255"]


@pytest.mark.parametrize("name", ROBOTS)
def test_forward_kinematics_agrees_with_pinocchio(name):
    robot = load_robot(name)
    model = pinocchio.buildModelFromXML(robot.mechanism.urdf_text)
    data = model.createData()
    rng = np.random.default_rng(3)
    frame = model.getFrameId(robot.flange_link)
    for q in rng.uniform(robot.lower, robot.upper, (50, 6)):
        pinocchio.framesForwardKinematics(model, data, q)
        assert robot.fk(q) == pytest.approx(data.oMf[frame].homogeneous, abs=1e-9)


@pytest.mark.parametrize("name", ROBOTS)
def test_inverse_kinematics_finds_the_start_and_only_true_solutions(name):
    robot = load_robot(name)
    assert robot.has_closed_form
    rng = np.random.default_rng(4)
    for q in rng.uniform(robot.lower, robot.upper, (150, 6)):
        T = robot.fk(q)
        found = robot.ik(T)
        assert np.min(np.max(np.abs(found - q), axis=1)) < 1e-5
        assert np.all(found >= robot.lower - 1e-12) and np.all(found <= robot.upper + 1e-12)
        assert np.max(np.abs(robot.fk_batch(found) - T)) < 5e-9


def test_jacobian_by_finite_differences():
    robot = load_robot(ROBOTS[0])
    q = np.array([0.3, -1.2, 1.1, 0.4, 0.8, -0.5])
    J = robot.jacobian(q)
    for i in range(6):
        step = np.zeros(6)
        step[i] = 1e-6
        assert (robot.fk(q + step)[:3, 3] - robot.fk(q - step)[:3, 3]) / 2e-6 == pytest.approx(J[:3, i], abs=1e-6)


URDF = "<robot name='r'><link name='a'/><link name='b'/><joint name='j' type='{kind}'><parent link='a'/><child link='{child}'/><axis xyz='{axis}'/><limit lower='{low}' upper='1' velocity='{speed}' effort='1'/></joint></robot>"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"low": "2"}, "not below upper"),
        ({"low": "nan"}, "finite"),
        ({"axis": "0 0 0"}, "axis 0 0 0"),
        ({"speed": "-2"}, "negative"),
        ({"kind": "planar"}, "valid:"),
        ({"child": "zz"}, "not described"),
    ],
)
def test_bad_descriptions_name_the_joint_and_line(tmp_path, change, words):
    values = {"kind": "revolute", "child": "b", "axis": "0 0 1", "low": "-1", "speed": "1", **change}
    path = tmp_path / "r.urdf"
    path.write_text(URDF.format(**values))
    with pytest.raises(InputError, match=words) as caught:
        load_urdf(path)
    assert "line 1" in str(caught.value)


def test_mesh_outside_the_folder_is_refused(tmp_path):
    path = tmp_path / "r.urdf"
    path.write_text(
        "<robot name='r'><link name='a'><collision><geometry><mesh filename='../../../etc/passwd'/></geometry></collision></link></robot>"
    )
    with pytest.raises(InputError, match="leaves"):
        load_urdf(path)
