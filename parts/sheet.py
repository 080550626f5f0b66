"""The sheet part: flanges joined by bends, folded exactly at any angle."""

from __future__ import annotations

from dataclasses import dataclass

from shapely import Polygon

from core.frames import Array
from parts.materials import Material


@dataclass(frozen=True, slots=True)
class Flange:
    """A flat region between bends. Its frame coincides with the sheet frame while the part is flat.

    Attributes:
        index: Position in `SheetPart.flanges`.
        polygon: Region in flat coordinates [m], bend zones cut away, with holes.
        bend: Index of the bend to its parent; None for the root.
        parent: Index of the flange nearer the root; None for the root.
    """

    index: int
    polygon: Polygon
    bend: int | None
    parent: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Bend:
    """One bend line between two flanges.

    The bend frame: origin in the middle of the line, x along the line, y from parent to child in the sheet plane, z = sheet z
    (so x = y cross z). `T_sheet_bend` gives it in flat coordinates.

    Attributes:
        index: Position in `SheetPart.bends`.
        start, end: Ends of the line in flat coordinates (2,) [m], ordered along the bend frame's x.
        angle: Target deflection from flat [rad]; positive up (towards sheet +z), negative down.
        radius: Inner radius at the target angle [m].
        allowance: Flat width of the bend zone [m], centred on the line; constant while bending.
        k_factor: Used for the allowance.
        parent, child: Flange indices.
        stroke: Index of the stroke (collinear bends made together).
        T_sheet_bend: Bend frame in flat coordinates (4, 4).
    """

    index: int
    start: Array
    end: Array
    angle: float
    radius: float
    allowance: float
    k_factor: float
    parent: int
    child: int
    stroke: int
    T_sheet_bend: Array


@dataclass(frozen=True, slots=True)
class Stroke:
    """Bends that one ram stroke makes: collinear, same angle, direction and radius.

    Attributes:
        index: Position in `SheetPart.strokes`.
        bends: Bend indices, in order along the line.
    """

    index: int
    bends: tuple[int, ...]
