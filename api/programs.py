"""`pliant verify`, `pliant export` and `pliant diff`: programs read from their text, run, written in another language, compared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.jobs import program_summary
from api.program_files import read_programs
from api.results import load_result
from cells.load import load_cell
from cells.model import Cell, Gripper
from core.errors import InputError, UnknownNameError
from core.findings import Finding, has_errors
from core.progress import Progress
from robots.programs.compare import change_rows, compare
from robots.programs.events import ProgramTextError
from robots.programs.languages import language as language_of
from robots.programs.preflight.preflight import preflight
from robots.programs.program import RobotProgram
from sim.bend_program import BendProgram, bend_program
from sim.bending import BendingResult
from sim.programs import export
from sim.recording import recording_glb
from sim.verify.verify import Verification, verify
from sim.verify.wiring import bare_program, controller


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What a user gives to `pliant verify`.

    Attributes:
        programs: Files or folders.
        cell: Cell name or file; None: the job's.
        job: Result folder of the job the program belongs to; None: the robot moves in the empty cell.
        gripper: Mounted; None: the job's, else the cell's first.
        language: None: told by the files' endings.
        skip_unknown: Leave out lines that are not understood.
    """

    programs: tuple[Path, ...]
    cell: str | None = None
    job: Path | None = None
    gripper: str | None = None
    language: str | None = None
    skip_unknown: bool = False


def run_verify(request: VerifyRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Runs program text on a cell; returns the summary and the files of a result folder.

    Raises:
        InputError: Files, cell or job that cannot be used. Text that a controller would not take is a finding.
    """
    progress("read", 0.0, "program")
    name, files = read_programs(list(request.programs), request.language)
    cell, gripper, job, planned = _setting(request, name)
    base = planned.program if planned is not None else bare_program(cell, gripper, name)
    try:
        program = language_of(name).read(files, controller(base, cell, name))
    except ProgramTextError as error:
        finding = Finding("error", "program-text", str(error), "correct the text", "", {"file": error.file, "place": error.place})
        return _summary(request, name, cell, None, [finding], []), {}
    findings = _preflight(program, name, cell)
    progress("run", 0.0, "")
    checked = verify(program, cell, gripper, name, job, planned, skip_unknown=request.skip_unknown, progress=progress)
    findings += checked.findings
    changes = [] if planned is None else change_rows(compare(_as_exported(planned.program, name, cell), program, cell.robot.model))
    summary = _summary(request, name, cell, checked, _once(findings), changes)
    progress("show", 0.5, "recording")
    shown = {"recording.glb": recording_glb(checked.execution)} if checked.execution.plan.phases else {}
    shown["verification.json"] = json.dumps(summary, indent=2).encode()
    return summary, shown


def _as_exported(program: RobotProgram, language: str, cell: Cell) -> RobotProgram:
    """The plan's program as its own text says it: what a text is held against, so that only what a person changed stands out."""
    it = language_of(language)
    return it.read(it.write(program, cell.programs), controller(program, cell, language))


def _setting(request: VerifyRequest, language: str) -> tuple[Cell, Gripper, BendingResult | None, BendProgram | None]:
    """Cell, mounted gripper, job and the job's own program."""
    if request.job is not None:
        job = load_result(request.job, request.cell)
        gripper = job.gripper if request.gripper is None else _gripper(job.cell, request.gripper)
        planned = bend_program(job, language) if job.plan.phases else None
        if planned is None:
            raise InputError("the job has no plan: it was refused; see its summary.json", file=request.job)
        return job.cell, gripper, job, planned
    if request.cell is None:
        raise InputError("a cell or a job is needed to run a program on; give --cell (see `pliant cells`) or --job RESULT_FOLDER")
    cell = load_cell(request.cell)
    return cell, cell.grippers[0] if request.gripper is None else _gripper(cell, request.gripper), None, None


def _gripper(cell: Cell, name: str) -> Gripper:
    for gripper in cell.grippers:
        if gripper.name == name:
            return gripper
    raise UnknownNameError("gripper", name, [gripper.name for gripper in cell.grippers])


def _preflight(program: RobotProgram, language: str, cell: Cell) -> list[Finding]:
    return preflight(program, language_of(language).capabilities, cell.robot.model)


def _once(findings: list[Finding]) -> list[Finding]:
    """The same thing found twice at one line is told once."""
    seen: dict[tuple[Any, ...], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.data.get("file"), finding.data.get("line"), finding.message if not finding.data.get("line") else "")
        seen.setdefault(key, finding)
    return list(seen.values())


def _summary(
    request: VerifyRequest, language: str, cell: Cell, checked: Verification | None, findings: list[Finding], changes: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "programs": [path.name for path in request.programs],
        "language": language,
        "cell": cell.name,
        "job": None if request.job is None else request.job.name,
        "verified": not has_errors(findings) and checked is not None,
        "run": None if checked is None else program_summary(language, checked),
        "findings": [finding.to_dict() for finding in findings],
        "changes": changes,
    }


def run_export(folder: Path, language: str, cell: str | None, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Writes the program of a planned job in a language; returns the summary and the files.

    Raises:
        InputError: A folder without a plan, or an unknown language.
    """
    language_of(language)
    result = load_result(folder, cell)
    if not result.plan.phases:
        raise InputError("the job has no plan: it was refused; see its summary.json", file=folder)
    exported = export(result, language, progress)
    checked = exported.verification
    summary = {
        "job": folder.name,
        "language": language,
        "cell": result.cell.name,
        "verified": bool(exported.files),
        "run": None if checked is None else program_summary(language, checked),
        "findings": [finding.to_dict() for finding in exported.findings],
        "files": sorted(exported.files),
    }
    return summary, exported.files


def run_diff(one: list[Path], other: list[Path], cell: str | None, job: Path | None) -> dict[str, Any]:
    """What changed from one program to another, in millimetres, degrees, lines and seconds.

    Raises:
        InputError: Files that cannot be used; text that a controller would not take.
    """
    read: list[RobotProgram] = []
    languages, names = [], []
    for paths in (one, other):
        name, files = read_programs(paths)
        place, gripper, _, planned = _setting(VerifyRequest(tuple(paths), cell, job), name)
        base = planned.program if planned is not None else bare_program(place, gripper, name)
        read.append(language_of(name).read(files, controller(base, place, name)))
        languages.append(name)
        names.append({line.address: neutral for neutral, line in base.signals.items()})
    same = languages[0] == languages[1]
    changes = compare(read[0], read[1], place.robot.model, same_language=same, names_a=names[0], names_b=names[1])
    return {"from": [p.name for p in one], "to": [p.name for p in other], "same": not changes, "changes": change_rows(changes)}


def clearance_text(summary: dict[str, Any]) -> str:
    """The smallest clearance of a run, for people."""
    run = summary["run"]
    if run is None or run["clearance_mm"] is None:
        return "nothing came near"
    pair = run["clearance_between"]
    return f"{run['clearance_mm']:.1f} mm" + (f" between {pair[0]} and {pair[1]}" if pair else "")
