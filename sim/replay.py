"""Replays a plan in pybullet: what touches that should not, and how near everything comes, phase by phase."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Protocol

import numpy as np

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.findings import Finding
from core.frames import Array
from core.progress import Progress, silent
from parts.sheet import SheetPart
from sim.bending import BendingResult
from sim.looking import PhaseClearance, Replay, Stretch, looks, watch
from sim.plan import BendPlan, Phase, phase_state
from sim.scene_parts import Groups
from sim.world import World


class Enacted(Protocol):
    """A plan with what it is carried out with; `BendingResult` and `sim.verify.Execution` are such."""

    @property
    def cell(self) -> Cell: ...
    @property
    def setup(self) -> ToolSetup: ...
    @property
    def part(self) -> SheetPart | None: ...
    @property
    def gripper(self) -> Gripper: ...
    @property
    def plan(self) -> BendPlan: ...


class Replayer:
    """Checks phase after phase in one pybullet world; use as a context manager.

    Looked at: the samples of a phase, but for those between which next to nothing moves, and between two samples as often as needed until no two bodies can
    have moved further towards each other than their distances at both ends allow, or than `sim.looking.RESOLUTION`. Contacts that a phase allows by name may
    touch, but not overlap (`sim.world_engine.TOUCH`).

    Attributes:
        states: How many states were looked at so far.
    """

    def __init__(self, cell: Cell, setup: ToolSetup, part: SheetPart | None, gripper: Gripper) -> None:
        self.world = World(cell, setup, part, gripper)
        self.states = 0

    def __enter__(self) -> Replayer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.world.__exit__(kind, error, trace)

    def check(self, phase: Phase) -> tuple[PhaseClearance, list[Finding]]:
        """The nearest that two bodies come in a phase, and contacts that are not allowed."""
        allowed: Groups = frozenset(pair for pair, _ in phase.contacts)
        if phase.gripped and phase.part is not None:
            allowed |= {(f"flange-{phase.part.flange}", "gripper")}
        watched = Stretch(phase.name, phase.step, _looks(phase), lambda time: self.world.set_state(phase_state(phase, time)), allowed)
        seen = watch(self.world, watched)
        self.states += seen.states
        return seen.clearance, list(seen.findings)


def replay(result: Enacted, progress: Progress = silent) -> Replay:
    """Every phase of a plan in pybullet."""
    clearances: list[PhaseClearance] = []
    findings: list[Finding] = []
    with Replayer(result.cell, result.setup, result.part, result.gripper) as replayer:
        for index, phase in enumerate(result.plan.phases):
            progress("replay", index / len(result.plan.phases), phase.step)
            clearance, found = replayer.check(phase)
            clearances.append(clearance)
            findings += found
        return Replay(replayer.states, tuple(clearances), tuple(findings))


def with_replay(result: BendingResult, checked: Replay) -> BendingResult:
    """The result with every phase's clearance as the second engine measured it, and its findings."""
    seen = with_clearances(result, dict(enumerate(checked.clearances)))
    return replace(seen, plan=replace(seen.plan, findings=(*result.plan.findings, *checked.findings)))


def with_clearances(result: BendingResult, clearances: dict[int, PhaseClearance]) -> BendingResult:
    """The result with the clearances of phases, by their index, as the second engine measured them."""
    phases = tuple(
        phase if index not in clearances else replace(phase, clearance=clearances[index].distance, closest=clearances[index].bodies)
        for index, phase in enumerate(result.plan.phases)
    )
    return replace(result, plan=replace(result.plan, phases=phases))


def _looks(phase: Phase) -> Array:
    """Times of the samples that are looked at."""
    values = np.c_[phase.robot, phase.gripper, phase.brake, phase.fold]
    if phase.part_poses is not None:
        values = np.c_[values, phase.part_poses.reshape(len(phase.times), -1)]
    return looks(phase.times, values)
