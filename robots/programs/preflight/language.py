"""A program against the language it shall be written in: names that it shortens or changes, instructions that it does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.findings import Finding
from robots.programs.capabilities import Capabilities
from robots.programs.followed import Spot, finding_at, head, spots
from robots.programs.program import (
    ArcOn,
    Instruction,
    MoveCircular,
    RobotProgram,
    SearchLinear,
    SetSignal,
    Shift,
    Trigger,
)
from robots.programs.text import ascii_text, identifier

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _.\-]*")
"""Names that lose nothing but blanks and signs when they become identifiers."""


def language_findings(program: RobotProgram, capabilities: Capabilities) -> list[Finding]:
    """What of a program the language has no words for, and what becomes of its names."""
    findings = []
    told: set[str] = set()
    for routine in program.routines:
        for spot in spots(routine):
            for feature in _needs(program, spot.instruction):
                if feature in capabilities.lacks and feature not in told:
                    told.add(feature)
                    message = capabilities.refuse(feature).message
                    findings.append(
                        finding_at("error", "not-expressible", spot, message, capabilities.lacks[feature], {"feature": feature})
                    )
    for feature, needed in (("track", bool(len(program.prismatic) and program.prismatic[0])), ("positioner", bool(program.positioner))):
        if needed and feature in capabilities.lacks and feature not in told:
            message = capabilities.refuse(feature).message
            findings.append(finding_at("error", "not-expressible", _first(program), message, capabilities.lacks[feature], {"feature": feature}))  # fmt: skip
    # Where routines are programs of their own, they may be as long as those.
    longest = max(capabilities.longest_name, capabilities.longest_word)
    findings += _names("program", [(program.name, _first(program))], capabilities.longest_name)
    findings += _names("routine", [(one.name, head(one)) for one in program.routines], longest)
    # What was read has its names from the text, or none.
    if "tool-data" in capabilities.says and not any(routine.file for routine in program.routines):
        for kind, names in (("tool", program.tools), ("frame", program.frames), ("load", program.loads)):
            findings += _names(kind, [(name, _first(program)) for name in names], capabilities.longest_word)
    return findings


def _first(program: RobotProgram) -> Spot:
    return head(program.routines[0]) if program.routines else Spot("main", 0, None)


def _needs(program: RobotProgram, one: Instruction | None) -> Iterator[str]:
    """Features of an instruction that a language may be without and for which nothing else can stand."""
    if isinstance(one, MoveCircular):
        yield "circular"
    elif isinstance(one, SetSignal):
        if one.pulse is not None:
            yield "pulse"
        if one.signal in program.signals and program.signals[one.signal].number:
            yield "group-out"
    elif isinstance(one, Trigger):
        yield "trigger"
    elif isinstance(one, SearchLinear):
        yield "search"
    elif isinstance(one, Shift):
        yield "shift"
    elif isinstance(one, ArcOn):
        yield "arc"
        if one.weave is not None:
            yield "weave"
        if one.track is not None:
            yield "seam-track"
    if getattr(one, "external", None):
        yield "positioner"


def _names(kind: str, names: list[tuple[str, Spot]], longest: int) -> list[Finding]:
    findings = []
    written: dict[str, str] = {}
    for name, spot in names:
        if not re.search(r"[A-Za-z0-9]", ascii_text(name)):
            message = f"{kind} name '{name}' has no letter or digit that a controller takes"
            findings.append(finding_at("error", "name-illegal", spot, message, "name it with letters, digits and _", {"name": name}))
            continue
        short, whole = identifier(name, longest), identifier(name, max(longest, len(name) + 2))
        data = {"name": name, "written": short, "longest": longest}
        if not _PLAIN.fullmatch(name):
            message = f"{kind} name '{name}' is not a controller's name; it is written as {short}"
            findings.append(finding_at("warning", "name-illegal", spot, message, "begin with a letter, use letters, digits and _", data))
        if len(whole) > longest:
            message = f"{kind} name '{name}' has {len(whole)} letters, {longest} are possible; it is written as {short}"
            findings.append(finding_at("warning", "name-too-long", spot, message, "shorten the name", data))
        if short in written:
            message = f"{kind} names '{written[short]}' and '{name}' both become {short}; a number tells them apart"
            findings.append(finding_at("warning", "name-collision", spot, message, "let the names differ in their first letters", data))
        written.setdefault(short, name)
    return findings
