"""The recording of a welding plan, read back: the wire's end lies on the seam while the arc burns, also with the positioner tilted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cells.weld_load import load_weld_cell
from sim.weld.recording import weld_recording_glb
from tests.sim.glb_player import GlbPlayer
from tests.sim.weld.weldments import made, tee

WELDMENT = tee()


@pytest.fixture(scope="module")
def played():
    """Welded on the table tilted by 20 deg, then the table turned by 40 deg with the robot standing."""
    cell = load_weld_cell("welding-track")
    plan = made(cell, WELDMENT, q_positioner=np.radians([20.0, 35.0]))
    last = plan.phases[-1]
    turn = dataclasses.replace(
        last, name="index", kind="wait", weld=None, times=last.times[-1] + np.array([0.0, 0.5, 1.0]), robot=np.repeat(last.robot[-1:], 3, axis=0),
        positioner=np.radians([[20.0, 35.0], [20.0, 55.0], [20.0, 75.0]]),
    )  # fmt: skip
    plan = dataclasses.replace(plan, phases=(*plan.phases, turn))
    return cell, plan, GlbPlayer(weld_recording_glb(cell, WELDMENT, plan))


def test_the_wire_runs_along_the_seam_in_the_workpiece(played):
    cell, plan, player = played
    weld = plan.phases[1]
    for time in np.linspace(weld.times[0], weld.times[-1], 9):
        share = (time - weld.times[0]) / (weld.times[-1] - weld.times[0])
        seam = WELDMENT.seams[0]
        expected = seam.points[0] + share * (seam.points[1] - seam.points[0])
        there = np.linalg.inv(player.world("piece web", time)) @ player.world("arc", time)
        assert np.linalg.norm(there[:3, 3] - expected) < 1e-4
    assert player.world("workpiece", 0.0) == pytest.approx(cell.T_world_workpiece(np.radians([20.0, 35.0])), abs=1e-5)
    assert player.world("workpiece", plan.duration) == pytest.approx(cell.T_world_workpiece(np.radians([20.0, 75.0])), abs=1e-5)


def test_the_arc_is_seen_while_it_burns(played):
    _, plan, player = played
    for phase in plan.phases:
        middle = float(phase.times[0] + phase.times[-1]) / 2
        assert player.scale("arc", middle) == ([1.0] * 3 if phase.name == "weld" else [0.0] * 3)
    told = player.json["asset"]["extras"]["phases"]
    assert [(phase["name"], phase["arc"]) for phase in told] == [("approach", False), ("weld", True), ("retract", False), ("index", False)]
