"""Coal as the referee: which states are free, and whether a finished path touches when it is looked at closely."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from bench.peers.pinocchio_coal import Coal
from bench.peers.plain import Array, PlainScene

CLOSE = 0.001
"""Paths are looked at again in states this far apart, a twentieth of what peers look at [rad]."""
SLACK = 0.25e-3
"""A margin counts as kept down to so much less: a certified edge may use up 0.2 mm of it [m]."""


class Referee:
    """Judges by a scene with its margins, or by its bare hulls."""

    def __init__(self, scene: PlainScene) -> None:
        self.coal = Coal()
        self.coal.load(scene, Path(tempfile.gettempdir()))

    def free(self, qs: Array, *, margins: bool) -> Array:
        """Whether each state (k, n) is free (k,)."""
        self.coal.widen(0.0, bare=not margins)
        return np.array([self.coal.free(q) for q in qs])

    def touches(self, path: Array, *, margins: bool) -> bool:
        """Whether a path (k, n) comes nearer than its margins, or its hulls overlap."""
        self.coal.widen(SLACK, bare=not margins)
        for a, b in zip(path[:-1], path[1:], strict=True):
            count = max(1, int(np.ceil(np.max(np.abs(b - a)) / CLOSE)))
            if not all(self.coal.free(a + share * (b - a)) for share in np.linspace(0.0, 1.0, count + 1)):
                return True
        return False
