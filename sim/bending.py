"""A bending job from part and cell to a plan: sequence, grips, every motion, every phase.

The sequence search proposes an order; grips are assigned so that each is kept as long as it works; then the robot's moves are planned. Where a step
fails with every grip, that step is forbidden and the search is asked again; when nothing is left, the plan carries the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.errors import InputError
from core.findings import Finding, has_errors
from core.progress import Progress, silent
from core.stages import Stages
from parts.sheet import SheetPart
from sim.cell_scene import build_cell_scene
from sim.grip_choice import GripChooser
from sim.grips import Grip, holdable
from sim.handling import sheet_pile
from sim.job import run_job, start_timeline
from sim.job_motion import JobMotion, MotionError
from sim.plan import BendPlan, BendStep, Phase
from sim.sequence import SequencedStroke, SequenceResult, plan_sequence
from sim.singularity import singularity_findings

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
        sequence: What the search found.
    """

    plan: BendPlan
    cell: Cell
    part: SheetPart
    setup: ToolSetup
    gripper: Gripper
    grips: tuple[Grip, ...]
    stack_face: str
    sequence: SequenceResult


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
    grippers = _chosen_grippers(cell, options)
    failures: list[BendingResult] = []
    for gripper in grippers:
        result = _plan_with(part, cell, gripper, options, progress, stages)
        if not has_errors(result.plan.findings):
            return result
        failures.append(result)
    # The attempt that came furthest tells most.
    return max(failures, key=lambda result: (len(result.grips), -len(result.plan.findings)))


def _chosen_grippers(cell: Cell, options: BendingOptions) -> tuple[Gripper, ...]:
    if options.gripper is None:
        return cell.grippers
    chosen = tuple(gripper for gripper in cell.grippers if gripper.name == options.gripper)
    if not chosen:
        raise InputError(
            f"gripper '{options.gripper}' is not in this cell; valid: {', '.join(g.name for g in cell.grippers)}", file=cell.path
        )
    return chosen


def _plan_with(part: SheetPart, cell: Cell, gripper: Gripper, options: BendingOptions, progress: Progress, stages: Stages) -> BendingResult:
    with stages.measure("grips"):
        holds = holdable(part, gripper)
    findings: list[Finding] = []
    if not any(holds):
        with stages.measure("sequence"):
            sequence = plan_sequence(part, cell.brake, cell.tooling, progress=progress)
        reason = Finding(
            "error", "no-grip", f"{gripper.name} cannot hold {part.name}: no place where enough of it lies on sheet with a safety factor of {gripper.safety_factor:g}",
            "use a smaller gripper, a clamp, or more vacuum", "grip", {"mass_kg": round(part.mass, 3)},
        )  # fmt: skip
        return _result(part, cell, gripper, sequence, (), "top", (), (*sequence.findings, reason), options, stages)

    forbidden: frozenset[tuple[int, int, str]] = frozenset()
    best: BendingResult | None = None
    for _ in range(options.retries + 1):
        with stages.measure("sequence"):
            sequence = plan_sequence(
                part, cell.brake, cell.tooling, holdable=lambda flange: holds[flange], forbidden=forbidden, progress=progress
            )
        if has_errors(sequence.findings):
            findings = [*sequence.findings]
            failed = _result(part, cell, gripper, sequence, (), "top", (), tuple(findings), options, stages)
            return best or failed
        result, blocked = _carry_out(part, cell, gripper, sequence, options, stages, progress)
        if not has_errors(result.plan.findings):
            return result
        if best is None or len(result.grips) > len(best.grips):
            best = result
        if blocked is None:
            break
        forbidden |= {blocked}
    assert best is not None
    return best


def _carry_out(
    part: SheetPart, cell: Cell, gripper: Gripper, sequence: SequenceResult, options: BendingOptions, stages: Stages, progress: Progress
) -> tuple[BendingResult, tuple[int, int, str] | None]:
    """Grips and motions for one sequence; when a step fails, also what the search should not propose again."""
    faces = {"top": ("top",), "bottom": ("bottom",), "auto": ("bottom", "top")}[options.stack_face]
    station = cell.station("stack")
    face = faces[0]
    with stages.measure("scene"):
        piled = cell if station is None else replace(cell, bodies=(*cell.bodies, sheet_pile(part, station, "top")))
        cell_scene = build_cell_scene(piled, sequence.setup, gripper, part)
    with stages.measure("grips"):
        chosen, blocked = GripChooser(cell_scene, sequence, faces).assign(progress)
    findings = [*sequence.findings]
    if blocked is not None:
        step = sequence.steps[blocked.index]
        findings.append(blocked.finding)
        grips = tuple(choice.grip for choice in chosen)
        return _result(part, piled, gripper, sequence, grips, face, (), tuple(findings), options, stages), _key(part, sequence, step)
    timeline = start_timeline(piled, gripper, part)
    motion = JobMotion(cell_scene, timeline, options.seed, findings)
    made: list[BendStep] = []
    try:
        with stages.measure("motion"):
            face = run_job(motion, sequence, chosen, faces, made, progress)
            findings += singularity_findings(piled.robot.model, tuple(timeline.phases))
    except MotionError as error:
        findings.append(error.finding)
        key = None if error.step_index is None else _key(part, sequence, sequence.steps[error.step_index])
        result = _result(part, piled, gripper, sequence, tuple(c.grip for c in chosen), face, (), tuple(findings), options, stages)
        return result, key
    result = _result(
        part,
        piled,
        gripper,
        sequence,
        tuple(c.grip for c in chosen),
        face,
        tuple(timeline.phases),
        tuple(findings),
        options,
        stages,
        tuple(made),
    )
    return result, None


def _key(part: SheetPart, sequence: SequenceResult, step: SequencedStroke) -> tuple[int, int, str]:
    """How the search knows a step: stroke, strokes done before, side gauged."""
    mask = 0
    for other in sequence.steps:
        if other.stroke == step.stroke:
            break
        mask |= 1 << other.stroke
    return step.stroke, mask, step.gauged


def _result(
    part: SheetPart,
    cell: Cell,
    gripper: Gripper,
    sequence: SequenceResult,
    grips: tuple[Grip, ...],
    face: str,
    phases: tuple[Phase, ...],
    findings: tuple[Finding, ...],
    options: BendingOptions,
    stages: Stages,
    steps: tuple[BendStep, ...] = (),
) -> BendingResult:
    unique = tuple(dict.fromkeys((f.code, f.step, f.message) for f in findings))
    kept = tuple(next(f for f in findings if (f.code, f.step, f.message) == key) for key in unique)
    plan = BendPlan(cell.name, part.name, gripper.name, steps, phases, kept, options.seed, dict(stages.seconds))
    return BendingResult(plan, cell, part, sequence.setup, gripper, grips, face, sequence)
