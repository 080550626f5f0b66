"""From one holder to the next: from the stack into the gripper, from grip to grip, from the gripper onto the pallet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.model import Station
from core.frames import Array
from sim.cell_scene import CellScene
from sim.grips import Grip
from sim.handling import Reach, deposit_poses, lying, reaches, regrip_poses, station_groups
from sim.robot_path import solutions
from sim.scene import Clearance
from sim.scene_parts import Groups


class Handover:
    """Whether grips can be taken and left in a cell, with the machine at rest.

    Args:
        cell_scene: The cell.
        faces: Faces of the flat sheet that may look up on the stack.
    """

    def __init__(self, cell_scene: CellScene, faces: tuple[str, ...]) -> None:
        self.cell_scene, self.faces = cell_scene, faces
        brake = cell_scene.cell.brake.mechanism
        self.brake = np.clip(np.zeros(len(brake.joint_names)), brake.lower, brake.upper)
        self._met: Met = {}
        self.open_gripper: Array = np.array(cell_scene.gripper.mechanism.upper, dtype=float)

    def cannot_pick(self, grip: Grip) -> str:
        """Why the flat sheet cannot be taken with a grip; empty when it can."""
        station = infeed(self.cell_scene)
        if station is None:
            return "there is no sheet to take: the cell has no stack or presenter"
        blocked: Clearance | None = None
        for face in self.faces if grip.face == "edge" else (grip.face,):
            options, blocked = pick_options(self.cell_scene, grip, station, self.brake, self.open_gripper, face)
            if options:
                return ""
        return f"the robot cannot take the sheet from {station.name}{_by(blocked)}"

    def cannot_regrip(self, old: Grip, new: Grip, fold: Array) -> str:
        """Why the part, folded as it is, cannot be laid down with one grip and taken with another; empty when it can."""
        if not self.cell_scene.cell.stations_of("regrip"):
            return "the robot cannot change its grip: the cell has no regrip station"
        if regrip_options(self.cell_scene, old, new, fold, self.brake, self.open_gripper, self._met) is not None:
            return ""
        names = " or ".join(station.name for station in self.cell_scene.cell.stations_of("regrip"))
        return f"the robot cannot lay the part on {names} and take it again with another grip"

    def cannot_stack(self, grip: Grip) -> str:
        """Why the finished part cannot be put on the pallet with a grip; empty when it can."""
        station = self.cell_scene.cell.station("outfeed")
        if station is None:
            return "the robot cannot put the part down: the cell has no outfeed"
        options, blocked = put_down_options(
            self.cell_scene, grip, self.cell_scene.part.target_angles, self.brake, self.open_gripper, station
        )
        return "" if options else f"the robot cannot put the part on {station.name}{_by(blocked)}"


def _by(blocked: Clearance | None) -> str:
    return (
        ": no arm configuration reaches it"
        if blocked is None
        else f": {blocked.body_a} is {blocked.distance * 1e3:.1f} mm from {blocked.body_b}"
    )


def infeed(cell_scene: CellScene) -> Station | None:
    """Where the gripper takes sheets from: clamps from a presenter, cups from a stack, either from what there is."""
    cell = cell_scene.cell
    order = ("presenter", "stack") if cell_scene.gripper.kind == "clamp" else ("stack", "presenter")
    return next((station for kind in order if (station := cell.station(kind)) is not None), None)  # type: ignore[arg-type]


def pick_options(
    cell_scene: CellScene, grip: Grip, station: Station, brake: Array, open_gripper: Array, face_up: str
) -> tuple[list[Reach], Clearance | None]:
    """Ways to pick the flat sheet from a station; the first direction of the sheet that works."""
    part = cell_scene.part
    fold = np.zeros(len(part.bends))
    blocked: Clearance | None = None
    for yaw in (0.0, np.pi / 2, np.pi, -np.pi / 2):
        T = lying(part, station, face_up, yaw)
        found, closest = reaches(cell_scene, grip, T, fold, brake=brake, allowed=station_groups(part, station), gripper_open=open_gripper)
        if found:
            return found, None
        blocked = closest or blocked
    return [], blocked


def put_down_options(
    cell_scene: CellScene, grip: Grip, fold: Array, brake: Array, open_gripper: Array, station: Station
) -> tuple[list[Reach], Clearance | None]:
    """Ways to put the finished part on the outfeed."""
    blocked: Clearance | None = None
    for T in deposit_poses(cell_scene.part, station, grip, fold):
        found, closest = reaches(
            cell_scene, grip, T, fold, brake=brake, allowed=station_groups(cell_scene.part, station), gripper_open=open_gripper
        )
        if found:
            return found, None
        blocked = closest or blocked
    return [], blocked


@dataclass(frozen=True, eq=False, slots=True)
class Regrip:
    """A change of grip on a station.

    Attributes:
        station: Where.
        give: Ways to put the part down with the old grip; all leave it in the same place.
        take: Ways to take it there with the new one.
        allowed: What the part may touch there.
    """

    station: Station
    give: list[Reach]
    take: list[Reach]
    allowed: Groups


Met = dict[tuple[Grip, str, int, bytes], list[Reach]]
"""Ways to meet the part with a grip, by station, number of the pose there, and fold; kept while the machine rests as it does."""


def regrip_options(
    cell_scene: CellScene, old: Grip, new: Grip, fold: Array, brake: Array, open_gripper: Array, met: Met | None = None
) -> Regrip | None:
    """The first place on a regrip station where the part can be put down with the old grip and taken with the new one; None when there is none.

    Args:
        cell_scene: The cell.
        old, new: Grips.
        fold: Bend angles (n_bends,).
        brake: Brake joints.
        open_gripper: Gripper joints while it comes and goes empty.
        met: Answers to keep between calls with the same cell, brake and gripper.
    """
    met = {} if met is None else met
    cell, gripper = cell_scene.cell, cell_scene.gripper
    Ts_fold = cell_scene.part.fold(fold)
    for station in cell.stations_of("regrip"):
        for number, (T, allowed) in enumerate(regrip_poses(cell_scene.part, station, fold)):

            def ways(grip: Grip, station: Station = station, number: int = number, T: Array = T, allowed: Groups = allowed) -> list[Reach]:
                key = (grip, station.name, number, fold.tobytes())
                if key not in met:
                    away = station.T_world_station[:3, 2]
                    met[key], _ = reaches(cell_scene, grip, T, fold, brake=brake, allowed=allowed, gripper_open=open_gripper, away=away)
                return met[key]

            # Quickly: both grips must be in reach at all.
            if any(len(solutions(cell, gripper, T @ Ts_fold[grip.flange] @ grip.T_flange_tcp)) == 0 for grip in (old, new)):
                continue
            if (give := ways(old)) and (take := ways(new)):
                return Regrip(station, give, take, allowed)
    return None
