"""Instructions of a job, read line by line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.errors import UnknownNameError
from robots.programs.controller import Controller
from robots.programs.expressions import Const, Expression, Operation, Var
from robots.programs.inform.block import Block
from robots.programs.inform.conditions import Names, NotKnown, WordFault
from robots.programs.inform.head import Head, Source
from robots.programs.inform.motion import WORDS, Mark, Motion
from robots.programs.inform.motion import Spot as Spot
from robots.programs.inform.simple import Simple
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Assign,
    Call,
    Halt,
    If,
    Instruction,
    Jump,
    Label,
    Remark,
    Return,
    Routine,
    Unknown,
    While,
)

_LABEL = re.compile(r"\*[!-~]{1,32}")
_CALLED = re.compile(r"JOB:([A-Za-z0-9_\-]{1,32})(?:\s*\(([^()]*(?:#\(\d+\)[^()]*)*)\))?")
_COMPARED = re.compile(r"(\S+?)\s*(<>|<=|>=|=|<|>)\s*(\S+)")
_FOR = re.compile(r"(L?[BID]\d{3})\s*=\s*(\S+)\s+TO\s+(\S+)(?:\s+STEP\s+(\S+))?")
_FILE = re.compile(r"(ASF|AEF|WEV)#\((\d{1,4})\)")
_LONGEST_TIME = 655.35
_DEEPEST = 20


class Jobs(Protocol):
    """What a job needs to know of the others."""

    names: Names
    steady: bool

    def job(self, name: str, start: Spot | None) -> Spot | None:
        """Reads a job entered at a place; returns where it ends."""

    def exists(self, name: str) -> bool:
        """Whether there is a job of this name."""

    def known(self) -> list[str]:
        """Names of all jobs."""


@dataclass(eq=False, slots=True)
class _Open:
    """A block that is not closed yet."""

    word: str
    line: int
    condition: Expression
    then: list[Instruction] = field(default_factory=list)
    otherwise: list[Instruction] | None = None
    chained: bool = False
    step: Assign | None = None


class Body:
    """The instructions of one job."""

    def __init__(self, jobs: Jobs, source: Source, head: Head, block: Block, controller: Controller, start: Spot | None) -> None:
        self.jobs, self.source, self.head, self.block, self.controller = jobs, source, head, block, controller
        local = dict(zip("BIDR", head.local, strict=True))
        self.names = Names(jobs.names.wired, local, jobs.names.signals, jobs.names.variables)
        self.motion = Motion(source, head, block, controller, self.names, start, jobs.steady)
        self.top: list[Instruction] = []
        self.body = self.top
        self.open: list[_Open] = []
        self.labels: dict[str, int] = {}
        self.jumps: list[tuple[str, int]] = []
        self.arrivals: dict[str, list[Mark]] = {}
        self.last_jump: dict[str, int] = {}
        self.alive, self.leaves = True, False
        self.simple = Simple(self.names, controller.settings.inform)
        self.do: dict[str, Callable[[int, str], None]] = {
            "JUMP": self._jump, "CALL": self._call, "PAUSE": self._halt, "ABORT": self._halt, "RET": self._ret, "CWAIT": self._cwait,
            "ARCON": self._arcon, "ARCOF": self._arcof, "WVON": self._wvon, "WVOF": self._wvof, "REFP": self._refp,
            "IFTHEN": self._if, "IFTHENEXP": self._if, "ELSEIF": self._elseif, "ELSEIFEXP": self._elseif, "ELSE": self._else, "ENDIF": self._endif,
            "WHILE": self._while, "WHILEEXP": self._while, "ENDWHILE": self._endwhile, "FOR": self._for, "NEXT": self._next,
        }  # fmt: skip

    def read(self) -> tuple[Routine, Spot | None]:
        """The routine, and where it ends if that is known."""
        lines, first = self.source.lines, self.head.first
        for at in range(first + 1, len(lines) + 1):
            if lines[at - 1].startswith("JUMP") and (found := re.match(r"JUMP\s+(\*[!-~]+)", lines[at - 1])) is not None:
                self.last_jump[found[1]] = at
        end = len(lines)
        if end <= first or lines[end - 1] != "END":
            raise self.source.fail(end, f"'{lines[end - 1][:40]}' where END is expected; a job ends with it")
        for at in range(first + 1, end):
            text = lines[at - 1]
            if text:
                self._line(at, text)
        self.motion.settle(end)
        self.motion.stop_running()
        self._finish(end)
        routine = Routine(
            self.head.name, self.head.comment, tuple(self.top), tuple(f"IARG#({i + 1})" for i in range(self.simple.arguments)), dict(self.names.own), self.source.file, 2
        )  # fmt: skip
        return routine, self.motion.spot if self.alive and not self.leaves else None

    def _finish(self, end: int) -> None:
        if self.open:
            raise self.source.fail(self.open[-1].line, f"{self.open[-1].word} is not closed", self.open[-1].word)
        for label, at in self.jumps:
            if label not in self.labels:
                raise self.source.fail(at, f"label {label} does not exist; there are: {', '.join(sorted(self.labels)) or 'none'}", label)
        unused = self.motion.used.find(0)
        if unused >= 0:
            raise self.source.fail(self.block.lines[unused], f"position C{unused:05d} is used by no move")

    def _line(self, at: int, text: str) -> None:
        if text[0] == "'":
            self.body.append(Remark(text[1:].strip(), line=at))
            return
        word = text.split(None, 1)[0]
        try:
            if word in WORDS:
                self.motion.move(at, text, self.body)
            elif text[0] == "*":
                self._label(at, text)
            else:
                self._statement(at, word, text)
        except WordFault as fault:
            raise self.source.fail(at, fault.message, fault.token) from None
        except UnknownNameError as fault:
            raise self.source.fail(at, fault.message) from None
        except NotKnown:
            self.motion.refuse_running()
            self._unknown(at, text)

    def _statement(self, at: int, word: str, text: str) -> None:
        if word == "END":
            raise self.source.fail(at, "END before the end of the file")
        simple, do = self.simple.words.get(word), self.do.get(word)
        if simple is None and do is None and (not re.fullmatch(r"[A-Z][A-Z0-9_+]*", word) or text[0] == "/"):
            raise self.source.fail(at, f"'{word[:40]}' is no instruction; they are written in capitals", word)
        self.motion.settle(at)
        rest = text[len(word) :].strip()
        if simple is not None:
            one = simple(rest, at)
            if word not in ("DOUT", "TIMER"):
                self.motion.refuse_running()
            if not self.motion.during(one):
                self.body.append(one)
            return
        if do is None:
            raise NotKnown(text)
        if word != "CWAIT":
            self.motion.refuse_running()
        do(at, rest)

    def _unknown(self, at: int, text: str) -> None:
        self.motion.use_all(text)
        self.motion.forget(None)
        self.body.append(Unknown(text, line=at))

    def _cwait(self, at: int, rest: str) -> None:
        self.motion.stop_running()

    # Order

    def _label(self, at: int, text: str) -> None:
        self.motion.refuse_running()
        self.motion.settle(at)
        if not _LABEL.fullmatch(text):
            raise WordFault(f"'{text[:40]}' is no label; they have up to 32 letters without blanks", text)
        if text in self.labels:
            raise WordFault(f"label {text} stands twice, also in line {self.labels[text]}", text)
        self.labels[text] = at
        marks = self.arrivals.get(text, []) + ([self.motion.mark()] if self.alive else [])
        self.motion.arrive([] if self.last_jump.get(text, 0) > at or self.open else marks)
        self.alive = True
        self.body.append(Label(text, line=at))

    def _when(self, rest: str) -> tuple[str, Expression | None]:
        """What stands before IF, and the condition."""
        head, word, condition = f"{rest} ".partition(" IF ") if not rest.startswith("IF ") else ("", "IF", rest[3:])
        if not word:
            return rest, None
        if not condition.strip():
            raise WordFault("IF without a condition", "IF")
        return head.strip(), self.names.condition(condition)

    def _put(self, at: int, one: Instruction, condition: Expression | None) -> None:
        self.body.append(one if condition is None else If(condition, (one,), line=at))

    def _jump(self, at: int, rest: str) -> None:
        label, condition = self._when(rest)
        if not _LABEL.fullmatch(label):
            if not label:
                raise WordFault("JUMP without a label; it takes one: JUMP *L1")
            if label.startswith("JOB:") and not self.jobs.exists(label[4:]):
                raise UnknownNameError("job", label[4:], self.jobs.known())
            raise NotKnown(rest)
        self.jumps.append((label, at))
        self.arrivals.setdefault(label, []).append(self.motion.mark())
        self._put(at, Jump(label, line=at), condition)
        self.alive = self.alive and condition is not None

    def _call(self, at: int, rest: str) -> None:
        called, condition = self._when(rest)
        found = _CALLED.fullmatch(called)
        if found is None:
            if not called or called.startswith(("JOB:", "JOB ")):
                raise WordFault(f"'{called[:40]}' is no job; CALL takes one: CALL JOB:NAME", called)
            raise NotKnown(rest)
        if not self.jobs.exists(found[1]):
            raise UnknownNameError("job", found[1], self.jobs.known())
        given = () if found[2] is None else tuple(self.names.value(one.strip()) for one in found[2].split(","))
        before = self.motion.spot
        after = self.jobs.job(found[1], before)
        self._put(at, Call(found[1], given, line=at), condition)
        self.motion.forget(after if condition is None or (after is not None and after.same(before)) else None)

    def _halt(self, at: int, rest: str) -> None:
        ends = self.source.lines[at - 1].startswith("ABORT")
        left, condition = self._when(rest)
        if left:
            raise WordFault(f"'{left}' behind {'ABORT' if ends else 'PAUSE'}", left)
        self._put(at, Halt(ends, line=at), condition)
        self.alive = self.alive and not (ends and condition is None)

    def _ret(self, at: int, rest: str) -> None:
        left, condition = self._when(rest)
        if left:
            raise NotKnown(rest)
        self._put(at, Return(line=at), condition)
        self.leaves = True
        self.alive = self.alive and condition is not None

    # Blocks

    def _begin(self, at: int, word: str, condition: Expression) -> None:
        if len(self.open) >= _DEEPEST:
            raise WordFault(f"blocks stand more than {_DEEPEST} deep", word)
        block = _Open(word, at, condition)
        self.open.append(block)
        self._enter(block.then)

    def _enter(self, body: list[Instruction]) -> None:
        """Instructions go into another list: what is active and where the tool is, is not known there."""
        self.body = body
        self.motion.forget(None)
        self.alive = True

    def _current(self, word: str, *opened: str) -> _Open:
        if not self.open or self.open[-1].word not in opened:
            there = f"{self.open[-1].word} of line {self.open[-1].line} is open" if self.open else "no block is open"
            raise WordFault(f"{word} without {opened[0]}: {there}", word)
        return self.open[-1]

    def _if(self, at: int, rest: str) -> None:
        self._begin(at, "IFTHEN", self.names.condition(rest))

    def _elseif(self, at: int, rest: str) -> None:
        block = self._current("ELSEIF", "IFTHEN")
        if block.otherwise is not None:
            raise WordFault("ELSEIF behind ELSE", "ELSEIF")
        block.otherwise = []
        self._begin(at, "IFTHEN", self.names.condition(rest))
        self.open[-1].chained = True

    def _else(self, at: int, rest: str) -> None:
        block = self._current("ELSE", "IFTHEN")
        if block.otherwise is not None or rest:
            raise WordFault("ELSE stands once, alone, between IFTHEN and ENDIF", "ELSE")
        block.otherwise = []
        self._enter(block.otherwise)

    def _endif(self, at: int, rest: str) -> None:
        chained = True
        while chained:
            block = self._current("ENDIF", "IFTHEN")
            self.open.pop()
            one = If(block.condition, tuple(block.then), tuple(block.otherwise or ()), line=block.line)
            chained = block.chained
            if chained:
                outer = self.open[-1].otherwise
                assert outer is not None
                outer.append(one)
            else:
                self._close(one)

    def _close(self, one: Instruction) -> None:
        above = self.open[-1] if self.open else None
        self._enter(self.top if above is None else above.otherwise if above.otherwise is not None else above.then)
        self.body.append(one)

    def _while(self, at: int, rest: str) -> None:
        self._begin(at, "WHILE", self.names.condition(rest))

    def _endwhile(self, at: int, rest: str) -> None:
        block = self._current("ENDWHILE", "WHILE")
        self.open.pop()
        self._close(While(block.condition, tuple(block.then), line=block.line))

    def _for(self, at: int, rest: str) -> None:
        found = _FOR.fullmatch(rest)
        if found is None:
            raise WordFault("FOR counts a variable: FOR I000=1 TO 10 STEP 1", rest)
        name, first, last, by = found.groups()
        variable = self.simple.variable(name)
        step = self.names.value(by) if by is not None else Const(1)
        if not isinstance(step, Const) or isinstance(step.value, bool | str) or step.value == 0:
            raise NotKnown(rest)
        self.body.append(Assign(variable, self.names.value(first), line=at))
        self._begin(at, "FOR", Operation("<=" if step.value > 0 else ">=", (Var(variable), self.names.value(last))))
        self.open[-1].step = Assign(variable, Operation("+", (Var(variable), step)), line=at)

    def _next(self, at: int, rest: str) -> None:
        block = self._current("NEXT", "FOR")
        assert block.step is not None
        if rest != block.step.variable:
            raise WordFault(f"NEXT {rest} where {block.step.variable} is counted", rest)
        self.open.pop()
        self._close(While(block.condition, (*block.then, block.step), line=block.line))

    # Welding

    def _number(self, rest: str, kind: str, known: dict[int, object]) -> int:
        found = _FILE.fullmatch(rest)
        if found is None or found[1] != kind:
            raise NotKnown(rest)
        if int(found[2]) not in known:
            raise WordFault(f"{rest} is not known; there are: {', '.join(map(str, sorted(known))) or 'none'}", rest)
        return int(found[2])

    def _arcon(self, at: int, rest: str) -> None:
        number = self._number(rest, "ASF", dict(self.controller.procedures))
        self.body.append(ArcOn(f"ASF#({number})", line=at))

    def _arcof(self, at: int, rest: str) -> None:
        number = self._number(rest, "AEF", dict(self.controller.procedures))
        self.body.append(ArcOff(f"ASF#({number})", line=at))

    def _wvon(self, at: int, rest: str) -> None:
        number = self._number(rest, "WEV", dict(self.controller.weaves))
        before = next((i for i in range(len(self.body) - 1, -1, -1) if not isinstance(self.body[i], Remark)), None)
        if before is None or not isinstance(self.body[before], ArcOn):
            raise NotKnown(rest)
        arc = self.body[before]
        assert isinstance(arc, ArcOn)
        self.body[before] = replace(arc, weave=f"WEV#({number})")

    def _wvof(self, at: int, rest: str) -> None:
        """Weaving ends with the arc; where it ends earlier is not read."""
        lines = self.source.lines
        after = next((text for text in lines[at:] if text and text[0] != "'"), "")
        before = next((one for one in reversed(self.body) if not isinstance(one, Remark)), None)
        if rest or not (after.startswith("ARCOF") or isinstance(before, ArcOff)):
            raise NotKnown(rest)

    def _refp(self, at: int, rest: str) -> None:
        if not re.fullmatch(r"[1-8](\s+C\d{5}(\s+BC\d{5})?)?", rest):
            raise NotKnown(rest)
        self.motion.use_all(rest)
        self.body.append(Remark(f"REFP {rest}", line=at))
