"""Motion statements of FANUC TP: `J P[1] 50% CNT20`, `L P[2] 100mm/sec FINE TB .10sec,DO[1]=ON`, `C P[3] P[4] 20cm/min FINE`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from core.frames import Array
from core.units import DEG, INCH, MM
from robots.programs.fanuc.expressions import NotKnown, Wrong
from robots.programs.fanuc.positions import Position
from robots.programs.program import Instruction, MoveCircular, MoveJoint, MoveLinear, Trigger

FASTEST_MM_S = 2000.0
_N = r"(?:\d+\.?\d*|\.\d+)"
_P = r"P\[\s*(\d+)\s*(?::[^\]]*)?\]"
MOTION = re.compile(r"[JLCA]\s+(?:P|PR)\[", re.IGNORECASE)
_SIMPLE = re.compile(
    rf"([JLC])\s+{_P}(?:\s*{_P})?\s*(?:({_N})\s*(%|mm/sec|cm/min|inch/min|deg/sec|msec|sec)|(WELD_SPEED))\s*(?:(FINE)|CNT\s*(\d+))(?![\w.])",
    re.IGNORECASE,
)
# What a controller takes but the program's own text does not settle: registers, indirect positions, arcs through many points.
_OPEN = re.compile(r"PR\[|P\[\s*(?:R|AR)\[|(?<![A-Za-z])A?R\[|max_speed|^A\s", re.IGNORECASE)
_TIMED = re.compile(rf",?\s*(T[AB])\s*({_N})\s*sec\s*,\s*", re.IGNORECASE)
_BEFORE = re.compile(rf",?\s*DB\s*({_N})\s*mm\s*,\s*", re.IGNORECASE)
_OPTION = re.compile(r",?\s*(?:ACC\s*(\d+)|(PTH)|(COORD))(?=[\s,]|$)", re.IGNORECASE)
_OFFSET = re.compile(r",?\s*Offset\s*,\s*PR\[\s*(\d+)\s*(?::[^\]]*)?\](?=[\s,]|$)", re.IGNORECASE)
_SKIP = re.compile(
    r",?\s*Skip\s*,\s*LBL\[\s*(\d{1,5})\s*(?::[^\]]*)?\]\s*,\s*PR\[\s*(\d+)\s*(?::[^\]]*)?\]\s*=\s*LPOS(?=[\s,]|$)", re.IGNORECASE
)
_OUTPUT = re.compile(r"((?:DO|RO|GO|F)\[[^\]]*\]\s*=\s*\(?\s*(?:ON|OFF|\d+)\s*\)?)(?=\s|$)", re.IGNORECASE)
_WELD = re.compile(r"\s*((?:Weld|Arc)\s+(?:Start|End)\s*\[[^\]]*\])\s*$", re.IGNORECASE)
_SPEEDS = {"mm/sec": (MM, FASTEST_MM_S), "cm/min": (0.01 / 60, FASTEST_MM_S * 6), "inch/min": (INCH / 60, 4724.2)}
_TURN_LIMIT = 1000.0


@dataclass(slots=True)
class Options:
    """What stands behind FINE or CNT.

    Attributes:
        triggers: TB, TA, DB.
        weld: `Weld Start[..]` on the same line, else empty.
        coordinated: COORD.
        offset: Position register of `Offset,PR[n]`.
        skip: Label and register of `Skip,LBL[n],PR[m]=LPOS`.
    """

    triggers: list[Instruction] = field(default_factory=list)
    weld: str = ""
    coordinated: bool = False
    offset: int | None = None
    skip: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Motion:
    """What a motion statement says.

    Attributes:
        moves: Triggers and the move.
        points: Numbers of the positions it uses.
        weld_speed: The speed is the schedule's.
        options: What stands behind FINE or CNT.
    """

    moves: tuple[Instruction, ...]
    points: tuple[int, ...]
    weld_speed: bool
    options: Options


def read_motion(
    text: str,
    line: int,
    positions: dict[int, Position],
    cnt100_mm: float,
    weld_speed: float | None,
    output: Callable[[str], tuple[str, bool | int]],
    pose: Callable[[Position], Array | None],
) -> Motion:
    """A motion statement.

    Args:
        text: The statement.
        line: Where it stands.
        positions: Of the program.
        cnt100_mm: What CNT100 may round.
        weld_speed: Of the procedure in use [m/s], if that is known here.
        output: Reads `DO[1]=ON`: the signal and its value.
        pose: Of a joint position in its frame (4, 4); None: not known.

    Raises:
        Wrong: No controller takes it.
        NotKnown: It depends on more than the program's text.
    """
    match = _SIMPLE.match(text)
    if match is None:
        if _OPEN.search(text):
            raise NotKnown
        raise _fault(text)
    kind, first, second, number, unit, welds, fine, cnt = match.groups()
    kind = kind.upper()
    if (second is not None) != (kind == "C"):
        raise Wrong(
            "C has two positions, the second in the line that goes on with ':'" if kind == "C" else f"{kind} has one position", match.end(2)
        )
    points = tuple(int(one) for one in (first, second) if one is not None)
    for point in points:
        if point not in positions:
            raise Wrong(f"P[{point}] is not in /POS; there are: {_list(positions)}", match.start(2))
    blend = None
    if fine is None:
        if int(cnt) > 100:
            raise Wrong(f"CNT{cnt}; CNT goes from 0 to 100", match.start(8))
        blend = _blend(int(cnt), cnt100_mm)
    speed, turn, duration = _speed(kind, number, unit, welds, weld_speed, match.start(4) if number else match.start(6))
    options = _options(text, match.end(), line, output)
    end = positions[points[-1]]
    move: Instruction
    if kind == "J":
        if end.q is not None:
            move = MoveJoint(end.q, speed, blend, duration, external=end.external, line=line)
        else:
            move = MoveJoint(None, speed, blend, duration, end.T, end.posture, end.track, end.external, line=line)
    else:
        Ts = [position.T if position.T is not None else pose(position) for position in (positions[point] for point in points)]
        target, via = Ts[-1], Ts[0]
        if target is None or via is None:
            # Without the arm's kinematics the pose of a joint position is the controller's to compute.
            raise NotKnown
        track = end.track if end.q is None or len(end.q) == 6 else float(end.q[0])
        if kind == "L":
            move = MoveLinear(target, None, speed, duration, blend, turn, end.posture, track, end.external, line=line)
        else:
            move = MoveCircular(via, target, None, speed, duration, blend, turn, end.posture, track, end.external, line=line)
    return Motion((*options.triggers, move), points, welds is not None, options)


@lru_cache(maxsize=4096)
def _blend(cnt: int, cnt100_mm: float) -> float:
    """How far CNT may round [m]; one number object for all moves that say the same."""
    return cnt / 100 * cnt100_mm * MM


@lru_cache(maxsize=4096)
def _speed(
    kind: str, number: str | None, unit: str | None, welds: str | None, weld_speed: float | None, at: int
) -> tuple[float | None, float | None, float | None]:
    """(share or m/s, rad/s, s)"""
    if welds is not None:
        if kind == "J":
            raise Wrong("a joint move has no WELD_SPEED", at)
        return weld_speed, None, None
    assert number is not None and unit is not None
    value, unit = float(number), unit.lower()
    if unit in ("sec", "msec"):
        seconds = value if unit == "sec" else value / 1e3
        if not 0 < seconds <= (3200 if unit == "sec" else 32):
            raise Wrong(f"{number}{unit}; a move takes more than 0 and at most {'3200sec' if unit == 'sec' else '32000msec'}", at)
        return (1.0 if kind == "J" else FASTEST_MM_S * MM), None, seconds
    if (unit == "%") != (kind == "J"):
        raise Wrong(f"{kind} with {unit}; J takes %, sec, msec; L and C take mm/sec, cm/min, inch/min, deg/sec, sec, msec", at)
    if unit == "%":
        if not 1 <= value <= 100:
            raise Wrong(f"{number}%; J takes 1 to 100 %", at)
        return value / 100, None, None
    if unit == "deg/sec":
        if not 0 < value <= _TURN_LIMIT:
            raise Wrong(f"{number}deg/sec; more than 0 and at most {_TURN_LIMIT:g}", at)
        return FASTEST_MM_S * MM, value * DEG, None
    scale, most = _SPEEDS[unit]
    if not 0 < value <= most:
        raise Wrong(f"{number}{unit}; more than 0 and at most {most:g}{unit}", at)
    return value * scale, None, None


def _options(text: str, at: int, line: int, output: Callable[[str], tuple[str, bool | int]]) -> Options:
    out = Options()
    while at < len(text) and text[at:].strip():
        if (match := _OPTION.match(text, at)) is not None:
            out.coordinated = out.coordinated or match[3] is not None
            if match[1] is not None and int(match[1]) > 500:
                raise Wrong(f"ACC{match[1]}; ACC goes from 0 to 500", match.start(1))
            at = match.end()
        elif (match := _OFFSET.match(text, at)) is not None:
            out.offset = int(match[1])
            at = match.end()
        elif (match := _SKIP.match(text, at)) is not None:
            out.skip = (str(int(match[1])), int(match[2]))
            at = match.end()
        elif (match := _WELD.match(text, at)) is not None:
            out.weld = match[1]
            return out
        elif (match := _TIMED.match(text, at) or _BEFORE.match(text, at)) is not None:
            if out.triggers:
                raise Wrong("a move has one TB, TA or DB", at)
            what = _OUTPUT.match(text, match.end())
            if what is None:
                raise NotKnown
            signal, value = output(what[1])
            if match.re is _BEFORE:
                out.triggers.append(Trigger(signal, value, "end", float(match[1]) * MM, line=line))
            else:
                seconds = float(match[2])
                out.triggers.append(Trigger(signal, value, "end", 0.0, seconds if match[1].upper() == "TA" else -seconds, line=line))
            at = what.end()
        else:
            raise NotKnown
    return out


def _fault(text: str) -> Wrong:
    """What is missing in a motion statement."""
    steps = (
        (rf"[JLCA]\s+{_P}(?:\s*{_P})?", "a position P[number] is expected"),
        (
            rf"\s*(?:{_N}\s*(?:%|mm/sec|cm/min|inch/min|deg/sec|msec|sec)|WELD_SPEED)",
            "a speed is expected: 50%, 100mm/sec, 60cm/min, 2.0sec, WELD_SPEED",
        ),
        (r"\s*(?:FINE|CNT\s*\d+)(?![\w.])", "FINE or CNT0 to CNT100 is expected"),
    )
    at = 0
    for pattern, message in steps:
        match = re.compile(pattern, re.IGNORECASE).match(text, at)
        if match is None:
            return Wrong(message, at)
        at = match.end()
    return Wrong("this motion is not understood", at)


def _list(positions: dict[int, Position]) -> str:
    names = [f"P[{number}]" for number in sorted(positions)]
    return ", ".join(names if len(names) <= 8 else [*names[:7], f"... P[{max(positions)}]"]) or "none"
