"""What a cell file lacks or says twice: seen when the cell is checked and before a job is planned."""

from __future__ import annotations

from collections.abc import Mapping

from cells.model import AT_HOME, Cell, Signal
from core.findings import Finding


def incomplete(cell: Cell) -> list[Finding]:
    """Findings on stations and signal lines that every bending job needs; errors forbid planning."""
    findings = []
    if cell.station("stack") is None and cell.station("presenter") is None:
        findings.append(
            Finding(
                "error",
                "no-infeed",
                "the cell has no station that sheets come from",
                "add a station of kind stack or presenter to `stations`",
                "cell",
            )
        )
    if cell.station("outfeed") is None:
        findings.append(
            Finding(
                "error", "no-outfeed", "the cell has no station for finished parts", "add a station of kind outfeed to `stations`", "cell"
            )
        )
    if cell.station("regrip") is None:
        findings.append(
            Finding(
                "info",
                "no-regrip",
                "the cell has no regrip station: jobs that need two grips cannot be planned",
                "add a station of kind regrip",
                "cell",
            )
        )
    return findings + line_findings(cell.signals)


def line_findings(signals: Mapping[str, Signal]) -> list[Finding]:
    """Lines that share an address; no line that tells whether the robot stands at home."""
    findings = []
    seen: dict[tuple[str, str], str] = {}
    for name, signal in signals.items():
        other = seen.setdefault((signal.direction, signal.address), name)
        if other != name:
            findings.append(
                Finding(
                    "error",
                    "signal-twice",
                    f"the signals '{other}' and '{name}' share the address {signal.address}",
                    "give each its own line",
                    "cell",
                )
            )
    if AT_HOME not in signals:
        told = f"the cell has no line '{AT_HOME}': its programs begin with a slow move to home from wherever the robot stands"
        findings.append(
            Finding(
                "info",
                "no-home-check",
                told,
                f"add `{AT_HOME}: {{direction: in, address: ...}}`, the controller's reference position or home zone, to `signals`",
                "cell",
            )
        )
    return findings
