"""`pliant verify`, `pliant export` and `pliant diff`: programs read from their text, run, written in another language, compared."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.program_files import read_programs
from api.program_settings import ProgramSetting, setting_of, written
from core.findings import Finding, has_errors
from core.progress import Progress
from robots.programs.compare import change_rows, compare
from robots.programs.events import ProgramTextError
from robots.programs.languages import language as language_of
from robots.programs.preflight.preflight import preflight
from robots.programs.program import RobotProgram


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
    setting = setting_of(name, request.cell, request.job, request.gripper)
    try:
        program = language_of(name).read(files, setting.controller())
    except ProgramTextError as error:
        finding = Finding("error", "program-text", str(error), "correct the text", "", {"file": error.file, "place": error.place})
        return _summary(request, setting, None, [finding], []), {}
    findings = preflight(program, language_of(name).capabilities, setting.model)
    progress("run", 0.0, "")
    ran = setting.run(program, request.skip_unknown, progress)
    changes = [] if setting.planned is None else change_rows(compare(_as_exported(setting.planned, setting), program, setting.model))
    summary = _summary(request, setting, ran.summary, _once([*findings, *ran.findings]), changes)
    shown = {} if ran.recording is None else {"recording.glb": ran.recording}
    shown["verification.json"] = json.dumps(summary, indent=2).encode()
    return summary, shown


def _as_exported(program: RobotProgram, setting: ProgramSetting) -> RobotProgram:
    """The plan's program as its own text says it: what a text is held against, so that only what a person changed stands out."""
    it = language_of(setting.language)
    return it.read(it.write(program, setting.cell.programs), setting.controller())


def _once(findings: list[Finding]) -> list[Finding]:
    """The same thing found twice at one line is told once."""
    seen: dict[tuple[Any, ...], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.data.get("file"), finding.data.get("line"), finding.message if not finding.data.get("line") else "")
        seen.setdefault(key, finding)
    return list(seen.values())


def _summary(
    request: VerifyRequest, setting: ProgramSetting, run: dict[str, Any] | None, findings: list[Finding], changes: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "programs": [path.name for path in request.programs],
        "language": setting.language,
        "cell": setting.cell.name,
        "job": None if request.job is None else request.job.name,
        "verified": not has_errors(findings) and run is not None,
        "run": run,
        "findings": [finding.to_dict() for finding in findings],
        "changes": changes,
    }


def run_export(folder: Path, language: str, cell: str | None, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Writes the program of a planned job in a language; returns the summary and the files.

    Raises:
        InputError: A folder without a plan, or an unknown language.
    """
    language_of(language)
    cell_name, program = written(folder, cell, language, progress)
    summary = {
        "job": folder.name,
        "language": language,
        "cell": cell_name,
        "verified": bool(program.files),
        "run": program.run,
        "findings": [finding.to_dict() for finding in program.findings],
        "files": sorted(program.files),
    }
    return summary, program.files


def run_diff(one: list[Path], other: list[Path], cell: str | None, job: Path | None) -> dict[str, Any]:
    """What changed from one program to another, in millimetres, degrees, lines and seconds.

    Raises:
        InputError: Files that cannot be used; text that a controller would not take.
    """
    read: list[RobotProgram] = []
    languages, names = [], []
    for paths in (one, other):
        name, files = read_programs(paths)
        setting = setting_of(name, cell, job)
        read.append(language_of(name).read(files, setting.controller()))
        languages.append(name)
        names.append({line.address: neutral for neutral, line in setting.base.signals.items()})
    same = languages[0] == languages[1]
    changes = compare(read[0], read[1], setting.model, same_language=same, names_a=names[0], names_b=names[1])
    return {"from": [p.name for p in one], "to": [p.name for p in other], "same": not changes, "changes": change_rows(changes)}


def clearance_text(summary: dict[str, Any]) -> str:
    """The smallest clearance of a run, for people."""
    run = summary["run"]
    if run is None or run["clearance_mm"] is None:
        return "nothing came near"
    pair = run["clearance_between"]
    return f"{run['clearance_mm']:.1f} mm" + (f" between {pair[0]} and {pair[1]}" if pair else "")
