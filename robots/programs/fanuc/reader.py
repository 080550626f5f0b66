"""Reads FANUC TP files into a neutral program, strictly: what the controller would not take is an error with its line.

The text holds numbers of tools, frames and payloads; their values come from the `Controller`. Files other than .LS programs are refused, but for the sheet
`*_REGISTERS.TXT` that the operator types in, which is no part of the program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.expressions import Const, Expression
from robots.programs.fanuc.positions import PositionReader
from robots.programs.fanuc.search import search_results
from robots.programs.fanuc.source import Source, misplaced, read_source
from robots.programs.fanuc.statements import StatementReader, first_values
from robots.programs.fanuc.tables import Tables
from robots.programs.program import Call, If, Instruction, RobotProgram, Routine, While


@dataclass(frozen=True, eq=False, slots=True)
class _Read:
    source: Source
    statements: StatementReader
    body: tuple[Instruction, ...]


def read_fanuc(files: dict[str, bytes], controller: Controller) -> RobotProgram:
    """A program from its files; the main one is the first that no other calls.

    Args:
        files: Name -> content.
        controller: What the cell knows under the numbers in the text.

    Raises:
        ProgramTextError: Naming file, line and column.
    """
    tables = Tables(controller)
    sources = _sources(files)
    tables.shifts = search_results(sources)
    programs: dict[str, _Read] = {}
    for source in sources:
        reader = StatementReader(source, PositionReader(source, controller).read(), tables)
        programs[source.name] = _Read(source, reader, reader.read())
    widths = _widths(programs)
    called = {name for one in programs.values() for name, _, _ in one.statements.calls if name != one.source.name}
    main = next((name for name in programs if name not in called), next(iter(programs)))
    _Active(programs).follow(main)
    order = [main, *(name for name in programs if name != main)]
    routines = tuple(
        Routine(
            name,
            programs[name].source.comment,
            _filled(programs[name].body, widths),
            tuple(f"AR[{i + 1}]" for i in range(widths[name])),
            file=programs[name].source.file,
            line=1,
        )
        for name in order
    )
    return RobotProgram(
        name=main,
        title=programs[main].source.comment,
        robot=controller.robot,
        lower=controller.lower,
        upper=controller.upper,
        tools=tables.tools,
        frames=tables.frames,
        loads=tables.loads,
        signals=tables.signals,
        routines=routines,
        prismatic=controller.prismatic,
        procedures=tables.procedures,
        weaves=tables.weaves,
        positioner=controller.positioner,
        variables=first_values(tables),
    )


def _sources(files: dict[str, bytes]) -> list[Source]:
    out: dict[str, Source] = {}
    for file, data in files.items():
        if re.search(r"_REGISTERS\.TXT$", file, re.IGNORECASE):
            continue
        if not file.upper().endswith(".LS"):
            raise misplaced("a FANUC program is a file NAME.LS", file, 1)
        source = read_source(file, data)
        if source.name in out:
            raise misplaced(f"program {source.name} stands in two files", file, 1)
        out[source.name] = source
    if not out:
        raise ProgramTextError("there is no .LS file")
    return list(out.values())


def _widths(programs: dict[str, _Read]) -> dict[str, int]:
    """How many values each program takes: as many as a call gives at most.

    Raises:
        ProgramTextError: A call of a program that does not exist, or with too few values.
    """
    widths = {name: one.statements.arguments for name, one in programs.items()}
    for one in programs.values():
        for name, count, line in one.statements.calls:
            if name not in programs:
                raise one.source.error(f"program {name} does not exist; there are: {', '.join(programs)}", line)
            if 0 <= count < programs[name].statements.arguments:
                raise one.source.error(f"{name} uses AR[{programs[name].statements.arguments}], the call gives {count} values", line)
            widths[name] = max(widths[name], count)
    return widths


def _filled(body: tuple[Instruction, ...], widths: dict[str, int]) -> tuple[Instruction, ...]:
    """Calls with as many values as the called program takes from its other callers."""
    if not any(isinstance(one, Call | If | While) for one in body):
        return body
    out: list[Instruction] = []
    for one in body:
        if isinstance(one, Call) and len(one.arguments) < widths[one.routine]:
            unused: tuple[Expression, ...] = (Const(0),) * (widths[one.routine] - len(one.arguments))
            out.append(replace(one, arguments=one.arguments + unused))
        elif isinstance(one, If):
            out.append(replace(one, then=_filled(one.then, widths), otherwise=_filled(one.otherwise, widths)))
        elif isinstance(one, While):
            out.append(replace(one, body=_filled(one.body, widths)))
        else:
            out.append(one)
    return tuple(out)


_Number = int | str | None
"""A tool or frame number; None: never set; a word: different ones, as the program runs."""
_VARIES = "varies"


class _Active:
    """Which UFRAME_NUM and UTOOL_NUM are active at every position; they must be those of the position, or the controller stops there."""

    def __init__(self, programs: dict[str, _Read]) -> None:
        self.programs = programs
        self.exits: dict[tuple[str, _Number, _Number], tuple[_Number, _Number]] = {}
        self.seen: set[str] = set()

    def follow(self, main: str) -> None:
        """From the main program through all calls; programs that nothing calls begin with nothing set."""
        for name in [main, *self.programs]:
            if name not in self.seen:
                self._visit(name, None, None)

    def _visit(self, name: str, frame: _Number, tool: _Number) -> tuple[_Number, _Number]:
        key = (name, frame, tool)
        if key in self.exits:
            return self.exits[key]
        self.exits[key] = (frame, tool)
        self.seen.add(name)
        one = self.programs[name]
        usage = one.statements.usage
        # At a label the program may come from anywhere: what is active is only certain if it never changes.
        frames: set[_Number] = {frame, *(number for what, _, number, _ in usage if what == "frame")} - {None}
        tools: set[_Number] = {tool, *(number for what, _, _, number in usage if what == "tool")} - {None}
        for what, line, its_frame, its_tool in usage:
            if what == "frame":
                frame = its_frame
            elif what == "tool":
                tool = its_tool
            elif what == "unknown frame":
                frame = _VARIES
            elif what == "unknown tool":
                tool = _VARIES
            elif what == "label":
                frame, tool = (_VARIES if len(frames) > 1 else frame), (_VARIES if len(tools) > 1 else tool)
            elif what == "move":
                for kind, active, own in (("UFRAME_NUM", frame, its_frame), ("UTOOL_NUM", tool, its_tool)):
                    if active is None:
                        raise one.source.error(f"{kind} is not set before this motion", line)
                    if own is not None and active not in (own, _VARIES):
                        raise one.source.error(f"{kind} is {active} here, the position was taught with {own}", line)
            else:
                frame, tool = self._visit(what.removeprefix("call "), frame, tool)
        self.exits[key] = (frame, tool)
        return frame, tool
