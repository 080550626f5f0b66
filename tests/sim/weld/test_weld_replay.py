"""Replay of welding plans: a good one is clean, a clamp planted in the torch's way is found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cells.model import Body
from cells.stations import box_hull
from cells.weld_load import load_weld_cell
from core.frames import rot_y, translation
from sim.weld.replay import replay_weld, with_weld_replay
from sim.weld.scene import WeldScene
from sim.weld.world import WeldWorld
from tests.sim.weld.weldments import made, tee

WELDMENT = tee()
TILTED = np.radians([20.0, 35.0])


@pytest.fixture(scope="module")
def plans():
    kuka, track = load_weld_cell("welding-kr5"), load_weld_cell("welding-track")
    return {
        "fixed table": (kuka, made(kuka, WELDMENT)),
        "tilted table": (track, made(track, WELDMENT, q_positioner=TILTED)),
    }


@pytest.mark.parametrize("name", ["fixed table", "tilted table"])
def test_a_good_plan_is_clean(plans, name):
    cell, plan = plans[name]
    checked = replay_weld(cell, WELDMENT, plan)
    assert checked.findings == () and checked.states >= 12
    measured = with_weld_replay(plan, checked)
    weld = measured.phases[1]
    # (13 - 9) sin 45 mm: the nozzle over the fillet; the wire itself may touch and does not count.
    assert weld.clearance == pytest.approx(4e-3 * np.sin(np.pi / 4), abs=2e-4)
    assert "torch nozzle" in weld.closest


def clamp_at(cell, plan, sample, ahead):
    """A clamp of 30 mm in the workpiece frame at the middle of the torch's neck, `ahead` [m] along the travel."""
    pose = plan.welds[0].Ts_piece_tcp[sample] @ translation(0.0, 0.0, -0.13)
    x, y, z = pose[:3, 3] + ahead * np.array([1.0, 0.0, 0.0])
    clamp = Body("planted clamp", "fixture", translation(x, y, z), (box_hull(-0.015, 0.015, -0.015, 0.015, -0.015, 0.015),))
    return dataclasses.replace(cell, fixtures=(*cell.fixtures, clamp))


@pytest.mark.parametrize("name", ["fixed table", "tilted table"])
def test_a_planted_clamp_is_found(plans, name):
    cell, plan = plans[name]
    blocked = clamp_at(cell, plan, 30, 0.0)
    found = replay_weld(blocked, WELDMENT, plan).findings
    assert found and all(finding.code == "replay-contact" and finding.step == "seam 1" for finding in found)
    assert any("planted clamp" in finding.message and "(weld)" in finding.message and "torch" in finding.message for finding in found)
    # The planner's scene knows it too, and only where the torch passes.
    scene = WeldScene(blocked, WELDMENT).posed(plan.welds[0].positioner[0], near_seam=("base", "web"))
    free = scene.free(plan.welds[0].robot)
    assert not free[30] and free[0] and free[-1]


def test_a_thin_pin_between_two_samples_is_found(plans):
    """A pin of 1 mm beside the middle of the way from sample 30 to 31, which are 4.7 mm apart; the wire passes over it between the two."""
    cell, plan = plans["fixed table"]
    a, b = (plan.welds[0].Ts_piece_tcp[k] for k in (30, 31))
    middle = (a @ translation(0, 0, -0.006) + b @ translation(0, 0, -0.006)) / 2
    pin = Body("pin", "fixture", np.eye(4), (middle[:3, 3] + box_hull(*(-0.5e-3, 0.5e-3) * 3),))
    phase = plan.phases[1]
    short = dataclasses.replace(phase, times=phase.times[30:32], robot=phase.robot[30:32], positioner=phase.positioner[30:32])
    blocked = dataclasses.replace(cell, fixtures=(pin,))
    found = replay_weld(blocked, WELDMENT, dataclasses.replace(plan, phases=(short,))).findings
    assert [("pin" in finding.message) for finding in found] == [True]


def test_pybullet_kinematics_equals_ours(plans):
    cell, _ = plans["tilted table"]
    robot, positioner = cell.robot, cell.positioner
    rng = np.random.default_rng(1)
    with WeldWorld(cell, WELDMENT) as world:
        for _ in range(10):
            q = rng.uniform(robot.model.lower, robot.model.upper)
            turn = rng.uniform(positioner.mechanism.lower, positioner.mechanism.upper)
            world.set_joints(q, turn)
            theirs = world.link_poses(world.robot, robot.model.mechanism)[robot.model.flange_link]
            assert theirs == pytest.approx(robot.T_world_base @ robot.model.fk(q), abs=1e-6)
            place = {body.name: T for body, T in zip(world.bodies, world.poses, strict=True)}
            assert place["web"] == pytest.approx(cell.T_world_workpiece(turn), abs=1e-6)
            # Tilt about the root's y 850 mm up, the table 120 mm above that axis: by hand for the height of the workpiece's origin.
            assert place["web"][2, 3] == pytest.approx(0.85 + 0.12 * np.cos(turn[0]), abs=1e-6)
            T_hand = positioner.T_world_base @ translation(0, 0, 0.85) @ rot_y(turn[0]) @ translation(0, 0, 0.12)
            assert place["web"][:3, 3] == pytest.approx(T_hand[:3, 3], abs=1e-6)
