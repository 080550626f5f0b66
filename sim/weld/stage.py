"""A welding cell with its weldment as a tree of things to look at (`sim.stage_nodes`), and every node's place for given joints."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import trimesh

from cells.weld_model import WeldCell
from core.frames import Array
from parts.weldment import Weldment
from sim.stage_nodes import Color, Node, Piece, add_mechanism, body_node, joint_places, world_places

Joints = tuple[Array, Array]
"""Of the robot (n,) and of the positioner (m,)."""
PIECES: tuple[Color, ...] = ((0.42, 0.62, 0.82, 1.0), (0.55, 0.72, 0.88, 1.0), (0.36, 0.52, 0.70, 1.0), (0.62, 0.70, 0.78, 1.0))
"""Neighbours in the list of pieces look different."""
ARC: Color = (1.0, 0.93, 0.55, 1.0)
ARC_RADIUS = 0.012
"""Of the ball that marks the burning arc [m]."""


@dataclass(eq=False, slots=True)
class WeldStage:
    """All nodes of a welding cell with a weldment.

    Attributes:
        nodes: Parents before children.
        cell, weldment: What they show; weldment None: the empty cell.
        arc: Index of the ball at the wire's end that marks the burning arc.
    """

    cell: WeldCell
    weldment: Weldment | None
    nodes: list[Node] = field(default_factory=list)
    arc: int = -1
    _positioner: int = -1

    def places(self, state: Joints) -> dict[int, Array]:
        """T_parent_node of every node that moves (4, 4), by index."""
        robot, positioner = state
        out = joint_places(self.cell.robot.model.mechanism, robot, 0)
        if self.cell.positioner is not None:
            out |= joint_places(self.cell.positioner.mechanism, positioner, self._positioner)
        return out

    def world(self, state: Joints) -> Array:
        """T_world_node of every node (n, 4, 4)."""
        return world_places(self.nodes, self.places(state))


def build_weld_stage(cell: WeldCell, weldment: Weldment | None) -> WeldStage:
    """Everything in the cell as nodes. The workpiece hangs on the positioner's table, the arc on the torch."""
    stage = WeldStage(cell, weldment)
    nodes, model, positioner = stage.nodes, cell.robot.model, cell.positioner
    add_mechanism(nodes, model.mechanism, -1, cell.robot.T_world_base, "robot ")
    flange = model.mechanism.link_index(model.flange_link)
    add_mechanism(nodes, cell.torch.mechanism, flange, np.eye(4), "torch ")
    stage.arc = len(nodes)
    ball = trimesh.creation.icosphere(subdivisions=1, radius=ARC_RADIUS)
    nodes.append(Node("arc", flange, cell.torch.T_flange_tcp, (Piece(ball, ARC),), False))
    holder = -1
    if positioner is not None:
        stage._positioner = len(nodes)
        add_mechanism(nodes, positioner.mechanism, -1, positioner.T_world_base, "positioner ")
        holder = stage._positioner + positioner.mechanism.link_index(positioner.table_link)
    workpiece = len(nodes)
    nodes.append(Node("workpiece", holder, cell.T_holder_workpiece, (), False))
    for index, piece in enumerate(() if weldment is None else weldment.pieces):
        nodes.append(Node(f"piece {piece.name}", workpiece, np.eye(4), (Piece(piece.mesh, PIECES[index % len(PIECES)]),), False))
    nodes += [body_node(body, workpiece) for body in cell.fixtures]
    nodes += [body_node(body) for body in cell.bodies]
    return stage
