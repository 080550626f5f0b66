"""Touch search: which touches, where, and that the program welds the seam of a part that lies beside its place."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from cells.weld_load import load_weld_cell
from cells.weld_model import EndTilt
from core.findings import has_errors
from core.frames import rot_z, translation
from parts.weldment import Weldment
from robots.programs.compare import compare
from robots.programs.languages import language
from robots.programs.program import SearchLinear, Shift
from sim.weld.export import export_weld
from sim.weld.job import plan_weld
from sim.weld.options import WeldOptions
from sim.weld.outputs import weld_plan_dict
from sim.weld.program import weld_controller, weld_program
from sim.weld.replay import replay_weld
from sim.weld.torch import normals_at
from sim.weld.touch import BESIDE, LONG, _way, touch_spots
from sim.weld.verify import verify_weld
from tests.sim.weld.weld_cases import box, line_seam, panel, piece, t_joint, tube_on_plate

SEARCHED = WeldOptions(search={"*": True})


def cell_of(language_name):
    """The track cell; its controller another one where wanted."""
    cell = load_weld_cell("welding-track")
    return (
        cell
        if language_name == "rapid"
        else replace(cell, robot=replace(cell.robot, model=replace(cell.robot.model, language=language_name)))
    )


def lying(cell, weldment: Weldment):
    """The cell with a weldment in the middle of its table, on its lowest side."""
    low = np.min([piece.mesh.bounds[0] for piece in weldment.pieces], axis=0)
    high = np.max([piece.mesh.bounds[1] for piece in weldment.pieces], axis=0)
    T = translation(-float(low[0] + high[0]) / 2, -float(low[1] + high[1]) / 2, -float(low[2]))
    return replace(cell, T_holder_workpiece=cell.T_holder_workpiece @ T)


def run(plan, cell, weldment, language_name, T_off):
    """What the text does when the part lies off its place by T_off, in its own frame."""
    program = weld_program(plan, cell, language_name)
    it = language(language_name)
    read = it.read(it.write(program, cell.programs), weld_controller(program, cell, language_name))
    elsewhere = replace(cell, T_holder_workpiece=cell.T_holder_workpiece @ T_off)
    names = {line.address: name for name, line in program.signals.items()}
    return verify_weld(read, elsewhere, weldment, plan, names)


@pytest.fixture(scope="module")
def tee():
    weldment = t_joint()
    cell = lying(load_weld_cell("welding-track"), weldment)
    return cell, weldment, plan_weld(weldment, cell, SEARCHED)


@pytest.mark.parametrize("name", ["rapid", "fanuc"])
def test_the_program_welds_a_part_that_lies_beside_its_place(tee, name):
    """Off by 1.1 and 0.7 mm across the seam: the wire's end is on it within the rounding of the text. Along the seam nothing is touched."""
    cell, weldment, plan = tee
    assert [finding for finding in plan.findings if finding.level != "info"] == []
    assert len(plan.touches) == 4 and len(plan.welds) == 2
    planned = run(plan, cell, weldment, name, np.eye(4))
    assert planned.findings == () and max(bead.off for bead in planned.beads) < 1e-6
    off = run(plan, cell, weldment, name, translation(0.0, -1.1e-3, 0.7e-3))
    assert not {finding.code for finding in off.findings} & {"off-seam", "angle-outside", "search-missed", "weld-speed"}
    assert len(off.beads) == 2 and max(bead.off for bead in off.beads) < 0.01e-3


def test_without_a_search_the_same_part_is_missed(tee):
    cell, weldment, _ = tee
    plan = plan_weld(weldment, cell)
    off = run(plan, cell, weldment, "rapid", translation(0.0, -1.1e-3, 0.7e-3))
    assert max(bead.off for bead in off.beads) == pytest.approx(np.hypot(1.1e-3, 0.7e-3), abs=1e-5)
    assert "off-seam" in {finding.code for finding in off.findings}


def test_results_add_up_at_any_angle_between_the_faces(tee):
    """n_i . e_k = 0 for different touches of a seam: the condition under which controllers may add search results."""
    _, _, plan = tee
    for weld in plan.welds:
        own = [touch for touch in plan.touches if touch.seam == weld.seam.name]
        _, n_a, n_b = normals_at(weld.seam, np.array([weld.seam.length / 2]))
        cross = np.array([n_a[0], n_b[0]]) @ np.array([touch.direction for touch in own]).T
        assert abs(cross[0, 1]) < 1e-9 and abs(cross[1, 0]) < 1e-9 and cross[0, 0] < -0.9 and cross[1, 1] < -0.9


def test_leaning_faces_are_searched_along_each_other():
    """A web that leans by 30 deg: touched square to its faces the sum would be wrong by the cosine between them."""
    weldment = t_joint()
    seam = weldment.seams[0]
    lean = np.array([0.0, np.cos(np.radians(30)), np.sin(np.radians(30)) * 1.0])
    tilted = replace(seam, normals_b=np.repeat(lean[None], len(seam.points), axis=0) if abs(seam.normals_b[0, 1]) > 0.5 else seam.normals_b)
    tilted = replace(
        tilted, normals_a=np.repeat(lean[None], len(seam.points), axis=0) if abs(seam.normals_a[0, 1]) > 0.5 else tilted.normals_a
    )
    spots = touch_spots(tilted)
    assert len(spots) == 2
    ways = [_way(tilted, spot, BESIDE[0]) for spot in spots]
    for delta in np.random.default_rng(1).normal(size=(20, 3)) * 1e-3:
        total = sum((float(n @ delta) / float(n @ e)) * e for _, e, n in ways)
        tangent = normals_at(tilted, np.array([0.05]))[0][0]
        left = delta - total
        assert np.linalg.norm(left - (left @ tangent) * tangent) < 1e-12


def test_a_long_seam_is_found_at_both_ends():
    """Turned by 0.2 deg a seam of 300 mm lies 1 mm across at its far end; its start and its end have shifts of their own."""
    weldment = panel(1, length=0.4)
    cell = lying(load_weld_cell("welding-track"), weldment)
    plan = plan_weld(weldment, cell, SEARCHED)
    assert all(weld.seam.length > LONG for weld in plan.welds) and len(plan.touches) == 4 * len(plan.welds)
    assert {touch.where for touch in plan.touches} == {"start", "end"}
    turned = run(plan, cell, weldment, "rapid", rot_z(np.radians(0.2)) @ translation(0.0, 0.5e-3, -0.3e-3))
    assert max(bead.off for bead in turned.beads) < 0.15e-3
    # By one shift alone the ends would lie 0.2 m x 0.2 deg = 0.7 mm beside it.
    program = weld_program(plan, cell, "rapid")
    shifts = [one.results for routine in program.routines for one in routine.walk() if isinstance(one, Shift) and one.results]
    assert len(set(shifts)) == 2 * len(plan.welds)


def test_a_closed_seam_takes_three_touches():
    weldment = tube_on_plate()
    cell = lying(load_weld_cell("welding-track"), weldment)
    plan = plan_weld(weldment, cell, SEARCHED)
    assert len(plan.touches) == 3, [str(finding) for finding in plan.findings]
    n_e = np.array([touch.direction for touch in plan.touches]) @ np.array([touch.direction for touch in plan.touches]).T
    assert np.max(np.abs(n_e - np.eye(3))) < 0.05
    off = run(plan, cell, weldment, "rapid", translation(1.0e-3, -0.8e-3, 0.6e-3))
    # The tube is round: the touch beside its middle meets it a little later, 1 mm squared over twice its radius.
    assert max(bead.off for bead in off.beads) < 0.1e-3


def test_a_part_out_of_reach_of_the_search_is_said(tee):
    cell, weldment, plan = tee
    off = run(plan, cell, weldment, "rapid", translation(0.0, 0.0, -0.02))
    missed = [finding for finding in off.findings if finding.code == "search-missed"]
    assert missed and "without touching" in missed[0].message and missed[0].data["line"] > 0


def test_touches_are_checked_timed_and_read_back(tee):
    cell, weldment, plan = tee
    replayed = replay_weld(cell, weldment, plan)
    assert not has_errors(replayed.findings)
    searching = [phase for phase in plan.phases if phase.touch is not None]
    assert len(searching) == len(plan.touches)
    for phase in searching:
        touch = plan.touches[phase.touch]
        assert phase.name == "search" and np.allclose(phase.robot[-1], touch.robot[-1])
    data = weld_plan_dict(plan, cell)
    assert data["times"]["search_s"] == pytest.approx(
        sum(float(p.times[-1] - p.times[0]) for p in plan.phases if p.name == "search"), abs=0.01
    )
    order = [weld.seam.name for weld in plan.welds]
    assert [touch["name"] for touch in data["touches"]] == [f"{seam} {number}" for seam in order for number in (1, 2)]


def test_a_cell_without_the_line_welds_without_searching(tee):
    cell, weldment, _ = tee
    bare = replace(cell, signals={name: line for name, line in cell.signals.items() if name != "touch"})
    plan = plan_weld(weldment, bare, SEARCHED)
    assert plan.touches == () and len(plan.welds) == 2
    assert {finding.code for finding in plan.findings if finding.level == "warning"} == {"not-searched"}


def test_languages_that_cannot_search_say_so(tee):
    cell, weldment, plan = tee
    for name in ("krl", "inform"):
        out = export_weld(plan, cell, weldment, name)
        assert out.files == {} and any("search" in finding.message for finding in out.findings if finding.level == "error"), name
    program = weld_program(plan, cell, "rapid")
    assert sum(isinstance(one, SearchLinear) for routine in program.routines for one in routine.walk()) == 4


def test_flush_faces_give_the_height_alone():
    seam = t_joint().seams[0]
    flush = replace(
        seam, kind="butt", normals_a=np.tile([0.0, 0, 1], (len(seam.points), 1)), normals_b=np.tile([0.0, 0, 1], (len(seam.points), 1))
    )
    spots = touch_spots(flush)
    assert [(spot.face, spot.where) for spot in spots] == [("a", "all")]


def test_a_seam_that_is_welded_the_other_way_round_has_the_right_ends():
    """Three ribs: the order turns some seams round after they were searched as given. About the middle of the plate the part turns by 0.2 deg: 0.7 mm across at the ends."""
    weldment = panel(3, pitch=0.12, length=0.4)
    cell = lying(load_weld_cell("welding-track"), weldment)
    plan = plan_weld(weldment, cell, SEARCHED)
    given = {seam.name: seam.points[0] for seam in weldment.seams}
    turned_round = [weld.seam.name for weld in plan.welds if np.linalg.norm(weld.Ts_piece_tcp[0, :3, 3] - given[weld.seam.name]) > 0.1]
    assert turned_round and len(turned_round) < len(plan.welds)
    turned = run(plan, cell, weldment, "rapid", rot_z(np.radians(0.2)))
    for bead in turned.beads:
        weld = next(one for one in plan.welds if one.seam.name == bead.seam)
        # Turned about the middle, a seam beside it also moves along itself, which no touch tells.
        along = abs(np.radians(0.2) * weld.seam.points[0, 1])
        assert bead.off < along + 0.1e-3


def test_targets_between_go_with_the_end_that_is_nearer():
    """With other angles at its ends a long bead has targets 20 mm from them."""
    weldment = panel(1, length=0.4)
    cell = lying(load_weld_cell("welding-track"), weldment)
    tilt = EndTilt(np.radians(10), np.radians(-10), 0.02)
    cell = replace(cell, procedures=tuple(replace(one, ends=tilt) for one in cell.procedures))
    plan = plan_weld(weldment, cell, SEARCHED)
    assert len(plan.touches) == 4 * len(plan.welds)
    turned = run(plan, cell, weldment, "rapid", rot_z(np.radians(0.2)))
    assert max(bead.off for bead in turned.beads) < 0.15e-3


def test_a_lap_of_thin_plate_is_touched_in_the_middle_of_its_edge():
    weldment = lap()
    cell = lying(load_weld_cell("welding-track"), weldment)
    plan = plan_weld(weldment, cell, SEARCHED)
    assert [touch.where for touch in plan.touches] == ["all", "all"], [str(finding) for finding in plan.findings]
    heights = sorted(float(touch.T_piece_tcp[2, 3]) for touch in plan.touches)
    assert heights == pytest.approx([0.005, 0.0075], abs=1e-6)


def lap() -> Weldment:
    """Two plates of 5 mm that overlap: the upper one's edge is 5 mm high."""
    low = piece("low", box((-0.1, -0.05, 0.0), (0.05, 0.05, 0.005)))
    high = piece("high", box((0.0, -0.05, 0.005), (0.15, 0.05, 0.010)))
    seam = line_seam("1", (0.0, -0.05, 0.005), (0.0, 0.05, 0.005), (0, 0, 1), (-1, 0, 0), ("low", "high"))
    return Weldment("lap", (low, high), (replace(seam, kind="lap", thickness_a=0.005, thickness_b=0.005),))


@pytest.mark.parametrize("name, gone", [("rapid", r"    PDispSet [^;]*;\r\n"), ("fanuc", r" *Offset,PR\[\d+\]")])
def test_a_bead_that_is_no_longer_shifted_is_found_where_the_part_lies_as_planned(tee, name, gone):
    """Where the part lies as planned all results are nothing: the missing shift shows in no target."""
    cell, weldment, plan = tee
    program = weld_program(plan, cell, name)
    it, controller = language(name), weld_controller(program, cell, name)
    whole = it.write(program, cell.programs)
    damaged = {file: re.sub(gone, "", text.decode()).encode() for file, text in whole.items()}
    assert damaged != whole
    before, after = it.read(whole, controller), it.read(damaged, controller)
    names = {line.address: signal for signal, line in program.signals.items()}
    found = {finding.code: finding for finding in verify_weld(after, cell, weldment, plan, names).findings}
    assert set(found) == {"search-not-applied"} and "is not shifted, it was searched as" in found["search-not-applied"].message
    assert {change.kind for change in compare(before, after, cell.robot.model)} == {"shift"}


def test_the_results_of_another_seam_are_found(tee):
    cell, weldment, plan = tee
    program = weld_program(plan, cell, "rapid")
    other = replace(plan, touches=tuple(replace(one, seam="2" if one.seam == "1" else "1") for one in plan.touches))
    names = {line.address: signal for signal, line in program.signals.items()}
    codes = [finding.code for finding in verify_weld(program, cell, weldment, other, names).findings]
    assert codes == ["search-not-applied"] * 2
    assert [one.code for one in verify_weld(program, cell, weldment, replace(plan, touches=plan.touches[:3]), names).findings] == [
        "searches-differ"
    ]
