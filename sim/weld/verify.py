"""Runs the text of a welding program on its cell: limits, reach, contacts, time, and whether every bead lies on its seam with the angles of its procedure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from cells.weld_model import WeldCell, WeldProcedure
from core.findings import Finding
from core.frames import Array, inverse
from core.progress import Progress, silent
from core.units import DEG, to_deg, to_mm
from parts.weldment import Weldment
from robots.programs.events import ArcChanged, Moved
from robots.programs.execution import run
from robots.programs.program import RobotProgram
from sim.looking import PhaseClearance
from sim.singularity import singularity_findings
from sim.verify.lines import LineTime
from sim.verify.told import STOPS, stopped, told, with_line
from sim.weld.lines import weld_lines
from sim.weld.path import T_world_tcp
from sim.weld.plan import SeamWeld, WeldPlan
from sim.weld.replay import WeldReplayer
from sim.weld.torch import angles, corners, frames_at, nearest_at, seam_frames
from sim.weld.virtual import Burn, VirtualWeldCell
from sim.weld.world import NOTHING

ON_SEAM = 0.01e-3
"""How far the wire's end may be from where the bead is [m]."""
AT_ENDS = 0.1e-3
"""How far the arc may begin and end from where the bead does [m]."""
FINE = 0.5e-3
"""Places on a bead beside the root are first sought at this distance from each other [m]."""
ANGLE_SLACK = 0.02 * DEG
"""Text carries angles with this rounding."""
SPEED_SLACK = 0.02
"""Share by which the speed along the seam may differ from the procedure's, ends left out."""


@dataclass(frozen=True, slots=True)
class BeadRun:
    """One bead as the text welds it.

    Attributes:
        seam: Name.
        off: Largest distance of the wire's end from the bead [m].
        work, travel: Least and greatest angle [rad].
        seconds: While the arc moved.
    """

    seam: str
    off: float
    work: tuple[float, float]
    travel: tuple[float, float]
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class WeldVerification:
    """What running a program gave.

    Attributes:
        program: As read.
        plan: What happened, in the form of a plan.
        beads: In the order welded.
        cycle_time: [s]
        moves: How many ran.
        clearance, closest: Of free moves [m].
        findings: With file and line where they come from the text.
        lines: When which line ran, by the program's own clock; empty without a job.
    """

    program: RobotProgram
    plan: WeldPlan
    beads: tuple[BeadRun, ...]
    cycle_time: float
    moves: int
    clearance: float | None
    closest: tuple[str, str] | None
    findings: tuple[Finding, ...]
    lines: tuple[LineTime, ...] = ()


def verify_weld(
    program: RobotProgram,
    cell: WeldCell,
    weldment: Weldment | None,
    plan: WeldPlan | None,
    names: dict[str, str],
    progress: Progress = silent,
    *,
    skip_unknown: bool = False,
) -> WeldVerification:
    """Runs a program that was read from text and holds it against the seams of its plan.

    Args:
        program: As the reader of its language gives it.
        cell: Where.
        weldment: What is welded; None: nothing lies in the cell.
        plan: What should be welded; None: nobody knows, only the run is judged.
        names: Address -> neutral name of the cell's lines in the program's language.
        progress: Told where the work is.
        skip_unknown: Leave out lines the reader did not know.
    """
    virtual = VirtualWeldCell(cell, names, weldment)
    findings, moves = _run(program, virtual, cell, skip_unknown)
    findings += virtual.findings
    beads: list[BeadRun] = []
    if plan is not None:
        beads, off = bead_runs(virtual.burns, plan, cell)
        findings += [*off, *_searches(virtual, plan)]
    nearest: PhaseClearance | None = None
    with WeldReplayer(cell, NOTHING if weldment is None else weldment) as replayer:
        for k, phase in enumerate(virtual.phases):
            progress("replay", k / len(virtual.phases), phase.step)
            seen, found = replayer.check(phase)
            found += singularity_findings(cell.robot.model, (phase,))
            findings += [with_line(finding, virtual.ends) for finding in found]
            if phase.kind == "free" and seen.distance is not None and (nearest is None or seen.distance < (nearest.distance or np.inf)):
                nearest = seen
    planned = () if plan is None else plan.welds
    ran = WeldPlan(
        cell.name, program.name if weldment is None else weldment.name, planned, tuple(virtual.phases), (), 0 if plan is None else plan.seed
    )
    distance, bodies = (None, None) if nearest is None else (nearest.distance, nearest.bodies)
    lines = () if plan is None else weld_lines(virtual, plan)
    return WeldVerification(program, ran, tuple(beads), virtual.clock, moves, distance, bodies, tuple(findings), lines)


def _run(program: RobotProgram, virtual: VirtualWeldCell, cell: WeldCell, skip_unknown: bool) -> tuple[list[Finding], int]:
    """Runs a program to its end or to where it cannot go on."""
    by_number = {one.number: one for one in cell.procedures}
    findings: list[Finding] = []
    moves = 0
    burning: WeldProcedure | None = None
    try:
        for event in run(program, virtual, skip_unknown=skip_unknown):
            virtual.place = event.at
            moves += isinstance(event, Moved)
            findings += told(event, virtual)
            if isinstance(event, ArcChanged):
                number = None if event.procedure is None else program.procedures[event.procedure].number
                virtual.arc(number)
                if number is None and burning is not None:
                    virtual.advance(burning.crater + burning.postflow)
                burning = None if number is None else by_number.get(number)
                if burning is not None:
                    virtual.advance(burning.preflow + burning.ignition)
        virtual.finish()
    except STOPS as error:
        findings.append(stopped(error, virtual))
    return findings, moves


def bead_runs(burns: list[Burn], plan: WeldPlan, cell: WeldCell) -> tuple[list[BeadRun], list[Finding]]:
    """Every arc against the bead it should be: place, angles, speed, procedure; by forward kinematics of the joints that the text leads to."""
    findings: list[Finding] = []
    if len(burns) != len(plan.welds):
        message = f"the program welds {len(burns)} beads, the plan has {len(plan.welds)}"
        findings.append(Finding("error", "beads-differ", message, "restore the calls of these beads", "export"))
    out = []
    procedures = {one.name: one for one in cell.procedures}
    for burn, weld in zip(burns, plan.welds, strict=False):
        procedure = procedures[weld.procedure]
        Ts = inverse(cell.T_world_workpiece(burn.positioner)) @ T_world_tcp(cell, burn.robot)
        off, work, travel = on_bead(weld, procedure, Ts)
        seen = BeadRun(weld.seam.name, float(np.max(off)), _span(work), _span(travel), float(burn.times[-1] - burn.times[0]))
        out.append(seen)
        ends = np.linalg.norm(Ts[[0, -1], :3, 3] - weld.Ts_piece_tcp[[0, -1], :3, 3], axis=1)
        way = float(np.sum(np.linalg.norm(np.diff(Ts[:, :3, 3], axis=0), axis=1)))
        findings += _judged(burn, weld, procedure, seen, ends, way)
    return out, findings


def _searches(virtual: VirtualWeldCell, plan: WeldPlan) -> list[Finding]:
    """Whether every bead that was searched is welded where it was found: by the results of its own seam, all of one place, and no others.

    On the planned cell the part lies where it should and every result is nothing; a shift that is missing shows in the names alone.
    """
    if not plan.touches and not virtual.searched:
        return []
    if len(virtual.searched) != len(plan.touches):
        told = f"the program touches the part {len(virtual.searched)} times, the plan does {len(plan.touches)} times"
        return [Finding("error", "searches-differ", told, "restore the searches, or export the plan anew", "export")]
    number = {name: k for k, name in enumerate(virtual.searched)}
    findings = []
    for burn, weld in zip(virtual.burns, plan.welds, strict=False):
        own = plan.touches_of(weld)
        places = {frozenset(k for k in own if plan.touches[k].seam == plan.touches[one].seam and plan.touches[k].where == plan.touches[one].where) for one in own} or {frozenset()}  # fmt: skip
        wrong = [shift for shift in sorted(burn.shifts) if frozenset(number[name] for name in shift) not in places]
        if not wrong:
            continue
        seam = f"seam {weld.seam.name}"
        is_by = f"is shifted by {' + '.join(wrong[0])}" if wrong[0] else "is not shifted"
        needs = " or ".join(sorted(" + ".join(virtual.searched[k] for k in sorted(one)) for one in places if one))
        place = f"{burn.at}: " if burn.at.line else ""
        told = f"{place}{seam} {is_by}, it was searched as {needs}" if needs else f"{place}{seam} {is_by}, it was not searched"
        data = {"file": burn.at.file, "line": burn.at.line} if burn.at.line else {}
        findings.append(Finding("error", "search-not-applied", told, "shift this bead by what was found for it", seam, data))
    return findings


def _judged(burn: Burn, weld: SeamWeld, procedure: WeldProcedure, seen: BeadRun, ends: Array, way: float) -> list[Finding]:
    """What is wrong with one bead, with the line that ignites its arc.

    Args:
        burn, weld, procedure, seen: The bead as it burned, as it should be, and what was seen of it.
        ends: How far it begins and ends from where it should (2,) [m].
        way: Its length as welded [m].
    """
    findings: list[Finding] = []

    def wrong(code: str, message: str, remedy: str = "correct the targets of this seam", **data: float) -> None:
        place = f"{burn.at}: " if burn.at.line else ""
        more = {"file": burn.at.file, "line": burn.at.line} if burn.at.line else {}
        findings.append(
            Finding("error", code, f"{place}seam {weld.seam.name}: {message}", remedy, f"seam {weld.seam.name}", {**data, **more})
        )

    if np.max(ends) > AT_ENDS:
        which = "begins" if ends[0] >= ends[1] else "ends"
        far = to_mm(float(np.max(ends)))
        wrong("bead-ends", f"the arc {which} {far:.2f} mm from where the bead {which}", off_mm=round(far, 3))
    if seen.off > ON_SEAM:
        told = f"the wire's end leaves the seam by {to_mm(seen.off):.3f} mm; {to_mm(ON_SEAM):g} mm are allowed"
        wrong("off-seam", told, off_mm=round(to_mm(seen.off), 4))
    extra = procedure.passes[weld.bead][2]
    windows = (("work", seen.work, procedure.work, (extra, extra)), ("travel", seen.travel, procedure.travel, procedure.ends.span))
    for name, (low, high), window, (below, above) in windows:
        if low < window.low + below - ANGLE_SLACK or high > window.high + above + ANGLE_SLACK:
            allowed = f"{procedure.name} allows {to_deg(window.low + below):.1f} to {to_deg(window.high + above):.1f}"
            wrong("angle-outside", f"the {name} angle goes from {to_deg(low):.1f} to {to_deg(high):.1f} deg; {allowed}")
    speed = way / max(seen.seconds, 1e-9)
    if abs(speed / procedure.speed - 1) > SPEED_SLACK:
        told = f"it is welded with {to_mm(speed):.2f} mm/s on average, {procedure.name} needs {to_mm(procedure.speed):.2f}"
        wrong("weld-speed", told, "correct the speed, or the targets that stop inside the seam")
    if burn.procedure not in (procedure.number, procedure.name):
        told = f"it is welded with procedure {burn.procedure}, the plan has {procedure.number} ({procedure.name})"
        wrong("procedure-differs", told, "correct the procedure's number")
    return findings


def on_bead(weld: SeamWeld, procedure: WeldProcedure, Ts_piece_tcp: Array) -> tuple[Array, Array, Array]:
    """Distance from the bead (k,) [m], work and travel angle (k,) [rad] of torch poses."""
    p = Ts_piece_tcp[:, :3, 3]
    a, b, _ = procedure.passes[weld.bead]
    frames = frames_at(weld.seam, _stations(weld, (a, b), p))
    bead = frames.points + a * frames.along_a + b * frames.along_b
    apart = p - bead
    # Along the seam there is no error: the nearest place of a polygon lies a little beside that of its curve.
    across = apart - np.sum(apart * frames.tangents, axis=1, keepdims=True) * frames.tangents
    # Beyond the ends there is: a bead begins and ends where the seam does.
    past = np.where(np.linalg.norm(apart, axis=1) > 1e-4, np.linalg.norm(apart, axis=1), np.linalg.norm(across, axis=1))
    work, travel = angles(frames, Ts_piece_tcp)
    return past, work, travel


def _stations(weld: SeamWeld, offset: tuple[float, float], points: Array) -> Array:
    """Where along the root a bead comes nearest to points (k, 3), as distances from its start (k,) [m].

    Beside the root a bead goes round a corner on another way than the root does, so the nearest place is sought on the bead itself.
    """
    if offset == (0.0, 0.0) or not len(corners(weld.seam)):
        return nearest_at(weld.seam, points)
    fine = seam_frames(weld.seam, FINE)
    bead = fine.points + offset[0] * fine.along_a + offset[1] * fine.along_b
    nearest = KDTree(bead).query(points)[1]
    # Between two of them: the foot on the chord that lies nearer.
    out = fine.at[nearest]
    best = np.linalg.norm(points - bead[nearest], axis=1)
    for step in (-1, 1):
        other = np.clip(nearest + step, 0, len(bead) - 1)
        way = bead[other] - bead[nearest]
        share = np.clip(np.sum((points - bead[nearest]) * way, axis=1) / np.maximum(np.sum(way**2, axis=1), 1e-18), 0.0, 1.0)
        away = np.linalg.norm(points - bead[nearest] - share[:, None] * way, axis=1)
        out = np.where(away < best, fine.at[nearest] + share * (fine.at[other] - fine.at[nearest]), out)
        best = np.minimum(best, away)
    found: Array = out
    return found


def _span(values: Array) -> tuple[float, float]:
    return float(np.min(values)), float(np.max(values))
