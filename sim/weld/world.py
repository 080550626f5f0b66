"""The second engine for welding: the whole cell with a weldment in pybullet, posed by robot and positioner joints with pybullet's own kinematics.

Robot and positioner are loaded from their URDFs; torch, pieces, fixtures and what stands in the cell are convex hulls that are posed by hand.
"""

from __future__ import annotations

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from parts.weldment import Weldment
from sim.scene_parts import carriers
from sim.weld.groups import never_checked, piece_group, positioner_groups, torch_group
from sim.world_engine import Engine

NOTHING = Weldment("nothing", (), ())
"""A weldment without pieces."""


class WeldWorld(Engine):
    """One pybullet client with a welding cell and a weldment in it; use as a context manager.

    Args:
        cell: The cell.
        weldment: In its workpiece frame; None: the empty cell.
    """

    def __init__(self, cell: WeldCell, weldment: Weldment | None) -> None:
        super().__init__()
        self.cell = cell
        self.weldment = NOTHING if weldment is None else weldment
        model, positioner = cell.robot.model, cell.positioner
        self.robot = self._load(model.mechanism, cell.robot.T_world_base)
        self._robot_bodies = self._links(self.robot, model.mechanism, "", lambda _: "robot")
        self._positioner_bodies: dict[str, int] = {}
        if positioner is not None:
            self.positioner = self._load(positioner.mechanism, positioner.T_world_base)
            self._positioner_bodies = self._links(
                self.positioner, positioner.mechanism, "positioner ", positioner_groups(positioner).__getitem__
            )
        self._torch_bodies = [
            [self._hull(f"torch {link.name}", torch_group(link.name), hull) for hull in link.hulls] for link in cell.torch.mechanism.links
        ]
        self._workpiece = [
            (self._hull(piece.name, piece_group(piece.name), hull), np.eye(4)) for piece in self.weldment.pieces for hull in piece.hulls
        ]
        self._workpiece += [(self._hull(body.name, body.group, hull), body.T_world_body) for body in cell.fixtures for hull in body.hulls]
        self._statics = [self._hull(body.name, body.group, hull) for body in cell.bodies for hull in body.hulls]
        self.poses = np.repeat(np.eye(4)[None], len(self.bodies), axis=0)
        places = [body.T_world_body for body in cell.bodies for _ in body.hulls]
        for index, T in zip(self._statics, places, strict=True):
            self._pose((index,), T)

    def set_joints(self, robot: Array, positioner: Array | None = None) -> None:
        """Moves everything: robot joints (n,), positioner joints (m,), None: at home. The torch hangs on the flange, the workpiece on the table, where pybullet says they are."""
        cell = self.cell
        Ts_robot = self._moved(self.robot, cell.robot.model.mechanism, robot)
        for name, index in self._robot_bodies.items():
            self.poses[index] = Ts_robot[name]
        T_world_flange = Ts_robot[cell.robot.model.flange_link]
        for T_link, indices in zip(cell.torch.mechanism.fk(np.zeros(0)), self._torch_bodies, strict=True):
            self._pose(indices, T_world_flange @ T_link)
        T_world_workpiece = cell.T_holder_workpiece
        if cell.positioner is not None:
            q = cell.positioner.q_home if positioner is None else positioner
            Ts = self._moved(self.positioner, cell.positioner.mechanism, q)
            for name, index in self._positioner_bodies.items():
                self.poses[index] = Ts[name]
            T_world_workpiece = Ts[cell.positioner.table_link] @ cell.T_holder_workpiece
        for index, T in self._workpiece:
            self._pose((index,), T_world_workpiece @ T)

    def _make_pairs(self) -> list[tuple[int, int]]:
        """Everything against everything, but for what is one thing, bolted together or known never to collide."""
        model = self.cell.robot.model
        robot = set(self._robot_bodies.values())
        torch = {index for indices in self._torch_bodies for index in indices}
        bolted = {self._robot_bodies[name] for name in carriers(model) if name in self._robot_bodies}
        root = self._robot_bodies.get(model.mechanism.links[0].name, -1)
        statics = set(self._statics)
        never = never_checked(self.cell, self.weldment)
        pairs = self.arm_pairs(model, self._robot_bodies)
        for i, one in enumerate(self.bodies):
            for j in range(i + 1, len(self.bodies)):
                both = {i, j}
                # The robot's foot stands on the floor or on a plinth.
                joined = both <= robot or (both & torch and both & bolted) or (root in both and both & statics)
                if not joined and (one.group, self.bodies[j].group) not in never:
                    pairs.append((i, j))
        return pairs
