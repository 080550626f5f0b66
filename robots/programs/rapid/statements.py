"""Statements of RAPID text: their arguments, assignments and calls; what instructions do stands in `rapid_process` and `rapid_moves`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from robots.programs.expressions import Const, Expression, Operation
from robots.programs.program import (
    Assign,
    Call,
    Instruction,
    SearchLinear,
)
from robots.programs.rapid.expressions import ExpressionReader
from robots.programs.rapid.records import SCALARS
from robots.programs.rapid.scope import Datum, Head, Names
from robots.programs.rapid.targets import TargetError, Targets
from robots.programs.rapid.terms import NotInterpreted, Term
from robots.programs.rapid.tokens import Token, TokenStream

Body = list[Instruction]
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
        return {"incr": lambda at: self._step(at, "+"), "decr": lambda at: self._step(at, "-"), "add": self._add, "clear": self._clear}

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
                body[place] = SearchLinear(
                    one.T_frame_tcp, T, one.q, one.speed, one.signal, one.value, token.low, one.track, one.external, line=one.line
                )
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
