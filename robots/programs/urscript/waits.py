"""Loops that do nothing but wait for an input: one instruction instead of a hundred turns a second."""

from __future__ import annotations

from robots.programs.expressions import Const, Expression, Operation, TimerValue, Var, signals_in
from robots.programs.program import Assign, If, Instruction, Pause, SetTimer, WaitUntil

TIMER = "$waited"
LATE = "$late"


def wait(condition: Expression, body: list[Instruction], line: int) -> list[Instruction] | None:
    """A `while` loop as a wait, when its body only sleeps and counts and its condition asks an input; None: it is another loop.

    The counter may limit the time: `while not input and counter < limit`. It has the value afterwards that it would have had.
    """
    slept, counter, step = 0.0, None, 0.0
    for one in body:
        if isinstance(one, Pause) and isinstance(one.seconds, int | float):
            slept += one.seconds
        elif isinstance(one, Assign) and counter is None:
            counter, step = one.variable, _step(one)
            if step <= 0:
                return None
        else:
            return None
    if slept <= 0:
        return None
    asks = _parts(condition)
    limits = [one for one in asks if counter is not None and _limit(one, counter) is not None]
    signals = [one for one in asks if one not in limits]
    if len(limits) > 1 or not signals or not all(any(True for _ in signals_in(one)) for one in signals):
        return None
    if counter is not None and (not limits or any(_uses(one, counter) for one in signals)):
        return None
    missing = signals[0] if len(signals) == 1 else Operation("and", tuple(signals))
    came = missing.arguments[0] if isinstance(missing, Operation) and missing.name == "not" else Operation("not", (missing,))
    if counter is None:
        return [WaitUntil(came, line=line)]
    limit = _limit(limits[0], counter)
    assert limit is not None
    rate = slept / step
    turns: Expression = Operation("-", (limit, Var(counter)))
    timeout = turns if rate == 1 else Operation("*", (turns, Const(rate)))
    passed: Expression = TimerValue(TIMER)
    counted = passed if rate == 1 else Operation("/", (passed, Const(rate)))
    return [
        SetTimer(TIMER, Const(0.0), True, line=line),
        WaitUntil(came, timeout, LATE, line=line),
        SetTimer(TIMER, None, False, line=line),
        If(
            Var(LATE),
            (Assign(counter, limit, line=line),),
            (Assign(counter, Operation("+", (Var(counter), counted)), line=line),),
            line=line,
        ),
    ]


def _step(one: Assign) -> float:
    """By how much an assignment counts its variable up; 0: it is no such assignment."""
    value = one.value
    if isinstance(value, Operation) and value.name == "+":
        for this, other in (value.arguments, value.arguments[::-1]):
            if this == Var(one.variable) and isinstance(other, Const) and isinstance(other.value, int | float):
                return float(other.value)
    return 0.0


def _parts(condition: Expression) -> list[Expression]:
    """What has to hold together."""
    if isinstance(condition, Operation) and condition.name == "and":
        return [part for one in condition.arguments for part in _parts(one)]
    return [condition]


def _limit(one: Expression, counter: str) -> Expression | None:
    """What a counter has to stay below, or None."""
    if not isinstance(one, Operation) or one.name not in ("<", "<=", ">", ">="):
        return None
    low, high = one.arguments if one.name in ("<", "<=") else one.arguments[::-1]
    if low != Var(counter) or _uses(high, counter) or any(True for _ in signals_in(high)):
        return None
    return high


def _uses(one: Expression, name: str) -> bool:
    return one == Var(name) or (isinstance(one, Operation) and any(_uses(part, name) for part in one.arguments))
