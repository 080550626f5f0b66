"""Result folders read back: the plan of a job that was planned earlier, without planning again."""

from __future__ import annotations

from pathlib import Path

from api.job_folder import JOB_FILE, checksums
from api.jobs import BendRequest, drawn_part, job_spec
from cells.load import cell_names, load_cell
from cells.model import Cell
from core.errors import InputError, PliantError
from core.files import checked_size, inside
from parts.dxf import DxfLimits
from parts.sheet import SheetPart
from sim.bending import BendingResult
from sim.plan_file import PlanFile, read_plan_file
from sim.plan_read import read_result


def load_result(folder: str | Path, cell: str | Cell | None = None, part: SheetPart | None = None) -> BendingResult:
    """The plan in a result folder, with its part and its cell.

    Args:
        folder: What `pliant bend` left, or `api.bending.export`.
        cell: The cell it was planned in: shipped cell, cell file, or as loaded; None: the shipped cell that the plan names.
        part: The part it was planned for; None: made again from `job/`. Needed for what `api.bending.export` left, which has no `job/`.

    Returns:
        The plan, figure for figure. Its findings hold an error `cell-changed` when the cell file is not the one planned in.

    Raises:
        InputError: Not a result folder; a plan that is cut off, of another format or at odds with itself, its job or the cell; inputs that were
            changed after planning. Names file, place, value and remedy.
    """
    at = Path(folder)
    path = at / "plan.json"
    try:
        found = path.exists()
    except (OSError, ValueError):
        found = False
    if not found:
        raise InputError("no result folder: it holds no plan.json; give the folder that `pliant bend --out` wrote", file=str(at)[:200])
    file = read_plan_file(path)
    made_for = part if part is not None else _part(at, path, file)
    made_in = cell if isinstance(cell, Cell) else load_cell(_cell_name(path, file, cell))
    try:
        return read_result(file, made_for, made_in)
    except PliantError as error:
        raise error.placed(file=path) from None


def _cell_name(path: Path, file: PlanFile, given: str | None) -> str:
    if given is not None:
        return given
    if file.cell not in cell_names():
        raise InputError(
            f"the plan was made in the cell '{file.cell}', which is not shipped; give its file with --cell", file=path, place="cell"
        )
    return file.cell


def _part(folder: Path, path: Path, file: PlanFile) -> SheetPart:
    """The part made again from the job file and the drawing, which must be those that were planned."""
    if file.job_files is None:
        raise InputError("the plan's job is not beside it; plan the job with `pliant bend`, or give the part", file=path, place="job_files")
    if JOB_FILE not in file.job_files:
        raise InputError(f"'{JOB_FILE}' is not among them; plan the job again", file=path, place="job_files")
    for name, planned in file.job_files.items():
        try:
            one = inside(folder, name, f"'{name[:80]}'")
        except InputError as error:
            raise error.placed(file=path, place="job_files") from None
        checked_size(one, DxfLimits().bytes, "file of the job")
        found = checksums({name: one.read_bytes()})[name]
        if found != planned:
            raise InputError(
                f"the file is not the one that was planned: its SHA-256 is {found}, that of the plan {planned}; put the old file back, or plan the job again",
                file=one,
                place="the whole file",
            )
    asked = job_spec(BendRequest(folder / JOB_FILE))
    if asked.drawing.relative_to(folder.resolve()).as_posix() not in file.job_files:
        raise InputError(f"the drawing '{asked.job.part[:80]}' is not among the files of the plan", file=folder / JOB_FILE, place="part")
    flat, part = drawn_part(asked)
    if part is None:
        raise InputError("; ".join(finding.message for finding in flat.findings if finding.level == "error"), file=asked.drawing)
    return part
