"""What is wrong with a program before any text of it is written, or before a text that was read is run."""

from __future__ import annotations

from dataclasses import replace

from core.findings import Finding
from robots.model import RobotModel
from robots.programs.capabilities import Capabilities
from robots.programs.events import Waited
from robots.programs.followed import Followed, Spot, follow, rebuilt
from robots.programs.positions import Position
from robots.programs.preflight_language import language_findings
from robots.programs.preflight_motion import motion_findings
from robots.programs.preflight_names import name_findings
from robots.programs.preflight_order import order_findings, retreat_findings
from robots.programs.preflight_values import value_findings
from robots.programs.program import Instruction, RobotProgram, SignalLine, WaitSignal
from robots.programs.surroundings import SignalsOnly

_NEVER = "(a signal that does not come)"


def preflight(program: RobotProgram, capabilities: Capabilities | None = None, model: RobotModel | None = None) -> list[Finding]:
    """Findings about a program, built or read from text, in the order of its routines and then in the order in which it runs.

    What a program does is followed with every signal coming, and again for every retreat with the first wait that leads to it running out.
    A program whose names do not resolve or whose figures are no figures is not followed. Codes are listed in docs/programs_preflight.md.

    Args:
        program: Built or read.
        capabilities: Of the language it shall be written in: names, speeds and instructions are held against them.
        model: Of the robot: targets are held against what it reaches, joint moves get a length.
    """
    fastest = None if capabilities is None else capabilities.name
    findings = name_findings(program) + value_findings(program, fastest)
    if capabilities is not None:
        findings += language_findings(program, capabilities)
    if not program.routines or any(finding.level == "error" and not _runs(finding) for finding in findings):
        return findings
    main = follow(program)
    findings += order_findings(program, main)
    motion, places = motion_findings(main.events, Position(), model)
    findings += motion
    for index, spot in _retreats(main):
        late = _from_wait(follow(_never(program, spot), SignalsOnly(lambda address, value: address != _NEVER)))
        findings += retreat_findings(program, late)
        findings += motion_findings(late.events, places[index], model)[0]
    return _once(findings)


def _runs(finding: Finding) -> bool:
    """Whether a program with this error can be followed all the same."""
    return finding.code in _FOLLOWED


_FOLLOWED = ("joint-limits", "speed-out-of-range", "missing-payload", "name-illegal", "not-expressible", "signal-direction", "signal-kind")


def _retreats(main: Followed) -> list[tuple[int, Spot]]:
    """For every retreat the first wait that leads to it: its place among the events, and itself."""
    seen: dict[str, tuple[int, Spot]] = {}
    for index, (event, spot) in enumerate(main.events):
        one = spot.instruction
        if isinstance(event, Waited) and isinstance(one, WaitSignal) and one.retreat is not None and one.timeout is not None:
            seen.setdefault(one.retreat, (index, spot))
    return list(seen.values())


def _never(program: RobotProgram, spot: Spot) -> RobotProgram:
    """The program with one wait for a signal that never comes."""

    def change(one: Instruction) -> Instruction:
        return replace(one, signal=_NEVER) if one is spot.instruction and isinstance(one, WaitSignal) else one

    routines = (replace(one, body=rebuilt(one.body, change)) if one.name == spot.routine else one for one in program.routines)
    return replace(program, signals={**program.signals, _NEVER: SignalLine(_NEVER, output=False)}, routines=tuple(routines))


def _from_wait(late: Followed) -> Followed:
    """What happens after the wait that runs out."""
    first = next((i for i, (event, _) in enumerate(late.events) if isinstance(event, Waited) and not event.came), len(late.events))
    return replace(late, events=late.events[first + 1 :])


def _once(findings: list[Finding]) -> list[Finding]:
    """Every place's finding of one kind once, however often the place is passed."""
    return list({(finding.code, finding.message): finding for finding in findings}.values())
