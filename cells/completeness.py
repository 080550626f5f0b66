"""What a cell file lacks or says twice: seen when the cell is checked and before a job is planned."""

from __future__ import annotations

from collections.abc import Mapping

from cells.model import Cell, Signal
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
    return findings + shared_addresses(cell.signals)


def shared_addresses(signals: Mapping[str, Signal]) -> list[Finding]:
    """Lines that share an address."""
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
    return findings
