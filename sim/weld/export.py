"""Robot programs of a welding plan: written in any language, read back from their own text, run on the virtual welding cell and compared with the plan."""

from __future__ import annotations

from cells.weld_model import WeldCell
from core.findings import Finding
from core.progress import Progress, silent
from parts.weldment import Weldment
from robots.programs.languages import language as language_of
from robots.programs.program import RobotProgram
from robots.programs.urscript.arc import arc_by_signals
from sim.program_export import SAID_DIFFERENTLY, Exported, write_and_check
from sim.weld.plan import WeldPlan
from sim.weld.program import missing_lines, weld_controller, weld_program
from sim.weld.verify import WeldVerification, verify_weld

NAMED_DIFFERENTLY = "arc"
"""Readers name procedures by their number; that it is the right one, the run tells."""


def export_weld(
    plan: WeldPlan, cell: WeldCell, weldment: Weldment, language: str | None = None, progress: Progress = silent
) -> Exported[WeldVerification]:
    """The program of a plan that has phases, if its text does what the plan says. Seams that the plan leaves out do not keep the others from being written.

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
        return Exported(name, {}, None, tuple(lacking))
    program = weld_program(plan, cell, name)
    names = {line.address: neutral for neutral, line in program.signals.items()}

    def run(read: RobotProgram) -> tuple[WeldVerification, list[Finding]]:
        checked = verify_weld(read, cell, weldment, plan, names, progress)
        return checked, list(checked.findings)

    def by_signals(program: RobotProgram) -> RobotProgram:
        return arc_by_signals(program, it.capabilities, cell.programs.urscript.arc_timeout_s)

    return write_and_check(
        program,
        cell,
        name,
        weld_controller(program, cell, name),
        run,
        progress,
        said=by_signals if name == "urscript" else None,
        differently=(*SAID_DIFFERENTLY, NAMED_DIFFERENTLY),
    )
