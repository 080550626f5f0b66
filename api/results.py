"""Result folders read back: the plan of a job that was planned earlier, without planning again."""

from __future__ import annotations

from pathlib import Path

from api.job_folder import JOB_FILE, cell_of_plan, check_job_files
from api.jobs import BendRequest, drawn_part, job_spec
from cells.load import cell_names, load_cell
from cells.model import Cell
from core.errors import InputError, PliantError
from parts.dxf import DxfLimits
from parts.sheet import SheetPart
from parts.step_file import StepLimits
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
    path = plan_path(folder)
    at = path.parent
    file = read_plan_file(path)
    made_for = part if part is not None else _part(at, path, file)
    made_in = cell if isinstance(cell, Cell) else load_cell(cell_of_plan(file.cell, cell, cell_names(), path))
    try:
        return read_result(file, made_for, made_in)
    except PliantError as error:
        raise error.placed(file=path) from None


def plan_path(folder: str | Path) -> Path:
    """The plan of a result folder; raises `InputError` where there is none."""
    path = Path(folder) / "plan.json"
    try:
        found = path.exists()
    except (OSError, ValueError):
        found = False
    if not found:
        raise InputError(
            "no result folder: it holds no plan.json; give the folder that `pliant bend --out` or `pliant weld --out` wrote",
            file=str(folder)[:200],
        )
    return path


def _part(folder: Path, path: Path, file: PlanFile) -> SheetPart:
    """The part made again from the job file and the drawing, which must be those that were planned."""
    check_job_files(folder, path, file.job_files, max(DxfLimits().bytes, StepLimits().bytes))
    assert file.job_files is not None
    asked = job_spec(BendRequest(folder / JOB_FILE))
    if asked.drawing.relative_to(folder.resolve()).as_posix() not in file.job_files:
        raise InputError(f"the drawing '{asked.job.part[:80]}' is not among the files of the plan", file=folder / JOB_FILE, place="part")
    if asked.bend_table is not None and asked.bend_table.relative_to(folder.resolve()).as_posix() not in file.job_files:
        raise InputError(
            f"'{str(asked.job.bend_table)[:80]}' is not among the files of the plan", file=folder / JOB_FILE, place="bend_table"
        )
    flat, part = drawn_part(asked)
    if part is None:
        raise InputError("; ".join(finding.message for finding in flat.findings if finding.level == "error"), file=asked.drawing)
    return part
