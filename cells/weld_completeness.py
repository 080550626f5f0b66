"""What the file of a welding cell lacks or says twice, and procedures whose figures do not hang together."""

from __future__ import annotations

from typing import get_args

import numpy as np

from cells.completeness import line_findings
from cells.weld_model import WeldCell, WeldProcedure
from core.findings import Finding
from parts.seam import SeamKind

ARC_LINES = {"arc-on": "out", "arc-ok": "in"}
"""Lines that controllers without an arc instruction weld by, as the robot sees them."""
CLEANER_LINES = {"clean-start": "out", "clean-done": "in"}
LEAST_FILL, MOST_FILL = 1.0, 1.5
"""Wire fed over what the throat needs; outside of these a word is said."""


def weld_incomplete(cell: WeldCell) -> list[Finding]:
    """Findings on signal lines, procedures and the cleaner; none of them forbids planning."""
    findings = line_findings(cell.signals)
    for name, direction in (ARC_LINES | (CLEANER_LINES if cell.T_world_cleaner is not None else {})).items():
        signal = cell.signals.get(name)
        if signal is None or signal.direction != direction:
            what = "does not name" if signal is None else f"has as '{signal.direction}put'"
            findings.append(
                Finding(
                    "warning", "signal-missing", f"the cell {what} the line '{name}', which robot programs need as {direction}put",
                    f"add `{name}: {{direction: {direction}, address: ...}}` to `signals` of {cell.path.name}", "export",
                )
            )  # fmt: skip
    served = {kind for procedure in cell.procedures for kind in procedure.kinds}
    missing = [kind for kind in get_args(SeamKind) if kind not in served]
    if missing:
        told = f"no procedure of the cell is for {' or '.join(missing)} seams: they cannot be welded"
        findings.append(Finding("info", "no-procedure", told, "add one to `procedures`", "cell"))
    findings += [finding for procedure in cell.procedures if (finding := _fill(cell, procedure)) is not None]
    if cell.T_world_cleaner is None:
        findings.append(Finding("info", "no-cleaner", "the cell has no torch cleaner: the torch is never cleaned", "add `cleaner`", "cell"))
    return findings


def _fill(cell: WeldCell, procedure: WeldProcedure) -> Finding | None:
    """Whether the wire that is fed makes the throat: a fillet of throat a has a section of a x a (legs of a times the root of 2), a bead that of the wire times feed over speed."""
    if procedure.throat == 0:
        return None
    wire = np.pi * cell.torch.wire_diameter**2 / 4
    fed = wire * procedure.wire_feed / procedure.speed * len(procedure.passes)
    share = float(fed / procedure.throat**2)
    if LEAST_FILL <= share <= MOST_FILL:
        return None
    return Finding(
        "warning", "throat-fill",
        f"{procedure.name}: the wire of {cell.torch.wire_diameter * 1e3:g} mm gives {fed * 1e6:.1f} mm2, a throat of {procedure.throat * 1e3:g} mm needs {procedure.throat**2 * 1e6:.1f} mm2",
        "change wire feed or speed, or state the throat it makes", "procedures", {"fed_mm2": round(float(fed * 1e6), 2), "share": round(share, 3)},
    )  # fmt: skip
