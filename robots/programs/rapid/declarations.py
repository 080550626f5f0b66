"""Declarations of RAPID text."""

from __future__ import annotations

import re
from typing import Any

from robots.programs.expressions import Value
from robots.programs.rapid.expressions import NORM
from robots.programs.rapid.moves import MoveReader, floats
from robots.programs.rapid.records import RECORDS, SCALARS, initial, length
from robots.programs.rapid.scope import Datum
from robots.programs.rapid.terms import Term
from robots.programs.rapid.tokens import Token

LONGEST_NAME = 32
_N = r"[-+]?\d{1,12}(?:\.\d*)?(?:[Ee][-+]?\d{1,2})?"
_FOUR, _SIX = rf"({_N}(?:,{_N}){{3}})", rf"({_N}(?:,{_N}){{5}})"
_PLAIN_TARGET = re.compile(
    rf"\s*(CONST|PERS|VAR)\s+(?:robtarget\s+([A-Za-z]\w*):=\[\[({_N},{_N},{_N})\],\[{_FOUR}\],\[{_FOUR}\],\[{_SIX}\]\]"
    rf"|jointtarget\s+([A-Za-z]\w*):=\[\[{_SIX}\],\[{_SIX}\]\]);\s*(?:!.*)?",
    re.ASCII | re.IGNORECASE,
)
"""Targets as programming systems write them; whatever looks otherwise is read word by word."""


class DeclarationReader(MoveReader):
    """Reads declarations; see `ExpressionReader` for the arguments."""

    changed: frozenset[str] = frozenset()
    """Names that are assigned somewhere in the module."""
    prefix = ""
    """Before the keys of the module's own variables."""

    def plain_target(self, text: str, line: int) -> bool:
        """Reads a line that declares a target in the usual form; False when it does not, or when something is wrong with it."""
        match = _PLAIN_TARGET.fullmatch(text.replace(", ", ",").replace(" := ", ":="))
        if match is None:
            return False
        storage, place, trans, rot, conf, extax, joints, robax, jointax = match.groups()
        name = (place or joints).lower()
        if len(name) > LONGEST_NAME or self._taken(name):
            return False
        value: Any
        if place is not None:
            value = (floats(trans), floats(rot), floats(conf), floats(extax))
            if abs(length(value[1]) - 1) > NORM:
                return False
        else:
            value = (floats(robax), floats(jointax))
        kind = "robtarget" if place is not None else "jointtarget"
        self.names.data[name] = Datum(kind, storage.lower(), value, name, line, name in self.changed)
        return True

    def _taken(self, low: str) -> bool:
        known = self.names.data.get(low)
        return (known is not None and known.storage != "user") or low in self.module_data or low in self.names.routines

    def declaration(self, variables: dict[str, Value | None] | None) -> None:
        """`VAR num n:=1;` and its like; `variables` takes the routine's own, None for data of the module."""
        local = self.stream.peek().low in ("local", "task")
        own = self.stream.take().low == "local" if local else False
        storage = self.stream.take()
        if storage.low not in ("var", "pers", "const"):
            raise self.stream.error(storage, f"VAR, PERS or CONST is missing; here stands {storage}")
        if variables is not None and storage.low == "pers":
            raise self.stream.error(storage, "PERS cannot stand in a routine")
        kind = self.stream.expect_name("a data type").low
        name = self.stream.expect_name(f"the name of the {kind}")
        self._check_name(name, own, variables is not None)
        array = self.stream.peek().low == "{"
        if array:
            self._balanced("}")
            kind = "?"
        value, term = self._initial(kind, storage, array)
        self.stream.expect(";")
        datum = Datum(kind, storage.low, value, self._key(name.low, own, variables is not None), name.line, name.low in self.changed)
        if variables is not None:
            self.local[name.low] = datum
        else:
            (self.module_data if own else self.names.data)[name.low] = datum
        if kind in SCALARS and storage.low != "const":
            first = value if term is None or term.value is not None else None
            (self.names.variables if variables is None else variables)[datum.key] = first

    def _check_name(self, name: Token, own: bool, in_routine: bool) -> None:
        if len(name.text) > LONGEST_NAME:
            raise self.stream.error(name, f"'{name.text}' has {len(name.text)} characters; at most {LONGEST_NAME}")
        scope = self.local if in_routine else self.module_data if own else self.names.data
        known = scope.get(name.low)
        if (known is not None and known.storage != "user") or (not in_routine and name.low in self.names.routines):
            raise self.stream.error(name, f"'{name.text}' is declared twice, or is the name of something that every controller has")

    def _key(self, low: str, own: bool, in_routine: bool) -> str:
        return f"{self.prefix}{low}" if own and not in_routine else low

    def _initial(self, kind: str, storage: Token, array: bool) -> tuple[Any, Term | None]:
        if not self.stream.accept(":="):
            if storage.low != "var":
                raise self.stream.error(self.stream.peek(), f"{storage.text} data has a value: ':=' is missing")
            return (initial(kind) if kind in SCALARS else None), None
        if array or (kind not in RECORDS and kind not in SCALARS):
            # Arrays and records of options are legal, and not interpreted.
            begin = self.stream.peek()
            if begin.low == "[":
                self._balanced("]")
                return None, None
            return None, self.expression()
        self.depth = 0
        begin = self.stream.peek()
        term = self.expression(kind)
        if kind == "loaddata" and term.value is not None:
            self._check_load(begin, term.value)
        if kind == "tooldata" and term.value is not None:
            self._check_load(begin, term.value[2])
        return term.value, term

    def _check_load(self, begin: Token, value: Any) -> None:
        if value[0] <= 0 or not any(value[1]):
            raise self.stream.error(begin, "the controller refuses a load of 0 kg or with its centre of mass at [0,0,0]")

    def declare_parameter(self, name: str, kind: str, key: str | None = None) -> None:
        """A value that a routine is given, or the counter of a loop."""
        self.local[name.lower()] = Datum(kind, "parameter", None, key or name.lower())
