"""Pictures of a welding cell, and of the torch along its beads, as PNG."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cells.weld_model import WeldCell
from core.frames import Array
from core.units import to_deg
from parts.weldment import Weldment
from sim.camera import fitted
from sim.part_pictures import side_by_side
from sim.weld.plan import WeldPlan
from sim.weld.stage import Joints, WeldStage, build_weld_stage
from sim.weld.torch import frames_at, nearest_at
from sim.world_pictures import SHARPER, png
from sim.world_studio import Studio

VIEWS = {"cell_left.png": (-0.62, -0.72, 0.62), "cell_right.png": (0.80, -0.42, 0.72)}
"""From where the cell is seen: directions to the eye."""
MOST_SEAMS = 8
"""Seams whose torch is pictured."""
SEEN_TORCH, SEEN_ROUND = 0.10, 0.06
"""How much of the torch and of what is about the wire's end the pictures show [m]."""


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


def torch_pictures(cell: WeldCell, weldment: Weldment, plan: WeldPlan, most: int = MOST_SEAMS) -> dict[str, bytes]:
    """The torch at start, middle and end of a bead: `seam_N.png` for the first `most` seams of a plan, N from 1 in the order they are welded (names of seams are the user's and no file names).

    Seen along the seam, so that the work angle and what stands beside the torch are seen.
    """
    stage = build_weld_stage(cell, weldment)
    hidden = {body.name for body in cell.bodies if body.group in ("floor", "fence")} | {"arc"}
    beads = [weld for weld in plan.welds if weld.bead == 0 and weld.seam.tacked is None][:most]
    out: dict[str, bytes] = {}
    with Studio(stage, lambda name: name not in hidden) as studio:
        for number, weld in enumerate(beads, 1):
            T_world_piece = cell.T_world_workpiece(weld.positioner[0])
            images = []
            for k in (0, len(weld.robot) // 2, len(weld.robot) - 1):
                frames = frames_at(weld.seam, nearest_at(weld.seam, weld.Ts_piece_tcp[k, None, :3, 3]))
                t, b = (T_world_piece[:3, :3] @ way[0] for way in (frames.tangents, frames.bisectors))
                tip = (T_world_piece @ weld.Ts_piece_tcp[k])[:3, 3]
                torch = tip - (T_world_piece @ weld.Ts_piece_tcp[k])[:3, 2] * SEEN_TORCH
                near = np.concatenate([end + SEEN_ROUND * np.vstack((np.eye(3), -np.eye(3))) for end in (tip, torch)])
                # Along the seam from where the torch leans away, so that its nozzle does not hide the wire's end, a little from above.
                toward = 1.0 if weld.travel[k] <= 0 else -1.0
                camera = fitted(
                    near,
                    toward * 0.9 * t + 0.15 * b + np.array([0.0, 0.0, 0.3]),
                    width=int(360 * SHARPER),
                    height=int(330 * SHARPER),
                    margin=0.02,
                )
                image = studio.shot((weld.robot[k], weld.positioner[k]), camera).image
                images.append(image.resize((360, 330), Image.Resampling.LANCZOS))
            titles = [
                f"seam {weld.seam.name}, {where}: work {to_deg(float(weld.work[k])):.0f}°, travel {to_deg(float(weld.travel[k])):.0f}°"
                for where, k in (("start", 0), ("middle", len(weld.work) // 2), ("end", -1))
            ]
            out[f"seam_{number}.png"] = side_by_side(titles, images)
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
