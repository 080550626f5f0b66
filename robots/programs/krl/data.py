"""Names of a KRL program: what DECL, SIGNAL and EXT declare in the `.dat` and at the head of routines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from robots.programs.events import ProgramTextError
from robots.programs.expressions import Value
from robots.programs.krl.lines import NAME, Cursor, NotSaid, Token
from robots.programs.krl.values import POINT_TYPES, Axes, Field, Target, load, record
from robots.programs.program import Load, SignalLine

SymbolKind = Literal["int", "real", "bool", "text", "point", "load", "record", "signal", "other"]
_SIMPLE: dict[str, SymbolKind] = {"INT": "int", "REAL": "real", "BOOL": "bool", "CHAR": "text"}
_RECORDS = ("FDAT", "PDAT", "LDAT")
_STARTS = frozenset(("DECL", "SIGNAL", "EXT", "EXTFCT", "STRUC", "ENUM", "IMPORT", *_SIMPLE, *POINT_TYPES, *_RECORDS, "LOAD"))
_POINT = re.compile(rf"\s*DECL\s+({'|'.join(POINT_TYPES)})\s+({NAME})\s*=\s*\{{([^{{}}]*)\}}\s*(?:;.*)?$", re.IGNORECASE | re.ASCII)
WIDEST_GROUP = 32
MOST_LINES = 8192
"""Inputs and outputs of a KR C4."""
CONTROLLERS_OWN = frozenset(
    (
        "XHOME",
        "XHOME1",
        "XHOME2",
        "XHOME3",
        "XHOME4",
        "XHOME5",
        "FHOME",
        "PDEFAULT",
        "PDAT_ACT",
        "LDAT_ACT",
        "FDAT_ACT",
        "HOME",
        "SPL_CP_ACT",
    )
)
"""Names that every controller's own data declare; programs may use them, their values are not in the files."""


@dataclass(eq=False, slots=True)
class Symbol:
    """A declared name.

    Attributes:
        kind: What it is.
        key: Its name in the neutral program; of a signal its address.
        value: As declared; None: none yet, or (points) not to be told from the text.
        array: Has elements.
        fixed: Never assigned by the program.
    """

    kind: SymbolKind
    key: str
    value: Value | Target | Load | dict[str, Field] | None = None
    array: bool = False
    fixed: bool = True


@dataclass(eq=False, slots=True)
class Names:
    """What names mean, in one routine.

    Attributes:
        axes: Reads targets.
        wired: Addresses of the cell; None: not known.
        module: Of the whole module.
        local: Of the routine.
        lines: Signals met so far, by address.
        external: Routines declared with EXT -> number of their values.
        elements: First values of array elements, by key.
    """

    axes: Axes
    wired: frozenset[str] | None
    module: dict[str, Symbol] = field(default_factory=dict)
    local: dict[str, Symbol] = field(default_factory=dict)
    lines: dict[str, SignalLine] = field(default_factory=dict)
    external: dict[str, int] = field(default_factory=dict)
    elements: dict[str, Value] = field(default_factory=dict)

    def find(self, cursor: Cursor, token: Token) -> Symbol:
        """The symbol of a name.

        Raises:
            ProgramTextError: It is not declared.
            NotSaid: The controller's own data declare it.
        """
        symbol = self.local.get(token.text) or self.module.get(token.text)
        if symbol is None:
            if token.text.startswith("$") or token.text in CONTROLLERS_OWN:
                raise NotSaid
            near = sorted(name for name in (*self.local, *self.module) if name[:2] == token.text[:2])[:8]
            raise cursor.error(f"'{token.text}' is not declared{'; there are: ' + ', '.join(near) if near else ''}", token)
        return symbol

    def signal(self, cursor: Cursor, kind: str, first: int, last: int | None, at: Token) -> str:
        """Address of an input or output, or of a group; notes that the program has it."""
        address = f"${kind}[{first}]" if last is None else f"${kind}[{first}..{last}]"
        if address not in self.lines:
            if self.wired is not None and address not in self.wired:
                near = sorted(one for one in self.wired if one.startswith(f"${kind}"))
                raise cursor.error(f"{address} is not wired in this cell; there are: {', '.join(near) or 'none'}", at)
            self.lines[address] = SignalLine(address, kind == "OUT", last is not None)
        return address


def is_declaration(first: str, second: str) -> bool:
    """Whether a line that begins with these words (capitals) declares something."""
    if first == "GLOBAL":
        return second in _STARTS and second != "INTERRUPT"
    return first in _STARTS


def declare(text: str, file: str, line: int, names: Names, *, data: bool) -> None:
    """Takes one line of declarations into the names; `data`: it stands in a `.dat`, where values may be given.

    Raises:
        ProgramTextError: Broken syntax, a name that stands twice, a value of the wrong kind.
    """
    point = _POINT.match(text) if data else None
    if point is not None and len(point[2]) <= 24:
        name = point[2].upper()
        if name in names.module:
            raise ProgramTextError(f"'{name}' is declared twice", file=file, place=f"line {line}, column {point.start(2) + 1}")
        target = names.axes.target(point[3], (file, line, point.start(3)))
        _fits(point[1].upper(), target, ProgramTextError, file, line, point.start(3) + 1)
        names.module[name] = Symbol("point", name, target)
        return
    _Declaration(Cursor(text, file, line), names, data).read()


def _fits(kind: str, target: Target, error: type[ProgramTextError], file: str, line: int, column: int) -> None:
    if (target.q is not None) != kind.endswith("AXIS"):
        raise error(
            f"a {kind} {'has axes A1..A6' if kind.endswith('AXIS') else 'has X, Y, Z, A, B, C'}",
            file=file,
            place=f"line {line}, column {column}",
        )


class _Declaration:
    def __init__(self, cursor: Cursor, names: Names, data: bool) -> None:
        self.c, self.names, self.data = cursor, names, data
        self.into = names.module if data else names.local

    def read(self) -> None:
        c = self.c
        c.accept("GLOBAL")
        if c.accept("SIGNAL"):
            self._signal()
        elif c.accept("EXT") or c.accept("EXTFCT"):
            self._external()
        elif c.accept("STRUC") or c.accept("ENUM") or c.accept("IMPORT"):
            c.word("a name")
            return
        else:
            self._variables()
        c.done()

    def _new(self, token: Token, symbol: Symbol) -> None:
        if token.text in self.into:
            raise self.c.error(f"'{token.text}' is declared twice", token)
        self.into[token.text] = symbol

    def _signal(self) -> None:
        c = self.c
        name = c.word("the signal's name")
        at = c.next
        kind = c.word("$IN[n] or $OUT[n]").text
        if kind not in ("$IN", "$OUT"):
            # Analogue and system lines exist as well; digital ones are all that programs here can use.
            c.at = len(c.tokens) - 1
            self._new(name, Symbol("other", name.text))
            return
        first, last = self._index(), None
        if c.accept("TO"):
            end = c.next
            if c.word("the group's last line").text != kind:
                raise c.error(f"a group of {kind} ends with {kind}", end)
            last = self._index()
            if not 0 < last - first < WIDEST_GROUP:
                raise c.error(f"a group ascends and has at most {WIDEST_GROUP} lines, this one goes from {first} to {last}", end)
        self._new(name, Symbol("signal", self.names.signal(c, kind[1:], first, last, at)))

    def _index(self) -> int:
        self.c.expect("[")
        number = self.c.whole("the line's number", 1, MOST_LINES)
        self.c.expect("]")
        return number

    def _external(self) -> None:
        c = self.c
        if c.tokens[0].text == "EXTFCT" or c.tokens[1].text == "EXTFCT":
            c.word("the type")
        name = c.word("the routine's name")
        c.expect("(")
        count = 0
        while not c.accept(")"):
            if count:
                c.expect(",")
            c.word("a type")
            if c.accept("["):
                c.expect("]")
            c.expect(":")
            if not (c.accept("IN") or c.accept("OUT")):
                c.fail(f"IN or OUT is wanted, here stands '{c.next.text}'")
            count += 1
        if name.text in self.names.external:
            raise c.error(f"'{name.text}' is declared twice", name)
        self.names.external[name.text] = count

    def _variables(self) -> None:
        c = self.c
        c.accept("DECL")
        c.accept("GLOBAL")
        c.accept("CONST")
        kind = c.word("a type").text
        while True:
            name = c.word("a name")
            array = False
            if c.accept("["):
                array = True
                while not c.accept("]"):
                    c.take()
                    c.accept(",")
                    if c.next.kind == "end":
                        c.expect("]")
            symbol = Symbol(_kind(kind), name.text, array=array)
            if c.accept("="):
                if not self.data:
                    raise c.error(f"{name.text} is given a value in its declaration; outside of the .dat it is assigned in the body", name)
                symbol.value = self._value(kind, symbol)
            self._new(name, symbol)
            if not c.accept(","):
                return

    def _value(self, kind: str, symbol: Symbol) -> Value | Target | Load | dict[str, Field] | None:
        c = self.c
        if symbol.kind == "int":
            return c.whole(f"an INT for {symbol.key}", -(2**31), 2**31 - 1)
        if symbol.kind == "real":
            return c.number(f"a REAL for {symbol.key}")
        if symbol.kind == "bool":
            if c.next.text not in ("TRUE", "FALSE"):
                c.fail(f"TRUE or FALSE is wanted for the BOOL {symbol.key}, here stands '{c.next.text}'")
            return c.take().text == "TRUE"
        if symbol.kind == "text":
            if c.next.kind != "text":
                c.fail(f"a text is wanted for {symbol.key}, here stands '{c.next.text}'")
            return c.take().text[1:-1]
        if symbol.kind == "point":
            return self.point(kind)
        if c.next.text != "{":
            if symbol.kind != "other":
                c.fail(f"a {kind} stands in braces, here stands '{c.next.text}'")
            c.at = len(c.tokens) - 1
            return None
        values = record(c)
        return load(values, c) if symbol.kind == "load" else values

    def point(self, kind: str) -> Target:
        """A target in braces, where the cursor stands."""
        target = point_text(self.c, self.names.axes)
        _fits(kind, target, ProgramTextError, self.c.file, self.c.line, self.c.next.column)
        return target


def point_text(c: Cursor, axes: Axes) -> Target:
    """A target in braces, where the cursor stands."""
    start = c.next
    if start.text != "{":
        c.fail(f"a target in braces is wanted, here stands '{start.text}'")
    end = c.raw.find("}", start.column)
    if end < 0:
        raise c.error("the closing brace is missing", start)
    target = axes.target(c.raw[start.column : end], (c.file, c.line, start.column))
    while c.next.kind != "end" and c.next.column <= end + 1:
        c.take()
    return target


def _kind(name: str) -> SymbolKind:
    if name in _SIMPLE:
        return _SIMPLE[name]
    if name in POINT_TYPES:
        return "point"
    return "load" if name == "LOAD" else "record" if name in _RECORDS else "other"
