"""Ways to weld a bead: in both directions, with the positioner where the seam lies well, or elsewhere; or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from parts.seam import Seam
from sim.robot_path import path_is_free
from sim.weld.index import positioner_choices
from sim.weld.options import WeldOptions
from sim.weld.plan import SeamWeld
from sim.weld.scene import WeldScene
from sim.weld.seam_graph import Bead
from sim.weld.seam_search import SeamRefusal, search_seam
from sim.weld.tasks import Task

MOST_ELSEWHERE = 3
WHOLE_CHOICES = 3
"""With so many positions of the positioner all angles are tried; with the others the preferred ones."""


@dataclass(frozen=True, eq=False, slots=True)
class FoundWay:
    """A task with one way to weld it."""

    task: Task
    weld: SeamWeld


@dataclass(eq=False, slots=True)
class SeamWays:
    """Searches in one cell; remembers to where its positioner turns.

    Attributes:
        cell: The cell.
        options: What the job asks for.
        scene: Of the cell with the weldment.
    """

    cell: WeldCell
    options: WeldOptions
    scene: WeldScene
    _known: dict[tuple[float, ...], bool] = field(default_factory=dict)

    def of(self, task: Task) -> list[FoundWay] | SeamRefusal:
        """All ways to weld a task that were asked for, or why there is none."""
        wanted = self.options.direction(task.of)
        seams = {"as-given": [task.seam], "reversed": [task.seam.reversed()], "auto": [task.seam, task.seam.reversed()]}[wanted]
        if wanted == "auto" and task.seam.closed:
            seams = seams[:1]
        found: list[FoundWay] = []
        refusals: list[SeamRefusal] = []
        for seam in seams:
            answer = self._searched(task, seam)
            if isinstance(answer, SeamWeld):
                found.append(FoundWay(task, answer))
            else:
                refusals.append(answer)
        if not found and wanted == "auto" and task.seam.closed:
            answer = self._searched(task, task.seam.reversed())
            if isinstance(answer, SeamWeld):
                return [FoundWay(task, answer)]
            refusals.append(answer)
        return found or refusals[0]

    def _searched(self, task: Task, seam: Seam) -> SeamWeld | SeamRefusal:
        choices = positioner_choices(self.cell, seam, self._stands)
        beads = [self._bead(task, seam, q) for q in choices]
        if len(beads) == 1:
            return search_seam(beads[0])
        # Where the table may stand elsewhere, that is tried before other angles.
        tried: list[tuple[bool, Bead]] = []
        for bead in beads:
            answer = search_seam(bead, preferred=True)
            if isinstance(answer, SeamWeld):
                return answer
            tried.append((answer.code == "seam-reach", bead))
        refusals = []
        # Other angles help where something is in the way rather than where the arm ends.
        for _, bead in sorted(tried, key=lambda one: one[0])[:WHOLE_CHOICES]:
            answer = search_seam(bead)
            if isinstance(answer, SeamWeld):
                return answer
            refusals.append(answer)
        return refusals[0]

    def _stands(self, q_table: Array) -> bool:
        """Whether the positioner turns from home to a position while the robot is at home."""
        key = tuple(np.round(q_table, 6))
        if key not in self._known:
            self._known[key] = self.turns([self.home_table, q_table])
        return self._known[key]

    def turns(self, tables: list[Array]) -> bool:
        """Whether the positioner turns past these positions while the robot is at home."""
        path = np.array([np.r_[self.cell.robot.q_home, table] for table in tables])
        return path_is_free(self.scene.together(), path)

    @property
    def home_table(self) -> Array:
        """Where the positioner stands at first (m,)."""
        assert self.cell.positioner is not None
        return np.asarray(self.cell.positioner.q_home, dtype=float)

    def _bead(self, task: Task, seam: Seam, q: Array) -> Bead:
        return Bead(
            self.cell, seam, task.bead, task.procedure, self.scene.posed(q, near_seam=seam.pieces), self.cell.T_world_workpiece(q), q,
            0.0 if seam.tacked is not None else self.options.overlap, self.options.clearance,
        )  # fmt: skip

    def elsewhere(self, task: Task, tried: list[FoundWay]) -> Iterator[FoundWay]:
        """Ways to weld a bead with the positioner in other positions than those that were tried; at most `MOST_ELSEWHERE`."""
        if self.cell.positioner is None:
            return
        tables = np.array([one.weld.positioner[0] for one in tried])
        left = MOST_ELSEWHERE
        apart = [(float(np.min(np.max(np.abs(tables - q), axis=1))), q) for q in positioner_choices(self.cell, task.seam, self._stands)]
        # Far from where there was no way it is most likely to be another one.
        for far, q in sorted(apart, key=lambda one: -one[0]):
            if left == 0 or far < 1e-9:
                return
            answer = search_seam(self._bead(task, tried[0].weld.seam, q), preferred=True)
            if isinstance(answer, SeamWeld):
                left -= 1
                yield FoundWay(task, answer)
