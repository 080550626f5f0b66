"""A welding plan as an animated glTF 2.0 file (`recording.glb`): robot, torch, positioner with the workpiece, and a bright ball at the wire's end while the arc burns.

All times are the plan's, and the joint trees are kept, so joint values can be read back; docs/recording.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cells.weld_model import WeldCell
from parts.weldment import Weldment
from sim.animation import animated_glb, key_times
from sim.glb import Finish
from sim.weld.plan import WeldPhase, WeldPlan, joints_at
from sim.weld.stage import PIECES, build_weld_stage

METAL = {color: Finish(0.15, 0.45) for color in PIECES}
"""Little metal: players without an environment map draw full metal nearly black."""


def weld_recording_glb(cell: WeldCell, weldment: Weldment | None, plan: WeldPlan) -> bytes:
    """The whole plan as one `.glb` file; needs a plan with phases. Without a weldment the cell is empty."""
    stage = build_weld_stage(cell, weldment)
    moments = [(time, stage.places(joints_at(phase, time))) for phase, time in key_times(plan.phases)]
    shown = {stage.arc: _arc(plan.phases)}
    return animated_glb(stage.nodes, moments, METAL, _extras(plan), scene=plan.cell, name=plan.weldment, shown=shown)


def _arc(phases: Sequence[WeldPhase]) -> list[tuple[float, bool]]:
    """When the arc starts and ends, from the plan's start on."""
    changes = [(float(phases[0].times[0]), phases[0].arc)]
    for phase in phases[1:]:
        if phase.arc != changes[-1][1]:
            changes.append((float(phase.times[0]), phase.arc))
    return changes


def _extras(plan: WeldPlan) -> dict[str, Any]:
    """What a player wants to show besides the picture: phases with their times."""
    return {
        "cell": plan.cell,
        "part": plan.weldment,
        "duration_s": round(plan.duration, 3),
        "phases": [
            {
                "name": phase.name,
                "step": phase.step,
                "start_s": round(float(phase.times[0]), 3),
                "end_s": round(float(phase.times[-1]), 3),
                "arc": phase.arc,
            }
            for phase in plan.phases
        ],
    }
