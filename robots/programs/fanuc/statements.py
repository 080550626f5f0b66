"""The statements of one FANUC program as neutral instructions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from robots.programs.expressions import Operation, Value, wanted
from robots.programs.fanuc.arc import ArcReader
from robots.programs.fanuc.expressions import INPUTS, OUTPUTS, NotKnown, Wrong
from robots.programs.fanuc.motion import MOTION, Options, read_motion
from robots.programs.fanuc.order import OrderReader
from robots.programs.fanuc.positions import Position
from robots.programs.fanuc.search import DIFFERENCE, NO_TURN, SUM, result_name
from robots.programs.fanuc.source import Source
from robots.programs.fanuc.tables import Tables
from robots.programs.fanuc.values import LATE
from robots.programs.program import (
    HoldLoad,
    Instruction,
    MoveLinear,
    Remark,
    SearchLinear,
    Shift,
    UseFrame,
    UseTool,
)

_WORD = re.compile(r"\$?[A-Za-z_]+")
_NUMBER_OF = re.compile(r"(UFRAME_NUM|UTOOL_NUM)(?:\[GP1\])?\s*=\s*(\d+)\s*", re.IGNORECASE)
_OPEN_NUMBER = re.compile(r"U(FRAME|TOOL)_NUM(?:\[GP[2-8]\]\s*=|(?:\[GP1\])?\s*=\s*\(?\s*A?R\[)", re.IGNORECASE)
_PAYLOAD = re.compile(r"PAYLOAD\[(?:GP1\s*:\s*)?(\d+)(?:\s*:[^\]]*)?\]\s*", re.IGNORECASE)


class StatementReader(OrderReader):
    """Reads the body of one program.

    Args:
        source: The file.
        positions: Its /POS.
        tables: What the programs of the job share: signals, tools, frames, loads, procedures.
    """

    def __init__(self, source: Source, positions: dict[int, Position], tables: Tables) -> None:
        super().__init__(source, positions, tables)
        self.arc = ArcReader(tables)
        self.skip: tuple[str, bool] | None = None
        self.words: dict[str, Callable[[str], None]] = {
            "LBL": self._label, "JMP": self._jump, "CALL": self._call, "IF": self._if, "ELSE": self._else, "ENDIF": self._end_if, "FOR": self._for,
            "ENDFOR": self._end_for, "SELECT": self._select, "WAIT": self._wait, "END": self._plain, "ABORT": self._plain, "PAUSE": self._plain,
            "MESSAGE": self._text, "UALM": self._text, "PAYLOAD": self._payload, "UFRAME_NUM": self._number_of, "UTOOL_NUM": self._number_of,
            "OVERRIDE": self._override, "TIMER": self._timer, "$WAITTMOUT": self._timeout, "R": self._register,
            "WELD": self._arc, "ARC": self._arc, "WEAVE": self._arc, "TRACK": self._arc,
            "SKIP": self._skip, "PR": self._position_register,
            **dict.fromkeys((*OUTPUTS, *INPUTS), self._output),
        }  # fmt: skip

    def read(self) -> tuple[Instruction, ...]:
        """All instructions.

        Raises:
            ProgramTextError: A statement that the controller would not take, or a name that does not exist.
        """
        for statement in self.source.statements():
            self.statement = statement
            if statement.text:
                try:
                    self._one(statement.text)
                except Wrong as fault:
                    raise self.source.error(fault.message, statement.line, statement.column + fault.at) from None
        self._fold_select()
        if self.blocks:
            block = self.blocks[-1]
            raise self.source.error(f"{block.word} has no END{block.word}", block.line)
        for label, line in self.jumps:
            if label not in self.labels:
                raise self.source.error(
                    f"LBL[{label}] does not exist; there are: {', '.join(f'LBL[{one}]' for one in self.labels) or 'none'}", line
                )
        return tuple(self.out)

    def _one(self, text: str) -> None:
        try:
            self._known(text)
        except NotKnown:
            self._unknown(text)

    def _known(self, text: str) -> None:
        if text.startswith(("!", "//", "--")):
            self._put(Remark(text.lstrip("!").strip() if text[0] == "!" else text, line=self.statement.line))
            return
        if self.select is not None:
            if text.startswith("=") or re.match(r"ELSE\s*,", text, re.IGNORECASE):
                self._case(text)
                return
            self._fold_select()
        if MOTION.match(text):
            self._motion(text)
            return
        match = _WORD.match(text)
        action = None if match is None else self.words.get(match[0].upper())
        if action is None:
            raise NotKnown
        action(text)

    # Motion, tools, arc

    def _motion(self, text: str) -> None:
        line = self.statement.line
        motion = read_motion(
            text, line, self.positions, self.tables.settings.cnt100_mm, self.arc.speed, self._constant_output, self.tables.pose
        )
        if motion.weld_speed and self.arc.over:
            self._fail("WELD_SPEED after the end of the arc; the speed is expected in mm/sec or cm/min")
        for point in motion.points:
            position = self.positions[point]
            if not self.usage or self.usage[-1][0] != "move" or self.usage[-1][2:] != (position.frame, position.tool):
                self.usage.append(("move", line, position.frame, position.tool))
            frame = None if position.T is None or position.frame is None else self.tables.frame(position.frame)
            if frame is not None and text[0] not in "Jj" and frame.carried != motion.options.coordinated:
                problem = "is missing: the positioner carries" if frame.carried else "stands here, but no positioner carries"
                self._fail(f"COORD {problem} frame {position.frame}")
        moves = motion.moves
        options = motion.options
        if getattr(moves[-1], "T_frame_tcp", None) is None and (options.offset is not None or options.skip is not None):
            # A shift of joints is the controller's to compute.
            raise NotKnown
        if options.skip is not None:
            moves = (self._search(moves[-1], options),)
        elif getattr(moves[-1], "T_frame_tcp", None) is not None:
            self._shift(options.offset)
        for one in moves:
            self._put(one)
        if options.weld:
            self._arc(options.weld)

    def _shift(self, register: int | None) -> None:
        """FANUC names the shift at every move; the neutral program where it begins and ends."""
        results = self.tables.shifts
        if register is not None and register not in results:
            raise NotKnown
        names = () if register is None else results[register]
        if results and self.shift != names:
            self._put(Shift(names, line=self.statement.line))
            self.shift = names

    def _search(self, move: Instruction, options: Options) -> SearchLinear:
        assert options.skip is not None
        label, register = options.skip
        if self.skip is None or register not in self.tables.shifts or not isinstance(move, MoveLinear) or len(options.triggers) > 0:
            raise NotKnown
        self._shift(options.offset)
        self.jumps.append((label, move.line))
        signal, value = self.skip
        return SearchLinear(
            move.T_frame_tcp, None, None, move.speed, signal, value, result_name(register), move.track, move.external, line=move.line
        )

    def _skip(self, text: str) -> None:
        match = re.fullmatch(r"SKIP\s+CONDITION\s+(.*)", text, re.IGNORECASE)
        if match is None:
            raise NotKnown
        condition = self._value(text, match.start(1))
        asked = wanted(condition)
        if len(asked) != 1 or not isinstance(condition, Operation) or condition.name != "=":
            raise NotKnown
        signal, value = asked.popitem()
        if not isinstance(value, bool):
            raise NotKnown
        self.skip = (signal, value)

    def _position_register(self, text: str) -> None:
        results = self.tables.shifts
        if (match := DIFFERENCE.fullmatch(text)) is not None and int(match[1]) in results:
            body = self._list
            found = body[-1] if body else None
            point = self.positions.get(int(match[3]))
            if point is None:
                self._fail(f"P[{match[3]}] is not in /POS", match.start(3))
            if isinstance(found, SearchLinear) and found.result == result_name(int(match[1])) and point.T is not None:
                body[-1] = replace(found, T_frame_expected=point.T)
                return
        elif (match := NO_TURN.fullmatch(text) or SUM.fullmatch(text)) is not None and int(match[1]) in results:
            return
        raise NotKnown

    def _constant_output(self, text: str) -> tuple[str, bool | int]:
        one = self._assigned(text)
        assert isinstance(one.value, bool | int)
        return one.signal, one.value

    def _number_of(self, text: str) -> None:
        match = _NUMBER_OF.match(text)
        if match is None and (open_number := _OPEN_NUMBER.match(text)) is not None:
            if not re.search(r"GP[2-8]", text, re.IGNORECASE):
                self.usage.append((f"unknown {open_number[1].lower()}", self.statement.line, None, None))
            raise NotKnown
        match = self._whole(match, text, f"{text[:5].rstrip('_')}_NUM=number")
        number = int(match[2])
        if match[1].upper() == "UFRAME_NUM":
            self.tables.frame(number)
            self._put(UseFrame(f"UFRAME[{number}]", line=self.statement.line))
            self.usage.append(("frame", self.statement.line, number, None))
        else:
            self.tables.tool(number)
            self._put(UseTool(f"UTOOL[{number}]", line=self.statement.line))
            self.usage.append(("tool", self.statement.line, None, number))

    def _payload(self, text: str) -> None:
        if re.match(r"PAYLOAD\[\s*R\[", text, re.IGNORECASE):
            raise NotKnown
        match = self._whole(_PAYLOAD.match(text), text, "PAYLOAD[number]")
        self._put(HoldLoad(self.tables.load(int(match[1])), line=self.statement.line))

    def _arc(self, text: str) -> None:
        self.arc.read(text, self._list, self.statement.line)


def first_values(tables: Tables) -> dict[str, Value | None]:
    """Variables of the whole program before it runs."""
    return {**tables.variables, LATE: None, "$OVERRIDE": 100}
