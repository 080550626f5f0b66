"""What a program does as rows that can be laid beside those of another: events with their place, the robot's position and the time they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from robots.model import RobotModel
from robots.programs.events import Event, LoadChanged, Messaged, Moved, Paused, SignalSet, Skipped, Stuck, Waited
from robots.programs.followed import Spot, follow
from robots.programs.positions import Position, reached, seconds
from robots.programs.program import Load, RobotProgram

MASS, CENTRE = 1e-3, 2e-4
"""Loads that differ by less are the same [kg, m]."""


@dataclass(frozen=True, eq=False, slots=True)
class Happening:
    """One event.

    Attributes:
        event: What happens.
        spot: Because of which instruction.
        at: Where the robot stands afterwards.
        seconds: How long it takes; None: not known. Waits take none.
        load: On the flange; None: neither tool nor program say.
        signals: Neutral names (or addresses) and values of the lines that are set or waited for.
    """

    event: Event
    spot: Spot
    at: Position
    seconds: float | None
    load: Load | None
    signals: tuple[tuple[str, bool | int], ...] = ()


def happenings(program: RobotProgram, model: RobotModel | None, names: Mapping[str, str], *, unknown: bool) -> list[Happening]:
    """Runs a program with every signal coming.

    Messages are left out. Loads are no events of their own but belong to the moves that are made with them: languages say them where they please.

    Args:
        program: Built or read.
        model: Tells where joint moves end and how long they take.
        names: Address -> neutral name.
        unknown: Keep lines that the reader did not know.

    Raises:
        ProgramTextError: The program comes to an instruction that cannot be carried out.
    """
    followed = follow(program)
    if followed.fault is not None:
        raise followed.fault[0]
    own = {id(tool.T_flange_tcp): tool.load for tool in program.tools.values() if tool.load.mass > 0}
    load: Load | None = None
    at = Position()
    out = []
    for event, spot in followed.events:
        time: float | None = 0.0
        carried = load
        if isinstance(event, LoadChanged):
            load = event.load
        if isinstance(event, Messaged | LoadChanged) or (isinstance(event, Skipped) and not unknown):
            continue
        if isinstance(event, Moved):
            end, _ = reached(at, event, model)
            time = seconds(at, event, end, model)
            at = end
            carried = own.get(id(event.T_flange_tcp)) if load is None else load
        elif isinstance(event, Paused):
            time = event.seconds
        signals = tuple((names.get(address, address), value) for address, value in _signals(event))
        out.append(Happening(event, spot, at, time, carried, signals))
    return out


def _signals(event: Event) -> tuple[tuple[str, bool | int], ...]:
    if isinstance(event, SignalSet):
        return ((event.address, event.value),)
    return event.signals if isinstance(event, Waited | Stuck) else ()


def same_load(a: Load, b: Load) -> bool:
    """Whether two loads are the same but for rounding."""
    return abs(a.mass - b.mass) < MASS and float(np.max(np.abs(a.com - b.com))) < CENTRE


def words(one: Happening) -> str:
    """What happens, for a person."""
    event = one.event
    if isinstance(event, Moved):
        T = event.T_target if event.T_target is not None else None if one.at.T_flange is None else one.at.T_flange @ event.T_flange_tcp
        if T is not None:
            return f"{event.kind} move to ({', '.join(f'{1e3 * x:.1f}' for x in T[:3, 3])}) mm"
        joints = "" if event.q is None else f" to ({', '.join(f'{x:.2f}' for x in np.degrees(event.q))}) deg"
        return f"{event.kind} move{joints}"
    if isinstance(event, SignalSet):
        return f"{event.address} = {_shown(event.value)}"
    if isinstance(event, Waited | Stuck):
        wanted = ", ".join(f"{address} = {_shown(value)}" for address, value in event.signals) or "a condition"
        return f"wait for {wanted}"
    if isinstance(event, Paused):
        return f"pause of {event.seconds:g} s"
    if isinstance(event, Skipped):
        return f"'{event.text}'"
    return {"ArcChanged": "arc on or off", "Halted": "halt"}.get(type(event).__name__, type(event).__name__)


def _shown(value: bool | int) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
