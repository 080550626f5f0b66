"""Ways to and from a seam: straight back along the wire."""

from __future__ import annotations

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from sim.robot_path import MAX_JOINT_STEP, line, path_is_free
from sim.scene import Scene
from sim.weld.path import T_base_flange, follow

LEAST = 0.015
"""A seam is left at least so far along the wire [m]."""
SLOW = 0.010
"""The last stretch to the seam is driven slowly [m]."""


def stood_back(T_world_tcp: Array, distance: float) -> Array:
    """Tool poses (..., 4, 4) moved back along the wire [m]."""
    out = np.array(T_world_tcp)
    out[..., :3, 3] -= distance * out[..., :3, 2]
    return out


def approach(cell: WeldCell, scene: Scene, T_world_seam: Array, q_seam: Array, clearance: float) -> tuple[Array, tuple[int, ...]] | None:
    """Joints (k, n) from the stood-back pose to the seam, and which of them are targets; as far back as is free, at most `clearance` [m].

    None: not even `LEAST` is free.
    """
    for distance in (clearance, 0.7 * clearance, 0.5 * clearance, LEAST):
        if distance < LEAST - 1e-9:
            continue
        near = line(T_world_seam, stood_back(T_world_seam, min(SLOW, distance)), step=0.004)
        far = line(near[-1], stood_back(T_world_seam, distance), step=0.008)[1:] if distance > SLOW + 1e-9 else near[:0]
        poses = np.concatenate((near, far))
        qs, reached = follow(cell, poses, q_seam)
        if reached == len(poses) and path_is_free(scene, qs):
            back = qs[::-1]
            return back, (0, len(far), len(back) - 1) if len(far) else (0, len(back) - 1)
    return None


def approachable(cell: WeldCell, scene: Scene, Ts_world_tcp: Array, qs: Array, poses: Array) -> Array:
    """Which nodes (m,) of a layer can be left along the wire by `LEAST`, looked at in its middle and at its end.

    Args:
        cell, scene: Where.
        Ts_world_tcp: Torch poses of the raster (g, 4, 4).
        qs: Joints of the nodes (m, n).
        poses: Which pose each node belongs to (m,).
    """
    model = cell.robot.model
    out = np.ones(len(qs), dtype=bool)
    for distance in (LEAST / 2, LEAST):
        Ts = T_base_flange(cell, stood_back(Ts_world_tcp, distance))
        for g in np.unique(poses[out]):
            nodes = np.flatnonzero(out & (poses == g))
            slide = float(qs[nodes[0], 0]) if model.slides else None
            found = model.ik(Ts[g], slide=slide)
            if len(found) == 0:
                out[nodes] = False
                continue
            change = np.max(np.abs(found[None] - qs[nodes, None]), axis=2)
            nearest = np.argmin(change, axis=1)
            out[nodes] = (np.min(change, axis=1) < MAX_JOINT_STEP) & np.asarray(scene.free(found[nearest]), dtype=bool)
    return out
