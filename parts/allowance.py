"""How much flat length a bend takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.errors import InputError
from core.units import to_deg, to_mm


class AllowanceRule(Protocol):
    """Flat width of a bend zone."""

    def allowance(self, angle: float, radius: float, thickness: float) -> float:
        """Bend allowance [m] of a bend of `angle` > 0 [rad] from flat with inner `radius` [m] in sheet of `thickness` [m]."""


@dataclass(frozen=True, slots=True)
class KFactor:
    """BA = angle (r + K t)."""

    k: float = 0.42

    def allowance(self, angle: float, radius: float, thickness: float) -> float:
        """See `AllowanceRule`."""
        return angle * (radius + self.k * thickness)


@dataclass(frozen=True, slots=True)
class Din6935:
    """DIN 6935: k = 0.65 + 0.5 log10(r/t), at most 1; BA = angle (r + k t / 2), so K = k / 2."""

    def allowance(self, angle: float, radius: float, thickness: float) -> float:
        """See `AllowanceRule`. A sharp inner radius counts as a tenth of the thickness, where k is 0.15."""
        ratio = max(radius / thickness, 0.1)
        k = min(1.0, 0.65 + 0.5 * float(np.log10(ratio)))
        return angle * (radius + k * thickness / 2)


@dataclass(frozen=True, slots=True)
class BendTableRow:
    """One measured bend.

    Attributes:
        thickness, radius: [m]
        angle: From flat [rad].
        allowance: Measured flat width [m].
    """

    thickness: float
    radius: float
    angle: float
    allowance: float


@dataclass(frozen=True, slots=True)
class BendTable:
    """A shop's own measurements: thickness and radius must match to 0.02 mm, the angle is interpolated over at most 10 degrees."""

    rows: tuple[BendTableRow, ...]

    def allowance(self, angle: float, radius: float, thickness: float) -> float:
        """See `AllowanceRule`; raises `InputError` listing what the table has when no rows fit."""
        near = sorted(
            (row for row in self.rows if abs(row.thickness - thickness) < 2e-5 and abs(row.radius - radius) < 2e-5),
            key=lambda row: row.angle,
        )
        below = [row for row in near if row.angle <= angle + 1e-9]
        above = [row for row in near if row.angle >= angle - 1e-9]
        if below and above and above[0].angle - below[-1].angle <= np.radians(10) + 1e-9:
            low, high = below[-1], above[0]
            if high.angle == low.angle:
                return low.allowance
            share = (angle - low.angle) / (high.angle - low.angle)
            return low.allowance + share * (high.allowance - low.allowance)
        has = ", ".join(f"t {to_mm(r.thickness):g} r {to_mm(r.radius):g} {to_deg(r.angle):g} deg" for r in self.rows) or "nothing"
        raise InputError(
            f"the bend table has no row for t {to_mm(thickness):g} mm, r {to_mm(radius):g} mm, {to_deg(angle):g} deg (angles may lie 10 deg apart); it has: {has}"
        )
