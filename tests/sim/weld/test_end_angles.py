"""Other travel angles where a bead begins and ends, as the exported text welds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cells.weld_load import load_weld_cell
from cells.weld_model import EndTilt, WeldCell
from core.units import DEG
from robots.programs.languages import language
from sim.weld.job import plan_weld
from sim.weld.program import weld_controller, weld_program
from sim.weld.verify import verify_weld
from tests.sim.weld.weld_cases import t_joint, tube_on_plate


def tilted(cell: WeldCell, ends: EndTilt) -> WeldCell:
    return replace(cell, procedures=tuple(replace(one, ends=ends) for one in cell.procedures))


def test_the_tilt_falls_evenly_from_both_ends():
    ends = EndTilt(12 * DEG, -8 * DEG, 0.02)
    at = np.array([0.0, 0.005, 0.01, 0.02, 0.05, 0.09, 0.1])
    assert ends.along(at) / DEG == pytest.approx([12, 9, 6, 0, 0, -4, -8])
    assert ends.span == (-8 * DEG, 12 * DEG) and EndTilt().span == (0.0, 0.0)


@pytest.mark.parametrize("name", ["krl", "rapid"])
def test_the_text_welds_with_other_angles_at_the_ends(name):
    """Pushed by 10 deg all along, 5 deg drag at the start (15 added), 18 deg push at the end (8 taken away), each within 40 mm."""
    cell, weldment = tilted(load_weld_cell("welding-kr5"), EndTilt(15 * DEG, -8 * DEG, 0.04)), t_joint()
    plan = plan_weld(weldment, cell)
    assert len(plan.welds) == 2
    for weld in plan.welds:
        at = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(weld.Ts_piece_tcp[:, :3, 3], axis=0), axis=1))]
        assert weld.travel[0] / DEG == pytest.approx(5, abs=0.3) and weld.travel[-1] / DEG == pytest.approx(-18, abs=0.3)
        middle = (at > 0.041) & (at < at[-1] - 0.041)
        assert np.any(middle) and weld.travel[middle] / DEG == pytest.approx(-10, abs=0.3)
    program = weld_program(plan, cell, name)
    it = language(name)
    read = it.read(it.write(program, cell.programs), weld_controller(program, cell, name))
    checked = verify_weld(read, cell, weldment, plan, {line.address: neutral for neutral, line in program.signals.items()})
    assert checked.findings == () and max(bead.off for bead in checked.beads) < 0.01e-3
    for bead in checked.beads:
        assert np.array(bead.travel) / DEG == pytest.approx([-18, 5], abs=0.3)


def test_angles_that_only_the_ends_may_have_are_found_elsewhere():
    """A plan made with end angles, held against a procedure without them."""
    cell, weldment = tilted(load_weld_cell("welding-kr5"), EndTilt(15 * DEG, 0.0, 0.04)), t_joint()
    plan = plan_weld(weldment, cell)
    program = weld_program(plan, cell, "krl")
    names = {line.address: neutral for neutral, line in program.signals.items()}
    plain = tilted(cell, EndTilt())
    assert {finding.code for finding in verify_weld(program, plain, weldment, plan, names).findings} == {"angle-outside"}


def test_a_closed_seam_has_ends_too():
    cell, weldment = tilted(load_weld_cell("welding-kr5"), EndTilt(6 * DEG, -4 * DEG, 0.03)), tube_on_plate()
    plan = plan_weld(weldment, cell)
    (weld,) = plan.welds
    assert weld.travel[0] / DEG == pytest.approx(-4, abs=0.5) and weld.travel[-1] / DEG == pytest.approx(-14, abs=0.5)
