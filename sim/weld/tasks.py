"""What is to be welded: seams with procedures, cut at corners where the torch shall stop there, tacks, passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.weld_model import WeldCell, WeldProcedure
from core.errors import UnknownNameError
from core.findings import Finding
from core.units import to_mm
from parts.seam import TACK, Seam
from parts.weldment import Weldment
from sim.weld.options import WeldOptions
from sim.weld.torch import corners, piece_of


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """One bead to weld.

    Attributes:
        seam: As given.
        of: Name of the weldment's seam it belongs to.
        procedure: How.
        bead: Number of the pass.
        rank: Lower ranks are welded first: 0 tacks, then pass by pass.
    """

    seam: Seam
    of: str
    procedure: WeldProcedure
    bead: int
    rank: int


def weld_tasks(weldment: Weldment, cell: WeldCell, options: WeldOptions) -> tuple[list[Task], list[Finding]]:
    """Beads in the order of the seams, tacks first; and seams that no procedure is for.

    Raises:
        UnknownNameError: An option names a seam or a procedure that does not exist.
    """
    names = [seam.name for seam in weldment.seams]
    for name in (
        *options.procedures,
        *options.passes,
        *options.order,
        *(one for one in (*options.directions, *options.search) if one != "*"),
    ):
        if name not in names:
            raise UnknownNameError("seam", name, names)
    tacks: list[Task] = []
    tasks: list[Task] = []
    findings: list[Finding] = []
    for seam in weldment.seams:
        procedure = procedure_for(seam, cell, options, findings)
        if procedure is None:
            continue
        if options.tack_length > 0:
            tacks += [Task(tack, seam.name, procedure, 0, 0) for tack in tacks_of(seam, options.tack_length, options.tack_pitch)]
        for part in parts_of(seam, options):
            tasks += [Task(part, seam.name, procedure, bead, 1 + bead) for bead in range(len(procedure.passes))]
    return tacks + tasks, findings


def parts_of(seam: Seam, options: WeldOptions) -> list[Seam]:
    """The seam itself, or its stretches between corners where the torch stops at them."""
    turns = corners(seam)
    if options.corners == "roll" or len(turns) == 0:
        return [seam]
    ends = np.unique(np.round(np.r_[0.0, turns, seam.length], 9))
    return [piece_of(seam, float(a), float(b), f"{seam.name}.{k}") for k, (a, b) in enumerate(zip(ends[:-1], ends[1:], strict=True), 1)]


def tacks_of(seam: Seam, length: float, pitch: float) -> list[Seam]:
    """Short stretches at both ends and evenly between, at most `pitch` apart; of a closed seam all around; of a short seam one in its middle."""
    if not seam.closed and seam.length <= max(pitch / 2, 2 * length):
        half, middle = min(length, seam.length) / 2, seam.length / 2
        return [piece_of(seam, middle - half, middle + half, f"{seam.name}{TACK}1")]
    count = max(2, int(np.ceil((seam.length - length) / pitch)) + 1)
    if seam.closed:
        starts = np.arange(count) * seam.length / count
        # Of a small ring half is left open.
        length = min(length, seam.length / count / 2)
    else:
        starts = np.linspace(0.0, seam.length - length, count)
    return [piece_of(seam, float(s), float(s) + length, f"{seam.name}{TACK}{k}") for k, s in enumerate(starts, 1)]


def procedure_for(seam: Seam, cell: WeldCell, options: WeldOptions, findings: list[Finding]) -> WeldProcedure | None:
    """The procedure that the job names, or the first that fits; why there is none is added to `findings`."""
    step = f"seam {seam.name}"
    thinner = min(seam.thickness_a, seam.thickness_b)
    given = options.procedures.get(seam.name)
    if given is not None:
        found = next((one for one in cell.procedures if one.name == given), None)
        if found is None:
            raise UnknownNameError("procedure", given, [one.name for one in cell.procedures])
    else:
        # Thicknesses come from geometry and carry its rounding.
        fitting = [
            one for one in cell.procedures if seam.kind in one.kinds and one.thickness_min - 1e-6 <= thinner <= one.thickness_max + 1e-6
        ]
        wanted = [one for one in fitting if options.passes.get(seam.name, len(one.passes)) == len(one.passes)] or fitting
        found = next((one for one in wanted if seam.gap <= one.largest_gap), wanted[0] if wanted else None)
    if found is None:
        ranges = "; ".join(
            f"{one.name}: {'/'.join(one.kinds)} {to_mm(one.thickness_min):g} to {to_mm(one.thickness_max):g} mm" for one in cell.procedures
        )
        findings.append(
            Finding(
                "error", "no-procedure", f"no procedure of {cell.name} is for a {seam.kind} seam of {to_mm(thinner):.1f} mm ({ranges})", "add a procedure to the cell file, or name one for this seam", step
            )
        )  # fmt: skip
        return None
    if seam.gap > found.largest_gap + 1e-9:
        message = f"its gap is {to_mm(seam.gap):.2f} mm, procedure {found.name} bridges {to_mm(found.largest_gap):.2f} mm"
        findings.append(
            Finding(
                "error",
                "gap-too-wide",
                message,
                "close the gap, or name a procedure that bridges it",
                step,
                {"gap_mm": round(to_mm(seam.gap), 3)},
            )
        )
        return None
    passes = options.passes.get(seam.name, len(found.passes))
    if passes != len(found.passes):
        message = f"{passes} passes are asked for; its procedure {found.name} has {len(found.passes)}"
        findings.append(
            Finding("error", "passes-differ", message, "name a procedure with so many `passes`, or add one to the cell file", step)
        )
        return None
    return found
