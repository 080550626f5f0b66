"""Cell check: the shipped cells pass without warnings; faults planted in a cell file are found with their figures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cells.load import SHIPPED, cell_names, load_cell
from cells.weld_load import all_cell_names, load_any_cell
from core.errors import InputError
from core.frames import translation
from sim.cell_check import check_cell
from sim.cell_plan import cell_plan
from sim.cell_reach import at_rest, full_beam
from sim.cell_scene import build_cell_scene
from sim.grips import candidate_grips
from sim.handling import lying, reaches, station_groups
from sim.verify.wiring import unsayable_lines
from sim.world_pictures import cell_pictures
from tests.changed_cells import changed, found
from tests.conftest import strip

KUKA, ABB = ((SHIPPED / f"bending-{name}.yaml").read_text() for name in ("kr120", "irb4600"))


def checked(tmp_path, text, *changes):
    return check_cell(load_cell(changed(tmp_path, text, *changes)))


@pytest.mark.parametrize("name", cell_names())
def test_shipped_cells_have_nothing_to_complain_of(name):
    check = check_cell(load_cell(name))
    assert [str(finding) for finding in check.findings if finding.level != "info"] == []
    assert {finding.step for finding in found(check, "in-reach")} == set(check.cell.stations)


def test_a_station_too_far_names_places_and_reasons(tmp_path):
    """At x -1900 the pallet's left edge is 2.51 m from the robot's axis 1, more than a KR 120 R2500 reaches."""
    check = checked(tmp_path, KUKA, ("[-1550, -2700, 300]", "[-1900, -2700, 300]"))
    (finding,) = found(check, "partly-in-reach")
    assert finding.step == "outfeed" and finding.level == "warning"
    missed = {tuple(entry["place_mm"]) for entry in finding.data["vacuum-frame-320"]}
    assert missed == {(-2500.0, y, 300.0) for y in (-3200.0, -2700.0, -2200.0)}
    check = checked(tmp_path, KUKA, ("[-1550, -2700, 300]", "[-4550, -2700, 300]"))
    assert [finding.step for finding in found(check, "out-of-reach")] == ["outfeed"]


def test_addresses_that_the_controller_does_not_have_are_told(tmp_path):
    """A name, and an output where an input is: all wrong lines are told at once, and no other."""
    check = checked(tmp_path, KUKA, ("$OUT[1]", "doBendStart"), ("$IN[3]", "$OUT[30]"))
    wrong = found(check, "signal-address")
    assert [finding.level for finding in wrong] == ["warning"] * 2
    assert "doBendStart" in wrong[0].message + wrong[1].message and "$OUT[30]" in wrong[0].message + wrong[1].message
    for cell in all_cell_names():
        assert unsayable_lines(load_any_cell(cell), load_any_cell(cell).robot.language) == []


def test_reach_circle_by_hand():
    """IRB 4600-40/2.55: wrist 0.2 + 0.135 m above a TCP that points down (tool 200 mm, flange 135 mm from axis 5); arms of 0.9 m and
    hypot(0.175, 0.96) m, shoulder 0.175 m out and 0.495 m above the base, which stands 0.1 m high."""
    check = check_cell(load_cell("bending-irb4600"))
    circle = check.circles[0]
    wrist_above_shoulder = circle.height + 0.335 - 0.595
    outer = 0.175 + np.sqrt((0.9 + np.hypot(0.175, 0.96)) ** 2 - wrist_above_shoulder**2)
    assert outer - 0.011 < circle.outer <= outer


def test_beam_reach_ends_where_the_arm_does():
    """Both sides alike, as the KR 120 stands before the middle; a place 25 mm further is out of the outer circle or the wrist's limits."""
    check = check_cell(load_cell("bending-kr120"))
    for reach in check.beam:
        if reach.left is not None:
            assert reach.left == pytest.approx(-reach.right, abs=1e-9)
    near, far = [reach for reach in check.beam if reach.gripper == "clamp-60"]
    assert far.right == pytest.approx(1.55) and far.ends[0] == "end of the beam"
    assert near.right < far.right


@pytest.mark.parametrize(
    ("change", "code", "names", "depth"),
    [
        # The cabinet's left side at -2000; the fence's inner face at -2980.
        (("[-1600, -4700, 900]", "[-2600, -4700, 900]"), "overlap", ("fence 1", "control cabinet"), 20),
        (("[-1600, -4700, 900]", "[-1600, -4700, 850]"), "overlap", ("floor", "control cabinet"), 50),
        (("[1750, -2350, 500]", "[1750, -500, 1200]"), "overlap", ("brake", "infeed"), None),
        (("[-1600, -4700, 900]", "[0, -2450, 900]"), "overlap", ("base_link", "control cabinet"), None),
        (("[-1600, -4700, 900]", "[0, -1400, 900]"), "collision-at-rest", ("control cabinet", "home"), None),
    ],
)  # fmt: skip
def test_collisions_at_rest(tmp_path, change, code, names, depth):
    findings = found(checked(tmp_path, KUKA, change), code)
    hit = [finding for finding in findings if all(name in str(finding) for name in names)]
    assert hit, [str(finding) for finding in findings]
    if depth is not None:
        assert hit[0].data["depth_mm"] == pytest.approx(depth, abs=1.0)


def test_missing_signal_and_tight_home(tmp_path):
    change = ("  bend-done: {direction: in, address: diBendDone}\n", "")
    check = checked(tmp_path, ABB, change, ("home_deg: [0, -20, 20, 0, 60, 0]", "home_deg: [0, -20, 20, 0, 118, 0]"))
    assert ["bend-done" in finding.message for finding in found(check, "signal-missing")] == [True]
    (home,) = found(check, "home-limits")
    assert home.level == "warning" and home.data["joint"] == "joint_5" and home.data["room_deg"] == pytest.approx(2.0, abs=0.01)


def test_missing_mesh_names_link_and_file(tmp_path):
    (tmp_path / "arm.urdf").write_text(
        '<robot name="arm"><link name="base"/><link name="upper arm"><visual><geometry><mesh filename="gone.stl"/></geometry></visual></link>'
        '<joint name="j" type="revolute"><parent link="base"/><child link="upper arm"/><limit lower="-1" upper="1" velocity="1"/></joint></robot>'
    )
    with pytest.raises(InputError, match=r"arm\.urdf: line 1, link 'upper arm': mesh 'gone\.stl' does not exist"):
        checked(tmp_path, ABB, ("model: abb-irb4600-40-255", "urdf: arm.urdf"))


@pytest.mark.parametrize("name", cell_names())
def test_drawings_show_the_cell(name):
    cell = load_cell(name)
    check = check_cell(cell)
    plan = np.asarray(Image.open(io.BytesIO(cell_plan(check))).convert("RGB")).astype(int)
    green = (np.abs(plan - (0x1D, 0x7A, 0x46)).max(axis=2) < 8).mean()
    red = (np.abs(plan - (0xC6, 0x28, 0x28)).max(axis=2) < 8).sum()
    # Red is in the legend only: one dot of 12 px.
    assert green > 2e-4 and 60 < red < 130
    pictures = cell_pictures(cell, cell.grippers[0], full_beam(cell), at_rest(cell, cell.grippers[0]))
    assert set(pictures) == {"cell_left.png", "cell_right.png"}
    for data in pictures.values():
        image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        yellow = (image[:, :, 0] - image[:, :, 2] > 80) & (image[:, :, 1] - image[:, :, 2] > 60)
        blue = image[:, :, 2] - image[:, :, 0] > 50
        assert yellow.mean() > 5e-3 and blue.mean() > 5e-3


def test_the_vacuum_frame_lays_a_large_sheet_on_the_centring_table():
    """800 x 450 x 1 mm with the cups 1 mm above the table: laid down 20 mm off both stops, slid, taken again."""
    cell = load_cell("bending-kr120")
    part = strip([0.4], 0.8, 0.45, t=1e-3, r=1e-3)
    gripper, table = cell.grippers[0], cell.station("centring")
    assert gripper.name == "vacuum-frame-320"
    scene = build_cell_scene(cell, full_beam(cell), gripper, part)
    grip = candidate_grips(part, gripper)[0]
    T = lying(part, table, grip.face, 0.0)
    slid = table.T_world_station @ translation(0.02, 0.02, 0.001) @ np.linalg.inv(table.T_world_station) @ T
    for T_world_sheet in (slid, T):
        ways, _ = reaches(
            scene, grip, T_world_sheet, np.zeros(1), brake=cell.brake.parked(), allowed=station_groups(part, table),
            gripper_open=np.array(gripper.mechanism.upper),
        )  # fmt: skip
        assert ways
        # Held there, the cups' plane lies one thickness above the surface.
        tcp = cell.robot.T_world_base @ cell.robot.model.fk(ways[0].carry[0]) @ gripper.T_flange_tcp
        height = (np.linalg.inv(table.T_world_station) @ tcp)[2, 3]
        assert height == pytest.approx(part.thickness, abs=1.1e-3) and height > 0.9e-3
