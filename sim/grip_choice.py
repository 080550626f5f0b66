"""Which grip for which bend: each is kept as long as it works, so that regrips are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.findings import Finding
from core.progress import Progress
from sim.bend_motion import STAGES, BendAttempt, BendGeometry, BendPath, bend_paths, contact_attempt
from sim.cell_scene import CellScene
from sim.follow import follow_law
from sim.grips import Grip, candidate_grips
from sim.handover import Handover
from sim.motion import JointLimits
from sim.sequence import SequenceResult

CANDIDATES = 48
"""Grips looked at per start of a run."""
TRIES = 3
"""Grips tried for a run before the run itself counts as impossible."""
HANDOVERS = 16
"""Grips that cannot be taken or left, before a run counts as impossible."""
BACKTRACKS = 8
"""Runs taken back before the sequence counts as impossible."""


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """The grip of one step and the robot paths it allows.

    Attributes:
        grip: How the part is held.
        follow: The gripper stays on while bending.
        paths: One per arm configuration.
        after: The grip with which the part is taken again while the tools hold it, where that is another one.
    """

    grip: Grip
    follow: bool
    paths: tuple[BendPath, ...]
    after: Grip | None = None


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
        self.handover = Handover(cell_scene, faces)
        self._standing: dict[tuple[int, int], BendAttempt | None] = {}
        self._memo: dict[tuple[int, int, bool], tuple[tuple[BendPath, ...], BendAttempt | None]] = {}
        self._handed: dict[tuple[int, int, int], str] = {}

    def stands(self, index: int, number: int) -> bool:
        """Whether the robot can stand at the gauge in step `index` with candidate `number`: quick, and most that fails fails here."""
        key = (index, number)
        if key not in self._standing:
            self._standing[key] = contact_attempt(self.geometries[index], self.candidates[number])
        return self._standing[key] is None

    def works(self, index: int, number: int, follow: bool) -> tuple[BendPath, ...]:
        """Robot paths of step `index` with candidate `number`; empty when there are none."""
        key = (index, number, follow)
        if key not in self._memo:
            paths, attempt = bend_paths(self.geometries[index], self.candidates[number], follow=follow)
            if follow and paths:
                limits = JointLimits.of(self.cell_scene.cell.robot.model)
                paths = [path for path in paths if follow_law(self.geometries[index], path, limits) is not None]
                attempt = attempt if paths else BendAttempt("keep up with the ram", None)
            self._memo[key] = (tuple(paths), attempt)
        return self._memo[key][0]

    def assign(self, progress: Progress) -> tuple[list[Choice], Blocked | None]:
        """Grips for all steps, the longest runs first; or those up to the step that is blocked."""
        best: list[Choice] = []
        reason: Blocked | None = None
        budget = BACKTRACKS

        def go_on(chosen: list[Choice], held: int | None) -> bool:
            nonlocal best, reason, budget
            start = len(chosen)
            progress(
                "grips", start / len(self.sequence.steps), f"bend {min(start + 1, len(self.sequence.steps))} of {len(self.sequence.steps)}"
            )
            if start == len(self.sequence.steps):
                best, reason = chosen, None
                return True
            runs = self._runs(start, held)
            for number, run, released in runs:
                before = chosen if released is None else [*chosen[:-1], released]
                if go_on(before + run, number):
                    return True
                budget -= 1
                if budget <= 0:
                    break
            if reason is None or start > len(best):
                best, reason = chosen, Blocked(start, self._finding(start, held))
            return False

        go_on([], None)
        return best, reason

    def regrips_expected(self) -> int | None:
        """Regrips that the sequence needs at least, judged by where the robot can stand; None when some step has no grip at all."""
        start, runs = 0, 0
        while start < len(self.sequence.steps):
            longest = max((self._reach(start, number) for number in self._usable(start)), default=0)
            if longest == 0:
                return None
            start, runs = start + longest, runs + 1
        return runs - 1

    def _usable(self, start: int) -> list[int]:
        """Candidates on flanges in front; before the first bend only on a face that can be up on the stack."""
        front = self.sequence.steps[start].front
        good = [
            number
            for number, grip in enumerate(self.candidates)
            if grip.flange in front and (start > 0 or grip.face == "edge" or grip.face in self.faces)
        ]
        # A thin, even choice over all candidates after the best ones: variety finds a grip sooner than neighbours do.
        if len(good) <= CANDIDATES:
            return good
        head, rest = good[: CANDIDATES // 2], good[CANDIDATES // 2 :]
        return head + [rest[i] for i in np.linspace(0, len(rest) - 1, CANDIDATES // 2).astype(int)]

    def _reach(self, start: int, number: int) -> int:
        """How many steps from `start` on the robot could stand through with one grip."""
        steps = self.sequence.steps
        flange = self.candidates[number].flange
        index = start
        while index < len(steps) and flange in steps[index].front and self.stands(index, number):
            index += 1
        return index - start

    def _runs(self, start: int, held: int | None) -> list[tuple[int, list[Choice], Choice | None]]:
        """A grip with the steps it serves from `start` on: the longest run; then, for another try, other grips that serve as many or fewer.

        Where no regrip station does for the change of grip, the step before is made so that it happens there, with the part in the tools.
        """
        reach = {number: self._reach(start, number) for number in self._usable(start) if number != held}
        order = sorted(reach, key=lambda number: -reach[number])
        found: list[tuple[int, list[Choice], Choice | None]] = []
        for follow_all in (True, False):
            longest = max((len(run) for _, run, _ in found), default=0)
            refused = 0
            for number in order:
                if reach[number] <= longest or refused >= HANDOVERS:
                    break
                run = self._run(start, number, reach[number], follow_all)
                if len(run) <= longest:
                    continue
                released = self._released(start, held, number) if self._cannot_come(start, held, number) else None
                if (self._cannot_come(start, held, number) and released is None) or self._cannot_leave(start + len(run), number):
                    refused += 1
                    continue
                found.append((number, run, released))
                longest = len(run)
            if longest == len(self.sequence.steps) - start:
                break
        return found[::-1][:TRIES]

    def _run(self, start: int, number: int, reach: int, follow_all: bool) -> list[Choice]:
        run = []
        for index in range(start, start + reach):
            paths = self.works(index, number, True)
            follow = bool(paths)
            if not paths and not follow_all:
                paths = self.works(index, number, False)
            if not paths:
                break
            run.append(Choice(self.candidates[number], follow, paths))
        return run

    def _cannot_come(self, start: int, held: int | None, number: int) -> str:
        """Why a grip cannot be taken before step `start`; empty when it can."""
        key = (start, -1 if held is None else held, number)
        if key not in self._handed:
            new = self.candidates[number]
            fold = self.sequence.steps[start].before
            self._handed[key] = (
                self.handover.cannot_pick(new) if held is None else self.handover.cannot_regrip(self.candidates[held], new, fold)
            )
        return self._handed[key]

    def _released(self, start: int, held: int | None, number: int) -> Choice | None:
        """The step before `start` with the held grip let go at pinch and the new one taken before the tools open; None when that does not work."""
        if held is None or self.candidates[number].flange not in self.sequence.steps[start - 1].front:
            return None
        old, new = self.candidates[held], self.candidates[number]
        paths, _ = bend_paths(self.geometries[start - 1], old, follow=False, after=new)
        return Choice(old, False, tuple(paths), new) if paths else None

    def _cannot_leave(self, end: int, number: int) -> str:
        """Why the finished part cannot be put down with a grip; empty when it can or when there are bends to come."""
        if end < len(self.sequence.steps):
            return ""
        key = (end, -1, number)
        if key not in self._handed:
            self._handed[key] = self.handover.cannot_stack(self.candidates[number])
        return self._handed[key]

    def _finding(self, index: int, held: int | None) -> Finding:
        """The reason of the attempt that came furthest."""
        label = f"bend {index + 1}"
        handed = [why for (start, _, _), why in self._handed.items() if why and start in (index, len(self.sequence.steps))]
        if handed and any(paths for (i, _, _), (paths, _) in self._memo.items() if i == index):
            return Finding("error", "no-handover", handed[-1], "move the station within reach, turn it, or use another gripper", label)
        attempts = [attempt for (i, _), attempt in self._standing.items() if i == index and attempt is not None]
        attempts += [attempt for (i, _, _), (paths, attempt) in self._memo.items() if i == index and not paths and attempt is not None]
        if not attempts:
            return Finding(
                "error", "no-grip", "no flange in front of the tools can be gripped", "another gripper, or gauge the other side", label
            )
        attempt = max(attempts, key=lambda a: (STAGES.index(a.stage), a.closest.distance if a.closest is not None else -1.0))
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
