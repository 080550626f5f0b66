"""What the run of a program's text has to say, as findings with the line they come from; the same for bending and welding cells."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol

from core.errors import InputError
from core.findings import Finding
from robots.programs.events import Event, Halted, Place, ProgramTextError, Skipped, Stuck, Waited
from sim.verify.drive import DriveFault

STOPS = (DriveFault, ProgramTextError, InputError)
"""What keeps a program from going on; `stopped` says it."""


class Running(Protocol):
    """A virtual cell in which a program runs."""

    clock: float
    place: Place

    def why_not(self, signals: dict[str, bool | int]) -> str:
        """Why lines do not become what is waited for."""
        ...


def told(event: Event, virtual: Running) -> list[Finding]:
    """What an event itself says is wrong."""
    if isinstance(event, Stuck):
        lines = ", ".join(f"{address} to become {_shown(value)}" for address, value in event.signals)
        message = f"the program waits for ever for {lines or 'a condition'}: {event.reason}"
        return [
            line_finding(
                "error", "deadlock", message, event.at, "correct the order of the handshake, or give the wait a timeout", virtual.clock
            )
        ]
    if isinstance(event, Waited) and not event.came:
        lines = ", ".join(f"{address} did not become {_shown(value)}" for address, value in event.signals)
        why = virtual.why_not(dict(event.signals))
        limit = f" within {event.timeout:g} s" if event.timeout is not None else ""
        return [
            line_finding("error", "wait-timeout", f"{lines}{limit}: {why}", event.at, "correct what comes before the wait", virtual.clock)
        ]
    if isinstance(event, Halted) and not event.ends:
        return [line_finding("warning", "halted", "the program stops for the operator; START was pressed", event.at, "", virtual.clock)]
    if isinstance(event, Skipped):
        return [
            line_finding(
                "warning",
                "skipped",
                f"left out, because it is not understood: '{event.text}'",
                event.at,
                "check by hand what it does",
                virtual.clock,
            )
        ]
    return []


def _shown(value: bool | int) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def line_finding(level: Literal["error", "warning"], code: str, message: str, at: Place, remedy: str, time: float) -> Finding:
    """A finding at a place of the text, at a time of the run [s]."""
    prefix = f"{at}: " if at.line else ""
    data = {"file": at.file, "line": at.line, "time_s": round(time, 3)}
    return Finding(level, code, prefix + message, remedy, "", data)


def stopped(error: Exception, virtual: Running) -> Finding:
    """Why a program could not go on, one of `STOPS`."""
    if isinstance(error, DriveFault):
        return line_finding("error", error.fault, error.message, error.at, error.remedy, virtual.clock)
    if isinstance(error, ProgramTextError):
        return Finding("error", "program-text", str(error), "correct the text", "", {"file": error.file, "place": error.place})
    message = error.message if isinstance(error, InputError) else str(error)
    return line_finding("error", "program-line", message, virtual.place, "name the lines of the cell file", virtual.clock)


def with_line(finding: Finding, ends: Sequence[tuple[float, Place]]) -> Finding:
    """A finding with the line of the move that was going on at its time.

    Args:
        finding: With `time_s` in its data.
        ends: When every move ended [s], and where it stands in the text.
    """
    time = finding.data.get("time_s")
    if time is None or not ends:
        return finding
    index = bisect_left(ends, float(time) - 1e-6, key=lambda end: end[0])
    place = ends[min(index, len(ends) - 1)][1]
    contact = finding.code == "replay-contact"
    return replace(
        finding,
        code="contact" if contact else finding.code,
        message=(f"{place}: " if place.line else "") + finding.message,
        remedy="move the target of this line, or go there another way" if contact else finding.remedy,
        data={**finding.data, "file": place.file, "line": place.line},
    )
