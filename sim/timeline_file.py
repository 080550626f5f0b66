"""What a player shows along the time beside the picture (`timeline.json`): clearance, lines of the program, whose cell it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.frames import Array
from core.units import to_mm
from sim.bending import BendingResult
from sim.looking import SIGHT
from sim.program_export import Exported
from sim.verify.lines import LineTime, Timed, on_plan, plan_clock
from sim.verify.verify import Verification

FORMAT = "pliant-timeline/1"
NEAR = 0.2e-3
"""Of the clearance's course, a moment is left out where straight lines between its neighbours come as near as this [m]."""


Course = Sequence[tuple[float, float]]
"""(time [s] by the plan's clock, distance [m]) in order of time."""


def text_courses(result: BendingResult, checked: Verification) -> list[Course]:
    """How near bodies came while a program ran, by the plan's clock, for each phase of the plan."""
    if not checked.course or not checked.lines:
        return [() for _ in result.plan.phases]
    moments, distances = zip(*checked.course, strict=True)
    times = plan_clock(checked.lines, result.plan.phases, moments)
    out: list[Course] = []
    for phase in result.plan.phases:
        first, last = np.searchsorted(times, (phase.times[0] - 1e-9, phase.times[-1] + 1e-9))
        out.append(list(zip(times[first:last].tolist(), distances[first:last], strict=True)))
    return out


def timeline_dict(result: BendingResult, courses: Sequence[Course], exported: Exported[Verification] | None = None) -> dict[str, Any]:
    """Times are the plan's; what the keys mean: docs/recording.md.

    Args:
        result: With its plan.
        courses: For each phase how near bodies came in it.
        exported: The program, for the times of its lines.
    """
    checked = None if exported is None else exported.verification
    program = None
    if exported is not None and checked is not None:
        program = program_times(exported.language, checked.cycle_time, checked.lines, result.plan.phases)
    return heading(result.cell.name, result.cell.title, result.cell.logo, result.cell.margin) | {
        "clearance": [course_columns(tuple(course)) for course in courses],
        "program": program,
    }


def heading(name: str, title: str, logo: str | None, margin: float) -> dict[str, Any]:
    """What every time line says of its cell; `margin`: what free moves keep from everything [m]."""
    return {
        "format": FORMAT,
        "cell": {"name": name, "title": title, "logo": logo},
        "margin_mm": round(to_mm(margin), 3),
        "sight_mm": to_mm(SIGHT),
    }


def program_times(language: str, cycle_time: float, ran: Sequence[LineTime], phases: Sequence[Timed]) -> dict[str, Any]:
    """Lines of a program by the plan's clock: `lines` are rows of start [s], end [s], index of the file, line from 1.

    Args:
        language: Of the program.
        cycle_time: Its own [s].
        ran: When which line ran, by its own clock.
        phases: Of the plan.
    """
    lines = tuple(line for line in on_plan(ran, phases) if line.at.line)
    files = list(dict.fromkeys(line.at.file for line in lines))
    rows = [[round(line.start, 3), round(line.end, 3), files.index(line.at.file), line.at.line] for line in lines]
    return {
        "language": language,
        "cycle_time_s": round(cycle_time, 2),
        "files": files,
        "lines": rows,
    }


def course_columns(course: tuple[tuple[float, float], ...]) -> dict[str, list[float]]:
    """A phase's distances as columns, without moments that say nothing new."""
    if not course:
        return {"times_s": [], "distance_mm": []}
    times, distances = np.array(course).T
    keep = _kept(times, distances)
    return {"times_s": [round(float(t), 3) for t in times[keep]], "distance_mm": [round(float(to_mm(d)), 2) for d in distances[keep]]}


def _kept(times: Array, distances: Array) -> list[int]:
    """Ramer-Douglas-Peucker in the distance; the least one stays in any case."""
    keep = {0, int(np.argmin(distances)), len(times) - 1}
    ends = sorted(keep)
    spans = list(zip(ends[:-1], ends[1:], strict=True))
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        off = np.abs(np.interp(times[a + 1 : b], times[[a, b]], distances[[a, b]]) - distances[a + 1 : b])
        worst = a + 1 + int(np.argmax(off))
        if off[worst - a - 1] > NEAR:
            keep.add(worst)
            spans += [(a, worst), (worst, b)]
    return sorted(keep)
