"""Seams on the tilting and turning table of `welding-track`."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cells.weld_load import load_weld_cell
from cells.weld_model import WeldCell
from sim.weld.export import export_weld
from sim.weld.index import positioner_choices
from sim.weld.job import plan_weld
from sim.weld.position import effort, working_position
from sim.weld.replay import replay_weld
from sim.weld.torch import seam_frames
from tests.sim.weld.weld_cases import line_seam, upright


@pytest.fixture(scope="module")
def track() -> WeldCell:
    return load_weld_cell("welding-track")


def test_positions_by_hand() -> None:
    flat = line_seam("1", (0, 0, 0), (0.1, 0, 0), (0, 0, 1), (0, 1, 0), ("a", "b"))
    frames = seam_frames(flat, 0.05)
    turned = {"PB": 0, "PA": 45, "PD": -90, "PE": -135}
    for position, degrees in turned.items():
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        T = np.eye(4)
        T[1:3, 1:3] = ((c, -s), (s, c))
        assert working_position(T, frames) == position
    T = np.array([[0.0, 0, -1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    assert working_position(T, frames) == "PF" and working_position(T, seam_frames(flat.reversed(), 0.05)) == "PG"


def test_upright_seam_is_offered_flat(track: WeldCell) -> None:
    seam = upright().seams[0]
    frames = seam_frames(seam, 0.02)
    best = positioner_choices(track, seam)[0]
    assert effort(track.T_world_workpiece(), frames) > 1.5
    assert effort(track.T_world_workpiece(best), frames) < np.radians(15)


@pytest.mark.slow
def test_upright_seam_is_turned_and_welded_downhand(track: WeldCell) -> None:
    weldment = upright()
    plan = plan_weld(weldment, track)
    assert not plan.findings, [str(one) for one in plan.findings]
    (weld,) = plan.welds
    assert weld.position in ("PA", "PB") and np.max(np.abs(weld.positioner)) > 0.5
    assert any(phase.name == "index" for phase in plan.phases)
    assert not replay_weld(track, weldment, plan).findings
    out = export_weld(plan, track, weldment)
    assert out.files and out.verification is not None, [str(one) for one in out.findings]
    assert out.verification.beads[0].off <= 0.01e-3


def test_positions_keep_the_limits_of_an_axis_that_makes_a_whole_turn(track: WeldCell) -> None:
    """Limits of 0 to 366 deg: a turn of the raster begins at 0, not at -180."""
    assert track.positioner is not None
    cell = track
    mechanism = cell.positioner.mechanism
    last = max(i for i, joint in enumerate(mechanism.joints) if joint.kind != "fixed")
    joints = tuple(
        dataclasses.replace(joint, lower=0.0, upper=2 * np.pi + 0.1) if i == last else joint for i, joint in enumerate(mechanism.joints)
    )
    narrow = dataclasses.replace(
        cell, positioner=dataclasses.replace(cell.positioner, mechanism=dataclasses.replace(mechanism, joints=joints))
    )
    limits = narrow.positioner.mechanism
    choices = np.array(positioner_choices(narrow, upright().seams[0]))
    assert len(choices) > 3 and np.all(choices >= limits.lower - 1e-9) and np.all(choices <= limits.upper + 1e-9)
    assert len(np.unique(np.round(choices, 6), axis=0)) == len(choices)
