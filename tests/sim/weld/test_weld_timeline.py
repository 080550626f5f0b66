"""Program lines and clearance of a welding job along the plan's time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

import json

from api.weld import WeldRequest, run_weld
from api.weld_results import load_weld_result
from core.progress import silent
from sim.weld.lines import matched

T_JOINT = Path(__file__).resolve().parents[3] / "examples" / "weld" / "t_joint.step"


@pytest.fixture(scope="module", params=["welding-kr5", "welding-track"])
def job(request, tmp_path_factory):
    """(plan, timeline, text by file) of the T joint."""
    _, files = run_weld(WeldRequest(T_JOINT, request.param), silent)
    folder = tmp_path_factory.mktemp("weld")
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    texts = {name[6:]: data.decode("latin-1").splitlines() for name, data in files.items() if name.startswith("robot/")}
    return load_weld_result(folder).plan, json.loads(files["timeline.json"]), texts


def test_lines_are_gapless_and_those_of_a_bead_say_so(job):
    plan, data, texts = job
    program = data["program"]
    rows = np.array([row[:2] for row in program["lines"]])
    assert rows[0, 0] == 0.0 and rows[-1, 1] == pytest.approx(plan.duration, abs=2e-3)
    assert np.allclose(rows[1:, 0], rows[:-1, 1], atol=2e-3)
    beads = [phase for phase in plan.phases if phase.kind == "weld"]
    assert len(beads) == 2
    for phase in beads:
        middle = float(phase.times.mean())
        (row,) = (row for row in program["lines"] if row[0] <= middle < row[1])
        assert texts[program["files"][row[2]]][row[3] - 1].strip().startswith(("LIN ", "ArcLEnd "))
        assert row[0] == pytest.approx(phase.times[0], abs=2e-3) and row[1] == pytest.approx(phase.times[-1], abs=2e-3)


def test_clearance_is_that_of_the_plans_replay(job):
    plan, data, _ = job
    assert data["format"] == "pliant-timeline/1" and data["margin_mm"] == 10.0 and data["cell"]["logo"] is None
    assert len(data["clearance"]) == len(plan.phases)
    for phase, course in zip(plan.phases, data["clearance"], strict=True):
        if phase.clearance is not None and course["distance_mm"]:
            assert min(course["distance_mm"]) == pytest.approx(1e3 * phase.clearance, abs=0.01)
        assert all(phase.times[0] - 1e-3 <= time <= phase.times[-1] + 1e-3 for time in course["times_s"])


def test_a_text_that_moves_otherwise_is_matched_by_its_beads(job):
    plan, _, _ = job
    phases = list(plan.phases)
    assert [one for one, phase in zip(matched(phases, phases), phases, strict=True) if one is None and phase.kind != "wait"] == []
    first = next(i for i, phase in enumerate(phases) if phase.kind == "weld")
    # A straight move instead of a joint move before the first bead.
    free = next(i for i, phase in enumerate(phases) if phase.kind == "free" and phase.times[-1] > phase.times[0])
    changed = [replace(phase, kind="weld" if i == free else phase.kind) for i, phase in enumerate(phases)]
    assert matched(changed, phases)[first] != first
    changed = [replace(phase, kind="linear" if i == free else phase.kind) for i, phase in enumerate(phases)]
    found = matched(changed, phases)
    assert found[first] == first and found[free] is None
