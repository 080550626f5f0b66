"""Findings that say the same of several steps, told once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from core.findings import Finding

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def grouped(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for all of the same level, code, remedy and wording, in the order of their first.

    Figures that differ become a range (`2.4 to 2.6`), whole numbers a list (`646/834`); the steps are listed in `step` (`bends 1, 2, 4`).
    """
    groups: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        wording = NUMBER.sub("#", finding.message)
        groups.setdefault((finding.level, finding.code, finding.remedy, wording), []).append(finding)
    return [
        replace(group[0], message=_merged([one.message for one in group]), step=_steps([one.step for one in group]))
        if len(group) > 1
        else group[0]
        for group in groups.values()
    ]


def _merged(messages: list[str]) -> str:
    columns = iter(zip(*(NUMBER.findall(message) for message in messages), strict=True))

    def together(match: re.Match[str]) -> str:
        del match
        values = list(dict.fromkeys(next(columns)))
        if len(values) == 1:
            return values[0]
        ordered = sorted(values, key=float)
        whole = all("." not in value for value in values)
        return "/".join(ordered) if whole and len(values) <= 6 else f"{ordered[0]} to {ordered[-1]}"

    return NUMBER.sub(together, messages[0])


def _steps(steps: list[str]) -> str:
    unique = [step for step in dict.fromkeys(steps) if step]
    bends = [step.removeprefix("bend ") for step in unique if step.startswith("bend ")]
    others = [step for step in unique if not step.startswith("bend ")]
    named = [f"bends {', '.join(bends)}"] if len(bends) > 1 else [f"bend {bend}" for bend in bends]
    return ", ".join([*named, *others])
