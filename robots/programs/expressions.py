"""What a program can compute and test: constants, variables, signals, timers and operations on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.errors import InputError

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    value: Value


@dataclass(frozen=True, slots=True)
class Var:
    """The value of a variable."""

    name: str


@dataclass(frozen=True, slots=True)
class SignalState:
    """What an input or output shows: a bool, a group a number. `signal` is the program's key for it."""

    signal: str


@dataclass(frozen=True, slots=True)
class TimerValue:
    """Seconds on a timer; negative while it counts up to zero."""

    timer: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`not`, `and`, `or`, `=`, `<>`, `<`, `<=`, `>`, `>=`, `+`, `-`, `*`, `/`, `negate` of its arguments."""

    name: str
    arguments: tuple[Expression, ...]


Expression = Const | Var | SignalState | TimerValue | Operation


class ValueFault(InputError):
    """An expression that has no value: an unknown name, a division by zero, a text where a number is wanted."""


def _numbers(operation: str, values: list[Value]) -> list[float]:
    for value in values:
        if isinstance(value, str):
            raise ValueFault(f"'{operation}' wants numbers, one is the text '{value}'")
    return [float(value) if not isinstance(value, bool | int) else int(value) for value in values if not isinstance(value, str)]


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_COMPUTE: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
OPERATIONS = ("not", "and", "or", "=", "<>", *_COMPARE, *_COMPUTE, "negate")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where an expression finds its values: each takes a name and raises `ValueFault` when there is no such thing."""

    variable: Callable[[str], Value]
    signal: Callable[[str], bool | int]
    timer: Callable[[str], float]


def evaluate(expression: Expression, lookup: Lookup) -> Value:
    """The value of an expression.

    Raises:
        ValueFault: It has none.
    """
    if isinstance(expression, Const):
        return expression.value
    if isinstance(expression, Var):
        return lookup.variable(expression.name)
    if isinstance(expression, SignalState):
        return lookup.signal(expression.signal)
    if isinstance(expression, TimerValue):
        return lookup.timer(expression.timer)
    name = expression.name
    if name in ("and", "or"):
        # Both sides may be long: the second is only asked when it decides.
        first, *rest = expression.arguments
        result = truth(evaluate(first, lookup), name)
        for one in rest:
            if result == (name == "or"):
                return result
            result = truth(evaluate(one, lookup), name)
        return result
    values = [evaluate(one, lookup) for one in expression.arguments]
    if name == "not":
        return not truth(values[0], name)
    if name in ("=", "<>"):
        return (values[0] == values[1]) == (name == "=")
    numbers = _numbers(name, values)
    if name == "negate":
        return -numbers[0]
    if name in _COMPARE:
        return _COMPARE[name](*numbers)
    if name == "/" and numbers[1] == 0:
        raise ValueFault("division by zero")
    if name in _COMPUTE:
        return _COMPUTE[name](*numbers)
    raise ValueFault(f"'{name}' is no operation; valid: {', '.join(OPERATIONS)}")


def truth(value: Value, where: str) -> bool:
    """A bool, or 0 and 1 as controllers take them; raises `ValueFault` otherwise."""
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    raise ValueFault(f"{where} wants true or false, it is given {value!r}")


def signals_in(expression: Expression) -> Iterator[str]:
    """Every signal an expression asks."""
    if isinstance(expression, SignalState):
        yield expression.signal
    elif isinstance(expression, Operation):
        for one in expression.arguments:
            yield from signals_in(one)


def wanted(expression: Expression, holds: bool = True) -> dict[str, bool | int]:
    """The signals that have to show something, and what, for an expression to become true (or false): what a wait waits for.

    Alternatives are taken from the left; timers and variables are left out.
    """
    if isinstance(expression, SignalState):
        return {expression.signal: holds}
    if not isinstance(expression, Operation):
        return {}
    if expression.name == "not":
        return wanted(expression.arguments[0], not holds)
    if expression.name in ("=", "<>"):
        equal = (expression.name == "=") == holds
        for one, other in (expression.arguments, expression.arguments[::-1]):
            if isinstance(one, SignalState) and isinstance(other, Const) and isinstance(other.value, bool | int):
                if equal:
                    return {one.signal: other.value}
                return {one.signal: not other.value} if isinstance(other.value, bool) else {}
        return {}
    if expression.name in ("and", "or"):
        parts = [wanted(one, holds) for one in expression.arguments]
        if (expression.name == "and") == holds:
            return {signal: value for part in reversed(parts) for signal, value in part.items()}
        return next((part for part in parts if part), {})
    return {}
