"""The second engine: a whole bending cell in pybullet, posed from plan states by pybullet's own kinematics.

Robot and brake are loaded from their URDFs and moved by joint values; gripper, tools, stations, flanges and bend zones are convex hulls that are posed
by hand.
"""

from __future__ import annotations

import numpy as np
import pybullet

from cells.model import Body, Cell, Gripper
from cells.tooling import ToolSetup
from cells.tooling_hulls import setup_hulls
from core.frames import Array, inverse, translation
from parts.sheet import SheetPart
from sim.cell_scene import PARKED, brake_group
from sim.plan import State
from sim.scene_parts import carriers
from sim.world_engine import Engine

MACHINE = ("punch", "die", "frame", "ram", "gauge")
"""Groups of the brake and its tools."""


class World(Engine):
    """One pybullet client with a bending cell in it; use as a context manager.

    Attributes:
        bodies: Everything that can touch.
        poses: T_world_body (n, 4, 4) after the last `set_state`.
    """

    def __init__(self, cell: Cell, setup: ToolSetup, part: SheetPart | None, gripper: Gripper) -> None:
        super().__init__()
        self.cell, self.setup, self.part, self.gripper = cell, setup, part, gripper
        self.robot = self._load(cell.robot.model.mechanism, cell.robot.T_world_base)
        self.brake = self._load(cell.brake.mechanism, cell.brake.T_world_brake)
        self._robot_bodies = self._links(self.robot, cell.robot.model.mechanism, "", lambda _: "robot")
        self._brake_bodies = self._links(self.brake, cell.brake.mechanism, "brake ", brake_group)
        self._gripper_bodies = [[self._hull(gripper.name, "gripper", hull) for hull in link.hulls] for link in gripper.mechanism.links]
        tools = [(which, self._hull(name, which, hull)) for name, which, hull in setup_hulls(setup)]
        self._punches = [index for which, index in tools if which == "punch"]
        self._dies = [index for which, index in tools if which == "die"]
        statics: list[Body] = [*cell.bodies, *(body for station in cell.stations.values() for body in station.bodies)]
        self._statics = [(self._hull(body.name, body.group, hull), body.T_world_body) for body in statics for hull in body.hulls]
        self._flanges = (
            []
            if part is None
            else [[self._hull(f"flange {f.index}", f"flange-{f.index}", hull) for hull in part.flange_hulls(f.index)] for f in part.flanges]
        )
        self._zones: list[list[int]] = [] if part is None else [[] for _ in part.bends]
        self._zone_angles: list[float | None] = [None for _ in self._zones]
        self.poses = np.repeat(np.eye(4)[None], len(self.bodies), axis=0)
        self._pose(self._dies, cell.brake.T_world_brake)
        for index, T in self._statics:
            self._pose((index,), T)

    # Posing

    def set_state(self, state: State) -> None:
        """Moves everything; the gripper hangs on the flange where pybullet says it is."""
        cell = self.cell
        Ts_robot = self._moved(self.robot, cell.robot.model.mechanism, state.robot)
        Ts_brake = self._moved(self.brake, cell.brake.mechanism, state.brake)
        for name, index in self._robot_bodies.items():
            self.poses[index] = Ts_robot[name]
        for name, index in self._brake_bodies.items():
            self.poses[index] = Ts_brake[name]
        T_world_flange = Ts_robot[cell.robot.model.flange_link]
        for T_link, indices in zip(self.gripper.mechanism.fk(state.gripper), self._gripper_bodies, strict=True):
            self._pose(indices, T_world_flange @ T_link)
        ram = float(state.brake[cell.brake.mechanism.joint_names.index("ram")])
        self._pose(self._punches, cell.brake.T_world_brake @ translation(0.0, 0.0, cell.brake.daylight - ram))
        if self.part is not None:
            self._pose_part(self.part, state, T_world_flange)

    def _pose_part(self, part: SheetPart, state: State, T_world_flange: Array) -> None:
        Ts_sheet_flange = part.fold(state.fold)
        if state.part is None:
            T_world_sheet = PARKED
        else:
            T_holder = T_world_flange @ self.gripper.T_flange_tcp if state.part.held_by == "tcp" else np.eye(4)
            T_world_sheet = T_holder @ state.part.T_holder_flange @ inverse(Ts_sheet_flange[state.part.flange])
        for T, indices in zip(T_world_sheet @ Ts_sheet_flange, self._flanges, strict=True):
            self._pose(indices, T)
        for bend in part.bends:
            angle = float(state.fold[bend.index])
            if self._zone_angles[bend.index] is None or abs(angle - self._zone_angles[bend.index]) > 1e-9:  # type: ignore[operator]
                self._make_zone(part, bend.index, angle)
            self._pose(self._zones[bend.index], T_world_sheet @ Ts_sheet_flange[bend.parent])

    def _make_zone(self, part: SheetPart, bend: int, angle: float) -> None:
        """A bend zone's shapes at an angle take the places of those at the last angle."""
        hulls = part.zone_hulls(bend, angle)
        old = self._zones[bend]
        if not old:
            self._zones[bend] = [self._hull(f"bend {bend + 1} zone", f"zone-{bend}", hull) for hull in hulls]
            self.poses = np.concatenate((self.poses, np.repeat(PARKED[None], len(hulls), axis=0)))
            self._pairs = None
        else:
            for index, hull in zip(old, hulls, strict=True):
                pybullet.removeBody(self.bodies[index].uid, physicsClientId=self.client)
                self._hull(f"bend {bend + 1} zone", f"zone-{bend}", hull)
                self.bodies[index] = self.bodies.pop()
                self._posed.pop(index, None)
        self._zone_angles[bend] = angle
        self._boxes = None
        if self._asked is not None and self._pairs is not None:
            # A new shape in an old place: what was measured of it is no longer true.
            self._asked[1][np.any(np.isin(self._pairs, self._zones[bend]), axis=1)] = np.nan

    # Asking

    def _make_pairs(self) -> list[tuple[int, int]]:
        part = [i for i, body in enumerate(self.bodies) if body.group.startswith(("flange-", "zone-"))]
        gripper = [i for i, body in enumerate(self.bodies) if body.group == "gripper"]
        machine = [i for i, body in enumerate(self.bodies) if body.group in MACHINE]
        statics = [index for index, _ in self._statics]
        robot = list(self._robot_bodies.values())
        model = self.cell.robot.model
        root = model.mechanism.links[0].name
        bolted = {self._robot_bodies[name] for name in carriers(model) if name in self._robot_bodies}
        # The root link stands on the floor or on a plinth.
        arm = [index for name, index in self._robot_bodies.items() if name != root]
        pairs = [(a, b) for a in part for b in (*machine, *statics, *gripper, *robot)]
        pairs += [(a, b) for a in gripper for b in (*machine, *statics, *(index for index in robot if index not in bolted))]
        pairs += [(a, b) for a in arm for b in (*machine, *statics)]
        return pairs + self.arm_pairs(model, self._robot_bodies)
