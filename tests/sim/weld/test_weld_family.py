"""All weldments of the family, from STEP to verified programs in the setups of `bench.weld_family`: every seam is welded once."""

from __future__ import annotations

import pytest
import yaml

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from api.weld import WeldRequest, run_weld
from bench.weld_family import FAMILY, SETUPS, write_assembly
from core.progress import silent


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILY)
def test_every_seam_is_welded_and_verified(tmp_path, name):
    made = FAMILY[name]()
    write_assembly(tmp_path / f"{name}.step", made.pieces)
    welded: list[str] = []
    total = 0.0
    for setup in SETUPS[name]:
        (tmp_path / "job.yaml").write_text(yaml.safe_dump(setup.job(f"{name}.step")))
        summary, files = run_weld(WeldRequest(tmp_path / "job.yaml"), silent)
        errors = [finding["message"] for finding in summary["findings"] if finding["level"] == "error"]
        assert errors == [] and summary["verified"] is True
        # By forward kinematics of the joints that the exported text leads to.
        assert summary["program"]["off_seam_mm"] <= 0.01 and any(file.startswith("robot/") for file in files)
        welded += summary["welded"]
        total += summary["welded_length_mm"]
        for bead in summary["beads"]:
            # The positioner tilts by 100 deg: seams under the frame's upper rail come to lie horizontally at best.
            assert bead["position"] in (("PA", "PB", "PC") if name == "frame" else ("PA", "PB")), bead
    assert len(welded) == len(set(welded)) == len(made.seams)
    assert total == pytest.approx(sum(length for _, length in made.seams), abs=0.1 * len(made.seams))
