"""Robot programs of a plan: written in any language, read back from their own text, run on the virtual cell and compared with the plan."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UnsupportedError
from core.findings import Finding, has_errors
from core.progress import Progress, silent
from robots.programs.compare import compare
from robots.programs.events import ProgramTextError
from robots.programs.languages import language as language_of
from robots.programs.preflight.preflight import preflight
from sim.bend_program import bend_program, missing_signals
from sim.bending import BendingResult
from sim.verify.verify import Verification, verify
from sim.verify.wiring import addresses, controller

SAID_DIFFERENTLY = ("turn-speed", "blend", "duration", "posture", "time")
"""Changes that a language makes by its nature: it limits the turning speed, rounds less than it may, gives a speed instead of a time. What comes of
them is checked by running the text: the way against the bodies, followed moves against the sheet, the time by the clock."""


@dataclass(frozen=True, eq=False, slots=True)
class Exported:
    """Program files with what checking them gave.

    Attributes:
        language: See `robots.programs.languages`.
        files: Name to content; empty when something keeps the program from being written.
        verification: Of the text; None when there was none to run.
        findings: Of writing and checking.
    """

    language: str
    files: dict[str, bytes]
    verification: Verification | None
    findings: tuple[Finding, ...]


def export(result: BendingResult, language: str | None = None, progress: Progress = silent) -> Exported:
    """The program of a plan, read back from its own text, run on the virtual cell and compared with the plan.

    Args:
        result: The plan; must have phases.
        language: Default: the robot's own.
        progress: Told where the work is.

    Raises:
        UnknownNameError: No such language.
    """
    cell = result.cell
    name = language or cell.robot.language
    it = language_of(name)
    lacking = missing_signals(cell, result.gripper.kind)
    if lacking:
        return Exported(name, {}, None, tuple(lacking))
    findings = [*addresses(cell, name)[1], *_foreign(result, name)]
    bend = bend_program(result, name)
    findings += preflight(bend.program, it.capabilities, cell.robot.model)
    if has_errors(findings):
        return Exported(name, {}, None, tuple(findings))
    progress("export", 0.1, it.capabilities.title)
    try:
        files = it.write(bend.program, cell.programs)
    except UnsupportedError as error:
        reason = Finding("error", "not-expressible", error.message, "change the cell file", "export")
        return Exported(name, {}, None, (*findings, reason))
    try:
        program = it.read(files, controller(bend.program, cell, name))
    except ProgramTextError as error:
        reason = Finding("error", "program-text", str(error), "report the job: the reader does not take the exported text", "export")
        return Exported(name, {}, None, (*findings, reason))
    progress("export", 0.4, "running the text")
    checked = verify(program, cell, result.gripper, name, result, bend, progress=progress)
    # What the plan passes near a singularity it has said itself.
    findings += [finding for finding in checked.findings if finding.code != "near-singularity"]
    findings += [
        Finding(
            "error",
            "program-differs",
            f"{change.b or change.a}: the text differs from the plan: {change.message}",
            "report the job",
            "export",
        )
        for change in compare(bend.program, program, cell.robot.model)
        if change.kind not in SAID_DIFFERENTLY
    ]
    return Exported(name, {} if has_errors(findings) else files, checked, tuple(findings))


def _foreign(result: BendingResult, language: str) -> list[Finding]:
    """A program in another language than the robot's own runs on no controller of that robot."""
    robot = result.cell.robot
    if language == robot.language:
        return []
    message = f"{robot.model.name} is programmed in {robot.language}; joint values in the {language} program are this robot's"
    return [Finding("warning", "foreign-language", message, "plan the job in a cell with a robot of that maker", "export")]
