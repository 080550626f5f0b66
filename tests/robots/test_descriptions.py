"""Robots from xacro and from files that engineers bring: they load with all meshes, and kinematics agree with a second library."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pinocchio
import pytest

from cells.load import SHIPPED, load_cell
from core.errors import InputError
from robots.catalogue import load_robot, robot_entry
from robots.urdf import load_urdf

SHARED = Path(__file__).resolve().parents[3] / "shared" / "robots"


def test_kr5_arc_comes_from_xacro_with_all_meshes():
    robot = load_robot("kuka-kr5-arc")
    links = {link.name: link for link in robot.mechanism.links}
    for name in ("base_link", *(f"link_{i}" for i in range(1, 7))):
        assert len(links[name].visuals) == 1 and len(links[name].hulls) == 1
    assert (robot.payload, robot.language, robot.has_closed_form) == (5, "krl", True)
    # The data sheet's reach: from axis 1 to the wrist centre with the arm stretched out level.
    wrist = robot.mechanism.link_index("link_5")
    reach = max(np.linalg.norm(robot.mechanism.fk([0, 0, a, 0, 0, 0])[wrist][:2, 3]) for a in np.linspace(-0.26, 0.6, 2000))
    assert reach == pytest.approx(robot_entry("kuka-kr5-arc")["reach_m"], abs=1e-3)


def test_kr5_arc_agrees_with_pinocchio_both_ways():
    robot = load_robot("kuka-kr5-arc")
    model = pinocchio.buildModelFromXML(robot.mechanism.urdf_text)
    data = model.createData()
    frame = model.getFrameId("tool0")
    rng = np.random.default_rng(5)
    for q in rng.uniform(robot.lower, robot.upper, (40, 6)):
        pinocchio.framesForwardKinematics(model, data, q)
        T = robot.fk(q)
        assert pytest.approx(data.oMf[frame].homogeneous, abs=1e-9) == T
        assert np.min(np.max(np.abs(robot.ik(T) - q), axis=1)) < 1e-5


XACRO = """<robot name="x" xmlns:xacro="http://wiki.ros.org/xacro">
<xacro:property name="length" value="0.5"/>
<xacro:arg name="prefix" default="p_"/>
<xacro:macro name="bar" params="name"><link name="$(arg prefix)${name}"><collision><geometry><box size="${length} ${length/2} 1"/></geometry></collision></link></xacro:macro>
%s
<xacro:bar name="a"/><xacro:bar name="b"/>
<joint name="j" type="revolute"><parent link="$(arg prefix)a"/><child link="$(arg prefix)b"/><axis xyz="0 0 1"/><limit lower="${-pi/2}" upper="${radians(90)}" velocity="1" effort="1"/></joint>
</robot>"""


def test_xacro_properties_macros_arguments_and_find(tmp_path):
    package = tmp_path / "colours"
    package.mkdir()
    (package / "c.xacro").write_text('<robot xmlns:xacro="http://wiki.ros.org/xacro"><xacro:property name="length" value="0.8"/></robot>')
    path = tmp_path / "r" / "x.urdf.xacro"
    path.parent.mkdir()
    path.write_text(XACRO % '<xacro:include filename="$(find colours)/c.xacro"/>')
    mechanism = load_urdf(path, packages={"colours": package}, xacro_args={"prefix": "q_"})
    assert [link.name for link in mechanism.links] == ["q_a", "q_b"]
    assert np.ptp(mechanism.links[0].hulls[0], axis=0) == pytest.approx([0.8, 0.4, 1.0])
    assert mechanism.upper == pytest.approx([np.pi / 2])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('<xacro:include filename="$(find nothing)/c.xacro"/>', "package 'nothing' is not known"),
        ('<xacro:include filename="/etc/passwd"/>', "outside the description's folders"),
        ('<xacro:include filename="../../c.xacro"/>', "outside the description's folders"),
        ('<xacro:include filename="x.xacro"/>', "included in a ring|too deeply|calls itself"),
        ('<xacro:property name="p" value="${xacro.load_yaml(\'/etc/hosts\')}"/><link name="${p}"/>', "outside"),
        ('<link name="$(env HOME)"/>', "environment"),
        ('<link name="${undefined_thing}"/>', "undefined_thing"),
        ("<xacro:nothing/>", "unknown macro"),
        ('<xacro:macro name="m" params=""><xacro:m/></xacro:macro><xacro:m/>', "calls itself|deeply"),
        ('<link name="${len(list(range(10**10)))}"/>', "memory|time"),
        ("<link", "xacro cannot expand"),
    ],
)
def test_xacro_that_must_be_refused(tmp_path, line, words):
    path = tmp_path / "r" / "x.xacro"
    path.parent.mkdir()
    path.write_text(XACRO % line)
    with pytest.raises(InputError, match=words) as caught:
        load_urdf(path)
    assert "x.xacro" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "packages", "relative"),
    [
        ("irb2400", ["abb_irb2400_support"], False),
        ("irb2400", ["abb_irb2400_support"], True),
        ("gp25", ["motoman_gp25_support"], False),
        ("ur10e", ["ur_description"], False),
    ],
)
def test_a_cell_with_its_own_robot(tmp_path, name, packages, relative):
    if not SHARED.is_dir():
        pytest.skip("the folder of real robots (../shared/robots) is not on this machine")
    text = (SHARED / f"{name}.urdf").read_text()
    for package in packages:
        shutil.copytree(SHARED / package, tmp_path / "robot" / package)
        text = text.replace(f"package://{package}", package) if relative else text
    (tmp_path / "robot" / "r.urdf").write_text(text)
    shipped = (SHIPPED / "bending-irb4600.yaml").read_text()
    robot = shipped[shipped.index("robot:") : shipped.index("grippers:")]
    own = "robot:\n  urdf: robot/r.urdf\n  flange: tool0\n  payload_kg: 10\n  language: rapid\n  home_deg: [0, -20, 20, 0, 60, 0]\n  base: {xyz_mm: [0, -1750, 100]}\n"
    if not relative:
        own += "  packages: {" + ", ".join(f"{package}: robot/{package}" for package in packages) + "}\n"
    (tmp_path / "cell.yaml").write_text(shipped.replace(robot, own))
    model = load_cell(tmp_path / "cell.yaml").robot.model
    assert all(link.hulls for link in model.mechanism.links if link.name.startswith("link_") or "upper_arm" in link.name)
    reference = pinocchio.buildModelFromXML(text)
    data = reference.createData()
    frame = reference.getFrameId("tool0")
    rng = np.random.default_rng(6)
    for q in rng.uniform(np.maximum(model.lower, -3), np.minimum(model.upper, 3), (10, 6)):
        pinocchio.framesForwardKinematics(reference, data, q)
        T = model.fk(q)
        assert pytest.approx(data.oMf[frame].homogeneous, abs=1e-9) == T
        found = model.ik(T)
        assert len(found) and np.min(np.max(np.abs(found - q), axis=1)) < 1e-5
