"""Figures in a program that cannot be: joints outside their limits, speeds, times, poses, signals of the wrong kind, loads without mass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from core.findings import Finding
from core.frames import Array
from core.units import to_deg, to_mm
from robots.programs.expressions import Expression, Operation, TimerValue, Var, signals_in
from robots.programs.followed import Spot, finding_at, head, spots
from robots.programs.program import (
    Instruction,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    RobotProgram,
    SearchLinear,
    SetSignal,
    SetSpeed,
    Trigger,
    Unknown,
    WaitSignal,
    WaitUntil,
    While,
)

FASTEST = {"krl": 3.0, "rapid": 7.0, "fanuc": 2.0, "inform": 1.5, "urscript": 5.0}
"""Speed of straight moves above which a language's controllers refuse the text or drive slower than it says [m/s]: usual figures, to be held against
the arm's data sheet. Any language: the greatest of them."""
FASTEST_TURN = np.radians(1000.0)
"""No controller turns a tool faster on a straight move [rad/s]."""
LIMIT_TOLERANCE = 1e-6
POSE_TOLERANCE = 1e-6
_Move = MoveJoint | MoveLinear | MoveCircular | SearchLinear
_Add = Callable[[str, str, str], None]


def value_findings(program: RobotProgram, language: str | None) -> list[Finding]:
    """Everything that can be judged from one instruction alone."""
    findings: list[Finding] = []
    fastest = FASTEST.get(language or "", max(FASTEST.values()))
    for routine in program.routines:
        for spot in spots(routine):
            one = spot.instruction
            if isinstance(one, _Move):
                findings += _joints(program, one, spot) + _poses(one, spot) + _external(program, one, spot)
            findings += [
                finding_at("error", "speed-out-of-range", spot, message, "write a value inside the range")
                for message in _speeds(one, fastest)
            ]
            findings += _signal_kinds(program, one, spot) + _times(one, spot)
            if isinstance(one, Unknown):
                findings.append(finding_at("warning", "unknown-instruction", spot, f"not understood and left out of every check: '{one.text}'", "check this line at the machine", {"text": one.text}))  # fmt: skip
    for name, procedure in program.procedures.items():
        if not 0 < procedure.speed <= fastest:
            message = f"procedure '{name}' welds at {to_mm(procedure.speed):g} mm/s; more than 0 and at most {to_mm(fastest):g}"
            findings.append(finding_at("error", "speed-out-of-range", head(program.routines[0]), message, "write a value inside the range"))
    return findings + _payloads(program)


def _joints(program: RobotProgram, move: _Move, spot: Spot) -> list[Finding]:
    findings = []
    for what, q in (("", move.q), ("via ", getattr(move, "q_via", None))):
        if q is None:
            continue
        if len(q) != len(program.lower):
            message = f"{len(q)} {what}joint values, the robot has {len(program.lower)} joints"
            findings.append(finding_at("error", "joint-count", spot, message, "give one value per joint, a track first"))
            continue
        # Written so that a value that is no number is outside too.
        inside = (q >= program.lower - LIMIT_TOLERANCE) & (q <= program.upper + LIMIT_TOLERANCE)
        for joint in np.flatnonzero(~inside):
            slides = bool(program.prismatic[joint])
            value, low, high = ((to_mm if slides else to_deg)(float(x[joint])) for x in (q, program.lower, program.upper))
            unit = "mm" if slides else "deg"
            over = max(low - value, value - high)
            message = f"{what}joint {joint + 1} at {value:.3f} {unit} is {over:.3f} {unit} outside of {low:g} .. {high:g} {unit}"
            data = {"joint": int(joint) + 1, f"value_{unit}": round(value, 5), f"lower_{unit}": low, f"upper_{unit}": high}
            findings.append(finding_at("error", "joint-limits", spot, message, "move the target, or reach it in another posture", data))
    return findings


def _poses(move: _Move, spot: Spot) -> list[Finding]:
    poses: Iterator[tuple[str, Array | None]] = ((name, getattr(move, name, None)) for name in ("T_frame_tcp", "T_frame_via"))
    findings = []
    for name, T in poses:
        if T is None:
            continue
        error = float(np.max(np.abs(T[:3, :3].T @ T[:3, :3] - np.eye(3))))
        if not (np.all(np.isfinite(T)) and error < POSE_TOLERANCE and np.linalg.det(T[:3, :3]) > 0):
            what = "via point" if name == "T_frame_via" else "target"
            findings.append(finding_at("error", "not-a-pose", spot, f"the {what}'s orientation is no rotation (off by {error:.2g})", "give a rotation matrix and finite coordinates"))  # fmt: skip
    return findings


def _external(program: RobotProgram, move: _Move, spot: Spot) -> list[Finding]:
    external = getattr(move, "external", None)
    findings = []
    if external is not None and len(external) != len(program.positioner):
        message = f"{len(external)} positioner axes, the program has {len(program.positioner)}"
        findings.append(finding_at("error", "joint-count", spot, message, "give one value per positioner axis"))
    on_track = len(program.prismatic) > 0 and bool(program.prismatic[0])
    if move.q is None and on_track and getattr(move, "track", None) is None:
        findings.append(finding_at("error", "joint-count", spot, "a pose without the position of the track", "name the track's position at every target"))  # fmt: skip
    return findings


def _speeds(one: Instruction | None, fastest: float) -> Iterator[str]:
    """What is wrong with the speeds and times of an instruction."""
    joint = linear = turn = duration = None
    if isinstance(one, SetSpeed):
        joint, linear, turn = one.joint, one.linear, one.turn
    elif isinstance(one, MoveJoint):
        joint, duration = one.speed, one.duration
    elif isinstance(one, MoveLinear | MoveCircular):
        linear, turn, duration = one.speed, one.turn_speed, one.duration
    elif isinstance(one, SearchLinear):
        linear = one.speed
    if joint is not None and not 0 < joint <= 1:
        yield f"joint speed {100 * joint:g} %; more than 0 and at most 100"
    if linear is not None and not 0 < linear <= fastest:
        yield f"speed {to_mm(linear):g} mm/s; more than 0 and at most {to_mm(fastest):g}"
    if turn is not None and not 0 < turn <= FASTEST_TURN:
        yield f"turning speed {to_deg(turn):g} deg/s; more than 0 and at most {to_deg(FASTEST_TURN):g}"
    if duration is not None and not 0 < duration < float("inf"):
        yield f"a move of {duration:g} s; more than 0"


def _signal_kinds(program: RobotProgram, one: Instruction | None, spot: Spot) -> list[Finding]:
    if not isinstance(one, SetSignal | Trigger | WaitSignal) or one.signal not in program.signals:
        return []
    line = program.signals[one.signal]
    findings = []
    if isinstance(one, SetSignal | Trigger) and not line.output:
        findings.append(finding_at("error", "signal-direction", spot, f"'{one.signal}' ({line.address}) is an input and cannot be set", "set an output"))  # fmt: skip
    value: Any = one.value
    if isinstance(value, bool | int):
        fits = (value >= 0 and not isinstance(value, bool)) if line.number else value in (0, 1)
        if not fits:
            kind = "group, it takes whole numbers from 0" if line.number else "single line, it takes true or false"
            findings.append(finding_at("error", "signal-kind", spot, f"{value} for '{one.signal}' ({line.address}), which is a {kind}", "give a value that fits, or the other signal"))  # fmt: skip
    return findings


def _times(one: Instruction | None, spot: Spot) -> list[Finding]:
    given = {"a pause": one.seconds} if isinstance(one, Pause) else {"a timeout": one.timeout} if isinstance(one, WaitSignal) else {}
    if isinstance(one, SetSignal):
        given = {"a pulse": one.pulse}
    findings = [
        finding_at("error", "time-out-of-range", spot, f"{what} of {seconds:g} s; not below 0", "write a value inside the range")
        for what, seconds in given.items()
        if isinstance(seconds, int | float) and not 0 <= seconds < float("inf")
    ]
    waits = _waits_for(one)
    if waits:
        findings.append(finding_at("warning", "wait-without-timeout", spot, f"waits for {waits} without a timeout: if it does not come, the robot stands without a word", "give the wait a timeout and a retreat"))  # fmt: skip
    return findings


def _waits_for(one: Instruction | None) -> str:
    """What an instruction may wait for without end."""
    if isinstance(one, WaitSignal):
        return f"'{one.signal}' {_shown(one.value)}" if one.timeout is None else ""
    condition = one.condition if isinstance(one, WaitUntil | While) else None
    if condition is None or (isinstance(one, WaitUntil) and one.timeout is not None):
        return ""
    signals = list(dict.fromkeys(signals_in(condition)))
    return " and ".join(f"'{name}'" for name in signals) if not bounded(condition) else ""


def _shown(value: bool | int) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def bounded(condition: Expression) -> bool:
    """Whether a condition asks a timer or a variable: who counts or looks at a clock while waiting has a way out."""
    if isinstance(condition, Operation):
        return any(bounded(argument) for argument in condition.arguments)
    return isinstance(condition, TimerValue | Var)


def _payloads(program: RobotProgram) -> list[Finding]:
    findings = []
    for name, load in program.loads.items():
        if not 0 < load.mass < float("inf"):
            message = f"load '{name}' has a mass of {load.mass:g} kg"
            findings.append(finding_at("error", "missing-payload", head(program.routines[0]), message, "give its mass and centre of mass", {"load": name}))  # fmt: skip
    return findings
