"""Folded parts of real machines, planned from STEP to a verified program in the shipped cell for small parts."""

from __future__ import annotations

import pytest

from api.jobs import BendRequest, drawn_part, job_spec, run_bend
from api.results import load_result
from cells.load import load_cell
from core.progress import silent
from sim.bend_motion import BendGeometry, bend_paths
from sim.cell_scene import build_cell_scene
from sim.grips import candidate_grips
from sim.handling import with_pile
from sim.programs import export
from sim.sequence import plan_sequence
from sim.stroke_options import StrokeOptions

CELL = "bending-small"


# Strokes by hand: what lies on one line with nothing between is one stroke. Angles are those of the models.
PARTS = {
    "11_ender3_lcd_support.step": {(1,): 65.0},
    "17_um2_1273_cable_cover.step": {(1,): 90.0, (2,): 45.0, (3,): 45.0, (4,): 90.0},
    "14_ender3_e_motor_bracket.step": {(1,): 90.0},
    "09_ender3_enclosure_bottom.step": {(3, 4): 90.0, (1,): 90.0, (2,): 90.0},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PARTS)
def test_real_parts_reach_a_verified_program(real_step, name, tmp_path):
    summary, files = run_bend(BendRequest(real_step / name, cell=CELL, material="mild-steel"), silent)
    assert [finding["message"] for finding in summary["findings"] if finding["level"] == "error"] == []
    assert summary["verified"] is True and summary["program"]["language"] == "rapid"
    assert any(file.endswith(".mod") for file in files)
    assert {tuple(bend["lines"]): bend["angle_deg"] for bend in summary["bends"]} == pytest.approx(PARTS[name])
    # Nothing but what is meant to touch comes nearer than the second engine's own resolution.
    assert summary["clearance_mm"] > 0.5
    assert 10.0 < summary["cycle_time_s"] < 120.0
    for file, data in files.items():
        target = tmp_path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    back = load_result(tmp_path)
    assert back.plan.duration == pytest.approx(summary["cycle_time_s"], abs=0.01) and export(back).files == {
        file.removeprefix("robot/"): data for file, data in files.items() if file.startswith("robot/")
    }


@pytest.mark.slow
def test_what_is_released_can_be_taken_again(real_step):
    """In the enclosure's bend 1 the forearm stood in the lowered ram when the robot came back; the choice of grips must see that."""
    name = "09_ender3_enclosure_bottom.step"
    _, part = drawn_part(job_spec(BendRequest(real_step / name, cell=CELL, material="mild-steel")))
    cell = with_pile(load_cell(CELL), part)
    gripper = next(it for it in cell.grippers if it.name == "clamp-60")
    sequence = plan_sequence(part, cell.brake, cell.tooling, options=StrokeOptions(part, cell.brake, cell.tooling))
    scene = build_cell_scene(cell, sequence.setup, gripper, part)
    stages = set()
    for step in sequence.steps:
        geometry = BendGeometry(scene, step, step.before)
        for grip in candidate_grips(part, gripper)[::3]:
            if grip.flange in step.front:
                _, attempt = bend_paths(geometry, grip, follow=False)
                stages |= {attempt.stage} if attempt is not None else set()
    assert "take the bent part again" in stages
