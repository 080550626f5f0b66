"""A welding cell looked at before anything is welded in it: reach, collisions at rest, home, signals, procedures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cells.weld_completeness import weld_incomplete
from cells.weld_model import WeldCell
from core.findings import Finding
from core.units import to_mm
from sim.rest_checks import collisions_at_home, home_limits, overlaps, second_kinematics
from sim.verify.wiring import unsayable_lines
from sim.weld.cell_reach import SIDES, PlaceReach, Probe
from sim.weld.world import WeldWorld


@dataclass(frozen=True, eq=False, slots=True)
class WeldCellCheck:
    """What was found, and the figures behind it.

    Attributes:
        cell: The cell.
        places: Reach of the work area, place by place.
        findings: For people.
    """

    cell: WeldCell
    places: tuple[PlaceReach, ...]
    findings: tuple[Finding, ...]


def check_weld_cell(cell: WeldCell) -> WeldCellCheck:
    """Looks at everything that can be known of a welding cell without a weldment; reach counts collisions of arm and torch with the cell."""
    findings = weld_incomplete(cell)
    with WeldWorld(cell, None) as world:
        world.set_joints(cell.robot.q_home)
        findings += overlaps(world, cell.robot, lambda name: _thing(cell, name), frozenset({"stand", "cradle", "table"}))
        findings += collisions_at_home(world, cell.torch.name)
        findings.append(home_limits(cell.robot))
        findings.append(second_kinematics(cell.robot))
        probe = Probe.of(cell, world)
        places = probe.area()
        findings += _area(places)
        findings += _cleaner(probe)
    findings += _payload(cell)
    # A cell without programs can still be planned in: that is a warning until programs are asked for.
    findings += [replace(finding, level="warning") for finding in unsayable_lines(cell, cell.robot.language)]
    return WeldCellCheck(cell, places, tuple(findings))


def _thing(cell: WeldCell, name: str) -> str:
    """Table and fixtures are one thing, as is a positioner; any other body is one of its own."""
    fixtures = {body.name for body in cell.fixtures}
    return "what holds the workpiece" if name in fixtures or name == "table" or name.startswith("positioner ") else name


def _area(places: tuple[PlaceReach, ...]) -> list[Finding]:
    """An error when the torch can stand nowhere over the table, a warning when it misses places."""
    if not places:
        told = "how large the positioner's table is is not known, so its reach was not looked at"
        return [Finding("info", "reach-not-checked", told, "state positioner.table_radius_mm", "table")]
    missed = [place for place in places if place.reason]
    data = {
        "places": [
            {"place_mm": _rounded(place), "sides": place.sides, **({"reason": place.reason} if place.reason else {})} for place in places
        ]
    }
    if len(missed) == len(places):
        told = f"the torch reaches no place over the table ({places[0].reason})"
        return [Finding("error", "out-of-reach", told, "move the table or the robot", "table", data)]
    if missed:
        told = f"the torch misses {len(missed)} of {len(places)} places over the table: " + ", ".join(
            f"({', '.join(f'{v:g}' for v in _rounded(place))}) mm: {place.reason}" for place in missed
        )
        return [Finding("warning", "partly-in-reach", told, "move the table or the robot, or put small work in the middle", "table", data)]
    worst = min(places, key=lambda place: place.sides)
    told = f"all {len(places)} places over the table are in reach with the wire upright; leaning by 45 deg, from {worst.sides} of {SIDES} sides at least"
    return [Finding("info", "in-reach", told, "", "table", data)]


def _rounded(place: PlaceReach) -> list[float]:
    return [round(to_mm(float(v))) + 0.0 for v in place.point]


def _cleaner(probe: Probe) -> list[Finding]:
    if probe.cell.T_world_cleaner is None:
        return []
    reason = probe.why_not(probe.cell.T_world_cleaner)
    if reason:
        return [Finding("error", "out-of-reach", f"the torch does not get into the cleaner: {reason}", "move the cleaner", "cleaner")]
    return [Finding("info", "in-reach", "the torch gets into the cleaner", "", "cleaner")]


def _payload(cell: WeldCell) -> list[Finding]:
    """Whether the arm may carry the torch."""
    model, torch = cell.robot.model, cell.torch
    if model.payload <= 0 or torch.mass <= model.payload:
        return []
    told = f"{torch.name} weighs {torch.mass:g} kg; {model.name} carries {model.payload:g} kg"
    data = {"mass_kg": torch.mass, "payload_kg": model.payload, "com_mm": [round(float(v), 1) for v in np.array(torch.com) * 1e3]}
    return [Finding("error", "payload-exceeded", told, "a lighter torch or a stronger robot", "robot", data)]
