"""Kinds of jobs over HTTP. A new kind is one entry of `KINDS`.

`prepare` runs in the server and only looks at names; what reads geometry runs in the worker.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.job_options import BendJobOptions, CheckJobOptions, ExportJobOptions, JobOptions, VerifyJobOptions
from api.program_files import ENDINGS as PROGRAM_ENDINGS
from cells.load import cell_names
from cells.model import Cell
from cells.yaml_source import read_source
from core.errors import InputError, UnknownNameError
from core.findings import has_errors
from core.progress import Progress
from parts.job import JobSpec
from parts.materials import materials

Results = tuple[dict[str, Any], dict[str, bytes]]
CELL_ENDINGS = (".yaml", ".yml", ".urdf", ".stl", ".obj", ".mtl", ".dae", ".glb", ".ply", ".dxf", ".png", ".jpg", ".jpeg")
"""Of a cell sent as files. xacro is not among them: it evaluates expressions, which strangers shall not write."""
DRAWING_ENDINGS = (".dxf",)
JOB_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class JobInputs:
    """The files of a job, in the worker.

    Attributes:
        folder: `files/` as sent, `job/` the result folder of an earlier job, `cell/` the user's own cell.
    """

    folder: Path

    @property
    def files(self) -> list[Path]:
        """What was sent, by name."""
        return sorted(path for path in (self.folder / "files").rglob("*") if path.is_file())

    @property
    def job(self) -> Path:
        """Result folder of the earlier job."""
        return self.folder / "job"

    def cell(self, name: str | None) -> str | None:
        """What `load_cell` takes for a cell's name; no path from a request gets here."""
        if name is None:
            return next((str(path) for path in (self.folder / "cell").glob("*.yaml")), None)
        own = [str(path) for path in (self.folder / "cell").glob("*.yaml") if path.stem == name]
        if own:
            return own[0]
        if name not in cell_names():
            raise UnknownNameError("cell", name[:80], cell_names())
        return name


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a job needs beside its files.

    Attributes:
        title: For lists.
        cell: Name of a cell; the queue lays the user's own beside the files.
        job: Id of an earlier job, whose results are laid there too.
    """

    title: str
    cell: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job.

    Attributes:
        about: What it does, in a sentence.
        options: Its options.
        endings: Of files it takes; empty: it takes none.
        inner_folders: Whether its files may lie in folders.
        prepare: Options and folder of files -> what else is needed; raises `InputError` for what is plainly wrong.
        run: In the worker: options, inputs, progress -> summary and files.
    """

    about: str
    options: type[JobOptions]
    endings: tuple[str, ...]
    inner_folders: bool
    prepare: Callable[[Any, Path], Wanted]
    run: Callable[[Any, JobInputs, Progress], Results]


def _prepare_bend(options: BendJobOptions, folder: Path) -> Wanted:
    drawings = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in DRAWING_ENDINGS]
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in JOB_ENDINGS]
    if len(drawings) != 1 or len(files) > 1:
        raise InputError(
            f"a bending job takes one drawing (.dxf) and at most one job file (.yaml); sent were {len(drawings)} and {len(files)}"
        )
    if files:
        spec = read_source(files[0], JobSpec)[0]
        return Wanted(drawings[0].stem, options.cell or spec.cell)
    missing = [key for key in ("cell", "material", "thickness_mm") if getattr(options, key) is None]
    if missing:
        raise InputError(
            f"a DXF does not say everything: give {', '.join(missing)} in `options`, or send a job file", file=drawings[0].name
        )
    if options.material not in materials():
        raise UnknownNameError("material", str(options.material)[:80], list(materials()))
    return Wanted(drawings[0].stem, options.cell)


def _run_bend(options: BendJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.jobs import BendRequest, run_bend

    sources = sorted(inputs.files, key=lambda path: path.suffix.lower() in DRAWING_ENDINGS)
    name = options.cell
    if name is None:
        name = read_source(sources[0], JobSpec)[0].cell
    given = options.model_dump() | {"cell": inputs.cell(name)}
    return run_bend(BendRequest(sources[0], **given), progress)


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
    return _listed(summary | {"job": options.job}, files)


def _prepare_export(options: ExportJobOptions, folder: Path) -> Wanted:
    return Wanted(options.language, None, options.job)


def _run_export(options: ExportJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.programs import run_export

    summary, files = run_export(inputs.job, options.language, inputs.cell(None), progress)
    return _listed(summary | {"job": options.job}, {f"robot/{name}": data for name, data in files.items()})


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
    return _listed(summary, files)


def _run_cell(options: JobOptions, inputs: JobInputs, progress: Progress) -> Results:
    """Reads a cell that was sent; what the list of cells says about it."""
    from cells.load import load_cell

    return cell_entry(load_cell(cell_file(inputs.folder / "files")), own=True), {}


def cell_entry(cell: Cell, *, own: bool) -> dict[str, Any]:
    """A cell for lists."""
    return {
        "name": cell.name, "title": cell.title, "robot": cell.robot.model.name, "language": cell.robot.language, "brake": cell.brake.name,
        "grippers": [gripper.name for gripper in cell.grippers], "stations": list(cell.stations), "own": own,
    }  # fmt: skip


def cell_file(folder: Path) -> Path:
    """The one cell file among the files of a cell: the only YAML in the upper folder."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in JOB_ENDINGS]
    if len(found) != 1:
        raise InputError(f"a cell has one .yaml file in its upper folder; sent were {len(found)}")
    return found[0]


def _listed(summary: dict[str, Any], files: dict[str, bytes]) -> Results:
    """The files with the summary among them, and named in it."""
    summary = summary | {"files": ["summary.json", *sorted(files)]}
    return summary, files | {"summary.json": json.dumps(summary, indent=2).encode()}


READ_CELL = JobKind("reads a cell that was sent", JobOptions, CELL_ENDINGS, True, lambda options, folder: Wanted(""), _run_cell)
"""Done by the same worker process, but not a job that anyone can send."""
_PROGRAMS = tuple(PROGRAM_ENDINGS)
KINDS: dict[str, JobKind] = {
    "bend": JobKind(
        "plans a bending job from a drawing", BendJobOptions, (*DRAWING_ENDINGS, *JOB_ENDINGS), False, _prepare_bend, _run_bend
    ),
    "verify": JobKind("runs robot programs on a cell", VerifyJobOptions, (*_PROGRAMS, ".zip"), False, _prepare_verify, _run_verify),
    "export": JobKind("writes the program of a planned job in a language", ExportJobOptions, (), False, _prepare_export, _run_export),
    "check": JobKind("looks at a cell: reach, collisions at rest, signals", CheckJobOptions, (*CELL_ENDINGS, ".zip"), True, _prepare_check, _run_check),
}  # fmt: skip
