"""A whole job with a robot that nobody on this project described: a UR10e, three parallel axes, in a small bending cell, down to its verified URScript."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from api.bending import load_part
from cells.load import SHIPPED, load_cell
from sim.bending import plan_bending
from sim.cell_check import check_cell
from sim.programs import export
from sim.replay import replay
from tests.conftest import SHARED

ROBOT = """robot:
  urdf: ur10e.urdf
  packages: {ur_description: ur_description}
  flange: tool0
  payload_kg: 12.5
  language: urscript
  base: {xyz_mm: [0, -900, 750], rpy_deg: [0, 0, 90]}
  home_deg: [0, -110, 110, -90, -90, 0]
"""
PLACES = {
    "xyz_mm: [1150, -1300, 900]": "xyz_mm: [750, -700, 900]",
    "xyz_mm: [1150, -2100, 700]": "xyz_mm: [700, -1150, 700]",
    "xyz_mm: [-1150, -900, 900]": "xyz_mm: [-750, -650, 900]",
    "xyz_mm: [-1350, -1900, 700]": "xyz_mm: [-750, -1350, 700]",
    "size_mm: [700, 600]": "size_mm: [500, 400]",
    "xyz_mm: [0, -1750, 40]}, box_mm: [700, 600, 80]": "xyz_mm: [0, -900, 370]}, box_mm: [300, 300, 740]",
}
"""Stations within 1.3 m of the arm, which stands on a post."""
SIGNALS = {
    "doSheetInPlace": "DO[0]", "doBendStart": "DO[1]", "doRobotClear": "DO[2]", "doVacuumOn": "DO[3]", "doClampClose": "DO[4]", "goBendNumber": "GO[0..7]",
    "diBrakeReady": "DI[0]", "diGaugeInPos": "DI[1]", "diFingerLeft": "DI[2]", "diFingerRight": "DI[3]", "diPinchReached": "DI[4]", "diBendDone": "DI[5]",
    "diOpeningSafe": "DI[6]", "diPartHeld": "DI[7]", "giBendEcho": "GI[0..7]", "diAtHome": "CI[4]",
}  # fmt: skip


@pytest.mark.slow
def test_a_ur10e_bends_the_bracket(tmp_path):
    if not (SHARED / "robots").is_dir():
        pytest.skip("the folder of real robots (../shared/robots) is not on this machine")
    shutil.copytree(SHARED / "robots" / "ur_description", tmp_path / "ur_description")
    shutil.copy(SHARED / "robots" / "ur10e.urdf", tmp_path)
    text = (SHIPPED / "bending-small.yaml").read_text()
    start, end = text.index("robot:"), text.index("grippers:")
    text = text[:start] + ROBOT + text[end:]
    for old, new in (PLACES | SIGNALS).items():
        assert old in text
        text = text.replace(old, f'"{new}"' if old in SIGNALS else new)
    cell_file = tmp_path / "cell.yaml"
    cell_file.write_text(text)
    cell = load_cell(cell_file)
    assert cell.robot.model.has_closed_form
    assert [str(finding) for finding in check_cell(cell).findings if finding.level == "error"] == []
    part = load_part(Path(__file__).resolve().parents[2] / "examples" / "parts" / "bracket.yaml")
    result = plan_bending(part, cell)
    assert [str(finding) for finding in result.plan.findings if finding.level == "error"] == []
    assert replay(result).findings == ()
    exported = export(result)
    assert [str(finding) for finding in exported.findings if finding.level == "error"] == []
    assert list(exported.files) == ["bracket.script"]
