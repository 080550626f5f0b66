"""What the robot reaches in a cell: the stations place by place, the beam from left to right, circles for a plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.model import Cell, Gripper, Station
from cells.tooling import ToolSetup, ToolStation
from core.frames import Array, from_axes, rot_x, rot_z, translation
from sim.plan import State
from sim.rest_checks import INSIDE
from sim.robot_path import solutions
from sim.world import World

ABOVE = 0.02
"""A place counts as reached when the tool stands this far above it, so that it may come down on a sheet [m]."""
BEFORE = 0.10
"""... and this far back along its own axis, where it comes from [m]."""
CLAMP_BACK = 0.10
"""A clamp holds a part by its edge: its mouth stands this far beside the place [m]."""
CLAMP_ABOVE = 0.05
"""... and this far above it, because its jaws need room below the sheet [m]."""
SMALL = 0.2
"""A station smaller than this has one place, its middle [m]."""
STANDS = (0.1, 0.3)
"""How far before the bending plane the tool stands where its reach along the beam is measured [m]."""
STEP = 0.025
"""Step along the beam [m]."""
TURNS = 8
"""Directions tried around a place's normal."""


@dataclass(frozen=True, eq=False, slots=True)
class StationReach:
    """How one gripper gets to the places of one station.

    Attributes:
        station, gripper: Names.
        places: Points in the world (k, 3) [m]: corners, middles of the edges, middle.
        reasons: Per place: empty when it is reached, else why not.
    """

    station: str
    gripper: str
    places: Array
    reasons: tuple[str, ...]

    @property
    def missed(self) -> list[int]:
        """Places that are not reached."""
        return [index for index, reason in enumerate(self.reasons) if reason]


@dataclass(frozen=True, slots=True)
class BeamReach:
    """How far left and right a tool can stand level at the die.

    Attributes:
        gripper: Name.
        stand: Distance before the bending plane [m].
        left, right: World x of the outermost places, without a gap between them [m]; None: not even in the middle.
        ends: What ends the reach on the left and on the right.
    """

    gripper: str
    stand: float
    left: float | None
    right: float | None
    ends: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ReachCircle:
    """Where the tool can point straight down at one height: between two circles about the robot's base.

    Attributes:
        gripper: Name.
        height: Of the TCP in the world [m].
        inner, outer: Radii [m].
    """

    gripper: str
    height: float
    inner: float
    outer: float


def full_beam(cell: Cell) -> ToolSetup:
    """The first punch and die of the shop over the whole beam: the most that can stand in the robot's way."""
    length = cell.brake.length
    stock = cell.tooling
    return ToolSetup((ToolStation(0, stock.punches[0], stock.dies[0], -length / 2, (length,), (length,)),))


def at_rest(cell: Cell, gripper: Gripper, q: Array | None = None) -> State:
    """The cell with the brake open, the gripper empty and open, the robot at home or at q (n,)."""
    robot = cell.robot.q_home if q is None else q
    return State(0.0, robot, np.array(gripper.mechanism.upper, dtype=float), cell.brake.parked(), np.zeros(0), None, False)


def station_reach(cell: Cell, gripper: Gripper, station: Station, world: World) -> StationReach | None:
    """Every place of a station with one gripper; None where this kind of gripper has nothing to do.

    A clamp cannot take a sheet from a pile or from a table: its jaws need room below the sheet.
    """
    if gripper.kind == "clamp" and station.kind in ("stack", "centring"):
        return None
    places = [station.T_world_station @ translation(x, y, 0.0) for x, y in _places(station)]
    points = np.array([T[:3, 3] for T in places])
    reasons = tuple(_why_not(cell, gripper, world, _tool_poses(gripper, T), ignored=station.name) for T in places)
    return StationReach(station.name, gripper.name, points, reasons)


def beam_reach(cell: Cell, gripper: Gripper, world: World, stand: float) -> BeamReach:
    """How far to either side of the beam's middle the tool can stand level, the sheet on the die."""
    die = full_beam(cell).die_height

    def why_not(x: float) -> str:
        T = cell.brake.T_world_brake @ translation(x, -stand, die)
        if gripper.kind == "clamp":
            poses = [T @ _clamp(sign) for sign in (1.0, -1.0)]
        else:
            poses = [T @ translation(0.0, 0.0, 1e-3) @ rot_x(np.pi) @ rot_z(k * np.pi / 2) for k in range(4)]
        return _why_not(cell, gripper, world, poses, back=0.0)

    half = cell.brake.length / 2
    middle = float(cell.brake.T_world_brake[0, 3])
    reason = why_not(0.0)
    if reason:
        return BeamReach(gripper.name, stand, None, None, (reason, reason))
    ends: list[float] = []
    reasons: list[str] = []
    for sign in (-1.0, 1.0):
        last, reason = 0.0, "end of the beam"
        for x in np.append(np.arange(STEP, half, STEP), half):
            blocked = why_not(sign * float(x))
            if blocked:
                reason = blocked
                break
            last = sign * float(x)
        ends.append(middle + last)
        reasons.append(reason)
    return BeamReach(gripper.name, stand, ends[0], ends[1], (reasons[0], reasons[1]))


def reach_circle(cell: Cell, gripper: Gripper, height: float) -> ReachCircle | None:
    """Inner and outer radius for a tool that points straight down; None when it never does at this height or the base is tilted."""
    T = cell.robot.T_world_base
    if T[2, 2] < 0.9999:
        return None
    direction = T[:2, 0]
    # A tool on a cranked arm reaches further in some directions; the best one counts.
    downs = [rot_z(2 * np.pi * k / TURNS) @ rot_x(np.pi) for k in range(TURNS)]
    found = [
        float(radius)
        for radius in np.arange(0.05, 5.0, 0.01)
        if any(
            len(solutions(cell, gripper, translation(T[0, 3] + radius * direction[0], T[1, 3] + radius * direction[1], height) @ down))
            for down in downs
        )
    ]
    return ReachCircle(gripper.name, height, found[0], found[-1]) if found else None


def _places(station: Station) -> list[tuple[float, float]]:
    width, depth = station.size
    shift = (width / 2, depth / 2) if station.kind == "centring" else (0.0, 0.0)
    if max(width, depth) < SMALL:
        return [shift]
    return [(shift[0] + a * width / 2, shift[1] + b * depth / 2) for b in (-1, 0, 1) for a in (-1, 0, 1)]


def _tool_poses(gripper: Gripper, T_world_place: Array) -> list[Array]:
    """Ways to stand over (vacuum) or beside (clamp) a place."""
    turns = [rot_z(2 * np.pi * k / TURNS) for k in range(TURNS)]
    if gripper.kind == "vacuum":
        return [T_world_place @ translation(0.0, 0.0, ABOVE) @ turn @ rot_x(np.pi) for turn in turns]
    beside = translation(0.0, -CLAMP_BACK, CLAMP_ABOVE)
    return [T_world_place @ turn @ beside @ _clamp(sign) for turn in turns for sign in (1.0, -1.0)]


def _clamp(sign: float) -> Array:
    """A clamp whose mouth looks along +y, its jaws level; `sign` -1: turned over."""
    y_axis, z_axis = np.array([0.0, 0.0, sign]), np.array([0.0, 1.0, 0.0])
    return from_axes(np.cross(y_axis, z_axis), y_axis, z_axis, (0.0, 0.0, 0.0))


def _why_not(cell: Cell, gripper: Gripper, world: World, Ts_world_tcp: list[Array], *, ignored: str = "", back: float = BEFORE) -> str:
    """Empty when one of the tool poses can be taken without a collision; else the reason of the attempt that came furthest."""
    blocked = ""
    for T in Ts_world_tcp:
        found = solutions(cell, gripper, T)
        if len(found) == 0 or (back and len(solutions(cell, gripper, T @ translation(0.0, 0.0, -back))) == 0):
            continue
        # Whole turns of an axis do not change what is where.
        turned = np.round((found + np.pi) % (2 * np.pi), 4)
        for q in found[np.sort(np.unique(turned, axis=0, return_index=True)[1])]:
            world.set_state(at_rest(cell, gripper, q))
            hits = [
                (world.bodies[c.a].name, world.bodies[c.b].name, -c.distance)
                for c in world.near(0.0)
                if c.distance < -INSIDE and not (ignored and any(world.bodies[i].name.startswith(ignored) for i in (c.a, c.b)))
            ]
            if not hits:
                return ""
            one, two, depth = min(hits, key=lambda hit: hit[2])
            blocked = f"{one} would be {depth * 1e3:.0f} mm inside {two}"
    return blocked or "no arm configuration gets there"
