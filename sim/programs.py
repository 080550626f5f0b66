"""Robot programs of a bending plan: written in any language, read back from their own text, run on the virtual cell and compared with the plan."""

from __future__ import annotations

from core.findings import Finding
from core.progress import Progress, silent
from robots.programs.languages import language as language_of
from robots.programs.program import RobotProgram
from sim.bend_program import bend_program, missing_signals
from sim.bending import BendingResult
from sim.program_export import Exported, write_and_check
from sim.verify.verify import Verification, verify
from sim.verify.wiring import controller


def export(result: BendingResult, language: str | None = None, progress: Progress = silent) -> Exported[Verification]:
    """The program of a plan, if its text does what the plan says.

    Args:
        result: The plan; must have phases.
        language: Default: the robot's own.
        progress: Told where the work is.

    Raises:
        UnknownNameError: No such language.
    """
    cell = result.cell
    name = language or cell.robot.language
    language_of(name)
    lacking = missing_signals(cell, result.gripper.kind)
    if lacking:
        return Exported(name, {}, None, tuple(lacking))
    bend = bend_program(result, name)

    def run(read: RobotProgram) -> tuple[Verification, list[Finding]]:
        checked = verify(read, cell, result.gripper, name, result, bend, progress=progress)
        # What the plan passes near a singularity it has said itself.
        return checked, [finding for finding in checked.findings if finding.code != "near-singularity"]

    return write_and_check(bend.program, cell, name, controller(bend.program, cell, name), run, progress)
