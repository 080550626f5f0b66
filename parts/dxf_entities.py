"""What a DXF document draws, as polylines and notes in file units; blocks are resolved, object coordinates are world coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from ezdxf import path as dxf_path

from core.errors import InputError
from core.frames import Array
from parts.dxf_conventions import Note, parse_note, parse_xdata
from parts.dxf_file import READ_FAULTS, DxfLimits, fault_text

SHAPES = ("LINE", "ARC", "CIRCLE", "ELLIPSE", "LWPOLYLINE", "POLYLINE", "SPLINE")
LARGEST = 1e7
"""A coordinate beyond this is a fault of the file [file units]."""
FINENESS = 1e-6
"""Chords never go finer than this share of a curve's size."""


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """One entity as a polyline.

    Attributes:
        points: (k, 2) [file units].
        layer, linetype: Line type of the layer where the entity has none of its own.
        handle: In the file.
        straight: All points on one line.
        edged: Made of straight pieces only.
        note: What its extended data says about the bend.
    """

    points: Array
    layer: str
    linetype: str
    handle: str
    straight: bool
    edged: bool
    note: Note | None = None

    @property
    def place(self) -> str:
        """Where it is in the file."""
        return f"layer {self.layer}, entity {self.handle}"


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """Everything a flat pattern is made from.

    Attributes:
        curves: Visible curves of model space.
        notes: Texts that are bend notes.
        hidden: Layers that are off or frozen though something is drawn on them.
        empty: Layers that the file declares and that nothing is drawn on.
    """

    curves: tuple[Curve, ...]
    notes: tuple[Note, ...]
    hidden: tuple[str, ...]
    empty: tuple[str, ...]


def draw(document: Any, path: Path, limits: DxfLimits, chord: float, keywords: Mapping[str, str] | None = None) -> Drawn:
    """Curves and notes of a document.

    Args:
        document: From `open_dxf`.
        path: Of the file, for messages.
        limits: Upper bounds.
        chord: Largest distance of a curve from its chords [file units].
        keywords: The user's keywords in extended data.

    Raises:
        InputError: For what cannot be drawn, with layer and handle.
    """
    curves: list[Curve] = []
    notes: list[Note] = []
    hidden: set[str] = set()
    used: set[str] = set()
    room = limits.points
    try:
        for count, entity in enumerate(_Blocks(path, limits).entities(document.modelspace(), limits.block_depth)):
            if count >= limits.entities:
                raise InputError(f"more than {limits.entities} entities after blocks are resolved", file=path)
            layer = str(entity.dxf.layer)
            used.add(layer)
            if not _visible(document, entity, layer):
                hidden.add(layer)
                continue
            if entity.dxftype() in ("TEXT", "MTEXT"):
                note = _note(entity)
                if note is not None:
                    notes.append(note)
            elif entity.dxftype() in SHAPES:
                curve = _curve(document, entity, layer, path, chord, room, keywords)
                if curve is not None:
                    curves.append(curve)
                    room -= len(curve.points)
        declared = {str(layer.dxf.name) for layer in document.layers}
    except READ_FAULTS as error:
        raise InputError(f"not a readable DXF file: {fault_text(error)}", file=path) from None
    return Drawn(tuple(curves), tuple(notes), tuple(sorted(hidden)), tuple(sorted(declared - used)))


class _Blocks:
    """Resolves block references; counts them, so that blocks of empty blocks end as well."""

    def __init__(self, path: Path, limits: DxfLimits) -> None:
        self.path = path
        self.limits = limits
        self.count = 0

    def entities(self, container: Any, depth: int) -> Iterator[Any]:
        for entity in container:
            if entity.dxftype() != "INSERT":
                yield entity
                continue
            name = f"block {entity.dxf.name}"
            if depth == 0:
                raise InputError("blocks are nested too deeply or contain themselves", file=self.path, place=name)
            copies = max(int(entity.mcount), 1)
            self.count += copies
            if self.count > self.limits.inserts:
                raise InputError(f"more than {self.limits.inserts} block references", file=self.path, place=name)
            for single in entity.multi_insert() if copies > 1 else (entity,):
                try:
                    inner = list(single.virtual_entities())
                except READ_FAULTS as error:
                    raise InputError(f"block cannot be resolved: {fault_text(error)}", file=self.path, place=name) from None
                yield from self.entities(inner, depth - 1)


def _visible(document: Any, entity: Any, layer: str) -> bool:
    if entity.dxf.get("invisible", 0):
        return False
    return not (layer in document.layers and (document.layers.get(layer).is_off() or document.layers.get(layer).is_frozen()))


def _note(entity: Any) -> Note | None:
    kind = entity.dxftype()
    # A TEXT stands in object coordinates, an MTEXT in world coordinates.
    at = entity.ocs().to_wcs(entity.dxf.insert) if kind == "TEXT" else entity.dxf.insert
    height = float(entity.dxf.get("height" if kind == "TEXT" else "char_height", 0.0))
    text = entity.plain_text() if kind == "TEXT" else entity.text
    if not all(abs(value) <= LARGEST for value in (at.x, at.y, height)):
        return None
    return parse_note(text, float(at.x), float(at.y), height)


def _curve(document: Any, entity: Any, layer: str, path: Path, chord: float, room: int, keywords: Mapping[str, str] | None) -> Curve | None:
    kind = entity.dxftype()
    handle = str(entity.dxf.handle or "?")
    place = f"layer {layer}, entity {handle}"
    linetype = str(entity.dxf.get("linetype", "BYLAYER"))
    if linetype.upper() == "BYLAYER":
        # Fusion uses layers that its file does not declare.
        linetype = str(document.layers.get(layer).dxf.get("linetype", "CONTINUOUS")) if layer in document.layers else "CONTINUOUS"
    for key, value in entity.dxfattribs().items():
        numbers = tuple(value) if hasattr(value, "xyz") else (value,) if isinstance(value, float) else ()
        if not all(abs(number) <= LARGEST for number in numbers):
            raise InputError(f"{kind} has {key} = {value}, which is not finite or beyond {LARGEST:g}", file=path, place=place)
    try:
        # Eight Bezier pieces per arc are true to 4e-6 of its radius; ezdxf's usual one per quarter only to 3e-4.
        drawn = dxf_path.make_path(entity, segments=8)
        corners = np.array([(v.x, v.y, v.z) for v in drawn.control_vertices()]).reshape(-1, 3)
        if not np.all(np.isfinite(corners)) or (len(corners) and np.max(np.abs(corners)) > LARGEST):
            raise InputError(f"{kind} has a coordinate that is not finite or beyond {LARGEST:g}", file=path, place=place)
        if len(corners) < 2:
            return None
        size = float(np.max(corners.max(axis=0) - corners.min(axis=0)))
        vertices = (
            drawn.flattening(max(chord, size * FINENESS), 4 if kind == "SPLINE" else 2) if drawn.has_curves else drawn.control_vertices()
        )
        points = np.array([(v.x, v.y) for v in islice(vertices, room + 1)])
    except READ_FAULTS as error:
        raise InputError(f"{kind} cannot be read: {fault_text(error)}", file=path, place=place) from None
    if len(points) > room:
        raise InputError("the curves have more points than the limit allows", file=path, place=place)
    points = points[np.r_[True, np.any(np.diff(points, axis=0) != 0.0, axis=1)]]
    if len(points) < 2:
        return None
    values = [tag.value for tags in entity.xdata.data.values() for tag in tags[1:]] if entity.xdata is not None else []
    note = parse_xdata((v for v in values if isinstance(v, str | float | int)), keywords) if values else None
    return Curve(points, layer, linetype, handle, is_straight(points), not drawn.has_curves, note)


def is_straight(points: Array) -> bool:
    """Whether a polyline (k, 2) runs along one line without turning back on itself to a closed ring."""
    along = points[-1] - points[0]
    length = float(np.linalg.norm(along))
    if length == 0.0:
        return False
    rest = points - points[0]
    return bool(np.max(np.abs(rest[:, 0] * along[1] - rest[:, 1] * along[0])) < 1e-5 * length * length + 1e-9 * length)
