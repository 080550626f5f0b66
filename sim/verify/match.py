"""Which stretch of the plan an event of a running program belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from robots.model import RobotModel
from robots.programs.alignment import aligned
from robots.programs.events import Event, LoadChanged, Messaged, ProgramTextError
from robots.programs.execution import run
from robots.programs.happenings import happenings
from robots.programs.program import RobotProgram
from sim.bend_program import BendProgram, Origin


def origins_of(events: Sequence[Event], program: RobotProgram, planned: BendProgram, model: RobotModel) -> list[Origin | None]:
    """For every event the origin of what it carries out; None where the plan has nothing like it.

    Program and plan are laid side by side by what they do when every line comes. A run that leaves that way, because a line stays away, belongs to
    nothing in the plan from there on.

    Args:
        events: Of the program as it ran.
        program: That ran.
        planned: The job's own program.
        model: Of the robot.
    """
    try:
        mine = happenings(program, model, {}, unknown=True)
    except ProgramTextError:
        return [None] * len(events)
    theirs = happenings(planned.program, model, {}, unknown=True)
    said = [event for event in run(planned.program) if not isinstance(event, Messaged)]
    kept = [origin for event, origin in zip(said, planned.origins, strict=True) if not isinstance(event, LoadChanged)]
    partner = {j: i for i, j in aligned(theirs, mine, same_language=True) if i is not None and j is not None}
    out: list[Origin | None] = []
    k, on_the_way = 0, True
    for event in events:
        if isinstance(event, LoadChanged | Messaged):
            out.append(out[-1] if out else None)
            continue
        on_the_way = on_the_way and k < len(mine) and (mine[k].spot.file, mine[k].spot.line) == (event.at.file, event.at.line)
        out.append(kept[partner[k]] if on_the_way and k in partner else None)
        k += 1
    return out
