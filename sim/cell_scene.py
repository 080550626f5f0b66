"""The whole cell as one `sim.scene.Scene`: robot, gripper, brake, tools, stations, obstacles and the folding part.

Groups name what may touch what: `robot`, `gripper`, `frame`, `ram`, `gauge` (parts of the brake), `punch`, `die`, `flange-3` and `zone-2` (flanges and
bend zones of the part), and the groups of the cell's static bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cells.model import Body, Cell, Gripper
from cells.tooling import ToolSetup
from cells.tooling_hulls import setup_hulls
from core.frames import Array, inverse, translation
from parts.sheet import SheetPart
from sim.plan import PartPlacement
from sim.scene import Scene
from sim.scene_parts import SELF_MARGIN, Groups, attach, never_meeting
from sim.scene_structure import SceneBody, SceneLink

GRIPPER_MARGIN = 0.002
"""The gripper works close to the sheet it holds [m]."""
PARKED = translation(0.0, 0.0, -50.0)
"""Where a part that is not in the cell stands: far below the floor."""


@dataclass(frozen=True, eq=False, slots=True)
class CellScene:
    """A scene with the indices needed to pose it.

    Attributes:
        scene: Everything, part parked, brake open.
        cell, gripper, setup, part: What it was made of.
        tcp_link: Link index of the robot's flange (the gripper hangs on it).
        brake_links: Link index in the scene by brake link index.
        upper_tools: Link of the punches (moves with the ram), in the frame of the upper tool seat.
        flange_links: Link index by flange of the part.
        zone_bodies: Body indices by bend, one per piece of the zone.
        zone_cache: Hulls of bend zones already made, by bend and angle.
    """

    scene: Scene
    cell: Cell
    gripper: Gripper
    setup: ToolSetup
    part: SheetPart
    tcp_link: int
    gripper_links: tuple[int, ...]
    brake_links: tuple[int, ...]
    upper_tools: int
    flange_links: tuple[int, ...]
    zone_bodies: tuple[tuple[int, ...], ...]
    zone_cache: dict[tuple[int, float], tuple[Array, ...]] = field(default_factory=dict, repr=False)

    def posed(
        self,
        *,
        brake: Array,
        gripper: Array | None = None,
        placement: PartPlacement | None = None,
        fold: Array | None = None,
        allowed: Groups = frozenset(),
        margins: Mapping[tuple[str, str], float] | None = None,
    ) -> Scene:
        """The scene with brake (5,), gripper joints, part placement and fold angles set; the robot stays free.

        Args:
            brake: Brake joints in the mechanism's order.
            gripper: Gripper joints; None leaves them closed.
            placement: Where the part is; None parks it out of the cell.
            fold: Bend angles (n_bends,) [rad]; None: flat.
            allowed: Pairs of groups that may touch.
            margins: Clearance by pair of groups where it differs from the cell's.
        """
        cell = self.cell
        poses: dict[int, tuple[int, Array]] = {}
        T_brake_links = cell.brake.mechanism.fk(brake)
        for index, link in enumerate(self.brake_links):
            poses[link] = (-1, cell.brake.T_world_brake @ T_brake_links[index])
        ram = float(brake[cell.brake.mechanism.joint_names.index("ram")])
        poses[self.upper_tools] = (-1, cell.brake.T_world_brake @ translation(0.0, 0.0, cell.brake.daylight - ram))
        q_gripper = np.zeros(len(self.gripper.mechanism.joint_names)) if gripper is None else gripper
        for index, T_root_link in enumerate(self.gripper.mechanism.fk(q_gripper)):
            poses[self.gripper_links[index]] = (self.tcp_link, T_root_link)

        angles = np.zeros(len(self.part.bends)) if fold is None else fold
        hulls: dict[int, Array] = {}
        if placement is None:
            for link in self.flange_links:
                poses[link] = (-1, PARKED)
        else:
            Ts_sheet_flange = self.part.fold(angles)
            T_holder_sheet = placement.T_holder_flange @ inverse(Ts_sheet_flange[placement.flange])
            if placement.held_by == "tcp":
                T_holder_sheet = self.gripper.T_flange_tcp @ T_holder_sheet
            parent = self.tcp_link if placement.held_by == "tcp" else -1
            for flange, link in enumerate(self.flange_links):
                poses[link] = (parent, T_holder_sheet @ Ts_sheet_flange[flange])
            for bend in self.part.bends:
                key = (bend.index, float(angles[bend.index]))
                if key not in self.zone_cache:
                    self.zone_cache[key] = self.part.zone_hulls(*key)
                hulls.update(zip(self.zone_bodies[bend.index], self.zone_cache[key], strict=True))
        return self.scene.posed(poses, hulls, allowed=allowed, margins=margins)


def part_groups(part: SheetPart) -> tuple[str, ...]:
    """Groups of the part's flanges and bend zones."""
    return (*(f"flange-{flange.index}" for flange in part.flanges), *(f"zone-{bend.index}" for bend in part.bends))


def brake_group(link_name: str) -> str:
    """Group of a link of the brake: `gauge` with its fingers, `ram`, or `frame`."""
    if link_name.startswith(("gauge", "finger")):
        return "gauge"
    return "ram" if link_name == "ram" else "frame"


def build_cell_scene(cell: Cell, setup: ToolSetup, gripper: Gripper, part: SheetPart) -> CellScene:
    """Everything that can collide in a bending job, as one scene."""
    links: list[SceneLink] = []
    bodies: list[SceneBody] = []
    robot = cell.robot.model
    robot_links = attach(links, bodies, robot.mechanism, (-1, cell.robot.T_world_base), prefix="", group=lambda _: "robot", q_start=0)
    tcp_link = robot_links[robot.mechanism.link_index(robot.flange_link)]
    gripper_links = attach(
        links, bodies, gripper.mechanism, (tcp_link, np.eye(4)), prefix=f"{gripper.name} ", group=lambda _: "gripper", q_start=None
    )
    brake = cell.brake.mechanism
    brake_links = attach(
        links,
        bodies,
        brake,
        (-1, cell.brake.T_world_brake),
        prefix="brake ",
        group=brake_group,
        q_start=None,
    )
    upper_tools = len(links)
    links.append(
        SceneLink(
            "punches", -1, cell.brake.T_world_brake @ translation(0.0, 0.0, cell.brake.daylight), "fixed", np.array([1.0, 0.0, 0.0]), -1
        )
    )
    lower_tools = len(links)
    links.append(SceneLink("dies", -1, cell.brake.T_world_brake, "fixed", np.array([1.0, 0.0, 0.0]), -1))
    for name, which, hull in setup_hulls(setup):
        bodies.append(SceneBody(name, which, upper_tools if which == "punch" else lower_tools, hull))

    statics: list[Body] = [*cell.bodies, *(body for station in cell.stations.values() for body in station.bodies)]
    world = len(links)
    links.append(SceneLink("world", -1, np.eye(4), "fixed", np.array([1.0, 0.0, 0.0]), -1))
    for body in statics:
        for hull in body.hulls:
            bodies.append(SceneBody(body.name, body.group, world, hull @ body.T_world_body[:3, :3].T + body.T_world_body[:3, 3]))

    flange_links = []
    for flange in part.flanges:
        flange_links.append(len(links))
        links.append(SceneLink(f"flange {flange.index}", -1, PARKED, "fixed", np.array([1.0, 0.0, 0.0]), -1))
        for hull in part.flange_hulls(flange.index):
            bodies.append(SceneBody(f"flange {flange.index}", f"flange-{flange.index}", flange_links[-1], hull))
    zone_bodies = []
    for bend in part.bends:
        pieces = part.zone_hulls(bend.index, 0.0)
        zone_bodies.append(tuple(range(len(bodies), len(bodies) + len(pieces))))
        for hull in pieces:
            bodies.append(SceneBody(f"bend {bend.index + 1} zone", f"zone-{bend.index}", flange_links[bend.parent], hull))

    return CellScene(
        scene=Scene(
            links,
            bodies,
            lower=robot.lower,
            upper=robot.upper,
            # The robot's foot stands on the floor or on a plinth, beside machine and tools: that is looked at once, when the cell is checked.
            ignore_links=never_meeting(robot, robot_links, gripper_links)
            | {(robot_links[0], link) for link in (*brake_links, upper_tools, lower_tools, world)},
            ignore_groups=_ignored_groups(cell, part, statics),
            margin=cell.margin,
            margins={(group, "gripper"): GRIPPER_MARGIN for group in part_groups(part)}
            | {
                ("gripper", "pile"): part.thickness / 2,
                ("gripper", "regrip"): part.thickness / 2,
                ("robot", "robot"): SELF_MARGIN,
                ("robot", "gripper"): SELF_MARGIN,
            },
        ),
        cell=cell,
        gripper=gripper,
        setup=setup,
        part=part,
        tcp_link=tcp_link,
        gripper_links=gripper_links,
        brake_links=brake_links,
        upper_tools=upper_tools,
        flange_links=tuple(flange_links),
        zone_bodies=tuple(zone_bodies),
    )


def _ignored_groups(cell: Cell, part: SheetPart, statics: list[Body]) -> frozenset[tuple[str, str]]:
    """Pairs that never matter: the machine with itself, things bolted to the floor with each other, the gripper with itself."""
    machine = {"frame", "ram", "gauge", "punch", "die"}
    fixed = {body.group for body in statics} | machine
    pairs = {(a, b) for a in fixed for b in fixed}
    pairs |= {("gripper", "gripper")}
    # A flange always touches the flange it is bent from; the part against itself is checked by the sequence search.
    groups = part_groups(part)
    pairs |= {(a, b) for a in groups for b in groups}
    return frozenset(pairs)
