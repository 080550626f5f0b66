"""A whole job with nothing but the user's own punch and die in stock: plan, replay, robot program, brake program."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import box

from cells.load import SHIPPED, load_cell
from parts.build import BendSpec, build_sheet
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from sim.bending import plan_bending
from sim.outputs import brake_program
from sim.programs import export
from sim.replay import replay
from tests.cells.test_own_tools import DIE, PUNCH, gooseneck, v_die


@pytest.mark.slow
def test_own_tools_go_through_the_whole_job(tmp_path):
    gooseneck(tmp_path / "tools" / "p.dxf")
    v_die(tmp_path / "tools" / "d.dxf")
    own = {"  punches:": f"  punches: [{PUNCH}]", "  dies:": f"  dies: [{DIE}]"}
    lines = (SHIPPED / "bending-kr120.yaml").read_text().splitlines()
    path = tmp_path / "cell.yaml"
    path.write_text("\n".join(next((new for key, new in own.items() if line.startswith(key)), line) for line in lines))
    flat = FlatPattern("angle", box(0.0, 0.0, 0.8, 0.4), (BendLine(np.array([0.0, 0.08]), np.array([0.8, 0.08])),))
    part = build_sheet(flat, thickness=2e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 2.5e-3)])
    result = plan_bending(part, load_cell(path))
    assert [finding for finding in result.plan.findings if finding.level == "error"] == []
    station = brake_program(result)["stations"][0]
    assert (station["punch"], station["die"]) == ("my-punch", "my-die")
    # The ram's deepest travel by hand: daylight less both tools' heights, less the tip's height over the die's top (negative when below).
    cell, step = result.cell, result.plan.steps[0]
    ram = cell.brake.mechanism.joint_names.index("ram")
    deepest = max(float(phase.brake[:, ram].max()) for phase in result.plan.phases)
    assert deepest == pytest.approx(cell.brake.daylight - 0.055 - 0.135 + step.tip_depth, abs=1e-4)
    assert replay(result).findings == ()
    exported = export(result)
    assert exported.findings == () and exported.files
