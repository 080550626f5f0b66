"""The cell file: what may stand in it. Every length, angle and force carries its unit in its name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Vec3 = tuple[Finite, Finite, Finite]
Rgb = tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoseModel(_Strict):
    """Where something stands in the world: position, then fixed-axes roll, pitch, yaw."""

    xyz_mm: Vec3 = (0.0, 0.0, 0.0)
    rpy_deg: Vec3 = (0.0, 0.0, 0.0)


class RobotModelSpec(_Strict):
    """A robot by catalogue name (`model`) or by its own URDF."""

    model: str | None = Field(None, description="catalogue name, see `pliant robots`")
    urdf: str | None = Field(None, description="own URDF or xacro, relative to this file")
    packages: dict[str, str] = Field(default_factory=dict, description="folder of each package:// name, relative to this file")
    flange: str = Field("tool0", description="link on which the gripper is mounted (own URDF)")
    payload_kg: Positive | None = None
    acceleration_deg_s2: list[Positive] | None = Field(None, description="per axis (own URDF)")
    base: PoseModel = PoseModel()
    home_deg: list[Finite]
    controller: str | None = None
    language: str | None = Field(None, description="krl or rapid; default: the robot's own")


class GripperSpec(_Strict):
    """A gripper with its own description; shipped ones are given by name."""

    name: str
    kind: Literal["vacuum", "clamp"]
    urdf: str
    tcp: PoseModel = Field(
        description="tool frame on the robot's flange: cups' plane with z into the sheet, or bottom of the jaws with z out of the mouth"
    )
    mass_kg: Positive
    com_mm: Vec3 = Field(description="centre of mass in the flange frame")
    cup_radius_mm: Positive | None = None
    cups_mm: list[tuple[Finite, Finite]] = []
    vacuum_kpa: Positive = 60
    jaw_width_mm: Positive | None = None
    jaw_depth_mm: Positive | None = None
    jaw_opening_mm: Positive | None = None
    jaw_force_n: Positive | None = None
    safety_factor: Positive = 2.0


class BrakeSpec(_Strict):
    """A press brake by catalogue name, with any of its figures changed."""

    model: str = Field(description="catalogue name, see `pliant tools`")
    base: PoseModel | None = Field(
        None, description="pose of the lower tool seat's middle; default: over the origin at the brake's seat height"
    )
    max_force_kn: Positive | None = None
    approach_speed_mm_s: Positive | None = None
    bending_speed_mm_s: Positive | None = None
    return_speed_mm_s: Positive | None = None


class OwnPunchSpec(_Strict):
    """A punch of the user's own: a DXF section, origin at the tip, y to the back gauge, z up, drawn up to the seat."""

    name: str = Field(min_length=1)
    section: str = Field(description="DXF file, relative to this file and inside its folder")
    angle_deg: Annotated[float, Field(ge=10, le=170)]
    radius_mm: Annotated[float, Field(gt=0, le=100)]
    rating_kn_m: Positive = Field(description="largest force per length")
    height_mm: Positive | None = Field(None, description="tip to seat; checked against the section")
    segments_mm: list[Positive] | None = Field(None, description="lengths there are of this tool; default: those of the shop's set")


class OwnDieSpec(_Strict):
    """A die of the user's own: a DXF section, origin in the V's middle at the top face, y to the back gauge, z up, drawn down to the seat."""

    name: str = Field(min_length=1)
    section: str = Field(description="DXF file, relative to this file and inside its folder")
    opening_mm: Positive
    angle_deg: Annotated[float, Field(ge=10, le=170)]
    shoulder_mm: Annotated[float, Field(gt=0, le=100)]
    rating_kn_m: Positive = Field(description="largest force per length")
    segments_mm: list[Positive] | None = Field(None, description="lengths there are of this tool; default: those of the shop's set")


class ToolingSpec(_Strict):
    """Tools the shop owns: catalogue names and own sections, in order of preference."""

    punches: list[str | OwnPunchSpec] = Field(min_length=1, description="catalogue names or own sections, in order of preference")
    dies: list[str | OwnDieSpec] = Field(min_length=1, description="catalogue names or own sections")
    segments_mm: list[Positive] | None = Field(None, description="lengths of one set, with repeats; default: a usual set")


class StationSpec(_Strict):
    """A place where sheets or parts rest."""

    kind: Literal["stack", "presenter", "centring", "regrip", "outfeed"]
    pose: PoseModel = Field(description="of the supporting surface")
    size_mm: tuple[Positive, Positive]
    count: Annotated[int, Field(ge=1, le=100000)] = 1
    rows: Annotated[int, Field(ge=0, le=1000)] = 0
    columns: Annotated[int, Field(ge=0, le=1000)] = 0
    layers: Annotated[int, Field(ge=0, le=1000)] = 0
    gap_mm: Annotated[float, Field(ge=0, le=5000)] = 50
    holding_force_n: Annotated[float, Field(ge=0, le=1e6)] = 200


class BodySpec(_Strict):
    """A fixed thing: exactly one of box, cylinder, mesh."""

    name: str
    group: Literal["obstacle", "fence", "column", "cabinet"] = "obstacle"
    pose: PoseModel = PoseModel()
    box_mm: tuple[Positive, Positive, Positive] | None = None
    cylinder_mm: tuple[Positive, Positive] | None = Field(None, description="radius, height")
    mesh: str | None = Field(None, description="STL, OBJ or GLB in metres, relative to this file; its connected parts are taken as convex")
    color: Rgb = (0.6, 0.6, 0.6)


class FenceSpec(_Strict):
    """A fence along a line on the floor."""

    path_mm: list[tuple[Finite, Finite]] = Field(min_length=2)
    height_mm: Positive = 2000
    thickness_mm: Positive = 40


class SignalSpec(_Strict):
    """One line between the controllers."""

    direction: Literal["in", "out"]
    address: str


class CellSpec(_Strict):
    """A bending cell."""

    title: str
    robot: RobotModelSpec
    grippers: list[str | GripperSpec] = Field(min_length=1, description="those that may be mounted, in order of preference")
    brake: BrakeSpec
    tooling: ToolingSpec
    stations: dict[str, StationSpec]
    bodies: list[BodySpec] = []
    fence: list[FenceSpec] = []
    signals: dict[str, SignalSpec] = {}
    settings: dict[str, str | int | float] = {}
    margin_mm: Annotated[float, Field(ge=1, le=200)] = 10


def json_schema() -> dict[str, Any]:
    """JSON Schema of the cell file, for editors."""
    return CellSpec.model_json_schema()
