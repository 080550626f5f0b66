"""What a person looks for at a bend, as points in the world: the line, the legs and their way, where the fingers touch."""

from __future__ import annotations

import numpy as np

from core.frames import Array
from parts.sheet import SheetPart
from sim.bending import BendingResult
from sim.plan import BendStep, Phase, State, phase_state
from sim.stage import T_world_sheet


def bend_moment(result: BendingResult, step: BendStep) -> tuple[Phase, float, float] | None:
    """The phase in which a bend is made, when it starts and when the bend is at its full angle [s]; None: the plan has no phases."""
    for phase in result.plan.phases:
        if phase.step == f"bend {step.label}" and phase.name in ("follow", "bend"):
            return phase, float(phase.times[0]), float(phase.times[int(np.argmax(np.abs(phase.fold[:, step.bends[0]])))])
    return None


def flange_poses(result: BendingResult, state: State) -> Array:
    """Ts_world_flange (n, 4, 4) at a moment."""
    Ts: Array = T_world_sheet(result.cell, result.gripper, result.part, state) @ result.part.fold(state.fold)
    return Ts


def corners(part: SheetPart, Ts_world_flange: Array) -> Array:
    """All corners of the flanges in the world (n, 3) [m]."""
    return np.concatenate(
        [
            hull @ T[:3, :3].T + T[:3, 3]
            for flange, T in zip(part.flanges, Ts_world_flange, strict=True)
            for hull in part.flange_hulls(flange.index)
        ]
    )


def on_flange(T_world_flange: Array, flat: Array) -> Array:
    """Flat points (n, 2) carried by a flange, in the world (n, 3)."""
    points: Array = np.c_[flat, np.zeros(len(flat))] @ T_world_flange[:3, :3].T + T_world_flange[:3, 3]
    return points


def line_ends(result: BendingResult, step: BendStep, Ts_world_flange: Array, fold: Array) -> Array:
    """Ends of the lines being made, in the middle of the bent zone, world (2n, 3)."""
    out = []
    for index in step.bends:
        bend = result.part.bends[index]
        half = float(np.linalg.norm(bend.end - bend.start)) / 2
        T = Ts_world_flange[bend.parent] @ bend.T_sheet_bend @ result.part.T_bend_child(index, float(fold[index]), 0.5)
        out += [(T @ np.array([x, 0.0, 0.0, 1.0]))[:3] for x in (-half, half)]
    return np.array(out)


def gauge_contacts(result: BendingResult, step: BendStep) -> Array:
    """Left and right end of both fingers' stop faces at contact, left finger first, world (2, 2, 3) [m]."""
    T = result.cell.brake.T_world_brake
    half = result.cell.brake.finger_width / 2
    local = [[[z + s * half, step.gauge_x, step.gauge_r, 1.0] for s in (-1, 1)] for z in sorted((step.gauge_z1, step.gauge_z2))]
    world: Array = (np.array(local) @ T.T)[:, :, :3]
    return world


def gauge_on_flat(result: BendingResult, step: BendStep) -> Array:
    """Ends of both stop faces at contact in flat coordinates (2, 2, 2) [m], as if the flange at the line went on flat."""
    bend = result.part.bends[step.bends[0]]
    T = bend.T_sheet_bend @ np.linalg.inv(step.T_world_bend_pinch)
    flat: Array = (gauge_contacts(result, step) @ T[:3, :3].T + T[:3, 3])[:, :, :2]
    return flat


def beam_spans(result: BendingResult, step: BendStep) -> list[tuple[float, float]]:
    """From where to where on the beam each line of a step lies [m]."""
    T_brake_sheet = np.linalg.inv(result.cell.brake.T_world_brake) @ step.T_world_bend_pinch @ result.part.bends[step.bends[0]].T_bend_sheet
    spans = []
    for index in step.bends:
        bend = result.part.bends[index]
        xs = [float((T_brake_sheet @ np.array([*point, 0.0, 1.0]))[0]) for point in (bend.start, bend.end)]
        spans.append((min(xs), max(xs)))
    return spans


def leg_ways(result: BendingResult, step: BendStep, phase: Phase, start: float, full: float) -> list[Array]:
    """The way the far edge of either leg takes during the bend, world (k, 3) each; robot's side first."""
    states = [phase_state(phase, float(time)) for time in np.linspace(start, full, 9)]
    moments = [corners(result.part, flange_poses(result, state)) for state in states]
    middle_x = line_ends(result, step, flange_poses(result, states[0]), states[0].fold)[:, 0].mean()
    ways = []
    for sign in (-1.0, 1.0):
        reach = (moments[0][:, 1] - result.cell.brake.T_world_brake[1, 3]) * sign
        far = np.flatnonzero(reach > reach.max() - 0.02)
        one = far[int(np.argmin(np.abs(moments[0][far, 0] - middle_x)))]
        ways.append(np.array([points[one] for points in moments]))
    return ways
