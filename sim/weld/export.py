"""Robot programs of a welding plan: written in any language, read back from their own text, run on the virtual welding cell and compared with the plan."""

from __future__ import annotations

from dataclasses import dataclass

from cells.weld_model import WeldCell
from core.errors import UnsupportedError
from core.findings import Finding, has_errors
from core.progress import Progress, silent
from parts.weldment import Weldment
from robots.programs.compare import compare
from robots.programs.events import ProgramTextError
from robots.programs.languages import language as language_of
from robots.programs.preflight.preflight import preflight
from robots.programs.urscript.arc import arc_by_signals
from sim.programs import SAID_DIFFERENTLY
from sim.verify.wiring import addresses
from sim.weld.plan import WeldPlan
from sim.weld.program import missing_lines, weld_controller, weld_program
from sim.weld.verify import WeldVerification, verify_weld

NAMED_DIFFERENTLY = "arc"
"""Readers name procedures by their number; that it is the right one, the run tells."""


@dataclass(frozen=True, eq=False, slots=True)
class WeldExport:
    """Program files with what checking them gave.

    Attributes:
        language: See `robots.programs.languages`.
        files: Name to content; empty when something keeps the program from being written.
        verification: Of the text; None when there was none to run.
        findings: Of writing and checking.
    """

    language: str
    files: dict[str, bytes]
    verification: WeldVerification | None
    findings: tuple[Finding, ...]


def export_weld(plan: WeldPlan, cell: WeldCell, weldment: Weldment, language: str | None = None, progress: Progress = silent) -> WeldExport:
    """The program of a plan that has phases. Seams that the plan leaves out do not keep the others from being written.

    Args:
        plan: The plan.
        cell: Its cell.
        weldment: What is welded.
        language: Default: the robot's own.
        progress: Told where the work is.

    Raises:
        UnknownNameError: No such language.
    """
    name = language or cell.robot.language
    it = language_of(name)
    lacking = missing_lines(cell, name)
    if lacking:
        return WeldExport(name, {}, None, tuple(lacking))
    findings = [*addresses(cell, name)[1], *_foreign(cell, name)]
    program = weld_program(plan, cell, name)
    findings += preflight(program, it.capabilities, cell.robot.model)
    if has_errors(findings):
        return WeldExport(name, {}, None, tuple(findings))
    progress("export", 0.1, it.capabilities.title)
    try:
        files = it.write(program, cell.programs)
    except UnsupportedError as error:
        reason = Finding("error", "not-expressible", error.message, "change the cell file", "export")
        return WeldExport(name, {}, None, (*findings, reason))
    try:
        read = it.read(files, weld_controller(program, cell, name))
    except ProgramTextError as error:
        reason = Finding("error", "program-text", str(error), "report the job: the reader does not take the exported text", "export")
        return WeldExport(name, {}, None, (*findings, reason))
    progress("export", 0.4, "running the text")
    names = {line.address: neutral for neutral, line in program.signals.items()}
    checked = verify_weld(read, cell, weldment, plan, names, progress)
    findings += checked.findings
    said = program if name != "urscript" else arc_by_signals(program, it.capabilities, cell.programs.urscript.arc_timeout_s)
    findings += [
        Finding(
            "error", "program-differs", f"{change.b or change.a}: the text differs from the plan: {change.message}", "report the job", "export"
        )
        for change in compare(said, read, cell.robot.model)
        if change.kind not in (*SAID_DIFFERENTLY, NAMED_DIFFERENTLY)
    ]  # fmt: skip
    return WeldExport(name, {} if has_errors(findings) else files, checked, tuple(findings))


def _foreign(cell: WeldCell, language: str) -> list[Finding]:
    robot = cell.robot
    if language == robot.language:
        return []
    message = f"{robot.model.name} is programmed in {robot.language}; joint values in the {language} program are this robot's"
    return [Finding("warning", "foreign-language", message, "plan the job in a cell with a robot of that maker", "export")]
