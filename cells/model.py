"""The cell as values: what stands where, what it can do. Loaded from YAML by `cells.load`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import trimesh

from cells.tooling import Die, Punch
from core.frames import Array
from robots.mechanism import Mechanism
from robots.model import RobotModel
from robots.programs.settings import ProgramSettings

Color = tuple[float, float, float, float]
StationKind = Literal["stack", "presenter", "centring", "regrip", "outfeed"]


@dataclass(frozen=True, eq=False, slots=True)
class Body:
    """Something that stands still (or that hangs on a mechanism's link where a function says so).

    Attributes:
        name: Unique in the cell; findings use it.
        group: `floor`, `fence`, `station`, `obstacle`, `punch`, `die`, ...: margins and allowed contacts go by group.
        T_world_body: Pose (4, 4).
        hulls: Convex pieces, each (k, 3) vertices in the body frame [m].
        visual: What pictures show, in the body frame; None: the hulls.
        color: RGBA 0..1.
    """

    name: str
    group: str
    T_world_body: Array
    hulls: tuple[Array, ...]
    visual: trimesh.Trimesh | None = None
    color: Color = (0.6, 0.6, 0.6, 1.0)


@dataclass(frozen=True, slots=True)
class Cup:
    """A suction cup: centre (x, y) in the TCP's plane z = 0 [m], sealing radius [m]."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Jaws:
    """A parallel clamp. Along TCP x: `width`; along TCP z: jaws cover `depth` of sheet behind the mouth.

    Attributes:
        width: Of the jaw face along the sheet's edge [m].
        depth: How far the sheet goes into the jaws [m].
        opening: Clear gap when open [m].
        force: Clamping force [N].
    """

    width: float
    depth: float
    opening: float
    force: float


@dataclass(frozen=True, eq=False, slots=True)
class Gripper:
    """The robot's tool for sheets.

    TCP of a vacuum gripper: centre of the cups' sealing plane, +Z out of the cups into the sheet, +X along the long side.
    TCP of a clamp: the point where the sheet's edge stands when gripped (bottom of the jaws' throat, mid-thickness),
    +Z out of the mouth (from the robot towards the sheet), +X along the sheet's edge, Y normal to the sheet.

    Attributes:
        name: Catalogue name.
        kind: Vacuum frame or clamp.
        mechanism: Its URDF; root link sits on the robot's flange. A clamp has one prismatic joint `jaw` (0 closed on nothing).
        T_flange_tcp: Fixed tool frame.
        mass: [kg]
        com: Centre of mass in the flange frame (3,) [m].
        cups: Of a vacuum gripper.
        vacuum: Pressure difference at the cups [Pa].
        jaws: Of a clamp.
        safety_factor: Required holding force over worst load.
        friction: Between cup or jaw and sheet.
    """

    name: str
    kind: Literal["vacuum", "clamp"]
    mechanism: Mechanism
    T_flange_tcp: Array
    mass: float
    com: Array
    cups: tuple[Cup, ...] = ()
    vacuum: float = 60e3
    jaws: Jaws | None = None
    safety_factor: float = 2.0
    friction: float = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Robot:
    """A robot in its place.

    Attributes:
        name: `robot`.
        model: Kinematics, limits, geometry.
        T_world_base: Pose of the base link (4, 4).
        q_home: Home position (n,) [rad].
        controller: `krc4`, `irc5`, ...
        language: `krl`, `rapid`, ...
    """

    name: str
    model: RobotModel
    T_world_base: Array
    q_home: Array
    controller: str
    language: str


@dataclass(frozen=True, eq=False, slots=True)
class Brake:
    """A press brake: a mechanism with joints `ram`, `gauge_x`, `gauge_r`, `gauge_z1`, `gauge_z2`.

    World frame and brake frame share directions: x along the beam, y from the operator to the back gauge, z up.
    The brake frame's origin is the middle of the lower tool seat (where dies stand), on the bending plane.
    Joint values [m]: `ram` is travel down from top dead centre (0 = open, positive down); the upper tool seat (where punches
    hang) is at z = daylight - ram. `gauge_x` is the distance of the fingers' stop faces behind the bending plane.
    `gauge_r` is the height of the middle of the stop faces above the lower tool seat. `gauge_z1`, `gauge_z2`: x of the fingers' middles.

    Attributes:
        name: Catalogue name.
        mechanism: Its URDF; root link `frame`.
        T_world_brake: Pose of the brake frame (4, 4).
        max_force: [N]
        length: Usable beam length [m].
        daylight: Seat to seat when open [m].
        stroke: Largest `ram` value [m].
        throat: Depth of the side frames' gap behind the bending plane [m].
        approach_speed, bending_speed, return_speed: Of the ram [m/s].
        bending_speed_min: Slowest the ram can follow a programmed speed [m/s].
        gauge_speed: Of the gauge axes x, r, z1, z2 [m/s].
        finger_width, finger_height: Of a stop face [m].
    """

    name: str
    mechanism: Mechanism
    T_world_brake: Array
    max_force: float
    length: float
    daylight: float
    stroke: float
    throat: float
    approach_speed: float
    bending_speed: float
    return_speed: float
    bending_speed_min: float
    gauge_speed: tuple[float, float, float, float]
    finger_width: float
    finger_height: float

    def q(self, ram: float, gauge_x: float, gauge_r: float, gauge_z1: float, gauge_z2: float) -> Array:
        """Joint values in the mechanism's joint order (5,)."""
        by_name = {"ram": ram, "gauge_x": gauge_x, "gauge_r": gauge_r, "gauge_z1": gauge_z1, "gauge_z2": gauge_z2}
        return np.array([by_name[name] for name in self.mechanism.joint_names])

    def parked(self) -> Array:
        """Joint values (5,) at rest: ram up, gauge back and low, fingers a quarter of the beam to either side."""
        upper = dict(zip(self.mechanism.joint_names, self.mechanism.upper, strict=True))
        lower = dict(zip(self.mechanism.joint_names, self.mechanism.lower, strict=True))
        return self.q(0.0, min(0.3, upper["gauge_x"]), max(lower["gauge_r"], 0.08), -self.length / 4, self.length / 4)


@dataclass(frozen=True, eq=False, slots=True)
class Station:
    """A place where a sheet or part rests.

    `T_world_station`: origin on the supporting surface, z out of it (up, or tilted for a centring table).
    stack: origin in the middle of the pallet top. presenter: a narrow pedestal on which one sheet lies, edges overhanging.
    centring: origin in the corner of the two stops, surface towards +x +y. regrip: origin in the middle of the cups' plane, which may
    stand upright so that the robot comes to both faces of the sheet.
    outfeed: origin in the middle of the pallet top.

    Attributes:
        name: Unique in the cell.
        kind: See above.
        T_world_station: Pose (4, 4).
        size: Supporting surface along its x, y [m].
        bodies: What it is made of.
        count: Sheets in the stack.
        rows, columns, layers: Stacking pattern of an outfeed; 0: as many as fit.
        gap: Between parts on the outfeed [m].
        holding_force: Of a regrip station's cups [N].
    """

    name: str
    kind: StationKind
    T_world_station: Array
    size: tuple[float, float]
    bodies: tuple[Body, ...]
    count: int = 1
    rows: int = 0
    columns: int = 0
    layers: int = 0
    gap: float = 0.05
    holding_force: float = 0.0


AT_HOME = "at-home"
"""Name of the input by which the controller tells that the robot stands at home: its reference position, world zone or home signal."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One line between robot and brake or gripper; `name` is the neutral one, `address` the controller's (`$OUT[5]`, `doBendStart`)."""

    name: str
    direction: Literal["in", "out"]
    address: str


@dataclass(frozen=True, eq=False, slots=True)
class Cell:
    """Everything that stands in a cell, and where.

    Attributes:
        name: As given to `--cell`.
        title: For people.
        path: The YAML file.
        robot: The robot.
        grippers: Those that may be mounted, in order of preference; a job uses one.
        brake: The press brake.
        stations: By name.
        bodies: Floor, fence, columns, cabinets.
        tooling: Punches and dies in stock, with the segment lengths there are.
        signals: By neutral name.
        programs: What programs in the robot's and other languages need.
        margin: Clearance that free moves keep [m].
        sha256: Of the YAML file's text (`cells.yaml_source.Source`); empty for a cell that comes from no file.
        logo: The owner's, as a data URL; None: none.
    """

    name: str
    title: str
    path: Path
    robot: Robot
    grippers: tuple[Gripper, ...]
    brake: Brake
    stations: dict[str, Station]
    bodies: tuple[Body, ...]
    tooling: ToolStock
    signals: dict[str, Signal] = field(default_factory=dict)
    programs: ProgramSettings = field(default_factory=ProgramSettings)
    margin: float = 0.010
    sha256: str = ""
    logo: str | None = None

    def station(self, kind: StationKind) -> Station | None:
        """The first station of a kind, or None."""
        return next(iter(self.stations_of(kind)), None)

    def stations_of(self, kind: StationKind) -> tuple[Station, ...]:
        """All stations of a kind, in the order of the cell file."""
        return tuple(station for station in self.stations.values() if station.kind == kind)


@dataclass(frozen=True, slots=True)
class ToolStock:
    """Tools the shop owns.

    Attributes:
        punches: In order of preference; names are unique among punches and dies.
        dies: In the shop's order.
        segments: Lengths [m] of each tool, with repeats, long to short; by tool name, `*` for all others.
    """

    punches: tuple[Punch, ...]
    dies: tuple[Die, ...]
    segments: dict[str, tuple[float, ...]]
