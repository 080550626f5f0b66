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


SAME = 2e-5
"""Thicknesses and radii that differ by less are one [m]."""
MOST_SHOWN = 20
ANGLES_APART = np.radians(10) + 1e-9
"""Between rows that lie further apart nothing is interpolated; radii may lie one thickness apart."""


@dataclass(frozen=True, slots=True)
class BendTable:
    """A shop's own measurements: the thickness must match, between radii and angles that lie near each other the flat width is interpolated linearly, in which it is nearly linear
    (angle x (radius + K x thickness))."""

    rows: tuple[BendTableRow, ...]
    name: str = "the bend table"

    def allowance(self, angle: float, radius: float, thickness: float) -> float:
        """See `AllowanceRule`; raises `InputError` listing what the table has for this thickness when no rows fit."""
        rows = sorted((row for row in self.rows if abs(row.thickness - thickness) < SAME), key=lambda row: (row.radius, row.angle))
        by_radius: dict[float, list[BendTableRow]] = {}
        for row in rows:
            known = next((key for key in by_radius if abs(key - row.radius) < SAME), row.radius)
            by_radius.setdefault(known, []).append(row)
        fitting = [(key, found) for key, group in by_radius.items() if (found := _at_angle(group, angle)) is not None]
        below = [one for one in fitting if one[0] <= radius]
        above = [one for one in fitting if one[0] >= radius]
        if below and above and above[0][0] - below[-1][0] <= thickness + SAME:
            (r0, w0), (r1, w1) = below[-1], above[0]
            return w0 if r1 == r0 else w0 + (radius - r0) / (r1 - r0) * (w1 - w0)
        # At the end of the table a rounded radius is that of the row.
        for key, found in fitting:
            if abs(key - radius) < SAME:
                return found
        raise InputError(
            f"{self.name} has no row for t {to_mm(thickness):.4g} mm, r {to_mm(radius):.4g} mm, {to_deg(angle):.4g} deg, nor rows on both sides of it "
            f"(angles at most 10 deg, radii at most one thickness apart); it has: {self._told(rows)}"
        )

    def _told(self, rows: list[BendTableRow]) -> str:
        if not rows:
            return f"thicknesses {', '.join(f'{t:g}' for t in sorted({round(to_mm(row.thickness), 3) for row in self.rows}))} mm"
        shown = [f"r {to_mm(row.radius):g} {to_deg(row.angle):.4g} deg" for row in rows[:MOST_SHOWN]]
        return ", ".join(shown) + (f" and {len(rows) - MOST_SHOWN} more" if len(rows) > MOST_SHOWN else "")


def _at_angle(rows: list[BendTableRow], angle: float) -> float | None:
    """Flat width at an angle, of rows of one thickness and radius."""
    rows = sorted(rows, key=lambda row: row.angle)
    below = [row for row in rows if row.angle <= angle + 1e-9]
    above = [row for row in rows if row.angle >= angle - 1e-9]
    if not below or not above or above[0].angle - below[-1].angle > ANGLES_APART:
        return None
    low, high = below[-1], above[0]
    share = 0.0 if high.angle - low.angle < 1e-9 else (angle - low.angle) / (high.angle - low.angle)
    return low.allowance + share * (high.allowance - low.allowance)
