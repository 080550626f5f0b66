"""Robot programs of a plan in the cell's language: written, read back, run, compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import UnknownNameError, UnsupportedError
from core.findings import Finding, has_errors
from core.frames import Array
from robots.configuration import abb_confdata
from robots.programs.krl import write_krl
from robots.programs.krl_reader import run_krl
from robots.programs.program import RobotProgram
from robots.programs.rapid import write_rapid
from robots.programs.rapid_reader import run_rapid
from robots.programs.trace import Inputs, ProgramTextError, Traced, all_come
from sim.bend_program import bend_program, missing_signals
from sim.bending import BendingResult
from sim.program_check import ProgramCheck, check_program

LANGUAGES = {"krl": "KUKA KRL (KR C4, KR C5)", "rapid": "ABB RAPID (IRC5, OmniCore)"}
"""Languages with a writer and a reader."""


@dataclass(frozen=True, eq=False, slots=True)
class Exported:
    """Program files with what checking them gave.

    Attributes:
        language: See `LANGUAGES`.
        files: Name to content; empty when something keeps the program from being written.
        check: None when nothing could be checked.
        findings: Of writing and checking.
    """

    language: str
    files: dict[str, bytes]
    check: ProgramCheck | None
    findings: tuple[Finding, ...]


def write_program(language: str, program: RobotProgram, result: BendingResult) -> dict[str, bytes]:
    """The text of a program.

    Raises:
        UnknownNameError: No such language.
        UnsupportedError: The language cannot express something in the program.
    """
    model = result.cell.robot.model

    def confdata(q: Array) -> tuple[int, int, int, int]:
        behind, below = model.wrist_behind(q)
        return abb_confdata(np.degrees(q[model.slides :]), wrist_behind_axis_1=behind, wrist_behind_lower_arm=below)

    if language == "krl":
        return write_krl(program)
    if language == "rapid":
        return write_rapid(program, confdata)
    raise UnknownNameError("robot language", language, list(LANGUAGES))


def run_program(language: str, files: dict[str, bytes], inputs: Inputs = all_come) -> list[Traced]:
    """Reads program text and runs it; see the readers for errors."""
    if language not in LANGUAGES:
        raise UnknownNameError("robot language", language, list(LANGUAGES))
    return run_krl(files, inputs) if language == "krl" else run_rapid(files, inputs)


def export(result: BendingResult) -> Exported:
    """The cell's robot program for a plan, read back from its own text and checked against the plan."""
    language = result.cell.robot.language
    findings = missing_signals(result.cell, result.gripper.kind)
    if language not in LANGUAGES:
        findings.append(
            Finding("error", "no-language", f"no programs are written in '{language}'; valid: {', '.join(sorted(LANGUAGES))}", "set `robot.language` in the cell file", "export")
        )  # fmt: skip
    if findings:
        return Exported(language, {}, None, tuple(findings))
    bend = bend_program(result)
    try:
        files = write_program(language, bend.program, result)
    except UnsupportedError as error:
        reason = Finding("error", "not-expressible", error.message, "change the cell file", "export")
        return Exported(language, {}, None, (reason,))
    try:
        trace = run_program(language, files)
    except ProgramTextError as error:
        reason = Finding("error", "program-text", str(error), "report the job: the reader does not take the exported text", "export")
        return Exported(language, {}, None, (reason,))
    check = check_program(bend, trace, result, sorted(files)[-1])
    return Exported(language, {} if has_errors(check.findings) else files, check, check.findings)
