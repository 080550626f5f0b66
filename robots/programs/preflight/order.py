"""What the order of a running program does wrong: handshakes passed without standing, a part that nobody weighs, a first move from nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from core.findings import Finding
from core.units import to_mm
from robots.programs.events import (
    ArcChanged,
    Event,
    Halted,
    LoadChanged,
    Messaged,
    Moved,
    Paused,
    SignalSet,
    Skipped,
    Stuck,
    Waited,
)
from robots.programs.followed import Followed, Spot, finding_at
from robots.programs.preflight.late import Late
from robots.programs.program import Call, HoldLoad, Instruction, MoveCircular, MoveJoint, MoveLinear, RobotProgram, WaitSignal

HELD = "part-held"
"""Neutral name of the signal that the gripper has the part."""


def order_findings(program: RobotProgram, main: Followed, held: str = HELD) -> list[Finding]:
    """Of the run in which every signal comes; `held`: the line that tells that the part is held."""
    findings = _first_move(main) + _blends(main) + _bare_tools(program, main) + _held(program, main, held) + _retreat_blends(program)
    if main.fault is not None:
        error, spot = main.fault
        findings.append(
            finding_at("error", "not-runnable", spot, error.message, "correct the instruction; what would follow is not checked")
        )
    stuck = next(((event, spot) for event, spot in main.events if isinstance(event, Stuck)), None)
    if stuck is not None:
        findings.append(finding_at("warning", "not-followed", stuck[1], "no signal that is waited for here alone ends this wait; what follows is not checked in its order", "prove it with `pliant verify`"))  # fmt: skip
    return findings


def late_findings(late: Late) -> list[Finding]:
    """Of what happens after a wait that ran out."""
    findings = _blends(late.followed)
    if late.followed.fault is not None:
        error, spot = late.followed.fault
        message = f"when the wait ({late.wait}) runs out: {error.message}"
        findings.append(finding_at("error", "not-runnable", spot, message, "correct the instruction"))
    return findings


def _first_move(main: Followed) -> list[Finding]:
    first = next(((event, spot) for event, spot in main.events if isinstance(event, Moved)), None)
    if first is None or first[0].kind == "joint":
        return []
    message = f"the first move is {first[0].kind}: the way to it depends on where the robot happens to stand"
    return [finding_at("error", "first-move", first[1], message, "begin with a joint move to a safe position, given as joint values")]


def _blends(followed: Followed) -> list[Finding]:
    """Rounded moves after which something happens that needs the robot to stand."""
    findings = []
    last: tuple[float, Spot] | None = None
    for event, spot in followed.events:
        if isinstance(event, Moved):
            last = None if event.blend is None else (event.blend, spot)
        elif last is not None and not isinstance(event, Messaged | Skipped):
            blend, move = last
            last = None
            if isinstance(event, Halted) and event.ends:
                findings += _at_end(blend, move)
                continue
            message = f"rounded by {to_mm(blend):g} mm, and then {_words(event)} ({spot}): the controller looks ahead, it happens before the robot is there"
            findings.append(
                finding_at("error", "blending-across-handshake", move, message, "stop exactly at this target, or use a trigger", {"blend_mm": to_mm(blend), "next": spot.data})
            )  # fmt: skip
    if last is not None and followed.fault is None and not followed.endless:
        findings += _at_end(*last)
    return findings


def _at_end(blend: float, move: Spot) -> list[Finding]:
    message = f"the last move is rounded by {to_mm(blend):g} mm, no other follows"
    return [finding_at("info", "blend-at-end", move, message, "let the last move stop exactly")]


def _words(event: Event) -> str:
    if isinstance(event, SignalSet):
        return f"{event.address} is set to {event.value}"
    if isinstance(event, Waited | Stuck):
        return f"{', '.join(address for address, _ in event.signals) or 'something'} is waited for"
    if isinstance(event, LoadChanged):
        return f"the load changes to {event.load.mass:g} kg"
    if isinstance(event, Paused):
        return f"the robot pauses {event.seconds:g} s"
    if isinstance(event, ArcChanged):
        return "the arc is ended" if event.procedure is None else "the arc is ignited"
    return "the program halts"


def _bare_tools(program: RobotProgram, main: Followed) -> list[Finding]:
    """Moves with a tool that has no mass, before any load is named."""
    tools = {id(tool.T_flange_tcp): name for name, tool in program.tools.items() if not 0 < tool.load.mass < float("inf")}
    findings = []
    for event, spot in main.events:
        if isinstance(event, LoadChanged) and event.load.mass > 0:
            break
        name = tools.pop(id(event.T_flange_tcp), None) if isinstance(event, Moved) else None
        if name is not None:
            mass = program.tools[name].load.mass
            message = f"moves with tool '{name}', which has a mass of {mass:g} kg; controllers refuse it or drive as if there were no tool"
            remedy = "give the tool's mass and centre of mass in the cell, or name the load before"
            findings.append(finding_at("error", "missing-payload", spot, message, remedy, {"tool": name, "mass_kg": mass}))
    return findings


def _held(program: RobotProgram, main: Followed, signal: str) -> list[Finding]:
    """Moves with a part whose load nobody has named, and moves with a load that is gone."""
    findings = []
    address = program.signals[signal].address if signal in program.signals else None
    load: str | None = None
    open_wait: tuple[bool, Spot] | None = None
    for event, spot in main.events:
        one = spot.instruction
        if isinstance(event, LoadChanged) and isinstance(one, HoldLoad):
            load, open_wait = one.load, None
        elif isinstance(event, Waited) and address in dict(event.signals):
            value = bool(dict(event.signals)[address])
            open_wait = (value, spot) if value != (load is not None) else None
        elif isinstance(event, Moved) and open_wait is not None:
            held, wait = open_wait
            open_wait = None
            if held:
                choice = ", ".join(sorted(program.loads)) or "none"
                message = f"the part is held from here on, but the next move ({spot}) runs without its load"
                findings.append(finding_at("error", "missing-payload", wait, message, f"name the load before the move; loads: {choice}"))
            elif load is not None:
                message = f"the part is gone from here on, but the next move ({spot}) still runs with the load '{load}'"
                findings.append(finding_at("warning", "payload-stays", wait, message, "take the load back before the move"))
    return findings


def _retreat_blends(program: RobotProgram) -> list[Finding]:
    """Rounded moves in retreats and in what they call."""
    routines = {routine.name: routine for routine in program.routines}
    ahead = list(dict.fromkeys(one.retreat for one in _all(program) if isinstance(one, WaitSignal) and one.retreat is not None))
    seen: set[str] = set()
    findings = []
    while ahead:
        name = ahead.pop(0)
        if name in seen or name not in routines:
            continue
        seen.add(name)
        ahead += [one.routine for one in routines[name].walk() if isinstance(one, Call)]
        for number, one in enumerate(routines[name].walk(), 1):
            if isinstance(one, MoveJoint | MoveLinear | MoveCircular) and one.blend is not None:
                spot = Spot(name, number, one, routines[name].file, one.line)
                rounded = "as set" if one.blend == "set" else f"by {to_mm(one.blend):g} mm"
                message = f"rounded {rounded} in a retreat: it begins wherever the robot stands, the corner that is cut is not known"
                findings.append(finding_at("warning", "retreat-blends", spot, message, "stop exactly at every target of a retreat"))
    return findings


def _all(program: RobotProgram) -> Iterable[Instruction]:
    return (one for routine in program.routines for one in routine.walk())
