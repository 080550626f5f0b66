"""Whether a torch comes to a seam: rays along its wire and around its gas nozzle, from the root outwards, with the torch tilted a little every way."""

from __future__ import annotations

import numpy as np

from core.frames import Array
from parts.seam import Seam
from parts.seam_options import SeamOptions
from parts.triangle_kernels import first_hits

SAMPLES = 7
RING = 6
TIP = 12e-3
"""The nozzle ends this far before the root [m]."""
WORK, TRAVEL = np.radians([0.0, 15.0, -15.0]), np.radians([0.0, 20.0, -20.0])
START = 5e-4


def accessible_share(seam: Seam, triangles: Array, options: SeamOptions) -> float:
    """Share of a seam (0..1) that a torch reaches, by samples between its ends.

    Args:
        seam: In the frame of the triangles.
        triangles: Of all pieces (n, 3, 3) [m].
        options: Width and length of the torch.
    """
    at = (np.arange(SAMPLES) + 0.5) / SAMPLES
    steps = np.linalg.norm(np.diff(seam.points, axis=0), axis=1)
    along = np.r_[0.0, np.cumsum(steps)] / max(steps.sum(), 1e-12)
    reached = 0
    for share in at:
        k = int(np.clip(np.searchsorted(along, share) - 1, 0, len(steps) - 1))
        mix = (share - along[k]) / max(along[k + 1] - along[k], 1e-12)
        root, a, b = ((1 - mix) * values[k] + mix * values[k + 1] for values in (seam.points, seam.normals_a, seam.normals_b))
        reached += _reached(root, a, b, (seam.points[k + 1] - seam.points[k]) / max(steps[k], 1e-12), triangles, options)
    return reached / SAMPLES


def _reached(root: Array, a: Array, b: Array, way: Array, triangles: Array, options: SeamOptions) -> bool:
    out = a + b
    if np.linalg.norm(out) < 1e-3:
        return False
    out = out / np.linalg.norm(out)
    # Half the opening between the faces: bisector against face.
    half = float(np.arcsin(np.clip(out @ a, 0.0, 1.0)))
    reach = options.torch_length + options.torch_width
    near = _near(root, triangles, reach)
    for travel in TRAVEL:
        for work in WORK:
            side = np.cross(way, out)
            wire = np.cos(travel) * (np.cos(work) * out + np.sin(work) * side) + np.sin(travel) * way
            if half - abs(work) > np.radians(10.0) and _free(root, wire, half - abs(work), near, options):
                return True
    return False


def _free(root: Array, wire: Array, half: float, triangles: Array, options: SeamOptions) -> bool:
    if first_hits((root + START * wire)[None], wire[None], triangles)[0][0] < options.torch_length:
        return False
    radius = options.torch_width / 2
    # Where the nozzle's rim clears both faces.
    start = max(TIP, radius / np.tan(half) + START)
    x = np.cross(wire, np.eye(3)[int(np.argmin(np.abs(wire)))])
    x /= np.linalg.norm(x)
    angles = np.arange(RING) * 2 * np.pi / RING
    ring = radius * (np.cos(angles)[:, None] * x + np.sin(angles)[:, None] * np.cross(wire, x))
    hits, _ = first_hits(root + start * wire + ring, np.tile(wire, (RING, 1)), triangles)
    return bool(np.all(hits > options.torch_length))


def _near(point: Array, triangles: Array, reach: float) -> Array:
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    return np.ascontiguousarray(triangles[np.all((low <= point + reach) & (high >= point - reach), axis=1)])
