"""Press-brake tools as sections extruded to segments, and how they stand on the beam."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.frames import Array

TURNED = ", turned"
"""Ends the name of a punch that is mounted the other way round."""


@dataclass(frozen=True, eq=False, slots=True)
class Punch:
    """An upper tool as a section (y towards the back gauge, z up, origin at the tip).

    Attributes:
        name: Catalogue name.
        style: `straight`, `gooseneck`, `acute` or `user`.
        section: Outline (k, 2) [m], counter-clockwise, tip at (0, 0), tang not included: top edge is the upper tool seat.
        height: Tip to seat [m].
        angle: Included angle of the tip [rad].
        radius: Tip radius [m].
        rating: Largest force per length [N/m].
    """

    name: str
    style: Literal["straight", "gooseneck", "acute", "user"]
    section: Array
    height: float
    angle: float
    radius: float
    rating: float

    @property
    def stock_name(self) -> str:
        """The tool in the shop: its name, however it is mounted."""
        return self.name.removesuffix(TURNED)

    @property
    def is_symmetric(self) -> bool:
        """Whether it is the same mounted either way round."""
        rows = {tuple(row) for row in np.round(self.section, 6) + 0.0}
        return rows == {(-y + 0.0, z) for y, z in rows}

    def turned(self) -> Punch:
        """The same tool mounted the other way round: a gooseneck's throat then looks to the back gauge."""
        return replace(self, name=self.name + TURNED, section=(self.section * (-1.0, 1.0))[::-1])


@dataclass(frozen=True, eq=False, slots=True)
class Die:
    """A lower tool as a section (y towards the back gauge, z up, origin in the middle of the V at the top face).

    Attributes:
        name: Catalogue name.
        section: Outline (k, 2) [m], counter-clockwise, the V cut in; bottom edge is the lower tool seat.
        height: Top face to seat [m].
        opening: V opening [m], between the shoulders' tangent points at the top face.
        angle: Included V angle [rad].
        shoulder: Shoulder radius [m].
        rating: Largest force per length [N/m].
    """

    name: str
    section: Array
    height: float
    opening: float
    angle: float
    shoulder: float
    rating: float

    @property
    def stock_name(self) -> str:
        """The tool in the shop."""
        return self.name


@dataclass(frozen=True, eq=False, slots=True)
class ToolStation:
    """Tools that stand together on the beam.

    Attributes:
        index: 0, 1, ... from left to right.
        punch, die: The tools.
        x_start: Left end on the beam [m], x = 0 in the middle.
        punch_segments: Lengths [m], left to right.
        die_segments: Lengths [m], left to right.
    """

    index: int
    punch: Punch
    die: Die
    x_start: float
    punch_segments: tuple[float, ...]
    die_segments: tuple[float, ...]

    @property
    def length(self) -> float:
        """Punch length [m]."""
        return sum(self.punch_segments)

    @property
    def x_middle(self) -> float:
        """Middle of the station on the beam [m]."""
        return self.x_start + self.length / 2


@dataclass(frozen=True, eq=False, slots=True)
class ToolSetup:
    """All stations of a job; punches share one height, dies share one height (or the brake could not close evenly)."""

    stations: tuple[ToolStation, ...]

    @property
    def punch_height(self) -> float:
        """Of the highest punch [m]."""
        return max(station.punch.height for station in self.stations)

    @property
    def die_height(self) -> float:
        """Of the highest die [m]."""
        return max(station.die.height for station in self.stations)
