"""What a program does together with the instruction that does it: for findings and comparisons that name the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from core.findings import Finding, Level
from robots.programs.events import Event, ProgramTextError
from robots.programs.execution import run
from robots.programs.program import If, Instruction, RobotProgram, Routine, While
from robots.programs.surroundings import SignalsOnly, Surroundings

PATIENCE = 10_000
"""After so many events (and as many as the program has instructions) without a new step, a program goes round in a loop without end."""
_LINE = re.compile(r"line (\d+)")


@dataclass(frozen=True, eq=False, slots=True)
class Spot:
    """One instruction in its place.

    Attributes:
        routine: Name of the routine it stands in.
        number: Of the instruction in its routine, counted from 1, those inside of branches and loops too.
        instruction: As it is in the program; None: the routine itself (its head or its end).
        file: Empty when the program was built.
        line: In that file; 0 when the program was built.
    """

    routine: str
    number: int
    instruction: Instruction | None
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        if self.line:
            return f"{self.file} line {self.line}" if self.file else f"line {self.line}"
        return f"routine '{self.routine}', instruction {self.number}" if self.number else f"routine '{self.routine}'"

    @property
    def data(self) -> dict[str, str | int]:
        """Place for machines: file and line of text, else routine and instruction."""
        if self.line:
            return {"file": self.file, "line": self.line}
        return {"routine": self.routine, "instruction": self.number}


def head(routine: Routine) -> Spot:
    """Where a routine begins."""
    return Spot(routine.name, 0, None, routine.file, routine.line)


def finding_at(level: Level, code: str, spot: Spot, message: str, remedy: str, data: dict[str, Any] | None = None) -> Finding:
    """A finding that names its place in the message and in its data."""
    return Finding(level, code, f"{spot}: {message}", remedy, "", {**spot.data, **(data or {})})


def spots(routine: Routine) -> list[Spot]:
    """Every instruction of a routine, in the order of `Routine.walk`."""
    return [Spot(routine.name, number, one, routine.file, one.line) for number, one in enumerate(routine.walk(), 1)]


@dataclass(frozen=True, eq=False, slots=True)
class Followed:
    """A run.

    Attributes:
        events: What happened; (event, because of which instruction).
        endless: The program goes round without end; `events` are those of the first round and the first of the next.
        fault: Why the run could not go on, placed in the program; None: it came to its end.
    """

    events: tuple[tuple[Event, Spot], ...]
    endless: bool
    fault: tuple[ProgramTextError, Spot] | None


def follow(program: RobotProgram, surroundings: Surroundings | None = None) -> Followed:
    """Runs a program without machines; unknown lines are skipped, and an endless loop is followed once around.

    Args:
        program: Built or read.
        surroundings: See `run`; by default every signal comes.
    """
    numbered, places = number(program)
    running = run(numbered, surroundings or SignalsOnly(), skip_unknown=True)
    return gather(running, program, places, PATIENCE + len(places))


def number(program: RobotProgram) -> tuple[RobotProgram, list[Spot]]:
    """The program with every instruction's line replaced by its place, from 1, in the list of all instructions that comes with it."""
    places: list[Spot] = []
    routines = tuple(_numbered(routine, places) for routine in program.routines)
    return replace(program, routines=routines), places


def gather(running: Iterator[Event], program: RobotProgram, places: list[Spot], patience: int) -> Followed:
    """The events of a numbered program that runs, with their instructions.

    Args:
        running: Of the numbered program.
        program: As it was before it was numbered.
        places: See `number`.
        patience: After so many events without a new step the program goes round without end.
    """
    ends = {routine.name: head(routine) for routine in program.routines}
    main = ends[program.routines[0].name]
    events: list[tuple[Event, Spot]] = []
    steps: set[tuple[int, int]] = set()
    before, fresh = 0, 0
    try:
        for event in running:
            at = event.at.line
            events.append((event, places[at - 1] if at else main))
            if (before, at) not in steps:
                steps.add((before, at))
                fresh = len(events)
            elif len(events) - fresh > patience:
                return Followed(tuple(events[:fresh]), True, None)
            before = at
    except ProgramTextError as error:
        match = _LINE.fullmatch(error.place or "")
        spot = places[int(match.group(1)) - 1] if match else next((s for n, s in ends.items() if error.place == f"routine '{n}'"), main)
        return Followed(tuple(events), False, (ProgramTextError(error.message, file=spot.file or None, place=_place(spot)), spot))
    return Followed(tuple(events), False, None)


def _place(spot: Spot) -> str:
    return f"line {spot.line}" if spot.line else str(spot)


def _numbered(routine: Routine, places: list[Spot]) -> Routine:
    """The routine with every instruction's line replaced by its place in `places`, from 1."""
    first = len(places)

    def placed(instruction: Instruction) -> Instruction:
        places.append(Spot(routine.name, len(places) - first + 1, instruction, routine.file, instruction.line))
        return replace(instruction, line=len(places))

    return replace(routine, body=rebuilt(routine.body, placed), file="")


def rebuilt(body: tuple[Instruction, ...], change: Callable[[Instruction], Instruction]) -> tuple[Instruction, ...]:
    """The body with every instruction changed, outer ones first, those inside of branches and loops too."""
    out: list[Instruction] = []
    for one in map(change, body):
        if isinstance(one, If):
            out.append(replace(one, then=rebuilt(one.then, change), otherwise=rebuilt(one.otherwise, change)))
        elif isinstance(one, While):
            out.append(replace(one, body=rebuilt(one.body, change)))
        else:
            out.append(one)
    return tuple(out)
