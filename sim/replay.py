"""Replays a plan in pybullet: what touches that should not, and how near everything comes, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol

import numpy as np

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.findings import Finding
from core.frames import Array, inverse
from core.progress import Progress, silent
from parts.sheet import SheetPart
from sim.bending import BendingResult
from sim.plan import BendPlan, Phase, phase_state
from sim.scene_parts import Groups
from sim.world import Contact, World

TOLERANCE = 0.5e-3
"""An overlap of less than this is not reported [m]."""
SKIN = 1e-3
"""pybullet grows cylinders and meshes of a URDF by up to this, whatever the collision margin says [m]; never the other way
(measured against coal: tests/sim/test_replay.py)."""
SIGHT = 0.05
"""Distances above this are not measured [m]."""
LITTLE = 1e-2
"""Samples are skipped while no joint, angle or pose entry changes by more than this [rad, m]: over so small an
angle a point 2.5 m from its axis leaves its chord by 0.03 mm."""
RESOLUTION = 1e-3
"""Between samples the replay looks closer until nothing moves further than its clearance or than this [m]."""
OWN_RESOLUTION = 20e-3
"""The same for the arm's own links and gripper among each other, which are always near and some ten times thicker [m]."""


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


@dataclass(frozen=True, slots=True)
class PhaseClearance:
    """The nearest that two bodies come in one phase; allowed contacts are left out, and the arm's own links and gripper among each other, which are
    always near: they are only looked at for contact.

    Attributes:
        name, step: Of the phase.
        distance: [m]; None: nothing came nearer than `SIGHT`.
        bodies: The two.
        time: When [s].
    """

    name: str
    step: str
    distance: float | None
    bodies: tuple[str, str] | None
    time: float


@dataclass(frozen=True, slots=True)
class Replay:
    """What the second engine found.

    Attributes:
        states: How many states were checked.
        clearances: One per phase of the plan.
        findings: Contacts that are not allowed.
    """

    states: int
    clearances: tuple[PhaseClearance, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False, slots=True)
class _Look:
    """The world at one moment: what is near and where everything is."""

    time: float
    near: list[Contact]
    poses: Array


class Replayer:
    """Checks phase after phase in one pybullet world; use as a context manager.

    Looked at: the samples of a phase, but for those between which next to nothing moves, and between two samples as often as needed until no two bodies can
    have moved further towards each other than their distances at both ends allow, or than `RESOLUTION`. Contacts that a phase allows by name may
    touch, but not overlap (`sim.world.TOUCH`).

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
        world, findings = self.world, []
        seen = _phase(world, phase)
        self.states += seen.count
        for nearest in (seen.others, seen.own):
            if nearest is None:
                continue
            worst, time = nearest
            one, two = world.bodies[worst.a].name, world.bodies[worst.b].name
            skin = SKIN * sum(world.is_machine_link(index) for index in (worst.a, worst.b))
            if worst.distance < -TOLERANCE - skin:
                findings.append(
                    Finding(
                        "error", "replay-contact",
                        f"pybullet finds {one} {-worst.distance * 1e3:.1f} mm inside {two} at {time:.2f} s ({phase.name})",
                        "report the job: planner and second engine disagree", phase.step, {"distance_mm": round(worst.distance * 1e3, 2), "time_s": round(time, 3)},
                    )
                )  # fmt: skip
        if seen.others is None:
            return PhaseClearance(phase.name, phase.step, None, None, float(phase.times[0])), findings
        worst, time = seen.others
        bodies = (world.bodies[worst.a].name, world.bodies[worst.b].name)
        return PhaseClearance(phase.name, phase.step, worst.distance, bodies, time), findings


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
    phases = tuple(
        replace(phase, clearance=seen.distance, closest=seen.bodies)
        for phase, seen in zip(result.plan.phases, checked.clearances, strict=True)
    )
    return replace(result, plan=replace(result.plan, phases=phases, findings=(*result.plan.findings, *checked.findings)))


@dataclass(frozen=True, slots=True)
class _Seen:
    """Nearest pair of a phase and when: between the arm and anything else, within the arm; and how many states were looked at."""

    others: tuple[Contact, float] | None
    own: tuple[Contact, float] | None
    count: int


def _phase(world: World, phase: Phase) -> _Seen:
    allowed: Groups = frozenset(pair for pair, _ in phase.contacts)
    if phase.gripped and phase.part is not None:
        allowed |= {(f"flange-{phase.part.flange}", "gripper")}
    worst: dict[bool, tuple[Contact, float]] = {}
    count = 0

    def look(time: float) -> _Look:
        nonlocal count
        world.set_state(phase_state(phase, time))
        near = world.near(SIGHT, allowed)
        count += 1
        for contact in near:
            own = _is_own(world, contact.a, contact.b)
            if own not in worst or contact.distance < worst[own][0].distance:
                worst[own] = (contact, time)
        return _Look(time, near, world.poses.copy())

    before = look(float(phase.times[0]))
    for time in _looks(phase)[1:]:
        after = look(float(time))
        todo = [(before, after)]
        while todo:
            a, b = todo.pop()
            if not _certain(world, a, b):
                middle = look((a.time + b.time) / 2)
                todo += [(a, middle), (middle, b)]
        before = after
    return _Seen(worst.get(False), worst.get(True), count)


def _looks(phase: Phase) -> Array:
    """Times of the samples that are looked at: those between which nothing but a little happens are left out, the ends never."""
    times, first = np.unique(phase.times, return_index=True)
    values = np.c_[phase.robot, phase.gripper, phase.brake, phase.fold][first]
    if phase.part_poses is not None:
        values = np.c_[values, phase.part_poses[first].reshape(len(times), -1)]
    kept = [0]
    for k in range(1, len(times) - 1):
        if np.max(np.abs(values[k + 1] - values[kept[-1]])) > LITTLE:
            kept.append(k)
    looks: Array = times[[*kept, len(times) - 1]] if len(times) > 1 else times
    return looks


def _certain(world: World, a: _Look, b: _Look) -> bool:
    """Whether nothing can have touched between two looks, or the rest is below the resolution.

    Two bodies that are d0 and d1 apart at the ends cannot meet in between while one moves less than d0 + d1 in the other's frame. The movement is
    taken at the corners of its bounding box; between looks 20 ms or less apart it is straight but for 5 percent.
    """
    count = len(a.poses)
    moved = np.zeros(count)
    boxes = world.boxes
    ends = [np.einsum("nij,nkj->nki", T[:, :3, :3], boxes) + T[:, None, :3, 3] for T in (a.poses, b.poses)]
    moved = np.max(np.linalg.norm(ends[1] - ends[0], axis=2), axis=1)
    if np.max(moved) <= RESOLUTION:
        return True
    if 2.1 * float(np.max(moved)) > 2 * SIGHT:
        return False
    distances: dict[tuple[int, int], list[float]] = {}
    for k, seen in enumerate((a, b)):
        for contact in seen.near:
            distances.setdefault((contact.a, contact.b), [SIGHT, SIGHT])[k] = max(contact.distance, 0.0)
    if not distances:
        return True
    pairs = np.array(list(distances))
    gaps = np.array([sum(pair) for pair in distances.values()])
    relative = []
    for poses in (a.poses, b.poses):
        T = inverse(poses[pairs[:, 1]]) @ poses[pairs[:, 0]]
        relative.append(np.einsum("nij,nkj->nki", T[:, :3, :3], boxes[pairs[:, 0]]) + T[:, None, :3, 3])
    way = 1.05 * np.max(np.linalg.norm(relative[1] - relative[0], axis=2), axis=1)
    own = np.array([_is_own(world, i, j) for i, j in pairs])
    return bool(np.all((way <= gaps) | (way <= np.where(own, OWN_RESOLUTION, RESOLUTION))))


def _is_own(world: World, a: int, b: int) -> bool:
    """Whether both bodies belong to the arm and its gripper."""
    return all(world.bodies[index].group in ("robot", "gripper") for index in (a, b))
