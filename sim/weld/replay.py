"""Replays a welding plan in pybullet: what touches that should not, and how near everything comes, phase by phase."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType

import numpy as np

from cells.weld_model import WeldCell
from core.findings import Finding
from core.progress import Progress, silent
from parts.weldment import Weldment
from sim.looking import PhaseClearance, Replay, Stretch, looks, watch
from sim.scene_parts import Groups
from sim.weld.groups import CLEANING, piece_group, welding_contacts
from sim.weld.plan import WeldPhase, WeldPlan, joints_at
from sim.weld.world import WeldWorld


def phase_contacts(phase: WeldPhase, weldment: Weldment) -> Groups:
    """Pairs of groups that may touch in a phase: the wire in the seam and on the last straight way to it, wire and nozzle while they search, the torch's end in the cleaner."""
    allowed: Groups = frozenset()
    if phase.kind in ("linear", "weld") or phase.weld is not None:
        allowed |= welding_contacts(weldment)
    if phase.name == "search":
        allowed |= {(part, piece_group(piece.name)) for part in ("wire", "nozzle") for piece in weldment.pieces}
    if phase.name == "clean":
        allowed |= CLEANING
    return allowed


class WeldReplayer:
    """Checks phase after phase in one pybullet world; use as a context manager. How closely it looks: `sim.looking`.

    Attributes:
        states: How many states were looked at so far.
    """

    def __init__(self, cell: WeldCell, weldment: Weldment) -> None:
        self.weldment = weldment
        self.world = WeldWorld(cell, weldment)
        self.states = 0

    def __enter__(self) -> WeldReplayer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.world.__exit__(kind, error, trace)

    def check(self, phase: WeldPhase) -> tuple[PhaseClearance, list[Finding]]:
        """The nearest that two bodies come in a phase, and contacts that are not allowed."""
        times = looks(phase.times, np.c_[phase.robot, phase.positioner])
        allowed = phase_contacts(phase, self.weldment)
        watched = Stretch(phase.name, phase.step, times, lambda time: self.world.set_joints(*joints_at(phase, time)), allowed)
        seen = watch(self.world, watched)
        self.states += seen.states
        return seen.clearance, list(seen.findings)


def replay_weld(cell: WeldCell, weldment: Weldment, plan: WeldPlan, progress: Progress = silent) -> Replay:
    """Every phase of a plan in pybullet."""
    clearances: list[PhaseClearance] = []
    findings: list[Finding] = []
    with WeldReplayer(cell, weldment) as replayer:
        for index, phase in enumerate(plan.phases):
            progress("replay", index / len(plan.phases), phase.step)
            clearance, found = replayer.check(phase)
            clearances.append(clearance)
            findings += found
        return Replay(replayer.states, tuple(clearances), tuple(findings))


def with_weld_replay(plan: WeldPlan, checked: Replay) -> WeldPlan:
    """The plan with every phase's clearance as the second engine measured it, and its findings."""
    phases = tuple(
        replace(phase, clearance=seen.distance, closest=seen.bodies) for phase, seen in zip(plan.phases, checked.clearances, strict=True)
    )
    return replace(plan, phases=phases, findings=(*plan.findings, *checked.findings))
