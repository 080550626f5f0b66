"""Folded STEP parts for the command line: read, unfolded, folded again, drawn, written as DXF."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.findings import Finding
from core.frames import inverse
from core.progress import Progress, silent
from core.stages import Stages
from core.units import MM, to_deg, to_mm
from parts.allowance import AllowanceRule, Din6935, KFactor
from parts.bend_table import read_bend_table
from parts.build import BendSpec, build_sheet
from parts.dxf_write import convention, write_dxf
from parts.flat import FlatPattern
from parts.job import JobSpec
from parts.materials import Material, material
from parts.refold import RefoldCheck, refold_check
from parts.sheet import SheetPart
from parts.step_file import read_step
from parts.unfold import UnfoldedPart, unfold
from sim.airbend import inner_radius, rule_opening
from sim.part_pictures import BACK, STEEL, drawn, flat_picture, folded_mesh, side_by_side, solid_mesh

TIP_RADIUS = 0.8 * MM
"""Of the punch that is assumed where the radius of a bend is asked for before the tools are chosen [m]."""
SAME_THICKNESS = 2e-5
"""A stated thickness may differ from that of the solid by this [m]."""
PICTURE = (720, 660)
"""Of each of the three pictures [px]."""


@dataclass(frozen=True, slots=True)
class UnfoldRequest:
    """What a user gives to `pliant unfold`; lengths in the units of their names."""

    source: Path
    material: str = "mild-steel"
    solid: str | None = None
    k_factor: float | None = None
    allowance: str = "k-factor"
    radius_mm: float | None = None
    by: str = "generic"
    picture: bool = False
    bend_table: Path | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FoldedPart:
    """A STEP part, unfolded.

    Attributes:
        unfolded: The flat with its solid.
        flat: As the planner takes it, with the findings of all checks.
        part: Made of the flat; None where findings of error level forbid it.
        check: The refold check; None without a part, or without bends.
    """

    unfolded: UnfoldedPart
    flat: FlatPattern
    part: SheetPart | None
    check: RefoldCheck | None


def folded_part(file: Path, job: JobSpec, steel: Material, rule: AllowanceRule | None) -> FoldedPart:
    """The STEP part of a bending job.

    Raises:
        InputError: When the file is no bent sheet, or the job says something else about it than the solid.
    """
    own = job.bends.default
    if job.bends.by_number or own.angle_deg is not None or own.direction is not None:
        raise InputError(
            "angles and directions of a STEP part come from the solid; leave them out (a radius is taken for bends modelled without one)",
            file=file,
        )
    radius = None if own.radius_mm is None else own.radius_mm * MM
    found = _folded(file, steel, rule, job.solid, radius, silent, Stages())
    stated = job.thickness_mm
    if stated is not None and abs(stated * MM - found.unfolded.thickness) > SAME_THICKNESS:
        raise InputError(
            f"the job says {stated:g} mm, but the solid is {to_mm(found.unfolded.thickness):.4g} mm thick; leave the thickness out",
            file=file,
        )
    return found


def _folded(
    file: Path, steel: Material, rule: AllowanceRule | None, solid: str | None, radius: float | None, progress: Progress, stages: Stages
) -> FoldedPart:
    chosen = rule or KFactor(steel.k_factor)
    progress("read", 0.1, file.name)
    with stages.measure("read"):
        read = read_step(file, solid=solid, mesh=True)
    progress("unfold", 0.4, read.entry.name)
    with stages.measure("unfold"):
        unfolded = unfold(read, chosen, lambda t: inner_radius(steel, rule_opening(t), TIP_RADIUS) if radius is None else radius)
    flat = unfolded.flat
    if any(finding.level == "error" for finding in flat.findings):
        return FoldedPart(unfolded, flat, None, None)
    progress("refold", 0.7, f"{len(flat.bend_lines)} bend lines")
    with stages.measure("refold"):
        specs = [BendSpec((line.angle or 0.0) * (1 if line.direction == "up" else -1), line.radius or 0.0) for line in flat.bend_lines]
        try:
            part = build_sheet(flat, thickness=unfolded.thickness, material=steel, specs=specs, rule=chosen)
        except InputError as error:
            told = Finding("error", "cannot-be-bent", error.message, "", "part", {"place": error.place})
            return FoldedPart(unfolded, replace(flat, findings=(*flat.findings, told)), None, None)
        check = refold_check(unfolded, part) if part.bends else None
    if check is not None:
        flat = replace(flat, findings=(*flat.findings, check.finding()))
        part = replace(part, flat=flat)
    return FoldedPart(unfolded, flat, part, check)


def run_unfold(request: UnfoldRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Unfolds a part; returns the summary, and by ending (`.dxf`, `.png`) the files.

    Raises:
        InputError: What is no bent sheet, with file, place and reason.
    """
    convention(request.by)
    steel = material(request.material)
    rule: AllowanceRule | None = None
    stated = [name for name, value in (("--k-factor", request.k_factor), ("--bend-table", request.bend_table)) if value is not None]
    if len(stated) == 2 or (request.bend_table is not None and request.allowance != "k-factor"):
        raise InputError("--bend-table stands instead of --k-factor and --allowance; give one of them")
    if request.k_factor is not None and request.allowance == "din-6935":
        raise InputError("--k-factor and --allowance din-6935 are two rules for the flat width; give one of them")
    if request.allowance not in ("k-factor", "din-6935"):
        raise InputError(f"unknown allowance '{request.allowance}'; valid: k-factor, din-6935")
    if request.allowance == "din-6935":
        rule = Din6935()
    elif request.k_factor is not None:
        if not 0 < request.k_factor < 1:
            raise InputError(f"--k-factor is {request.k_factor:g}; it must lie between 0 and 1")
        rule = KFactor(request.k_factor)
    elif request.bend_table is not None:
        rule = read_bend_table(request.bend_table, request.material)
    if request.radius_mm is not None and not 0 <= request.radius_mm <= 200:
        raise InputError(f"--radius-mm is {request.radius_mm:g}; it must lie in 0..200")
    stages = Stages()
    radius = None if request.radius_mm is None else request.radius_mm * MM
    found = _folded(request.source, steel, rule, request.solid, radius, progress, stages)
    widths = {line: bend.map.allowance for bend in found.unfolded.bends for line in bend.lines}
    lines = found.flat.bend_lines
    files = {".dxf": write_dxf(found.unfolded.rings, lines, [widths[i] for i in range(len(lines))], by=request.by)}
    if request.picture and found.part is not None:
        progress("show", 0.8, "pictures")
        with stages.measure("show"):
            files[".png"] = picture(found)
    return _summary(request, found, stages), files


def picture(found: FoldedPart) -> bytes:
    """PNG of the part folded, flat and refolded."""
    part, brep = found.part, found.unfolded.solid.brep
    if part is None:
        raise InputError("no picture: the part cannot be bent as it is", file=found.flat.source)
    T_sheet_step = inverse(found.unfolded.pose(part))
    colours = np.tile(STEEL * 0.8, (brep.n_faces, 1))
    colours[list(found.unfolded.front.node)] = STEEL
    colours[list(found.unfolded.back.node)] = BACK
    solid = solid_mesh(brep, colours, T_sheet_step)
    eye, (width, height) = np.array([1.0, -1.2, 1.0]), PICTURE
    again = "refolded" if found.check is None else f"refolded: within {to_mm(found.check.deviation):.3f} mm"
    x, y = (to_mm(v) for v in found.unfolded.size)
    return side_by_side(
        (f"{found.flat.name}, {to_mm(part.thickness):.4g} mm", f"flat {x:.2f} x {y:.2f} mm", again),
        (
            drawn(solid, eye, width=width, height=height), flat_picture(part, width=width, height=height),
            drawn(folded_mesh(part, part.target_angles), eye, width=width, height=height),
        ),
    )  # fmt: skip


def _summary(request: UnfoldRequest, found: FoldedPart, stages: Stages) -> dict[str, Any]:
    unfolded, check = found.unfolded, found.check
    bends: list[dict[str, Any]] = []
    for bend in unfolded.bends:
        it = bend.map
        for line in bend.lines:
            drawn_line = found.flat.bend_lines[line]
            bends.append(
                {
                    "number": line + 1, "angle_deg": round(to_deg(it.bend.angle), 6), "direction": drawn_line.direction, "radius_mm": round(to_mm(it.radius), 6),
                    "allowance_mm": round(to_mm(it.allowance), 6), "k_factor": round((it.allowance / it.bend.angle - it.radius) / unfolded.thickness, 6),
                    "start_mm": _mm(drawn_line.start), "end_mm": _mm(drawn_line.end), "modelled_sharp": it.bend.sharp,
                }
            )  # fmt: skip
    entry = unfolded.solid.entry
    return {
        "part": found.flat.name, "source": Path(unfolded.solid.source).name, "solid": entry.name, "solids": [str(it) for it in unfolded.solid.solids], "file_unit": unfolded.solid.unit,
        "material": request.material, "thickness_mm": round(to_mm(unfolded.thickness), 6), "size_mm": [round(to_mm(v), 4) for v in unfolded.size],
        "area_mm2": round(found.flat.outline.area * 1e6, 3), "holes": len(found.flat.outline.interiors), "bends": sorted(bends, key=lambda row: int(row["number"])),
        "strokes": None if found.part is None else len(found.part.strokes),
        "left_out": [str(feature) for feature in unfolded.features], "volume_raw_percent": round(100 * unfolded.volume.raw, 3),
        "volume_explained_percent": round(100 * unfolded.volume.explained, 3), "refold_mm": None if check is None else round(to_mm(check.deviation), 5),
        "convention": request.by, "faces": entry.faces, "stage_times_s": {name: round(seconds, 3) for name, seconds in stages.seconds.items()},
        "findings": [finding.to_dict() for finding in found.flat.findings],
    }  # fmt: skip


def _mm(point: Any) -> list[float]:
    return [round(to_mm(float(v)), 4) for v in point]


def summary_json(summary: dict[str, Any]) -> str:
    """As `--json` prints it."""
    return json.dumps(summary, indent=2)


__all__ = ["FoldedPart", "UnfoldRequest", "folded_part", "picture", "run_unfold", "summary_json"]
