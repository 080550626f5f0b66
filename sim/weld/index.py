"""Where a positioner should stand for a seam: so that it lies flat or horizontally."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np

from cells.weld_model import Positioner, WeldCell
from core.frames import Array
from core.units import DEG
from parts.seam import Seam
from sim.weld.position import effort
from sim.weld.torch import seam_frames

RASTER = (7, 13)
"""Positions tried of the first and second axis."""
MOST_CHOICES = 14
GOOD = 10 * DEG
"""Seams lie well within this of flat or horizontal."""
SETTLE = 0.5
"""Until a positioner that has turned stands still [s]."""


def positioner_choices(cell: WeldCell, seam: Seam, stands: Callable[[Array], bool] = lambda q: True) -> list[Array]:
    """Joints of the positioner to try for a seam, the best first: home while the seam lies well there, then those in which it lies best and turns least.

    Args:
        cell: With or without a positioner.
        seam: In the workpiece's frame.
        stands: Whether the positioner can turn there from home with what it carries.
    """
    positioner = cell.positioner
    if positioner is None:
        return [np.zeros(0)]
    frames = seam_frames(seam, max(seam.length / 8, 1e-3))
    home = np.asarray(positioner.q_home, dtype=float)
    candidates = [home, *(q for q in _raster(positioner) if np.max(np.abs(q - home)) > 1e-9)]
    scored = []
    for k, q in enumerate(candidates):
        lies = max(effort(cell.T_world_workpiece(q), frames) - GOOD, 0.0)
        scored.append((round(lies, 3), round(float(np.sum(np.abs(q - home))), 6), k))
    return list(islice((candidates[k] for _, _, k in sorted(scored) if k == 0 or stands(candidates[k])), MOST_CHOICES))


def _raster(positioner: Positioner) -> list[Array]:
    mechanism = positioner.mechanism
    axes = []
    for low, high, count in zip(mechanism.lower, mechanism.upper, RASTER[-len(mechanism.lower) :], strict=True):
        # A whole turn is enough of an axis that makes several, and its two ends are one position.
        whole = high - low >= 2 * np.pi
        first = float(np.clip(-np.pi, low, high - 2 * np.pi)) if whole else low
        axes.append(np.linspace(first, first + 2 * np.pi, count)[1:] if whole else np.linspace(low, high, count))
    return [np.array(q) for q in np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))]


def index_time(positioner: Positioner, q_a: Array, q_b: Array) -> float:
    """How long it turns from one position to another [s]."""
    return float(np.max(np.abs(q_b - q_a) / positioner.mechanism.velocity)) + SETTLE
