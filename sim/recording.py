"""The plan as an animated glTF 2.0 file (`recording.glb`): one node per link, tool, station, flange; node transforms are the plan.

Robot, brake and gripper keep their joint trees, so joint values can be read back from the node rotations; all times are the plan's. The file's
root turns the cell's z up into glTF's y up. Format: Khronos glTF 2.0 specification, binary container (magic, JSON chunk, BIN chunk).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.frames import Array, quat_wxyz
from sim.bending import BendingResult
from sim.plan import phase_state
from sim.stage import Node, Piece, Stage, build_stage

RATE = 50
"""Key frames per second at most."""
FLOAT, UNSIGNED = 5126, 5125
STILL = 1e-7


@dataclass(eq=False, slots=True)
class _Writer:
    """Collects accessors, meshes and animation channels of one file."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    _colors: dict[tuple[float, ...], int] = field(default_factory=dict)

    def accessor(self, values: Array, kind: str, component: int, *, target: int | None = None, bounds: bool = False) -> int:
        dtype = np.float32 if component == FLOAT else np.uint32
        raw = np.ascontiguousarray(values, dtype=dtype)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.data), "byteLength": raw.nbytes}
        if target is not None:
            view["target"] = target
        self.data += raw.tobytes()
        self.views.append(view)
        entry: dict[str, Any] = {"bufferView": len(self.views) - 1, "componentType": component, "count": len(raw), "type": kind}
        if bounds:
            flat = raw.reshape(len(raw), -1)
            entry |= {"min": flat.min(axis=0).tolist(), "max": flat.max(axis=0).tolist()}
        self.accessors.append(entry)
        return len(self.accessors) - 1

    def material(self, color: tuple[float, ...]) -> int:
        if color not in self._colors:
            self._colors[color] = len(self.materials)
            entry: dict[str, Any] = {
                "pbrMetallicRoughness": {"baseColorFactor": list(color), "metallicFactor": 0.1, "roughnessFactor": 0.7},
                "doubleSided": True,
            }
            if color[3] < 1:
                entry["alphaMode"] = "BLEND"
            self.materials.append(entry)
        return self._colors[color]

    def mesh(self, name: str, pieces: tuple[Piece, ...]) -> int:
        primitives = []
        by_color: dict[tuple[float, ...], list[Piece]] = {}
        for piece in pieces:
            by_color.setdefault(tuple(float(c) for c in piece.color), []).append(piece)
        for color, group in by_color.items():
            starts = np.cumsum([0, *(len(piece.mesh.vertices) for piece in group)])
            vertices = np.concatenate([piece.mesh.vertices for piece in group])
            faces = np.concatenate([piece.mesh.faces + start for piece, start in zip(group, starts, strict=False)])
            primitives.append(
                {
                    "attributes": {"POSITION": self.accessor(vertices, "VEC3", FLOAT, target=34962, bounds=True)},
                    "indices": self.accessor(faces.reshape(-1), "SCALAR", UNSIGNED, target=34963),
                    "material": self.material(color),
                }
            )
        self.meshes.append({"name": name, "primitives": primitives})
        return len(self.meshes) - 1


def recording_glb(result: BendingResult) -> bytes:
    """The whole plan as one `.glb` file; needs a plan with phases."""
    stage = build_stage(result.cell, result.setup, result.part, result.gripper)
    times, places = _keys(stage, result)
    writer = _Writer()
    nodes = [_node(writer, node) for node in stage.nodes]
    for index, node in enumerate(stage.nodes):
        if node.parent >= 0:
            nodes[node.parent].setdefault("children", []).append(index)
    roots = [index for index, node in enumerate(stage.nodes) if node.parent < 0]
    half = float(np.sqrt(0.5))
    nodes.append({"name": "cell", "rotation": [-half, 0.0, 0.0, half], "children": roots})
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []
    clock = writer.accessor(times, "SCALAR", FLOAT, bounds=True)
    for index, Ts in places.items():
        shifts = Ts[:, :3, 3]
        turns = _continuous(np.array([quat_wxyz(T) for T in Ts])[:, [1, 2, 3, 0]])
        nodes[index]["translation"], nodes[index]["rotation"] = shifts[0].tolist(), turns[0].tolist()
        for path, values, kind in (("translation", shifts, "VEC3"), ("rotation", turns, "VEC4")):
            if np.max(np.abs(values - values[0])) > STILL:
                samplers.append({"input": clock, "output": writer.accessor(values, kind, FLOAT), "interpolation": "LINEAR"})
                channels.append({"sampler": len(samplers) - 1, "target": {"node": index, "path": path}})
    gltf = {
        "asset": {"version": "2.0", "generator": "Pliant", "extras": _extras(result)},
        "scene": 0,
        "scenes": [{"name": result.plan.cell, "nodes": [len(nodes) - 1]}],
        "nodes": nodes,
        "meshes": writer.meshes,
        "materials": writer.materials,
        "accessors": writer.accessors,
        "bufferViews": writer.views,
        "buffers": [{"byteLength": len(writer.data)}],
        "animations": [{"name": f"{result.plan.part}", "samplers": samplers, "channels": channels}],
    }
    return _container(gltf, bytes(writer.data))


def _keys(stage: Stage, result: BendingResult) -> tuple[Array, dict[int, Array]]:
    """Strictly rising key times (k,) and the places (k, 4, 4) of every moving node."""
    times: list[float] = []
    rows: dict[int, list[Array]] = {}
    for phase in result.plan.phases:
        keep = [float(phase.times[0])]
        for time in phase.times[1:]:
            # Samples of the plan are about 20 ms apart; none of those is left out.
            if time - keep[-1] >= 0.6 / RATE:
                keep.append(float(time))
        if phase.times[-1] > keep[-1]:
            keep.append(float(phase.times[-1]))
        for time in keep:
            if times and time <= times[-1] + 1e-5:
                continue
            times.append(time)
            for index, T in stage.places(phase_state(phase, time)).items():
                rows.setdefault(index, []).append(T)
    return np.array(times), {index: np.array(Ts) for index, Ts in rows.items()}


def _node(writer: _Writer, node: Node) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": node.name}
    if node.pieces:
        entry["mesh"] = writer.mesh(node.name, node.pieces)
    w, x, y, z = quat_wxyz(node.T_parent)
    entry["translation"] = [float(v) for v in node.T_parent[:3, 3]]
    entry["rotation"] = [float(x), float(y), float(z), float(w)]
    return entry


def _continuous(quaternions: Array) -> Array:
    """Signs chosen so that neighbours lie on the same side: q and -q are the same turn, but not for interpolation."""
    flips = np.where(np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0, -1.0, 1.0)
    out: Array = quaternions * np.r_[1.0, np.cumprod(flips)][:, None]
    return out


def _extras(result: BendingResult) -> dict[str, Any]:
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


def _container(gltf: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(gltf, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    total = 12 + 8 + len(text) + 8 + len(data)
    return (
        struct.pack("<4sII", b"glTF", 2, total)
        + struct.pack("<I4s", len(text), b"JSON")
        + text
        + struct.pack("<I4s", len(data), b"BIN\0")
        + data
    )
