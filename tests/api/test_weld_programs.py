"""`pliant export`, `verify` and `diff` on a welding job and a welding cell, as a user runs them; its result folder read back."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import trimesh
from typer.testing import CliRunner

from api.cli import app
from api.weld_results import load_weld_result
from core.errors import InputError
from core.files import result_path
from robots.programs.languages import LANGUAGES
from sim.weld.outputs import weld_plan_dict

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "weld"


def pliant(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def data(done):
    return json.loads(done.stdout[done.stdout.index("{") :])


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """The T joint of the examples, planned."""
    folder = tmp_path_factory.mktemp("welds") / "t"
    done = pliant("weld", EXAMPLES / "t_joint.step", "--cell", "welding-kr5", "--out", folder)
    assert done.exit_code == 0, done.output
    return folder


def edited(job, tmp_path, old, new):
    folder = tmp_path / "edited"
    shutil.copytree(job / "robot", folder)
    found = 0
    for path in folder.iterdir():
        text, count = re.subn(old, new, path.read_bytes().decode(), count=1)
        found += count
        path.write_bytes(text.encode())
    assert found
    return folder


def test_our_own_program_verifies_with_and_without_its_job(job, tmp_path):
    summary = data(pliant("verify", job / "robot", "--job", job, "--out", tmp_path / "v", "--json"))
    assert summary["verified"] and summary["changes"] == [] and summary["run"]["beads"] == 2 and summary["run"]["off_seam_mm"] < 0.01
    assert (tmp_path / "v" / "recording.glb").read_bytes()[:4] == b"glTF"
    planned = json.loads((job / "summary.json").read_text())["program"]
    assert planned == summary["run"] | {"sha256": planned["sha256"]} and len(planned["sha256"]) == 2
    empty = data(pliant("verify", job / "robot", "--cell", "welding-kr5", "--json"))
    assert empty["verified"] and empty["run"]["moves"] == planned["moves"]


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_language_is_exported_and_the_same_as_the_plan(job, tmp_path, name):
    out = tmp_path / name
    done = pliant("export", job, "--language", name, "--out", out)
    assert done.exit_code == 0, done.output
    again = pliant("verify", out, "--job", job, "--json")
    assert again.exit_code == 0 and data(again)["changes"] == []


def test_a_target_moved_into_the_plate_is_found_with_its_line(job, tmp_path):
    """The end of a bead 12 mm lower: the arc ends beside its seam, and the nozzle is in the base plate before."""
    source = (job / "robot" / "T_JOINT.src").read_text().splitlines()
    arc_on = next(i for i, line in enumerate(source) if line.startswith("WELD_ON"))
    at = next(i for i in range(arc_on, len(source)) if source[i].startswith("LIN "))
    point = source[at].split()[1]
    z = float(re.search(rf"X?{point}=.*?Z (-?[\d.]+)", (job / "robot" / "T_JOINT.dat").read_text()).group(1))
    folder = edited(job, tmp_path, rf"(X?{point}=.*?Z )-?[\d.]+", rf"\g<1>{z - 12:.4f}")
    done = pliant("verify", folder, "--job", job, "--json")
    assert done.exit_code == 1
    summary = data(done)
    contacts = [finding for finding in summary["findings"] if finding["code"] == "contact"]
    assert (at + 1, "T_JOINT.src") in {(finding["data"]["line"], finding["data"]["file"]) for finding in contacts}
    assert any("torch nozzle" in finding["message"] for finding in contacts)
    assert {"bead-ends", "off-seam"} & {finding["code"] for finding in summary["findings"]}
    (moved,) = [change for change in summary["changes"] if change["kind"] == "target"]
    assert "-12.000" in moved["change"]


def test_a_wait_that_its_machine_does_not_answer_says_why(job, tmp_path):
    """URScript welds by lines: without the output the power source never shows an arc."""
    out = tmp_path / "ur"
    assert pliant("export", job, "--language", "urscript", "--out", out).exit_code == 0
    (script,) = out.iterdir()
    text = script.read_text()
    cut, count = re.subn(r"(?m)^(\s*)set_standard_digital_out\(0, True\).*\n", "", text, count=1)
    assert count == 1
    script.write_text(cut)
    done = pliant("verify", out, "--job", job, "--json")
    assert done.exit_code == 1
    messages = [finding["message"] for finding in data(done)["findings"] if finding["code"] == "wait-timeout"]
    assert messages and "arc-ok follows the output arc-on, which is off" in messages[0]


def test_the_plan_is_read_back_figure_for_figure(job):
    written = json.loads((job / "plan.json").read_text())
    back = load_weld_result(job)
    assert weld_plan_dict(back.plan, back.cell, written["job_files"]) == written
    assert np.array_equal(back.plan.phases[3].robot, np.array(written["phases"][3]["robot_rad"]))


def test_a_placed_job_with_own_options_is_read_back(tmp_path):
    """A job file whose weldment lies in a folder below it, turned and put aside."""
    (tmp_path / "in" / "parts").mkdir(parents=True)
    shutil.copy(EXAMPLES / "t_joint.step", tmp_path / "in" / "parts" / "tee.step")
    source = tmp_path / "in" / "mine.yaml"
    source.write_text("weldment: parts/tee.step\nplacement: {xyz_mm: [20, 10, 0], rpy_deg: [0, 0, 5]}\nwelding: {tacks: {}}\n")
    out = tmp_path / "out"
    assert pliant("weld", source, "--cell", "welding-kr5", "--seed", "3", "--out", out).exit_code == 0
    assert (out / "job" / "parts" / "tee.step").read_bytes() == (EXAMPLES / "t_joint.step").read_bytes()
    back = load_weld_result(out)
    assert back.plan.seed == 3 and weld_plan_dict(back.plan, back.cell)["welds"] == json.loads((out / "plan.json").read_text())["welds"]
    moved = out.rename(tmp_path / "elsewhere")
    assert pliant("verify", moved / "robot", "--job", moved).exit_code == 0


def spoil(plan, key, value):
    plan[key] = value


SPOILS = {
    "format": (lambda p: spoil(p, "format", "pliant-weld-plan/1"), r"format: .*'pliant-weld-plan/1'; this version reads 'pliant-weld-plan/2'"),
    "torch": (lambda p: spoil(p, "torch", "other"), "torch: the plan has the torch 'other'"),
    "weldment": (lambda p: spoil(p, "weldment", "other"), "weldment: the plan is for 'other'"),
    "place": (lambda p: spoil(p["T_world_workpiece_m"][0], 3, 9.0), "T_world_workpiece_m: the workpiece lies elsewhere"),
    "procedure": (lambda p: spoil(p["welds"][0], "procedure", "x"), r"welds\[0\]\.procedure: 'x' is not in the cell welding-kr5; it has .*fillet-a4"),
    "bead": (lambda p: spoil(p["welds"][0], "bead", 7), r"welds\[0\]\.bead: 7 is not among"),
    "piece": (lambda p: spoil(p["welds"][1]["pieces"], 0, "x"), r"welds\[1\]\.pieces: 'x' is no piece"),
    "angles": (lambda p: p["welds"][0]["work_rad"].pop(), r"welds\[0\]\.work_rad: \d+ samples; the bead has \d+"),
    "normals": (lambda p: spoil(p["welds"][0]["normals_a"], 0, [0.0, 0.0, 2.0]), r"welds\[0\]\.normals_a: normals have the length 1"),
    "pose": (lambda p: spoil(p["welds"][0]["Ts_piece_tcp_m"][0][0], 0, 3.0), r"welds\[0\]\.Ts_piece_tcp_m: not a pose"),
    "gap": (lambda p: p["phases"].pop(2), r"phases\[2\]\.times_s\[0\]: .* the phase before ends at"),
    "bead of a phase": (lambda p: spoil(p["phases"][1], "weld", 40), r"phases\[1\]\.weld: 40 is not among the 2 welds"),
    "robot row": (lambda p: p["phases"][0]["robot_rad"].pop(), r"phases\[0\]\.robot_rad: \d+ samples; the phase has \d+"),
    "joints": (lambda p: p["robot_joints"].reverse(), "robot_joints: the plan has the joints"),
    "unknown key": (lambda p: spoil(p["welds"][0], "colour", "red"), r"unknown key 'colour'"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILS)
def test_a_spoiled_plan_is_refused_with_its_place(job, tmp_path, case):
    spoiled, message = SPOILS[case]
    folder = tmp_path / "job"
    shutil.copytree(job, folder)
    plan = json.loads((folder / "plan.json").read_text())
    spoiled(plan)
    (folder / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(InputError, match=message) as raised:
        load_weld_result(folder)
    assert Path(raised.value.file).name == "plan.json"


def test_changed_inputs_and_a_wrong_cell_are_refused(job, tmp_path):
    folder = tmp_path / "job"
    shutil.copytree(job, folder)
    (folder / "job" / "t_joint.step").write_bytes((folder / "job" / "t_joint.step").read_bytes() + b"\n")
    with pytest.raises(InputError, match="not the one that was planned"):
        load_weld_result(folder)
    with pytest.raises(InputError, match="unknown welding cell"):
        load_weld_result(job, "bending-kr120")
    with pytest.raises(InputError, match="robot_joints"):
        load_weld_result(job, "welding-track")


def test_what_does_not_belong_to_a_welding_cell_is_told(job):
    done = pliant("verify", job / "robot", "--cell", "welding-kr5", "--gripper", "clamp-60")
    assert isinstance(done.exception, InputError) and "has no grippers" in str(done.exception)


def test_a_job_with_touch_search_is_read_back_exported_and_verified(tmp_path):
    """Search moves and shifts are in the text of both languages that have them, and come back with the plan."""
    shutil.copy(EXAMPLES / "t_joint.step", tmp_path)
    (tmp_path / "job.yaml").write_text(
        "weldment: t_joint.step\ncell: welding-track\nwelding: {search: true}\nseams:\n  '1': {search: false}\n"
    )
    folder = tmp_path / "out"
    done = pliant("weld", tmp_path / "job.yaml", "--out", folder)
    assert done.exit_code == 0, done.output
    result = load_weld_result(folder)
    written = json.loads((folder / "plan.json").read_text())
    assert weld_plan_dict(result.plan, result.cell, written["job_files"]) == written and len(written["touches"]) == 2
    assert {touch["seam"] for touch in written["touches"]} == {"2"}
    text = next((folder / "robot").glob("*.mod")).read_text()
    assert text.count("SearchL\\Stop") == 2 and text.count("PDispSet") == 1
    other = pliant("export", folder, "--language", "fanuc", "--out", tmp_path / "fanuc")
    assert other.exit_code == 0, other.output
    assert "Skip,LBL" in "".join(path.read_text() for path in (tmp_path / "fanuc").glob("*.LS"))
    again = pliant("verify", tmp_path / "fanuc", "--job", folder, "--json")
    assert again.exit_code == 0 and data(again)["changes"] == []
    refused = pliant("export", folder, "--language", "krl", "--out", tmp_path / "krl")
    assert refused.exit_code == 1 and "search" in refused.output and not (tmp_path / "krl").exists()


def test_a_job_on_a_positioner_is_read_back_and_verified(tmp_path):
    """The frame of the weldment turns with the table; its plan comes back figure for figure and its text welds every bead on its seam."""
    folder = tmp_path / "t"
    assert pliant("weld", EXAMPLES / "t_joint.step", "--cell", "welding-track", "--out", folder).exit_code == 0
    result = load_weld_result(folder)
    written = json.loads((folder / "plan.json").read_text())
    assert weld_plan_dict(result.plan, result.cell, written["job_files"]) == written
    summary = data(pliant("verify", folder / "robot", "--job", folder, "--json"))
    assert summary["verified"] and summary["changes"] == [] and summary["run"]["beads"] == 2 and summary["run"]["off_seam_mm"] < 0.01


def test_a_seam_may_have_any_name_and_no_file_gets_it(tmp_path):
    """A name that would lead out of the result folder, and one too long for a file: pictures are called by number."""
    shutil.copy(EXAMPLES / "t_joint.step", tmp_path)
    for name in ("x/../../../../escaped", "n" * 300):
        (tmp_path / "job.yaml").write_text(
            f"weldment: t_joint.step\ncell: welding-kr5\nfind: {{automatic: false}}\nown_seams:\n  - {{name: '{name}', points_mm: [[10, 56, 10], [190, 56, 10]]}}\n"
        )
        out = tmp_path / "a" / "b" / "out"
        done = pliant("weld", tmp_path / "job.yaml", "--out", out, "--force")
        assert done.exit_code == 0, done.output
        assert (out / "pictures" / "seam_1.png").is_file()
        assert sorted(path.name for path in tmp_path.rglob("*.png")) == ["seam_1.png"]


def test_a_result_never_leaves_its_folder(tmp_path):
    for name in ("../x", "/tmp/x", "a/../../x", ""):
        with pytest.raises(ValueError, match="leads out of the result folder"):
            result_path(tmp_path, name)
    assert result_path(tmp_path, "pictures/seam_1.png") == tmp_path / "pictures" / "seam_1.png"


def test_a_weldment_without_seams_is_an_error_that_says_what_to_give(tmp_path):
    trimesh.creation.box((0.1, 0.1, 0.01)).export(tmp_path / "plate.stl")
    done = pliant("weld", tmp_path / "plate.stl", "--cell", "welding-kr5", "--out", tmp_path / "out")
    assert done.exit_code == 1 and "seams of meshes are not found" in done.output and "own_seams" in done.output
