"""Runs program text on a cell and says what happens: limits, reach, handshake, collisions, time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.findings import Finding, has_errors
from core.progress import Progress, silent
from parts.sheet import SheetPart
from robots.programs.events import Event, Moved, Place
from robots.programs.execution import run
from robots.programs.program import RobotProgram
from sim.bend_program import BendProgram, Origin
from sim.bending import BendingResult
from sim.looking import PhaseClearance
from sim.plan import BendPlan, Phase
from sim.replay import Replayer
from sim.singularity import singularity_findings
from sim.verify.cell import Piece, VirtualCell
from sim.verify.lines import LineTime, Spell, line_times
from sim.verify.match import origins_of
from sim.verify.told import STOPS, line_finding, stopped, told, with_line
from sim.verify.wiring import addresses

MOST_PIECES = 200
"""Without a job, what happened is checked and let go in portions of so many pieces, so that long programs need little memory."""
MOST_KEPT = 20_000
"""Samples kept for the recording."""
MOST_FINDINGS = 200


@dataclass(frozen=True, eq=False, slots=True)
class Execution:
    """What a program did, in the form of a plan: what `sim.replay` and `sim.recording` take.

    Attributes:
        cell, setup, part, gripper: Where and with what.
        plan: The phases that happened.
    """

    cell: Cell
    setup: ToolSetup
    part: SheetPart | None
    gripper: Gripper
    plan: BendPlan


@dataclass(frozen=True, eq=False, slots=True)
class Verification:
    """What running a program's text on a cell gave.

    Attributes:
        program: As read.
        execution: What happened, up to where it stopped.
        cycle_time: [s]
        moves: How many moves ran.
        largest_pull: How far a followed sheet is pulled at most [m].
        clearance: Smallest distance of free moves [m]; None: nothing came near.
        closest: The two bodies of it.
        findings: With file and line in their data where they come from the text.
        clearances: Of a job: the nearest that bodies came in each phase of its plan, by the phase's index.
        lines: When which line ran, by the program's own clock; empty without a job.
        course: (time [s] by the program's own clock, distance [m]) of everything the second engine looked at; empty without a job.
    """

    program: RobotProgram
    execution: Execution
    cycle_time: float
    moves: int
    largest_pull: float
    clearance: float | None
    closest: tuple[str, str] | None
    findings: tuple[Finding, ...]
    clearances: dict[int, PhaseClearance] = field(default_factory=dict)
    lines: tuple[LineTime, ...] = ()
    course: tuple[tuple[float, float], ...] = ()


def verify(
    program: RobotProgram,
    cell: Cell,
    gripper: Gripper,
    name: str,
    job: BendingResult | None = None,
    planned: BendProgram | None = None,
    *,
    skip_unknown: bool = False,
    progress: Progress = silent,
) -> Verification:
    """Runs a program that was read from text.

    Args:
        program: As the reader of its language gives it.
        cell: Where it runs.
        gripper: Mounted.
        name: Of the language.
        job: What is bent, as it was planned; None: the robot moves in the empty cell, and every line comes.
        planned: The job's own program.
        skip_unknown: Leave out lines the reader did not know.
        progress: Told where the work is.
    """
    virtual = VirtualCell(cell, gripper, job)
    virtual.rename({address: neutral for neutral, address in addresses(cell, name)[0].items()})
    setup = ToolSetup(()) if job is None else job.setup
    part = None if job is None else job.part
    nearest: dict[int, PhaseClearance] = {}
    with Replayer(cell, setup, part, gripper) as replayer:
        checker = _Checker(replayer, cell, virtual)
        ran = _run(program, virtual, None if job is not None else checker, skip_unknown, progress)
        lines: tuple[LineTime, ...] = ()
        course: list[tuple[float, float]] = []
        if job is not None:
            model = cell.robot.model
            nothing: list[Origin | None] = [None] * len(ran.events)
            origins = nothing if planned is None else origins_of(ran.events, program, planned, model)
            lines = _line_times(virtual, ran, origins)
            phases = _phases(virtual.pieces, ran, origins, job)
            last = -1
            for k, (phase, index) in enumerate(phases):
                progress("replay", k / len(phases), phase.step)
                seen = checker.take(phase)
                course += seen.course
                # What the plan does between two events of the program has happened in this stretch too.
                for passed in {index, *range(last + 1, index + 1)}:
                    nearest[passed] = _nearer(nearest.get(passed), seen)
                last = max(last, index)
    findings = [*ran.findings, *virtual.findings, *checker.findings]
    if job is not None and not has_errors(findings):
        findings += _unfinished(virtual, job, ran.events)
    plan = BendPlan(
        cell.name, program.name if job is None else job.plan.part, gripper.name, () if job is None else job.plan.steps, tuple(checker.kept), (), 0
    )  # fmt: skip
    return Verification(
        program, Execution(cell, setup, part, gripper, plan), virtual.clock, ran.moves, virtual.largest_pull, checker.clearance, checker.closest, tuple(findings), nearest, lines, tuple(course)
    )  # fmt: skip


class _Checker:
    """Takes what happened phase by phase: contacts, singular positions, clearance; and keeps it for the recording while that is not too long."""

    def __init__(self, replayer: Replayer, cell: Cell, virtual: VirtualCell) -> None:
        self.replayer, self.cell, self.virtual = replayer, cell, virtual
        self.findings: list[Finding] = []
        self.clearance: float | None = None
        self.closest: tuple[str, str] | None = None
        self.kept: list[Phase] = []
        self._samples = 0

    def take(self, phase: Phase) -> PhaseClearance:
        """One more phase; returns how near bodies came."""
        seen, contacts = self.replayer.check(phase)
        found = [*contacts, *singularity_findings(self.cell.robot.model, (phase,))]
        if len(self.findings) < MOST_FINDINGS:
            self.findings += [with_line(finding, self.virtual.ends) for finding in found]
        if phase.kind == "free" and seen.distance is not None and (self.clearance is None or seen.distance < self.clearance):
            self.clearance, self.closest = seen.distance, seen.bodies
        self._samples += len(phase.times)
        if self._samples <= MOST_KEPT:
            self.kept.append(phase)
        elif self.kept and self._samples - len(phase.times) <= MOST_KEPT:
            until = float(self.kept[-1].times[-1])
            message = f"the recording ends at {until:.0f} s, after {MOST_KEPT} samples; everything after it is checked all the same"
            self.findings.append(Finding("info", "recording-cut", message))
        return seen


def _nearer(a: PhaseClearance | None, b: PhaseClearance) -> PhaseClearance:
    if a is None or a.distance is None:
        return b
    return a if b.distance is None or a.distance <= b.distance else b


@dataclass(slots=True)
class _Ran:
    """A run: what the program did (kept for a job only), which event each piece belongs to, and what went wrong."""

    events: list[Event]
    owners: dict[int, int]
    findings: list[Finding]
    moves: int = 0


def _run(program: RobotProgram, virtual: VirtualCell, checker: _Checker | None, skip_unknown: bool, progress: Progress) -> _Ran:
    """Runs a program to its end or to where it cannot go on; with a checker what happens goes there at once and is not kept."""
    ran = _Ran([], {}, [])
    waiting: dict[int, int] = {}
    owned, count = 0, 0
    try:
        for event in run(program, virtual, skip_unknown=skip_unknown):
            virtual.place = event.at
            ran.moves += isinstance(event, Moved)
            ran.findings += told(event, virtual)
            count += 1
            if count % 200 == 0:
                progress("run", 0.0, f"{virtual.clock:.0f} s, {event.at}")
            if checker is not None:
                _hand_over(virtual, checker, least=MOST_PIECES)
                continue
            if isinstance(event, Moved):
                waiting[id(event)] = len(ran.events)
            ran.events.append(event)
            owned = _own(virtual, ran, waiting, owned)
        virtual.finish()
    except STOPS as error:
        ran.findings.append(stopped(error, virtual))
    if checker is not None:
        _hand_over(virtual, checker, least=1)
    elif ran.events:
        _own(virtual, ran, waiting, owned)
    return ran


def _hand_over(virtual: VirtualCell, checker: _Checker, *, least: int) -> None:
    """What happened since the last time, as soon as there is enough of it."""
    if len(virtual.pieces) < least:
        return
    for piece in virtual.pieces:
        name = f"{piece.move.kind} {piece.move.at}" if piece.move is not None else "wait"
        checker.take(replace(piece.phase, name=name))
    virtual.pieces.clear()
    virtual.ends.clear()


def _own(virtual: VirtualCell, ran: _Ran, waiting: dict[int, int], first: int) -> int:
    for k in range(first, len(virtual.pieces)):
        move = virtual.pieces[k].move
        last = len(ran.events) - 1
        ran.owners[k] = last if move is None else waiting.get(id(move), last)
    return len(virtual.pieces)


def _phases(pieces: list[Piece], ran: _Ran, origins: list[Origin | None], job: BendingResult) -> list[tuple[Phase, int]]:
    """The pieces with the names of what they carry out and what may touch meanwhile: what the plan allows there; and the plan's phase they belong to."""
    out = []
    origin = Origin(0, 0, 0)
    last = 0
    for k, piece in enumerate(pieces):
        owner = ran.owners.get(k)
        # What the plan does not have happens in the surroundings of what came before it.
        origin = (None if owner is None else origins[owner]) or origin
        last, before = max(last, origin.phase), last
        planned = job.plan.phases[origin.phase]
        contacts = planned.contacts
        if piece.move is None:
            # While the robot stands the brake goes through several phases of the plan.
            near = job.plan.phases[min(before, origin.phase) : origin.phase + 5]
            standing = [phase for phase in near if phase.step == planned.step and phase.kind in ("wait", "follow")]
            contacts = (*contacts, *(pair for phase in standing for pair in phase.contacts))
        phase = replace(piece.phase, name=planned.name, step=planned.step, stroke=planned.stroke, contacts=tuple(dict.fromkeys(contacts)))
        out.append((phase, origin.phase))
    return out


def _line_times(virtual: VirtualCell, ran: _Ran, origins: list[Origin | None]) -> tuple[LineTime, ...]:
    owners = [ran.owners.get(k) for k in range(len(virtual.pieces))]
    places = [Place() if owner is None else ran.events[owner].at for owner in owners]
    found = [None if owner is None else origins[owner] for owner in owners]
    spells = [Spell(float(one.phase.times[0]), float(one.phase.times[-1]), one.move is not None) for one in virtual.pieces]
    return line_times(spells, virtual.ends, places, [None if origin is None else origin.phase for origin in found])


def _unfinished(virtual: VirtualCell, job: BendingResult, events: list[Event]) -> list[Finding]:
    """What the plan makes and the program does not."""
    missing = [step.label for step in job.plan.steps if int(step.label) not in virtual.brake.made]
    at = events[-1].at if events else Place()
    out = []
    if missing:
        out.append(
            line_finding(
                "error",
                "bends-missing",
                f"the program ends without bend {', '.join(missing)}",
                at,
                "restore the calls of these bends",
                virtual.clock,
            )
        )
    if virtual.part is not None and virtual.part.gripped:
        out.append(
            line_finding("error", "part-kept", "the program ends with the part in the gripper", at, "put the part down", virtual.clock)
        )
    return out
