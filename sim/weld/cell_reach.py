"""What the torch reaches in an empty welding cell: the work area place by place, and the cleaner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array, inverse, rot_y, rot_z, translation
from sim.rest_checks import INSIDE
from sim.weld.world import WeldWorld

OFF = 1e-3
"""The wire's end stands this far off the place, so that nothing touches [m]."""
HEIGHTS = (0.0, 0.2)
"""Above the table [m]: flat work, and the top of usual weldments."""
SIDES, SPINS = 8, 24
"""Directions from which a leaning torch comes, and turns about the wire that are tried."""
LEAN = np.radians(45.0)
"""Of the torch in a fillet on a level plate."""


@dataclass(frozen=True, eq=False, slots=True)
class PlaceReach:
    """How the torch gets to one place.

    Attributes:
        point: In the world (3,) [m].
        reason: Why the wire cannot stand upright there; empty: it can.
        sides: From how many of `SIDES` directions it can stand leaning by `LEAN`.
    """

    point: Array
    reason: str
    sides: int


def torch_solutions(cell: WeldCell, T_world_tcp: Array) -> Array:
    """Joint solutions (m, n) for a pose of the wire's end, inside the limits and what the hose lets the last axis turn."""
    model = cell.robot.model
    near = float(cell.robot.q_home[0]) if model.slides else None
    found = model.ik(inverse(cell.robot.T_world_base) @ T_world_tcp @ inverse(cell.torch.T_flange_tcp), near=near)
    return found[np.abs(found[:, -1]) <= cell.torch.twist + 1e-9]


def area_reach(cell: WeldCell, world: WeldWorld) -> tuple[PlaceReach, ...]:
    """Corners, middles of edges and middle of the work area at `HEIGHTS`, the positioner at home; none where the area is not known."""
    half_x, half_y = cell.work_area[0] / 2, cell.work_area[1] / 2
    if half_x <= 0 or half_y <= 0:
        return ()
    T_world_holder = np.eye(4) if cell.positioner is None else cell.positioner.T_world_table(cell.positioner.q_home)
    if cell.positioner is None:
        table = next(body for body in cell.bodies if body.group == "table")
        T_world_holder = table.T_world_body
    return tuple(
        place_reach(cell, world, T_world_holder @ translation(a * half_x, b * half_y, height))
        for height in HEIGHTS
        for b in (-1, 0, 1)
        for a in (-1, 0, 1)
    )


def place_reach(cell: WeldCell, world: WeldWorld, T_world_place: Array) -> PlaceReach:
    """One place, the wire against its z."""
    reason = why_not(cell, world, T_world_place @ rot_y(np.pi))
    leaning = (T_world_place @ rot_z(2 * np.pi * k / SIDES) @ rot_y(np.pi - LEAN) for k in range(SIDES))
    sides = sum(not why_not(cell, world, T) for T in leaning)
    return PlaceReach(T_world_place[:3, 3], reason, sides)


def why_not(cell: WeldCell, world: WeldWorld, T_world_tcp: Array) -> str:
    """Empty when the wire can stand so at some turn about itself without a collision; else the reason of the best attempt."""
    blocked, depth_least = "", np.inf
    for k in range(SPINS):
        found = torch_solutions(cell, T_world_tcp @ rot_z(2 * np.pi * k / SPINS) @ translation(0.0, 0.0, -OFF))
        # Whole turns of an axis do not change what is where.
        turned = np.round((found + np.pi) % (2 * np.pi), 4)
        for q in found[np.sort(np.unique(turned, axis=0, return_index=True)[1])]:
            world.set_joints(q)
            hits = [contact for contact in world.near(0.0) if contact.distance < -INSIDE]
            if not hits:
                return ""
            worst = min(hits, key=lambda hit: hit.distance)
            if -worst.distance < depth_least:
                depth_least = -worst.distance
                one, two = world.bodies[worst.a].name, world.bodies[worst.b].name
                blocked = f"{one} would be {depth_least * 1e3:.0f} mm inside {two}"
    return blocked or "no arm configuration gets there"
