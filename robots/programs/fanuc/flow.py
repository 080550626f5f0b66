"""Which tool and frame are active and whether the arc burns when a routine begins: FANUC's positions name both, so every routine must know."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from core.errors import InputError
from robots.programs.program import ArcOff, ArcOn, Call, HoldLoad, RobotProgram, Shift, UseFrame, UseTool, WaitSignal


@dataclass(frozen=True, slots=True)
class State:
    """What is modal: names of tool, frame and welding procedure; whether the torch weaves and follows the seam; the search results targets are shifted by."""

    tool: str | None = None
    frame: str | None = None
    procedure: str | None = None
    weaves: bool = False
    tracks: bool = False
    shift: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Flow:
    """Of a program without branches.

    Attributes:
        entries: Routine -> the states in which it is entered; more than one when its callers differ.
        held: Load (None: nothing) -> tools that hold it.
    """

    entries: dict[str, set[State]] = field(default_factory=lambda: defaultdict(set))
    held: dict[str | None, set[str | None]] = field(default_factory=lambda: defaultdict(set))


def flow(program: RobotProgram) -> Flow:
    """Follows calls and retreats from the main routine; routines that nothing calls are entered as main is left.

    Raises:
        InputError: A call to a routine that does not exist.
    """
    routines = {routine.name: routine for routine in program.routines}
    out = Flow()
    exits: dict[tuple[str, State], State] = {}

    def visit(name: str, state: State, caller: str) -> State:
        if name not in routines:
            raise InputError(f"'{caller}' calls '{name}', which does not exist; there are: {', '.join(sorted(routines))}")
        key = (name, state)
        if key in exits:
            return exits[key]
        # A routine that calls itself is entered as it was the first time.
        exits[key] = state
        out.entries[name].add(state)
        for one in routines[name].body:
            if isinstance(one, UseTool):
                state = replace(state, tool=one.tool)
            elif isinstance(one, UseFrame):
                state = replace(state, frame=one.frame)
            elif isinstance(one, ArcOn):
                state = replace(state, procedure=one.procedure, weaves=one.weave is not None, tracks=one.track is not None)
            elif isinstance(one, ArcOff):
                state = replace(state, procedure=None, weaves=False, tracks=False)
            elif isinstance(one, Shift):
                state = replace(state, shift=one.results)
            elif isinstance(one, HoldLoad):
                out.held[one.load].add(state.tool)
            elif isinstance(one, Call):
                state = visit(one.routine, state, name)
            elif isinstance(one, WaitSignal) and one.retreat is not None:
                visit(one.retreat, state, name)
        exits[key] = state
        return state

    last = visit(program.routines[0].name, State(), "")
    for routine in program.routines[1:]:
        if routine.name not in out.entries:
            visit(routine.name, State(last.tool, last.frame), "")
    return out
