"""Statements of RAPID text as instructions: signals, waits, time, loads, calls and assignments; moves stand in `rapid_moves`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from robots.programs.expressions import Const, Expression, Operation, SignalState
from robots.programs.program import (
    Assign,
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Message,
    Pause,
    SearchLinear,
    SetSignal,
    SetTimer,
    Shift,
    WaitSignal,
    WaitUntil,
)
from robots.programs.rapid_expressions import ExpressionReader, NotInterpreted, Term
from robots.programs.rapid_records import SCALARS
from robots.programs.rapid_scope import Datum, Head, Names
from robots.programs.rapid_targets import TargetError, Targets
from robots.programs.rapid_tokens import Token, TokenStream

Body = list[Instruction]
LONGEST_STRING = 80
_OPTION_KINDS = {
    "t": "num",
    "v": "num",
    "maxtime": "num",
    "plength": "num",
    "timeflag": "bool",
    "wobj": "wobjdata",
    "weave": "weavedata",
    "seamname": "string",
}
_SIGNAL_OPTIONS = {"dop": False, "gop": True}
_SILENT = frozenset(
    ["confj", "confl", "singarea", "accset", "actunit", "deactunit", "tperase", "cirpathmode", "waitrob", "pathresol", "worldacclim"]
)
"""They change how the controller moves, not where to."""


@dataclass(frozen=True, slots=True)
class Triggering:
    """`triggdata` as it was set up."""

    signal: str
    value: bool | int
    at: Literal["start", "end"]
    distance: float
    seconds: float


@dataclass(eq=False, slots=True)
class Modal:
    """What earlier statements of a routine left for later ones, in the order of the text."""

    tool: str | None = None
    frame: str | None = None
    conf_j: bool = True
    conf_l: bool = True
    triggers: dict[str, Triggering] = field(default_factory=dict)
    arc: str | None = None
    found: dict[str, tuple[int, Body]] = field(default_factory=dict)
    loads: list[tuple[Token, Datum]] = field(default_factory=list)
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Arguments:
    """Of one instruction: where it and its values stand, what they are, and its options."""

    at: Token
    tokens: tuple[Token, ...]
    terms: tuple[Term, ...]
    options: dict[str, Term]

    def only(self, *names: str) -> None:
        """Raises `NotInterpreted` when there is another option than these."""
        if set(self.options) - set(names):
            raise NotInterpreted


class StatementReader(ExpressionReader):
    """Reads simple statements; see `ExpressionReader` for the arguments."""

    def __init__(self, stream: TokenStream, names: Names, targets: Targets) -> None:
        super().__init__(stream, names)
        self.targets = targets
        self.modal = Modal()
        self.block_body: Body = []
        self.handlers = self.handled()

    # Arguments

    def arguments(self, at: Token, *kinds: str, most: int | None = None) -> Arguments:
        """The values and options of an instruction, to its ';'.

        Args:
            at: The name of the instruction.
            kinds: Data types that are wanted; `name` for a name that is resolved later, `?` for any. Of more than `most` the last are optional.
            most: Values that must be there; default: all.
        """
        tokens: list[Token] = []
        terms: list[Term] = []
        options: dict[str, Term] = {}
        self._options(options)
        if options:
            self.stream.accept(",")
        need = len(kinds) if most is None else most
        for i, kind in enumerate(kinds):
            if i >= need and self.stream.peek().low == ";":
                break
            if i and not self.stream.accept(","):
                found = self.stream.peek()
                if found.low == ";":
                    raise self.stream.error(found, f"{at.text} has {len(kinds)} arguments, here {i}")
                self.stream.expect(",", f" in {at.text}")
            tokens.append(self.stream.peek())
            if kind == "name":
                self.stream.expect_name(f"argument {i + 1} of {at.text}")
                terms.append(Term("name"))
            else:
                terms.append(self.expression(kind))
            self._options(options)
        if self.stream.peek().low == ",":
            raise self.stream.error(self.stream.peek(), f"{at.text} has {len(kinds)} arguments, here are more")
        self.stream.expect(";")
        return Arguments(at, tuple(tokens), tuple(terms), options)

    def _options(self, options: dict[str, Term]) -> None:
        while self.stream.accept("\\"):
            name = self.stream.expect_name("an option")
            if name.low in options:
                raise self.stream.error(name, f"option \\{name.text} stands twice")
            if not self.stream.accept(":="):
                options[name.low] = Term("switch")
            elif name.low in _SIGNAL_OPTIONS:
                options[name.low] = Term("signal", self.signal(self.stream.expect_name("a signal"), True, _SIGNAL_OPTIONS[name.low]))
            elif name.low == "wobj":
                options[name.low] = Term("token", self.stream.expect_name("a work object"))
            elif name.low in ("weave", "track"):
                options[name.low] = Term("token", self.stream.expect_name("data"))
            else:
                options[name.low] = self.expression(_OPTION_KINDS.get(name.low, "?"))

    def constant(self, term: Term) -> Any:
        """The value of a constant; raises `NotInterpreted` when it is only known at run time."""
        if term.value is None:
            raise NotInterpreted
        return term.value

    def checked(self, token: Token, make: Callable[[Any], Any], value: Any) -> Any:
        """What a record means, with the place of what is wrong with it."""
        try:
            return make(value)
        except TargetError as error:
            raise self.stream.error(token, str(error)) from None

    # Statements

    def statement(self) -> Body:
        """One simple statement, to its ';'; what is not interpreted raises `NotInterpreted`."""
        first = self.stream.peek()
        if first.kind != "name":
            raise self.stream.error(first, f"a statement begins with a name; here stands {first}")
        following = self.stream.peek(1)
        if following.low in (":=", ".", "{"):
            return self._assignment()
        if first.low in self.names.routines:
            return self._call(self.stream.take(), self.names.routines[first.low])
        make = self.handlers.get(first.low)
        if first.low in _SILENT:
            return self._silent(self.stream.take())
        if make is None or self.datum(first.low) is not None:
            if self.datum(first.low) is not None:
                raise self.stream.error(first, f"'{first.text}' is data, not an instruction")
            raise NotInterpreted
        return make(self.stream.take())

    def handled(self) -> dict[str, Callable[[Token], Body]]:
        """Instruction -> what reads it."""
        return {
            "setdo": lambda at: self._set(at, False), "setgo": lambda at: self._set(at, True), "set": lambda at: self._switch(at, True), "reset": lambda at: self._switch(at, False),
            "invertdo": self._invert, "pulsedo": self._pulse, "waitdi": lambda at: self._wait(at, False, False), "waitdo": lambda at: self._wait(at, True, False),
            "waitgi": lambda at: self._wait(at, False, True), "waitgo": lambda at: self._wait(at, True, True), "waituntil": self._until, "waittime": self._pause,
            "clkreset": lambda at: self._timer(at, Const(0.0), None), "clkstart": lambda at: self._timer(at, None, True), "clkstop": lambda at: self._timer(at, None, False),
            "gripload": self._grip, "tpwrite": self._message, "stop": self._stop, "break": self._stop, "exit": lambda at: self._ended(at), "pdispoff": self._unshift,
            "pdispset": self._shift, "incr": lambda at: self._step(at, "+"), "decr": lambda at: self._step(at, "-"), "add": self._add, "clear": self._clear,
        }  # fmt: skip

    def _silent(self, at: Token) -> Body:
        values = self.arguments(at, *["?"] * 8, most=0) if at.low not in ("actunit", "deactunit") else self.arguments(at, "name")
        if at.low in ("confj", "confl"):
            switch = next(iter(values.options), "")
            if switch not in ("on", "off") or len(values.options) != 1 or values.terms:
                raise self.stream.error(at, f"{at.text} takes \\On or \\Off")
            if at.low == "confj":
                self.modal.conf_j = switch == "on"
            else:
                self.modal.conf_l = switch == "on"
        unit = self.names.controller.settings.rapid.mechanical_unit
        if at.low in ("actunit", "deactunit") and self.names.controller.positioner and values.tokens[0].low != unit.lower():
            raise self.stream.error(values.tokens[0], f"mechanical unit '{values.tokens[0].text}' does not exist; there are: {unit}")
        return []

    # Assignments and calls

    def _assignment(self) -> Body:
        token = self.stream.take()
        datum = self.datum(token.low)
        if datum is None:
            raise self.stream.error(token, self.names.unknown("variable", token.text))
        if datum.storage == "const":
            raise self.stream.error(token, f"'{token.text}' is a constant")
        if self.stream.peek().low != ":=":
            return self._component_assignment(token)
        self.stream.expect(":=")
        call = self.stream.peek()
        head = self.names.routines.get(call.low)
        if head is not None and head.kind == "func" and self.stream.peek(1).low == "(":
            return self._function_call(datum.key, self.stream.take(), head)
        term = self.expression(datum.kind)
        self.stream.expect(";")
        if datum.kind not in SCALARS:
            raise NotInterpreted
        return [Assign(datum.key, term.expression(), line=token.line)]

    def _component_assignment(self, token: Token) -> Body:
        """`shift.trans:=found.trans-expected.trans;` makes a search result, sums of them make another; anything else is not interpreted."""
        words: list[Token] = []
        while self.stream.peek().low not in (";", "") and len(words) < 60:
            words.append(self.stream.take())
        self.stream.expect(";")
        text = "".join(word.low for word in words)
        names = [word for word in words if word.kind == "name" and word.low != "trans"]
        if text.startswith(".trans:=") and len(names) == 2 and text == f".trans:={names[0].low}.trans-{names[1].low}.trans":
            found, expected = self.modal.found.get(names[0].low), self.datum(names[1].low)
            if (
                found is not None
                and expected is not None
                and expected.kind == "robtarget"
                and expected.value is not None
                and not expected.changes
            ):
                place, body = found
                if body is not self.block_body:
                    raise NotInterpreted
                one = body[place]
                assert isinstance(one, SearchLinear)
                T = self.checked(names[1], self.targets.place, expected.value).T
                body[place] = SearchLinear(one.T_frame_tcp, T, one.q, one.speed, one.signal, one.value, token.low, line=one.line)
                self.names.results[token.low] = (token.low,)
                return []
        if (
            text.startswith(".trans:=")
            and names
            and text[8:] == "+".join(f"{name.low}.trans" for name in names)
            and all(n.low in self.names.results for n in names)
        ):
            self.names.results[token.low] = tuple(part for name in names for part in self.names.results[name.low])
            return []
        raise NotInterpreted

    def _call(self, at: Token, head: Head) -> Body:
        if head.kind != "proc":
            raise self.stream.error(at, f"'{at.text}' is a {head.kind}, not a PROC that can be called as a statement")
        if not head.simple:
            raise NotInterpreted
        values = self.arguments(at, *(kind for kind, _ in head.parameters))
        values.only()
        # It may choose another tool.
        self.modal.tool = self.modal.frame = None
        return [Call(head.name, tuple(term.expression() for term in values.terms), line=at.line)]

    def _function_call(self, key: str, at: Token, head: Head) -> Body:
        if not head.simple:
            raise NotInterpreted
        self.stream.expect("(")
        arguments = []
        for i, (kind, _) in enumerate(head.parameters):
            if i:
                self.stream.expect(",", f": {at.text} takes {len(head.parameters)} values")
            arguments.append(self.expression(kind))
        self.stream.expect(")")
        if self.stream.peek().low != ";":
            raise NotInterpreted
        self.stream.expect(";")
        self.modal.tool = self.modal.frame = None
        return [Call(head.name, tuple(term.expression() for term in arguments), key, line=at.line)]

    def _step(self, at: Token, sign: str) -> Body:
        values = self.arguments(at, "num")
        return self._changed(at, values, Operation(sign, (values.terms[0].expression(), Const(1))))

    def _add(self, at: Token) -> Body:
        values = self.arguments(at, "num", "num")
        return self._changed(at, values, Operation("+", (values.terms[0].expression(), values.terms[1].expression())))

    def _clear(self, at: Token) -> Body:
        return self._changed(at, self.arguments(at, "num"), Const(0))

    def _changed(self, at: Token, values: Arguments, value: Expression) -> Body:
        datum = values.terms[0].datum
        if datum is None or datum.storage == "const":
            raise self.stream.error(values.tokens[0], f"{at.text} wants a variable")
        return [Assign(datum.key, value, line=at.line)]

    # Signals

    def _output_value(self, token: Token, term: Term, group: bool) -> bool | int | Expression:
        if term.value is None:
            return term.expression()
        value = term.value
        if value != int(value) or value < 0 or (not group and value > 1):
            raise self.stream.error(token, f"'{token.text}' cannot be the value of {'a group' if group else 'a line: 0 or 1'}")
        return int(value) if group else bool(value)

    def _set(self, at: Token, group: bool) -> Body:
        values = self.arguments(at, "name", "num")
        address = self.signal(values.tokens[0], True, group)
        value = self._output_value(values.tokens[1], values.terms[1], group)
        values.only("sync")
        return [SetSignal(address, value, line=at.line)]

    def _switch(self, at: Token, value: bool) -> Body:
        return [SetSignal(self.signal(self.arguments(at, "name").tokens[0], True, False), value, line=at.line)]

    def _invert(self, at: Token) -> Body:
        address = self.signal(self.arguments(at, "name").tokens[0], True, False)
        return [SetSignal(address, Operation("not", (SignalState(address),)), line=at.line)]

    def _pulse(self, at: Token) -> Body:
        values = self.arguments(at, "name")
        address = self.signal(values.tokens[0], True, False)
        values.only("high", "plength")
        length = self.constant(values.options["plength"]) if "plength" in values.options else 0.2
        if not 0 < length <= 2000:
            raise self.stream.error(at, f"a pulse of {length:g} s; above 0 and at most 2000 s is wanted")
        return [SetSignal(address, True, float(length), line=at.line)]

    def _wait(self, at: Token, output: bool, group: bool) -> Body:
        values = self.arguments(at, "name", "num")
        address = self.signal(values.tokens[0], output, group)
        value = self._output_value(values.tokens[1], values.terms[1], group)
        if not values.options and isinstance(value, bool | int):
            return [WaitSignal(address, value, None, line=at.line)]
        state: Expression = SignalState(address)
        if not isinstance(value, bool):
            state = Operation("=", (state, value if not isinstance(value, int) else Const(value)))
        elif not value:
            state = Operation("not", (state,))
        return self._waiting(at, values, state)

    def _waiting(self, at: Token, values: Arguments, condition: Expression) -> Body:
        values.only("maxtime", "timeflag", "inpos", "zerospeed", "pollrate", "visualize")
        late, timeout = values.options.get("timeflag"), values.options.get("maxtime")
        if late is not None and timeout is None:
            raise self.stream.error(at, f"{at.text} has \\TimeFlag without \\MaxTime")
        if late is not None and (late.datum is None or late.datum.storage == "const" or late.datum.kind != "bool"):
            raise self.stream.error(at, "\\TimeFlag wants a bool variable")
        if timeout is not None and timeout.value is not None and timeout.value <= 0:
            raise self.stream.error(at, f"\\MaxTime is {timeout.value:g} s")
        return [
            WaitUntil(
                condition,
                None if timeout is None else timeout.expression(),
                None if late is None or late.datum is None else late.datum.key,
                line=at.line,
            )
        ]

    def _until(self, at: Token) -> Body:
        values = self.arguments(at, "bool")
        return self._waiting(at, values, values.terms[0].expression())

    # Time, load, messages

    def _pause(self, at: Token) -> Body:
        values = self.arguments(at, "num")
        values.only("inpos")
        seconds = values.terms[0].value
        if seconds is not None and seconds < 0:
            raise self.stream.error(values.tokens[0], f"a pause of {seconds:g} s")
        return [Pause(float(seconds) if seconds is not None else values.terms[0].expression(), line=at.line)]

    def _timer(self, at: Token, seconds: Expression | None, running: bool | None) -> Body:
        values = self.arguments(at, "name")
        datum = self.datum(values.tokens[0].low)
        if datum is None or datum.kind != "clock":
            raise self.stream.error(values.tokens[0], self.names.unknown("clock", values.tokens[0].text))
        return [SetTimer(datum.key, seconds, running, line=at.line)]

    def _grip(self, at: Token) -> Body:
        values = self.arguments(at, "name")
        datum = self.datum(values.tokens[0].low)
        if datum is None or datum.kind != "loaddata":
            raise self.stream.error(values.tokens[0], self.names.unknown("loaddata", values.tokens[0].text))
        if datum.changes or datum.value is None:
            raise NotInterpreted
        if values.tokens[0].low == "load0":
            return [HoldLoad(None, line=at.line)]
        name = values.tokens[0]
        if self.modal.tool is None:
            # It counts from the tool of the move that comes.
            self.modal.loads.append((name, datum))
            return [HoldLoad(name.low, line=at.line)]
        return [HoldLoad(self.names.held(name.low, datum, self.modal.tool), line=at.line)]

    def resolve_loads(self, tool: str) -> None:
        """Hangs loads that were named before any tool on the tool of the move after them."""
        for token, datum in self.modal.loads:
            if self.names.held(token.low, datum, tool) != token.low:
                raise self.stream.error(token, f"'{token.text}' hangs on different tools; put GripLoad after a move with the tool")
        self.modal.loads.clear()

    def _message(self, at: Token) -> Body:
        values = self.arguments(at, "string")
        values.only("num", "bool", "pos", "orient", "dnum")
        datum = values.terms[0].datum
        text = values.terms[0].value if values.terms[0].value is not None else f"{{{datum.key}}}" if datum is not None else "{..}"
        if len(text) > LONGEST_STRING:
            raise self.stream.error(values.tokens[0], f"a text of {len(text)} characters; at most {LONGEST_STRING}")
        return [Message(str(text), line=at.line)]

    def _stop(self, at: Token) -> Body:
        self.arguments(at).only("noregain", "allmovetasks")
        return [Halt(line=at.line)]

    def _ended(self, at: Token) -> Body:
        self.arguments(at).only()
        return [Halt(True, line=at.line)]

    # Displacement

    def _shift(self, at: Token) -> Body:
        values = self.arguments(at, "pose")
        name = values.tokens[0].low
        if name not in self.names.results:
            raise NotInterpreted
        return [Shift(self.names.results[name], line=at.line)]

    def _unshift(self, at: Token) -> Body:
        self.arguments(at).only()
        return [Shift((), line=at.line)]
