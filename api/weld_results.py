"""Result folders of welding jobs read back: the plan of a job that was planned earlier, without planning again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.job_folder import JOB_FILE, cell_of_plan, check_job_files
from api.results import plan_path
from api.weld import as_placed
from api.weld_seams import load_weldment
from cells.weld_load import load_weld_cell, weld_cell_names
from cells.weld_model import WeldCell
from core.errors import PliantError
from parts.step_file import StepLimits
from parts.weldment import Weldment
from sim.weld.plan import WeldPlan
from sim.weld.plan_file import read_weld_plan_file
from sim.weld.plan_read import read_weld_plan

WELDING = b'"pliant-weld-plan/'
HEAD = 200
"""The format stands in the first bytes of a plan."""


@dataclass(frozen=True, eq=False, slots=True)
class WeldResult:
    """A planned welding job.

    Attributes:
        plan: With its findings; no phases where no seam can be welded.
        cell: The workpiece's frame where the job puts it.
        weldment: With the seams of the job.
    """

    plan: WeldPlan
    cell: WeldCell
    weldment: Weldment


def is_weld_result(folder: str | Path) -> bool:
    """Whether a result folder is a welding job's; raises `InputError` where it is none."""
    with plan_path(folder).open("rb") as stream:
        return WELDING in stream.read(HEAD)


def load_weld_result(folder: str | Path, cell: str | None = None) -> WeldResult:
    """The plan in the result folder of a welding job, with its weldment and its cell.

    Args:
        folder: What `pliant weld` left.
        cell: The cell it was planned in: shipped cell or cell file; None: the shipped cell that the plan names.

    Raises:
        InputError: Not a result folder; a plan that is cut off, of another format or at odds with itself, its job or the cell; inputs that were
            changed after planning. Names file, place, value and remedy.
    """
    path = plan_path(folder)
    file = read_weld_plan_file(path)
    check_job_files(path.parent, path, file.job_files, StepLimits().bytes)
    made_in = load_weld_cell(cell_of_plan(file.cell, cell, weld_cell_names(), path))
    placed, weldment, _ = as_placed(made_in, load_weldment(path.parent / JOB_FILE))
    try:
        return WeldResult(read_weld_plan(file, placed, weldment), placed, weldment)
    except PliantError as error:
        raise error.placed(file=path) from None
