"""Instructions of INFORM that stand for themselves, read: outputs, waits, time, messages, variables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from robots.programs.expressions import Const, Expression, Operation, Var
from robots.programs.inform.conditions import RANGES, Names, NotKnown, WordFault
from robots.programs.inform.fields import decimal, fields_of
from robots.programs.program import Assign, Instruction, Message, Pause, Remark, SetSignal, SetSpeed, SignalLine, WaitUntil
from robots.programs.settings import InformSettings

LONGEST_TIME = 655.35
"""Of TIMER, PULSE and WAIT [s]."""
LATE = "WAIT T"
"""Variable of a job that tells whether its last WAIT with a time ended without what it waited for."""

_COMPARED = re.compile(r"(\S+?)\s*(<>|<=|>=|=|<|>)\s*(\S+)")
_ARGUMENT = re.compile(r"(L[BIDR]\d{3})\s+IARG#\(([1-8])\)")


@dataclass(eq=False, slots=True)
class Simple:
    """Reads one instruction at a time; each method takes what stands behind the word and the line.

    Attributes:
        names: Signals and variables.
        settings: Of the language.
        arguments: How many values the job takes.
    """

    names: Names
    settings: InformSettings
    arguments: int = 0
    words: dict[str, Callable[[str, int], Instruction]] = field(init=False)

    def __post_init__(self) -> None:
        self.words = {
            "DOUT": self.dout, "PULSE": self.pulse, "WAIT": self.wait, "TIMER": self.timer, "MSG": self.msg, "SPEED": self.speed,
            "SET": self.set, "ADD": self.add, "SUB": self.sub, "MUL": self.mul, "DIV": self.div, "INC": self.inc, "DEC": self.dec,
            "DIN": self.din, "GETARG": self.getarg, "NOP": self.nop,
        }  # fmt: skip

    def dout(self, rest: str, line: int) -> Instruction:
        words = rest.split()
        if len(words) != 2:
            raise WordFault("DOUT takes an output and a value: DOUT OT#(1) ON", rest)
        signal, value = self.output(words[0]), self.names.value(words[1])
        if isinstance(value, Const):
            if signal.number == isinstance(value.value, bool) or not isinstance(value.value, bool | int) or not 0 <= value.value <= 255:
                raise WordFault(f"{words[0]} is set to {words[1]}; outputs take ON or OFF, groups 0 to 255", words[1])
            return SetSignal(signal.address, value.value, line=line)
        if not (signal.number and isinstance(value, Var)):
            raise NotKnown(rest)
        return SetSignal(signal.address, value, line=line)

    def output(self, word: str, *, bit: bool = False) -> SignalLine:
        """An output, or only a single bit."""
        signal = self.names.signal(word)
        if signal is None:
            raise NotKnown(word)
        if not signal.output or (bit and signal.number):
            raise WordFault(f"{word} is no output{' bit' if bit else ''}; they are OT#(n){'' if bit else ' and OG#(n)'}", word)
        return signal

    def pulse(self, rest: str, line: int) -> Instruction:
        words = rest.split()
        if len(words) not in (1, 2) or (len(words) == 2 and not words[1].startswith("T=")):
            raise WordFault("PULSE takes an output and a time: PULSE OT#(1) T=0.60", rest)
        seconds = decimal(words[1][2:], "T", 0.01, LONGEST_TIME) if len(words) == 2 else 0.3
        return SetSignal(self.output(words[0], bit=True).address, True, seconds, line=line)

    def wait(self, rest: str, line: int) -> Instruction:
        shows, _, time = rest.partition(" T=")
        found = _COMPARED.fullmatch(shows.strip())
        if found is None:
            if not shows.strip():
                raise WordFault("WAIT for nothing; it takes an input: WAIT IN#(1)=ON")
            raise NotKnown(rest)
        condition = self.names.comparison(*found.groups())
        if not time:
            return WaitUntil(condition, line=line)
        # The job goes on when the time is over.
        self.names.own[LATE] = None
        return WaitUntil(condition, Const(decimal(time.strip(), "T", 0.0, LONGEST_TIME)), LATE, line=line)

    def timer(self, rest: str, line: int) -> Instruction:
        if not rest.startswith("T="):
            raise WordFault("TIMER takes a time: TIMER T=0.50", rest)
        variable = self.names.variable(rest[2:])
        if variable is not None:
            # Variables count hundredths of a second.
            return Pause(Operation("/", (Var(variable), Const(100))), line=line)
        return Pause(decimal(rest[2:], "T", 0.01, LONGEST_TIME), line=line)

    def msg(self, rest: str, line: int) -> Instruction:
        if not re.fullmatch(r'"[^"]{0,32}"', rest):
            if self.names.variable(rest) is None and not re.fullmatch(r"L?S\d{3}", rest):
                raise WordFault('MSG takes a text of up to 32 letters in "', rest)
            raise NotKnown(rest)
        return Message(rest[1:-1], line=line)

    def speed(self, rest: str, line: int) -> Instruction:
        joint = linear = turn = None
        for word in rest.split():
            one = fields_of(word, self.settings, self.names)
            joint, linear, turn = one.joint or joint, one.linear or linear, one.turn or turn
        if joint is None and linear is None and turn is None:
            raise WordFault("SPEED sets VJ=, V= or VR=", rest)
        return SetSpeed(joint, linear, turn, line=line)

    def nop(self, rest: str, line: int) -> Instruction:
        if rest:
            raise WordFault("NOP stands alone", rest)
        return Remark("NOP", line=line)

    # Variables

    def variable(self, word: str) -> str:
        """A variable; raises `NotKnown` for other words."""
        name = self.names.variable(word)
        if name is None:
            raise NotKnown(word)
        return name

    def _two(self, rest: str) -> tuple[str, Expression]:
        words = rest.split()
        if len(words) != 2:
            raise NotKnown(rest)
        variable, value = self.variable(words[0]), self.names.value(words[1])
        least, most = RANGES[variable.lstrip("L")[0]]
        if isinstance(value, Const) and (isinstance(value.value, str) or not least <= float(value.value) <= most):
            raise WordFault(f"{variable} takes {least:g} to {most:g}, not {words[1]}", words[1])
        return variable, value

    def set(self, rest: str, line: int) -> Instruction:
        variable, value = self._two(rest)
        return Assign(variable, value, line=line)

    def _computed(self, sign: str, rest: str, line: int) -> Instruction:
        variable, value = self._two(rest)
        return Assign(variable, Operation(sign, (Var(variable), value)), line=line)

    def add(self, rest: str, line: int) -> Instruction:
        return self._computed("+", rest, line)

    def sub(self, rest: str, line: int) -> Instruction:
        return self._computed("-", rest, line)

    def mul(self, rest: str, line: int) -> Instruction:
        return self._computed("*", rest, line)

    def div(self, rest: str, line: int) -> Instruction:
        # Whole numbers are divided without remainder, which the interpreter does not do.
        if not rest.lstrip("L").startswith("R"):
            raise NotKnown(rest)
        return self._computed("/", rest, line)

    def inc(self, rest: str, line: int) -> Instruction:
        return self._computed("+", f"{rest} 1", line)

    def dec(self, rest: str, line: int) -> Instruction:
        return self._computed("-", f"{rest} 1", line)

    def din(self, rest: str, line: int) -> Instruction:
        words = rest.split()
        if len(words) != 2 or self.names.signal(words[1]) is None:
            raise NotKnown(rest)
        return Assign(self.variable(words[0]), self.names.value(words[1]), line=line)

    def getarg(self, rest: str, line: int) -> Instruction:
        found = _ARGUMENT.fullmatch(rest)
        if found is None:
            raise NotKnown(rest)
        self.arguments = max(self.arguments, int(found[2]))
        return Assign(self.variable(found[1]), Var(f"IARG#({found[2]})"), line=line)
