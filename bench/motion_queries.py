"""Questions for the motion benchmark, taken from a planned bending job: scenes as they occur in it, states, and free moves with and without a sheet, some of them leaving the tools."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.peers.plain import PlainScene
from core.frames import Array
from robots.model import RobotModel
from sim.bend_motion import tool_margins
from sim.bending import BendingResult
from sim.cell_scene import CellScene, build_cell_scene
from sim.plan import Phase
from sim.scene import Scene

FREE, GAP = "free", "leaving the gap"
"""Kinds of moves."""


@dataclass(frozen=True, eq=False)
class Situation:
    """The cell at one moment of the job.

    Attributes:
        name: Of the scene.
        scene: Its clearance checks.
        robot: Kinematics and limits.
    """

    name: str
    scene: Scene
    robot: RobotModel

    @cached_property
    def plain(self) -> PlainScene:
        """The scene for other engines."""
        return PlainScene(**self.scene.arrays(), velocity=self.robot.velocity)


@dataclass(frozen=True, eq=False, slots=True)
class Query:
    """A free move.

    Attributes:
        situation: Where.
        kind: `FREE` or `GAP`.
        start, goal: States (n,).
        goals: All states in which the flange is where it is at the goal: branches and turns (g, n); the goal is among them.
        seed: For random generators.
    """

    situation: Situation
    kind: str
    start: Array
    goal: Array
    goals: Array
    seed: int


def situations(result: BendingResult) -> tuple[Situation, Situation, list[tuple[Situation, Array]]]:
    """The cell with an empty gripper and the flat sheets on their stack; with the finished part in the gripper; and, after every bend, with the part lifted off the die but still
    between the tools, each with the robot's state then (n,)."""
    whole = build_cell_scene(result.cell, result.setup, result.gripper, result.part)
    robot = result.cell.robot.model
    phases = result.plan.phases
    empty = next(phase for phase in phases if phase.kind == "free" and not phase.gripped)
    carried = [phase for phase in phases if phase.kind == "free" and phase.gripped][-1]
    between = []
    for phase in phases:
        if phase.name == "withdraw":
            # The first target is where the part lies on the die, which it touches; the second stands right above it.
            lifted = phase.robot[phase.waypoints[1]]
            at = Situation(f"part between the tools, {phase.step}", _scene(whole, phase, near_tools=True), robot)
            between.append((at, lifted))
    return (
        Situation("empty gripper", _scene(whole, empty), robot),
        Situation("folded sheet held", _scene(whole, carried), robot),
        between,
    )


def _scene(whole: CellScene, phase: Phase, *, near_tools: bool = False) -> Scene:
    """As the job's moves see it at the end of a phase; `near_tools`: the part may come as near to the machine as while it is inserted and withdrawn."""
    contacts = {pair for pair, _ in phase.contacts}
    if near_tools:
        contacts = {pair for pair in contacts if "gripper" in pair}
    elif phase.gripped and phase.part is not None:
        contacts.add((f"flange-{phase.part.flange}", "gripper"))
    return whole.posed(
        brake=phase.brake[-1],
        gripper=phase.gripper[-1],
        placement=phase.part,
        fold=phase.fold[-1],
        allowed=frozenset(contacts),
        margins=tool_margins(whole) if near_tools else None,
    )


def random_states(scene: Scene, count: int, seed: int) -> Array:
    """Uniform between the joint limits (count, n)."""
    return np.random.default_rng(seed).uniform(scene.lower, scene.upper, (count, len(scene.lower)))


def free_states(scene: Scene, count: int, seed: int) -> Array:
    """Random free states (count, n)."""
    found = np.zeros((0, len(scene.lower)))
    while len(found) < count:
        qs = random_states(scene, 8 * count, seed)
        found = np.concatenate((found, qs[scene.free(qs)]))
        seed += 1
    return found[:count]


def queries(result: BendingResult, count: int, seed: int = 11) -> list[Query]:
    """`count` free moves, those of one situation together: three tenths leave the gap, half of the others hold the folded part.

    A move out of the gap ends before another bend, at a station or at home, as the job's own moves do, where that is free; else at a random free state.
    """
    empty, held, between = situations(result)
    leaving = round(0.3 * count)
    made: list[Query] = []
    for situation, number in ((empty, (count - leaving + 1) // 2), (held, (count - leaving) // 2)):
        ends = free_states(situation.scene, 2 * number, seed)
        made += [_query(situation, FREE, a, b, seed + k) for k, (a, b) in enumerate(zip(ends[::2], ends[1::2], strict=True))]
    stops = np.array([phase.robot[-1] for phase in result.plan.phases if phase.kind == "free"])
    for k, (situation, lifted) in enumerate(between):
        number = leaving // len(between) + (k < leaving % len(between))
        outside = stops[situation.scene.free(stops)]
        outside = np.concatenate((outside, free_states(situation.scene, number, seed + k)))
        made += [_query(situation, GAP, lifted, goal, seed + j) for j, goal in enumerate(outside[:number])]
    return made


def _query(situation: Situation, kind: str, start: Array, goal: Array, seed: int) -> Query:
    goals = situation.robot.ik(situation.robot.fk(goal))
    return Query(situation, kind, start, goal, np.concatenate((goal[None], goals)), seed)
