"""The job file of a weldment: files, cell, where it is placed, limits of recognition, what is done with the seams found, and the user's own seams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from core.errors import InputError, UnknownNameError
from core.files import inside
from core.frames import Array, from_xyz_rpy
from core.units import DEG, INCH, MM
from parts.materials import material
from parts.own_seams import OwnSeam, arc_points
from parts.seam import TACK, Seam
from parts.seam_edits import joined, split, stitched
from parts.seam_options import SeamOptions
from parts.weldment_read import WeldmentOptions

Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Length = Annotated[float, Field(allow_inf_nan=False, gt=0, le=1e6)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Point = tuple[Finite, Finite, Finite]


def _no_tack(name: str) -> str:
    if TACK in name:
        raise ValueError(f"'{TACK}' stands in the names of tacks only; call the seam otherwise")
    return name


At = Callable[..., AbstractContextManager[None]]
"""`cells.yaml_source.Source.at`: errors raised inside name the file and the line of a key."""
UNITS = {"mm": MM, "cm": 1e-2, "m": 1.0, "inch": INCH}


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Placement(_Spec):
    """Where the weldment's frame lies in the cell's workpiece frame."""

    xyz_mm: Point = Field(default=(0, 0, 0), description="position [mm]")
    rpy_deg: Point = Field(default=(0, 0, 0), description="turns about the fixed axes x, then y, then z [deg]")

    @property
    def T_workpiece_weldment(self) -> Array:
        """(4, 4)"""
        return from_xyz_rpy(np.array(self.xyz_mm) * MM, np.array(self.rpy_deg) * DEG)


class Recognition(_Spec):
    """Which seams of a STEP assembly are found."""

    automatic: bool = Field(default=True, description="false: only own_seams are welded")
    min_length_mm: Length = Field(default=20, description="shorter seams are left out [mm]")
    max_length_mm: Length = Field(default=100_000, description="longer seams are left out [mm]")
    min_angle_deg: Annotated[Finite, Field(ge=5, le=180)] = Field(default=30, description="least opening between the two faces [deg]")
    max_angle_deg: Annotated[Finite, Field(ge=5, le=300)] = Field(
        default=200, description="largest opening [deg]; 90 in a T joint, 180 where they are flush"
    )
    max_gap_mm: Annotated[Finite, Field(ge=0.01, le=10)] = Field(default=2, description="pieces further apart are not joined [mm]")
    allowed_gap_mm: Annotated[Finite, Field(ge=0, le=10)] = Field(default=1, description="wider gaps are a warning [mm]")
    torch_width_mm: Annotated[Finite, Field(gt=0, le=200)] = Field(
        default=22, description="diameter of the gas nozzle, which must reach the root [mm]"
    )
    torch_length_mm: Annotated[Finite, Field(gt=0, le=1000)] = Field(
        default=200, description="that far from the root nothing may be in the torch's way [mm]"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Recognition:
        if self.min_length_mm > self.max_length_mm or self.min_angle_deg > self.max_angle_deg:
            raise ValueError("a lower limit is above the upper one")
        return self

    @property
    def options(self) -> SeamOptions:
        """In SI units."""
        return SeamOptions(
            self.min_length_mm * MM, self.max_length_mm * MM, self.min_angle_deg * DEG, self.max_angle_deg * DEG, self.max_gap_mm * MM, self.allowed_gap_mm * MM,
            self.torch_width_mm * MM, self.torch_length_mm * MM,
        )  # fmt: skip


class Stitch(_Spec):
    """Short beads with spaces between."""

    length_mm: Annotated[Length, Field(ge=1)] = Field(description="of one bead [mm]")
    pitch_mm: Length = Field(description="from the start of one bead to that of the next [mm]")
    start_mm: Annotated[Finite, Field(ge=0)] = Field(default=0, description="of the first bead, from the seam's start [mm]")

    @model_validator(mode="after")
    def _apart(self) -> Stitch:
        if self.pitch_mm < self.length_mm:
            raise ValueError(f"pitch_mm {self.pitch_mm:g} is less than length_mm {self.length_mm:g}: the beads would overlap")
        return self


class SeamEdit(_Spec):
    """What is done with one seam; in this order: reverse, join, split, stitch."""

    drop: bool = Field(default=False, description="it is not welded")
    join: list[Name | Annotated[int, Field(ge=0)]] = Field(
        default=[], max_length=100, description="names of seams that go on where this one ends; they become one with it"
    )
    reverse: bool = Field(default=False, description="welded the other way")
    split_mm: list[Length] = Field(
        default=[], max_length=25, description="cut at these lengths from its start [mm]; the pieces are called 4a, 4b, ..."
    )
    stitch: Stitch | None = Field(default=None, description="short beads with spaces between, called 7.1, 7.2, ...")
    passes: Annotated[int, Field(ge=1, le=50)] | None = Field(default=None, description="number of beads; default: the procedure's")
    procedure: Name | None = Field(default=None, description="name of one of the cell's procedures; default: the first that suits")
    order: Annotated[int, Field(ge=1, le=100_000)] | None = Field(default=None, description="seams with a number come first, lowest first")
    search: bool | None = Field(default=None, description="whether the wire touches the part before this seam; default: as `welding` says")

    @model_validator(mode="after")
    def _alone(self) -> SeamEdit:
        if self.drop and self.model_fields_set != {"drop"}:
            raise ValueError("a seam that is dropped takes nothing else")
        if self.split_mm and self.stitch:
            raise ValueError("split_mm and stitch exclude each other; split first, then stitch the pieces by their names (4a, 4b)")
        return self


class OwnSeamSpec(_Spec):
    """A seam in the weldment's frame, as a polyline or an arc."""

    name: Annotated[Name, AfterValidator(_no_tack)] = Field(description="unlike all others; without the word `tack` between spaces")
    points_mm: list[Point] | None = Field(
        default=None, min_length=2, max_length=5000, description="corners of the root in welding direction [mm]"
    )
    arc_mm: tuple[Point, Point, Point] | None = Field(default=None, description="start, a point between, and end [mm]")
    closed: bool = Field(default=False, description="points: back to the first one; arc: the whole circle")
    kind: Literal["fillet", "lap", "corner", "butt"] | None = Field(
        default=None, description="default: butt where the faces are flush, else fillet"
    )

    @model_validator(mode="after")
    def _one_of(self) -> OwnSeamSpec:
        if (self.points_mm is None) == (self.arc_mm is None):
            raise ValueError("give points_mm or arc_mm, and not both")
        return self

    @property
    def seam(self) -> OwnSeam:
        """In SI units; raises `InputError` where three points of an arc are in line."""
        if self.points_mm is not None:
            points = np.array(self.points_mm) * MM
            if self.closed and np.linalg.norm(points[0] - points[-1]) > 1e-9:
                points = np.concatenate((points, points[:1]))
            return OwnSeam(self.name, points, self.closed, self.kind)
        start, via, end = np.array(self.arc_mm) * MM
        found = arc_points(start, via, end, self.closed)
        if found is None:
            raise InputError(f"the three points of seam '{self.name}' are in line or in one place and give no arc; use points_mm")
        return OwnSeam(self.name, found, self.closed, self.kind)


class Tacks(_Spec):
    """Short beads that hold the pieces before the first seam is welded."""

    length_mm: Annotated[Length, Field(ge=3)] = Field(default=12, description="of one tack [mm]")
    pitch_mm: Annotated[Length, Field(ge=10)] = Field(default=150, description="largest distance from tack to tack [mm]")


class Welding(_Spec):
    """How the planner welds what is given."""

    corners: Literal["roll", "stop"] = Field(
        default="roll", description="within a seam the torch rolls around corners, or stops and retracts"
    )
    overlap_mm: Annotated[Finite, Field(ge=0, le=100)] = Field(
        default=10, description="a closed seam is welded this far over its start [mm]"
    )
    clearance_mm: Annotated[Finite, Field(ge=20, le=300)] = Field(
        default=50, description="the torch stands back this far along the wire before and after a seam [mm]"
    )
    direction: Literal["auto", "as-given"] = Field(
        default="auto", description="of seams that are not reversed above: the planner's choice, or as they are listed"
    )
    tacks: Tacks | None = Field(default=None, description="default: none")
    search: bool = Field(
        default=False,
        description="the wire touches the part before each seam, and the program shifts the seam by what it finds (RAPID and FANUC); `search` of a seam wins",
    )


class WeldJobSpec(_Spec):
    """A welding job."""

    weldment: Name | Annotated[list[Name], Field(min_length=1, max_length=300)] = Field(
        description="a STEP assembly, or one or several meshes (STL, OBJ, GLB, PLY), relative to this file and inside its folder"
    )
    cell: Name | None = Field(default=None, description="name of a shipped cell (`pliant cells`), or a cell file relative to this file")
    placement: Placement = Field(default=Placement(), description="where the weldment lies in the cell's workpiece frame")
    material: Name = Field(default="mild-steel", description="name of a material, see `pliant tools`; gives the masses")
    mesh_units: Literal["mm", "cm", "m", "inch"] | None = Field(default=None, description="of mesh files; default: m in GLB, mm in others")
    find: Recognition = Field(default=Recognition(), description="which seams of a STEP assembly are found")
    own_seams: list[OwnSeamSpec] = Field(default=[], max_length=2000, description="seams that are given, beside those that are found")
    seams: dict[Name, SeamEdit] = Field(
        default={},
        description="what is done with seams, by name as `pliant seams` lists them, one after the other in the order of this file",
    )
    welding: Welding = Field(default=Welding(), description="corners, overlap, clearance, direction, tacks")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(default=0, description="of the random generator; same seed, same plan")

    @property
    def files(self) -> list[str]:
        """The weldment's files as they are written."""
        return [self.weldment] if isinstance(self.weldment, str) else list(self.weldment)

    def options(self) -> WeldmentOptions:
        """How the files are read; raises `UnknownNameError` for the material."""
        unit = None if self.mesh_units is None else UNITS[self.mesh_units]
        return WeldmentOptions(material(self.material).density, unit, self.find.automatic, self.find.options)


@dataclass(frozen=True, eq=False, slots=True)
class SeamTask:
    """A seam with what the job says about it.

    Attributes:
        seam: As it is to be welded.
        procedure: Name; None: the first that suits.
        passes: Beads; None: the procedure's.
        order: Seams with a number come first; None: the planner's choice.
        search: Whether it is searched; None: as the job says for all.
    """

    seam: Seam
    procedure: str | None = None
    passes: int | None = None
    order: int | None = None
    search: bool | None = None


def json_schema() -> dict[str, Any]:
    """JSON Schema of the job file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **WeldJobSpec.model_json_schema()}


def own_seams(job: WeldJobSpec, at: At) -> list[OwnSeam]:
    """The job's own seams; raises `InputError` with the line where one is none, or two have one name."""
    out: list[OwnSeam] = []
    for index, spec in enumerate(job.own_seams):
        with at("own_seams", index):
            if any(spec.name == other.name for other in out):
                raise InputError(f"two own seams are called '{spec.name}'")
            out.append(spec.seam)
    return out


def edited(seams: Sequence[Seam], job: WeldJobSpec, at: At) -> tuple[SeamTask, ...]:
    """The seams after the job's edits, those with an order first.

    Args:
        seams: Found and own ones.
        job: The edits, done one after the other: a piece of a split seam can be edited by its new name.
        at: Gives errors their line.

    Raises:
        UnknownNameError: When an edit names a seam that is not there, or no longer.
        InputError: When an edit cannot be done, or an own seam has the name of a found one.
    """
    for index, spec in enumerate(job.own_seams):
        if sum(seam.name == spec.name for seam in seams) > 1:
            with at("own_seams", index, "name"):
                raise InputError(f"own seam '{spec.name}' has the name of a seam that was found; choose another")
    tasks = {seam.name: SeamTask(seam) for seam in seams}
    for name, edit in job.seams.items():
        with at("seams", name):
            if name not in tasks:
                raise UnknownNameError("seam", name, list(tasks))
            made = [] if edit.drop else _edit(tasks, name, edit, at)
            # In the place of the seam, so that the list keeps its order.
            tasks = {
                task.seam.name: task
                for old in tasks.values()
                for task in (made if old.seam.name == name else [] if old.seam.name in map(str, edit.join) else [old])
            }
    return tuple(sorted(tasks.values(), key=lambda task: (task.order is None, task.order or 0)))


def _edit(tasks: dict[str, SeamTask], name: str, edit: SeamEdit, at: At) -> list[SeamTask]:
    seam = tasks[name].seam.reversed() if edit.reverse else tasks[name].seam
    for index, other in enumerate(str(name) for name in edit.join):
        with at("seams", name, "join", index):
            if other not in tasks or other == name:
                raise UnknownNameError("seam", other, [one for one in tasks if one != name])
            seam = joined(seam, tasks[other].seam)
    pieces: tuple[Seam, ...] = (seam,)
    if edit.split_mm:
        with at("seams", name, "split_mm"):
            pieces = split(seam, [length * MM for length in edit.split_mm])
    if edit.stitch is not None:
        with at("seams", name, "stitch"):
            pieces = stitched(seam, edit.stitch.length_mm * MM, edit.stitch.pitch_mm * MM, edit.stitch.start_mm * MM)
    taken = [piece.name for piece in pieces if piece.name in tasks and piece.name != name]
    if taken:
        raise InputError(f"seam '{name}' would make a second seam called '{taken[0]}'; rename the own seam")
    old = tasks[name]
    search = old.search if edit.search is None else edit.search
    return [
        SeamTask(piece, edit.procedure or old.procedure, edit.passes or old.passes, edit.order or old.order, search) for piece in pieces
    ]


def weldment_files(job: WeldJobSpec, folder: Path) -> list[Path]:
    """Paths of the weldment's files below the job file's folder; raises `InputError` for one that leaves it."""
    return [inside(folder, name, f"weldment '{name}'") for name in job.files]
