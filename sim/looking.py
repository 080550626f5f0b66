"""How a stretch of a plan is looked at in the second engine: as often as it takes so that nothing can be missed, and what was seen, as findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.findings import Finding
from core.frames import Array, inverse
from sim.scene_parts import ARM, Groups
from sim.world_engine import Contact, Engine

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


@dataclass(frozen=True, slots=True)
class PhaseClearance:
    """The nearest that two bodies come in one phase; allowed contacts are left out, and the arm's own links and tool among each other, which are
    always near: they are only looked at for contact.

    Attributes:
        name, step: Of the phase.
        distance: [m]; None: nothing came nearer than `SIGHT`.
        bodies: The two.
        time: When [s].
        course: (time [s], distance [m]) of every look in order of time; distances end at `SIGHT`.
    """

    name: str
    step: str
    distance: float | None
    bodies: tuple[str, str] | None
    time: float
    course: tuple[tuple[float, float], ...] = ()


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
class Look:
    """The world at one moment: what is near and where everything is."""

    time: float
    near: list[Contact]
    poses: Array


@dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """A stretch of time to look at.

    Attributes:
        name, step: Of the phase.
        looks: Times that are looked at in any case, rising, ends included (k,) [s].
        place: Puts the world into its state at a time.
        allowed: Pairs of groups that may touch.
    """

    name: str
    step: str
    looks: Array
    place: Callable[[float], None]
    allowed: Groups


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """What was seen of a stretch: how near bodies came, contacts that are not allowed, how many states were looked at."""

    clearance: PhaseClearance
    findings: tuple[Finding, ...]
    states: int


def watch(world: Engine, stretch: Stretch) -> Seen:
    """Looks at a stretch, and between two looks again until no two bodies can have touched unseen."""
    worst: dict[bool, tuple[Contact, float]] = {}
    course: dict[float, float] = {}
    count = 0

    def look(time: float) -> Look:
        nonlocal count
        stretch.place(time)
        near = world.near(SIGHT, stretch.allowed)
        course[time] = SIGHT
        count += 1
        for contact in near:
            own = is_own(world, contact.a, contact.b)
            if own not in worst or contact.distance < worst[own][0].distance:
                worst[own] = (contact, time)
            if not own:
                course[time] = min(contact.distance, course[time])
        return Look(time, near, world.poses.copy())

    before = look(float(stretch.looks[0]))
    for time in stretch.looks[1:]:
        after = look(float(time))
        todo = [(before, after)]
        while todo:
            a, b = todo.pop()
            if not certain(world, a, b):
                middle = look((a.time + b.time) / 2)
                todo += [(a, middle), (middle, b)]
        before = after
    findings = tuple(finding for own in (False, True) if own in worst for finding in _findings(world, stretch, *worst[own]))
    if False not in worst:
        return Seen(
            PhaseClearance(stretch.name, stretch.step, None, None, float(stretch.looks[0]), tuple(sorted(course.items()))), findings, count
        )
    contact, time = worst[False]
    bodies = (world.bodies[contact.a].name, world.bodies[contact.b].name)
    return Seen(PhaseClearance(stretch.name, stretch.step, contact.distance, bodies, time, tuple(sorted(course.items()))), findings, count)


def _findings(world: Engine, stretch: Stretch, contact: Contact, time: float) -> list[Finding]:
    """A finding when two bodies overlap by more than the engine's skin explains."""
    skin = SKIN * sum(world.is_machine_link(index) for index in (contact.a, contact.b))
    if contact.distance >= -TOLERANCE - skin:
        return []
    one, two = world.bodies[contact.a].name, world.bodies[contact.b].name
    return [
        Finding(
            "error", "replay-contact",
            f"pybullet finds {one} {-contact.distance * 1e3:.1f} mm inside {two} at {time:.2f} s ({stretch.name})",
            "report the job: planner and second engine disagree", stretch.step, {"distance_mm": round(contact.distance * 1e3, 2), "time_s": round(time, 3)},
        )
    ]  # fmt: skip


def looks(times: Array, values: Array) -> Array:
    """Times of the samples that are looked at: those between which nothing but a little happens (`LITTLE`) are left out, the ends never.

    Args:
        times: Of the samples (k,) [s].
        values: Everything that changes, one row per sample (k, m).
    """
    times, first = np.unique(times, return_index=True)
    values = values[first]
    kept = [0]
    for k in range(1, len(times) - 1):
        if np.max(np.abs(values[k + 1] - values[kept[-1]])) > LITTLE:
            kept.append(k)
    found: Array = times[[*kept, len(times) - 1]] if len(times) > 1 else times
    return found


def certain(world: Engine, a: Look, b: Look) -> bool:
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
    own = np.array([is_own(world, i, j) for i, j in pairs])
    return bool(np.all((way <= gaps) | (way <= np.where(own, OWN_RESOLUTION, RESOLUTION))))


def is_own(world: Engine, a: int, b: int) -> bool:
    """Whether both bodies belong to the arm and its tool."""
    return all(world.bodies[index].group in ARM for index in (a, b))
