"""A program on its way out, of a bending or a welding cell: looked at before it is written, read back from its own text, run, and compared with what was meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cells.model import Cell, Robot
from cells.weld_model import WeldCell
from core.errors import UnsupportedError
from core.findings import Finding, has_errors
from core.progress import Progress
from robots.programs.compare import compare
from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.languages import language as language_of
from robots.programs.preflight.preflight import preflight
from robots.programs.program import RobotProgram
from sim.verify.wiring import addresses, unsayable_lines

SAID_DIFFERENTLY = ("turn-speed", "blend", "duration", "posture", "time")
"""Changes that a language makes by its nature: it limits the turning speed, rounds less than it may, gives a speed instead of a time. What comes of
them is checked by running the text: the way against the bodies, followed moves against the sheet, the time by the clock."""

Ran = TypeVar("Ran")
"""What running a text gave."""


@dataclass(frozen=True, eq=False, slots=True)
class Exported(Generic[Ran]):
    """Program files with what checking them gave.

    Attributes:
        language: See `robots.programs.languages`.
        files: Name to content; empty when something keeps the program from being written.
        verification: Of the text; None when there was none to run.
        findings: Of writing and checking.
    """

    language: str
    files: dict[str, bytes]
    verification: Ran | None
    findings: tuple[Finding, ...]


def write_and_check(
    program: RobotProgram,
    cell: Cell | WeldCell,
    language: str,
    known: Controller,
    run: Callable[[RobotProgram], tuple[Ran, list[Finding]]],
    progress: Progress,
    *,
    said: Callable[[RobotProgram], RobotProgram] | None = None,
    differently: tuple[str, ...] = SAID_DIFFERENTLY,
) -> Exported[Ran]:
    """Files of a program, if it can be written and its text does what the program says.

    Args:
        program: Built from a plan.
        cell: It is for.
        language: To write it in.
        known: What the controller knows when it reads the text.
        run: Runs the text as it was read back: what that gave, and what of it is to be told.
        progress: Told where the work is.
        said: The program as the language says it, where that is not to the letter; the text is compared with it.
        differently: Kinds of changes that do not count in that.
    """
    it = language_of(language)
    findings = [
        *addresses(cell, language)[1],
        *unsayable_lines(cell, language),
        *_foreign(cell.robot, language),
        *preflight(program, it.capabilities, cell.robot.model),
    ]
    if has_errors(findings):
        return Exported(language, {}, None, tuple(findings))
    progress("export", 0.1, it.capabilities.title)
    try:
        files = it.write(program, cell.programs)
    except UnsupportedError as error:
        reason = Finding("error", "not-expressible", error.message, "change the cell file", "export")
        return Exported(language, {}, None, (*findings, reason))
    try:
        read = it.read(files, known)
    except ProgramTextError as error:
        reason = Finding("error", "program-text", str(error), "report the job: the reader does not take the exported text", "export")
        return Exported(language, {}, None, (*findings, reason))
    progress("export", 0.4, "running the text")
    ran, told = run(read)
    findings += told
    findings += [
        Finding(
            "error", "program-differs", f"{change.b or change.a}: the text differs from the plan: {change.message}", "report the job", "export"
        )
        for change in compare(program if said is None else said(program), read, cell.robot.model)
        if change.kind not in differently
    ]  # fmt: skip
    return Exported(language, {} if has_errors(findings) else files, ran, tuple(findings))


def _foreign(robot: Robot, language: str) -> list[Finding]:
    """A program in another language than the robot's own runs on no controller of that robot."""
    if language == robot.language:
        return []
    message = f"{robot.model.name} is programmed in {robot.language}; joint values in the {language} program are this robot's"
    return [Finding("warning", "foreign-language", message, "plan the job in a cell with a robot of that maker", "export")]
