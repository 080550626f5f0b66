"""What the benchmark asks of an engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.peers.plain import Array, PlainScene

JOINT_STEP = 0.02
"""Peers look at an edge in states this far apart [rad, largest joint], as their users do."""


class Missing(Exception):
    """The engine has no such thing; the message says what it lacks."""


class Engine:
    """One engine with a scene loaded. What is not overridden is missing.

    Attributes:
        packages: Distributions whose versions count.
        margins: Whether it keeps the scene's margins; else its hulls only must not overlap, which is an easier cell.
    """

    packages: tuple[str, ...] = ()
    margins = False

    def load(self, scene: PlainScene, folder: Path) -> None:
        """Builds the scene; files of `bench.peers.urdf` lie in the folder."""
        raise NotImplementedError

    def free(self, q: Array) -> bool:
        """Whether a state q (n,) is free."""
        raise Missing("no state check by itself")

    def distance(self, q: Array) -> float:
        """The smallest distance of all pairs of hulls [m]."""
        raise Missing("no distance")

    def edge_free(self, a: Array, b: Array) -> bool:
        """Whether states along the straight edge between two are free."""
        count = max(1, int(np.ceil(np.max(np.abs(b - a)) / JOINT_STEP)))
        return all(self.free(a + share * (b - a)) for share in np.linspace(0.0, 1.0, count + 1))

    def plan(self, start: Array, goals: Array, seed: int, seconds: float) -> Array | None:
        """A path (k, n) from a state to one of several goals (g, n), shortened; None: none in time.

        An engine that takes one goal takes the first.
        """
        raise Missing("no planner")

    def solve(self, lengths: Array, limits: Array, count: int) -> list[tuple[str, float, float]]:
        """All-solutions inverse kinematics of `count` poses of an arm with a spherical wrist: how it was asked, seconds per pose, solutions per pose.

        Args:
            lengths: a1, a2, b, c1, c2, c3, c4 of Brandstoetter's notation (7,) [m].
            limits: Of the joints (6, 2) [rad].
            count: Poses.
        """
        raise Missing("no inverse kinematics with all solutions")
