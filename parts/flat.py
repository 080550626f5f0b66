"""A flat pattern: outline, holes and bend lines, as values in metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapely import Polygon

from core.findings import Finding
from core.frames import Array


@dataclass(frozen=True, eq=False, slots=True)
class BendLine:
    """One straight line along which one piece of material bends.

    Attributes:
        start, end: (2,) [m], on the outline's boundary.
        angle: Deflection from flat [rad], a magnitude; None when the file does not say.
        direction: `up` (towards +z) or `down`; None when the file does not say.
        radius: Inner radius [m]; None when the file does not say.
        place: Layer and handle in the file.
    """

    start: Array
    end: Array
    angle: float | None = None
    direction: Literal["up", "down"] | None = None
    radius: float | None = None
    place: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class FlatPattern:
    """What a flat drawing says.

    Attributes:
        name: Of the part.
        outline: Sheet region with holes [m].
        bend_lines: One per piece of material that bends.
        findings: What was mended, doubted or wrong.
        source: File name.
    """

    name: str
    outline: Polygon
    bend_lines: tuple[BendLine, ...]
    findings: tuple[Finding, ...] = ()
    source: str = ""
