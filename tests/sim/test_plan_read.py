"""A plan that went into a result folder and came back: nothing is lost, and what does not belong there is named."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from api.bending import load_result
from api.job_folder import JOB_FILE, checksums, job_files
from api.jobs import BendRequest, drawn_part, job_spec
from cells.load import SHIPPED, load_cell
from core.errors import InputError
from sim.bending import BendingOptions, plan_bending
from sim.outputs import brake_program, plan_dict
from sim.plan_file import FORMAT, PlanFile
from sim.plan_read import read_result
from sim.programs import export
from sim.replay import replay

PARTS = Path(__file__).resolve().parents[2] / "examples" / "parts"


def left_behind(folder: Path, source: Path, cell_name: str | None = None):
    """A job planned as `pliant bend` does; the folder gets its plan and its own inputs, without pictures."""
    asked = job_spec(BendRequest(source, cell_name))
    cell = load_cell(asked.cell)
    _, part = drawn_part(asked)
    result = plan_bending(part, cell, BendingOptions(seed=asked.job.seed, quantity=asked.job.quantity))
    inputs = job_files(asked.job, asked.drawing, cell)
    for name, data in inputs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "plan.json").write_text(json.dumps(plan_dict(result, checksums(inputs))))
    return result


@pytest.fixture(scope="module")
def bracket(tmp_path_factory):
    """The bracket of the examples, planned, and the folder it left."""
    folder = tmp_path_factory.mktemp("bracket")
    return left_behind(folder, PARTS / "bracket.yaml"), folder


@pytest.fixture(scope="module")
def tray_on_track(tmp_path_factory):
    """Four bends by a robot on a track, with a vacuum gripper."""
    folder = tmp_path_factory.mktemp("tray")
    return left_behind(folder, PARTS / "tray.yaml", "bending-kr120-track"), folder


@pytest.fixture
def copied(bracket, tmp_path):
    """The bracket's folder, to be spoiled."""
    return Path(shutil.copytree(bracket[1], tmp_path / "out"))


def assert_same(a, b):
    """Whether two plans say the same to the last bit; the only wall clock in them left out."""
    assert (a.plan.cell, a.plan.part, a.plan.gripper, a.plan.seed) == (b.plan.cell, b.plan.part, b.plan.gripper, b.plan.seed)
    assert (a.stack_face, a.search, a.quantity) == (b.stack_face, b.search, b.quantity)
    assert a.plan.findings == b.plan.findings
    assert len(a.plan.phases) == len(b.plan.phases) > 10
    for one, other in zip(a.plan.phases, b.plan.phases, strict=True):
        for key in ("name", "step", "kind", "stroke", "gripped", "events", "contacts", "waypoints", "closest"):
            assert getattr(one, key) == getattr(other, key), (one.step, one.name, key)
        for key in ("times", "robot", "gripper", "brake", "fold", "part_poses", "corners", "blends"):
            x, y = getattr(one, key), getattr(other, key)
            assert (x is None and y is None) or np.array_equal(x, y), (one.step, one.name, key)
        assert one.clearance == pytest.approx(other.clearance, abs=1e-8)
        assert (one.part is None) == (other.part is None)
        if one.part is not None:
            assert (one.part.held_by, one.part.flange, one.part.by) == (other.part.held_by, other.part.flange, other.part.by)
            assert np.array_equal(one.part.T_holder_flange, other.part.T_holder_flange)
    for one, other in zip(a.plan.steps, b.plan.steps, strict=True):
        for key in one.__slots__:
            x, y = getattr(one, key), getattr(other, key)
            assert np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y, key
    for one, other in zip(a.setup.stations, b.setup.stations, strict=True):
        assert (one.punch.name, one.die.name, one.x_start) == (other.punch.name, other.die.name, other.x_start)
        assert (one.punch_segments, one.die_segments) == (other.punch_segments, other.die_segments)
        assert np.array_equal(one.punch.section, other.punch.section)
    # Which bends share a grip: a change of grip is a regrip.
    assert [g is h for g, h in zip(a.grips, a.grips[1:], strict=False)] == [g is h for g, h in zip(b.grips, b.grips[1:], strict=False)]
    for one, other in zip(a.grips, b.grips, strict=True):
        assert (one.flange, one.face, one.active_cups, one.holding, one.offset) == (
            other.flange, other.face, other.active_cups, other.holding, other.offset,
        )  # fmt: skip
        assert np.array_equal(one.T_flange_tcp, other.T_flange_tcp)


def test_what_comes_back_is_the_plan(bracket):
    result, folder = bracket
    assert_same(result, load_result(folder))


def test_states_and_brake_program_are_the_same(bracket):
    result, folder = bracket
    back = load_result(folder)
    assert brake_program(back) == brake_program(result)
    for time in np.linspace(0.0, result.plan.duration, 50):
        a, b = result.plan.state_at(time), back.plan.state_at(time)
        for key in ("robot", "gripper", "brake", "fold"):
            assert np.array_equal(getattr(a, key), getattr(b, key))
        assert (a.part is None) == (b.part is None)
        assert a.part is None or np.array_equal(a.part.T_holder_flange, b.part.T_holder_flange)


def test_programs_are_the_same_to_the_byte(bracket):
    result, folder = bracket
    wanted, got = export(result), export(load_result(folder))
    assert wanted.files and wanted.files == got.files and wanted.findings == got.findings == ()


def test_the_second_engine_sees_the_same(bracket):
    result, folder = bracket
    wanted, got = replay(result), replay(load_result(folder))
    assert wanted.states == got.states and wanted.findings == got.findings == ()
    for a, b in zip(wanted.clearances, got.clearances, strict=True):
        assert a.bodies == b.bodies and a.distance == pytest.approx(b.distance, abs=1e-5)


@pytest.mark.slow
def test_a_robot_on_a_track_with_four_bends(tray_on_track):
    result, folder = tray_on_track
    back = load_result(folder)
    assert_same(result, back)
    assert export(result).files == export(back).files != {}
    assert (folder / "plan.json").stat().st_size < 1_000_000


def test_a_plan_written_again_is_the_same_file(bracket):
    _, folder = bracket
    written = json.loads((folder / "plan.json").read_text())
    assert plan_dict(load_result(folder), written["job_files"]) == written


def test_without_a_folder(dimmer):
    """By the values alone: a real part, two bends, its own file of the job not at hand."""
    file = PlanFile.model_validate_json(json.dumps(plan_dict(dimmer)))
    assert_same(dimmer, read_result(file, dimmer.part, load_cell("bending-irb4600")))


def test_a_regrip_stays_one(tray_on_track):
    """Which bends share a grip is kept, also where two grips have the same figures."""
    result = tray_on_track[0]
    a, b = result.grips[0], dataclasses.replace(result.grips[0])
    file = PlanFile.model_validate_json(json.dumps(plan_dict(dataclasses.replace(result, grips=(a, a, b, b)))))
    back = read_result(file, result.part, load_cell("bending-kr120-track")).grips
    assert back[0] is back[1] and back[1] is not back[2] and back[2] is back[3]


def test_the_job_file_is_a_job_of_its_own_and_names_nothing_of_this_machine(bracket):
    result, folder = bracket
    text = (folder / JOB_FILE).read_text() + (folder / "plan.json").read_text()
    assert str(PARTS) not in text and str(folder) not in text
    _, part = drawn_part(job_spec(BendRequest(folder / JOB_FILE)))
    assert part is not None and part.mass == result.part.mass
    assert (folder / "job" / "bracket.dxf").read_bytes() == (PARTS / "bracket.dxf").read_bytes()


def test_a_changed_cell_is_an_error_that_blocks_export(copied, bracket):
    planned = bracket[0].plan.findings
    cell = copied / "bending-irb4600.yaml"
    cell.write_text((SHIPPED / "bending-irb4600.yaml").read_text() + "# the fence was moved\n")
    assert load_result(copied).plan.findings == planned
    *others, finding = load_result(copied, str(cell)).plan.findings
    assert tuple(others) == planned
    assert (finding.level, finding.code) == ("error", "cell-changed") and "bending-irb4600.yaml" in finding.message
    same = copied / "line-ends.yaml"
    same.write_bytes((SHIPPED / "bending-irb4600.yaml").read_bytes().replace(b"\n", b"\r\n"))
    assert load_result(copied, str(same)).plan.findings == planned


def test_another_cell_is_refused(copied):
    with pytest.raises(InputError, match=r"plan\.json: (gripper|robot_joints): .*bending-kr120.*give the cell of the plan"):
        load_result(copied, "bending-kr120")


def test_a_plan_in_a_cell_of_ones_own_asks_for_it(copied):
    spoil(copied, lambda plan: plan.update(cell="hall-3"))
    with pytest.raises(InputError, match=r"plan\.json: cell: .*'hall-3', which is not shipped; give its file with --cell"):
        load_result(copied)


def test_no_result_folder(tmp_path):
    for folder in (tmp_path, tmp_path / "none", PARTS / "bracket.dxf"):
        with pytest.raises(InputError, match=r"no plan\.json; give the folder that `pliant bend --out` or `pliant weld --out` wrote"):
            load_result(folder)


def spoil(folder: Path, change) -> None:
    path = folder / "plan.json"
    plan = json.loads(path.read_text())
    change(plan)
    path.write_text(json.dumps(plan))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.99999])
def test_a_plan_that_is_cut_off(copied, share):
    data = (copied / "plan.json").read_bytes()
    (copied / "plan.json").write_bytes(data[: int(share * len(data))])
    with pytest.raises(
        InputError, match=r"plan\.json: (the file is empty|not whole JSON: EOF .* at line 1 column \d+; plan the job again)"
    ):
        load_result(copied)


@pytest.mark.parametrize("data", [b"\x00\xff\xfe" * 40, b"[" * 100_000, b'{"format": "pliant-plan/2", "seed": NaN}', b"null", b"[1, 2]"])
def test_what_is_no_plan_at_all(copied, data):
    (copied / "plan.json").write_bytes(data)
    with pytest.raises(InputError, match=r"plan\.json"):
        load_result(copied)


def phase(plan, name):
    return next(i for i, one in enumerate(plan["phases"]) if one["name"] == name)


def dropped_row(key):
    return lambda plan: plan["phases"][phase(plan, "follow")][key].pop()


FAULTS = {
    "older format": (lambda p: p.update(format="pliant-plan/1"), rf"format: .*'pliant-plan/1'; this version reads '{FORMAT}': plan the job"),
    "no format": (lambda p: p.pop("format"), r"format: the file names no format"),
    "unknown key of a phase": (lambda p: p["phases"][0].update(speed=3), r"phases\[0\]\.speed: unknown key 'speed'"),
    "missing key of a phase": (lambda p: p["phases"][2].pop("fold_rad"), r"phases\[2\]\.fold_rad: the key is missing"),
    "text for a number": (lambda p: p["phases"][0]["times_s"].__setitem__(3, "0.1"), r"phases\[0\]\.times_s\[3\]: .*number \(got '0\.1'\)"),
    "no number": (lambda p: p["phases"][0]["robot_rad"][2].__setitem__(5, float("nan")), r"(NaN|nan|finite)"),
    "robot row missing": (dropped_row("robot_rad"), r"phases\[\d+\]\.robot_rad: \d+ samples; the phase has \d+"),
    "brake row missing": (dropped_row("brake_m"), r"phases\[\d+\]\.brake_m: \d+ samples"),
    "gripper row missing": (dropped_row("gripper_m"), r"phases\[\d+\]\.gripper_m: \d+ samples"),
    "fold row missing": (dropped_row("fold_rad"), r"phases\[\d+\]\.fold_rad: \d+ samples"),
    "joint missing": (lambda p: p["phases"][1]["robot_rad"][4].pop(), r"phases\[1\]\.robot_rad\[4\]: 5 values; there are 6 columns"),
    "track of a robot without one": (lambda p: p["phases"][1].update(track_m=[0.0]), r"phases\[1\]\.track_m: .*has no track"),
    "time goes back": (lambda p: p["phases"][0]["times_s"].__setitem__(3, 0.0), r"phases\[0\]\.times_s\[3\]: .*times may not go back"),
    "gap": (lambda p: p["phases"].pop(4), r"phases\[4\]\.times_s\[0\]: .*the phase before ends at"),
    "roundings lost": (lambda p: p["phases"][0].update(blends_rad=[]), r"phases\[0\]\.blends_rad: a free move has one rounding"),
    "corners lost": (lambda p: p["phases"][0].update(corners_rad=None), r"phases\[0\]\.corners_rad: free moves, and no others"),
    "waypoint beyond": (lambda p: p["phases"][1]["waypoints"].append(5000), r"phases\[1\]\.waypoints: .*below the \d+ samples"),
    "stretched pose": (lambda p: p["steps"][0]["T_world_bend_pinch_m"][0].__setitem__(0, 1.5), r"steps\[0\]\.T_world_bend_pinch_m: not a pose"),
    "flange that is not there": (lambda p: p["phases"][5]["part"].update(flange=7), r"phases\[5\]\.part\.flange: 7 is not among the 2 flanges"),
    "unknown event": (lambda p: p["phases"][2]["events"][0].update(kind="sing"), r"phases\[2\]\.events\[0\]: .*'signal-set', 'signal-wait'"),
    "event without signal": (lambda p: p["phases"][2]["events"][0].pop("signal"), r"phases\[2\]\.events\[0\]\.signal: the key is missing"),
    "event too late": (lambda p: p["phases"][2]["events"][0].update(time_s=99.0), r"phases\[2\]\.events\[0\]\.time_s: 99 s lies outside"),
    "bend without step": (lambda p: p["phases"][6].update(step="bend 9"), r"phases\[6\]\.step: 'bend 9' is not among the steps"),
    "grip and no part": (lambda p: p["phases"][3].update(part=None, gripped=False), r"phases\[2\]\.events: a grip, and no phase of 'pick'"),
    "no steps": (lambda p: p.update(steps=[], step_grips=[]), r"steps: no steps for \d+ phases"),
    "grip that is not there": (lambda p: p.update(step_grips=[3]), r"step_grips\[0\]: 3 is not among the 1 grips"),
    "tool not in stock": (lambda p: p["stations"][0].update(die="D-v999"), r"stations\[0\]\.die: the tool 'D-v999' is not in the stock"),
    "joints of another arm": (lambda p: p["robot_joints"].reverse(), r"robot_joints: the plan has the joints joint_6.*has joint_1"),
    "another part": (lambda p: p["part"].update(mass_kg=99.0), r"part\.mass_kg: .*99 kg, the part given has"),
    "huge number": (lambda p: p["phases"][0]["times_s"].__setitem__(-1, 1e300), r"phases\[0\]\.times_s\[\d+\]: .*less than or equal to"),
    "job file leads out": (lambda p: p["job_files"].update({"../../etc/passwd": "0" * 64}), r"job_files: .*leaves the folder"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_named_with_place_and_remedy(copied, fault):
    change, words = FAULTS[fault]
    before = copy.deepcopy(json.loads((copied / "plan.json").read_text()))
    spoil(copied, change)
    assert json.dumps(json.loads((copied / "plan.json").read_text())) != json.dumps(before)
    with pytest.raises(InputError, match=words) as caught:
        load_result(copied)
    assert caught.value.file is not None and caught.value.file.endswith("plan.json")


@pytest.mark.parametrize("name", ["job/bracket.dxf", JOB_FILE])
def test_inputs_changed_after_planning(copied, name):
    with (copied / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(InputError, match=rf"{name}.*not the one that was planned: its SHA-256 is [0-9a-f]{{64}}, .*put the old file back"):
        load_result(copied)
    (copied / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: no such file"):
        load_result(copied)


def test_a_plan_without_its_job_needs_the_part(copied, bracket):
    spoil(copied, lambda plan: plan.update(job_files=None))
    with pytest.raises(InputError, match=r"plan\.json: job_files: .*plan the job again with --out, or give the part"):
        load_result(copied)
    assert_same(bracket[0], load_result(copied, part=bracket[0].part))


def test_a_job_that_cannot_be_done_comes_back_with_its_reasons(tmp_path):
    job = (PARTS / "bracket.yaml").read_text().replace("thickness_mm: 3", "thickness_mm: 20")
    (tmp_path / "bracket.yaml").write_text(job)
    shutil.copy(PARTS / "bracket.dxf", tmp_path)
    result = left_behind(tmp_path / "out", tmp_path / "bracket.yaml")
    back = load_result(tmp_path / "out")
    assert back.plan.phases == back.plan.steps == () and back.plan.findings == result.plan.findings
    assert any(finding.level == "error" for finding in back.plan.findings)
