"""Kinds of jobs over HTTP: programs and cells, and the table of all. A new kind is one entry of `KINDS`, and a name in `http_jobs.Kind`.

`prepare` runs in the server and looks at names and job files; what reads geometry runs in the worker.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.job_inputs import YAML_ENDINGS, JobInputs, JobKind, Results, Wanted, listed
from api.job_options import CheckJobOptions, ExportJobOptions, JobOptions, VerifyJobOptions
from api.part_kinds import BEND, UNFOLD, WELD
from api.program_files import ENDINGS as PROGRAM_ENDINGS
from api.program_files import REGISTERS
from cells.model import Cell
from cells.weld_model import WeldCell
from core.errors import InputError
from core.findings import has_errors
from core.progress import Progress

CELL_ENDINGS = (*YAML_ENDINGS, ".urdf", ".stl", ".obj", ".mtl", ".dae", ".glb", ".ply", ".dxf", ".png", ".jpg", ".jpeg", ".svg")
"""Of a cell sent as files. xacro is not among them: it evaluates expressions, which strangers shall not write."""


def _prepare_verify(options: VerifyJobOptions, folder: Path) -> Wanted:
    names = [path.stem for path in sorted(folder.iterdir())]
    if not names:
        raise InputError("there is no program to verify; send its files")
    if options.cell is None and options.job is None:
        raise InputError("a cell or a job is needed to run a program on; give `cell` (see GET /cells) or `job` (the id of a bending job)")
    return Wanted(names[0], options.cell, options.job)


def _run_verify(options: VerifyJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.programs import VerifyRequest, run_verify

    job = None if options.job is None else inputs.job
    request = VerifyRequest(tuple(inputs.files), inputs.cell(options.cell), job, options.gripper, options.language, options.skip_unknown)
    summary, files = run_verify(request, progress)
    return listed(summary | {"job": options.job}, files)


def _prepare_export(options: ExportJobOptions, folder: Path) -> Wanted:
    return Wanted(options.language, None, options.job)


def _run_export(options: ExportJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.programs import run_export

    summary, files = run_export(inputs.job, options.language, inputs.cell(None), progress)
    return listed(summary | {"job": options.job}, {f"robot/{name}": data for name, data in files.items()})


def _prepare_check(options: CheckJobOptions, folder: Path) -> Wanted:
    sent = cell_file(folder) if any(folder.iterdir()) else None
    if (sent is None) == (options.cell is None):
        raise InputError("give either `cell` (see GET /cells) or the files of a cell")
    return Wanted(options.cell or (sent.stem if sent else ""), options.cell)


def _run_check(options: CheckJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.jobs import look_at_cell

    name = inputs.cell(options.cell) if options.cell is not None else str(cell_file(inputs.folder / "files"))
    progress("read", 0.0, "cell")
    check, files = look_at_cell(str(name), pictures=True)
    findings = [finding.to_dict() for finding in check.findings]
    summary = {"cell": check.cell.name, "title": check.cell.title, "verified": not has_errors(check.findings), "findings": findings}
    return listed(summary, files)


def _run_cell(options: JobOptions, inputs: JobInputs, progress: Progress) -> Results:
    """Reads a cell that was sent; what the list of cells says about it."""
    from cells.weld_load import load_any_cell

    return cell_entry(load_any_cell(cell_file(inputs.folder / "files")), own=True), {}


def cell_entry(cell: Cell | WeldCell, *, own: bool) -> dict[str, Any]:
    """A cell for lists."""
    entry: dict[str, Any] = {
        "name": cell.name,
        "title": cell.title,
        "robot": cell.robot.model.name,
        "language": cell.robot.language,
        "own": own,
    }
    if isinstance(cell, WeldCell):
        holder = None if cell.positioner is None else cell.positioner.name
        procedures = [one.name for one in cell.procedures]
        return entry | {
            "kind": "welding",
            "brake": None,
            "grippers": [],
            "stations": [],
            "torch": cell.torch.name,
            "positioner": holder,
            "procedures": procedures,
        }
    grippers = [gripper.name for gripper in cell.grippers]
    return entry | {
        "kind": "bending",
        "brake": cell.brake.name,
        "grippers": grippers,
        "stations": list(cell.stations),
        "torch": None,
        "positioner": None,
        "procedures": [],
    }


def cell_file(folder: Path) -> Path:
    """The one cell file among the files of a cell: the only YAML in the upper folder."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in YAML_ENDINGS]
    if len(found) != 1:
        raise InputError(f"a cell has one .yaml file in its upper folder; sent were {len(found)}")
    return found[0]


READ_CELL = JobKind(JobOptions, CELL_ENDINGS, True, lambda options, folder: Wanted(""), _run_cell)
"""Done by the same worker process, but not a job that anyone can send."""
KINDS: dict[str, JobKind] = {
    "bend": BEND,
    "unfold": UNFOLD,
    "weld": WELD,
    "verify": JobKind(VerifyJobOptions, (*PROGRAM_ENDINGS, REGISTERS), False, _prepare_verify, _run_verify),
    "export": JobKind(ExportJobOptions, (), False, _prepare_export, _run_export),
    "check": JobKind(CheckJobOptions, CELL_ENDINGS, True, _prepare_check, _run_check),
}  # fmt: skip
