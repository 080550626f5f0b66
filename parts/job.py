"""The job file: a part, its material, and what the drawing does not say about its bends."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.errors import InputError
from core.findings import Finding
from core.units import DEG, MM
from parts.allowance import AllowanceRule, Din6935, KFactor
from parts.build import BendSpec, build_sheet
from parts.flat import FlatPattern
from parts.materials import Material
from parts.sheet import SheetPart


class BendEntry(BaseModel):
    """What is asked of one bend; fields left out come from the drawing or from `default`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    angle_deg: Annotated[float, Field(gt=0, le=180)] | None = None
    direction: Literal["up", "down"] | None = None
    radius_mm: Annotated[float, Field(ge=0, le=200)] | None = None


class BendTableEntry(BaseModel):
    """Bends by number (as `pliant bend` counts them) and a default for the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    default: BendEntry = BendEntry()
    by_number: dict[int, BendEntry] = {}


class JobSpec(BaseModel):
    """A bending job."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    part: str = Field(description="DXF file, relative to this file")
    cell: str = Field(description="shipped cell or cell file, relative to this file")
    material: str
    thickness_mm: Annotated[float, Field(gt=0, le=30)]
    bends: BendTableEntry = BendTableEntry()
    k_factor: Annotated[float, Field(gt=0, lt=1)] | None = None
    allowance: Literal["k-factor", "din-6935"] = "k-factor"
    units: Literal["mm", "cm", "m", "inch", "ft"] | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    gripper: str | None = None
    stack_face: Literal["auto", "top", "bottom"] = "auto"
    seed: int = 0


def bend_specs(flat: FlatPattern, bends: BendTableEntry, default_radius: float) -> list[BendSpec]:
    """Angle, direction and radius of every bend line: job file first, then drawing, then default; what is missing is asked for by name.

    Args:
        flat: The drawing.
        bends: From the job file or the options.
        default_radius: What air bending in the likely V makes [m], where nobody says.
    """
    unknown = [number for number in bends.by_number if not 1 <= number <= len(flat.bend_lines)]
    if unknown:
        raise InputError(f"the job speaks of bend {unknown[0]}; the drawing has bends 1..{len(flat.bend_lines)}", file=flat.source)
    specs, missing = [], []
    for number, line in enumerate(flat.bend_lines, start=1):
        own = bends.by_number.get(number, BendEntry())
        angle = own.angle_deg * DEG if own.angle_deg is not None else line.angle
        angle = angle if angle is not None else (None if bends.default.angle_deg is None else bends.default.angle_deg * DEG)
        direction = own.direction or line.direction or bends.default.direction
        radius_mm = own.radius_mm if own.radius_mm is not None else None
        radius = radius_mm * MM if radius_mm is not None else line.radius
        if radius is None:
            radius = bends.default.radius_mm * MM if bends.default.radius_mm is not None else default_radius
        if angle is None or direction is None:
            missing.append(f"bend {number} ({'angle' if angle is None else 'direction'})")
            continue
        specs.append(BendSpec(math.copysign(angle, 1.0 if direction == "up" else -1.0), radius))
    if missing:
        raise InputError(
            f"the drawing does not say: {', '.join(missing)}; give --angle-deg and --direction, or `bends:` in a job file", file=flat.source
        )
    return specs


def make_part(flat: FlatPattern, job: JobSpec, material: Material, default_radius: float) -> SheetPart:
    """The sheet part of a job; the drawing must have no findings of error level."""
    specs = bend_specs(flat, job.bends, default_radius)
    rule: AllowanceRule = Din6935() if job.allowance == "din-6935" else KFactor(job.k_factor or material.k_factor)
    return build_sheet(flat, thickness=job.thickness_mm * MM, material=material, specs=specs, rule=rule)


def blocking_findings(flat: FlatPattern) -> list[Finding]:
    """Findings of the drawing that forbid planning."""
    return [finding for finding in flat.findings if finding.level == "error"]


def resolve(base: Path, name: str) -> Path:
    """A path in a job file, relative to it."""
    return (base / name).resolve() if not Path(name).is_absolute() else Path(name)
