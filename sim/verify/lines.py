"""When which line of a program's text runs: on the program's own clock, and laid over the plan's, which a recording is played by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from core.frames import Array
from robots.programs.events import Place

SHORT = 1e-6
"""Stretches shorter than this are none [s]."""


@dataclass(frozen=True, slots=True)
class LineTime:
    """A line of the text at work.

    Attributes:
        start, end: From the start [s].
        at: File and line.
        phase: Index of the plan's phase that it carries out; None: no plan, or none that it belongs to.
        moves: The robot moves; False: it waits.
    """

    start: float
    end: float
    at: Place
    phase: int | None
    moves: bool


class Spell(NamedTuple):
    """A stretch of what happened: from, to [s], whether the robot moves. One that moves may hold several rounded moves."""

    start: float
    end: float
    moves: bool


class Timed(Protocol):
    """A phase of a plan, of whatever process."""

    @property
    def times(self) -> Array:
        """(k,) [s] from the start of the plan."""


def line_times(
    spells: Sequence[Spell], ends: Sequence[tuple[float, Place]], places: Sequence[Place], phases: Sequence[int | None]
) -> tuple[LineTime, ...]:
    """Every stretch of what happened with its line, gapless, in order of time.

    Args:
        spells: What happened.
        ends: When every move ended [s], and where it stands in the text.
        places: Of each spell, the line because of which it happened; of several moves the last.
        phases: Of each spell, the plan's phase that it carries out.
    """
    out: list[LineTime] = []
    following = iter(ends)
    upcoming = next(following, None)
    for (begin, until, moves), place, phase in zip(spells, places, phases, strict=True):
        while moves and upcoming is not None and upcoming[0] < until - SHORT:
            if upcoming[0] > begin + SHORT:
                out.append(LineTime(begin, upcoming[0], upcoming[1], phase, True))
                begin = upcoming[0]
            upcoming = next(following, None)
        if until > begin + SHORT:
            # The move that goes on beyond this spell, or ends with it.
            at = upcoming[1] if moves and upcoming is not None else place
            out.append(LineTime(begin, until, at, phase, moves))
    return tuple(_joined(out))


def plan_clock(lines: Sequence[LineTime], phases: Sequence[Timed], times: Sequence[float]) -> Array:
    """Moments of the program [s] by the plan's clock."""
    own, planned = _anchors(lines, phases)
    found: Array = np.asarray(np.interp(times, own, planned))
    return found


def on_plan(lines: Sequence[LineTime], phases: Sequence[Timed]) -> tuple[LineTime, ...]:
    """The same lines by the plan's clock: moves begin and end with the phases that they carry out, waits fill what lies between."""
    own, planned = _anchors(lines, phases)
    if len(own) < 2:
        return ()
    starts, ends = (np.interp([getattr(line, key) for line in lines], own, planned) for key in ("start", "end"))
    moved = [replace(line, start=float(a), end=float(b)) for line, a, b in zip(lines, starts, ends, strict=True)]
    return tuple(line for line in moved if line.end > line.start + SHORT)


def _anchors(lines: Sequence[LineTime], phases: Sequence[Timed]) -> tuple[Array, Array]:
    """Moments of the program and of the plan that are the same, rising in both."""
    spans: dict[int, tuple[float, float]] = {}
    for line in lines:
        if line.moves and line.phase is not None:
            first = spans.get(line.phase, (line.start, line.end))[0]
            spans[line.phase] = (first, line.end)
    pairs = [(0.0, 0.0)]
    for index, span in sorted(spans.items()):
        for moment, planned in zip(span, (phases[index].times[0], phases[index].times[-1]), strict=True):
            if moment >= pairs[-1][0] and planned >= pairs[-1][1]:
                pairs.append((moment, float(planned)))
    if lines and lines[-1].end > pairs[-1][0] + SHORT:
        pairs.append((lines[-1].end, float(phases[-1].times[-1])))
    both = np.array(pairs)
    return both[:, 0], both[:, 1]


def _joined(lines: list[LineTime]) -> list[LineTime]:
    """Neighbours of one line as one."""
    out: list[LineTime] = []
    for line in lines:
        if out and (out[-1].at, out[-1].phase, out[-1].moves) == (line.at, line.phase, line.moves):
            out[-1] = replace(out[-1], end=line.end)
        else:
            out.append(line)
    return out
