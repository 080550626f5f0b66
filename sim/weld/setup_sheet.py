"""The setup sheet of a welding job: one HTML file for the person at the cell. No date: the same job gives the same bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from scipy.spatial.transform import Rotation

from cells.weld_model import WeldCell, WeldProcedure
from core.finding_groups import grouped
from core.findings import Finding
from core.units import to_mm
from parts.weldment import Weldment
from sim.weld.outputs import seam_rows, time_row
from sim.weld.plan import WeldPlan


def weld_setup_sheet(
    plan: WeldPlan,
    cell: WeldCell,
    weldment: Weldment,
    picture: bytes | None,
    torches: Mapping[str, bytes],
    findings: Sequence[Finding],
    *,
    verified: bool,
) -> str:
    """The sheet as HTML.

    Args:
        plan: With phases.
        cell, weldment: Of the plan.
        picture: Of the seams with their numbers (PNG), or None.
        torches: Of the torch along some of the beads (PNG), by name of the file.
        findings: Of plan and program.
        verified: The program was written.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    used = {weld.procedure for weld in plan.welds}
    return environment.get_template("weld_setup.html").render(
        weldment=weldment.name,
        verified=verified,
        cell={
            "name": cell.name, "title": cell.title, "robot": cell.robot.model.name, "torch": cell.torch.name,
            "wire": f"{to_mm(cell.torch.wire_diameter):g}", "ctwd": f"{to_mm(cell.torch.ctwd):g}",
        },
        place=_place(cell),
        pieces=", ".join(piece.name for piece in weldment.pieces),
        picture=None if picture is None else _inside(picture),
        torches=[_inside(data) for data in torches.values()],
        rows=seam_rows(plan),
        span=_span,
        positioner=cell.positioner is not None,
        procedures=[_procedure(one) for one in cell.procedures if one.name in used],
        times=time_row(plan, cell),
        missing=[one for one in plan.findings if one.level == "error" and one.step.startswith("seam ")],
        findings=grouped(findings),
    )  # fmt: skip


def _place(cell: WeldCell) -> str:
    """Where the weldment's own frame lies, for the person who puts it there."""
    T = cell.T_holder_workpiece
    x, y, z = (to_mm(float(v)) + 0.0 for v in T[:3, 3])
    turns = [round(float(v), 2) + 0.0 for v in Rotation.from_matrix(T[:3, :3]).as_euler("xyz", degrees=True)]
    named = ", ".join(f"{angle:g} deg about {axis}" for axis, angle in zip("xyz", turns, strict=True) if angle)
    holder = "the cell (its origin on the floor)" if cell.positioner is None else "the positioner's table"
    return f"({x:.1f}, {y:.1f}, {z:.1f}) mm in {holder}, {f'turned by {named} (in this order, about the fixed axes)' if named else 'not turned'}"


def _inside(picture: bytes) -> str:
    """A picture as part of the sheet."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def _span(values: list[float]) -> str:
    low, high = values
    return f"{low:.0f}" if abs(high - low) < 1 else f"{low:.0f}..{high:.0f}"


def _procedure(one: WeldProcedure) -> dict[str, object]:
    weave = "none" if one.weave is None else f"{one.weave.shape} {one.weave.frequency:g} Hz, {to_mm(one.weave.amplitude):g} mm"
    return {
        "name": one.name, "number": one.number, "throat": to_mm(one.throat), "speed": to_mm(one.speed), "wire": one.wire_feed * 60, "gas": one.gas_flow * 60e3,
        "weave": weave, "times": f"{one.preflow:g}, {one.ignition:g}, {one.crater:g}, {one.postflow:g}",
    }  # fmt: skip
