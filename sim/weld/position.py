"""Working positions of seams after ISO 6947, from how the seam lies in the world."""

from __future__ import annotations

import numpy as np

from core.frames import Array
from core.units import DEG
from sim.weld.torch import SeamFrames

STEEP = 45 * DEG
"""From this inclination of the weld axis on a seam is welded up or down."""


def working_position(T_world_piece: Array, frames: SeamFrames) -> str:
    """The most difficult position along a seam.

    The seam's axis against the horizontal gives `PF` (up) or `PG` (down) when it is steep; else the bisector's angle to the vertical, rounded to the nearest
    main position: `PA` 0, `PB` 45, `PC` 90, `PD` 135, `PE` 180 deg.
    """
    t = frames.tangents @ T_world_piece[:3, :3].T
    b = frames.bisectors @ T_world_piece[:3, :3].T
    slope = np.arcsin(np.clip(t[:, 2], -1.0, 1.0))
    steepest = int(np.argmax(np.abs(slope)))
    if abs(slope[steepest]) > STEEP:
        return "PF" if slope[steepest] > 0 else "PG"
    lean = np.arccos(np.clip(b[:, 2], -1.0, 1.0))
    return ("PA", "PB", "PC", "PD", "PE")[int(np.clip(np.round(np.max(lean) / (45 * DEG)), 0, 4))]


def effort(T_world_piece: Array, frames: SeamFrames) -> float:
    """How far a seam is from lying well [rad]: the bisector's angle to the vertical beyond 45 deg, and the axis's to the horizontal."""
    t = frames.tangents @ T_world_piece[:3, :3].T
    b = frames.bisectors @ T_world_piece[:3, :3].T
    lean = np.arccos(np.clip(b[:, 2], -1.0, 1.0))
    slope = np.abs(np.arcsin(np.clip(t[:, 2], -1.0, 1.0)))
    return float(np.max(np.maximum(lean - 45 * DEG, 0.0)) + np.max(slope))
