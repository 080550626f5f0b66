"""Statements of FANUC TP that decide what comes next: labels, jumps, calls, IF, FOR, SELECT; and those that are not known."""

from __future__ import annotations

import re

from robots.programs.expressions import Const, Expression, Operation, Var
from robots.programs.fanuc.expressions import OUTPUTS, NotKnown, Wrong
from robots.programs.fanuc.positions import Position
from robots.programs.fanuc.source import Source
from robots.programs.fanuc.tables import Tables
from robots.programs.fanuc.values import Block, ValueReader
from robots.programs.program import Assign, Call, Halt, If, Instruction, Jump, Label, Return, Unknown, While

_WORD = re.compile(r"\$?[A-Za-z_]+")
_LABEL = re.compile(r"LBL\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*", re.IGNORECASE)
_JUMP = re.compile(r"JMP\s+LBL\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*", re.IGNORECASE)
_CALL = re.compile(r"CALL\s+([A-Za-z]\w*)\s*(?:\((.*)\)\s*)?", re.IGNORECASE)
_FOR = re.compile(r"FOR\s+(R\[\s*\d+\s*(?::[^\]]*)?\])\s*=\s*", re.IGNORECASE)
_NAMES = re.compile(r"(?<![A-Za-z])(P|LBL)\[\s*(\d+)|CALL\s+([A-Za-z]\w*)", re.IGNORECASE)


class OrderReader(ValueReader):
    """Reads statements of order, and remembers what they name.

    Args:
        source: The file.
        positions: Its /POS.
        tables: What the programs of the job share.
    """

    def __init__(self, source: Source, positions: dict[int, Position], tables: Tables) -> None:
        super().__init__(source, tables)
        self.positions = positions
        self.select: tuple[Expression, list[tuple[Expression | None, tuple[Instruction, ...], int]]] | None = None
        self.labels: dict[str, int] = {}
        self.calls: list[tuple[str, int, int]] = []
        self.usage: list[tuple[str, int, int | None, int | None]] = []
        # Where the program may come from elsewhere, the shift in force is not known.
        self.shift: tuple[str, ...] | None = None

    def _unknown(self, text: str) -> None:
        self._put(self._kept(text))

    def _kept(self, text: str) -> Unknown:
        """Kept as it stands, but what it names has to exist and its brackets have to close."""
        for opening, closing in ("[]", "()"):
            if text.count(opening) != text.count(closing):
                self._fail(f"'{opening}' and '{closing}' do not match")
        for kind, index, program in _NAMES.findall(text):
            if program:
                self.calls.append((program.upper(), -1, self.statement.line))
            elif kind.upper() == "LBL":
                self.jumps.append((str(int(index)), self.statement.line))
            elif int(index) not in self.positions:
                self._fail(f"P[{index}] is not in /POS")
        return Unknown(text, line=self.statement.line)

    # Order

    def _label(self, text: str) -> None:
        match = self._whole(_LABEL.match(text), text, "LBL[number]")
        name = str(int(match[1]))
        if name in self.labels:
            self._fail(f"LBL[{name}] stands twice, first in line {self.labels[name]}")
        self.labels[name] = self.statement.line
        self._put(Label(name, line=self.statement.line))
        self.usage.append(("label", self.statement.line, None, None))
        self.shift = None

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
                return (self._registered(rest),)
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
        jump = self._jumped(text)
        body = self._list
        if len(body) > 1 and isinstance(body[-2], Label) and body[-2].name == jump.label:
            asked = body[-1]
            if isinstance(asked, If) and len(asked.then) == 1 and isinstance(asked.then[0], Jump) and not asked.otherwise:
                # LBL[1], IF .., JMP out, JMP LBL[1]: asks again and again until the condition holds.
                body[-1] = While(Operation("not", (asked.condition,)), (), line=asked.line)
                jump = asked.then[0]
        self._put(jump)

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
        self.shift = None
        return Call(name, tuple(arguments), line=self.statement.line)

    def _call(self, text: str) -> None:
        self._put(self._called(text))

    def _if(self, text: str) -> None:
        line = self.statement.line
        try:
            condition, end = self._expression(text, 2)
        except NotKnown:
            if re.search(r"\)\s*THEN\s*$", text, re.IGNORECASE):
                # Kept and reported; where unknown lines are skipped, an unknown condition does not hold.
                self._unknown(text)
                self.blocks.append(Block("IF", line, Const(False)))
                return
            raise
        if re.fullmatch(r"\s*THEN\s*", text[end:], re.IGNORECASE):
            if not text[2:].lstrip().startswith("("):
                self._fail("the condition of IF .. THEN stands in brackets", 2)
            self.blocks.append(Block("IF", line, condition))
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
        self.shift = None

    def _close(self, text: str, word: str) -> Block:
        if text.upper() != f"END{word}":
            self._fail(f"nothing may follow END{word}", len(word) + 3)
        if not self.blocks or self.blocks[-1].word != word:
            inner = f"; the {self.blocks[-1].word} of line {self.blocks[-1].line} is still open" if self.blocks else ""
            self._fail(f"END{word} without {word}{inner}")
        self.usage.append(("label", self.statement.line, None, None))
        self.shift = None
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
        try:
            first, end = self._expression(text, match.end())
            to = re.compile(r"\s*(TO|DOWNTO)\b\s*", re.IGNORECASE).match(text, end)
            if to is None:
                self._fail("TO or DOWNTO is expected", end)
            last = self._value(text, to.end())
        except NotKnown:
            self._unknown(text)
            self.blocks.append(Block("FOR", self.statement.line, Const(False)))
            return
        down = to[1].upper() == "DOWNTO"
        line = self.statement.line
        self._put(Assign(variable.name, first, line=line))
        self.shift = None
        step = Assign(variable.name, Operation("-" if down else "+", (variable, Const(1))), line=line)
        self.blocks.append(Block("FOR", line, Operation(">=" if down else "<=", (variable, last)), step=step))

    def _end_for(self, text: str) -> None:
        block = self._close(text, "FOR")
        if block.step is None:
            self._put(If(block.condition, tuple(block.then), line=block.line))
        else:
            self._put(While(block.condition, (*block.then, block.step), line=block.line))

    def _select(self, text: str) -> None:
        value, end = self._expression(re.sub(r"(\])\s*=.*", r"\1", text), len("SELECT"))
        self.select = (value, [])
        self._case(text[end:].strip())

    def _case(self, text: str) -> None:
        assert self.select is not None
        value, cases = self.select
        condition: Expression | None = None
        action: tuple[Instruction, ...]
        try:
            end = 4
            if text.startswith("="):
                choice, end = self._expression(text, 1)
                condition = Operation("=", (value, choice))
            match = re.compile(r"\s*,").match(text, end)
            if match is None:
                self._fail("',' and 'JMP LBL[number]' or 'CALL NAME' is expected", end)
            action = self._action(text, match.end())
        except NotKnown:
            action = (self._kept(text),)
        cases.append((condition, action, self.statement.line))

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
