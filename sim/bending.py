"""A bending job from part and cell to a plan: sequence, grips, every motion, every phase.

The sequence search proposes an order; grips are assigned so that each is kept as long as it works; then the robot's moves are planned. Where a step
fails with every grip, that step is forbidden and the search is asked again; when nothing is left, the plan carries the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.errors import InputError
from core.findings import Finding, has_errors
from core.progress import Progress, silent
from core.stages import Stages
from parts.sheet import SheetPart
from sim.cell_scene import build_cell_scene
from sim.grip_choice import Choice, GripChooser
from sim.grips import Grip, holdable
from sim.handling import with_pile
from sim.job import run_job, start_timeline
from sim.job_motion import JobMotion, MotionError
from sim.plan import BendPlan, BendStep, Phase
from sim.sequence import SequencedStroke, SequenceResult, plan_sequence
from sim.singularity import singularity_findings
from sim.stroke_options import StrokeOptions

FaceUp = Literal["auto", "top", "bottom"]


@dataclass(frozen=True, slots=True)
class BendingOptions:
    """How to plan.

    Attributes:
        seed: Of the random generator of free moves.
        stack_face: Which face of the flat sheets looks up on the stack; `auto`: the planner chooses and the setup sheet says so.
        gripper: Name of the gripper to mount; None: the first of the cell that can do the job.
        retries: How often the sequence is asked again after the robot could not carry it out.
        quantity: Parts to make; only stated in the outputs.
    """

    seed: int = 0
    stack_face: FaceUp = "auto"
    gripper: str | None = None
    retries: int = 4
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class SearchEffort:
    """How far the search for the order went.

    Attributes:
        orders: Part states looked at.
        checks: Strokes checked.
    """

    orders: int
    checks: int


@dataclass(frozen=True, eq=False, slots=True)
class BendingResult:
    """A plan with what it was made for.

    Attributes:
        plan: The plan; no phases when the job cannot be done, the findings then say why.
        cell: The cell, the sheet pile included.
        part: The part.
        setup: Tools on the beam.
        gripper: The mounted gripper.
        grips: One per step.
        stack_face: Which face of the flat sheet looks up on the stack.
        search: What finding the order took.
        quantity: Parts to make.
    """

    plan: BendPlan
    cell: Cell
    part: SheetPart
    setup: ToolSetup
    gripper: Gripper
    grips: tuple[Grip, ...]
    stack_face: str
    search: SearchEffort
    quantity: int = 1


def plan_bending(
    part: SheetPart, cell: Cell, options: BendingOptions | None = None, progress: Progress = silent, stages: Stages | None = None
) -> BendingResult:
    """Plans the whole job.

    Args:
        part: The part to bend.
        cell: The cell to bend it in.
        options: How.
        progress: Told where the work is.
        stages: Where the time is counted, all grippers that were tried together; None: only in the plan.

    Returns:
        The plan. It has phases only when every step works; otherwise its findings of error level name the step, the bodies and a remedy.

    Raises:
        InputError: When the gripper named in the options is not in the cell.
    """
    options = options or BendingOptions()
    stages = stages or Stages()
    with stages.measure("sequence"):
        strokes = StrokeOptions(part, cell.brake, cell.tooling)
    attempts = [_Attempt(part, cell, gripper, options, strokes, stages, progress) for gripper in _chosen_grippers(cell, options)]
    waiting = _most_promising(attempts)
    failures: list[BendingResult] = []
    # Every gripper has its first try before one has its second: what fails with one often works with another at once.
    while waiting:
        for attempt in tuple(waiting):
            result = attempt.next_try()
            if result is None:
                waiting.remove(attempt)
                continue
            if not has_errors(result.plan.findings):
                return result
            failures.append(result)
    # The attempt that came furthest tells most.
    return max(failures, key=lambda result: (len(result.grips), -len(result.plan.findings)))


def _most_promising(attempts: list[_Attempt]) -> list[_Attempt]:
    """Grippers in the order in which they are tried: the cell's, but those that need regrips after those that may not, hopeless ones last."""
    expected: list[float] = []
    for attempt in attempts:
        regrips = attempt.regrips_expected()
        expected.append(np.inf if regrips is None else regrips)
        if regrips == 0:
            break
    expected += [0.5] * (len(attempts) - len(expected))
    return [attempts[i] for i in sorted(range(len(attempts)), key=lambda i: expected[i])]


def _chosen_grippers(cell: Cell, options: BendingOptions) -> tuple[Gripper, ...]:
    if options.gripper is None:
        return cell.grippers
    chosen = tuple(gripper for gripper in cell.grippers if gripper.name == options.gripper)
    if not chosen:
        raise InputError(
            f"gripper '{options.gripper}' is not in this cell; valid: {', '.join(g.name for g in cell.grippers)}", file=cell.path
        )
    return chosen


class _Attempt:
    """The job with one gripper: sequences are asked for and carried out one by one."""

    def __init__(
        self,
        part: SheetPart,
        cell: Cell,
        gripper: Gripper,
        options: BendingOptions,
        strokes: StrokeOptions,
        stages: Stages,
        progress: Progress,
    ) -> None:
        self.part, self.cell, self.gripper, self.options = part, cell, gripper, options
        self.strokes, self.stages, self.progress = strokes, stages, progress
        with stages.measure("grips"):
            self.holds = holdable(part, gripper)
        self.piled = with_pile(cell, part)
        self.faces = {"top": ("top",), "bottom": ("bottom",), "auto": ("bottom", "top")}[options.stack_face]
        self._first: tuple[SequenceResult, GripChooser] | None = None
        self._forbidden: frozenset[tuple[int, int, str]] = frozenset()
        self._tries = 0

    def _sequence(self) -> SequenceResult:
        with self.stages.measure("sequence"):
            return plan_sequence(
                self.part, self.cell.brake, self.cell.tooling, holdable=lambda flange: self.holds[flange], forbidden=self._forbidden,
                options=self.strokes, progress=self.progress,
            )  # fmt: skip

    def _chooser(self, sequence: SequenceResult) -> GripChooser:
        with self.stages.measure("scene"):
            return GripChooser(build_cell_scene(self.piled, sequence.setup, self.gripper, self.part), sequence, self.faces)

    def regrips_expected(self) -> int | None:
        """Regrips that this gripper needs at least; None when it cannot do the job."""
        if not any(self.holds):
            return None
        sequence = self._sequence()
        if has_errors(sequence.findings):
            return None
        chooser = self._chooser(sequence)
        self._first = (sequence, chooser)
        with self.stages.measure("grips"):
            return chooser.regrips_expected()

    def next_try(self) -> BendingResult | None:
        """The best sequence that was not tried yet, carried out; None when there is none left or it has been asked often enough."""
        if self._tries > self.options.retries:
            return None
        self._tries += 1
        if not any(self.holds):
            self._tries = self.options.retries + 1
            sequence = self._sequence()
            reason = Finding(
                "error", "no-grip",
                f"{self.gripper.name} cannot hold {self.part.name}: no place where enough of it lies on sheet with a safety factor of {self.gripper.safety_factor:g}",
                "use a smaller gripper, a clamp, or more vacuum", "grip", {"mass_kg": round(self.part.mass, 3)},
            )  # fmt: skip
            return self._result(sequence, [], (*sequence.findings, reason))
        if self._first is not None:
            (sequence, chooser), self._first = self._first, None
        else:
            sequence = self._sequence()
            if has_errors(sequence.findings):
                first = self._tries == 1
                self._tries = self.options.retries + 1
                return self._result(sequence, [], sequence.findings) if first else None
            chooser = self._chooser(sequence)
        result, blocked = self._carry_out(sequence, chooser)
        if blocked is None:
            self._tries = self.options.retries + 1
        else:
            self._forbidden |= {blocked}
        return result

    def _carry_out(self, sequence: SequenceResult, chooser: GripChooser) -> tuple[BendingResult, tuple[int, int, str] | None]:
        """Grips and motions for one sequence; when a step fails, also what the search should not propose again."""
        with self.stages.measure("grips"):
            chosen, blocked = chooser.assign(self.progress)
        findings = [*sequence.findings]
        if blocked is not None:
            findings.append(blocked.finding)
            return self._result(sequence, chosen, tuple(findings)), _key(sequence, sequence.steps[blocked.index])
        timeline = start_timeline(self.piled, self.gripper, self.part)
        motion = JobMotion(chooser.cell_scene, timeline, self.options.seed, findings)
        made: list[BendStep] = []
        try:
            with self.stages.measure("motion"):
                face = run_job(motion, sequence, chosen, self.faces, made, self.progress)
        except MotionError as error:
            findings.append(error.finding)
            key = None if error.step_index is None else _key(sequence, sequence.steps[error.step_index])
            return self._result(sequence, chosen, tuple(findings)), key
        phases = tuple(timeline.phases)
        findings += singularity_findings(self.piled.robot.model, phases)
        return self._result(sequence, chosen, tuple(findings), face, phases, tuple(made)), None

    def _result(
        self,
        sequence: SequenceResult,
        chosen: list[Choice],
        findings: tuple[Finding, ...],
        face: str = "top",
        phases: tuple[Phase, ...] = (),
        steps: tuple[BendStep, ...] = (),
    ) -> BendingResult:
        unique = tuple({(f.code, f.step, f.message): f for f in reversed(findings)}.values())[::-1]
        plan = BendPlan(
            self.piled.name, self.part.name, self.gripper.name, steps, phases, unique, self.options.seed, dict(self.stages.seconds)
        )
        grips = tuple(choice.grip for choice in chosen)
        search = SearchEffort(sequence.expanded, sequence.checks)
        return BendingResult(plan, self.piled, self.part, sequence.setup, self.gripper, grips, face, search, self.options.quantity)


def _key(sequence: SequenceResult, step: SequencedStroke) -> tuple[int, int, str]:
    """How the search knows a step: stroke, strokes done before, side gauged."""
    mask = 0
    for other in sequence.steps:
        if other.stroke == step.stroke:
            break
        mask |= 1 << other.stroke
    return step.stroke, mask, step.gauged
