"""Check of welding cells: the shipped ones have nothing to complain of; faults planted in a cell file are found with their figures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from api.cli import app
from cells.kinds import SHIPPED
from cells.weld_load import load_weld_cell, weld_cell_names
from sim.weld.cell_check import check_weld_cell
from tests.changed_cells import changed, found

KUKA, TRACK = ((SHIPPED / f"welding-{name}.yaml").read_text() for name in ("kr5", "track"))


def checked(tmp_path, text, *changes):
    return check_weld_cell(load_weld_cell(changed(tmp_path, text, *changes)))


@pytest.mark.parametrize("name", weld_cell_names())
def test_shipped_cells_have_nothing_to_complain_of(name):
    check = check_weld_cell(load_weld_cell(name))
    assert [str(finding) for finding in check.findings if finding.level != "info"] == []
    assert {finding.step for finding in found(check, "in-reach")} == {"table", "cleaner"}
    assert len(check.places) == 18


def test_table_beyond_the_arm(tmp_path):
    """Wire upright: the wrist stands over it, 0.115 + 0.386 m of flange and torch and 94 mm of the neck's offset off. The KR 5's wrist gets 0.18 + 0.6 + hypot(0.12, 0.62) =
    1.41 m from axis 1, so with the neck turned outwards the wire gets 1.53 m at most: a table from 1.2 to 2.0 m is reached in part, one from 1.6 m on not at all."""
    check = checked(tmp_path, KUKA, ("xyz_mm: [850, 0, 700]", "xyz_mm: [1600, 0, 700]"))
    (finding,) = found(check, "partly-in-reach")
    reached = [place for place in check.places if not place.reason]
    assert reached and max(np.hypot(*place.point[:2]) for place in reached) < 1.53
    assert all(place.reason == "no arm configuration gets there" for place in check.places if np.hypot(*place.point[:2]) > 1.53)
    assert finding.level == "warning" and len(finding.data["places"]) == 18
    check = checked(tmp_path, KUKA, ("xyz_mm: [850, 0, 700]", "xyz_mm: [2000, 0, 700]"))
    assert [finding.level for finding in found(check, "out-of-reach")] == ["error"]


def test_what_stands_in_the_torchs_way_is_named(tmp_path):
    post = "bodies:\n  - {name: post, pose: {xyz_mm: [1250, 500, 900]}, box_mm: [60, 60, 400]}\n"
    check = checked(tmp_path, KUKA, ("bodies:\n", post))
    (finding,) = found(check, "partly-in-reach")
    missed = [entry for entry in finding.data["places"] if "reason" in entry]
    assert {tuple(entry["place_mm"]) for entry in missed} == {(1250.0, 500.0, 700.0), (1250.0, 500.0, 900.0)}
    assert all("post" in entry["reason"] for entry in missed)
    # It stands on the table, 0 mm deep, which is no overlap.
    assert found(check, "overlap") == []


@pytest.mark.parametrize(
    ("text", "change", "code", "names", "depth"),
    [
        (KUKA, ("xyz_mm: [-1300, 700, 500]", "xyz_mm: [-1300, 700, 460]"), "overlap", ("floor", "power source"), 40),
        (KUKA, ("xyz_mm: [-1300, 700, 500]", "xyz_mm: [450, 0, 500]"), "overlap", ("table", "power source"), None),
        (TRACK, ("xyz_mm: [-1600, -3000, 900]", "xyz_mm: [0, 900, 900]"), "overlap", ("positioner base", "control cabinet"), None),
        (KUKA, ("xyz_mm: [-1300, 700, 500]", "xyz_mm: [1000, 0, 1300]"), "collision-at-rest", ("power source", "home"), None),
    ],
)  # fmt: skip
def test_collisions_at_rest(tmp_path, text, change, code, names, depth):
    findings = found(checked(tmp_path, text, change), code)
    hit = [finding for finding in findings if all(name in str(finding) for name in names)]
    assert hit, [str(finding) for finding in findings]
    if depth is not None:
        assert hit[0].data["depth_mm"] == pytest.approx(depth, abs=1.0)


def test_cleaner_out_of_reach_wrong_feed_and_heavy_torch(tmp_path):
    own = "{name: lean, number: 7, kinds: [fillet], thickness_mm: [3, 6], throat_mm: 4, speed_mm_s: 10, wire_feed_m_min: 6, gas_l_min: 15, work_deg: [-5, 0, 5], travel_deg: [-10, -5, 0]}"
    check = checked(
        tmp_path, KUKA, ("mouth_mm: [250, -800, 800]", "mouth_mm: [250, -1700, 800]"), ("procedures: [", f"procedures: [{own}, ")
    )
    assert [(finding.step, finding.level) for finding in found(check, "out-of-reach")] == [("cleaner", "error")]
    (fill,) = found(check, "throat-fill")
    # 1.131 mm2 x 100 mm/s / 10 mm/s = 11.3 mm2 for the 16 mm2 of a throat of 4 mm.
    assert fill.data["fed_mm2"] == pytest.approx(11.31, abs=0.01) and "16.0 mm2" in fill.message


@pytest.mark.slow
def test_the_command_checks_and_draws(tmp_path):
    out = tmp_path / "out"
    ran = CliRunner().invoke(app, ["check", "welding-track", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert {path.name for path in out.iterdir()} == {"cell_left.png", "cell_right.png", "check.json"}
    for path in out.glob("*.png"):
        # The arm and the positioner are orange.
        image = np.asarray(Image.open(path).convert("RGB")).astype(int)
        orange = (image[:, :, 0] - image[:, :, 2] > 120) & (image[:, :, 0] - image[:, :, 1] > 60)
        assert 5e-3 < orange.mean() < 0.3


def test_both_kinds_are_listed():
    listed = CliRunner().invoke(app, ["cells"]).output
    assert "welding-kr5" in listed and "bending" in listed
