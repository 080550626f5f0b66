"""Expressions of KRL with their types.

KRL compares last: `A==1 AND B==2` means `A==(1 AND B)==2`. That is refused here as it is on the controller, because AND wants BOOL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from robots.programs.expressions import Const, Expression, Operation, SignalState, TimerValue, Var
from robots.programs.krl.data import MOST_LINES, Names, Symbol
from robots.programs.krl.lines import GREATEST, Cursor, NotSaid, Token

Type = Literal["int", "real", "bool", "text"]
Typed = tuple[Expression, Type]
_COMPARE = {"==": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_NUMERIC = ("int", "real")
MOST_TIMERS = 64


def expression(c: Cursor, names: Names) -> Typed:
    """What stands at the cursor.

    Raises:
        ProgramTextError: Broken syntax, an undeclared name, operands of the wrong type.
        NotSaid: Something that neutral programs cannot compute.
    """
    c.deeper()
    left = _ranked(c, names, 0)
    token = c.next
    if token.text in _COMPARE and token.kind == "sign":
        c.take()
        right = _ranked(c, names, 0)
        if (left[1] in _NUMERIC) != (right[1] in _NUMERIC) or (left[1] not in _NUMERIC and left[1] != right[1]):
            raise c.error(f"'{token.text}' compares {left[1].upper()} with {right[1].upper()}", token)
        if left[1] not in _NUMERIC and token.text not in ("==", "<>"):
            raise c.error(f"'{token.text}' wants numbers, here stands {left[1].upper()}", token)
        left = (Operation(_COMPARE[token.text], (left[0], right[0])), "bool")
        if c.next.text in _COMPARE and c.next.kind == "sign":
            c.fail("a comparison cannot be compared: use parentheses (KRL compares after AND and OR)")
    c.depth -= 1
    return left


def condition(c: Cursor, names: Names) -> Expression:
    """An expression that is true or false."""
    start = c.next
    value, kind = expression(c, names)
    if kind != "bool":
        raise c.error(f"a condition is wanted, here stands {kind.upper()}", start)
    return value


def constant(c: Cursor, names: Names, what: str) -> float:
    """A number that does not change while the program runs; raises `NotSaid` for one that does."""
    start = c.next
    value, kind = expression(c, names)
    if kind not in _NUMERIC:
        raise c.error(f"{what}: a number is wanted, here stands {kind.upper()}", start)
    if not isinstance(value, Const) or isinstance(value.value, str):
        raise NotSaid
    return float(value.value)


_RANKS: tuple[dict[str, str], ...] = ({"OR": "or"}, {"EXOR": "<>"}, {"AND": "and"}, {"+": "+", "-": "-"}, {"*": "*", "/": "/"})
_FOLD: dict[str, Callable[[float, float], float]] = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def _ranked(c: Cursor, names: Names, rank: int) -> Typed:
    if rank == len(_RANKS):
        return _signed(c, names)
    left = _ranked(c, names, rank + 1)
    while c.next.text in _RANKS[rank] or c.next.text in ("B_AND", "B_OR", "B_EXOR"):
        token = c.take()
        if token.text.startswith("B_"):
            raise NotSaid
        left = _joined(c, token, _RANKS[rank][token.text], left, _ranked(c, names, rank + 1))
    return left


def _joined(c: Cursor, token: Token, name: str, left: Typed, right: Typed) -> Typed:
    logical = token.text in ("AND", "OR", "EXOR")
    for _, given in (left, right):
        if logical and given != "bool":
            raise c.error(
                f"{token.text} wants BOOL, it is given {given.upper()}: put comparisons in parentheses, KRL compares after AND and OR",
                token,
            )
        if not logical and given not in _NUMERIC:
            raise c.error(f"'{token.text}' wants numbers, it is given {given.upper()}", token)
    if logical:
        return Operation(name, (left[0], right[0])), "bool"
    kind: Type = "int" if left[1] == right[1] == "int" else "real"
    if (
        isinstance(left[0], Const)
        and isinstance(right[0], Const)
        and not isinstance(left[0].value, str)
        and not isinstance(right[0].value, str)
    ):
        return _folded(c, token, left[0].value, right[0].value, kind), kind
    if name == "/" and kind == "int":
        # KRL cuts the fraction off; neutral programs divide.
        raise NotSaid
    return Operation(name, (left[0], right[0])), kind


def _folded(c: Cursor, token: Token, a: float, b: float, kind: Type) -> Const:
    if token.text == "/" and b == 0:
        raise c.error("division by zero", token)
    value = a / b if token.text == "/" else _FOLD[token.text](a, b)
    if abs(value) > GREATEST:
        raise c.error("the result is too great a number", token)
    return Const(int(value) if kind == "int" else value)


def _signed(c: Cursor, names: Names) -> Typed:
    token = c.next
    if token.text in ("NOT", "-", "+") and token.kind in ("name", "sign"):
        c.take()
        c.deeper()
        value, kind = _signed(c, names)
        c.depth -= 1
        if token.text == "NOT":
            if kind != "bool":
                raise c.error(f"NOT wants BOOL, it is given {kind.upper()}", token)
            return Operation("not", (value,)), kind
        if kind not in _NUMERIC:
            raise c.error(f"'{token.text}' wants a number, it is given {kind.upper()}", token)
        if token.text == "+":
            return value, kind
        if isinstance(value, Const) and not isinstance(value.value, str):
            return Const(-value.value), kind
        return Operation("negate", (value,)), kind
    if token.text == "B_NOT":
        raise NotSaid
    return _primary(c, names)


def _primary(c: Cursor, names: Names) -> Typed:
    token = c.next
    if token.kind == "number":
        value = c.size(c.take())
        return (Const(int(token.text)), "int") if token.text.isdigit() else (Const(value), "real")
    if token.kind == "bits":
        return Const(c.bits(c.take())), "int"
    if token.kind == "text":
        return Const(c.take().text[1:-1]), "text"
    if token.kind == "enum":
        raise NotSaid
    if c.accept("("):
        inner = expression(c, names)
        c.expect(")")
        return inner
    if token.kind != "name":
        c.fail(f"a value is wanted, here stands '{token.text}'")
    c.word("a name")
    if token.text in ("TRUE", "FALSE"):
        return Const(token.text == "TRUE"), "bool"
    if c.next.text == "(":
        raise NotSaid
    if token.text.startswith("$"):
        return _system(c, names, token)
    return value_of(c, names, names.find(c, token), token)


def value_of(c: Cursor, names: Names, symbol: Symbol, token: Token) -> Typed:
    """A variable or signal that the program declares; an index that does not change is read."""
    if symbol.kind == "signal":
        return SignalState(symbol.key), "int" if names.lines[symbol.key].number else "bool"
    if c.next.text == "." or symbol.kind not in ("int", "real", "bool", "text"):
        raise NotSaid
    key = element(c, names, symbol, token)
    if symbol.fixed and not symbol.array and isinstance(symbol.value, bool | int | float | str):
        value = symbol.value
        return Const(float(value) if symbol.kind == "real" and not isinstance(value, str) else value), symbol.kind
    return Var(key), symbol.kind


def element(c: Cursor, names: Names, symbol: Symbol, token: Token) -> str:
    """The variable's name, with its index."""
    if not c.accept("["):
        if symbol.array:
            raise NotSaid
        return symbol.key
    if not symbol.array:
        raise c.error(f"'{token.text}' is no array", token)
    if c.next.text in ("]", ","):
        raise NotSaid
    index = constant(c, names, "an index")
    if c.next.text == ",":
        raise NotSaid
    c.expect("]")
    return f"{symbol.key}[{int(index)}]"


def _system(c: Cursor, names: Names, token: Token) -> Typed:
    if token.text in ("$IN", "$OUT"):
        return SignalState(line_of(c, names, token)), "bool"
    if token.text in ("$TIMER", "$TIMER_FLAG"):
        timer = str(index_of(c, names, MOST_TIMERS))
        if token.text == "$TIMER_FLAG":
            return Operation(">=", (TimerValue(timer), Const(0.0))), "bool"
        return Operation("*", (TimerValue(timer), Const(1000.0))), "real"
    raise NotSaid


def line_of(c: Cursor, names: Names, token: Token) -> str:
    """Address of `$IN[n]` or `$OUT[n]`, the cursor behind the name."""
    return names.signal(c, token.text[1:], index_of(c, names, MOST_LINES), None, token)


def index_of(c: Cursor, names: Names, most: int) -> int:
    """`[n]` with a number from 1 to `most`."""
    c.expect("[")
    at = c.next
    value = constant(c, names, "an index")
    c.expect("]")
    if value != int(value) or not 1 <= value <= most:
        raise c.error(f"index {value:g} is not in 1..{most}", at)
    return int(value)
