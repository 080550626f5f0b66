"""Programs of welding plans: read back from text, run, held against the seams by forward kinematics; and planted faults."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cells.model import Body
from cells.weld_model import WeldCell
from core.units import DEG
from parts.weldment import Weldment
from robots.programs.languages import LANGUAGES
from sim.weld.export import export_weld
from sim.weld.plan import WeldPlan
from sim.weld.program import weld_controller, weld_program
from sim.weld.verify import ON_SEAM, WeldVerification, verify_weld
from tests.sim.weld.weld_cases import box


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_straight_seams_from_text(kr5: WeldCell, tee: tuple[Weldment, WeldPlan], language: str) -> None:
    weldment, plan = tee
    out = export_weld(plan, kr5, weldment, language)
    assert out.files and out.verification is not None, [str(one) for one in out.findings]
    assert [bead.seam for bead in out.verification.beads] == [weld.seam.name for weld in plan.welds]
    for bead in out.verification.beads:
        assert bead.off <= 0.01e-3
        np.testing.assert_allclose(bead.work, 0.0, atol=0.01 * DEG)
        np.testing.assert_allclose(bead.travel, -10 * DEG, atol=0.01 * DEG)
        assert bead.seconds == pytest.approx(200 / 7, rel=0.01)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_ring_from_text(kr5: WeldCell, tube: tuple[Weldment, WeldPlan], language: str) -> None:
    weldment, plan = tube
    out = export_weld(plan, kr5, weldment, language)
    assert out.files and out.verification is not None, [str(one) for one in out.findings]
    (bead,) = out.verification.beads
    assert bead.off <= 0.01e-3
    # Windows of fillet-a3: work -10..10, travel -15..0 deg.
    assert bead.work[0] >= -10 * DEG and bead.work[1] <= 10 * DEG and bead.travel[0] >= -15 * DEG and bead.travel[1] <= 0


def test_ring_by_hand(kr5: WeldCell, tube: tuple[Weldment, WeldPlan]) -> None:
    """Without our seam code: the wire's end on a circle of 40 mm, 6 mm up, all the way around and 10 mm on."""
    weldment, plan = tube
    seen = run_krl(kr5, weldment, plan)
    (burn,) = [phase for phase in seen.plan.phases if phase.kind == "weld"]
    T = np.linalg.inv(kr5.T_world_workpiece()) @ kr5.robot.T_world_base @ kr5.robot.model.fk_batch(burn.robot) @ kr5.torch.T_flange_tcp
    p, wire = T[:, :3, 3], T[:, :3, 2]
    assert np.max(np.abs(np.hypot(p[:, 0], p[:, 1]) - 0.04)) < 0.01e-3 and np.max(np.abs(p[:, 2] - 0.006)) < 0.01e-3
    turned = np.unwrap(np.arctan2(p[:, 1], p[:, 0]))
    assert turned[-1] - turned[0] == pytest.approx(2 * np.pi + 0.25, abs=1e-3)
    # 45 deg between wire and plate, turned by the travel angle of 10 deg: sin = cos 10 sin (45 + 2.5), 2.5 deg to the thinner tube.
    np.testing.assert_allclose(-wire[:, 2], np.cos(10 * DEG) * np.sin(47.5 * DEG), atol=0.005)


def run_krl(
    cell: WeldCell, weldment: Weldment, plan: WeldPlan, change: tuple[str, str | Callable[[re.Match[str]], str]] | None = None
) -> WeldVerification:
    """Writes KRL, changes the first match of a pattern in it, reads it back and runs it."""
    program = weld_program(plan, cell, "krl")
    files = LANGUAGES["krl"].write(program, cell.programs)
    if change is not None:
        before = dict(files)
        files = {name: re.sub(change[0], change[1], data.decode(), count=1).encode() for name, data in files.items()}
        assert files != before
    read = LANGUAGES["krl"].read(files, weld_controller(program, cell, "krl"))
    names = {line.address: neutral for neutral, line in program.signals.items()}
    return verify_weld(read, cell, weldment, plan, names)


def codes(seen: WeldVerification) -> set[str]:
    return {finding.code for finding in seen.findings}


def test_point_moved_by_a_twentieth_of_a_millimetre_is_found(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    assert not codes(run_krl(kr5, *tee))
    seen = run_krl(kr5, *tee, (r"(POS SEAM_1_\d+=\{X -?100\.0000,Y -3\.0000,Z )6\.0000", r"\g<1>6.0500"))
    assert codes(seen) == {"off-seam"}
    assert max(bead.off for bead in seen.beads) == pytest.approx(0.05e-3, rel=0.05) and ON_SEAM == 0.01e-3


def test_bead_that_ends_early_is_found(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    # The last target inside the arc of seam 2 (`SEAM_2_4`) 5 mm before the seam's end: it lies on the seam, yet the bead is short.
    seen = run_krl(kr5, *tee, (r"(SEAM_2_4=\{X -?)100\.0000", r"\g<1>95.0000"))
    assert codes(seen) == {"bead-ends"}
    (finding,) = [one for one in seen.findings if one.code == "bead-ends"]
    assert finding.step == "seam 2" and finding.data["off_mm"] == pytest.approx(5.0, abs=0.01)


def test_torch_turned_out_of_its_window_is_found(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    # Turning the base's pitch of the target by 20 deg takes the wire out of the windows.
    seen = run_krl(
        kr5, *tee, (r"(POS SEAM_1_\d+=\{X -?100\.0000,Y -3\.0000,Z 6\.0000.*B )(-?[\d.]+)", lambda m: f"{m[1]}{float(m[2]) - 20:.5f}")
    )
    assert "angle-outside" in codes(seen)


def test_missing_bead_wrong_procedure_and_arc_left_on_are_found(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    assert "beads-differ" in codes(run_krl(kr5, *tee, (r"(?m)^SEAM_1 \( \)\r?$", "; gone")))
    assert "procedure-differs" in codes(run_krl(kr5, *tee, (r"WELD_ON \(2", "WELD_ON (1")))
    assert codes(run_krl(kr5, *tee, (r"WELD_OFF \(2 \)", "; gone")))


def test_slow_weld_is_found(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    assert "weld-speed" in codes(run_krl(kr5, *tee, (r"VEL.CP=0.007000", "VEL.CP=0.006000")))


def test_clamp_put_in_the_way_afterwards_is_found(kr5: WeldCell, tee: tuple[Weldment, WeldPlan]) -> None:
    weldment, plan = tee
    at = plan.welds[0].Ts_piece_tcp[len(plan.welds[0].spin) // 2]
    # A post of 20 mm, 100 mm up the wire: where the torch's neck passes.
    post = at[:3, 3] - 0.10 * at[:3, 2]
    clamp = Body("clamp", "fixture", np.eye(4), (box(post - 0.01, post + 0.01),))
    seen = run_krl(replace(kr5, fixtures=(clamp,)), weldment, plan)
    assert any(finding.level == "error" and "clamp" in finding.message for finding in seen.findings)
