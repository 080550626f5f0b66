"""The plan as an animated glTF 2.0 file (`recording.glb`): one node per link, tool, station, flange; node transforms are the plan.

Robot, brake and gripper keep their joint trees, so joint values can be read back from the node rotations; all times are the plan's. What is in the
file, for those who play it: docs/recording.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from core.frames import Array
from sim.animation import SHIFT_TOLERANCE, TURN_TOLERANCE, animated_glb
from sim.glb import Finish
from sim.plan import Phase, phase_state
from sim.replay import Enacted
from sim.stage import DIE, PUNCH, SHEET, ZONE, Stage, T_world_sheet, build_stage

HALVINGS = 5
"""A plan's sample interval is cut in halves at most so often, where the carried sheet leaves the straight line."""
METAL = {SHEET: Finish(0.15, 0.45), ZONE: Finish(0.15, 0.45), PUNCH: Finish(0.3, 0.45), DIE: Finish(0.3, 0.45)}
"""Little metal: players without an environment map draw full metal nearly black."""


def recording_glb(result: Enacted) -> bytes:
    """The whole plan as one `.glb` file; needs a plan with phases."""
    stage = build_stage(result.cell, result.setup, result.part, result.gripper)
    moments: list[tuple[float, dict[int, Array]]] = []
    for phase in result.plan.phases:
        for time in _moments(stage, phase):
            if not moments or time > moments[-1][0] + 1e-5:
                moments.append((time, stage.places(phase_state(phase, time))))
    return animated_glb(stage.nodes, moments, METAL, _extras(result), scene=result.plan.cell, name=f"{result.plan.part}")


def _moments(stage: Stage, phase: Phase) -> list[float]:
    """The plan's samples, and between them what a sheet on its curved way needs: its node hangs on the world, not on the robot."""
    samples = [float(time) for time in np.unique(phase.times)]
    part = stage.part
    if part is None or phase.part is None or phase.part.held_by != "tcp":
        return samples

    def place(time: float) -> Array:
        return T_world_sheet(stage.cell, stage.gripper, part, phase_state(phase, time))

    out = samples[:1]
    todo = [(a, b, 0) for a, b in zip(samples[:-1], samples[1:], strict=True)][::-1]
    known = {time: place(time) for time in samples}
    while todo:
        a, b, depth = todo.pop()
        middle = (a + b) / 2
        known[middle] = place(middle)
        if depth < HALVINGS and _off(known[a], known[middle], known[b]):
            todo += [(middle, b, depth + 1), (a, middle, depth + 1)]
        else:
            out.append(b)
    return out


def _off(T_a: Array, T_middle: Array, T_b: Array) -> bool:
    """Whether a place is further from the middle of two others than the tolerances."""
    if float(np.linalg.norm((T_a[:3, 3] + T_b[:3, 3]) / 2 - T_middle[:3, 3])) > SHIFT_TOLERANCE:
        return True
    turns = Rotation.from_matrix(np.array([T_a[:3, :3].T @ T_middle[:3, :3], T_middle[:3, :3].T @ T_b[:3, :3]])).as_rotvec()
    return float(np.linalg.norm(turns[0] - turns[1])) / 2 > TURN_TOLERANCE


def _extras(result: Enacted) -> dict[str, Any]:
    """What a player wants to show besides the picture: phases with their times."""
    return {
        "cell": result.plan.cell,
        "part": result.plan.part,
        "duration_s": round(result.plan.duration, 3),
        "phases": [
            {"name": phase.name, "step": phase.step, "start_s": round(float(phase.times[0]), 3), "end_s": round(float(phase.times[-1]), 3)}
            for phase in result.plan.phases
        ],
    }
