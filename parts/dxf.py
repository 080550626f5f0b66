"""Flat patterns from DXF files: outline, holes, bend lines; what is wrong is said with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ezdxf import filemanagement, recover
from ezdxf import path as dxf_path
from ezdxf.lldxf.const import DXFError
from shapely import LineString, Point, Polygon, STRtree, polygonize, unary_union
from shapely.ops import substring

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from parts.dxf_conventions import KNOWN, Note, Role, layer_role, linetype_role, parse_note
from parts.flat import BendLine, FlatPattern

UNITS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "inch": 25.4e-3, "ft": 0.3048}
_INSUNITS = {1: "inch", 2: "ft", 4: "mm", 5: "cm", 6: "m"}
SNAP = 1e-5
"""Ends closer than this are one point [m]."""
CHORD = 1e-5
"""Largest distance of an arc from its chords [m]."""
END_REACH = 1.5e-3
"""A bend line that stops this short of the outline is carried on to it [m]."""
PLAUSIBLE = (5e-3, 6.0)
"""Sizes of a sheet that are believed [m]."""
SHAPES = ("LINE", "ARC", "CIRCLE", "ELLIPSE", "LWPOLYLINE", "POLYLINE", "SPLINE")


@dataclass(frozen=True, slots=True)
class DxfLimits:
    """What is read at most."""

    bytes: int = 60_000_000
    entities: int = 100_000
    block_depth: int = 8


@dataclass(frozen=True, eq=False, slots=True)
class _Curve:
    """One entity as a polyline (k, 2) in file units."""

    points: Array
    layer: str
    linetype: str
    handle: str
    straight: bool

    @property
    def place(self) -> str:
        return f"layer {self.layer}, entity {self.handle}"


def read_dxf(file: str | Path, *, units: str | None = None, limits: DxfLimits | None = None) -> FlatPattern:
    """Reads a flat pattern.

    Args:
        file: The DXF file.
        units: `mm`, `cm`, `m`, `inch` or `ft`: overrides what the file says.
        limits: Upper bounds.

    Raises:
        InputError: When the file cannot be used at all. What is wrong with a readable drawing comes as findings of error level.
    """
    path = Path(file)
    bounds = limits or DxfLimits()
    if units is not None and units not in UNITS:
        raise InputError(f"unknown unit '{units}'; valid: {', '.join(UNITS)}", file=path)
    document = _document(path, bounds)
    curves, notes = _curves(document, path, bounds)
    if not curves:
        raise InputError("the drawing has no lines, arcs or curves in model space", file=path)
    findings: list[Finding] = []
    scale = _scale(document, curves, units, findings)
    return _assemble(path, curves, notes, scale, findings)


def _document(path: Path, limits: DxfLimits) -> Any:
    if not path.is_file():
        raise InputError("no such file", file=path)
    size = path.stat().st_size
    if size == 0:
        raise InputError("the file is empty", file=path)
    if size > limits.bytes:
        raise InputError(f"file has {size} bytes; the limit is {limits.bytes}", file=path)
    data = path.read_bytes()
    # Entities are counted as text, so that a huge file is refused before a document is built from it.
    count = len(
        re.findall(rb"\n\s*0\s*\r?\n\s*(?:LINE|ARC|CIRCLE|ELLIPSE|LWPOLYLINE|POLYLINE|VERTEX|SPLINE|INSERT|POINT|TEXT|MTEXT)\b", data)
    )
    if count > limits.entities:
        raise InputError(f"the drawing has {count} entities; the limit is {limits.entities}", file=path)
    if not data.startswith(b"AutoCAD Binary DXF") and b"SECTION" not in data[:4096]:
        raise InputError("not a DXF file", file=path)
    try:
        return filemanagement.readfile(str(path))
    except (DXFError, OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, UnicodeError, StopIteration):
        pass
    try:
        document, _ = recover.readfile(str(path))
    except (
        DXFError,
        OSError,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        UnicodeError,
        StopIteration,
        RecursionError,
    ) as error:
        raise InputError(f"not a readable DXF file: {error}", file=path) from None
    return document


def _curves(document: Any, path: Path, limits: DxfLimits) -> tuple[list[_Curve], list[Note]]:
    curves: list[_Curve] = []
    notes: list[Note] = []
    for count, entity in enumerate(_entities(document.modelspace(), path, limits.block_depth)):
        if count > limits.entities:
            raise InputError(f"more than {limits.entities} entities after blocks are resolved", file=path)
        kind = entity.dxftype()
        if kind in ("TEXT", "MTEXT"):
            insert = entity.dxf.insert
            text = entity.plain_text() if kind == "TEXT" else entity.text
            note = parse_note(text, insert.x, insert.y)
            if note is not None:
                notes.append(note)
            continue
        if kind not in SHAPES:
            continue
        handle = str(entity.dxf.handle or "?")
        layer = str(entity.dxf.layer)
        linetype = str(entity.dxf.get("linetype", "BYLAYER"))
        if linetype.upper() == "BYLAYER":
            table = document.layers.get(layer) if layer in document.layers else None
            linetype = str(table.dxf.get("linetype", "CONTINUOUS")) if table is not None else "CONTINUOUS"
        try:
            curve = dxf_path.make_path(entity)
            # Flattened in file units; a thousandth of a unit is finer than CHORD for mm and coarser files are rare.
            points = np.array(
                [(v.x, v.y, v.z) for v in curve.flattening(5e-3 if _INSUNITS.get(document.header.get("$INSUNITS", 0)) != "inch" else 2e-4)]
            )
        except (DXFError, ValueError, TypeError, ArithmeticError, IndexError, AttributeError) as error:
            raise InputError(f"{kind} cannot be read: {error}", file=path, place=f"layer {layer}, entity {handle}") from None
        if len(points) < 2:
            continue
        if not np.all(np.isfinite(points)) or np.max(np.abs(points)) > 1e7:
            raise InputError(
                f"{kind} has a coordinate that is not finite or beyond 1e7", file=path, place=f"layer {layer}, entity {handle}"
            )
        flat = points[:, :2]
        length = float(np.linalg.norm(flat[-1] - flat[0]))
        chord = (
            np.abs(np.cross(np.c_[flat - flat[0], np.zeros(len(flat))], [*(flat[-1] - flat[0]), 0.0])[:, 2]) if length > 0 else np.ones(1)
        )
        straight = length > 0 and bool(np.max(chord) < 1e-3 * length * 1e-2 + 1e-9)
        curves.append(_Curve(flat, layer, linetype, handle, straight))
    return curves, notes


def _entities(container: Any, path: Path, depth: int) -> Iterator[Any]:
    for entity in container:
        if entity.dxftype() != "INSERT":
            yield entity
            continue
        if depth == 0:
            raise InputError("blocks are nested too deeply or contain themselves", file=path, place=f"block {entity.dxf.name}")
        try:
            inner = list(entity.virtual_entities())
        except (DXFError, ValueError, RecursionError) as error:
            raise InputError(f"block cannot be resolved: {error}", file=path, place=f"block {entity.dxf.name}") from None
        yield from _entities(inner, path, depth - 1)


def _scale(document: Any, curves: list[_Curve], units: str | None, findings: list[Finding]) -> float:
    """Metres per file unit: the option, or what the file says if the sheet's size is then believable."""
    if units is not None:
        return UNITS[units]
    points = np.concatenate([curve.points for curve in curves])
    size = float(np.max(points.max(axis=0) - points.min(axis=0)))
    said = _INSUNITS.get(int(document.header.get("$INSUNITS", 0) or 0))

    def believable(name: str) -> bool:
        return PLAUSIBLE[0] <= size * UNITS[name] <= PLAUSIBLE[1]

    if said is None:
        findings.append(
            Finding("info", "units-assumed", f"the file states no unit; {size:.4g} units are read as mm", "give --units if that is wrong")
        )
        return UNITS["mm"]
    if believable(said) and not (said == "inch" and size > 100):
        return UNITS[said]
    other = next((name for name in ("mm", "inch", "cm", "m") if name != said and believable(name)), said)
    findings.append(
        Finding(
            "warning", "units-lie", f"the file says {said}, which makes the sheet {size * UNITS[said]:.2f} m long; it is read as {other}: {size * UNITS[other] * 1e3:.1f} mm",
            f"give --units {said} if the file is right", data={"said": said, "read_as": other},
        )
    )  # fmt: skip
    return UNITS[other]


def _assemble(path: Path, curves: list[_Curve], notes: list[Note], scale: float, findings: list[Finding]) -> FlatPattern:
    roles = [_role(curve) for curve in curves]
    cut = [curve for curve, role in zip(curves, roles, strict=True) if role == "outline"]
    if not cut:
        layers = ", ".join(sorted({curve.layer for curve in curves}))
        raise InputError(f"no outline: every curve lies on a layer of bends or marks ({layers})", file=path)
    outline = _outline(path, cut, scale, findings)
    marked = [(curve, role) for curve, role in zip(curves, roles, strict=True) if role.startswith("bend")]
    lines: list[BendLine] = []
    for curve, role in marked:
        lines += _bend_lines(curve, role, outline, scale, findings)
    lines = _without_doubles(lines)
    lines = [_noted(line, notes, scale) for line in lines]
    if not lines:
        on = ", ".join(sorted({curve.layer for curve in curves}))
        findings.append(
            Finding(
                "error", "no-bend-lines", f"{path.name} has no bend lines; its layers are: {on}",
                f"put bend lines on a layer that says so ({KNOWN})", "part", {"layers": sorted({curve.layer for curve in curves})},
            )
        )  # fmt: skip
    findings += _crossings(lines)
    return FlatPattern(path.stem, outline, tuple(lines), tuple(findings), path.name)


def _role(curve: _Curve) -> Role:
    by_layer = layer_role(curve.layer)
    if by_layer is not None:
        return by_layer
    if curve.straight and linetype_role(curve.linetype) == "bend":
        return "bend"
    return "outline"


def _mm(point: Any) -> str:
    x, y = (float(v) for v in point)
    return f"({x * 1e3:.2f}, {y * 1e3:.2f}) mm"


def _outline(path: Path, curves: list[_Curve], scale: float, findings: list[Finding]) -> Polygon:
    """The largest closed region, with the regions inside it as holes."""
    snapped = [LineString(np.round(curve.points * scale / SNAP) * SNAP) for curve in curves if len(curve.points) > 1]
    network = unary_union(snapped)
    faces = [face for face in polygonize([network]).geoms if face.area > 1e-10]
    loose = _loose_ends(snapped)
    if not faces:
        ends = ", ".join(_mm(point) for point in loose[:4]) or "none found"
        raise InputError(f"the outline is not closed; loose ends: {ends}", file=path, place=_mm(loose[0]) if loose else None)
    shells = unary_union([Polygon(face.exterior) for face in faces])
    parts = sorted((part for part in getattr(shells, "geoms", (shells,)) if isinstance(part, Polygon)), key=lambda part: -part.area)
    outer = Polygon(parts[0].exterior)
    strays = [part for part in parts[1:] if part.area > 0.02 * outer.area]
    if strays:
        boxes = "; ".join(f"{_mm(part.bounds[:2])} to {_mm(part.bounds[2:])}" for part in (parts[0], *strays)[:5])
        raise InputError(f"the drawing has {len(strays) + 1} separate parts; one file is one part. They lie at {boxes}", file=path)
    if loose:
        inside = [point for point in loose if outer.buffer(1e-4).contains(Point(point))]
        outside = [point for point in loose if not outer.buffer(1e-4).contains(Point(point))]
        for where, points in (("inside", inside), ("outside", outside)):
            if points:
                findings.append(
                    Finding(
                        "warning",
                        "open-curve",
                        f"{len(points)} loose curve ends {where} the outline, the first at {_mm(points[0])}; those curves are left out",
                        "close them or delete them",
                        "part",
                    )
                )
    # A face is a hole when it lies inside the outer ring and is not sheet: rings alternate from the outside in.
    rings = sorted((Polygon(face.exterior) for face in faces), key=lambda ring: -ring.area)
    closed = _closed_loops(snapped)
    holes = [ring for ring in closed if ring.area < outer.area * 0.999 and outer.buffer(1e-7).contains(ring)]
    holes = holes or [
        ring for ring in rings if ring.area < outer.area * 0.999 and outer.contains(ring) and not ring.touches(outer.exterior)
    ]
    top = [hole for hole in holes if not any(other is not hole and other.area > hole.area and other.contains(hole) for other in holes)]
    nested = len(holes) - len(top)
    if nested:
        findings.append(
            Finding(
                "warning",
                "nested-hole",
                f"{nested} closed curves lie inside holes; they are left out",
                "delete loose pieces inside cut-outs",
                "part",
            )
        )
    sheet = outer.difference(unary_union(top)) if top else outer
    if not isinstance(sheet, Polygon):
        raise InputError("the outline and its holes cut the sheet into several pieces", file=path)
    return sheet


def _closed_loops(lines: list[LineString]) -> list[Polygon]:
    """Polygons of curves and chains of curves whose ends meet: outline and holes, whether or not they touch each other."""
    merged = unary_union(lines)
    return [Polygon(face.exterior) for face in polygonize([merged]).geoms if face.area > 1e-10]


def _loose_ends(lines: list[LineString]) -> list[tuple[float, float]]:
    ends = [end for line in lines if not line.is_ring for end in (line.coords[0], line.coords[-1])]
    if not ends:
        return []
    tree = STRtree(lines)
    loose = []
    for index, line in enumerate(lines):
        if line.is_ring:
            continue
        for end in (line.coords[0], line.coords[-1]):
            near = [i for i in tree.query(Point(end).buffer(3 * SNAP)) if i != index and lines[i].distance(Point(end)) < 3 * SNAP]
            if not near:
                loose.append((float(end[0]), float(end[1])))
    return loose


def _bend_lines(curve: _Curve, role: Role, outline: Polygon, scale: float, findings: list[Finding]) -> list[BendLine]:
    """The stretches of a drawn line that lie on sheet, from boundary to boundary; holes do not interrupt them."""
    start, end = curve.points[0] * scale, curve.points[-1] * scale
    length = float(np.linalg.norm(end - start))
    if not curve.straight:
        findings.append(
            Finding(
                "error",
                "curved-bend",
                f"the bend at {_mm(start)} is not a straight line",
                "a press brake bends along straight lines only",
                "part",
                {"place": curve.place},
            )
        )
        return []
    if length < 1e-4:
        return []
    along = (end - start) / length
    longer = LineString([start - along * END_REACH, end + along * END_REACH])
    filled = Polygon(outline.exterior)
    inside = longer.intersection(filled)
    pieces = [piece for piece in getattr(inside, "geoms", (inside,)) if isinstance(piece, LineString) and piece.length > 1e-3]
    drawn = LineString([start, end])
    pieces = [piece for piece in pieces if piece.intersection(drawn.buffer(1e-6)).length > 0.5 * min(piece.length, END_REACH)]
    if not pieces:
        findings.append(
            Finding(
                "error",
                "bend-off-sheet",
                f"the bend line {_mm(start)} to {_mm(end)} does not lie on the sheet",
                "move it or delete it",
                "part",
                {"place": curve.place},
            )
        )
        return []
    direction: Literal["up", "down"] | None = "up" if role == "bend-up" else "down" if role == "bend-down" else None
    out = []
    for piece in pieces:
        a, b = np.array(piece.coords[0]), np.array(piece.coords[-1])
        # A line that ends inside the sheet does not cut it in two.
        open_ends = [point for point in (a, b) if filled.exterior.distance(Point(point)) > 1e-5]
        if open_ends:
            findings.append(
                Finding(
                    "error", "bend-stops-short", f"the bend line {_mm(a)} to {_mm(b)} ends inside the sheet at {_mm(open_ends[0])}; it does not cut the sheet in two",
                    "draw it from edge to edge, or cut a slot at its end", "part", {"place": curve.place},
                )
            )  # fmt: skip
        out.append(BendLine(a, b, None, direction, None, curve.place))
    return out


def _without_doubles(lines: list[BendLine]) -> list[BendLine]:
    """Lines drawn twice count once."""
    kept: list[BendLine] = []
    for line in lines:
        shape = LineString([line.start, line.end])
        if not any(shape.hausdorff_distance(LineString([other.start, other.end])) < 1e-4 for other in kept):
            kept.append(line)
    return kept


def _noted(line: BendLine, notes: list[Note], scale: float) -> BendLine:
    """Angle, direction and radius from the nearest note; one note may serve several collinear lines."""
    if not notes:
        return line
    along = (line.end - line.start) / np.linalg.norm(line.end - line.start)
    normal = np.array([-along[1], along[0]])
    reach = max(float(np.linalg.norm(line.end - line.start)), 0.05)

    def distance(note: Note) -> float:
        p = np.array([note.x, note.y]) * scale - (line.start + line.end) / 2
        return float(math.hypot(4 * (p @ normal), p @ along))

    nearest = min(notes, key=distance)
    if distance(nearest) > 2 * reach:
        return line
    radius = None if nearest.radius is None else nearest.radius * scale
    return replace(line, angle=math.radians(nearest.angle_deg), direction=nearest.direction, radius=radius)


def _crossings(lines: list[BendLine]) -> list[Finding]:
    out = []
    shapes = [LineString([line.start, line.end]) for line in lines]
    for i, a in enumerate(shapes):
        for k in range(i + 1, len(shapes)):
            point = a.intersection(shapes[k])
            if (
                isinstance(point, Point)
                and not point.is_empty
                and min(substring(s, 0.05, 0.95, normalized=True).distance(point) for s in (a, shapes[k])) < 1e-6
            ):
                out.append(
                    Finding(
                        "error",
                        "bends-cross",
                        f"bend lines {i + 1} and {k + 1} cross at {_mm(point.coords[0])}",
                        "cut a relief where they meet, or delete one",
                        "part",
                    )
                )
    return out


__all__ = ["DxfLimits", "read_dxf"]
