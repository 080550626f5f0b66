"""Whole jobs in `welding-kr5`: gapless phases, replay, seams that fail alone, tacks, passes, cleaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cells.weld_model import WeldCell
from core.errors import UnknownNameError
from core.units import DEG
from parts.weldment import Weldment
from sim.weld.job import plan_weld
from sim.weld.options import WeldOptions
from sim.weld.plan import SeamWeld, WeldPlan
from sim.weld.replay import replay_weld
from sim.weld.seam_search import SeamRefusal
from sim.weld.tasks import Task, tacks_of, weld_tasks
from sim.weld.torch import seam_frames, torch_poses
from sim.weld.verify import on_bead
from sim.weld.ways import FoundWay, SeamWays
from tests.sim.weld.test_torch import around, ring
from tests.sim.weld.weld_cases import box, panel, piece, t_joint


def check_gapless(plan: WeldPlan, cell: WeldCell) -> None:
    assert plan.phases[0].times[0] == 0.0
    np.testing.assert_allclose(plan.phases[0].robot[0], cell.robot.q_home)
    np.testing.assert_allclose(plan.phases[-1].robot[-1], cell.robot.q_home, atol=1e-6)
    for a, b in zip(plan.phases[:-1], plan.phases[1:], strict=True):
        assert a.times[-1] == pytest.approx(b.times[0], abs=1e-9)
        np.testing.assert_allclose(a.robot[-1], b.robot[0], atol=1e-6)
    for phase in plan.phases:
        speed = np.abs(np.diff(phase.robot, axis=0)) / np.maximum(np.diff(phase.times), 1e-9)[:, None]
        assert np.all(speed <= cell.robot.model.velocity * 1.01), phase.name


def test_t_joint_is_planned_and_free_in_pybullet(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    weldment, plan = tee
    assert not plan.findings and {weld.seam.name for weld in plan.welds} == {"1", "2"}
    check_gapless(plan, kr5)
    assert not replay_weld(kr5, weldment, plan).findings
    arc = sum(phase.times[-1] - phase.times[0] for phase in plan.phases if phase.kind == "weld")
    # Two seams of 200 mm at 7 mm/s, by hand 57.14 s; starting and stopping takes a few milliseconds.
    assert arc == pytest.approx(2 * 200 / 7, abs=0.05)


def test_same_seed_same_plan(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    again = plan_weld(tee[0], kr5)
    assert all(np.array_equal(a.robot, b.robot) for a, b in zip(tee[1].phases, again.phases, strict=True))


def test_seam_in_the_way_fails_alone(kr5: WeldCell) -> None:
    weldment = t_joint(0.12)
    # A lid over the seam on the -y side only.
    lid = piece("lid", box((-0.08, -0.12, 0.030), (0.08, -0.004, 0.034)))
    plan = plan_weld(replace(weldment, pieces=(*weldment.pieces, lid)), kr5)
    assert [weld.seam.name for weld in plan.welds] == ["2"]
    (finding,) = plan.findings
    assert finding.level == "error" and finding.code == "seam-collision" and finding.step == "seam 1"
    assert "lid" in finding.message and finding.remedy


def test_tacks_come_first_and_passes_in_order(kr5: WeldCell) -> None:
    procedure = next(one for one in kr5.procedures if one.name == "fillet-a4")
    # Root in the corner, the second bead 3 mm out on the floor with the torch steeper, the third 3 mm up the web.
    three = replace(procedure, passes=((0.0, 0.0, 0.0), (0.003, 0.0, 0.05), (0.0, 0.003, -0.05)))
    cell = replace(kr5, procedures=(three,))
    plan = plan_weld(t_joint(0.1, both=False), cell, WeldOptions(tack_length=0.012, tack_pitch=0.1))
    assert [(weld.seam.name, weld.bead) for weld in plan.welds][2:] == [("1", 0), ("1", 1), ("1", 2)]
    assert {weld.seam.name for weld in plan.welds[:2]} == {"1 tack 1", "1 tack 2"}
    steps = list(dict.fromkeys(phase.step for phase in plan.phases))
    assert steps[-4:] == ["seam 1 pass 1", "seam 1 pass 2", "seam 1 pass 3", "home"]
    np.testing.assert_allclose(plan.welds[3].Ts_piece_tcp[:, 1, 3], -0.003 - 0.003, atol=1e-9)
    np.testing.assert_allclose(plan.welds[4].Ts_piece_tcp[:, 2, 3], 0.006 + 0.003, atol=1e-9)


def test_tacks_stand_at_both_ends_and_between() -> None:
    seam = t_joint(0.4).seams[0]
    tacks = tacks_of(seam, 0.012, 0.15)
    # 388 mm from the first start to the last: three spaces of 129.3 mm.
    starts = [float(np.linalg.norm(tack.points[0] - seam.points[0])) for tack in tacks]
    np.testing.assert_allclose(starts, [0.0, 0.388 / 3, 0.388 * 2 / 3, 0.388], atol=1e-9)
    (one,) = tacks_of(t_joint(0.05).seams[0], 0.012, 0.15)
    np.testing.assert_allclose(one.points[:, 0], [-0.006, 0.006], atol=1e-9)


def test_torch_is_cleaned_after_its_arc_time(kr5: WeldCell) -> None:
    plan = plan_weld(t_joint(0.1), replace(kr5, clean_every=10.0))
    steps = list(dict.fromkeys(phase.step for phase in plan.phases))
    assert "clean 1" in steps and 0 < steps.index("clean 1") < len(steps) - 1
    assert not replay_weld(kr5, t_joint(0.1), plan).findings


def test_given_order_and_direction(kr5: WeldCell) -> None:
    plan = plan_weld(t_joint(0.1), kr5, WeldOptions(order=("1", "2"), directions={"*": "as-given"}))
    assert [weld.seam.name for weld in plan.welds] == ["1", "2"]
    assert all(weld.seam.points[0, 0] < weld.seam.points[-1, 0] for weld in plan.welds)


def test_unknown_names_are_refused_with_the_valid_ones(kr5: WeldCell) -> None:
    with pytest.raises(UnknownNameError, match=r"'9'.*1, 2"):
        plan_weld(t_joint(), kr5, WeldOptions(order=("9",)))
    with pytest.raises(UnknownNameError, match="fillet-a4"):
        plan_weld(t_joint(), kr5, WeldOptions(procedures={"1": "fillet-a9"}))


@pytest.mark.slow
def test_panel_has_no_neighbours_in_a_row(kr5: WeldCell) -> None:
    weldment = panel(3)
    plan = plan_weld(weldment, kr5)
    assert len(plan.welds) == 6 and not replay_weld(kr5, weldment, plan).findings


def test_tacks_of_a_small_ring_do_not_go_round_it_twice(kr5: WeldCell) -> None:
    """12 mm diameter, tacks of 20 mm: half of it stays open."""
    small = ring(0.006)
    tacks = tacks_of(small, 0.020, 0.15)
    assert len(tacks) == 2 and sum(tack.length for tack in tacks) == pytest.approx(small.length / 2)
    for tack in tacks:
        assert np.all(np.isfinite(seam_frames(tack, 0.001).tangents))


def test_later_passes_are_not_welded_without_their_root(kr5: WeldCell) -> None:
    """The torch gets to the second pass only, which leans away from what is in the way of the first."""
    procedure = next(one for one in kr5.procedures if one.name == "fillet-a4")
    two = replace(procedure, passes=((0.0, 0.0, 0.0), (0.003, 0.0, 0.05)))
    cell = replace(kr5, procedures=(two,))
    weldment = t_joint(0.1, both=False)
    asked = []

    def only_later(ways: SeamWays, task: Task) -> list[FoundWay] | SeamRefusal:
        asked.append(task.bead)
        return SeamRefusal("seam-reach", "no", "none") if task.bead == 0 else found(ways, task)

    found = SeamWays.of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SeamWays, "of", only_later)
        plan = plan_weld(weldment, cell)
    assert plan.welds == () and plan.phases == () and asked == [0]


def test_beads_beside_the_root_are_held_against_their_own_way_round_a_corner(kr5: WeldCell) -> None:
    """L seam, a pass 4 mm out on the floor: poses straight from the frames are on it, with the angles they were made with."""
    seam = around((0, 0), (0.1, 0), (0.1, 0.1))
    procedure = replace(kr5.procedures[0], passes=((0.004, 0.0, 0.0),))
    frames = seam_frames(seam, 0.0007)
    Ts = torch_poses(frames, 0.1, -0.05, 0.0, offset=(0.004, 0.0))
    k = len(Ts)
    weld = SeamWeld(
        seam, 0, procedure.name, Ts, np.full(k, 0.1), np.full(k, -0.05), np.zeros(k), np.zeros((k, 6)), np.zeros((k, 0)), "PB", 0.0
    )
    off, work, travel = on_bead(weld, procedure, Ts)
    assert np.max(off) < 0.01e-3
    assert np.max(np.abs(work - 0.1)) < 0.02 * DEG and np.max(np.abs(travel + 0.05)) < 0.02 * DEG
    Ts[:, :3, 3] += np.array([0, 0, 0.5e-3])
    assert np.max(on_bead(weld, procedure, Ts)[0]) > 0.3e-3


def test_passes_that_are_asked_for_choose_the_procedure(kr5: WeldCell) -> None:
    """By thickness, then by the number of passes; a seam that none is for is left out with its reason."""
    one = next(it for it in kr5.procedures if "fillet" in it.kinds)
    thin = replace(one, name="thin", thickness_min=0.001, thickness_max=0.003)
    single = replace(one, name="single", thickness_min=0.005, thickness_max=0.02)
    triple = replace(single, name="triple", passes=((0.0, 0.0, 0.0),) * 3)
    cell = replace(kr5, procedures=(thin, single, triple))
    for passes, name in ((1, "single"), (3, "triple")):
        tasks, findings = weld_tasks(t_joint(), cell, WeldOptions(passes={"1": passes}))
        assert findings == [] and {task.procedure.name for task in tasks if task.of == "1"} == {name}
        assert {task.procedure.name for task in tasks if task.of == "2"} == {"single"}
    tasks, findings = weld_tasks(t_joint(), cell, WeldOptions(passes={"1": 2}))
    assert [(finding.code, finding.step) for finding in findings] == [("passes-differ", "seam 1")] and {task.of for task in tasks} == {"2"}
