"""`pliant unfold` and STEP parts in `pliant bend`: files, exit codes, messages."""

from __future__ import annotations

import io
import json
import re

import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from api.cli import app
from api.job_folder import JOB_FILE, job_files
from api.jobs import BendRequest, drawn_part, job_spec
from cells.load import load_cell
from core.errors import InputError
from core.units import MM, to_deg
from parts.dxf import read_dxf
from tests.parts.step_family import chain, write_step

runner = CliRunner()


@pytest.fixture(scope="module")
def bracket(tmp_path_factory):
    """A bent bracket of 2 mm, 90 degrees, inner radius 2 mm."""
    return write_step(tmp_path_factory.mktemp("unfold") / "bracket.step", [chain(2, 100, [50, 40], [(90, 2)]).shape])


def test_files_and_summary(bracket, tmp_path):
    out = tmp_path / "new" / "flat.dxf"
    done = runner.invoke(app, ["unfold", str(bracket), "--out", str(out), "--k-factor", "0.4", "--png", "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout[done.stdout.index("{") :])
    assert summary["thickness_mm"] == pytest.approx(2) and summary["refold_mm"] < 0.001
    (bend,) = summary["bends"]
    assert (bend["angle_deg"], bend["radius_mm"], bend["k_factor"]) == (pytest.approx(90), pytest.approx(2), pytest.approx(0.4))
    # 50 + 40 + pi / 2 (2 + 0.4 x 2)
    assert sorted(summary["size_mm"]) == pytest.approx([94.3982, 100], abs=1e-3)
    flat = read_dxf(out)
    assert [(line.direction, round(to_deg(line.angle), 4), round(line.radius / MM, 6)) for line in flat.bend_lines] == [("up", 90, 2)]
    picture = Image.open(io.BytesIO(out.with_suffix(".png").read_bytes()))
    assert picture.width > 3 * 600 and len(picture.convert("RGB").getcolors(10**7)) > 50


def test_existing_files_are_kept(bracket, tmp_path):
    out = tmp_path / "flat.dxf"
    out.write_text("mine")
    with pytest.raises(InputError, match="exists; give --force"):
        runner.invoke(app, ["unfold", str(bracket), "--out", str(out)], catch_exceptions=False)
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--material", "cheese"], "unknown material 'cheese'"),
        (["--convention", "tekla"], "unknown DXF convention 'tekla'"),
        (["--k-factor", "1.5"], "--k-factor is 1.5; it must lie between 0 and 1"),
        (["--k-factor", "0.4", "--bend-table", "shop.csv"], "--bend-table stands instead of --k-factor and --allowance"),
        (["--bend-table", "shop.csv"], "shop.csv: no such file"),
        (["--k-factor", "0.4", "--allowance", "din-6935"], "are two rules for the flat width"),
        (["--allowance", "guess"], "unknown allowance 'guess'; valid: k-factor, din-6935"),
        (["--radius-mm", "-1"], "--radius-mm is -1"),
        (["--solid", "7"], "there is no one solid '7'"),
    ],
)
def test_bad_options(bracket, tmp_path, options, says):
    with pytest.raises(InputError, match=re.escape(says)):
        runner.invoke(app, ["unfold", str(bracket), "--out", str(tmp_path / "flat.dxf"), *options], catch_exceptions=False)
    assert not list(tmp_path.iterdir())


def test_bend_takes_thickness_and_angles_from_the_solid(bracket):
    flat, part = drawn_part(job_spec(BendRequest(bracket, "bending-irb4600", "mild-steel")))
    assert part is not None and part.thickness == pytest.approx(2e-3)
    assert [to_deg(bend.angle) for bend in part.bends] == pytest.approx([90])
    assert {finding.code for finding in flat.findings} == {"volume-check", "refold-check"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"thickness_mm": 3.0}, "the job says 3 mm, but the solid is 2 mm thick"),
        ({"angle_deg": 90.0}, "angles and directions of a STEP part come from the solid"),
        ({"material": None}, "a STEP file does not say everything: give --material"),
    ],
)
def test_bend_refuses_what_contradicts_the_solid(bracket, options, says):
    with pytest.raises(InputError, match=says):
        drawn_part(job_spec(BendRequest(**{"source": bracket, "cell": "bending-irb4600", "material": "mild-steel"} | options)))


def test_job_file_with_a_step_part(bracket, tmp_path):
    (tmp_path / "part.step").write_bytes(bracket.read_bytes())
    job = tmp_path / "job.yaml"
    job.write_text("part: part.step\ncell: bending-irb4600\nmaterial: mild-steel\nk_factor: 0.4\nsolid: '1'\n")
    _, part = drawn_part(job_spec(BendRequest(job)))
    assert part is not None and part.bends[0].k_factor == pytest.approx(0.4)
    job.write_text("part: part.dxf\ncell: bending-irb4600\nmaterial: mild-steel\n")
    (tmp_path / "part.dxf").write_text("")
    with pytest.raises(InputError, match="thickness_mm"):
        job_spec(BendRequest(job))
    job.write_text("part: part.step\ncell: bending-irb4600\nmaterial: mild-steel\nk_factor: 0.4\nallowance: din-6935\n")
    with pytest.raises(InputError, match=r"job.yaml: line 1: k_factor and allowance din-6935 are two rules"):
        job_spec(BendRequest(job))


def test_the_shops_bend_table_makes_flat_and_plan(bracket, tmp_path):
    """A measured flat width of 4.1 mm: 50 + 40 + 4.1 mm; the job's folder keeps the table, and its part comes back the same."""
    shop = tmp_path / "shop.csv"
    shop.write_text("material;thickness_mm;radius_mm;angle_deg;allowance_mm\nmild-steel;2;2;90;4,1\n")
    done = runner.invoke(app, ["unfold", str(bracket), "--out", str(tmp_path / "flat.dxf"), "--bend-table", str(shop), "--json"])
    assert done.exit_code == 0, done.output
    assert sorted(json.loads(done.stdout[done.stdout.index("{") :])["size_mm"]) == pytest.approx([94.1, 100], abs=1e-6)
    asked = job_spec(BendRequest(bracket, "bending-irb4600", "mild-steel", bend_table=shop))
    _, part = drawn_part(asked)
    assert part is not None and part.bends[0].allowance == pytest.approx(4.1e-3)
    for name, data in job_files(asked.job, asked.drawing, load_cell(asked.cell), asked.bend_table).items():
        target = tmp_path / "out" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    again = job_spec(BendRequest(tmp_path / "out" / JOB_FILE))
    _, back = drawn_part(again)
    assert back is not None and back.bends[0].allowance == part.bends[0].allowance and again.drawing.suffix == ".step"


def test_a_bend_table_that_leads_nowhere_is_refused(bracket, tmp_path):
    job = bracket.parent / "tabled.yaml"
    for line, told in (
        ("bend_table: ../shop.csv", "leaves the folder"),
        ("bend_table: none.csv", "none.csv"),
        ("bend_table: x.csv\nk_factor: 0.4", "instead of k_factor"),
    ):
        job.write_text(f"part: {bracket.name}\ncell: bending-irb4600\nmaterial: mild-steel\n{line}\n")
        with pytest.raises(InputError, match=told):
            drawn_part(job_spec(BendRequest(job)))
