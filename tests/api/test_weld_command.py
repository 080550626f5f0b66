"""`pliant weld` as a user runs it: result folder, exit codes, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from core.errors import InputError, PliantError
from core.units import to_mm

ROOT = Path(__file__).resolve().parents[2]
STEP = ROOT / "examples" / "weld" / "t_joint.step"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    out = tmp_path_factory.mktemp("weld") / "out"
    result = CliRunner().invoke(app, ["weld", str(STEP), "--cell", "welding-kr5", "--out", str(out), "--json"])
    return out, result.exit_code


def test_result_folder_holds_everything(done: tuple[Path, int]) -> None:
    out, code = done
    assert code == 0
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {
        "summary.json",
        "plan.json",
        "recording.glb",
        "timeline.json",
        "pictures/seam_1.png",
        "pictures/seam_2.png",
        "setup.html",
        "robot/T_JOINT.src",
        "robot/T_JOINT.dat",
        "job/job.yaml",
        "job/t_joint.step",
    }
    assert (out / "recording.glb").read_bytes()[:4] == b"glTF"


def test_figures_agree_with_hand_calculation(done: tuple[Path, int]) -> None:
    summary = json.loads((done[0] / "summary.json").read_text())
    assert summary["verified"] and summary["seams"] == 2 and summary["welded_length_mm"] == pytest.approx(400.0, abs=0.2)
    # Two seams of 200 mm at 7 mm/s, 0.3 s of gas and 0.3 s of ignition before each.
    assert summary["times"]["arc_on_s"] == pytest.approx(2 * (200 / 7 + 0.6), abs=0.05)
    # 6.6 m/min of wire for that time and 0.4 s of crater.
    assert summary["times"]["wire_m"] == pytest.approx(2 * 6.6 / 60 * (200 / 7 + 0.4), abs=0.02)
    assert summary["program"]["off_seam_mm"] <= 0.01
    assert sum(summary["times"][key] for key in ("arc_on_s", "air_s", "search_s", "cleaning_s")) == pytest.approx(
        summary["cycle_time_s"], abs=0.03
    )


def test_plan_is_gapless_with_units_in_its_keys(done: tuple[Path, int]) -> None:
    plan = json.loads((done[0] / "plan.json").read_text())
    assert plan["format"] == "pliant-weld-plan/2"
    for a, b in zip(plan["phases"][:-1], plan["phases"][1:], strict=True):
        assert a["times_s"][-1] == pytest.approx(b["times_s"][0], abs=1e-9)
    assert {weld["seam"] for weld in plan["welds"]} == {"1", "2"}
    length = sum(to_mm(((weld["root_m"][0][0] - weld["root_m"][-1][0]) ** 2) ** 0.5) for weld in plan["welds"])
    assert length == pytest.approx(400.0, abs=0.2)


def test_setup_sheet_shows_seams_and_procedures(done: tuple[Path, int]) -> None:
    text = (done[0] / "setup.html").read_text()
    assert (
        "fillet-a4" in text and "data:image/png;base64," in text and ">verified<" in text and "http" not in text.replace("http-equiv", "")
    )


def test_seam_out_of_reach_gives_exit_code_1_and_a_program_for_the_others(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    (tmp_path / "t.step").write_bytes(STEP.read_bytes())
    # 1.1 m further out than the middle of the table: beyond the arm.
    job.write_text("weldment: t.step\ncell: welding-kr5\nplacement: {xyz_mm: [1100, 0, 0]}\n")
    result = CliRunner().invoke(app, ["weld", str(job), "--out", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 1
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert set(summary["not_welded"]) == {"1", "2"} and summary["program"] is None
    assert all(finding["remedy"] for finding in summary["findings"] if finding["level"] == "error")


def test_missing_cell_and_existing_folder_are_bad_input(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["weld", str(STEP), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, InputError) and "welding-kr5" in str(result.exception)
    result = CliRunner().invoke(app, ["weld", str(STEP), "--cell", "welding-kr5", "--out", str(tmp_path)])
    assert isinstance(result.exception, InputError) and "--force" in str(result.exception)


def refused(tmp_path: Path, job: str, *options: str) -> str:
    (tmp_path / "t.step").write_bytes(STEP.read_bytes())
    (tmp_path / "job.yaml").write_text(job)
    result = CliRunner().invoke(app, ["weld", str(tmp_path / "job.yaml"), "--out", str(tmp_path / "out"), *options])
    assert isinstance(result.exception, PliantError) and not (tmp_path / "out").exists()
    return str(result.exception)


def test_what_cannot_be_is_refused_before_anything_is_planned(tmp_path: Path) -> None:
    sunk = refused(tmp_path, "weldment: t.step\ncell: welding-kr5\nplacement: {xyz_mm: [0, 0, -12]}\n")
    assert "job.yaml: placement" in sunk and "12.0 mm inside of 'table'" in sunk
    mute = refused(tmp_path, "weldment: t.step\ncell: welding-track\nwelding: {search: true}\n", "--language", "krl")
    assert "job.yaml: search" in mute and "rapid or fanuc" in mute and "TouchSense" in mute
    language = refused(tmp_path, "weldment: t.step\ncell: welding-track\n", "--language", "gcode")
    assert "'gcode'" in language and "urscript" in language
    cell = refused(tmp_path, "weldment: t.step\ncell: welding-kr6\n")
    assert "job.yaml: cell" in cell and "welding-kr5" in cell
