"""`pliant seams` from the shell: list, picture, job file, exit codes."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

import numpy as np
import trimesh

from api.cli import app
from api.weld_seams import load_weldment
from core.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
WELD = ROOT / "examples" / "weld"


@pytest.fixture
def panel(tmp_path):
    return Path(shutil.copy(WELD / "panel.step", tmp_path))


def run(*arguments):
    return CliRunner().invoke(app, ["seams", *map(str, arguments)])


def test_list_picture_and_job_file(panel, monkeypatch):
    out = panel.with_name("seams.yaml")
    done = run(panel, "--png", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert len(summary["seams"]) == 24 and summary["total_length_mm"] == pytest.approx(8 * 1100 + 16 * 60, abs=0.1)
    assert summary["seams"][0]["torch_from"] == pytest.approx([0, -(0.5**0.5), 0.5**0.5], abs=1e-4)
    assert Image.open(out.with_suffix(".png")).width == 2000
    # The job file gives the same seams again, and takes edits.
    text = out.read_text()
    assert sum(line.startswith('  "') for line in text.splitlines()) == 24
    out.write_text(text.replace('"2": {}', '"2": {"drop": true}').replace('"5": {}', '"5": {"split_mm": [400]}'))
    names = [task.seam.name for task in load_weldment(out).tasks]
    assert len(names) == 24 and "2" not in names and names[3:5] == ["5a", "5b"]
    assert run(panel, "--out", out).exit_code != 0


def test_table_lines_up(panel, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = run(panel, "--min-length-mm", "200").stdout.splitlines()
    rows = [line for line in lines if line.lstrip()[:1].isdigit() and "fillet" in line]
    assert len(rows) == 8 and len({line.index("fillet") for line in rows}) == 1 and all("1100.00" in line for line in rows)
    assert max(map(len, lines)) <= 80 and any(line.startswith("8 seams, 8800.0 mm") for line in lines)


def test_findings_of_error_level_give_exit_code_1(tmp_path):
    base, web = trimesh.creation.box((200, 120, 10)), trimesh.creation.box((200, 8, 80))
    web.apply_translation((0, 0, 42))
    trimesh.util.concatenate([base, web]).export(tmp_path / "t.stl")
    (tmp_path / "job.yaml").write_text("weldment: t.stl\nown_seams:\n  - {name: left, points_mm: [[-100, -4, 5], [100, -4, 5]]}\n")
    done = run(tmp_path / "job.yaml", "--json")
    assert done.exit_code == 1
    summary = json.loads(done.stdout)
    assert [finding["code"] for finding in summary["findings"]] == ["pieces-overlap"] and "by 3.00 mm" in summary["findings"][0]["message"]


def test_bad_input_names_file_and_line(tmp_path):
    job = tmp_path / "job.yaml"
    job.write_text("weldment: ../a.step\n")
    with pytest.raises(InputError, match=r"job.yaml: line 1: weldment '../a.step' leaves the folder"):
        load_weldment(job)
    job.write_text("weldment: a.step\nmaterial: wood\n")
    with pytest.raises(InputError, match=r"job.yaml: line 2: unknown material 'wood'"):
        load_weldment(job)
    with pytest.raises(InputError, match=r"greater than or equal to 5"):
        load_weldment(WELD / "t_joint.step", {"min_angle_deg": 1.0})


def test_pictures_show_the_seams():
    from sim.weld.seam_pictures import COLOURS, seam_picture

    weldment = load_weldment(WELD / "t_joint.step").weldment
    image = Image.open(io.BytesIO(seam_picture(weldment))).convert("RGB")
    halves = [image.crop((x, 0, x + 1000, image.height)) for x in (0, 1000)]
    # One seam is seen from either side: a line of 200 mm is hundreds of pixels.
    for half in halves:
        near = np.max(np.abs(np.asarray(half).astype(int) - COLOURS["fillet"]), axis=2) < 12
        assert near.sum() > 500
