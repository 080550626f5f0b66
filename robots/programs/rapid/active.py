"""Tool and frame that count at every instruction: RAPID names them in each move, the neutral program sets them once."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import UnsupportedError
from robots.programs.program import (
    Call,
    Instruction,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    RobotProgram,
    SearchLinear,
    UseFrame,
    UseTool,
    WaitSignal,
)

MOST_CALLS = 60


@dataclass(frozen=True, slots=True)
class Active:
    """What counts; None: nothing has been chosen yet."""

    tool: str | None = None
    frame: str | None = None


def active_data(program: RobotProgram) -> dict[str, list[Active]]:
    """For every routine what counts before each of its instructions.

    Raises:
        UnsupportedError: A routine that moves is called with different tools or frames, or calls go round in a circle.
    """
    found: dict[str, list[Active]] = {}
    left: dict[tuple[str, Active], Active] = {}

    def enter(name: str, state: Active, depth: int) -> Active:
        if depth > MOST_CALLS:
            raise UnsupportedError(f"routine '{name}' is called {depth} calls deep: the routines call each other without end")
        if (name, state) in left:
            return left[name, state]
        before: list[Active] = []
        body = program.routine(name).body
        begun = state
        for one in body:
            before.append(state)
            if isinstance(one, UseTool):
                state = Active(one.tool, state.frame)
            elif isinstance(one, UseFrame):
                state = Active(state.tool, one.frame)
            elif isinstance(one, Call):
                state = enter(one.routine, state, depth + 1)
            elif isinstance(one, WaitSignal) and one.retreat is not None:
                enter(one.retreat, state, depth + 1)
        if name in found:
            _same(name, body, found[name], before)
        found[name] = before
        left[name, begun] = state
        return state

    last = enter(program.routines[0].name, Active(), 1)
    for routine in program.routines:
        if routine.name not in found:
            # Nobody calls it: the operator may, after the program.
            enter(routine.name, last, 1)
    return found


def _same(name: str, body: tuple[Instruction, ...], one: list[Active], other: list[Active]) -> None:
    for instruction, a, b in zip(body, one, other, strict=True):
        if a != b and isinstance(instruction, MoveJoint | MoveLinear | MoveCircular | SearchLinear):
            raise UnsupportedError(
                f"routine '{name}' moves with {a.tool} in {a.frame} and, called elsewhere, with {b.tool} in {b.frame}; RAPID names both in the move: "
                "choose tool and frame inside the routine"
            )
