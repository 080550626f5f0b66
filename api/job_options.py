"""Options of jobs over HTTP: names, units and meaning of the command line's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from parts.dxf_conventions import Role

Finite = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
LanguageName = Literal["krl", "rapid", "fanuc", "inform", "urscript"]


class JobOptions(BaseModel):
    """What every kind's options have in common: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BendJobOptions(JobOptions):
    """Of `pliant bend`. With a job file (.yaml) all are optional and win over the file; with a drawing alone cell, material and thickness are needed, with a STEP part cell and material."""

    cell: Name | None = Field(default=None, description="shipped or own cell, see GET /cells", examples=["bending-kr120"])
    material: Name | None = Field(default=None, description="name of a material, see GET /tools", examples=["stainless-304"])
    thickness_mm: Annotated[Finite, Field(gt=0, le=30)] | None = Field(
        default=None, description="of the sheet [mm]; a STEP part says it itself", examples=[1.0]
    )
    angle_deg: Annotated[Finite, Field(gt=0, le=180)] | None = Field(
        default=None, description="bend angle where the drawing says none, deflection from flat [deg]", examples=[90.0]
    )
    direction: Literal["up", "down"] | None = Field(default=None, description="where the drawing says none; up when an angle is given")
    radius_mm: Annotated[Finite, Field(ge=0, le=200)] | None = Field(
        default=None, description="inner radius where the drawing says none [mm]"
    )
    units: Literal["mm", "cm", "m", "inch", "ft"] | None = Field(default=None, description="of the drawing; overrides what it states")
    gripper: Name | None = Field(default=None, description="one of the cell's grippers; default: the first that can do the job")
    layers: Annotated[dict[Name, Role], Field(max_length=100)] | None = Field(
        default=None, description="what lies on a layer of the drawing, by layer name", examples=[{"BIEGE": "bend"}]
    )
    solid: Name | None = Field(default=None, description="number or name of the solid, where a STEP file holds several", examples=["2"])
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = Field(
        default=None, description="of the random generator; same seed, same plan; default: the job file's, or 0"
    )


class UnfoldJobOptions(JobOptions):
    """Of `pliant unfold`; all may be left out."""

    material: Name = Field(default="mild-steel", description="gives the K-factor, see GET /tools", examples=["stainless-304"])
    solid: Name | None = Field(default=None, description="number or name of the solid, where a STEP file holds several", examples=["2"])
    k_factor: Annotated[Finite, Field(gt=0, lt=1)] | None = Field(
        default=None, description="neutral fibre from the inner face over thickness, no unit; default: the material's", examples=[0.42]
    )
    allowance: Literal["k-factor", "din-6935"] = Field(default="k-factor", description="rule for the flat width of the bends")
    radius_mm: Annotated[Finite, Field(ge=0, le=200)] | None = Field(
        default=None, description="inner radius of bends modelled without one [mm]"
    )
    convention: Literal["generic", "inventor", "solidworks"] = Field(default="generic", description="of the DXF's layers")


class WeldJobOptions(JobOptions):
    """Of `pliant weld`; a cell is needed, here or in the job file."""

    cell: Name | None = Field(default=None, description="shipped or own welding cell, see GET /cells", examples=["welding-kr5"])
    language: LanguageName | None = Field(default=None, description="of the program; default: the robot's own", examples=["krl"])
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = Field(
        default=None, description="of the random generator; same seed, same plan; default: the job file's, or 0"
    )


class VerifyJobOptions(JobOptions):
    """Of `pliant verify`; a cell or a job is needed."""

    cell: Name | None = Field(
        default=None, description="shipped or own cell to run the program on; default: the job's", examples=["bending-irb4600"]
    )
    job: JobId | None = Field(default=None, description="id of the bending or welding job that the program belongs to")
    gripper: Name | None = Field(default=None, description="the mounted one; default: the job's, else the cell's first")
    language: LanguageName | None = Field(default=None, description="default: told by the files' endings", examples=["rapid"])
    skip_unknown: bool = Field(default=False, description="leave out lines that are not understood instead of stopping there")


class ExportJobOptions(JobOptions):
    """Of `pliant export`."""

    job: JobId = Field(description="id of a finished bending or welding job", examples=["0123456789abcdef"])
    language: LanguageName = Field(description="to write the program in", examples=["krl"])


class CheckJobOptions(JobOptions):
    """Of `pliant check`; the cell may also be sent as files."""

    cell: Name | None = Field(
        default=None, description="shipped or own cell; left out when the cell file is sent", examples=["bending-kr120"]
    )
