"""Welding cells: the shipped ones load, machines are where a hand calculation says, bad files are named with file and line."""

from __future__ import annotations

import numpy as np
import pybullet
import pytest

import urdf.make_weld_machines as machines
from cells.kinds import SHIPPED, shipped_cells
from cells.load import cell_names, load_cell
from cells.model import Cell
from cells.weld_completeness import weld_incomplete
from cells.weld_load import load_any_cell, load_weld_cell, weld_cell_names
from cells.weld_machines import load_procedure, load_torch, procedure_names, torch_names
from cells.weld_model import WeldCell
from core.errors import PliantError
from core.frames import inverse, rot_y, rot_z, translation
from robots.catalogue import URDF_FOLDER, load_robot
from tests.changed_cells import changed

KUKA, TRACK = ((SHIPPED / f"welding-{name}.yaml").read_text() for name in ("kr5", "track"))


def test_kinds_are_told_apart(tmp_path):
    assert set(weld_cell_names()) == {"welding-kr5", "welding-track"} and not set(cell_names()) & set(weld_cell_names())
    assert isinstance(load_any_cell("welding-kr5"), WeldCell) and isinstance(load_any_cell("bending-kr120"), Cell)
    assert isinstance(load_any_cell(changed(tmp_path, KUKA)), WeldCell)
    bending = tmp_path / "bending.yaml"
    bending.write_text((SHIPPED / "bending-irb4600.yaml").read_text())
    assert isinstance(load_any_cell(bending), Cell)
    with pytest.raises(PliantError, match=r"bending\.yaml.*kind: welding"):
        load_weld_cell(bending)
    with pytest.raises(PliantError, match=r"cell\.yaml.*bending cell is needed"):
        load_cell(tmp_path / "cell.yaml")
    with pytest.raises(PliantError, match=r"bending-irb4600.*welding-kr5"):
        load_any_cell("nothing")


@pytest.mark.parametrize("name", shipped_cells("welding"))
def test_shipped_cells_load(name):
    cell = load_weld_cell(name)
    assert cell.robot.model.has_closed_form and len(cell.sha256) == 64
    assert {kind for procedure in cell.procedures for kind in procedure.kinds} == {"fillet", "lap", "corner", "butt"}
    assert weld_incomplete(cell) == []
    assert cell.torch.mass < cell.robot.model.payload


@pytest.mark.parametrize(("name", "degrees"), [("torch-22", 22), ("torch-35", 35), ("torch-45", 45)])
def test_tool_frame_by_hand(name, degrees):
    """220 mm along the flange's z, a bend of 100 mm radius by the neck's angle, 50 mm of neck, 70 mm of nozzle and 13 mm of wire along the new direction."""
    a = np.radians(degrees)
    torch = load_torch(name)
    straight = 0.050 + 0.070 + 0.013
    x = 0.100 * (1 - np.cos(a)) + straight * np.sin(a)
    z = 0.220 + 0.100 * np.sin(a) + straight * np.cos(a)
    assert torch.T_flange_tcp[:3, 3] == pytest.approx((x, 0, z), abs=1e-8)
    assert torch.T_flange_tcp[:3, 2] == pytest.approx((np.sin(a), 0, np.cos(a)), abs=1e-9)
    assert torch.neck_angle == pytest.approx(a, abs=1e-9)
    # The URDF's wire ends there too.
    wire = torch.mechanism.fk([])[torch.mechanism.link_index("wire")]
    assert wire @ translation(0, 0, 0.013) == pytest.approx(torch.T_flange_tcp, abs=2e-6)


@pytest.mark.parametrize("file", ["torches/torch-22", "torches/torch-35", "torches/torch-45", "positioners/two_axis", "robots/weld_arm_1740/weld_arm_1740"])  # fmt: skip
def test_descriptions_load_in_pybullet_and_are_what_the_script_writes(file, tmp_path, monkeypatch):
    monkeypatch.setattr(machines, "HERE", tmp_path)
    for degrees in (22, 35, 45):
        machines.torch(f"torch-{degrees}", degrees)
    machines.positioner()
    machines.arm()
    assert (tmp_path / f"{file}.urdf").read_bytes() == (URDF_FOLDER / f"{file}.urdf").read_bytes()
    client = pybullet.connect(pybullet.DIRECT)
    try:
        uid = pybullet.loadURDF(str(URDF_FOLDER / f"{file}.urdf"), useFixedBase=True, physicsClientId=client)
        joints = [
            pybullet.getJointInfo(uid, index, physicsClientId=client) for index in range(pybullet.getNumJoints(uid, physicsClientId=client))
        ]
    finally:
        pybullet.disconnect(client)
    turning = [joint[1].decode() for joint in joints if joint[2] == pybullet.JOINT_REVOLUTE]
    assert turning == {"torches": [], "positioners": ["tilt", "turn"]}.get(file.split("/")[0], [f"joint_{k}" for k in range(1, 7)])


def test_welding_arm_reaches_as_its_dimensions_say():
    """Shoulder 150 mm out and 450 mm up, upper arm 780, elbow 120 up, forearm 800: stretched forward, the wrist is 150 + 780 + hypot(120, 800) from axis 1."""
    arm = load_robot("weld-arm-1740")
    reach = 0.15 + 0.78 + np.hypot(0.12, 0.80)
    assert reach == pytest.approx(1.739, abs=1e-3)
    # Upper arm level; the forearm's line from elbow to wrist level too when it is turned down by the angle of its offset.
    q = np.array([0.0, np.pi / 2, -np.pi / 2 + np.arctan2(0.12, 0.80), 0.0, 0.0, 0.0])
    wrist = arm.mechanism.fk(q)[arm.mechanism.link_index("link_5")]
    assert wrist[:3, 3] == pytest.approx((reach, 0.0, 0.45), abs=1e-9)


def test_the_kr5_puts_the_wire_on_every_corner_of_its_table():
    cell = load_weld_cell("welding-kr5")
    robot = cell.robot
    for x in (0.45, 1.25):
        for y in (-0.5, 0.5):
            upright = translation(x, y, 0.7) @ rot_y(np.pi)
            found = [
                q
                for k in range(12)
                for q in robot.model.ik(inverse(robot.T_world_base) @ upright @ rot_z(k * np.pi / 6) @ inverse(cell.torch.T_flange_tcp))
            ]
            assert found, (x, y)
            T = robot.T_world_base @ robot.model.fk(found[0]) @ cell.torch.T_flange_tcp
            assert T[:3, 3] == pytest.approx((x, y, 0.7), abs=1e-8) and T[:3, 2] == pytest.approx((0, 0, -1), abs=1e-8)


def test_positioner_by_hand():
    """Root turned by half a turn about z; tilt axis 850 mm up, table 120 mm above it: tilted by 90 deg the table's middle lies 120 mm to world -x, its normal level."""
    cell = load_weld_cell("welding-track")
    assert cell.T_world_workpiece()[:3, 3] == pytest.approx((0, 0, 0.97), abs=1e-9)
    T = cell.T_world_workpiece(np.array([np.pi / 2, 0.3]))
    assert T[:3, 3] == pytest.approx((-0.12, 0, 0.85), abs=1e-9) and T[:3, 2] == pytest.approx((-1, 0, 0), abs=1e-9)


def test_procedures_in_si_and_their_wire_fills_the_throat():
    a3 = load_procedure("fillet-a3")
    assert a3.wire_feed == pytest.approx(0.08) and a3.gas_flow == pytest.approx(14e-3 / 60) and a3.speed == pytest.approx(0.009)
    assert (a3.travel.low, a3.travel.preferred, a3.travel.high) == pytest.approx(tuple(np.radians((-15, -10, 0))))
    for name in procedure_names():
        way = load_procedure(name)
        if way.throat:
            # Wire of 1.2 mm: 1.131 mm2; legs of a fillet are throat times root 2, its section half their square.
            assert 1.0 < 1.131e-6 * way.wire_feed / way.speed / (0.5 * (way.throat * 2**0.5) ** 2) < 1.35


@pytest.mark.parametrize(
    ("text", "old", "new", "words"),
    [
        (KUKA, "torch: torch-35", "torch: torch-99", ["torch-22", "line 8"]),
        (KUKA, "torch: torch-35", "troch: torch-35", ["did you mean 'torch'"]),
        (KUKA, "fillet-a3,", "fillet-a9,", ["fillet-a3", "butt"]),
        (KUKA, "fillet-a3,", "fillet-a4,", ["stands twice"]),
        (KUKA, "size_mm: [800, 1000]", "size_mm: [800, -1]", ["size_mm"]),
        (KUKA, "xyz_mm: [850, 0, 700]}", "xyz_mm: [850, 0, 700], rpy_deg: [5, 0, 0]}", ["upright", "line 9"]),
        (KUKA, "mouth_mm: [250, -800, 800]", "mouth_mm: [250, -800, 100]", ["cleaner", "floor"]),
        (KUKA, "table:\n", "tables:\n", ["did you mean 'table'"]),
        (KUKA, "name: power source", "name: table", ["stands twice", "table"]),
        (KUKA, "name: power source", "name: floor", ["floor itself"]),
        (KUKA, "home_deg: [0, -100, 100, 0, 40, 0]", "home_deg: [0, -100, 200, 0, 40, 0]", ["joint_a3", "158"]),
        (TRACK, "model: two-axis-800", "model: two-axis-9", ["two-axis-800"]),
        (TRACK, "home_deg: [0, 0]", "home_deg: [0]", ["2 joints"]),
        (TRACK, "home_deg: [0, 0]", "home_deg: [120, 0]", ["tilt", "-100.0..100.0"]),
        (TRACK, "positioner:\n", "table: {pose: {xyz_mm: [0, 0, 500]}, size_mm: [100, 100]}\npositioner:\n", ["exactly one", "both"]),
        (TRACK, "xyz_mm: [-1600, -3000, 900]", "xyz_mm: [0, -1250, 900]", ["control cabinet", "rail"]),
    ],
)  # fmt: skip
def test_errors_name_file_place_and_choices(tmp_path, text, old, new, words):
    with pytest.raises(PliantError) as caught:
        load_weld_cell(changed(tmp_path, text, (old, new)))
    assert "cell.yaml" in str(caught.value) and "line" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("thickness_mm: [5, 2]", "least, then the greatest"),
        ("work_deg: [5, 0, 10]", "must rise"),
        ("travel_deg: [-90, 0, 10]", "travel_deg"),
        ("kinds: [spot]", "fillet"),
        ("weave: {shape: heart, frequency_hz: 1, amplitude_mm: 1}", "zigzag"),
    ],
)  # fmt: skip
def test_own_procedures_are_checked(tmp_path, change, word):
    keys = {
        "name": "own", "number": "9", "kinds": "[fillet]", "thickness_mm": "[2, 5]", "throat_mm": "3", "speed_mm_s": "9", "wire_feed_m_min": "4.8", "gas_l_min": "14",
        "work_deg": "[-5, 0, 5]", "travel_deg": "[-10, -5, 0]", "largest_gap_mm": "0.4",
    }  # fmt: skip
    own = "{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}"
    cell = load_weld_cell(changed(tmp_path, KUKA, ("procedures: [", f"procedures: [{own}, ")))
    assert cell.procedures[0].name == "own" and cell.procedures[0].largest_gap == pytest.approx(4e-4)
    key, _, value = change.partition(": ")
    own = "{" + ", ".join(f"{key}: {value}" for key, value in {**keys, key: value}.items()) + "}"
    with pytest.raises(PliantError, match=word):
        load_weld_cell(changed(tmp_path, KUKA, ("procedures: [", f"procedures: [{own}, ")))


OWN_TORCH = "{name: mine, urdf: mine.urdf, tcp: {xyz_mm: [0, 0, 300]}, ctwd_mm: 12, wire_diameter_mm: 1, mass_kg: 2, com_mm: [0, 0, 100]}"
BOX = "<collision><geometry><box size='0.04 0.04 0.1'/></geometry></collision>"


def own_torch(kind="fixed", nozzle="nozzle"):
    limit = "" if kind == "fixed" else "<limit lower='-1' upper='1' velocity='1'/>"
    return (
        f"<robot name='mine'><link name='body'>{BOX}</link><link name='{nozzle}'>{BOX}</link><link name='wire'/>"
        f"<joint name='a' type='{kind}'><parent link='body'/><child link='{nozzle}'/><origin xyz='0 0 0.2'/>{limit}</joint>"
        f"<joint name='b' type='fixed'><parent link='{nozzle}'/><child link='wire'/><origin xyz='0 0 0.1'/></joint></robot>"
    )


def test_own_torch(tmp_path):
    path = changed(tmp_path, KUKA, ("torch: torch-35", f"torch: {OWN_TORCH}"))
    (tmp_path / "mine.urdf").write_text(own_torch())
    torch = load_weld_cell(path).torch
    assert torch.name == "mine" and torch.neck_angle == 0.0 and torch.ctwd == pytest.approx(0.012)
    (tmp_path / "mine.urdf").write_text(own_torch(nozzle="tip"))
    with pytest.raises(PliantError, match="needs a link 'nozzle'; it has body, tip, wire"):
        load_weld_cell(path)
    (tmp_path / "mine.urdf").write_text(own_torch(kind="revolute"))
    with pytest.raises(PliantError, match="no moving joints"):
        load_weld_cell(path)
    with pytest.raises(PliantError, match="inside"):
        load_weld_cell(changed(tmp_path, KUKA, ("torch: torch-35", f"torch: {OWN_TORCH.replace('mine.urdf', '../mine.urdf')}")))


def test_own_positioner_must_turn(tmp_path):
    path = changed(tmp_path, TRACK, ("model: two-axis-800", "urdf: mine.urdf"), ("home_deg: [0, 0]", "home_deg: [10]"))
    one = "<robot name='turntable'><link name='foot'/><link name='table'/><joint name='turn' type='{}'><parent link='foot'/><child link='table'/><axis xyz='0 0 1'/><limit lower='-3' upper='3' velocity='1'/></joint></robot>"
    (tmp_path / "mine.urdf").write_text(one.format("revolute"))
    cell = load_weld_cell(path)
    assert cell.positioner.name == "turntable" and cell.work_area == (0.0, 0.0)
    (tmp_path / "mine.urdf").write_text(one.format("prismatic"))
    with pytest.raises(PliantError, match=r"one or two turning joints; it has turn \(prismatic\)"):
        load_weld_cell(path)


@pytest.mark.parametrize("x", [0, 20000])
def test_the_floor_lies_under_everything(tmp_path, x):
    """Wherever the cell stands in its world: the fence is 2 m behind the robot, 1 m of floor round it."""
    text = KUKA.replace("base: {xyz_mm: [0, 0, 500]}", f"base: {{xyz_mm: [{x}, 0, 500]}}")
    cell = load_weld_cell(changed(tmp_path, text))
    (floor,) = (body for body in cell.bodies if body.group == "floor")
    low, high = floor.hulls[0].min(axis=0), floor.hulls[0].max(axis=0)
    for body in cell.bodies:
        points = np.concatenate(body.hulls) @ body.T_world_body[:3, :3].T + body.T_world_body[:3, 3]
        assert np.all(points[:, :2] >= low[:2]) and np.all(points[:, :2] <= high[:2])
    assert low[0] <= -2.02 - 0.99 and high[2] == 0.0
    # The KR 5's wrist gets 1.41 m from axis 1.
    assert high[0] > x * 1e-3 + 1.41 and low[1] < -1.41


def test_incomplete_cells_are_told(tmp_path):
    path = changed(
        tmp_path, KUKA, ('  arc-ok: {direction: in, address: "$IN[1]"}\n', ""), ("$OUT[2]", "$OUT[1]"), ("lap-thin, corner, corner-a5, butt]", "lap-thin]")
    )  # fmt: skip
    found = {finding.code: finding for finding in weld_incomplete(load_weld_cell(path))}
    assert "arc-ok" in found["signal-missing"].message and found["signal-twice"].level == "error"
    assert "corner or butt" in found["no-procedure"].message


def test_catalogue_names_are_listed():
    assert torch_names() == ["torch-22", "torch-35", "torch-45"]
