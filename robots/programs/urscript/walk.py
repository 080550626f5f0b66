"""In which order routines are defined, and with which tool and frame each begins: text that names the frame at every target has to know."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import UnsupportedError
from robots.programs.program import Call, Instruction, RobotProgram, Routine, UseFrame, UseTool, WaitSignal


@dataclass(frozen=True, slots=True)
class Standing:
    """Tool and frame that count at some place of a program; None: none was chosen."""

    tool: str | None
    frame: str | None


def _called(one: Instruction) -> str | None:
    if isinstance(one, Call):
        return one.routine
    return one.retreat if isinstance(one, WaitSignal) else None


def callees_first(program: RobotProgram) -> list[Routine]:
    """All routines but the main one, each after those it calls; the order of the program where it is free.

    Raises:
        UnsupportedError: Routines that call each other, or one that does not exist.
    """
    known = {routine.name: routine for routine in program.routines}
    done: dict[str, Routine] = {}
    open_: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in open_:
            raise UnsupportedError(f"routine '{name}' calls itself: {' -> '.join((*open_, name))}")
        if name not in known:
            raise UnsupportedError(f"routine '{name}' does not exist; there are: {', '.join(sorted(known))}")
        open_.append(name)
        for one in known[name].walk():
            called = _called(one)
            if called is not None:
                visit(called)
        open_.pop()
        done[name] = known[name]

    for routine in program.routines:
        visit(routine.name)
    done.pop(program.routines[0].name)
    return list(done.values())


def standings(program: RobotProgram) -> tuple[dict[str, Standing], dict[str, Standing]]:
    """Tool and frame at the head and at the end of every routine.

    Raises:
        UnsupportedError: A routine is called with different ones.
    """
    entry: dict[str, Standing] = {}
    exit_: dict[str, Standing] = {}

    def visit(routine: Routine, now: Standing) -> Standing:
        before = entry.setdefault(routine.name, now)
        if before != now:
            raise UnsupportedError(
                f"routine '{routine.name}' is called with tool and frame {before.tool}, {before.frame} and with {now.tool}, {now.frame}; "
                "choose them at its head, or write two routines"
            )
        if routine.name in exit_:
            return exit_[routine.name]
        for one in routine.body:
            if isinstance(one, UseTool):
                now = replace(now, tool=one.tool)
            elif isinstance(one, UseFrame):
                now = replace(now, frame=one.frame)
            elif isinstance(one, Call):
                now = visit(program.routine(one.routine), now)
            elif isinstance(one, WaitSignal) and one.retreat is not None:
                visit(program.routine(one.retreat), now)
        exit_[routine.name] = now
        return now

    callees_first(program)
    last = visit(program.routines[0], Standing(None, None))
    for routine in program.routines:
        # What nothing calls stands in the text all the same.
        if routine.name not in entry:
            visit(routine, last)
    return entry, exit_
