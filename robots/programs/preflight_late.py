"""Waits that run out: what a program then does, until it comes back to what it does when every signal comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from robots.programs.events import Event, Waited
from robots.programs.expressions import Expression, Operation, SignalState
from robots.programs.followed import Followed, Spot, follow, rebuilt
from robots.programs.preflight_values import bounded
from robots.programs.program import Instruction, RobotProgram, SignalLine, WaitSignal, WaitUntil
from robots.programs.surroundings import SignalsOnly

MOST_EVENTS = 2_000_000
"""Waits are followed as long as all runs together have no more events than this."""
_NEVER = "(a signal that does not come)"
_PATIENCE = 500
_Key = tuple[str, int]


@dataclass(frozen=True, eq=False, slots=True)
class Late:
    """A wait that ran out.

    Attributes:
        index: Of the wait among the events of the run in which every signal comes.
        wait: Where it stands.
        followed: What happens after it.
    """

    index: int
    wait: Spot
    followed: Followed


def late_runs(program: RobotProgram, main: Followed) -> tuple[list[Late], int]:
    """What happens after each wait that can run out, and how many such waits were left out for the sake of time (`MOST_EVENTS`).

    Of several waits that lead to the same retreat routine the first is followed.

    Args:
        program: As it was run.
        main: The run in which every signal comes.
    """
    waits = list(_waits(main))
    usual = {(_key(before), _key(spot)) for (_, before), (_, spot) in zip(main.events, main.events[1:], strict=False)}
    runs: list[Late] = []
    spent = 0
    for number, (index, spot) in enumerate(waits):
        spent += index
        if spent > MOST_EVENTS:
            return runs, len(waits) - number
        whole = follow(_never(program, spot), SignalsOnly(lambda address, value: address != _NEVER), patience=_PATIENCE)
        first = next((i for i, (event, _) in enumerate(whole.events) if isinstance(event, Waited) and not event.came), len(whole.events))
        runs.append(Late(index, spot, replace(whole, events=tuple(_until_usual(whole.events[first + 1 :], spot, usual)))))
    return runs, 0


def _waits(main: Followed) -> Iterator[tuple[int, Spot]]:
    """The first pass of every wait that can run out."""
    seen: set[object] = set()
    for index, (event, spot) in enumerate(main.events):
        one = spot.instruction
        if not isinstance(event, Waited) or not event.signals:
            continue
        if isinstance(one, WaitSignal):
            key: object = one.retreat if one.retreat is not None else _key(spot)
            ends = one.timeout is not None
        else:
            key = _key(spot)
            ends = isinstance(one, WaitUntil) and (one.timeout is not None or bounded(one.condition))
        if ends and key not in seen:
            seen.add(key)
            yield index, spot


def _key(spot: Spot) -> _Key:
    return spot.routine, spot.number


def _until_usual(events: tuple[tuple[Event, Spot], ...], wait: Spot, usual: set[tuple[_Key, _Key]]) -> Iterator[tuple[Event, Spot]]:
    """Events up to the first step that the usual run makes too, with it."""
    before = _key(wait)
    for event, spot in events:
        yield event, spot
        # What makes the cell safe stands nowhere of its own: it has the wait's place.
        if before != _key(spot) and (before, _key(spot)) in usual:
            return
        before = _key(spot)


def _never(program: RobotProgram, spot: Spot) -> RobotProgram:
    """The program with one wait for a signal that never shows what is waited for."""

    def change(one: Instruction) -> Instruction:
        if one is spot.instruction and isinstance(one, WaitSignal):
            return replace(one, signal=_NEVER)
        if one is spot.instruction and isinstance(one, WaitUntil):
            return replace(one, condition=_deaf(one.condition))
        return one

    routines = (replace(one, body=rebuilt(one.body, change)) if one.name == spot.routine else one for one in program.routines)
    return replace(program, signals={**program.signals, _NEVER: SignalLine(_NEVER, output=False)}, routines=tuple(routines))


def _deaf(condition: Expression) -> Expression:
    """The condition with every signal replaced by one that never comes; timers and variables stay."""
    if isinstance(condition, SignalState):
        return SignalState(_NEVER)
    if isinstance(condition, Operation):
        return Operation(condition.name, tuple(map(_deaf, condition.arguments)))
    return condition
