"""The plan as an animated glTF 2.0 file (`recording.glb`): one node per link, tool, station, flange; node transforms are the plan.

Robot, brake and gripper keep their joint trees, so joint values can be read back from the node rotations; all times are the plan's. The file's
root turns the cell's z up into glTF's y up. What is in the file, for those who play it: docs/recording.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from core.frames import Array, quat_wxyz
from sim.glb import FLOAT, Finish, GlbWriter, container
from sim.key_frames import continuous, kept_shifts, kept_turns
from sim.plan import Phase, phase_state
from sim.replay import Enacted
from sim.stage import DIE, PUNCH, SHEET, ZONE, Node, Stage, T_world_sheet, build_stage

SHIFT_TOLERANCE = 2e-5
"""What is played differs from the plan by at most this, node by node [m]."""
TURN_TOLERANCE = 1e-5
"""The same for turns [rad]; along a robot of 2.5 m six of them stay within 0.1 mm."""
HALVINGS = 5
"""A plan's sample interval is cut in halves at most so often, where the carried sheet leaves the straight line."""
STILL = 1e-7
METAL = {SHEET: Finish(0.15, 0.45), ZONE: Finish(0.15, 0.45), PUNCH: Finish(0.3, 0.45), DIE: Finish(0.3, 0.45)}
"""Little metal: players without an environment map draw full metal nearly black."""


def recording_glb(result: Enacted) -> bytes:
    """The whole plan as one `.glb` file; needs a plan with phases."""
    stage = build_stage(result.cell, result.setup, result.part, result.gripper)
    times, places = _keys(stage, result)
    writer = GlbWriter(METAL)
    nodes = [_node(writer, node) for node in stage.nodes]
    for index, node in enumerate(stage.nodes):
        if node.parent >= 0:
            nodes[node.parent].setdefault("children", []).append(index)
    roots = [index for index, node in enumerate(stage.nodes) if node.parent < 0]
    half = float(np.sqrt(0.5))
    nodes.append({"name": "cell", "rotation": [-half, 0.0, 0.0, half], "children": roots})
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    for index, Ts in places.items():
        shifts = Ts[:, :3, 3]
        turns = continuous(Rotation.from_matrix(Ts[:, :3, :3]).as_quat())
        nodes[index]["translation"], nodes[index]["rotation"] = shifts[0].tolist(), turns[0].tolist()
        for path, values, kind in (("translation", shifts, "VEC3"), ("rotation", turns, "VEC4")):
            if np.max(np.abs(values - values[0])) <= STILL:
                continue
            keep = kept_shifts(times, values, SHIFT_TOLERANCE) if path == "translation" else kept_turns(times, values, TURN_TOLERANCE)
            clock = writer.accessor(times[keep], "SCALAR", FLOAT, bounds=True)
            samplers.append({"input": clock, "output": writer.accessor(values[keep], kind, FLOAT), "interpolation": "LINEAR"})
            channels.append({"sampler": len(samplers) - 1, "target": {"node": index, "path": path}})
    gltf = {
        "asset": {"version": "2.0", "generator": "Pliant", "extras": _extras(result)},
        "scene": 0,
        "scenes": [{"name": result.plan.cell, "nodes": [len(nodes) - 1]}],
        "nodes": nodes,
        **writer.content(),
        "animations": [{"name": f"{result.plan.part}", "samplers": samplers, "channels": channels}],
    }
    return container(gltf, bytes(writer.data))


def _keys(stage: Stage, result: Enacted) -> tuple[Array, dict[int, Array]]:
    """Strictly rising key times (k,) and the places (k, 4, 4) of every moving node."""
    times: list[float] = []
    rows: dict[int, list[Array]] = {}
    for phase in result.plan.phases:
        for time in _moments(stage, phase):
            if times and time <= times[-1] + 1e-5:
                continue
            times.append(time)
            for index, T in stage.places(phase_state(phase, time)).items():
                rows.setdefault(index, []).append(T)
    return np.array(times), {index: np.array(Ts) for index, Ts in rows.items()}


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


def _node(writer: GlbWriter, node: Node) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": node.name}
    if node.pieces:
        entry["mesh"] = writer.mesh(node.name, node.pieces)
    w, x, y, z = quat_wxyz(node.T_parent)
    entry["translation"] = [float(v) for v in node.T_parent[:3, 3]]
    entry["rotation"] = [float(x), float(y), float(z), float(w)]
    return entry


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
