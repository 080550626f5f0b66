"""A welding cell with a weldment as `sim.scene.Scene`: certified clearance for the planner, with the positioner standing or moving along."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from parts.weldment import Weldment
from sim.scene import Scene
from sim.scene_parts import Groups, attach, fixed_link, never_meeting
from sim.scene_structure import SceneBody, SceneLink
from sim.weld.groups import (
    margins,
    never_checked,
    piece_group,
    positioner_groups,
    torch_group,
    welding_contacts,
    welding_margins,
)


class WeldScene:
    """Everything that can collide while a weldment is welded.

    `posed` gives scenes in which the robot moves and the positioner stands; in those of `together` both move, q being the robot's joints, then the positioner's.
    Clearance is the cell's margin; with `near_seam` it is what holds while that seam is welded (`sim.weld.groups`).

    Args:
        cell: The cell.
        weldment: Lies in its workpiece frame.
    """

    def __init__(self, cell: WeldCell, weldment: Weldment) -> None:
        self.cell, self.weldment = cell, weldment
        self._robot_alone, self._positioner_links = self._build(positioner_moves=False)
        self._both: Scene | None = None
        self._groups = (
            {piece_group(piece.name) for piece in weldment.pieces}
            | {body.group for body in (*cell.bodies, *cell.fixtures)}
            | {"stand", "cradle", "table"}
        )

    def posed(self, q_positioner: Array | None = None, *, allowed: Groups = frozenset(), near_seam: tuple[str, ...] = ()) -> Scene:
        """The robot moves, the positioner stands.

        Args:
            q_positioner: Its joints (m,); None: home, or there is none.
            allowed: Pairs of groups that may touch beside those of welding: `sim.weld.groups.CLEANING`, or `("wire", "piece-A")` while searching.
            near_seam: Names of the pieces of the seam that is welded or approached (`Seam.pieces`); empty: a free move.
        """
        positioner = self.cell.positioner
        if positioner is None:
            return self._near(self._robot_alone, {}, allowed, near_seam)
        q = positioner.q_home if q_positioner is None else np.asarray(q_positioner, dtype=float)
        Ts = positioner.T_world_base @ positioner.mechanism.fk(q)
        poses = {link: (-1, T) for link, T in zip(self._positioner_links, Ts, strict=True)}
        return self._near(self._robot_alone, poses, allowed, near_seam)

    def together(self, *, allowed: Groups = frozenset(), near_seam: tuple[str, ...] = ()) -> Scene:
        """Robot and positioner both move: q is (n + m,). The same as `posed` where there is no positioner."""
        if self._both is None:
            self._both = self._build(positioner_moves=True)[0]
        return self._near(self._both, {}, allowed, near_seam)

    def _near(self, scene: Scene, poses: dict[int, tuple[int, Array]], allowed: Groups, near_seam: tuple[str, ...]) -> Scene:
        if not near_seam:
            return scene.posed(poses, allowed=allowed)
        return scene.posed(
            poses,
            allowed=allowed | welding_contacts(self.weldment),
            margins=self.margins_near(near_seam),
        )

    def margins_near(self, pieces: tuple[str, ...]) -> Mapping[tuple[str, str], float]:
        """Clearances while a seam of these pieces is welded."""
        return welding_margins(self.cell, sorted(self._groups), pieces)

    def _build(self, *, positioner_moves: bool) -> tuple[Scene, tuple[int, ...]]:
        """The scene, and the indices of the positioner's links in it."""
        cell, robot, positioner = self.cell, self.cell.robot.model, self.cell.positioner
        links: list[SceneLink] = []
        bodies: list[SceneBody] = []
        robot_links = attach(links, bodies, robot.mechanism, (-1, cell.robot.T_world_base), prefix="", group=lambda _: "robot", q_start=0)
        flange = robot_links[robot.mechanism.link_index(robot.flange_link)]
        torch_links = attach(links, bodies, cell.torch.mechanism, (flange, np.eye(4)), prefix="torch ", group=torch_group, q_start=None)
        lower, upper = robot.lower, robot.upper
        positioner_links: tuple[int, ...] = ()
        holder = -1
        if positioner is not None:
            q_start = len(lower) if positioner_moves else None
            groups = positioner_groups(positioner)
            positioner_links = attach(
                links, bodies, positioner.mechanism, (-1, positioner.T_world_base), prefix="positioner ", group=groups.__getitem__, q_start=q_start
            )  # fmt: skip
            holder = positioner_links[positioner.mechanism.link_index(positioner.table_link)]
            if positioner_moves:
                lower, upper = np.r_[lower, positioner.mechanism.lower], np.r_[upper, positioner.mechanism.upper]
        workpiece = len(links)
        links.append(fixed_link("workpiece", holder, cell.T_holder_workpiece))
        for piece in self.weldment.pieces:
            bodies += [SceneBody(piece.name, piece_group(piece.name), workpiece, hull) for hull in piece.hulls]
        world = len(links)
        links.append(fixed_link("world", -1, np.eye(4)))
        for link, things in ((workpiece, cell.fixtures), (world, cell.bodies)):
            for body in things:
                T = body.T_world_body
                bodies += [SceneBody(body.name, body.group, link, hull @ T[:3, :3].T + T[:3, 3]) for hull in body.hulls]
        scene = Scene(
            links,
            bodies,
            lower=lower,
            upper=upper,
            # The robot's foot stands on the floor or on a plinth.
            ignore_links=never_meeting(robot, robot_links, torch_links) | {(robot_links[0], world)},
            ignore_groups=never_checked(cell, self.weldment),
            margin=cell.margin,
            margins=margins(),
        )
        return scene, positioner_links
