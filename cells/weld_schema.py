"""The file of a welding cell: what may stand in it. Every length, angle and force carries its unit in its name; docs/weld_cells.md is its manual."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cells.schema import BodySpec, FenceSpec, Finite, Name, PoseModel, Positive, Rgb, RobotModelSpec, SignalSpec, Vec3
from parts.seam import SeamKind
from robots.programs.settings import ProgramSettings

NotNegative = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Tilt = Annotated[float, Field(ge=-60, le=60)]
WindowDeg = tuple[Tilt, Tilt, Tilt]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TorchSpec(_Strict):
    """A torch with its own description; shipped ones are given by name."""

    name: Name = Field(description="for people")
    urdf: Name = Field(
        description="own URDF or xacro without moving joints, relative to this file and inside its folder; its root link sits on the flange, its links `nozzle` and `wire` are the gas nozzle and the wire that stands out"
    )
    tcp: PoseModel = Field(
        description="tool frame on the robot's flange: the wire's end at the nominal distance, z along the wire out of the torch"
    )
    ctwd_mm: Annotated[float, Field(gt=0, le=60)] = Field(description="contact tip to work distance [mm]")
    wire_diameter_mm: Annotated[float, Field(gt=0, le=4)] = Field(description="of the wire [mm]")
    mass_kg: Positive = Field(description="of the torch with bracket and what of the hose it carries [kg]")
    com_mm: Vec3 = Field(description="centre of mass x, y, z in the flange's frame [mm]")
    twist_deg: Annotated[float, Field(gt=0, le=720)] = Field(
        default=200, description="how far the hose lets the last axis turn from the middle of its range, to either side [deg]"
    )


class PositionerModelSpec(_Strict):
    """A positioner by catalogue name (`model`) or by its own URDF (`urdf`); exactly one of the two."""

    model: Name | None = Field(default=None, description="catalogue name, see `pliant tools`")
    urdf: Name | None = Field(
        default=None, description="own URDF or xacro with one or two turning joints, relative to this file and inside its folder"
    )
    table_link: Name = Field(
        default="table", description="link that carries the workpiece; its origin is where the table's top is, z out of it (own URDF)"
    )
    table_radius_mm: Positive | None = Field(default=None, description="of the table's clamping face, for the cell check (own URDF) [mm]")
    base: PoseModel = Field(default=PoseModel(), description="where its root link stands")
    home_deg: list[Finite] = Field(min_length=1, max_length=2, description="joints when a workpiece is put on, one value per joint [deg]")


class TableSpec(_Strict):
    """A fixed welding table: a plate on four legs."""

    pose: PoseModel = Field(description="of the middle of its top, z out of it; upright")
    size_mm: tuple[Positive, Positive] = Field(description="of the top along its x and y [mm]")
    thickness_mm: Positive = Field(default=40, description="of the plate [mm]")


class FixtureSpec(_Strict):
    """A clamp or stop that goes with the workpiece: exactly one of box_mm, cylinder_mm, mesh."""

    name: Name = Field(description="unique among bodies and fixtures; findings use it")
    pose: PoseModel = Field(default=PoseModel(), description="of its middle, or of the mesh's origin, in the workpiece frame")
    box_mm: tuple[Positive, Positive, Positive] | None = Field(default=None, description="size along x, y, z [mm]")
    cylinder_mm: tuple[Positive, Positive] | None = Field(default=None, description="radius and height along z [mm]")
    mesh: Name | None = Field(
        default=None, description="STL, OBJ, PLY, DAE or GLB in metres, inside this file's folder; its connected parts are taken as convex"
    )
    color: Rgb = Field(default=(0.75, 0.35, 0.2), description="red, green, blue, each 0..1")


class CleanerSpec(_Strict):
    """A torch cleaner on a post; the torch comes from above with its wire straight down."""

    mouth_mm: Vec3 = Field(description="where the wire's end stands in the world while the torch is cleaned, just above the cleaner [mm]")
    size_mm: tuple[Positive, Positive, Positive] = Field(
        default=(120, 160, 250), description="of the cleaner below its mouth along x, y, z [mm]"
    )
    every_s: Positive = Field(default=600, description="arc-on time after which the torch is cleaned [s]")


class WeaveSpec(_Strict):
    """Weaving across the seam."""

    shape: Literal["zigzag", "triangle", "sine", "circle", "figure-8"] = Field(description="way of the wire's end")
    frequency_hz: Annotated[float, Field(gt=0, le=20)] = Field(description="of the whole pattern [Hz]")
    amplitude_mm: Annotated[float, Field(gt=0, le=25)] = Field(description="to either side of the seam [mm]")
    dwell_left_s: NotNegative = Field(default=0, description="stop at the left end [s]")
    dwell_right_s: NotNegative = Field(default=0, description="stop at the right end [s]")
    number: Annotated[int, Field(ge=0, le=9999)] | None = Field(default=None, description="of the controller's weave data")


class PassSpec(_Strict):
    """One bead of a seam that is welded in several."""

    offset_a_mm: Finite = Field(default=0, description="from the root along face a [mm]")
    offset_b_mm: Finite = Field(default=0, description="from the root along face b [mm]")
    work_deg: Tilt = Field(default=0, description="added to the work angle [deg]")


class EndsSpec(_Strict):
    """How the torch tilts towards the ends of a bead, beside its travel angle."""

    start_deg: Annotated[Finite, Field(ge=-45, le=45)] = Field(
        default=0.0, description="added to the travel angle where the bead begins [deg]"
    )
    end_deg: Annotated[Finite, Field(ge=-45, le=45)] = Field(default=0.0, description="added to the travel angle where it ends [deg]")
    over_mm: Annotated[float, Field(gt=0, le=200)] = Field(
        default=20.0, description="within this way from the end it falls evenly to nothing [mm]"
    )


class ProcedureSpec(_Strict):
    """How a seam of a kind and size is welded."""

    name: Name = Field(description="unique in the cell; jobs choose by it")
    number: Annotated[int, Field(ge=0, le=9999)] = Field(description="on the power source or controller")
    kinds: list[SeamKind] = Field(min_length=1, max_length=4, description="seams it is for")
    thickness_mm: tuple[NotNegative, Positive] = Field(description="least and greatest thickness of the thinner piece [mm]")
    throat_mm: NotNegative = Field(description="of fillets; 0 for butt seams [mm]")
    speed_mm_s: Annotated[float, Field(gt=0, le=200)] = Field(description="of the torch along the seam [mm/s]")
    wire_feed_m_min: Annotated[float, Field(gt=0, le=40)] = Field(description="wire feed [m/min]")
    gas_l_min: Annotated[float, Field(gt=0, le=60)] = Field(description="gas flow [l/min]")
    work_deg: WindowDeg = Field(
        description="lowest, preferred, greatest angle between the torch and the bisector of the two faces; positive leans towards face b [deg]"
    )
    travel_deg: WindowDeg = Field(description="lowest, preferred, greatest tilt along the travel: positive drags, negative pushes [deg]")
    ends: EndsSpec = Field(default=EndsSpec(), description="other travel angles at the ends of a bead; default: the same all along")
    weave: WeaveSpec | None = Field(default=None, description="weaving; default: none")
    preflow_s: NotNegative = Field(default=0.3, description="gas before ignition [s]")
    ignition_s: NotNegative = Field(default=0.3, description="ignition to travel [s]")
    crater_s: NotNegative = Field(default=0.4, description="crater fill at the end [s]")
    postflow_s: NotNegative = Field(default=0.5, description="gas after the arc [s]")
    largest_gap_mm: NotNegative = Field(default=1.0, description="greatest gap between the pieces [mm]")
    passes: list[PassSpec] = Field(
        default=[PassSpec()], min_length=1, max_length=60, description="beads in the order welded; default: one at the root"
    )


class WeldCellSpec(_Strict):
    """A welding cell."""

    kind: Literal["welding"] = Field(description="tells it from a bending cell")
    title: Name = Field(description="for people")
    logo: Name | None = Field(
        default=None, description="the owner's, for page and offline files: PNG, JPEG or SVG below the cell file's folder, at most 200 kB"
    )
    robot: RobotModelSpec = Field(description="the robot and where it stands")
    torch: Name | TorchSpec = Field(description="catalogue name (`pliant tools`) or own description")
    positioner: PositionerModelSpec | None = Field(default=None, description="turns the workpiece; exactly one of positioner and table")
    table: TableSpec | None = Field(default=None, description="the workpiece lies still on it; exactly one of positioner and table")
    workpiece: PoseModel = Field(
        default=PoseModel(),
        description="frame in which weldments are placed, from the middle of the table's top or from the positioner's table",
    )
    fixtures: list[FixtureSpec] = Field(default=[], max_length=200, description="clamps and stops that go with the workpiece")
    cleaner: CleanerSpec | None = Field(default=None, description="torch cleaner; default: none")
    procedures: list[Name | ProcedureSpec] = Field(
        min_length=1, max_length=200, description="catalogue names (`pliant tools`) or own ones, in order of preference"
    )
    bodies: list[BodySpec] = Field(default=[], max_length=500, description="fixed things to keep clear of")
    fence: list[FenceSpec] = Field(default=[], max_length=50, description="fences round the cell")
    signals: dict[Name, SignalSpec] = Field(default={}, description="lines between robot, power source and cleaner, by neutral name")
    programs: ProgramSettings = Field(
        default=ProgramSettings(), description="what the controllers' programs need: numbers, names, versions, one part per language"
    )
    margin_mm: Annotated[float, Field(ge=1, le=200)] = Field(default=10, description="clearance that free moves keep [mm]")
    weld_margin_mm: Annotated[float, Field(ge=0.5, le=50)] = Field(
        default=3, description="clearance of the torch from everything but the seam's own pieces while it welds [mm]"
    )


def json_schema() -> dict[str, Any]:
    """JSON Schema of the welding cell's file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **WeldCellSpec.model_json_schema()}
