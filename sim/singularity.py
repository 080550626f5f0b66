"""How near straight, followed and welding moves come to positions in which the arm loses a direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.findings import Finding
from core.frames import Array
from core.units import to_deg
from robots.model import RobotModel

NEAR = 0.02
"""Smallest singular value of the Jacobian below which a straight move is reported (1 = one metre or radian of freedom per radian)."""


class Stretch(Protocol):
    """A phase of a plan of either kind."""

    @property
    def name(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def times(self) -> Array: ...
    @property
    def robot(self) -> Array: ...


def smallest_singularity(model: RobotModel, phase: Stretch) -> tuple[float, int]:
    """Smallest singular value over a phase's samples, and at which sample."""
    values = model.singularity(phase.robot)
    index = int(np.argmin(values))
    return float(values[index]), index


def singularity_findings(model: RobotModel, phases: Sequence[Stretch]) -> list[Finding]:
    """A warning for every straight, followed or welding move that passes close to a singularity: controllers slow down or stop there.

    Joint speeds in the plan already respect the limits; the controller's own margin may be wider.
    """
    findings = []
    for phase in phases:
        if phase.kind not in ("linear", "follow", "weld"):
            continue
        value, index = smallest_singularity(model, phase)
        if value < NEAR:
            joints = phase.robot[index, model.slides :]
            wrist = abs(np.sin(joints[4])) < 0.1 if len(joints) == 6 else False
            what = f"axis 5 stands at {to_deg(float(joints[4])):.1f} deg" if wrist else "the arm is nearly stretched or overhead"
            findings.append(
                Finding(
                    "warning", "near-singularity", f"the {phase.name} move passes a singularity: {what} (measure {value:.4f}, safe above {NEAR:g})",
                    "prove this move at low speed; move the robot or tilt the tool to avoid it", phase.step, {"measure": round(value, 5), "time_s": round(float(phase.times[index]), 2)},
                )
            )  # fmt: skip
    return findings
