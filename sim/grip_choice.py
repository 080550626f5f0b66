"""Which grip for which bend: each is kept as long as it works, so that regrips are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.findings import Finding
from core.progress import Progress
from sim.bend_motion import BendAttempt, BendGeometry, BendPath, bend_paths
from sim.cell_scene import CellScene
from sim.grips import Grip, candidate_grips
from sim.sequence import SequencedStroke, SequenceResult

CANDIDATES = 48
"""Grips looked at per start of a run."""


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """The grip of one step and the robot paths it allows.

    Attributes:
        grip: How the part is held.
        follow: The gripper stays on while bending.
        paths: One per arm configuration.
    """

    grip: Grip
    follow: bool
    paths: tuple[BendPath, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Blocked:
    """The step no grip works for."""

    index: int
    finding: Finding


class GripChooser:
    """Assigns grips to the steps of a sequence.

    Args:
        cell_scene: The cell.
        sequence: Steps in order.
        faces: Faces by which the first grip may take the sheet off the stack.
    """

    def __init__(self, cell_scene: CellScene, sequence: SequenceResult, faces: tuple[str, ...]) -> None:
        self.cell_scene, self.sequence, self.faces = cell_scene, sequence, faces
        self.candidates = candidate_grips(cell_scene.part, cell_scene.gripper)
        self.geometries = [BendGeometry(cell_scene, step, step.before) for step in sequence.steps]
        self._memo: dict[tuple[int, int, bool], tuple[tuple[BendPath, ...], BendAttempt | None]] = {}

    def works(self, index: int, number: int, follow: bool) -> tuple[tuple[BendPath, ...], BendAttempt | None]:
        """Robot paths of step `index` with candidate `number`; empty with the stage it fails at."""
        key = (index, number, follow)
        if key not in self._memo:
            paths, attempt = bend_paths(self.geometries[index], self.candidates[number], follow=follow)
            self._memo[key] = (tuple(paths), attempt)
        return self._memo[key]

    def assign(self, progress: Progress) -> tuple[list[Choice], Blocked | None]:
        """Grips for all steps, the longest runs first; or those up to the step that is blocked."""
        chosen: list[Choice] = []
        steps = self.sequence.steps
        while len(chosen) < len(steps):
            start = len(chosen)
            progress("grips", start / len(steps), f"bend {start + 1} of {len(steps)}")
            run = self._best_run(start, follow=True) or self._best_run(start, follow=False)
            if not run:
                return chosen, Blocked(start, self._finding(start))
            chosen += run
        return chosen, None

    def _usable(self, step: SequencedStroke, start: int) -> list[int]:
        """Candidates on flanges in front; before the first bend only on a face that can be up on the stack."""
        good = [
            number
            for number, grip in enumerate(self.candidates)
            if grip.flange in step.front and (start > 0 or grip.face == "edge" or grip.face in self.faces)
        ]
        # A thin, even choice over all candidates after the best ones: variety finds a grip sooner than neighbours do.
        if len(good) <= CANDIDATES:
            return good
        head, rest = good[: CANDIDATES // 2], good[CANDIDATES // 2 :]
        return head + [rest[i] for i in np.linspace(0, len(rest) - 1, CANDIDATES // 2).astype(int)]

    def _best_run(self, start: int, *, follow: bool) -> list[Choice]:
        best: list[Choice] = []
        steps = self.sequence.steps
        for number in self._usable(steps[start], start):
            run: list[Choice] = []
            for index in range(start, len(steps)):
                if self.candidates[number].flange not in steps[index].front:
                    break
                paths, _ = self.works(index, number, follow)
                if not paths:
                    break
                run.append(Choice(self.candidates[number], follow, paths))
            if len(run) > len(best):
                best = run
            if start + len(best) == len(steps):
                break
        return best

    def _finding(self, index: int) -> Finding:
        """The reason of the attempt that came furthest."""
        order = ["reach the gauge", "stand at the gauge", "follow the sheet", "insert the part", "withdraw the part"]
        attempts = [attempt for (i, _, _), (paths, attempt) in self._memo.items() if i == index and not paths and attempt is not None]
        label = f"bend {index + 1}"
        if not attempts:
            return Finding(
                "error", "no-grip", "no flange in front of the tools can be gripped", "another gripper, or gauge the other side", label
            )
        attempt = max(attempts, key=lambda a: (order.index(a.stage), a.closest.distance if a.closest is not None else -1.0))
        if attempt.closest is None:
            return Finding(
                "error",
                "out-of-reach",
                f"the robot cannot {attempt.stage} with any of {len(attempts)} grips: no arm configuration reaches",
                "move the robot nearer the brake, or another gripper",
                label,
            )
        c = attempt.closest
        message = f"the robot cannot {attempt.stage} with any of {len(attempts)} grips; in the best one {c.body_a} is {c.distance * 1e3:.1f} mm from {c.body_b}"
        return Finding(
            "error",
            "no-grip-works",
            message,
            "a narrower or longer gripper, a clamp, or another tool station",
            label,
            {"bodies": [c.body_a, c.body_b], "distance_mm": round(c.distance * 1e3, 2)},
        )
