"""System variables, BAS and the inline forms' data: what they set for the moves that follow."""

from __future__ import annotations

import numpy as np

from core.units import DEG, MM
from robots.programs.expressions import Const, Expression, Operation
from robots.programs.krl.context import Context
from robots.programs.krl.data import Symbol, point_text
from robots.programs.krl.expressions import MOST_TIMERS, condition, constant, expression, index_of
from robots.programs.krl.lines import Cursor, NotSaid, Token
from robots.programs.krl.motion import FASTEST, bare_tool, told
from robots.programs.krl.values import load, record
from robots.programs.program import Frame, HoldLoad, Instruction, Load, SetBlend, SetSpeed, SetTimer, UseFrame, UseTool

FASTEST_TURN = 1000.0
"""$VEL.ORI1 and 2 [deg/s]."""
DEFAULT_SPEED = 2.0
"""DEF_VEL_CP, which BAS(#INITMOV,0) sets [m/s]."""
_AXES = 12
# Components with their least and greatest value; only those in _MEAN change what neutral moves know.
_RANGES = {
    "$VEL.CP": (0.0, FASTEST), "$VEL.ORI1": (0.0, FASTEST_TURN), "$VEL.ORI2": (0.0, FASTEST_TURN), "$ACC.CP": (0.0, 100.0),
    "$ACC.ORI1": (0.0, 10_000.0), "$ACC.ORI2": (0.0, 10_000.0), "$APO.CDIS": (-1e-9, 1e5), "$APO.CPTP": (-1e-9, 100.0), "$APO.CORI": (-1e-9, 360.0),
    "$APO.CVEL": (0.0, 100.0), "$VEL_AXIS": (0.0, 100.0), "$ACC_AXIS": (0.0, 100.0), "$VEL_EXTAX": (0.0, 100.0), "$ACC_EXTAX": (0.0, 100.0),
    "$ADVANCE": (-1e-9, 5.0),
}  # fmt: skip
_ONLY = {"$IPO_MODE": "#BASE", "$ORI_TYPE": "#VAR", "$CIRC_TYPE": "#BASE"}
_IGNORED = ("$BWDSTART", "$H_POS")


def assign(c: Cursor, token: Token, context: Context) -> list[Instruction]:
    """`$NAME..=value`, the cursor behind the name.

    Raises:
        ProgramTextError: A value out of its range, a frame or load that does not exist.
        NotSaid: A variable that neutral programs do not have.
    """
    name, line = token.text, c.line
    if name in ("$TIMER", "$TIMER_STOP"):
        timer = str(index_of(c, context.names, MOST_TIMERS))
        c.expect("=")
        return [_timer(c, context, timer, name == "$TIMER_STOP")]
    if name in ("$TOOL", "$BASE", "$LOAD") and c.accept("="):
        return [{"$TOOL": _tool, "$BASE": _base, "$LOAD": _load}[name](c, context)]
    if name in _ONLY:
        c.expect("=")
        if not c.accept(_ONLY[name]):
            raise NotSaid
        c.done()
        return []
    if name in _IGNORED:
        c.expect("=")
        return []
    if c.accept("."):
        name += "." + c.word("a component").text
    elif c.accept("["):
        if c.next.kind == "number":
            c.at -= 1
            index_of(c, context.names, _AXES)
        else:
            expression(c, context.names)
            c.expect("]")
    if name not in _RANGES:
        raise NotSaid
    c.expect("=")
    at = c.next
    value = _checked(c, name, constant(c, context.names, name), at)
    c.done()
    return speed(name, value, context, line)


def _checked(c: Cursor, name: str, value: float, at: Token) -> float:
    low, high = _RANGES[name]
    if not low < value <= high:
        raise c.error(f"{name} is {value:g}; it must be {'above' if low == 0 else 'at least'} {max(low, 0):g} and at most {high:g}", at)
    return value


def speed(name: str, value: float, context: Context, line: int) -> list[Instruction]:
    """What a speed or rounding means for the moves that follow."""
    if name == "$VEL.CP":
        return [SetSpeed(linear=value, line=line)]
    if name in ("$VEL.ORI1", "$VEL.ORI2"):
        context.turn[name] = value * DEG
        return [SetSpeed(turn=min(context.turn.values()), line=line)]
    if name == "$VEL_AXIS":
        return [SetSpeed(joint=value / 100, line=line)]
    if name == "$APO.CDIS":
        return [rounding("C_DIS", value * MM, context, line)]
    if name == "$APO.CPTP":
        return [rounding("C_PTP", value / 100 * context.controller.settings.krl.cptp100_mm * MM, context, line)]
    return []


def rounding(kind: str, size: float, context: Context, line: int) -> SetBlend:
    """$APO.CDIS rounds straight moves, and joint moves that say C_DIS; $APO.CPTP those that say C_PTP. Where a program has both, the greater counts."""
    context.rounding[kind] = size
    counts = [
        value for name, value in context.rounding.items() if (context.rounds_by_distance if name == "C_DIS" else context.rounds_by_share)
    ]
    return SetBlend(joint=max(counts, default=None), linear=size if kind == "C_DIS" else None, line=line)


def _timer(c: Cursor, context: Context, timer: str, stops: bool) -> SetTimer:
    if stops:
        value = condition(c, context.names)
        c.done()
        if not isinstance(value, Const):
            raise NotSaid
        return SetTimer(timer, None, not value.value, line=c.line)
    at = c.next
    value, kind = expression(c, context.names)
    c.done()
    if kind not in ("int", "real"):
        raise c.error(f"a timer takes milliseconds, here stands {kind.upper()}", at)
    if isinstance(value, Const) and isinstance(value.value, int | float):
        seconds: Expression = Const(value.value / 1000)
    else:
        seconds = Operation("/", (value, Const(1000.0)))
    return SetTimer(timer, seconds, line=c.line)


# Tool, base and load


def _frame(c: Cursor, context: Context, what: str, numbered: str) -> tuple[str, np.ndarray | int]:
    """Key and transform of a frame variable, a literal or $NULLFRAME; or the number in `numbered`."""
    token = c.next
    if token.text == "{":
        target = point_text(c, context.names.axes)
        key = f"line {c.line}"
    else:
        c.word(what)
        if token.text == numbered:
            return f"{numbered}[{(number := index_of(c, context.names, 128))}]", number
        if token.text == "$NULLFRAME":
            return token.text, np.eye(4)
        symbol = context.names.find(c, token)
        if symbol.kind != "point":
            raise c.error(f"'{token.text}' is no frame", token)
        if c.next.text in (":", "[", "."):
            raise NotSaid
        target, key = told(symbol), token.text
    if target.T is None:
        raise c.error(f"{what} has X, Y, Z, A, B, C", token)
    return key, target.T


def _tool(c: Cursor, context: Context) -> UseTool:
    at = c.next
    key, found = _frame(c, context, "$TOOL", "TOOL_DATA")
    c.done()
    return use_tool(c, at, found, key, context) if isinstance(found, int) else _used(c, context, key, found)


def _used(c: Cursor, context: Context, key: str, T: np.ndarray) -> UseTool:
    context.tools[key] = bare_tool(T)
    return UseTool(key, line=c.line)


def use_tool(c: Cursor, at: Token, number: int, key: str, context: Context) -> UseTool:
    """A tool of the controller by number."""
    tools = context.controller.tools
    if number not in tools:
        raise c.error(f"tool {number} is not set up on this controller; there are: {', '.join(map(str, sorted(tools))) or 'none'}", at)
    context.tools[key] = bare_tool(tools[number].T_flange_tcp, number)
    return UseTool(key, line=c.line)


def use_frame(c: Cursor, at: Token, number: int, key: str, context: Context, *, carried: bool = False) -> UseFrame:
    """A base of the controller by number."""
    frames = context.controller.frames
    if number not in frames:
        raise c.error(f"base {number} is not set up on this controller; there are: {', '.join(map(str, sorted(frames))) or 'none'}", at)
    context.frames[key] = Frame(frames[number].T_robot_frame, number, carried)
    return UseFrame(key, line=c.line)


def _base(c: Cursor, context: Context) -> UseFrame:
    carried = c.accept("EK", "(")
    if carried:
        first = _machine(c, context, "ROOT")
        c.expect(",")
        at = c.next
        if _machine(c, context, "MECH_TYPE") != first:
            raise c.error(f"EK takes both from one machine, MACHINE_DEF[{first}]", at)
        if first != context.controller.settings.krl.positioner_machine or not context.controller.positioner:
            raise c.error(f"MACHINE_DEF[{first}] is not the positioner of this cell (krl.positioner_machine)", at)
        c.expect(",")
    at = c.next
    key, found = _frame(c, context, "$BASE", "BASE_DATA")
    if carried:
        key = f"EK {key}"
        c.expect(")")
    c.done()
    if isinstance(found, int):
        return use_frame(c, at, found, key, context, carried=carried)
    context.frames[key] = Frame(found, None, carried)
    return UseFrame(key, line=c.line)


def _machine(c: Cursor, context: Context, component: str) -> int:
    c.expect("MACHINE_DEF")
    number = index_of(c, context.names, 16)
    c.expect(".", component)
    return number


def _load(c: Cursor, context: Context) -> HoldLoad:
    token = c.next
    if token.text == "{":
        values = record(c)
        c.done()
        return _held(c, context, f"line {c.line}", load(values, c))
    c.word("a load")
    if token.text == "LOAD_DATA":
        number = index_of(c, context.names, 128)
        c.done()
        return hold_tool(c, token, number, context)
    symbol: Symbol = context.names.find(c, token)
    if symbol.kind != "load":
        raise c.error(f"'{token.text}' is no load", token)
    c.done()
    if not isinstance(symbol.value, Load) or not symbol.fixed:
        raise NotSaid
    return _held(c, context, token.text, symbol.value)


def _held(c: Cursor, context: Context, key: str, what: Load) -> HoldLoad:
    context.loads[key] = what
    return HoldLoad(key, line=c.line)


def hold_tool(c: Cursor, at: Token, number: int, context: Context) -> HoldLoad:
    """LOAD_DATA[n]: the tool with that number alone."""
    tools = context.controller.tools
    if number not in tools:
        raise c.error(f"load {number} is not set up on this controller; there are: {', '.join(map(str, sorted(tools))) or 'none'}", at)
    return _held(c, context, f"LOAD_DATA[{number}]", tools[number].load)


# BAS and inline forms


def bas(c: Cursor, context: Context) -> list[Instruction]:
    """`BAS (#COMMAND,value )`, the cursor behind the name."""
    c.expect("(")
    at = c.next
    if at.kind != "enum":
        c.fail(f"a command like #VEL_PTP is wanted, here stands '{at.text}'")
    command = c.take().text
    value, given = 0.0, c.next
    if c.accept(","):
        given = c.next
        value = constant(c, context.names, command)
    c.expect(")")
    c.done()
    line = c.line
    if command == "#INITMOV":
        return [SetSpeed(joint=1.0, linear=DEFAULT_SPEED, line=line)]
    if command in ("#VEL_PTP", "#PTP_PARAMS"):
        return speed("$VEL_AXIS", _checked(c, "$VEL_AXIS", value, given), context, line)
    if command in ("#VEL_CP", "#CP_PARAMS"):
        return speed("$VEL.CP", _checked(c, "$VEL.CP", value, given), context, line)
    if command in ("#ACC_PTP", "#ACC_CP"):
        _checked(c, "$ACC_AXIS" if command == "#ACC_PTP" else "$ACC.CP", value, given)
        return []
    if command == "#TOOL":
        number = int(value)
        return [use_tool(c, given, number, f"TOOL_DATA[{number}]", context), hold_tool(c, given, number, context)]
    if command == "#BASE":
        return [use_frame(c, given, int(value), f"BASE_DATA[{int(value)}]", context)]
    raise NotSaid


def inline_data(c: Cursor, token: Token, context: Context) -> list[Instruction]:
    """`PDAT_ACT=..`, `LDAT_ACT=..`, `FDAT_ACT=..` of inline forms: rounding, tool and base of the move that follows."""
    c.expect("=")
    at = c.word("its data")
    symbol = context.names.find(c, at)
    if symbol.kind != "record":
        raise c.error(f"'{at.text}' is no FDAT, PDAT or LDAT", at)
    if not isinstance(symbol.value, dict) or not symbol.fixed:
        raise NotSaid
    data, line = symbol.value, c.line
    if token.text == "FDAT_ACT":
        tool, base = data.get("TOOL_NO"), data.get("BASE_NO")
        if type(tool) is not float or type(base) is not float or data.get("IPO_FRAME", "#BASE") != "#BASE":
            raise NotSaid
        return [*_inline_tool(c, at, int(tool), context), _inline_base(c, at, int(base), context)]
    size = data.get("APO_DIST")
    if type(size) is not float:
        return []
    if token.text == "PDAT_ACT" and context.rounds_by_share:
        return speed("$APO.CPTP", size, context, line)
    return [rounding("C_DIS", size * MM, context, line)]


def _inline_tool(c: Cursor, at: Token, number: int, context: Context) -> list[Instruction]:
    """Number 0 is the flange itself."""
    if number == 0 and 0 not in context.controller.tools:
        context.tools["$NULLFRAME"] = bare_tool(np.eye(4))
        return [UseTool("$NULLFRAME", line=c.line)]
    return [use_tool(c, at, number, f"TOOL_DATA[{number}]", context), hold_tool(c, at, number, context)]


def _inline_base(c: Cursor, at: Token, number: int, context: Context) -> UseFrame:
    """Number 0 is the robot's own base."""
    if number == 0 and 0 not in context.controller.frames:
        context.frames["$NULLFRAME"] = Frame(np.eye(4))
        return UseFrame("$NULLFRAME", line=c.line)
    return use_frame(c, at, number, f"BASE_DATA[{number}]", context)
