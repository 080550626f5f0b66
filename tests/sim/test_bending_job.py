"""A whole job on a small cell and a real part: what must hold of every plan."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from cells.load import load_cell
from parts.build import BendSpec, build_sheet
from parts.materials import material
from sim.bending import BendingOptions, plan_bending
from sim.cell_scene import build_cell_scene
from sim.handling import sheet_pile
from sim.outputs import brake_table, plan_dict
from sim.plan import phase_state
from sim.replay import replay
from tests.conftest import strip


@pytest.fixture(scope="module")
def planned(dimmer):
    return dimmer


def test_plan_has_no_errors_and_ends_folded(planned):
    assert [finding for finding in planned.plan.findings if finding.level == "error"] == []
    assert planned.plan.phases[-1].fold[-1] == pytest.approx(planned.part.target_angles)
    assert planned.plan.phases[-1].robot[-1] == pytest.approx(planned.cell.robot.q_home)


def test_phases_join_without_gaps(planned):
    for before, after in zip(planned.plan.phases[:-1], planned.plan.phases[1:], strict=True):
        assert after.times[0] == pytest.approx(before.times[-1])
        assert after.robot[0] == pytest.approx(before.robot[-1], abs=1e-9)
        assert after.brake[0] == pytest.approx(before.brake[-1], abs=1e-9)
        assert after.fold[0] == pytest.approx(before.fold[-1], abs=1e-9)


def test_the_held_part_does_not_jump(planned):
    """The part's pose in the world at the end of a phase is its pose at the start of the next."""
    cell, part, gripper = planned.cell, planned.part, planned.gripper

    def pose(state):
        T = state.part.T_holder_flange
        if state.part.held_by == "tcp":
            T = cell.robot.T_world_base @ cell.robot.model.fk(state.robot) @ gripper.T_flange_tcp @ T
        return T @ np.linalg.inv(part.fold(state.fold)[state.part.flange])

    for before, after in zip(planned.plan.phases[:-1], planned.plan.phases[1:], strict=True):
        if before.part is None or after.part is None:
            continue
        assert pose(phase_state(after, after.times[0])) == pytest.approx(pose(phase_state(before, before.times[-1])), abs=2e-5)


def test_joint_limits_hold_everywhere(planned):
    model = planned.cell.robot.model
    for phase in planned.plan.phases:
        assert np.all(phase.robot >= model.lower - 1e-6) and np.all(phase.robot <= model.upper + 1e-6)
        step = np.diff(phase.times)
        moving = step > 1e-6
        speed = np.abs(np.diff(phase.robot, axis=0)[moving]) / step[moving, None]
        assert np.all(speed <= model.velocity * 1.02)


def test_free_moves_are_free_when_checked_ten_times_finer(planned):
    setup_scene = build_cell_scene(planned.cell, planned.setup, planned.gripper, planned.part)
    for phase in planned.plan.phases:
        if phase.kind != "free":
            continue
        allowed = frozenset({(f"flange-{phase.part.flange}", "gripper")}) if phase.gripped and phase.part else frozenset()
        scene = setup_scene.posed(
            brake=phase.brake[-1], gripper=phase.gripper[-1], placement=phase.part, fold=phase.fold[-1], allowed=allowed
        )
        fine = np.concatenate(
            [a + np.linspace(0, 1, 10, endpoint=False)[:, None] * (b - a) for a, b in zip(phase.robot[:-1], phase.robot[1:], strict=True)]
        )
        assert min(scene.distances(fine, cap=0.05)) > 0.0


def test_same_seed_same_plan(planned):
    again = plan_bending(planned.part, load_cell("bending-irb4600"), BendingOptions())
    assert len(again.plan.phases) == len(planned.plan.phases)
    for a, b in zip(again.plan.phases, planned.plan.phases, strict=True):
        assert np.array_equal(a.robot, b.robot) and np.array_equal(a.times, b.times)


def test_a_planted_obstacle_changes_the_plan_or_is_named(planned):
    """A post in the way of the first free move: the planner goes round it or says what is in the way."""
    cell = load_cell("bending-irb4600")
    station = cell.stations["presenter"]
    blocked = dataclasses.replace(sheet_pile(planned.part, station, "top"), name="post", group="obstacle")
    hull = np.array([[x, y, z] for x in (0.85, 1.45) for y in (-1.8, -1.2) for z in (0.82, 1.6)])
    walled = dataclasses.replace(cell, bodies=(*cell.bodies, dataclasses.replace(blocked, hulls=(hull,))))
    result = plan_bending(planned.part, walled, BendingOptions(retries=0))
    errors = [finding for finding in result.plan.findings if finding.level == "error"]
    assert errors and any("post" in finding.message or finding.step == "pick" for finding in errors)


def test_outputs_carry_units_and_line_up(planned):
    data = plan_dict(planned)
    assert data["verified"] and data["bends"][0]["angle_deg"] == pytest.approx(90.0)
    rows = [line for line in brake_table(planned).splitlines() if line.strip()][2:]
    assert len({len(row) for row in rows}) == 1


def test_the_gauge_goes_back_before_a_hanging_flange_swings():
    """Hat: the brim hangs 30 mm below the wall that is bent; at half of 90 degrees its end comes 30 mm x sin 45 = 21 mm nearer to the fingers."""
    part = strip([0.03, 0.08, 0.34, 0.39], 0.42, 0.36, [-1, 1, 1, -1], t=1.5e-3, r=1.6e-3)
    part = build_sheet(
        part.flat, thickness=1.5e-3, material=material("mild-steel"), specs=[BendSpec(s * np.pi / 2, 1.6e-3) for s in (-1, 1, 1, -1)]
    )
    result = plan_bending(part, load_cell("bending-kr120"), BendingOptions())
    assert [f for f in result.plan.findings if f.level == "error"] == []
    walls = [step for step in result.plan.steps if step.gauge_contact == "flange face"]
    assert walls
    for step in walls:
        swung = next(p for p in result.plan.phases if p.step == f"bend {step.label}" and p.name in ("follow", "bend"))
        gauge = swung.brake[:, result.cell.brake.mechanism.joint_names.index("gauge_x")]
        # It stands back during the whole swing, and the fingers are no longer among what may be touched.
        assert np.ptp(gauge) < 1e-12 and gauge[0] == pytest.approx(step.gauge_x + step.gauge_retract)
        assert not any("gauge" in pair for pair, _ in swung.contacts)
    assert replay(result).findings == ()
