"""The job file: a part, its material, and what the drawing does not say about its bends."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import InputError
from core.findings import Finding
from core.units import DEG, MM
from parts.allowance import AllowanceRule, Din6935, KFactor
from parts.bend_table import read_bend_table
from parts.build import BendSpec, build_sheet
from parts.dxf_conventions import Role
from parts.flat import FlatPattern
from parts.materials import Material
from parts.sheet import SheetPart

Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=500)]


class BendEntry(BaseModel):
    """What is asked of one bend; fields left out come from the drawing or from `default`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    angle_deg: Annotated[Finite, Field(gt=0, le=180)] | None = Field(
        default=None, description="deflection from flat [deg]: 90 makes a right angle"
    )
    direction: Literal["up", "down"] | None = Field(default=None, description="up bends towards the side the drawing shows")
    radius_mm: Annotated[Finite, Field(ge=0, le=200)] | None = Field(
        default=None, description="inner radius [mm]; default: what air bending in the usual V opening makes"
    )


class BendTableEntry(BaseModel):
    """Bends by number (as `pliant bend` counts them) and a default for the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    default: BendEntry = Field(default=BendEntry(), description="for bends of which neither the drawing nor by_number says something")
    by_number: dict[int, BendEntry] = Field(default={}, description="for single bends, counted from 1; wins over the drawing")


class JobSpec(BaseModel):
    """A bending job."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    part: Name = Field(description="flat DXF or folded STEP file, relative to this file and inside its folder")
    cell: Name = Field(description="name of a shipped cell (`pliant cells`), or a cell file relative to this file")
    material: Name = Field(description="name of a material, see `pliant tools`")
    thickness_mm: Annotated[Finite, Field(gt=0, le=30)] | None = Field(
        default=None, description="of the sheet [mm]; needed for a DXF, a STEP file says it itself"
    )
    solid: Name | None = Field(default=None, description="number or name of the solid of a STEP file that holds several")
    bends: BendTableEntry = Field(default=BendTableEntry(), description="what the drawing does not say about its bends")
    k_factor: Annotated[Finite, Field(gt=0, lt=1)] | None = Field(
        default=None, description="neutral fibre from the inner face over thickness; default: the material's"
    )
    allowance: Literal["k-factor", "din-6935"] = Field(default="k-factor", description="rule for the flat width of the bends")
    bend_table: Name | None = Field(
        default=None,
        description="the shop's own measurements, a CSV file relative to this file and inside its folder; instead of k_factor and allowance",
    )
    units: Literal["mm", "cm", "m", "inch", "ft"] | None = Field(
        default=None, description="of the drawing; default: what it states, if that is believable"
    )
    layers: dict[Name, Role] = Field(
        default={}, description="what lies on a layer of the drawing whose name does not say it, by layer name"
    )
    bend_keywords: dict[Literal["angle", "direction", "radius"], Name] = Field(
        default={}, description="what these are called in the drawing's extended data (Solid Edge: keywords chosen at export)"
    )
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = Field(default=1, description="parts to make")
    gripper: Name | None = Field(default=None, description="one of the cell's grippers; default: the first that can do the job")
    stack_face: Literal["auto", "top", "bottom"] = Field(default="auto", description="which face of the sheets looks up on the stack")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(default=0, description="of the random generator; same seed, same plan")

    @property
    def thickness(self) -> float:
        """Of the sheet [m]; raises `InputError` where the job does not say it."""
        if self.thickness_mm is None:
            raise InputError("a DXF does not say how thick the sheet is: give thickness_mm", file=self.part)
        return self.thickness_mm * MM

    @model_validator(mode="after")
    def _one_rule(self) -> JobSpec:
        if self.bend_table is not None and (self.k_factor is not None or self.allowance != "k-factor"):
            raise ValueError("bend_table stands instead of k_factor and allowance; give one of them")
        if self.k_factor is not None and self.allowance != "k-factor":
            raise ValueError(f"k_factor and allowance {self.allowance} are two rules for the flat width; give one of them")
        return self

    def rule(self, bend_table: Path | None) -> AllowanceRule | None:
        """Flat width of the bends; None: by the K-factor of the material.

        Args:
            bend_table: Where the job's `bend_table` is.
        """
        if bend_table is not None:
            return read_bend_table(bend_table, self.material)
        return Din6935() if self.allowance == "din-6935" else None if self.k_factor is None else KFactor(self.k_factor)


def json_schema() -> dict[str, Any]:
    """JSON Schema of the job file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **JobSpec.model_json_schema()}


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
            lacks = " and ".join(name for name, value in (("angle", angle), ("direction", direction)) if value is None)
            (x0, y0), (x1, y1) = line.start / MM, line.end / MM
            missing.append(f"{lacks} of bend {number} from ({x0:.1f}, {y0:.1f}) to ({x1:.1f}, {y1:.1f}) mm")
            continue
        specs.append(BendSpec(math.copysign(angle, 1.0 if direction == "up" else -1.0), radius))
    if missing:
        more = f" and {len(missing) - 12} more" if len(missing) > 12 else ""
        raise InputError(
            f"the drawing does not say: {'; '.join(missing[:12])}{more}. Give --angle-deg and --direction, or `bends:` in a job file",
            file=flat.source,
        )
    return specs


def make_part(flat: FlatPattern, job: JobSpec, material: Material, default_radius: float, rule: AllowanceRule | None) -> SheetPart:
    """The sheet part of a job; the drawing must have no findings of error level."""
    specs = bend_specs(flat, job.bends, default_radius)
    return build_sheet(flat, thickness=job.thickness, material=material, specs=specs, rule=rule)


def blocking_findings(flat: FlatPattern) -> list[Finding]:
    """Findings of the drawing that forbid planning."""
    return [finding for finding in flat.findings if finding.level == "error"]
