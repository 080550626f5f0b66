"""Moves and triggers of KRL text."""

from __future__ import annotations

import re

import numpy as np

from core.units import MM
from robots.programs.events import ProgramTextError
from robots.programs.expressions import Const
from robots.programs.krl.context import Context
from robots.programs.krl.data import Symbol, point_text
from robots.programs.krl.expressions import constant, expression, line_of
from robots.programs.krl.lines import NAME, Cursor, NotSaid
from robots.programs.krl.values import Target
from robots.programs.program import Blend, Load, Move, MoveCircular, MoveJoint, MoveLinear, Tool, Trigger

FASTEST = 3.0
"""$VEL.CP [m/s]."""
MOVES = ("PTP", "LIN", "CIRC", "SPTP", "SLIN", "SCIRC")
_ROUNDINGS = ("C_PTP", "C_DIS", "C_SPL", "C_ORI", "C_VEL")
_PLAIN = re.compile(rf"\s*(S?PTP|S?LIN)(?:\s*\{{([^{{}}]*)\}}|\s+({NAME}))[ \t]*(C_PTP|C_DIS|C_SPL)?\s*(?:;.*)?$", re.IGNORECASE | re.ASCII)
_LONGEST_DELAY = 10_000_000


def plain_move(text: str, line: int, context: Context) -> Move | None:
    """PTP or LIN to a target or named point, as most lines of long programs are; None: it is something else, or a point that the text does not tell."""
    match = _PLAIN.match(text)
    if match is None:
        return None
    kind = match[1].upper()
    if match[2] is not None:
        target = context.names.axes.target(match[2], (context.file, line, match.start(2)))
    else:
        name = match[3].upper()
        symbol = context.names.local.get(name) or context.names.module.get(name)
        if symbol is None or not isinstance(symbol.value, Target) or not symbol.fixed:
            return None
        target = symbol.value
    where = (match.start(2) if match[2] is not None else match.start(3)) + 1
    return _made(kind[1:] if kind[0] == "S" else kind, target, None, "set" if match[4] else None, None, line, where, context)


def move(c: Cursor, context: Context) -> Move:
    """Any move, the cursor on its first word.

    Raises:
        ProgramTextError: Broken syntax, a target that lacks something.
        NotSaid: A target that the program computes, or a way that neutral moves do not have.
    """
    kind = c.take().text
    where = c.next.column
    target = _target(c, context)
    via = None
    if kind in ("CIRC", "SCIRC"):
        via = target
        c.expect(",")
        target = _target(c, context)
        if c.accept(","):
            c.expect("CA")
            raise NotSaid
    speed, blend = None, None
    if c.accept("WITH"):
        speed, blend = _with(c, context, kind)
    rounded = False
    while c.next.text in _ROUNDINGS:
        if c.take().text in ("C_ORI", "C_VEL"):
            # How far the way then leaves the corner does not follow from the text.
            raise NotSaid
        rounded = True
    c.done()
    rounding: Blend = (blend if blend is not None else "set") if rounded else None
    return _made(kind.removeprefix("S"), target, via, rounding, speed, c.line, where, context)


def _made(
    kind: str, target: Target, via: Target | None, blend: Blend, speed: float | None, line: int, column: int, context: Context
) -> Move:
    if target.missing is not None:
        message = f"{target.missing} is missing: the axis would stay where it is; the cell has {context.names.axes.count} external axes"
        raise ProgramTextError(message, file=context.file, place=f"line {line}, column {column}")
    if kind == "PTP":
        return MoveJoint(
            target.q,
            speed,
            blend,
            None,
            target.T,
            target.posture,
            None if target.q is not None else target.track,
            target.external,
            line=line,
        )
    if target.T is None or (via is not None and via.T is None):
        raise ProgramTextError(
            f"{kind} goes to X, Y, Z, A, B, C, not to axis values", file=context.file, place=f"line {line}, column {column}"
        )
    if via is None:
        return MoveLinear(target.T, None, speed, None, blend, None, target.posture, target.track, target.external, line=line)
    assert via.T is not None
    return MoveCircular(via.T, target.T, None, speed, None, blend, None, target.posture, target.track, target.external, line=line)


def _target(c: Cursor, context: Context) -> Target:
    if c.next.text == "{":
        return point_text(c, context.names.axes)
    token = c.word("a target")
    symbol = context.names.find(c, token)
    if symbol.kind != "point":
        raise c.error(f"'{token.text}' is no point", token)
    if c.next.text in (":", "[", "."):
        raise NotSaid
    return told(symbol)


def told(symbol: Symbol) -> Target:
    """A point's place; raises `NotSaid` when the program computes it."""
    if not isinstance(symbol.value, Target) or not symbol.fixed:
        raise NotSaid
    return symbol.value


def _with(c: Cursor, context: Context, kind: str) -> tuple[float | None, float | None]:
    """Speed and rounding that count for one spline move only."""
    speed, blend = None, None
    while True:
        name = c.word("a system variable").text
        if c.accept("."):
            name += "." + c.word("a component").text
        elif c.accept("["):
            c.take()
            c.expect("]")
        c.expect("=")
        at = c.next
        if name == "$VEL.CP" and not kind.endswith("PTP"):
            speed = constant(c, context.names, name)
            if not 0 < speed <= FASTEST:
                raise c.error(f"$VEL.CP is {speed:g} m/s; it must be above 0 and at most {FASTEST:g}", at)
        elif name == "$VEL_AXIS" and kind.endswith("PTP"):
            speed = constant(c, context.names, name) / 100
            if not 0 < speed <= 1:
                raise c.error(f"$VEL_AXIS is {speed * 100:g} %; it must be above 0 and at most 100", at)
        elif name == "$APO.CDIS":
            blend = constant(c, context.names, name) * MM
        elif not (name == "$ORI_TYPE" and c.accept("#VAR")):
            raise NotSaid
        if not c.accept(","):
            return speed, blend


def trigger(c: Cursor, context: Context) -> Trigger:
    """`TRIGGER WHEN DISTANCE=0|1 DELAY=ms DO output=value`, or PATH=mm."""
    c.expect("TRIGGER", "WHEN")
    at = c.next
    where = c.word("DISTANCE or PATH").text
    c.expect("=")
    value = constant(c, context.names, where)
    start = c.accept("ONSTART")
    if where == "DISTANCE":
        if value not in (0, 1) or start:
            raise c.error(f"DISTANCE is {value:g}; it is 0 (start) or 1 (end), and without ONSTART", at)
        end, distance = value == 1, 0.0
    elif where == "PATH":
        end, distance = not start, (value if start else -value) * MM
        if distance < 0:
            # Beyond the target, on the next but one move.
            raise NotSaid
    else:
        raise c.error(f"DISTANCE or PATH is wanted, here stands '{where}'", at)
    c.expect("DELAY", "=")
    at = c.next
    delay = constant(c, context.names, "DELAY")
    if abs(delay) > _LONGEST_DELAY:
        raise c.error(f"DELAY is {delay:g} ms; at most {_LONGEST_DELAY}", at)
    c.expect("DO")
    token = c.word("an output")
    if c.next.text == "(":
        raise NotSaid
    if token.text == "$OUT":
        address = line_of(c, context.names, token)
    else:
        symbol = context.names.find(c, token)
        if symbol.kind != "signal":
            raise NotSaid
        address = symbol.key
    c.expect("=")
    at = c.next
    what, kind = expression(c, context.names)
    line = context.names.lines[address]
    if not line.output:
        raise c.error(f"{address} is an input; it cannot be set", token)
    if kind != ("int" if line.number else "bool"):
        raise c.error(f"{address} is {'a group: it takes a whole number' if line.number else 'TRUE or FALSE'}", at)
    c.done()
    if not isinstance(what, Const) or not isinstance(what.value, bool | int):
        raise NotSaid
    return Trigger(address, what.value, "end" if end else "start", distance, delay / 1000, line=c.line)


def no_load() -> Load:
    """Of tools: KRL's $LOAD is everything at the flange, the tool has no load of its own beside it."""
    return Load(0.0, np.zeros(3))


def bare_tool(T: np.ndarray, number: int | None = None) -> Tool:
    """A tool frame; see `no_load`."""
    return Tool(T, no_load(), number)
