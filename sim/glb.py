"""Writes binary glTF 2.0: accessors, meshes and materials, everything that is the same only once; and the container round them.

Format: Khronos glTF 2.0 specification (binary container: magic, JSON chunk, BIN chunk).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.frames import Array
from sim.stage_nodes import Color, Piece

FLOAT, SHORT, UNSIGNED = 5126, 5123, 5125
TYPES: dict[int, Any] = {FLOAT: np.float32, SHORT: np.uint16, UNSIGNED: np.uint32}
SAME = 1e-6
"""Corners nearer than this are one [m]."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a surface takes light: `metallicFactor` and `roughnessFactor` of glTF."""

    metallic: float
    roughness: float


@dataclass(eq=False, slots=True)
class GlbWriter:
    """Collects accessors, meshes and materials of one file.

    Attributes:
        finishes: By colour; all others are paint.
    """

    finishes: dict[Color, Finish]
    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def accessor(self, values: Array, kind: str, component: int, *, target: int | None = None, bounds: bool = False) -> int:
        """Index of an accessor with these values; one that is there already is used again."""
        raw = np.ascontiguousarray(values, dtype=TYPES[component])
        key = ("accessor", kind, component, target, bounds, raw.tobytes())
        if key in self._known:
            return self._known[key]
        self.data += b"\0" * (-len(self.data) % 4)
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
        self._known[key] = len(self.accessors) - 1
        return len(self.accessors) - 1

    def material(self, color: Color) -> int:
        """Index of the material of a colour; seen from both sides, because a sheet is."""
        key = ("material", *color)
        if key not in self._known:
            finish = self.finishes.get(color, Finish(0.0, 0.65))
            entry: dict[str, Any] = {
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*_linear(color[:3]), color[3]],
                    "metallicFactor": finish.metallic,
                    "roughnessFactor": finish.roughness,
                },
                "doubleSided": True,
            }
            if color[3] < 1:
                entry["alphaMode"] = "BLEND"
            self._known[key] = len(self.materials)
            self.materials.append(entry)
        return self._known[key]

    def mesh(self, name: str, pieces: Sequence[Piece]) -> int:
        """Index of a mesh, one primitive per colour; a mesh with the same content is used again under its first name."""
        primitives = []
        by_color: dict[Color, list[Piece]] = {}
        for piece in pieces:
            r, g, b, a = (float(c) for c in piece.color)
            by_color.setdefault((r, g, b, a), []).append(piece)
        for color, group in by_color.items():
            starts = np.cumsum([0, *(len(piece.mesh.vertices) for piece in group)])
            vertices = np.concatenate([piece.mesh.vertices for piece in group])
            faces = np.concatenate([piece.mesh.faces + start for piece, start in zip(group, starts, strict=False)])
            _, first, place = np.unique(np.round(vertices / SAME), axis=0, return_index=True, return_inverse=True)
            indices = place.reshape(-1)[faces].reshape(-1)
            positions = self.accessor(vertices[first], "VEC3", FLOAT, target=34962, bounds=True)
            small = SHORT if len(first) < 2**16 - 1 else UNSIGNED
            primitives.append(
                {
                    "attributes": {"POSITION": positions},
                    "indices": self.accessor(indices, "SCALAR", small, target=34963),
                    "material": self.material(color),
                }
            )
        key = ("mesh", json.dumps(primitives))
        if key not in self._known:
            self._known[key] = len(self.meshes)
            self.meshes.append({"name": name, "primitives": primitives})
        return self._known[key]

    def content(self) -> dict[str, Any]:
        """What was collected, as top-level glTF entries."""
        return {
            "meshes": self.meshes,
            "materials": self.materials,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{"byteLength": len(self.data)}],
        }


def _linear(color: Sequence[float]) -> list[float]:
    """sRGB as people choose it to the linear values glTF wants (IEC 61966-2-1)."""
    return [round(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4, 5) for c in color]


def container(gltf: dict[str, Any], data: bytes) -> bytes:
    """The binary file of a glTF and its one buffer."""
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
