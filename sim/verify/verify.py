"""Runs program text on a cell and says what happens: limits, reach, handshake, collisions, time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.errors import InputError
from core.findings import Finding, has_errors
from core.progress import Progress, silent
from parts.sheet import SheetPart
from robots.programs.events import Event, Halted, Messaged, Moved, Place, ProgramTextError, Skipped, Stuck, Waited
from robots.programs.execution import run
from robots.programs.program import RobotProgram
from sim.bend_program import BendProgram, Origin
from sim.bending import BendingResult
from sim.plan import BendPlan, Phase
from sim.replay import replay
from sim.singularity import singularity_findings
from sim.verify.cell import Piece, VirtualCell
from sim.verify.drive import DriveFault
from sim.verify.match import origins_of
from sim.verify.wiring import addresses


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
        events: What the program did.
        cycle_time: [s]
        moves: How many moves ran.
        largest_pull: How far a followed sheet is pulled at most [m].
        clearance: Smallest distance of free moves [m]; None: nothing came near.
        closest: The two bodies of it.
        findings: With file and line in their data where they come from the text.
    """

    program: RobotProgram
    execution: Execution
    events: tuple[Event, ...]
    cycle_time: float
    moves: int
    largest_pull: float
    clearance: float | None
    closest: tuple[str, str] | None
    findings: tuple[Finding, ...]


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
    events, owners, findings = _run(program, virtual, skip_unknown, progress)
    origins = _origins(events, planned)
    phases = _phases(virtual.pieces, owners, events, origins, job)
    setup = ToolSetup(()) if job is None else job.setup
    part = None if job is None else job.part
    title = program.name
    plan = BendPlan(cell.name, title if job is None else job.plan.part, gripper.name, () if job is None else job.plan.steps, phases, (), 0)
    execution = Execution(cell, setup, part, gripper, plan)
    lines = _Lines(virtual)
    findings += virtual.findings
    clearance, closest = None, None
    if phases:
        seen = replay(execution, progress)
        findings += [lines.named(finding) for finding in seen.findings]
        findings += [lines.named(finding) for finding in singularity_findings(cell.robot.model, phases)]
        free = [c for c, phase in zip(seen.clearances, phases, strict=True) if phase.kind == "free" and c.distance is not None]
        if free:
            nearest = min(free, key=lambda c: c.distance if c.distance is not None else np.inf)
            clearance, closest = nearest.distance, nearest.bodies
    if job is not None and not has_errors(findings):
        findings += _unfinished(virtual, job, events)
    return Verification(
        program, execution, tuple(events), virtual.clock, sum(isinstance(event, Moved) for event in events), virtual.largest_pull, clearance, closest, tuple(findings)
    )  # fmt: skip


def _run(
    program: RobotProgram, virtual: VirtualCell, skip_unknown: bool, progress: Progress
) -> tuple[list[Event], dict[int, int], list[Finding]]:
    """Runs a program to its end or to where it cannot go on; the owners tell which event a piece belongs to, by their numbers."""
    events: list[Event] = []
    owners: dict[int, int] = {}
    findings: list[Finding] = []
    waiting: dict[int, int] = {}
    first = 0
    try:
        for event in run(program, virtual, skip_unknown=skip_unknown):
            index = len(events)
            events.append(event)
            virtual.place = event.at
            if isinstance(event, Moved):
                waiting[id(event)] = index
            first = _own(virtual, owners, waiting, first, index)
            findings += _told(event, virtual)
            if index % 200 == 0:
                progress("run", 0.0, f"{virtual.clock:.0f} s, {event.at}")
        virtual.finish()
        _own(virtual, owners, waiting, first, max(len(events) - 1, 0))
    except DriveFault as fault:
        findings.append(_finding("error", fault.fault, fault.message, fault.at, fault.remedy, virtual.clock))
    except ProgramTextError as error:
        findings.append(Finding("error", "program-text", str(error), "correct the text", "", {"file": error.file, "place": error.place}))
    except InputError as error:
        findings.append(_finding("error", "program-line", error.message, virtual.place, "name the lines of the cell file", virtual.clock))
    return events, owners, findings


def _own(virtual: VirtualCell, owners: dict[int, int], waiting: dict[int, int], first: int, index: int) -> int:
    for k in range(first, len(virtual.pieces)):
        move = virtual.pieces[k].move
        owners[k] = index if move is None else waiting.get(id(move), index)
    return len(virtual.pieces)


def _told(event: Event, virtual: VirtualCell) -> list[Finding]:
    """What an event itself says is wrong."""
    if isinstance(event, Stuck):
        lines = ", ".join(f"{address} to become {_shown(value)}" for address, value in event.signals)
        message = f"the program waits for ever for {lines or 'a condition'}: {event.reason}"
        return [
            _finding(
                "error", "deadlock", message, event.at, "correct the order of the handshake, or give the wait a timeout", virtual.clock
            )
        ]
    if isinstance(event, Waited) and not event.came:
        lines = ", ".join(f"{address} did not become {_shown(value)}" for address, value in event.signals)
        why = virtual.why_not(dict(event.signals))
        limit = f" within {event.timeout:g} s" if event.timeout is not None else ""
        return [_finding("error", "wait-timeout", f"{lines}{limit}: {why}", event.at, "correct what comes before the wait", virtual.clock)]
    if isinstance(event, Halted) and not event.ends:
        return [_finding("warning", "halted", "the program stops for the operator; START was pressed", event.at, "", virtual.clock)]
    if isinstance(event, Skipped):
        return [
            _finding(
                "warning",
                "skipped",
                f"left out, because it is not understood: '{event.text}'",
                event.at,
                "check by hand what it does",
                virtual.clock,
            )
        ]
    return []


def _shown(value: bool | int) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _finding(level: str, code: str, message: str, at: Place, remedy: str, time: float) -> Finding:
    prefix = f"{at}: " if at.line else ""
    data = {"file": at.file, "line": at.line, "time_s": round(time, 3)}
    return Finding("error" if level == "error" else "warning", code, prefix + message, remedy, "", data)


def _origins(events: list[Event], planned: BendProgram | None) -> list[Origin | None]:
    if planned is None:
        return [None] * len(events)
    kept = [event for event in events if not isinstance(event, Messaged)]
    found = iter(origins_of(kept, list(run(planned.program)), planned.origins))
    return [None if isinstance(event, Messaged) else next(found) for event in events]


def _phases(
    pieces: list[Piece], owners: dict[int, int], events: list[Event], origins: list[Origin | None], job: BendingResult | None
) -> tuple[Phase, ...]:
    """The pieces with the names of what they carry out and what may touch meanwhile: what the plan allows there."""
    out = []
    origin = Origin(0, 0, 0)
    for k, piece in enumerate(pieces):
        owner = owners.get(k)
        found = None if owner is None else origins[owner]
        # What the plan does not have happens in the surroundings of what came before it.
        origin = found or origin
        if job is None:
            name = piece.move.kind if piece.move is not None else "wait"
            out.append(replace(piece.phase, name=f"{name} {events[owner].at}" if owner is not None else name, step=""))
            continue
        planned = job.plan.phases[origin.phase]
        contacts = planned.contacts
        after = job.plan.phases[origin.phase + 1 : origin.phase + 5]
        if piece.move is None:
            # While the robot stands the brake goes through several phases of the plan.
            contacts = (
                *contacts,
                *(pair for phase in after if phase.step == planned.step and phase.kind in ("wait", "follow") for pair in phase.contacts),
            )
        out.append(
            replace(piece.phase, name=planned.name, step=planned.step, stroke=planned.stroke, contacts=tuple(dict.fromkeys(contacts)))
        )
    return tuple(out)


class _Lines:
    """Times to lines of the text."""

    def __init__(self, virtual: VirtualCell) -> None:
        self.times = np.array([time for time, _ in virtual.ends])
        self.places = [place for _, place in virtual.ends]

    def named(self, finding: Finding) -> Finding:
        """A finding with the line of the move that was going on at its time."""
        time = finding.data.get("time_s")
        if time is None or not self.places:
            return finding
        place = self.places[min(int(np.searchsorted(self.times, float(time) - 1e-6)), len(self.places) - 1)]
        remedy = "move the target of this line, or go there another way" if finding.code == "replay-contact" else finding.remedy
        code = "contact" if finding.code == "replay-contact" else finding.code
        prefix = f"{place}: " if place.line else ""
        return replace(
            finding,
            code=code,
            message=prefix + finding.message,
            remedy=remedy,
            data={**finding.data, "file": place.file, "line": place.line},
        )


def _unfinished(virtual: VirtualCell, job: BendingResult, events: list[Event]) -> list[Finding]:
    """What the plan makes and the program does not."""
    missing = [step.label for step in job.plan.steps if int(step.label) not in virtual.brake.made]
    at = events[-1].at if events else Place()
    out = []
    if missing:
        out.append(
            _finding(
                "error",
                "bends-missing",
                f"the program ends without bend {', '.join(missing)}",
                at,
                "restore the calls of these bends",
                virtual.clock,
            )
        )
    if virtual.part is not None and virtual.part.gripped:
        out.append(_finding("error", "part-kept", "the program ends with the part in the gripper", at, "put the part down", virtual.clock))
    return out
