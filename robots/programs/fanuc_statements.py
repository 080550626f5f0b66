"""The statements of one FANUC program as neutral instructions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from robots.programs.expressions import Const, Expression, Operation, Value, Var
from robots.programs.fanuc_arc import ArcReader
from robots.programs.fanuc_expressions import INPUTS, NUMBERS, OUTPUTS, ExpressionReader, NotKnown, Wrong
from robots.programs.fanuc_motion import MOTION, read_motion
from robots.programs.fanuc_positions import Position
from robots.programs.fanuc_source import Source, Statement
from robots.programs.fanuc_tables import Tables
from robots.programs.program import (
    Assign,
    Call,
    Halt,
    HoldLoad,
    If,
    Instruction,
    Jump,
    Label,
    Message,
    Pause,
    Remark,
    Return,
    SetSignal,
    SetTimer,
    Unknown,
    UseFrame,
    UseTool,
    WaitUntil,
    While,
)

LATE = "$TIMEOUT"
"""Variable that says whether the last WAIT ran out of time."""
_WORD = re.compile(r"\$?[A-Za-z_]+")
_LABEL = re.compile(r"LBL\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*", re.IGNORECASE)
_JUMP = re.compile(r"JMP\s+LBL\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*", re.IGNORECASE)
_CALL = re.compile(r"CALL\s+([A-Za-z]\w*)\s*(?:\((.*)\)\s*)?", re.IGNORECASE)
_TARGET = re.compile(r"([A-Za-z]+)\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*=\s*", re.IGNORECASE)
_PULSE = re.compile(r"PULSE\s*,\s*(\d+\.?\d*|\.\d+)\s*sec\s*", re.IGNORECASE)
_SECONDS = re.compile(r"WAIT\s+(?:(\d+\.?\d*|\.\d+)|(R\[\s*\d+\s*(?::[^\]]*)?\]))\s*\(sec\)\s*", re.IGNORECASE)
_TIMEOUT = re.compile(r"\s*,?\s*TIMEOUT\s*,\s*LBL\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*", re.IGNORECASE)
_NUMBER_OF = re.compile(r"(UFRAME_NUM|UTOOL_NUM)(?:\[GP1\])?\s*=\s*(\d+)\s*", re.IGNORECASE)
_PAYLOAD = re.compile(r"PAYLOAD\[(?:GP1\s*:\s*)?(\d+)(?:\s*:[^\]]*)?\]\s*", re.IGNORECASE)
_FOR = re.compile(r"FOR\s+(R\[\s*\d+\s*(?::[^\]]*)?\])\s*=\s*", re.IGNORECASE)
_TIMER = re.compile(r"TIMER\[\s*(\d+)\s*(?::[^\]]*)?\]\s*=\s*(START|STOP|RESET)\s*", re.IGNORECASE)
_OVERRIDE = re.compile(r"OVERRIDE\s*=\s*(\d+)\s*%\s*", re.IGNORECASE)
_TEXT = re.compile(r"(MESSAGE|UALM)\[([^\]]*(?:\[\d+\][^\]]*)*)\]\s*", re.IGNORECASE)
_NAMES = re.compile(r"(?<![A-Za-z])(P|LBL)\[\s*(\d+)|CALL\s+([A-Za-z]\w*)", re.IGNORECASE)


@dataclass(eq=False, slots=True)
class _Block:
    """An open IF or FOR."""

    word: str
    line: int
    condition: Expression
    then: list[Instruction] = field(default_factory=list)
    otherwise: list[Instruction] | None = None
    step: Assign | None = None


class StatementReader:
    """Reads the body of one program.

    Args:
        source: The file.
        positions: Its /POS.
        tables: What the programs of the job share: signals, tools, frames, loads, procedures.
    """

    def __init__(self, source: Source, positions: dict[int, Position], tables: Tables) -> None:
        self.source, self.positions, self.tables = source, positions, tables
        self.out: list[Instruction] = []
        self.blocks: list[_Block] = []
        self.select: tuple[Expression, list[tuple[Expression | None, tuple[Instruction, ...], int]]] | None = None
        self.labels: dict[str, int] = {}
        self.jumps: list[tuple[str, int]] = []
        self.calls: list[tuple[str, int, int]] = []
        self.arguments = 0
        self.arc = ArcReader(tables)
        self.usage: list[tuple[str, int, int | None, int | None]] = []
        self.statement = Statement("", 1, 1)
        self.words: dict[str, Callable[[str], None]] = {
            "LBL": self._label, "JMP": self._jump, "CALL": self._call, "IF": self._if, "ELSE": self._else, "ENDIF": self._end_if, "FOR": self._for,
            "ENDFOR": self._end_for, "SELECT": self._select, "WAIT": self._wait, "END": self._plain, "ABORT": self._plain, "PAUSE": self._plain,
            "MESSAGE": self._text, "UALM": self._text, "PAYLOAD": self._payload, "UFRAME_NUM": self._number_of, "UTOOL_NUM": self._number_of,
            "OVERRIDE": self._override, "TIMER": self._timer, "$WAITTMOUT": self._timeout, "R": self._register,
            "WELD": self._arc, "ARC": self._arc, "WEAVE": self._arc, "TRACK": self._arc,
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
                    self._fail(fault.message, fault.at)
                except NotKnown:
                    self._unknown(statement.text)
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

    def _fail(self, message: str, at: int = 0) -> NoReturn:
        raise self.source.error(message, self.statement.line, self.statement.column + at)

    def _put(self, one: Instruction) -> None:
        if self.blocks:
            block = self.blocks[-1]
            (block.then if block.otherwise is None else block.otherwise).append(one)
        else:
            self.out.append(one)

    @property
    def _list(self) -> list[Instruction]:
        if not self.blocks:
            return self.out
        block = self.blocks[-1]
        return block.then if block.otherwise is None else block.otherwise

    def _one(self, text: str) -> None:
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

    def _unknown(self, text: str) -> None:
        """Kept as it stands, but what it names has to exist and its brackets have to close."""
        for opening, closing in ("[]", "()"):
            if text.count(opening) != text.count(closing):
                self._fail(f"'{opening}' and '{closing}' do not match")
        for kind, index, program in _NAMES.findall(text):
            if program:
                self.calls.append((program.upper(), -1, self.statement.line))
            elif kind.upper() == "LBL":
                self.jumps.append((index, self.statement.line))
            elif int(index) not in self.positions:
                self._fail(f"P[{index}] is not in /POS")
        self._put(Unknown(text, line=self.statement.line))

    def _whole(self, match: re.Match[str] | None, text: str, wanted: str) -> re.Match[str]:
        """A match that must reach to the end."""
        if match is None:
            self._fail(f"'{wanted}' is expected")
        if match.end() != len(text):
            self._fail(f"nothing may follow '{text[: match.end()].strip()}'", match.end())
        return match

    # Motion, tools, arc

    def _motion(self, text: str) -> None:
        line = self.statement.line
        motion = read_motion(text, line, self.positions, self.tables.settings.cnt100_mm, self.arc.speed, self._constant_output)
        if motion.weld_speed and self.arc.over:
            self._fail("WELD_SPEED after the end of the arc; the speed is expected in mm/sec or cm/min")
        for point in motion.points:
            position = self.positions[point]
            if not self.usage or self.usage[-1][0] != "move" or self.usage[-1][2:] != (position.frame, position.tool):
                self.usage.append(("move", line, position.frame, position.tool))
            frame = None if position.T is None or position.frame is None else self.tables.frame(position.frame)
            if frame is not None and text[0] not in "Jj" and frame.carried != motion.coordinated:
                problem = "is missing: the positioner carries" if frame.carried else "stands here, but no positioner carries"
                self._fail(f"COORD {problem} frame {position.frame}")
        for one in motion.moves:
            self._put(one)
        if motion.tail:
            self._arc(motion.tail)

    def _constant_output(self, text: str) -> tuple[str, bool | int]:
        one = self._assigned(text)
        assert isinstance(one.value, bool | int)
        return one.signal, one.value

    def _number_of(self, text: str) -> None:
        match = _NUMBER_OF.match(text)
        if match is None and re.match(
            r"UFRAME_NUM(\[GP\d\])?\s*=\s*A?R\[|UTOOL_NUM(\[GP\d\])?\s*=\s*A?R\[|U\w+_NUM\[GP[2-8]\]", text, re.IGNORECASE
        ):
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

    # Signals, values, time

    def _signal(self, kind: str, index: int, at: int) -> str:
        return self.tables.signal(kind, index, at)

    def _expression(self, text: str, at: int) -> tuple[Expression, int]:
        reader = ExpressionReader(text, at, self._signal)
        found = reader.read()
        for name in re.findall(r"(?<![A-Za-z])AR\[\s*(\d+)", text[at : reader.at], re.IGNORECASE):
            self.arguments = max(self.arguments, int(name))
        for name in re.findall(r"(?<![A-Za-z])R\[\s*(\d+)", text[at : reader.at], re.IGNORECASE):
            self.tables.variables.setdefault(f"R[{int(name)}]", None)
        return found, reader.at

    def _value(self, text: str, at: int) -> Expression:
        found, end = self._expression(text, at)
        if text[end:].strip():
            self._fail(f"nothing may follow the value, not '{text[end:].strip()[:20]}'", end)
        return found

    def _assigned(self, text: str) -> SetSignal:
        match = _TARGET.match(text)
        if match is None:
            if re.match(r"\w+\[\s*A?R\[", text):
                raise NotKnown
            self._fail("an output is set by DO[number]=ON, OFF or PULSE, a group by GO[number]=value")
        kind = match[1].upper()
        if kind not in OUTPUTS:
            self._fail(f"{kind}[{match[2]}] is an input; outputs are {', '.join(OUTPUTS)}")
        signal = self._signal(kind, int(match[2]), 0)
        line = self.statement.line
        pulse = _PULSE.fullmatch(text, match.end())
        if re.match(r"PULSE\s*$", text[match.end() :], re.IGNORECASE):
            # How long depends on a system variable.
            raise NotKnown
        if pulse is not None:
            if kind in NUMBERS or not 0 < float(pulse[1]) <= 25.5:
                self._fail("PULSE is for single outputs, more than 0 and at most 25.5 s", match.end())
            return SetSignal(signal, True, float(pulse[1]), line=line)
        value = self._value(text, match.end())
        if not isinstance(value, Const):
            return SetSignal(signal, value, line=line)
        if (kind in NUMBERS) == isinstance(value.value, bool) or not isinstance(value.value, bool | int):
            self._fail(f"{signal} takes {'a whole number' if kind in NUMBERS else 'ON or OFF'}", match.end())
        return SetSignal(signal, value.value, line=line)

    def _output(self, text: str) -> None:
        self._put(self._assigned(text))

    def _register(self, text: str) -> None:
        match = _TARGET.match(text)
        if match is None:
            if re.match(r"R\[\s*A?R\[", text, re.IGNORECASE):
                raise NotKnown
            self._fail("'R[number]=value' is expected")
        name = f"R[{int(match[2])}]"
        self.tables.variables.setdefault(name, None)
        self._put(Assign(name, self._value(text, match.end()), line=self.statement.line))

    def _timeout(self, text: str) -> None:
        match = self._whole(
            re.match(r"\$WAITTMOUT\s*=\s*\(?\s*(\d+|R\[\s*\d+[^\]]*\])\s*\)?\s*", text, re.IGNORECASE), text, "$WAITTMOUT=hundredths"
        )
        value, _ = self._expression(match[1], 0)
        self._put(Assign("$WAITTMOUT", value, line=self.statement.line))

    def _override(self, text: str) -> None:
        match = self._whole(_OVERRIDE.match(text), text, "OVERRIDE=number%")
        if not 1 <= int(match[1]) <= 100:
            self._fail(f"OVERRIDE={match[1]}%; it goes from 1 to 100", match.start(1))
        self._put(Assign("$OVERRIDE", Const(int(match[1])), line=self.statement.line))

    def _timer(self, text: str) -> None:
        match = self._whole(_TIMER.match(text), text, "TIMER[number]=START, STOP or RESET")
        what = match[2].upper()
        seconds = Const(0.0) if what == "RESET" else None
        running = None if what == "RESET" else what == "START"
        self._put(SetTimer(f"TIMER[{int(match[1])}]", seconds, running, line=self.statement.line))

    def _text(self, text: str) -> None:
        match = self._whole(_TEXT.match(text), text, "MESSAGE[text] or UALM[number]")
        line = self.statement.line
        if match[1].upper() == "MESSAGE":
            self._put(Message(match[2], line=line))
            return
        if not re.fullmatch(r"\s*\d+\s*", match[2]):
            raise NotKnown
        # A user alarm stops the program until it is reset and started again.
        self._put(Message(f"user alarm {match[2].strip()}", line=line))
        self._put(Halt(line=line))

    def _plain(self, text: str) -> None:
        line = self.statement.line
        word = text.upper()
        if word not in ("END", "ABORT", "PAUSE"):
            self._fail(f"nothing may follow {word.split()[0]}", len(word.split()[0]))
        self._put(Return(line=line) if word == "END" else Halt(word == "ABORT", line=line))

    def _wait(self, text: str) -> None:
        line = self.statement.line
        match = _SECONDS.match(text)
        if match is not None:
            self._whole(match, text, "WAIT seconds(sec)")
            seconds = float(match[1]) if match[1] is not None else self._expression(match[2], 0)[0]
            self._put(Pause(seconds, line=line))
            return
        condition, end = self._expression(text, len("WAIT"))
        match = _TIMEOUT.match(text, end)
        if match is None:
            if text[end:].strip():
                self._fail(f"'TIMEOUT,LBL[number]' is expected, not '{text[end:].strip()[:20]}'", end)
            self._put(WaitUntil(condition, line=line))
            return
        self._whole(match, text, "TIMEOUT,LBL[number]")
        self.jumps.append((match[1], line))
        hundredths = Operation("/", (Var("$WAITTMOUT"), Const(100)))
        self._put(WaitUntil(condition, hundredths, LATE, line=line))
        self._put(If(Var(LATE), (Jump(str(int(match[1])), line=line),), line=line))

    # Order

    def _label(self, text: str) -> None:
        match = self._whole(_LABEL.match(text), text, "LBL[number]")
        name = str(int(match[1]))
        if name in self.labels:
            self._fail(f"LBL[{name}] stands twice, first in line {self.labels[name]}")
        self.labels[name] = self.statement.line
        self._put(Label(name, line=self.statement.line))
        self.usage.append(("label", self.statement.line, None, None))

    def _action(self, text: str, at: int) -> tuple[Instruction, ...]:
        """What follows the comma of IF and SELECT."""
        rest = text[at:].strip()
        at += len(text[at:]) - len(text[at:].lstrip())
        line = self.statement.line
        word = (_WORD.match(rest) or [""])[0].upper()
        try:
            if word == "JMP":
                return (self._jumped(rest),)
            if word == "CALL":
                return (self._called(rest),)
            if word in OUTPUTS:
                return (self._assigned(rest),)
            if word == "R":
                match = _TARGET.match(rest)
                if match is not None:
                    name = f"R[{int(match[2])}]"
                    self.tables.variables.setdefault(name, None)
                    return (Assign(name, self._value(rest, match.end()), line=line),)
        except Wrong as fault:
            raise Wrong(fault.message, fault.at + at) from None
        if rest.upper() in ("PAUSE", "ABORT", "END"):
            return (Return(line=line) if rest.upper() == "END" else Halt(rest.upper() == "ABORT", line=line),)
        if not rest:
            self._fail("'JMP LBL[number]', 'CALL NAME' or an assignment is expected", at)
        raise NotKnown

    def _jumped(self, text: str) -> Jump:
        if re.match(r"JMP\s+LBL\[\s*A?R\[", text, re.IGNORECASE):
            raise NotKnown
        match = self._whole(_JUMP.match(text), text, "JMP LBL[number]")
        self.jumps.append((str(int(match[1])), self.statement.line))
        return Jump(str(int(match[1])), line=self.statement.line)

    def _jump(self, text: str) -> None:
        self._put(self._jumped(text))

    def _called(self, text: str) -> Call:
        if re.match(r"CALL\s+S?R\[", text, re.IGNORECASE):
            raise NotKnown
        match = self._whole(_CALL.match(text), text, "CALL NAME or CALL NAME(values)")
        arguments: list[Expression] = []
        if match[2] is not None:
            for part in match[2].split(","):
                quoted = re.fullmatch(r"\s*'([^']*)'\s*", part)
                arguments.append(Const(quoted[1]) if quoted else self._value(part, 0))
        name = match[1].upper()
        self.calls.append((name, len(arguments), self.statement.line))
        self.usage.append((f"call {name}", self.statement.line, None, None))
        return Call(name, tuple(arguments), line=self.statement.line)

    def _call(self, text: str) -> None:
        self._put(self._called(text))

    def _if(self, text: str) -> None:
        line = self.statement.line
        condition, end = self._expression(text, 2)
        if re.fullmatch(r"\s*THEN\s*", text[end:], re.IGNORECASE):
            if not text[2:].lstrip().startswith("("):
                self._fail("the condition of IF .. THEN stands in brackets", 2)
            self.blocks.append(_Block("IF", line, condition))
            return
        match = re.compile(r"\s*,").match(text, end)
        if match is None:
            self._fail("',' and an action, or 'THEN', is expected", end)
        action = self._action(text, match.end())
        body = self._list
        if isinstance(action[0], Jump) and body and isinstance(body[-1], Label) and body[-1].name == action[0].label:
            # A line that jumps to the label right before it waits for its condition to end.
            self._put(While(condition, (), line=line))
        else:
            self._put(If(condition, action, line=line))

    def _else(self, text: str) -> None:
        if text.upper() != "ELSE":
            self._fail("nothing may follow ELSE", 4)
        if not self.blocks or self.blocks[-1].word != "IF" or self.blocks[-1].otherwise is not None:
            self._fail("ELSE without IF .. THEN")
        self.blocks[-1].otherwise = []
        self.usage.append(("label", self.statement.line, None, None))

    def _close(self, text: str, word: str) -> _Block:
        if text.upper() != f"END{word}":
            self._fail(f"nothing may follow END{word}", len(word) + 3)
        if not self.blocks or self.blocks[-1].word != word:
            inner = f"; the {self.blocks[-1].word} of line {self.blocks[-1].line} is still open" if self.blocks else ""
            self._fail(f"END{word} without {word}{inner}")
        self.usage.append(("label", self.statement.line, None, None))
        return self.blocks.pop()

    def _end_if(self, text: str) -> None:
        block = self._close(text, "IF")
        self._put(If(block.condition, tuple(block.then), tuple(block.otherwise or ()), line=block.line))

    def _for(self, text: str) -> None:
        match = _FOR.match(text)
        if match is None:
            self._fail("'FOR R[number]=first TO last' is expected")
        variable = self._expression(match[1], 0)[0]
        assert isinstance(variable, Var)
        first, end = self._expression(text, match.end())
        to = re.compile(r"\s*(TO|DOWNTO)\b\s*", re.IGNORECASE).match(text, end)
        if to is None:
            self._fail("TO or DOWNTO is expected", end)
        last = self._value(text, to.end())
        down = to[1].upper() == "DOWNTO"
        line = self.statement.line
        self._put(Assign(variable.name, first, line=line))
        step = Assign(variable.name, Operation("-" if down else "+", (variable, Const(1))), line=line)
        self.blocks.append(_Block("FOR", line, Operation(">=" if down else "<=", (variable, last)), step=step))

    def _end_for(self, text: str) -> None:
        block = self._close(text, "FOR")
        assert block.step is not None
        self._put(While(block.condition, (*block.then, block.step), line=block.line))

    def _select(self, text: str) -> None:
        value, end = self._expression(re.sub(r"(\])\s*=.*", r"\1", text), len("SELECT"))
        self.select = (value, [])
        self._case(text[end:].strip())

    def _case(self, text: str) -> None:
        assert self.select is not None
        value, cases = self.select
        if text.startswith("="):
            choice, end = self._expression(text, 1)
            condition: Expression | None = Operation("=", (value, choice))
        else:
            condition, end = None, 4
        match = re.compile(r"\s*,").match(text, end)
        if match is None:
            self._fail("',' and 'JMP LBL[number]' or 'CALL NAME' is expected", end)
        cases.append((condition, self._action(text, match.end()), self.statement.line))

    def _fold_select(self) -> None:
        """SELECT is complete: the first case that holds is taken."""
        if self.select is None:
            return
        _, cases = self.select
        self.select = None
        tail: tuple[Instruction, ...] = ()
        for condition, action, line in reversed(cases):
            tail = action if condition is None else (If(condition, action, tail, line=line),)
        for one in tail:
            self._put(one)


def first_values(tables: Tables) -> dict[str, Value | None]:
    """Variables of the whole program before it runs."""
    return {**tables.variables, LATE: None, "$OVERRIDE": 100}
