"""A job's own inputs in its result folder: what `api.results` and `api.weld_results` make the part of again, on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from cells.load import cell_names
from cells.model import Cell
from cells.weld_load import weld_cell_names
from cells.weld_model import WeldCell
from core.errors import InputError
from core.files import checked_size, inside
from parts.job import JobSpec
from parts.step_file import is_step
from parts.weld_job import WeldJobSpec

JOB_FILE = "job/job.yaml"


def job_files(job: JobSpec, drawing: Path, cell: Cell, bend_table: Path | None = None) -> dict[str, bytes]:
    """The job file with every option as it was used, drawing and bend table beside it, by their names in the result folder.

    Paths of this machine are left out: the drawing has its bare name, a cell that is not shipped that of its file.
    """
    # The part is named after its drawing; the ending says what the file is, and keeps it apart from the job file.
    name = f"{drawing.stem}{'.step' if is_step(drawing) else '.dxf'}"
    written = job.model_dump(mode="json", exclude_none=True) | {"part": name, "cell": _named(cell)}
    files = {f"job/{name}": drawing.read_bytes()}
    if bend_table is not None:
        written["bend_table"] = "bend_table.csv"
        files["job/bend_table.csv"] = bend_table.read_bytes()
    return {JOB_FILE: _text(written), **files}


def weld_job_files(job: WeldJobSpec, folder: Path, files: Sequence[Path], cell: WeldCell, seed: int) -> dict[str, bytes]:
    """The same of a welding job: its files keep their places below the job file's folder."""
    names = [path.resolve().relative_to(folder.resolve()).as_posix() for path in files]
    # What the job did not say stays unsaid: where the weldment lies depends on it.
    written = job.model_dump(mode="json", exclude_unset=True) | {
        "weldment": names[0] if len(names) == 1 else names,
        "cell": _named(cell),
        "seed": seed,
    }
    return {JOB_FILE: _text(written)} | {f"job/{name}": path.read_bytes() for name, path in zip(names, files, strict=True)}


def _named(cell: Cell | WeldCell) -> str:
    return cell.name if cell.name in (*cell_names(), *weld_cell_names()) else cell.path.name


def _text(written: dict[str, Any]) -> bytes:
    return f"# The job as it was planned, options included.\n{yaml.safe_dump(written, sort_keys=False, allow_unicode=True)}".encode()


def check_job_files(folder: Path, plan: Path, files: Mapping[str, str] | None, most_bytes: int) -> None:
    """Whether the job beside a plan is the one that was planned.

    Args:
        folder: The result folder.
        plan: Its plan.json.
        files: SHA-256 by name, as the plan has them.
        most_bytes: Of one file.

    Raises:
        InputError: None beside it, one that leaves the folder, is missing, too large, or another.
    """
    if files is None:
        raise InputError("the plan's job is not beside it; plan the job again with --out, or give the part", file=plan, place="job_files")
    if JOB_FILE not in files:
        raise InputError(f"'{JOB_FILE}' is not among them; plan the job again", file=plan, place="job_files")
    for name, planned in files.items():
        try:
            one = inside(folder, name, f"'{name[:80]}'")
        except InputError as error:
            raise error.placed(file=plan, place="job_files") from None
        checked_size(one, most_bytes, "file of the job")
        found = checksums({name: one.read_bytes()})[name]
        if found != planned:
            raise InputError(
                f"the file is not the one that was planned: its SHA-256 is {found}, that of the plan {planned}; put the old file back, or plan the job again",
                file=one,
                place="the whole file",
            )


def cell_of_plan(name: str, given: str | None, shipped: Sequence[str], plan: Path) -> str:
    """The cell to load for a plan: the one given, else the shipped one of its name; raises `InputError` where there is none."""
    if given is None and name not in shipped:
        raise InputError(
            f"the plan was made in the cell '{name}', which is not shipped; give its file with --cell", file=plan, place="cell"
        )
    return name if given is None else given


def checksums(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of contents by name."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
