"""A scene as plain arrays, so that an engine in another environment can build it with nothing but numpy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FILE = "scene.npz"
CELL, ARM = "cell", "arm"
"""Names of a scene's URDF and SRDF files: with all bodies, and with those only that the robot moves."""


@dataclass(frozen=True, eq=False)
class PlainScene:
    """Convex hulls on links, and the pairs of them that must stay apart; see `sim.scene.Scene.arrays`.

    Attributes:
        parents: Parent of each link, -1 for the world (l,).
        Ts: T_parent_link at q = 0 (l, 4, 4).
        kinds: 0 fixed, 1 revolute, 2 prismatic (l,).
        axes: In the link's own frame (l, 3).
        q_index: Which joint moves the link, -1 for none (l,).
        vertices, starts: Of hull i: vertices[starts[i]:starts[i + 1]], in its link's frame [m].
        links: Of each hull (b,).
        pairs: Hulls that move against each other (m, 2).
        margins: Distance that the hulls of each pair keep, what the bodies stand out of them included (m,) [m].
        lower, upper, velocity: Limits of the joints (n,).
    """

    parents: Array
    Ts: Array
    kinds: Array
    axes: Array
    q_index: Array
    vertices: Array
    starts: Array
    links: Array
    pairs: Array
    margins: Array
    lower: Array
    upper: Array
    velocity: Array

    def save(self, folder: Path) -> None:
        """Writes `scene.npz`."""
        np.savez(folder / FILE, **asdict(self))

    @classmethod
    def load(cls, folder: Path) -> PlainScene:
        """Reads `scene.npz`."""
        with np.load(folder / FILE) as data:
            return cls(**{name: data[name] for name in data.files})

    @property
    def hulls(self) -> list[Array]:
        """Vertices (k, 3) of each, in the frame of its link."""
        return [self.vertices[a:b] for a, b in zip(self.starts[:-1], self.starts[1:])]

    @property
    def joint_names(self) -> list[str]:
        """Of its URDF, in the order of q."""
        return [f"q{i}" for i in range(len(self.lower))]

    def joints(self) -> list[tuple[int, int, Array]]:
        """Links that a joint moves, parents first: the link, the moving link above it or -1, and its pose in that one's frame at q = 0."""
        return [(link, *self._hangs(int(self.parents[link]), self.Ts[link])) for link in self._moving()]

    def carried(self) -> list[tuple[int, Array]]:
        """Of every hull: the moving link that carries it, -1 for the world, and its vertices in that one's frame."""
        out = []
        for hull, link in zip(self.hulls, self.links.tolist()):
            joint, T = self._hangs(link, np.eye(4))
            out.append((joint, hull @ T[:3, :3].T + T[:3, 3]))
        return out

    def _hangs(self, link: int, T: Array) -> tuple[int, Array]:
        while link >= 0 and not self.kinds[link]:
            T = self.Ts[link] @ T
            link = int(self.parents[link])
        return link, T

    def _moving(self) -> list[int]:
        def depth(link: int) -> int:
            return 0 if link < 0 else 1 + depth(int(self.parents[link]))

        return sorted(np.flatnonzero(self.kinds).tolist(), key=depth)
