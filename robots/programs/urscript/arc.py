"""Welding by lines: a controller without an arc instruction sets the procedure's number and an output, and waits for the arc."""

from __future__ import annotations

from dataclasses import replace

from core.errors import UnsupportedError
from robots.programs.capabilities import Capabilities
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Instruction,
    MoveCircular,
    MoveLinear,
    Procedure,
    Remark,
    RobotProgram,
    SetSignal,
    WaitSignal,
)

ARC_ON, ARC_OK, PROCEDURE = "arc-on", "arc-ok", "weld-procedure"
"""Neutral names of the lines to the power source: output, input, number."""


def arc_by_signals(program: RobotProgram, capabilities: Capabilities, timeout: float) -> RobotProgram:
    """The same program with every arc instruction as signals and waits; the way between has the procedure's speed.

    When the arc does not come or does not end the outputs are made safe, the arc's first.

    Args:
        program: With or without welding.
        capabilities: Of the language, for its errors.
        timeout: For the arc to burn or to end [s].

    Raises:
        UnsupportedError: Weaving, seam tracking, or lines that the program lacks.
    """
    if not any(isinstance(one, ArcOn | ArcOff) for routine in program.routines for one in routine.walk()):
        return program
    lines = {name: program.signals.get(name) for name in (ARC_ON, ARC_OK, PROCEDURE)}
    missing = [name for name, line in lines.items() if line is None]
    if missing:
        raise UnsupportedError(
            f"{capabilities.title} has no arc instruction and the cell no signals {', '.join(missing)}; instead: give them addresses, or call "
            "the power source's URCap by hand"
        )
    routines = tuple(replace(routine, body=_lowered(routine.body, program, capabilities, timeout)) for routine in program.routines)
    off = SetSignal(ARC_ON, False)
    return replace(program, routines=routines, on_fault=(off, *(one for one in program.on_fault if one.signal != ARC_ON)))


def _lowered(body: tuple[Instruction, ...], program: RobotProgram, capabilities: Capabilities, timeout: float) -> tuple[Instruction, ...]:
    out: list[Instruction] = []
    burning: Procedure | None = None
    for one in body:
        if isinstance(one, ArcOn):
            burning = _procedure(one, program)
            if one.weave is not None:
                raise capabilities.refuse("weave", f"'{one.weave}' of {one.seam or 'a seam'}")
            if one.track is not None:
                raise capabilities.refuse("seam-track", one.seam)
            out += [
                Remark(
                    f"arc on{f', {one.seam}' if one.seam else ''}: procedure {burning.number}{f' ({burning.note})' if burning.note else ''}"
                ),
                SetSignal(PROCEDURE, burning.number),
                SetSignal(ARC_ON, True),
                WaitSignal(ARC_OK, True, timeout),
            ]
        elif isinstance(one, ArcOff):
            burning = None
            out += [Remark("arc off, crater filled"), SetSignal(ARC_ON, False), WaitSignal(ARC_OK, False, timeout)]
        elif burning is not None and isinstance(one, MoveLinear | MoveCircular):
            out.append(replace(one, speed=burning.speed, duration=None))
        else:
            out.append(one)
    return tuple(out)


def _procedure(one: ArcOn, program: RobotProgram) -> Procedure:
    if one.procedure not in program.procedures:
        raise UnsupportedError(
            f"welding procedure '{one.procedure}' is not known; there are: {', '.join(sorted(program.procedures)) or 'none'}"
        )
    return program.procedures[one.procedure]
