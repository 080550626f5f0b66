"""Pictures of a welding cell as PNG."""

from __future__ import annotations

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from parts.weldment import Weldment
from sim.camera import fitted
from sim.weld.stage import Joints, WeldStage, build_weld_stage
from sim.world_pictures import SHARPER, png
from sim.world_studio import Studio

VIEWS = {"cell_left.png": (-0.62, -0.72, 0.62), "cell_right.png": (0.80, -0.42, 0.72)}
"""From where the cell is seen: directions to the eye."""


def weld_cell_pictures(cell: WeldCell, weldment: Weldment | None = None, joints: Joints | None = None) -> dict[str, bytes]:
    """The whole cell from two sides, fence included: `cell_left.png`, `cell_right.png`.

    Args:
        cell: The cell.
        weldment: In it, or None.
        joints: Of robot and positioner; None: at home.
    """
    stage = build_weld_stage(cell, weldment)
    state = (cell.robot.q_home, np.zeros(0) if cell.positioner is None else cell.positioner.q_home) if joints is None else joints
    hidden = {body.name for body in cell.bodies if body.group == "floor"} | {"arc"}
    out: dict[str, bytes] = {}
    with Studio(stage, lambda name: name not in hidden) as studio:
        for name, direction in VIEWS.items():
            camera = fitted(
                _corners(stage, state, hidden), np.array(direction), width=int(1280 * SHARPER), height=int(800 * SHARPER), margin=0.02
            )
            out[name] = png(studio.shot(state, camera).image)
    return out


def _corners(stage: WeldStage, state: Joints, hidden: set[str]) -> Array:
    """Corners of the boxes round everything that is seen, in the world (n, 3)."""
    boxes = [
        np.array(piece.mesh.bounding_box.vertices) @ T[:3, :3].T + T[:3, 3]
        for node, T in zip(stage.nodes, stage.world(state), strict=True)
        if node.name not in hidden
        for piece in node.pieces
    ]
    return np.concatenate(boxes)
