"""Waits that run out: what a program then does, until it comes back to what it does when every signal comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from robots.programs.events import Event, Waited
from robots.programs.execution import Interpreter
from robots.programs.followed import Followed, Spot, gather, number
from robots.programs.preflight.values import bounded
from robots.programs.program import RobotProgram, WaitSignal, WaitUntil
from robots.programs.surroundings import SignalsOnly

PATIENCE = 500
"""After so many events without a new step what a program does after a wait goes round without end."""
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


def late_runs(program: RobotProgram, main: Followed) -> list[Late]:
    """What happens after each wait that can run out; of several waits that lead to the same retreat routine the first is followed.

    Args:
        program: As it was run.
        main: The run in which every signal comes.
    """
    waits = dict(_waits(main))
    numbered, places = number(program)
    lines = {_key(spot): line for line, spot in enumerate(places, 1)}
    order = [lines.get(_key(spot), 0) for _, spot in main.events]
    usual = set(zip(order, order[1:], strict=False))
    cell = _Branching()
    cell.running = Interpreter(numbered, cell, skip_unknown=True)
    runs: list[Late] = []
    # The same run once more; at every wait of interest it is left for the one in which the wait runs out.
    for index, _ in zip(range(max(waits, default=-1) + 1), cell.running.run(None), strict=False):
        if index in waits and cell.branch is not None:
            late = gather(_until_usual(cell.branch.go_on(), order[index], usual), program, places, PATIENCE)
            runs.append(Late(index, waits[index], replace(late, events=late.events[1:])))
    return runs


class _Branching(SignalsOnly):
    """Every signal comes; `branch`: the program before the last wait, where it does not."""

    running: Interpreter | None = None
    branch: Interpreter | None = None

    def expect(self, signals: dict[str, bool | int]) -> None:
        if self.running is not None:
            self.branch = self.running.before_this(_FirstFails(self.shown))
        super().expect(signals)


class _FirstFails(SignalsOnly):
    """What is waited for first does not come, everything after it does."""

    def __init__(self, shown: dict[str, bool | int]) -> None:
        super().__init__(lambda address, value: self.over)
        self.shown = dict(shown)
        self.over = False

    def expect(self, signals: dict[str, bool | int]) -> None:
        super().expect(signals)
        self.over = True


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


def _until_usual(events: Iterator[Event], wait: int, usual: set[tuple[int, int]]) -> Iterator[Event]:
    """Events of a numbered program up to the first step that the usual run makes too, with it."""
    before = wait
    for event in events:
        yield event
        # What makes the cell safe stands nowhere of its own: it has the wait's place.
        if before != event.at.line and (before, event.at.line) in usual:
            return
        before = event.at.line
