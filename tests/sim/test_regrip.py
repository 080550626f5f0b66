"""Changing the grip: on a station of either kind, and in the brake while the tools hold the part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shapely import box

from cells.load import load_cell
from core.findings import has_errors
from parts.build import BendSpec, build_sheet
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from sim.bending import BendingOptions, BendingResult, plan_bending
from sim.replay import replay

CELL = load_cell("bending-kr120")
WITHOUT = replace(CELL, stations={name: station for name, station in CELL.stations.items() if station.kind != "regrip"})


def strip_450(signs: tuple[int, int], legs: float = 0.06):
    """A sheet 450 x 400 mm with a leg at both ends, bent up (1) or down (-1): one grip in the middle is too near both lines for the wrist."""
    lines = tuple(BendLine(np.array([x, 0.0]), np.array([x, 0.4])) for x in (legs, 0.44 - legs))
    flat = FlatPattern("legs", box(0.0, 0.0, 0.44, 0.4), lines)
    return build_sheet(flat, thickness=1.5e-3, material=material("mild-steel"), specs=[BendSpec(s * np.pi / 2, 1.6e-3) for s in signs])


@pytest.fixture(scope="module")
def flipped() -> BendingResult:
    return plan_bending(strip_450((1, -1), 0.045), CELL, BendingOptions(gripper="vacuum-frame-320"))


@pytest.fixture(scope="module")
def clamped() -> BendingResult:
    return plan_bending(strip_450((1, 1)), WITHOUT, BendingOptions(gripper="vacuum-frame-320"))


def test_a_flip_goes_over_the_upright_station(flipped):
    """The second bend needs the other face: the part is given to the upright cups and taken from behind."""
    assert not has_errors(flipped.plan.findings)
    steps = [phase.step for phase in flipped.plan.phases]
    assert "regrip before bend 2" in steps
    give = next(phase for phase in flipped.plan.phases if phase.step == "regrip before bend 2" and phase.name == "release")
    take = next(phase for phase in flipped.plan.phases if phase.step == "regrip before bend 2" and phase.name == "grip")
    tools = [CELL.robot.T_world_base @ CELL.robot.model.fk(phase.robot[0]) for phase in (give, take)]
    # Flange axes point at each other across the sheet.
    assert tools[0][:3, 2] @ tools[1][:3, 2] == pytest.approx(-1.0, abs=1e-6)
    assert {grip.face for grip in flipped.grips} == {"top", "bottom"}
    assert replay(flipped).findings == ()


def test_without_a_station_the_tools_hold_the_part(clamped):
    """Released at pinch, taken with the other grip before the ram opens; nothing touches in the second engine either."""
    assert not has_errors(clamped.plan.findings)
    assert [step.follow for step in clamped.plan.steps] == [False, True]
    names = [phase.name for phase in clamped.plan.phases if phase.step == "bend 1"]
    assert names.index("release") < names.index("bend") < names.index("grip") < names.index("open")
    assert clamped.grips[0] is not clamped.grips[1]
    assert replay(clamped).findings == ()


def test_the_part_stays_in_the_tools_while_it_is_let_go(clamped):
    """What the robot takes again is where the tools left it: no jump of the sheet between any two phases."""
    part, gripper = clamped.part, clamped.gripper
    last = None
    for phase in clamped.plan.phases:
        if phase.part is None:
            continue
        places = []
        for k in (0, -1):
            if phase.part_poses is not None:
                T_flange = phase.part_poses[k]
            elif phase.part.held_by == "tcp":
                robot = clamped.cell.robot
                T_flange = robot.T_world_base @ robot.model.fk(phase.robot[k]) @ gripper.T_flange_tcp @ phase.part.T_holder_flange
            else:
                T_flange = phase.part.T_holder_flange
            places.append(T_flange @ np.linalg.inv(part.fold(phase.fold[k])[phase.part.flange]))
        if last is not None:
            assert np.max(np.abs(places[0] - last)) < 1e-5, (phase.step, phase.name)
        last = places[1]
