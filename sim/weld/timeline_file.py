"""What a player shows along the time beside the picture of a welding job: clearance, lines of the program, whose cell it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cells.weld_model import WeldCell
from sim.program_export import Exported
from sim.timeline_file import Course, course_columns, heading, program_times
from sim.weld.plan import WeldPlan
from sim.weld.verify import WeldVerification


def weld_timeline_dict(
    plan: WeldPlan, cell: WeldCell, courses: Sequence[Course], exported: Exported[WeldVerification] | None = None
) -> dict[str, Any]:
    """As `sim.timeline_file.timeline_dict` of a bending job; times are the plan's.

    Args:
        plan: The plan.
        cell: Its cell.
        courses: For each phase how near bodies came in it.
        exported: The program, for the times of its lines.
    """
    checked = None if exported is None else exported.verification
    program = None
    if exported is not None and checked is not None:
        program = program_times(exported.language, checked.cycle_time, checked.lines, plan.phases)
    return heading(cell.name, cell.title, cell.logo, cell.margin) | {
        "clearance": [course_columns(tuple(course)) for course in courses],
        "program": program,
    }


__all__ = ["weld_timeline_dict"]
