"""Statements of FANUC TP that set and ask values: outputs, registers, timers, waits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from robots.programs.expressions import Const, Expression, Operation, Var
from robots.programs.fanuc.expressions import NUMBERS, OUTPUTS, ExpressionReader, NotKnown, Wrong
from robots.programs.fanuc.source import Source, Statement
from robots.programs.fanuc.tables import Tables
from robots.programs.program import Assign, Halt, If, Instruction, Jump, Message, Pause, Return, SetSignal, SetTimer, WaitUntil

LATE = "$TIMEOUT"
"""Variable that says whether the last WAIT ran out of time."""
_TARGET = re.compile(r"([A-Za-z]+)\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*=\s*", re.IGNORECASE)
_PULSE = re.compile(r"PULSE\s*,\s*(\d+\.?\d*|\.\d+)\s*sec\s*", re.IGNORECASE)
_SECONDS = re.compile(r"WAIT\s+(?:(\d+\.?\d*|\.\d+)|(R\[\s*\d+\s*(?::[^\]]*)?\]))\s*\(sec\)\s*", re.IGNORECASE)
_TIMEOUT = re.compile(r"\s*,?\s*TIMEOUT\s*,\s*LBL\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*", re.IGNORECASE)
_TIMER = re.compile(r"TIMER\[\s*(\d+)\s*(?::[^\]]*)?\]\s*=\s*(START|STOP|RESET)\s*", re.IGNORECASE)
_OVERRIDE = re.compile(r"OVERRIDE\s*=\s*(\d+)\s*%\s*", re.IGNORECASE)
_TEXT = re.compile(r"(MESSAGE|UALM)\[(.*)\]\s*", re.IGNORECASE)


@dataclass(eq=False, slots=True)
class Block:
    """An open IF or FOR."""

    word: str
    line: int
    condition: Expression
    then: list[Instruction] = field(default_factory=list)
    otherwise: list[Instruction] | None = None
    step: Assign | None = None


class ValueReader:
    """Reads statements of values into the innermost open block.

    Args:
        source: The file.
        tables: What the programs of the job share.
    """

    def __init__(self, source: Source, tables: Tables) -> None:
        self.source, self.tables = source, tables
        self.out: list[Instruction] = []
        self.blocks: list[Block] = []
        self.jumps: list[tuple[str, int]] = []
        self.arguments = 0
        self.statement = Statement("", 1, 1)

    def _fail(self, message: str, at: int = 0) -> NoReturn:
        raise Wrong(message, at)

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

    def _whole(self, match: re.Match[str] | None, text: str, wanted: str) -> re.Match[str]:
        """A match that must reach to the end."""
        if match is None:
            self._fail(f"'{wanted}' is expected")
        if match.end() != len(text):
            self._fail(f"nothing may follow '{text[: match.end()].strip()}'", match.end())
        return match

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
            if not re.match(r"\w+\s*\[", text) or re.match(r"\w+\[\s*A?R\[", text):
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

    def _registered(self, text: str) -> Assign:
        match = _TARGET.match(text)
        if match is None:
            if re.match(r"R\[\s*A?R\[", text, re.IGNORECASE):
                raise NotKnown
            self._fail("'R[number]=value' is expected")
        name = f"R[{int(match[2])}]"
        self.tables.variables.setdefault(name, None)
        return Assign(name, self._value(text, match.end()), line=self.statement.line)

    def _register(self, text: str) -> None:
        self._put(self._registered(text))

    def _timeout(self, text: str) -> None:
        match = self._whole(
            re.match(r"\$WAITTMOUT\s*=\s*\(?\s*(\d+|R\[\s*\d+[^\]]*\])\s*\)?\s*", text, re.IGNORECASE), text, "$WAITTMOUT=hundredths"
        )
        value, _ = self._expression(match[1], 0)
        self._put(Assign("$WAITTMOUT", value, line=self.statement.line))

    def _override(self, text: str) -> None:
        if re.match(r"OVERRIDE\s*=\s*A?R\[", text, re.IGNORECASE):
            raise NotKnown
        match = self._whole(_OVERRIDE.match(text), text, "OVERRIDE=number%")
        if not 1 <= int(match[1]) <= 100:
            self._fail(f"OVERRIDE={match[1]}%; it goes from 1 to 100", match.start(1))
        self._put(Assign("$OVERRIDE", Const(int(match[1])), line=self.statement.line))

    def _timer(self, text: str) -> None:
        if re.match(r"TIMER\[[^\]]*\]\s*=\s*[(R]", text) and not re.search(r"RESET\s*$", text, re.IGNORECASE):
            raise NotKnown
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
        self.jumps.append((str(int(match[1])), line))
        hundredths = Operation("/", (Var("$WAITTMOUT"), Const(100)))
        self._put(WaitUntil(condition, hundredths, LATE, line=line))
        self._put(If(Var(LATE), (Jump(str(int(match[1])), line=line),), line=line))
