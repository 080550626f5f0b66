"""The plan as an animated glTF 2.0 file (`recording.glb`): one node per link, tool, station, flange; node transforms are the plan.

Robot, brake and gripper keep their joint trees, so joint values can be read back from the node rotations; all times are the plan's. What is in the
file, for those who play it: docs/recording.md.
"""

from __future__ import annotations

from typing import Any

from sim.animation import animated_glb, key_times
from sim.glb import Finish
from sim.plan import phase_state
from sim.replay import Enacted
from sim.stage import DIE, PUNCH, SHEET, ZONE, build_stage

METAL = {SHEET: Finish(0.15, 0.45), ZONE: Finish(0.15, 0.45), PUNCH: Finish(0.3, 0.45), DIE: Finish(0.3, 0.45)}
"""Little metal: players without an environment map draw full metal nearly black."""


def recording_glb(result: Enacted) -> bytes:
    """The whole plan as one `.glb` file; needs a plan with phases."""
    stage = build_stage(result.cell, result.setup, result.part, result.gripper)
    moments = [(time, stage.places(phase_state(phase, time))) for phase, time in key_times(result.plan.phases)]
    return animated_glb(stage.nodes, moments, METAL, _extras(result), scene=result.plan.cell, name=f"{result.plan.part}")


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
