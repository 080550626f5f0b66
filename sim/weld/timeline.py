"""Phases of a welding job one after the other: a plan being written."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from sim.motion import JointLimits, MotionFailure, plan_free
from sim.scene import Scene
from sim.timing import DENSE, TCP_ACCELERATION, blend_corners, time_path
from sim.weld.path import T_world_tcp
from sim.weld.plan import WeldPhase

SMALL_BLEND = 0.15
"""Corners rounded over less than this are held against stopping there [rad, Euclidean]."""


@dataclass(eq=False, slots=True)
class WeldTimeline:
    """Collects phases; keeps where robot and positioner stand at their end.

    Attributes:
        cell: The cell.
        robot, positioner: Values at the end of the last phase.
        time: End of the last phase [s].
        phases: So far.
        seed: Of free moves.
    """

    cell: WeldCell
    robot: Array
    positioner: Array
    seed: int = 0
    time: float = 0.0
    phases: list[WeldPhase] = field(default_factory=list)

    def free(self, name: str, step: str, scene: Scene, goals: Array, weld: int | None = None) -> MotionFailure | None:
        """A collision-free joint move to the nearest of several goals (g, n)."""
        limits = JointLimits.of(self.cell.robot.model)
        found = plan_free(scene, self.robot, goals, limits, seed=self.seed + len(self.phases))
        if isinstance(found, MotionFailure):
            return found
        corners = found.qs[np.r_[True, np.max(np.abs(np.diff(found.qs, axis=0)), axis=1) > 1e-6]]
        if len(corners) < 2:
            return None
        dense, marks, blends = blend_corners(corners, scene)
        timed = time_path(dense, limits)
        if any(0.0 < blend < SMALL_BLEND for blend in blends):
            # Through a corner that is hardly rounded the arm creeps; stopping there may be quicker.
            straight, ends = _sharp(corners)
            stopping = time_path(straight, limits, stops=ends)
            if stopping.times[-1] < timed.times[-1]:
                dense, marks, blends, timed = straight, ends, (0.0,) * len(corners), stopping
        nearest = scene.path_clearance(dense)
        self._append(
            name, step, "free", timed.times, timed.qs, weld=weld, waypoints=(0, *_nearest_samples(timed.qs, dense, marks), len(timed.qs) - 1),
            corners=corners, blends=np.array(blends), clearance=nearest.distance, closest=(nearest.body_a, nearest.body_b) if nearest.body_a else None,
        )  # fmt: skip
        return None

    def linear(self, name: str, step: str, qs: Array, speed: float, weld: int | None = None, touch: int | None = None) -> None:
        """A straight move of the tool along joints (k, n), from rest to rest; `touch`: it ends on a face."""
        positions = T_world_tcp(self.cell, qs)[:, :3, 3]
        timed = time_path(qs, JointLimits.of(self.cell.robot.model), positions=positions, tcp_speed=speed)
        self._append(name, step, "linear", timed.times, timed.qs, weld=weld, waypoints=(0, len(timed.qs) - 1), touch=touch)

    def weld(self, step: str, qs: Array, waypoints: tuple[int, ...], speed: float, weld: int) -> None:
        """Along a bead at constant speed; the tool gathers it and loses it within a few hundredths of a millimetre."""
        way = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(T_world_tcp(self.cell, qs)[:, :3, 3], axis=0), axis=1))]
        times = way / speed
        times[1:] += speed / (2 * TCP_ACCELERATION)
        times[-1] += speed / (2 * TCP_ACCELERATION)
        self._append("weld", step, "weld", times, qs, arc=True, weld=weld, waypoints=waypoints)

    def wait(
        self, name: str, step: str, seconds: float, *, arc: bool = False, weld: int | None = None, positioner: Array | None = None
    ) -> None:
        """The robot stands; the positioner turns to `positioner` meanwhile."""
        target = self.positioner if positioner is None else positioner
        times, robot = np.array([0.0, seconds]), np.repeat(self.robot[None], 2, axis=0)
        self._append(name, step, "wait", times, robot, arc=arc, weld=weld, positioner=np.array([self.positioner, target]), waypoints=(0, 1))

    def _append(
        self,
        name: str,
        step: str,
        kind: Literal["free", "linear", "weld", "wait"],
        times: Array,
        robot: Array,
        *,
        waypoints: tuple[int, ...],
        arc: bool = False,
        weld: int | None = None,
        positioner: Array | None = None,
        corners: Array | None = None,
        blends: Array | None = None,
        clearance: float | None = None,
        closest: tuple[str, str] | None = None,
        touch: int | None = None,
    ) -> None:
        stands = np.repeat(self.positioner[None], len(times), axis=0) if positioner is None else positioner
        self.phases.append(
            WeldPhase(name, step, kind, self.time + times, robot, stands, arc, weld, waypoints, corners, blends, clearance, closest, touch)
        )
        self.time = float(self.time + times[-1])
        self.robot, self.positioner = robot[-1], stands[-1]


def _sharp(corners: Array) -> tuple[Array, tuple[int, ...]]:
    """Straight lines between corners (k, n), dense, and which samples are corners."""
    pieces, marks = [corners[:1]], [0]
    for a, b in pairwise(corners):
        count = max(4, int(np.ceil(np.max(np.abs(b - a)) / DENSE)))
        pieces.append(a + np.linspace(0.0, 1.0, count + 1)[1:, None] * (b - a))
        marks.append(marks[-1] + count)
    return np.concatenate(pieces), tuple(marks)


def _nearest_samples(qs: Array, dense: Array, marks: tuple[int, ...]) -> tuple[int, ...]:
    """Samples of a timed path nearest to way-points of the dense one, in order, ends left out."""
    out: list[int] = []
    first = 0
    for mark in marks[1:-1]:
        first += int(np.argmin(np.max(np.abs(qs[first:] - dense[mark]), axis=1)))
        out.append(first)
    return tuple(dict.fromkeys(k for k in out if 0 < k < len(qs) - 1))
