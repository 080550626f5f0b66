"""What the torch reaches in an empty welding cell: the work area place by place, and the cleaner."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array, rot_y, rot_z, translation
from sim.rest_checks import INSIDE
from sim.scene import Scene
from sim.scene_parts import ARM
from sim.weld.path import T_base_flange
from sim.weld.scene import WeldScene
from sim.weld.world import NOTHING, WeldWorld
from sim.world_engine import Contact

OFF = 1e-3
"""The wire's end stands this far off the place, so that nothing touches [m]."""
HEIGHTS = (0.0, 0.2)
"""Above the table [m]: flat work, and the top of usual weldments."""
SIDES, SPINS = 8, 24
"""Directions from which a leaning torch comes, and turns about the wire that are tried."""
LOOKS = 12
"""Where the planner finds no way to stand at a place, so many of them are looked at in pybullet."""
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
    found = model.ik(T_base_flange(cell, T_world_tcp), near=near)
    middle = (model.lower[-1] + model.upper[-1]) / 2
    return found[np.abs(found[:, -1] - middle) <= cell.torch.twist + 1e-9]


@dataclass(frozen=True, eq=False, slots=True)
class Probe:
    """An empty cell in both engines, with the positioner at home.

    Attributes:
        cell: The cell.
        world: pybullet, which has the last word and names what is in the way.
        scene: The planner's without clearances, which says quickly which of the many ways to stand are worth a look.
    """

    cell: WeldCell
    world: WeldWorld
    scene: Scene

    @staticmethod
    def of(cell: WeldCell, world: WeldWorld) -> Probe:
        """A cell in a world that has no weldment in it."""
        return Probe(cell, world, WeldScene(replace(cell, margin=0.0), NOTHING).posed())

    def area(self) -> tuple[PlaceReach, ...]:
        """Corners, middles of edges and middle of the work area at `HEIGHTS`; none where the area is not known."""
        half_x, half_y = self.cell.work_area[0] / 2, self.cell.work_area[1] / 2
        if half_x <= 0 or half_y <= 0:
            return ()
        if self.cell.positioner is None:
            T_world_table = next(body for body in self.cell.bodies if body.group == "table").T_world_body
        else:
            T_world_table = self.cell.positioner.T_world_table(self.cell.positioner.q_home)
        return tuple(
            self.place(T_world_table @ translation(a * half_x, b * half_y, height))
            for height in HEIGHTS
            for b in (-1, 0, 1)
            for a in (-1, 0, 1)
        )

    def place(self, T_world_place: Array) -> PlaceReach:
        """One place, the wire against its z."""
        reason = self.why_not(T_world_place @ rot_y(np.pi))
        leaning = (T_world_place @ rot_z(2 * np.pi * k / SIDES) @ rot_y(np.pi - LEAN) for k in range(SIDES))
        sides = sum(not self.why_not(T) for T in leaning)
        return PlaceReach(T_world_place[:3, 3], reason, sides)

    def why_not(self, T_world_tcp: Array) -> str:
        """Empty when the wire can stand so at some turn about itself without a collision of arm or torch; else the reason of the best attempt."""
        tried: list[Array] = []
        for k in range(SPINS):
            found = torch_solutions(self.cell, T_world_tcp @ rot_z(2 * np.pi * k / SPINS) @ translation(0.0, 0.0, -OFF))
            # Whole turns of an axis do not change what is where.
            turned = np.round((found + np.pi) % (2 * np.pi), 4)
            ways = found[np.sort(np.unique(turned, axis=0, return_index=True)[1])]
            if any(self._hit(q) is None for q in ways[self.scene.free(ways)][:1]):
                return ""
            tried += list(ways)
        # The planner finds none free. What is in the way is asked of some of them, spread over all.
        hits = [self._hit(q) for q in tried[:: max(len(tried) // LOOKS, 1)]]
        if None in hits:
            return ""
        worst = max((hit for hit in hits if hit is not None), key=lambda hit: hit.distance, default=None)
        if worst is None:
            return "no arm configuration gets there"
        one, two = self.world.bodies[worst.a].name, self.world.bodies[worst.b].name
        return f"{one} would be {-worst.distance * 1e3:.0f} mm inside {two}"

    def _hit(self, q: Array) -> Contact | None:
        """The deepest overlap of arm or torch at q; None: none."""
        self.world.set_joints(q)
        hits = [contact for contact in self.world.near(0.0) if contact.distance < -INSIDE and self._of_arm(contact)]
        return min(hits, key=lambda hit: hit.distance, default=None)

    def _of_arm(self, contact: Contact) -> bool:
        """Whether arm or torch is part of it; what stands in what is told once, not with every place."""
        return any(self.world.bodies[index].group in ARM for index in (contact.a, contact.b))
