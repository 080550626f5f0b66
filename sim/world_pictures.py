"""Pictures of a plan as PNG: the whole cell, every bend in its tools, the stack."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from core.frames import Array
from sim.bend_view import bend_moment, corners, flange_poses, gauge_contacts, leg_ways, line_ends, on_flange
from sim.bending import BendingResult
from sim.camera import fitted
from sim.picture_marks import LINE, Marks
from sim.plan import BendStep, Phase, State, phase_state
from sim.stage import ZONE, Stage, build_stage
from sim.world_studio import Studio

SHARPER = 1.5
"""Rendered this much larger, then made smaller: smooth edges."""
COLORS = 160
"""A picture is stored with this many colours."""
AT_THE_BEND = ("punch of", "die of", "flange ", "bend ", "brake finger")
"""What a bend's picture shows, by the beginning of the name; the machine round it would hide it."""
MADE, TO_MAKE = (0.36, 0.52, 0.70, 1.0), (0.55, 0.72, 0.88, 1.0)


def plan_pictures(result: BendingResult) -> dict[str, bytes]:
    """`cell.png`, `bend_N.png` for every bend, `stack.png`; name to PNG. Needs a plan with phases."""
    stage = build_stage(result.cell, result.setup, result.part, result.gripper)
    out = _cell_and_stack(result, stage)
    with Studio(stage, lambda name: name.startswith(AT_THE_BEND)) as studio:
        for index, step in enumerate(result.plan.steps):
            if (moment := bend_moment(result, step)) is not None:
                out[f"bend_{step.label}.png"] = _bend(result, studio, index, step, *moment)
    return out


def _bend(result: BendingResult, studio: Studio[State], index: int, step: BendStep, phase: Phase, start: float, full: float) -> bytes:
    """One bend: the part bent in its tools, the flat state before as a ghost, the line, the way of the legs and the gauged edge marked."""
    part = result.part
    before, after = phase_state(phase, start), phase_state(phase, full)
    made = {bend for earlier in result.plan.steps[:index] for bend in earlier.bends}
    zones = {
        f"bend {bend.index + 1} strip": ZONE if bend.index in step.bends else MADE if bend.index in made else TO_MAKE for bend in part.bends
    }
    studio.paint(lambda name: zones.get(name.rsplit(" ", 1)[0]))
    Ts_before, Ts_after = flange_poses(result, before), flange_poses(result, after)
    origin = result.cell.brake.T_world_brake[:3, 3]
    seat = origin[2] + result.setup.die_height
    ends = line_ends(result, step, Ts_after, after.fold)
    tools = np.array([[x, origin[1], z] for x in (ends[:, 0].min(), ends[:, 0].max()) for z in (seat - 0.05, seat + 0.09)])
    fingers = gauge_contacts(result, step)
    # From the side of the shorter leg: the longer one stands behind the tools instead of hiding them.
    legs = corners(part, Ts_after)
    reach = legs[:, 1] - origin[1]
    side = 1.0 if -reach.min() > reach.max() else -1.0
    camera = fitted(
        np.concatenate((corners(part, Ts_before), legs, tools, fingers.reshape(-1, 3))),
        np.array([0.80, side * 0.55, 0.40]),
        width=int(720 * SHARPER),
        height=int(480 * SHARPER),
    )
    marks = Marks(studio.shot(after, camera), SHARPER)
    for flange, T in zip(part.flanges, Ts_before, strict=True):
        marks.ghost(on_flange(T, np.asarray(flange.polygon.simplify(5e-4).exterior.coords)[:, :2]))
    for bend in part.bends:
        if bend.index not in made and bend.index not in step.bends:
            marks.line(on_flange(Ts_after[bend.parent], np.stack((bend.start, bend.end))), "#5b6b7b", 1.2, dashed=True)
    marks.edge(fingers.reshape(-1, 3))
    for a, b in ends.reshape(-1, 2, 3):
        marks.line(np.stack((a, b)), LINE, 3.0, hidden="c0")
    for way in leg_ways(result, step, phase, start, full):
        marks.arrow(way)
    marks.badge(ends[int(np.argmin(camera.pixels(ends)[:, 2]))], step.label)
    return png(marks.image)


def _cell_and_stack(result: BendingResult, stage: Stage) -> dict[str, bytes]:
    out: dict[str, bytes] = {}
    phases = result.plan.phases
    hidden = {body.name for body in result.cell.bodies if body.group in ("fence", "floor")}
    with Studio(stage, lambda name: name not in hidden) as studio:
        first = next((phase for phase in phases if phase.name == "insert"), phases[0])
        state = phase_state(first, float(first.times[len(first.times) // 2]))
        camera = fitted(
            _all_corners(stage, state, hidden),
            np.array([1.75, -1.7, 1.35]),
            width=int(900 * SHARPER),
            height=int(600 * SHARPER),
            margin=0.02,
        )
        out["cell.png"] = png(studio.shot(state, camera).image)
    station = result.cell.station("outfeed")
    last = [phase for phase in phases if phase.step == "stack" and phase.name == "put down"]
    if last and station is not None:
        state = phase_state(last[0], float(last[0].times[-1]))
        x, y = station.size[0] / 2, station.size[1] / 2
        pallet = np.array([[a * x, b * y, 0.0, 1.0] for a in (-1, 1) for b in (-1, 1)]) @ station.T_world_station.T
        seen_corners = np.concatenate((corners(result.part, flange_poses(result, state)), pallet[:, :3]))
        seen = tuple(body.name for body in station.bodies)
        with Studio(stage, lambda name: name.startswith(("flange ", "bend ")) or name in seen) as studio:
            camera = fitted(seen_corners, np.array([0.8, -1.2, 0.8]), width=int(720 * SHARPER), height=int(480 * SHARPER))
            out["stack.png"] = png(studio.shot(state, camera).image)
    return out


def cell_pictures(cell: Cell, gripper: Gripper, setup: ToolSetup, state: State) -> dict[str, bytes]:
    """The whole cell at rest from two sides, fence included: `cell_left.png`, `cell_right.png`."""
    stage = build_stage(cell, setup, None, gripper)
    hidden = {body.name for body in cell.bodies if body.group == "floor"}
    out: dict[str, bytes] = {}
    with Studio(stage, lambda name: name not in hidden) as studio:
        for name, direction in (("cell_left.png", (-0.62, -0.72, 0.62)), ("cell_right.png", (0.80, -0.42, 0.72))):
            seen = _all_corners(stage, state, hidden)
            camera = fitted(seen, np.array(direction), width=int(1280 * SHARPER), height=int(800 * SHARPER), margin=0.02)
            out[name] = png(studio.shot(state, camera).image)
    return out


def _all_corners(stage: Stage, state: State, hidden: set[str]) -> Array:
    """Corners of the boxes round everything, in the world (n, 3)."""
    Ts = stage.world(state)
    boxes = [
        np.array(piece.mesh.bounding_box.vertices) @ T[:3, :3].T + T[:3, 3]
        for node, T in zip(stage.nodes, Ts, strict=True)
        if node.name not in hidden and not (node.name.startswith(("flange ", "bend ")) and state.part is None)
        for piece in node.pieces
    ]
    return np.concatenate(boxes)


def png(image: Image.Image) -> bytes:
    """A rendered picture made smaller, with few colours: a small file, and flat areas stay flat."""
    out = io.BytesIO()
    small = image.resize((round(image.width / SHARPER), round(image.height / SHARPER)), Image.Resampling.LANCZOS)
    small.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
