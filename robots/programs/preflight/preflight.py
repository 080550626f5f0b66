"""What is wrong with a program before any text of it is written, or before a text that was read is run."""

from __future__ import annotations

from core.findings import Finding
from robots.model import RobotModel
from robots.programs.capabilities import Capabilities
from robots.programs.followed import follow
from robots.programs.positions import Position
from robots.programs.preflight.language import language_findings
from robots.programs.preflight.late import late_runs
from robots.programs.preflight.motion import motion_findings
from robots.programs.preflight.names import name_findings
from robots.programs.preflight.order import HELD, late_findings, order_findings
from robots.programs.preflight.values import value_findings
from robots.programs.program import RobotProgram


def preflight(
    program: RobotProgram, capabilities: Capabilities | None = None, model: RobotModel | None = None, *, held: str = HELD
) -> list[Finding]:
    """Findings about a program, built or read from text, in the order of its routines and then in the order in which it runs.

    What a program does is followed with every signal coming, and again with each wait that can run out running out (of those that lead to the same
    retreat routine, the first).
    A program whose names do not resolve or whose figures are no figures is not followed. Codes are listed in docs/programs_preflight.md.

    Args:
        program: Built or read.
        capabilities: Of the language it shall be written in: names, speeds and instructions are held against them.
        model: Of the robot: targets are held against what it reaches, joint moves get a length.
        held: Key in `program.signals` of the line that tells that the gripper has the part; in a program that was read, its address.
    """
    fastest = None if capabilities is None else capabilities.name
    findings = name_findings(program) + value_findings(program, fastest)
    if capabilities is not None:
        findings += language_findings(program, capabilities)
    if not program.routines or any(finding.level == "error" and not _runs(finding) for finding in findings):
        return findings
    main = follow(program)
    findings += order_findings(program, main, held)
    motion, places = motion_findings(main.events, Position(), model)
    findings += motion
    for late in late_runs(program, main):
        findings += late_findings(late) + motion_findings(late.followed.events, places[late.index], model)[0]
    return _once(findings)


def _runs(finding: Finding) -> bool:
    """Whether a program with this error can be followed all the same."""
    return finding.code in _FOLLOWED


_FOLLOWED = ("joint-limits", "speed-out-of-range", "missing-payload", "name-illegal", "not-expressible", "signal-direction", "signal-kind")


def _once(findings: list[Finding]) -> list[Finding]:
    """Every place's finding of one kind once, however often the place is passed."""
    return list({(finding.code, finding.message): finding for finding in findings}.values())
