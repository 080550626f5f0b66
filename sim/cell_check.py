"""A cell looked at before any part is bent in it: reach, collisions at rest, limits, signals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cells.completeness import incomplete
from cells.model import Cell, Station
from core.findings import Finding
from core.frames import Array
from core.units import to_mm
from sim.bend_program import missing_signals
from sim.cell_reach import (
    STANDS,
    BeamReach,
    ReachCircle,
    StationReach,
    at_rest,
    beam_reach,
    full_beam,
    reach_circle,
    station_reach,
)
from sim.rest_checks import collisions_at_home, home_limits, overlaps, second_kinematics
from sim.verify.wiring import unsayable_lines
from sim.world import MACHINE, World


@dataclass(frozen=True, eq=False, slots=True)
class CellCheck:
    """What was found, and the figures behind it.

    Attributes:
        cell: The cell.
        stations: Reach by station and gripper.
        beam: Reach along the beam by gripper and distance before it.
        circles: Reach circles by gripper, at the height of the level stations' middle.
        findings: For people.
    """

    cell: Cell
    stations: tuple[StationReach, ...]
    beam: tuple[BeamReach, ...]
    circles: tuple[ReachCircle, ...]
    findings: tuple[Finding, ...]


def check_cell(cell: Cell) -> CellCheck:
    """Looks at everything that can be known of a cell without a part.

    Every finding of reach counts collisions of robot and gripper with the cell, the brake open and tools over the whole beam.
    """
    setup = full_beam(cell)
    stations: list[StationReach] = []
    beam: list[BeamReach] = []
    circles: list[ReachCircle] = []
    findings = incomplete(cell)
    heights = [float(station.T_world_station[2, 3]) for station in cell.stations.values()]
    height = float(np.median(heights)) if heights else float(cell.brake.T_world_brake[2, 3])
    for index, gripper in enumerate(cell.grippers):
        with World(cell, setup, None, gripper) as world:
            world.set_state(at_rest(cell, gripper))
            if index == 0:
                findings += overlaps(world, cell.robot, lambda name: _thing(cell, name), frozenset(MACHINE))
            findings += collisions_at_home(world, gripper.name)
            for station in cell.stations.values():
                reach = station_reach(cell, gripper, station, world)
                stations += [] if reach is None else [reach]
            beam += [beam_reach(cell, gripper, world, stand) for stand in STANDS]
        circle = reach_circle(cell, gripper, height)
        circles += [] if circle is None else [circle]
    findings.append(home_limits(cell.robot))
    findings.append(second_kinematics(cell.robot))
    for station in cell.stations.values():
        findings += _station(station, [reach for reach in stations if reach.station == station.name])
    findings += _beam(cell, beam)
    lines = [finding for kind in dict.fromkeys(gripper.kind for gripper in cell.grippers) for finding in missing_signals(cell, kind)]
    lines += unsayable_lines(cell, cell.robot.language)
    # A cell without programs can still be planned in: that is a warning until programs are asked for.
    findings += [replace(finding, level="warning") for finding in {finding.message: finding for finding in lines}.values()]
    unique = {(finding.code, finding.step, finding.message): finding for finding in findings}
    return CellCheck(cell, tuple(stations), tuple(beam), tuple(circles), tuple(unique.values()))


def _thing(cell: Cell, name: str) -> str:
    """The station a body belongs to, or the body itself: parts of one thing may touch each other."""
    return next((station.name for station in cell.stations.values() for body in station.bodies if body.name == name), name)


def _station(station: Station, reaches: list[StationReach]) -> list[Finding]:
    """One finding per station: an error when nothing of it is in reach, a warning when a gripper misses places."""
    if not reaches:
        return [
            Finding("warning", "no-gripper", f"no gripper of the cell can serve {station.name}: clamps take no sheet from a {station.kind}", "add a vacuum gripper", station.name)
        ]  # fmt: skip
    data = {
        reach.gripper: [
            {"place_mm": _place(reach.places[index]), "reason": reach.reasons[index]} for index in reach.missed
        ]
        for reach in reaches
    }  # fmt: skip
    full = [reach.gripper for reach in reaches if not reach.missed]
    count = len(reaches[0].places)
    if len(full) == len(reaches):
        places = "its place is" if count == 1 else f"all {count} places are"
        return [Finding("info", "in-reach", f"{places} in reach with {', '.join(full)}", "", station.name, data)]
    if all(len(reach.missed) == count for reach in reaches):
        reasons = "; ".join(f"{reach.gripper}: {reach.reasons[0]}" for reach in reaches)
        return [Finding("error", "out-of-reach", f"no gripper reaches any place of it ({reasons})", "move the station or the robot", station.name, data)]  # fmt: skip
    missing = "; ".join(
        f"{reach.gripper} misses {len(reach.missed)} of {count} places, "
        + ", ".join(f"({', '.join(f'{v:g}' for v in _place(reach.places[i]))}) mm: {reach.reasons[i]}" for i in reach.missed)
        for reach in reaches
        if reach.missed
    )
    message = missing + (f"; all are in reach with {', '.join(full)}" if full else "")
    return [Finding("warning", "partly-in-reach", message, "move the station or make it smaller", station.name, data)]


def _place(point: Array) -> list[float]:
    return [round(to_mm(float(v))) + 0.0 for v in point]


def _beam(cell: Cell, beam: list[BeamReach]) -> list[Finding]:
    """What of the beam the robot can work at; a warning when no gripper stands level over at least half of it."""
    findings = []
    for reach in beam:
        data = {"gripper": reach.gripper, "stand_mm": round(to_mm(reach.stand)), "ends": list(reach.ends)}
        where = f"{reach.gripper} level at the die, {to_mm(reach.stand):.0f} mm before the bending plane"
        if reach.left is None or reach.right is None:
            findings.append(Finding("info", "beam-reach", f"{where}: nowhere ({reach.ends[0]})", "", "beam", data))
            continue
        data |= {"left_mm": round(to_mm(reach.left)), "right_mm": round(to_mm(reach.right))}
        left, right = reach.ends
        ends = f" (beyond: {left})" if left == right else f" (beyond on the left: {left}; on the right: {right})"
        findings.append(
            Finding("info", "beam-reach", f"{where}: from x {to_mm(reach.left):.0f} to {to_mm(reach.right):.0f} mm{ends}", "", "beam", data)
        )
    widest = max((reach.right - reach.left for reach in beam if reach.left is not None and reach.right is not None), default=0.0)
    if widest < cell.brake.length / 2:
        message = f"no gripper stands level at the die over more than {to_mm(widest):.0f} of the beam's {to_mm(cell.brake.length):.0f} mm"
        findings.append(Finding("warning", "beam-partly-in-reach", message, "move the robot nearer, or another gripper", "beam"))
    return findings
