"""The body of a KRL routine: statements and blocks as neutral instructions."""

from __future__ import annotations

import re
from collections.abc import Callable

from robots.programs.events import ProgramTextError
from robots.programs.expressions import Const, Expression, Operation, Value, Var
from robots.programs.krl.blocks import Block, closed
from robots.programs.krl.calls import call
from robots.programs.krl.context import Context, Head
from robots.programs.krl.data import declare, is_declaration
from robots.programs.krl.expressions import condition, constant, element, expression, line_of
from robots.programs.krl.lines import DEEPEST, NAME, Cursor, NotSaid, Token
from robots.programs.krl.motion import MOVES, move, plain_move, trigger
from robots.programs.krl.system import assign as assign_system
from robots.programs.krl.system import inline_data
from robots.programs.program import (
    Assign,
    Halt,
    Instruction,
    Jump,
    Label,
    Pause,
    Remark,
    Return,
    Routine,
    SetSignal,
    Unknown,
    WaitUntil,
)

_OTHER_WORDS = """
ANIN ANOUT ASYCANCEL ASYCONT ASYPTP ASYSTOP BRAKE CCLOSE CHANNEL CIOCTL CIRC_REL CONFIRM CONST_VEL COPEN CREAD CWRITE ENDSPLINE INTERRUPT
    LIN_REL PTP_REL RESUME SCIRC_REL SLIN_REL SPL SPLINE SPTP_REL SREAD STOP SWRITE SYNC TIME_BLOCK PTP_SPLINE SPL_REL ON_ERROR_PROCEED"""
_OTHERS = frozenset(_OTHER_WORDS.split())
"""Statements of KRL that neutral programs do not have."""
_HEAD = re.compile(rf"\s*({NAME})\b[ \t]*({NAME})?", re.ASCII)
_CLOSES = {"ENDIF": "IF", "ENDWHILE": "WHILE", "ENDFOR": "FOR", "ENDLOOP": "LOOP", "UNTIL": "REPEAT", "ENDSWITCH": "SWITCH"}
_LOOPS = ("WHILE", "FOR", "LOOP", "REPEAT")
_BRACKETS = {")": "(", "]": "[", "}": "{"}


class RoutineReader:
    """Reads one routine.

    Args:
        lines: Of the whole `.src`.
        head: Which routine.
        context: Of the program.
    """

    def __init__(self, lines: list[str], head: Head, context: Context) -> None:
        self.lines, self.head, self.context = lines, head, context
        self.file, self.names = context.file, context.names
        self.body: list[Instruction] = []
        self.blocks: list[Block] = []
        self.simple: dict[str, Callable[[Cursor], list[Instruction]]] = {
            "TRIGGER": lambda c: [trigger(c, context)],
            "WAIT": self._wait,
            "HALT": lambda c: [Halt(line=c.line)],
            "CONTINUE": lambda c: [Remark("CONTINUE", line=c.line)],
            "RETURN": self._return,
            "GOTO": lambda c: [Jump(c.word("a label").text, line=c.line)],
            "PULSE": self._pulse,
            "EXIT": self._exit,
        }

    def read(self) -> Routine:
        """The routine.

        Raises:
            ProgramTextError: Broken syntax or an undeclared name, also in branches that never run.
        """
        head = self.head
        self.names.local.clear()
        declaring = True
        for line in range(head.line + 1, head.end):
            text = self.lines[line - 1]
            first = _HEAD.match(text)
            if first is not None:
                if is_declaration(first[1].upper(), (first[2] or "").upper()):
                    if not declaring:
                        raise self._error(line, f"{first[1].upper()} after the first statement; declarations stand before")
                    declare(text, self.file, line, self.names, data=False)
                    continue
                if declaring:
                    declaring = False
                    self._begin()
                self._line(text, first[1].upper(), line)
                continue
            text = text.strip()
            if text.startswith(";"):
                self._put(Remark(text[1:].strip(), line=line))
            elif text:
                Cursor(text, self.file, line).fail(f"'{text[:20]}' is no statement")
        if declaring:
            self._begin()
        if self.blocks:
            block = self.blocks[-1]
            raise self._error(head.end, f"{block.kind} of line {block.line} is not closed")
        variables: dict[str, Value | None] = {
            symbol.key: None
            for name, symbol in self.names.local.items()
            if not any(name == own for own, _ in head.parameters) and not symbol.array
        }
        title = self.body[0].text if self.body and isinstance(self.body[0], Remark) else head.name
        return Routine(
            head.name, title, tuple(self.body), tuple(name for name, out in head.parameters if not out), variables, self.file, head.line
        )

    def _begin(self) -> None:
        """Parameters must be declared; those handed back live in the whole program, so that the caller finds them."""
        for name, out in self.head.parameters:
            symbol = self.names.local.get(name)
            if symbol is None:
                raise self._error(self.head.line, f"parameter {name} has no DECL")
            if out:
                symbol.key = f"{self.head.name}.{name}"

    def _error(self, line: int, message: str) -> ProgramTextError:
        return ProgramTextError(message, file=self.file, place=f"line {line}, column 1")

    def _put(self, *instructions: Instruction) -> None:
        block = self.blocks[-1] if self.blocks else None
        (self.body if block is None else block.lists[-1] if block.lists else block.before).extend(instructions)

    def _line(self, text: str, word: str, line: int) -> None:
        if word in MOVES:
            plain = plain_move(text, line, self.context)
            if plain is not None:
                self._put(plain)
                return
        c = Cursor(text, self.file, line)
        if self.blocks and not self.blocks[-1].lists and word not in ("CASE", "DEFAULT", "ENDSWITCH"):
            c.fail(f"CASE is wanted after SWITCH, here stands '{c.next.text}'")
        try:
            if word in MOVES:
                self._put(move(c, self.context))
            elif word in self.simple and not (len(c.tokens) > 1 and c.tokens[1].text in ("=", ":")):
                if word not in ("TRIGGER", "EXIT"):
                    c.take()
                self._put(*self.simple[word](c))
                c.done()
            elif not self._block(c, word):
                self._put(*self._other(c, word))
        except NotSaid:
            self._put(self._unknown(c))

    def _unknown(self, c: Cursor) -> Unknown:
        """A line kept as it stands; its brackets must close all the same."""
        open_ = []
        for token in c.tokens:
            if token.kind == "sign" and token.text in "([{":
                open_.append(token)
            elif token.kind == "sign" and token.text in _BRACKETS and (not open_ or open_.pop().text != _BRACKETS[token.text]):
                raise c.error(f"'{token.text}' closes nothing", token)
        if open_:
            raise c.error(f"'{open_[-1].text}' is not closed", open_[-1])
        return Unknown(c.raw[: c.tokens[-1].column - 1].strip(), line=c.line)

    # Simple statements

    def _other(self, c: Cursor, word: str) -> list[Instruction]:
        following = c.tokens[1].text if len(c.tokens) > 1 else ""
        if word in ("INTERRUPT", "GLOBAL"):
            return self._interrupt(c)
        if word in _OTHERS:
            raise NotSaid
        token = c.word("a statement")
        if following == ":" and len(c.tokens) == 3:
            c.take()
            return [Label(token.text, line=c.line)]
        if following == "(":
            return call(c, token, self.context)
        if following in ("=", "[", "."):
            return self._assign(c, token)
        if token.text.startswith("$"):
            raise NotSaid
        raise c.error(f"'{token.text}' is no statement of KRL", token)

    def _interrupt(self, c: Cursor) -> list[Instruction]:
        """The stop message's own interrupt is part of every program; others change what runs, so they are kept as unknown lines."""
        c.accept("GLOBAL")
        c.expect("INTERRUPT")
        standard = [token.text for token in c.tokens[c.at : -1]]
        if standard == ["DECL", "3", "WHEN", "$STOPMESS", "==", "TRUE", "DO", "IR_STOPM", "(", ")"] or standard == ["ON", "3"]:
            return [Remark(c.raw.split(";")[0].strip(), line=c.line)]
        if not standard or standard[0] not in ("DECL", "ON", "OFF", "ENABLE", "DISABLE"):
            c.fail(f"DECL, ON or OFF is wanted, here stands '{c.next.text}'")
        raise NotSaid

    def _wait(self, c: Cursor) -> list[Instruction]:
        if c.accept("SEC"):
            at = c.next
            value, kind = expression(c, self.names)
            if kind not in ("int", "real"):
                raise c.error(f"seconds are wanted, here stands {kind.upper()}", at)
            if not isinstance(value, Const):
                return [Pause(value, line=c.line)]
            if isinstance(value.value, str) or value.value < 0:
                raise c.error(f"a pause of {value.value} s", at)
            return [Pause(float(value.value), line=c.line)]
        c.expect("FOR")
        return [WaitUntil(condition(c, self.names), line=c.line)]

    def _return(self, c: Cursor) -> list[Instruction]:
        if c.next.kind == "end":
            if self.head.result is not None:
                c.fail(f"{self.head.name} returns a {self.head.result}")
            return [Return(line=c.line)]
        if self.head.result is None:
            c.fail(f"{self.head.name} is no function: it returns nothing")
        return [Return(expression(c, self.names)[0], line=c.line)]

    def _exit(self, c: Cursor) -> list[Instruction]:
        at = c.take()
        loop = next((block for block in reversed(self.blocks) if block.kind in _LOOPS), None)
        if loop is None:
            raise c.error("EXIT outside of every loop", at)
        loop.left = True
        return [Jump(f"end of {loop.line}", line=c.line)]

    def _pulse(self, c: Cursor) -> list[Instruction]:
        c.expect("(")
        at = c.next
        address = self._output(c, c.word("an output"))
        if self.names.lines[address].number:
            raise c.error(f"PULSE takes one output, {address} is a group", at)
        c.expect(",")
        value = condition(c, self.names)
        c.expect(",")
        at = c.next
        seconds = constant(c, self.names, "the pulse's time")
        if seconds <= 0:
            raise c.error(f"a pulse of {seconds:g} s", at)
        c.expect(")")
        if not isinstance(value, Const) or not isinstance(value.value, bool):
            raise NotSaid
        return [SetSignal(address, value.value, seconds, line=c.line)]

    def _output(self, c: Cursor, token: Token) -> str:
        if token.text in ("$IN", "$OUT"):
            address = line_of(c, self.names, token)
        else:
            symbol = self.names.find(c, token)
            if symbol.kind != "signal":
                raise c.error(f"'{token.text}' is no signal", token)
            address = symbol.key
        if not self.names.lines[address].output:
            raise c.error(f"{address} is an input; it cannot be set", token)
        return address

    def _assign(self, c: Cursor, token: Token) -> list[Instruction]:
        if token.text.endswith("DAT_ACT"):
            return inline_data(c, token, self.context)
        if token.text.startswith("$") and token.text not in ("$OUT", "$IN"):
            return assign_system(c, token, self.context)
        if token.text in ("$OUT", "$IN") or self.names.find(c, token).kind == "signal":
            return [self._set(c, token)]
        symbol = self.names.find(c, token)
        if symbol.kind == "point" and symbol.fixed and c.next.text == "=":
            # Given once, with a literal: read with the names already.
            return []
        if symbol.kind not in ("int", "real", "bool", "text"):
            raise NotSaid
        key = element(c, self.names, symbol, token)
        c.expect("=")
        at = c.next
        if at.kind == "name" and at.text in self.context.heads and self.context.heads[at.text].result is not None:
            return call(c, c.take(), self.context, result=key)
        value, kind = expression(c, self.names)
        c.done()
        numbers = ("int", "real")
        if (symbol.kind in numbers) != (kind in numbers) or (symbol.kind not in numbers and symbol.kind != kind):
            raise c.error(f"{token.text} is {symbol.kind.upper()}, it is given {kind.upper()}", at)
        if symbol.kind == "int" and kind == "real":
            if not isinstance(value, Const) or isinstance(value.value, str):
                raise NotSaid
            value = Const(round(value.value))
        return [Assign(key, value, line=c.line)]

    def _set(self, c: Cursor, token: Token) -> SetSignal:
        address = self._output(c, token)
        c.expect("=")
        at = c.next
        value, kind = expression(c, self.names)
        c.done()
        line = self.names.lines[address]
        if kind != ("int" if line.number else "bool"):
            raise c.error(
                f"{address} is {'a group: it takes a whole number' if line.number else 'TRUE or FALSE'}, it is given {kind.upper()}", at
            )
        if not isinstance(value, Const):
            return SetSignal(address, value, line=c.line)
        assert isinstance(value.value, bool | int)
        if line.number:
            first, last = (int(part) for part in address[address.index("[") + 1 : -1].split(".."))
            if not 0 <= value.value < 1 << (last - first + 1):
                raise c.error(f"{value.value} does not fit on the {last - first + 1} lines of {address}", at)
        return SetSignal(address, value.value, line=c.line)

    # Blocks

    def _block(self, c: Cursor, word: str) -> bool:
        """Opens, divides or closes a block; False: the line does neither."""
        if word in _CLOSES:
            self._close(c, word)
        elif word in ("ELSE", "CASE", "DEFAULT"):
            self._divide(c, word)
        elif word in _CLOSES.values():
            self._open(c, word)
        else:
            return False
        c.done()
        return True

    def _open(self, c: Cursor, word: str) -> None:
        if len(self.blocks) >= DEEPEST:
            c.fail(f"more than {DEEPEST} blocks inside of each other")
        c.take()
        block = Block(word, c.line, [[]])
        try:
            if word == "IF":
                block.tests.append(condition(c, self.names))
                c.expect("THEN")
            elif word == "WHILE":
                block.tests.append(condition(c, self.names))
            elif word == "FOR":
                self._for(c, block)
            elif word == "SWITCH":
                block.subject, block.lists = expression(c, self.names)[0], []
        except NotSaid:
            # What is inside still has to be right; when the test is skipped on request, so is the block.
            block.tests = [] if word == "SWITCH" else [Const(False)]
            block.subject = Const(0)
            if word == "SWITCH":
                block.lists = []
            self._put(self._unknown(c))
            c.at = len(c.tokens) - 1
        self.blocks.append(block)

    def _for(self, c: Cursor, block: Block) -> None:
        token = c.word("the counter")
        symbol = self.names.find(c, token)
        if symbol.kind != "int":
            raise c.error(f"'{token.text}' is no INT", token)
        c.expect("=")
        start, _ = expression(c, self.names)
        c.expect("TO")
        end, _ = expression(c, self.names)
        step = 1.0
        if c.accept("STEP"):
            at = c.next
            step = constant(c, self.names, "STEP")
            if step == 0:
                raise c.error("STEP is 0: the loop does not end", at)
        self._put(Assign(symbol.key, start, line=c.line))
        block.tests.append(Operation("<=" if step > 0 else ">=", (Var(symbol.key), end)))
        block.counter = (symbol.key, step)

    def _divide(self, c: Cursor, word: str) -> None:
        block = self.blocks[-1] if self.blocks else None
        if block is None or block.kind != ("IF" if word == "ELSE" else "SWITCH") or (None in block.tests):
            c.fail(f"{word} without {'IF' if word == 'ELSE' else 'SWITCH'}")
        c.take()
        test: Expression | None = None
        if word == "CASE":
            assert block.subject is not None
            try:
                test = self._cases(c, block.subject)
            except NotSaid:
                block.before.append(self._unknown(c))
                c.at = len(c.tokens) - 1
                test = Const(False)
        block.tests.append(test)
        block.lists.append([])

    def _cases(self, c: Cursor, subject: Expression) -> Expression:
        """Whether the subject is one of the values of a CASE."""
        test: Expression | None = None
        while test is None or c.accept(","):
            at = c.next
            value, _ = expression(c, self.names)
            if not isinstance(value, Const):
                raise c.error("CASE takes constants", at)
            same = Operation("=", (subject, value))
            test = same if test is None else Operation("or", (test, same))
        return test

    def _close(self, c: Cursor, word: str) -> None:
        block = self.blocks[-1] if self.blocks else None
        if block is None or block.kind != _CLOSES[word]:
            c.fail(f"{word} without {_CLOSES[word]}" + ("" if block is None else f"; {block.kind} of line {block.line} is open"))
        c.take()
        until: Expression = Const(True)
        unknown = None
        if word == "UNTIL":
            try:
                until = condition(c, self.names)
            except NotSaid:
                unknown = self._unknown(c)
                c.at = len(c.tokens) - 1
        self.blocks.pop()
        if unknown is not None:
            block.lists[-1].append(unknown)
        self._put(*block.before, *closed(block, until))
        if block.left:
            self._put(Label(f"end of {block.line}", line=c.line))
