"""The cell file: what may stand in it. Every length, angle and force carries its unit in its name; docs/cell_files.md is its manual."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from robots.programs.settings import ProgramSettings

Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Vec3 = tuple[Finite, Finite, Finite]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Rgb = tuple[Share, Share, Share]
Name = Annotated[str, Field(min_length=1, max_length=200)]
ProgramLanguage = Literal["krl", "rapid", "fanuc", "inform", "urscript"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoseModel(_Strict):
    """Where something stands in the world, or a tool on the flange: position, then fixed-axes roll, pitch, yaw."""

    xyz_mm: Vec3 = Field(default=(0.0, 0.0, 0.0), description="x, y, z of its origin in the world, or on the flange (`tcp`) [mm]")
    rpy_deg: Vec3 = Field(default=(0.0, 0.0, 0.0), description="turns about the x, then y, then z axis of the same frame [deg]")


class TrackSpec(_Strict):
    """A linear track under the robot. `base` of the robot is then the place on the floor below it when the track stands at 0."""

    length_mm: Positive = Field(description="travel from end to end [mm]")
    axis: Literal["x", "y", "-x", "-y"] = Field(default="x", description="direction of positive travel in the world")
    zero_mm: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        default=None, description="position 0, measured from the lower end [mm]; default: the middle"
    )
    speed_mm_s: Positive = Field(description="largest speed [mm/s]")
    acceleration_mm_s2: Positive = Field(description="largest acceleration [mm/s2]")
    carriage_height_mm: Positive = Field(description="the robot's base above the floor, at least 150 [mm]")
    home_mm: Finite = Field(default=0.0, description="position at home [mm]")


class RobotModelSpec(_Strict):
    """A robot by catalogue name (`model`) or by its own URDF (`urdf`); exactly one of the two."""

    model: Name | None = Field(default=None, description="catalogue name, see `pliant robots`")
    urdf: Name | None = Field(default=None, description="own URDF or xacro file, relative to this file and inside its folder")
    packages: dict[str, str] = Field(
        default_factory=dict,
        description="folder of each package:// or $(find) name, relative to this file and inside its folder; others are looked for beside the URDF",
    )
    flange: Name = Field(default="tool0", description="link on which the gripper is mounted (own URDF)")
    payload_kg: Positive | None = Field(default=None, description="rated load at the flange (own URDF) [kg]")
    acceleration_deg_s2: list[Positive] | None = Field(
        default=None, max_length=20, description="per axis (own URDF) [deg/s2]; default: full speed in 0.35 s"
    )
    base: PoseModel = Field(
        default=PoseModel(), description="where the robot's base link stands; on a track: the place on the floor below it at position 0"
    )
    track: TrackSpec | None = Field(default=None, description="the linear track that the robot stands on; default: none")
    home_deg: list[Finite] = Field(
        max_length=20, description="home position of the arm, one value per joint, inside the joint limits [deg; mm for sliding joints]"
    )
    controller: Name | None = Field(default=None, description="for the record; default: the catalogue's")
    language: ProgramLanguage | None = Field(
        default=None, description="of the exported programs; default: the catalogue's; needed with an own URDF"
    )


class GripperSpec(_Strict):
    """A gripper with its own description; shipped ones are given by name."""

    name: Name = Field(description="unique in the cell; jobs choose by it")
    kind: Literal["vacuum", "clamp"] = Field(description="cups on a face, or jaws on an edge")
    urdf: Name = Field(description="own URDF or xacro, relative to this file and inside its folder; its root link sits on the flange")
    tcp: PoseModel = Field(
        description="tool frame on the robot's flange: in the cups' plane with z into the sheet, or at the bottom of the jaws' throat with z out of the mouth"
    )
    mass_kg: Positive = Field(description="of the gripper [kg]")
    com_mm: Vec3 = Field(description="centre of mass x, y, z in the flange's frame [mm]")
    cup_radius_mm: Positive | None = Field(default=None, description="sealing radius of a cup (vacuum) [mm]")
    cups_mm: list[tuple[Finite, Finite]] = Field(
        default=[], max_length=500, description="x, y of every cup in the TCP's plane (vacuum) [mm]"
    )
    vacuum_kpa: Positive = Field(default=60, le=101, description="pressure difference at the cups (vacuum) [kPa]")
    jaw_width_mm: Positive | None = Field(default=None, description="of a jaw along the sheet's edge (clamp) [mm]")
    jaw_depth_mm: Positive | None = Field(default=None, description="how far the sheet goes into the jaws (clamp) [mm]")
    jaw_opening_mm: Positive | None = Field(default=None, description="clear gap when open (clamp) [mm]")
    jaw_force_n: Positive | None = Field(default=None, description="clamping force (clamp) [N]")
    safety_factor: Positive = Field(default=2.0, ge=1, description="holding force over the worst load")


class BrakeSpec(_Strict):
    """A press brake by catalogue name, with any of its figures changed."""

    model: Name = Field(description="catalogue name, see `pliant tools`")
    base: PoseModel | None = Field(
        default=None, description="pose of the lower tool seat's middle; default: over the origin at the brake's seat height"
    )
    max_force_kn: Positive | None = Field(default=None, description="largest press force [kN]")
    approach_speed_mm_s: Positive | None = Field(default=None, description="ram down to the mute point [mm/s]")
    bending_speed_mm_s: Positive | None = Field(default=None, description="ram while bending; not below the brake's slowest [mm/s]")
    return_speed_mm_s: Positive | None = Field(default=None, description="ram up [mm/s]")


class OwnPunchSpec(_Strict):
    """A punch of the user's own: a DXF section, origin at the tip, y to the back gauge, z up, drawn up to the seat."""

    name: Name = Field(description="of the tool, unlike any catalogue name; programs and set-up sheets use it")
    section: Name = Field(description="DXF of the section, relative to this file and inside its folder; see docs/tooling.md")
    angle_deg: Annotated[float, Field(ge=10, le=170)] = Field(description="of the tip [deg]; checked against the section")
    radius_mm: Annotated[float, Field(gt=0, le=100)] = Field(
        description="of the tip [mm]; checked against the section unless that is sharp"
    )
    rating_kn_m: Positive = Field(description="largest force per length [kN/m]")
    height_mm: Positive | None = Field(default=None, description="tip to seat [mm]; checked against the section; default: the section's")
    segments_mm: list[Positive] | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="lengths there are of this tool, with repeats [mm]; default: those of the shop's set",
    )


class OwnDieSpec(_Strict):
    """A die of the user's own: a DXF section, origin in the V's middle at the top face, y to the back gauge, z up, drawn down to the seat."""

    name: Name = Field(description="of the tool, unlike any catalogue name; programs and set-up sheets use it")
    section: Name = Field(description="DXF of the section, relative to this file and inside its folder; see docs/tooling.md")
    opening_mm: Positive = Field(description="of the V, between the corners of flanks and top face [mm]; checked against the section")
    angle_deg: Annotated[float, Field(ge=10, le=170)] = Field(description="of the V [deg]; checked against the section")
    shoulder_mm: Annotated[float, Field(gt=0, le=100)] = Field(
        description="radius of the V's shoulders [mm]; checked against the section unless that is sharp"
    )
    rating_kn_m: Positive = Field(description="largest force per length [kN/m]")
    segments_mm: list[Positive] | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="lengths there are of this tool, with repeats [mm]; default: those of the shop's set",
    )


class ToolingSpec(_Strict):
    """Tools the shop owns: catalogue names and own sections, in order of preference."""

    punches: list[Name | OwnPunchSpec] = Field(
        min_length=1, max_length=200, description="catalogue names (`pliant tools`) or own sections, in order of preference"
    )
    dies: list[Name | OwnDieSpec] = Field(
        min_length=1, max_length=200, description="catalogue names (`pliant tools`) or own sections, in order of preference"
    )
    segments_mm: list[Positive] | None = Field(
        default=None, min_length=1, max_length=500, description="lengths of one set of segments, with repeats [mm]; default: a usual set"
    )


class StationSpec(_Strict):
    """A place where sheets or parts rest."""

    kind: Literal["stack", "presenter", "centring", "regrip", "outfeed"] = Field(
        description="stack or presenter: sheets come from there; centring: tilted table with two stops; regrip: post with cups; outfeed: finished parts"
    )
    pose: PoseModel = Field(
        description="of the supporting surface: z out of it; origin in its middle, of a centring table in the stops' corner"
    )
    size_mm: tuple[Positive, Positive] = Field(description="supporting surface along its x and y [mm]")
    count: Annotated[int, Field(ge=1, le=100000)] = Field(default=1, description="sheets in the stack")
    rows: Annotated[int, Field(ge=0, le=1000)] = Field(default=0, description="parts along x on an outfeed; 0: as many as fit")
    columns: Annotated[int, Field(ge=0, le=1000)] = Field(default=0, description="parts along y on an outfeed; 0: as many as fit")
    layers: Annotated[int, Field(ge=0, le=1000)] = Field(default=0, description="layers on an outfeed; 0: as many as fit")
    gap_mm: Annotated[float, Field(ge=0, le=5000)] = Field(default=50, description="between parts on an outfeed [mm]")
    holding_force_n: Annotated[float, Field(ge=0, le=1e6)] = Field(default=200, description="of a regrip station's cups [N]")


class BodySpec(_Strict):
    """A fixed thing: exactly one of box_mm, cylinder_mm, mesh."""

    name: Name = Field(description="unique among bodies and stations; findings use it")
    group: Literal["obstacle", "fence", "column", "cabinet"] = Field(default="obstacle", description="what it is")
    pose: PoseModel = Field(default=PoseModel(), description="of its middle, or of the mesh's origin")
    box_mm: tuple[Positive, Positive, Positive] | None = Field(default=None, description="size along x, y, z [mm]")
    cylinder_mm: tuple[Positive, Positive] | None = Field(default=None, description="radius and height along z [mm]")
    mesh: Name | None = Field(
        default=None, description="STL, OBJ, PLY, DAE or GLB in metres, inside this file's folder; its connected parts are taken as convex"
    )
    color: Rgb = Field(default=(0.6, 0.6, 0.6), description="red, green, blue, each 0..1")


class FenceSpec(_Strict):
    """A fence along a line on the floor."""

    path_mm: list[tuple[Finite, Finite]] = Field(min_length=2, max_length=500, description="corners x, y on the floor [mm]")
    height_mm: Positive = Field(default=2000, description="above the floor [mm]")
    thickness_mm: Positive = Field(default=40, description="of the panels [mm]")


class SignalSpec(_Strict):
    """One line between the controllers."""

    direction: Literal["in", "out"] = Field(description="as the robot sees it")
    address: Name = Field(
        description="the controller's, in the robot's language: `$OUT[5]`, `$IN[17..24]` (krl), `doBendStart` (rapid), `DO[5]`, `GI[1]` (fanuc), `OT#(5)` (inform), `DO[5]` (urscript); for other languages see `programs`"
    )


class CellSpec(_Strict):
    """A bending cell."""

    kind: Literal["bending"] = Field(default="bending", description="tells it from a welding cell; may be left out")
    title: Name = Field(description="for people")
    logo: Name | None = Field(
        default=None, description="the owner's, for page and offline files: PNG, JPEG or SVG below the cell file's folder, at most 200 kB"
    )
    robot: RobotModelSpec = Field(description="the robot and where it stands")
    grippers: list[Name | GripperSpec] = Field(
        min_length=1,
        max_length=50,
        description="those that may be mounted, in order of preference: catalogue names (`pliant tools`) or own descriptions",
    )
    brake: BrakeSpec = Field(description="the press brake")
    tooling: ToolingSpec = Field(description="punches and dies in stock")
    stations: dict[Name, StationSpec] = Field(description="by name; a job needs a stack or presenter and an outfeed")
    bodies: list[BodySpec] = Field(default=[], max_length=500, description="fixed things to keep clear of")
    fence: list[FenceSpec] = Field(default=[], max_length=50, description="fences round the cell")
    signals: dict[Name, SignalSpec] = Field(
        default={}, description="lines between robot, brake and gripper, by neutral name; see docs/programs.md"
    )
    programs: ProgramSettings = Field(
        default=ProgramSettings(), description="what the controllers' programs need: numbers, names, versions, one part per language"
    )
    margin_mm: Annotated[float, Field(ge=1, le=200)] = Field(default=10, description="clearance that free moves keep [mm]")


def json_schema() -> dict[str, Any]:
    """JSON Schema of the cell file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **CellSpec.model_json_schema()}
