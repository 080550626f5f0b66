"""What expressions of RAPID text become: constants, things computed at run time, and things that are not interpreted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from robots.programs.expressions import Const, Expression, Operation
from robots.programs.rapid.records import SCALARS, offs, orient_zyx, rel_tool
from robots.programs.rapid.scope import Datum
from robots.programs.rapid.tokens import Token

GREATEST = 3.5e38
"""Of a num, which has single precision."""
_NUMBERS = {"num", "dnum"}
WORDS = ("and", "or", "xor", "not", "div", "mod")


class NotInterpreted(Exception):
    """Legal text whose meaning is not known here; the statement is kept as it stands."""


@dataclass(frozen=True, slots=True)
class Term:
    """Part of an expression.

    Attributes:
        kind: Data type; `?` when it is not known.
        value: When it is constant.
        code: When it is computed at run time. Neither: it is legal, and not interpreted.
        datum: When it is a name alone.
    """

    kind: str
    value: Any = None
    code: Expression | None = None
    datum: Datum | None = None

    @property
    def known(self) -> bool:
        """Whether anything can be computed with it."""
        return self.value is not None or self.code is not None

    def expression(self) -> Expression:
        """For the neutral program; raises `NotInterpreted`."""
        if self.code is not None:
            return self.code
        if self.value is None or self.kind not in SCALARS:
            raise NotInterpreted
        return Const(self.value)


OPAQUE = Term("?")


def beside(last: Token, token: Token) -> bool:
    """Whether a sign is missing between two words."""

    def word(one: Token) -> bool:
        return one.kind in ("name", "number", "string") and one.low not in WORDS

    return (word(last) or last.low in (")", "]", "}")) and word(token)


def fits(have: str, want: str) -> bool:
    """Whether a value of one data type may stand where another is wanted."""
    return have == want or {have, want} <= _NUMBERS


def works(operation: str, kinds: set[str]) -> bool:
    """Whether an operation takes values of these data types."""
    if operation in ("and", "or"):
        return kinds <= {"bool"}
    if operation in ("=", "<>"):
        return len(kinds) < 2 or kinds <= _NUMBERS
    if operation == "+" and kinds == {"string"}:
        return True
    if operation in ("+", "-", "*") and (kinds <= {"pos"} or (operation == "*" and (kinds <= {"pos", "num"} or kinds <= {"orient"}))):
        return True
    return kinds <= _NUMBERS


def negated(term: Term) -> Term:
    """NOT."""
    if not term.known:
        return Term("bool")
    if term.value is not None:
        return Term("bool", not term.value)
    return Term("bool", None, Operation("not", (term.expression(),)))


def _added(a: Any, b: Any) -> Any:
    return tuple(x + y for x, y in zip(a, b, strict=True)) if isinstance(a, tuple) and isinstance(b, tuple) else a + b


def _scaled(a: Any, b: Any) -> Any:
    if isinstance(a, tuple) or isinstance(b, tuple):
        vector, factor = (a, b) if isinstance(a, tuple) else (b, a)
        if isinstance(factor, tuple):
            raise TypeError
        return tuple(v * factor for v in vector)
    return a * b


FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "+": _added,
    "-": lambda a, b: _added(a, _scaled(b, -1)),
    "*": _scaled,
    "/": lambda a, b: _scaled(a, 1 / b),
    "div": lambda a, b: math.trunc(a / b),
    "mod": lambda a, b: a - b * math.trunc(a / b),
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
FUNCTIONS: dict[str, tuple[tuple[str, ...], str, Callable[..., Any]]] = {
    "offs": (("robtarget", "num", "num", "num"), "robtarget", offs),
    "reltool": (("robtarget", "num", "num", "num"), "robtarget", rel_tool),
    "orientzyx": (("num", "num", "num"), "orient", orient_zyx),
    "abs": (("num",), "num", abs),
}
"""Name -> (data types it takes, the one it gives, how)."""
