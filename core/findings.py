"""What does not work, said so that a person can act on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a person should know about a part, a cell, a plan or a program.

    Attributes:
        level: `error` blocks export, `warning` does not, `info` is for the record.
        code: Kebab-case name of the kind of finding, stable between releases.
        message: A full sentence that names the two bodies or the limit and the figure.
        remedy: What the user can do; empty when there is nothing to do.
        step: Where in the job: `bend 4`, `regrip 1`, `pick`; empty when not tied to one.
        data: Figures for machines; keys carry their unit (`distance_mm`).
    """

    level: Level
    code: str
    message: str
    remedy: str = ""
    step: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "level": self.level,
            "code": self.code,
            "step": self.step,
            "message": self.message,
            "remedy": self.remedy,
            "data": self.data,
        }

    def __str__(self) -> str:
        step = f"{self.step}: " if self.step else ""
        remedy = f" Remedy: {self.remedy}" if self.remedy else ""
        return f"{self.level}: {step}{self.message}{remedy}"


def has_errors(findings: Iterable[Finding]) -> bool:
    """True when at least one finding is of error level."""
    return any(finding.level == "error" for finding in findings)
