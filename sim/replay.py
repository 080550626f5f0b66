"""Replays a plan in pybullet and says what touches that should not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.findings import Finding
from core.frames import Array
from sim.bending import BendingResult
from sim.plan import Phase, phase_state
from sim.world import TOLERANCE, World

JOINT_STEP = 0.05
"""Largest joint change between replayed states [rad]."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What the second engine found.

    Attributes:
        states: How many states were checked.
        findings: Contacts that are not allowed.
    """

    states: int
    findings: tuple[Finding, ...]


def replay(result: BendingResult) -> Replay:
    """Every phase in pybullet, sampled so that no joint moves more than `JOINT_STEP` between checks.

    Contacts a phase allows are not reported, nor any that overlap by less than pybullet's error. Bend zones are not in pybullet's world;
    the gauge's fingers may touch the part at any time (they move with it).
    """
    findings: list[Finding] = []
    states = 0
    with World(result.cell, result.setup, result.part, result.gripper) as world:
        for phase in result.plan.phases:
            allowed = frozenset(pair for pair, _ in phase.contacts) | {("part", "gauge")}
            if phase.gripped and phase.part is not None:
                allowed |= {(f"flange-{phase.part.flange}", "gripper")}
            worst = None
            for time in _times(phase):
                world.set_state(phase_state(phase, float(time)))
                states += 1
                for contact in world.contacts(allowed):
                    if contact.distance < -TOLERANCE and (worst is None or contact.distance < worst[0].distance):
                        worst = (contact, float(time))
            if worst is not None:
                contact, time = worst
                findings.append(
                    Finding(
                        "error", "replay-contact",
                        f"pybullet finds {contact.body_a} {-contact.distance * 1e3:.1f} mm inside {contact.body_b} at {time:.2f} s ({phase.name})",
                        "report the job: planner and second engine disagree", phase.step, {"distance_mm": round(contact.distance * 1e3, 2), "time_s": round(time, 3)},
                    )
                )  # fmt: skip
    return Replay(states, tuple(findings))


def _times(phase: Phase) -> Array:
    """Moments at which a phase is looked at."""
    change = np.r_[
        0.0,
        np.cumsum(
            np.max(np.abs(np.diff(phase.robot, axis=0)), axis=1) + np.max(np.abs(np.diff(phase.brake, axis=0)), axis=1) / 0.01 * JOINT_STEP
        ),
    ]
    count = max(2, int(np.ceil(change[-1] / JOINT_STEP)) + 1)
    if change[-1] < 1e-9:
        return phase.times[:1]
    return np.interp(np.linspace(0.0, change[-1], count), change, phase.times)
