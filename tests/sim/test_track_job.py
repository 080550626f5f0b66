"""A robot on a track in its cell: stations the arm alone cannot reach, and a whole job from stack to pallet through every output."""

from __future__ import annotations

import dataclasses
import json
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from cells.load import SHIPPED, load_cell
from core.errors import PliantError
from core.findings import has_errors
from core.frames import rot_x, rot_z, translation
from parts.build import BendSpec, build_sheet
from parts.dxf import read_dxf
from parts.materials import material
from robots.programs.languages import language
from sim.bend_program import bend_program
from sim.bending import plan_bending
from sim.cell_scene import build_cell_scene
from sim.outputs import plan_dict
from sim.programs import export
from sim.recording import recording_glb
from sim.replay import replay
from sim.robot_path import solutions
from sim.verify.verify import verify
from sim.verify.wiring import controller
from sim.world import World

CELL = load_cell("bending-kr120-track")
TEXT = (SHIPPED / "bending-kr120-track.yaml").read_text()
TRAY = Path(__file__).resolve().parents[2] / "examples" / "parts" / "tray.dxf"


def reached(cell, T_world_place) -> int:
    """How many of eight directions of the gripper, tool down, have a solution."""
    turns = [rot_z(k * np.pi / 4) @ rot_x(np.pi) for k in range(8)]
    return sum(len(solutions(cell, cell.grippers[0], T_world_place @ turn)) > 0 for turn in turns)


@pytest.mark.parametrize("name", ["infeed", "outfeed"])
def test_stations_beyond_the_arm_are_reached_with_the_track(name):
    robot = CELL.robot
    height = translation(0.0, 0.0, 0.2)
    fixed = dataclasses.replace(robot, model=robot.model.arm, T_world_base=robot.T_world_base @ height, q_home=robot.q_home[1:])
    alone = dataclasses.replace(CELL, robot=fixed)
    place = CELL.stations[name].T_world_station @ translation(0.0, 0.0, 0.05)
    assert reached(alone, place) == 0
    assert reached(CELL, place) > 0
    # Between the two, before the brake, both reach.
    middle = translation(0.0, -0.9, 1.1)
    assert reached(alone, middle) > 0 and reached(CELL, middle) > 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("home_mm: 0", "home_mm: 2500", "home_mm = 2500 is outside -2000..2000"),
        ("zero_mm: 2000", "zero_mm: 4500", "zero_mm = 4500"),
        ("axis: x", "axis: z", "axis"),
        ("carriage_height_mm: 200", "carriage_height_mm: 100", "carriage_height_mm is 100"),
        ("rpy_deg: [0, 0, 90]}\n  track", "rpy_deg: [0, 10, 90]}\n  track", "upright"),
        ("xyz_mm: [-1390, -1650, 1400]", "xyz_mm: [-1390, -2500, 1400]", "'crossing' stands where the rail"),
        ("box_mm: [800, 600, 1800]", "box_mm: [800, 5000, 1800]", "'control cabinet' stands where the rail"),
        ("speed_mm_s: 1500", "speed_mm_s: -1", "speed_mm_s"),
    ],
)
def test_bad_tracks_are_named(tmp_path, old, new, words):
    assert old in TEXT
    path = tmp_path / "cell.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(PliantError, match=words) as caught:
        load_cell(path)
    assert "cell.yaml" in str(caught.value)


@pytest.mark.parametrize(("axis", "direction"), [("x", (1, 0, 0)), ("-y", (0, -1, 0))])
def test_the_axis_is_a_direction_of_the_world(tmp_path, axis, direction):
    path = tmp_path / "cell.yaml"
    path.write_text(TEXT.replace("axis: x", f"axis: {axis}", 1))
    robot = load_cell(path).robot
    a, b = (robot.T_world_base @ robot.model.fk(np.r_[s, robot.q_home[1:]]) for s in (0.0, 1.0))
    assert b[:3, 3] - a[:3, 3] == pytest.approx(np.array(direction), abs=1e-12)


@pytest.fixture(scope="module")
def tray():
    specs = [BendSpec(np.pi / 2, 1.26e-3)] * 4
    return plan_bending(build_sheet(read_dxf(TRAY), thickness=1e-3, material=material("stainless-304"), specs=specs), CELL)


def test_pybullet_places_every_link_where_we_do(tray):
    model = CELL.robot.model
    state = tray.plan.state_at(0.0)
    with World(tray.cell, tray.setup, tray.part, tray.gripper) as world:
        for q in np.random.default_rng(1).uniform(model.lower, model.upper, (10, 7)):
            world.set_state(dataclasses.replace(state, robot=q))
            theirs = world.link_poses(world.robot, model.mechanism)
            for link, T in zip(model.mechanism.links, CELL.robot.T_world_base @ model.mechanism.fk(q), strict=True):
                assert theirs[link.name] == pytest.approx(T, abs=2e-6)


@pytest.mark.slow
def test_the_whole_job_is_planned(tray):
    model = CELL.robot.model
    assert [finding for finding in tray.plan.findings if finding.level == "error"] == []
    assert tray.plan.phases[-1].fold[-1] == pytest.approx(tray.part.target_angles)
    way = np.concatenate([phase.robot[:, 0] for phase in tray.plan.phases])
    # Sheets on the right, parts on the left.
    assert way.min() < -1.4 and way.max() > 1.4
    for phase in tray.plan.phases:
        if phase.kind in ("linear", "follow"):
            assert np.ptp(phase.robot[:, 0]) < 1e-9
        step = np.diff(phase.times)
        moving = step > 1e-6
        speed = np.abs(np.diff(phase.robot, axis=0)[moving]) / step[moving, None]
        assert np.all(speed <= model.velocity * 1.02)
    # The track is driven near its 1.5 m/s somewhere.
    fastest = max(np.max(np.abs(np.diff(p.robot[:, 0])) / np.maximum(np.diff(p.times), 1e-6)) for p in tray.plan.phases if p.kind == "free")
    assert 1.2 < fastest <= 1.53


@pytest.mark.slow
def test_free_moves_are_free_when_checked_finer(tray):
    whole = build_cell_scene(tray.cell, tray.setup, tray.gripper, tray.part)
    for phase in tray.plan.phases:
        if phase.kind != "free" or np.ptp(phase.robot[:, 0]) < 0.5:
            continue
        allowed = frozenset({(f"flange-{phase.part.flange}", "gripper")}) if phase.gripped and phase.part else frozenset()
        if phase.name in ("approach", "home"):
            allowed |= frozenset(pair for pair, _ in phase.contacts)
        scene = whole.posed(brake=phase.brake[-1], gripper=phase.gripper[-1], placement=phase.part, fold=phase.fold[-1], allowed=allowed)
        fine = np.concatenate(
            [a + np.linspace(0, 1, 6, endpoint=False)[:, None] * (b - a) for a, b in zip(phase.robot[:-1], phase.robot[1:], strict=True)]
        )
        assert min(scene.distances(fine, cap=0.05)) > 0.0


@pytest.mark.slow
def test_the_whole_job_replays_and_is_exported(tray):
    assert replay(tray).findings == ()
    exported = export(tray)
    assert not has_errors(exported.findings), [str(finding) for finding in exported.findings]
    assert exported.verification.moves > 50 and exported.verification.largest_pull < 1e-3
    text = exported.files["TRAY.dat"].decode()
    points = [line for line in text.splitlines() if line.startswith(("DECL E6AXIS", "DECL E6POS"))]
    assert points and all(",E1 " in line for line in points)


@pytest.mark.slow
def test_a_track_position_changed_by_hand_is_found(tray):
    """400 mm on one target of the track in the text: the run names the line, because the sheet is not where it should be."""
    bend = bend_program(tray)
    files = language("krl").write(bend.program, tray.cell.programs)
    text = files["TRAY.dat"].decode()
    line = next(line for line in text.splitlines() if line.startswith("DECL E6AXIS") and ",E1 1750.0" in line)
    files["TRAY.dat"] = text.replace(line, re.sub(r"E1 1750\.0+", "E1 1350.0000", line), 1).encode()
    program = language("krl").read(files, controller(bend.program, tray.cell, "krl"))
    checked = verify(program, tray.cell, tray.gripper, "krl", tray, bend)
    errors = [finding for finding in checked.findings if finding.level == "error"]
    assert errors and errors[0].data["file"] == "TRAY.src" and errors[0].data["line"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rapid", "fanuc", "inform"])
def test_other_languages_carry_the_track_through_the_whole_job(tray, name):
    exported = export(tray, name)
    assert not has_errors(exported.findings), [str(finding) for finding in exported.findings]
    if name == "rapid":
        text = exported.files["TRAY.mod"].decode()
        assert "[1750,9E9,9E9,9E9,9E9,9E9]" in text and "[9E9,9E9,9E9,9E9,9E9,9E9]" not in text


@pytest.mark.slow
def test_a_language_without_tracks_refuses(tray):
    exported = export(tray, "urscript")
    assert exported.files == {} and any(finding.code in ("not-expressible", "no-track", "lacks-track") for finding in exported.findings)


@pytest.mark.slow
def test_recording_and_plan_file_show_the_track(tray):
    data = recording_glb(tray)
    length = struct.unpack_from("<I", data, 12)[0]
    gltf = json.loads(data[20 : 20 + length])
    names = [node["name"] for node in gltf["nodes"]]
    carriage = names.index("robot track_carriage")
    moved = [channel for channel in gltf["animations"][0]["channels"] if channel["target"]["node"] == carriage]
    assert [channel["target"]["path"] for channel in moved] == ["translation"]
    plan = plan_dict(tray)
    assert plan["track_joint"] == "track" and len(plan["robot_joints"]) == 6
    for phase, row in zip(tray.plan.phases, plan["phases"], strict=True):
        assert row["track_m"] == pytest.approx(phase.robot[:, 0], abs=1e-6)
        assert np.array(row["robot_rad"]) == pytest.approx(phase.robot[:, 1:], abs=1e-6)
