"""Nodes and their places over time as an animated glTF 2.0 file: as few keys as keep everything within stated tolerances.

The file's root turns the cell's z up into glTF's y up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from scipy.spatial.transform import Rotation

from core.frames import Array, quat_wxyz
from sim.glb import FLOAT, Finish, GlbWriter, container
from sim.key_frames import continuous, kept_shifts, kept_turns
from sim.stage_nodes import Color, Node

RATE = 50
"""Samples per second at most, before those that interpolation gives back are left out."""
SHIFT_TOLERANCE = 2e-5
"""What is played differs from the plan's samples by at most this, node by node [m]."""
TURN_TOLERANCE = 1e-5
"""The same for turns [rad]; along a robot of 2.5 m six of them stay within 0.1 mm."""
STILL = 1e-7


class Timed(Protocol):
    """A phase of a plan."""

    @property
    def times(self) -> Array: ...


AnyPhase = TypeVar("AnyPhase", bound=Timed)
Shown = Sequence[tuple[float, bool]]
"""From which time on something is seen, or not; rising."""


def key_times(phases: Sequence[AnyPhase]) -> Iterator[tuple[AnyPhase, float]]:
    """Strictly rising times at which a plan is recorded, each with its phase."""
    last = -np.inf
    for phase in phases:
        keep = [float(phase.times[0])]
        for time in phase.times[1:]:
            # Samples of the plan are about 20 ms apart; none of those is left out.
            if time - keep[-1] >= 0.6 / RATE:
                keep.append(float(time))
        if phase.times[-1] > keep[-1]:
            keep.append(float(phase.times[-1]))
        for time in keep:
            if time > last + 1e-5:
                last = time
                yield phase, time


def animated_glb(
    nodes: Sequence[Node],
    moments: Sequence[tuple[float, Mapping[int, Array]]],
    finishes: dict[Color, Finish],
    extras: dict[str, Any],
    *,
    scene: str,
    name: str,
    shown: Mapping[int, Shown] | None = None,
) -> bytes:
    """One `.glb` file.

    Args:
        nodes: Parents before children.
        moments: Rising times [s] with T_parent_node of every node that moves; the same nodes at every time.
        finishes: How surfaces take light, by colour.
        extras: For `asset.extras`.
        scene, name: Names of scene and animation.
        shown: Nodes that are not seen all the time (with scale 0, as the format has it), with their changes.
    """
    times = np.array([time for time, _ in moments])
    writer = GlbWriter(finishes)
    entries = [_node(writer, node) for node in nodes]
    for index, node in enumerate(nodes):
        if node.parent >= 0:
            entries[node.parent].setdefault("children", []).append(index)
    roots = [index for index, node in enumerate(nodes) if node.parent < 0]
    half = float(np.sqrt(0.5))
    entries.append({"name": "cell", "rotation": [-half, 0.0, 0.0, half], "children": roots})
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def channel(node: int, path: str, keys: Array, values: Array, kind: str, interpolation: str) -> None:
        clock = writer.accessor(keys, "SCALAR", FLOAT, bounds=True)
        samplers.append({"input": clock, "output": writer.accessor(values, kind, FLOAT), "interpolation": interpolation})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    for index in moments[0][1]:
        Ts = np.array([places[index] for _, places in moments])
        shifts = Ts[:, :3, 3]
        turns = continuous(Rotation.from_matrix(Ts[:, :3, :3]).as_quat())
        entries[index]["translation"], entries[index]["rotation"] = shifts[0].tolist(), turns[0].tolist()
        for path, values, kind in (("translation", shifts, "VEC3"), ("rotation", turns, "VEC4")):
            if np.max(np.abs(values - values[0])) <= STILL:
                continue
            keep = kept_shifts(times, values, SHIFT_TOLERANCE) if path == "translation" else kept_turns(times, values, TURN_TOLERANCE)
            channel(index, path, times[keep], values[keep], kind, "LINEAR")
    for index, changes in (shown or {}).items():
        scales = np.array([[1.0 if seen else 0.0] * 3 for _, seen in changes])
        entries[index]["scale"] = scales[0].tolist()
        channel(index, "scale", np.array([time for time, _ in changes]), scales, "VEC3", "STEP")
    gltf = {
        "asset": {"version": "2.0", "generator": "Pliant", "extras": extras},
        "scene": 0,
        "scenes": [{"name": scene, "nodes": [len(entries) - 1]}],
        "nodes": entries,
        **writer.content(),
        "animations": [{"name": name, "samplers": samplers, "channels": channels}],
    }
    return container(gltf, bytes(writer.data))


def _node(writer: GlbWriter, node: Node) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": node.name}
    if node.pieces:
        entry["mesh"] = writer.mesh(node.name, node.pieces)
    w, x, y, z = quat_wxyz(node.T_parent)
    entry["translation"] = [float(v) for v in node.T_parent[:3, 3]]
    entry["rotation"] = [float(x), float(y), float(z), float(w)]
    return entry
