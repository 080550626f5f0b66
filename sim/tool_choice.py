"""Which punch, which V: from thickness, material, radius, angle and the shop's stock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.model import ToolStock
from cells.tooling import Die, Punch
from core.findings import Finding
from core.units import to_deg, to_mm
from parts.sheet import SheetPart
from sim.airbend import inner_radius, rule_opening, springback

ANGLE_RESERVE = float(np.radians(1.0))
"""A tool's angle is smaller than the loaded bend's by at least this [rad]."""


@dataclass(frozen=True, eq=False, slots=True)
class ToolPair:
    """A punch over a die."""

    punch: Punch
    die: Die


def tool_pairs(part: SheetPart, stroke: int, stock: ToolStock) -> tuple[list[ToolPair], list[Finding]]:
    """Pairs that can make a stroke, best first; findings of error level when there is none.

    The V nearest the shop rule comes first; with it the punches in the shop's order, then those that are not symmetric turned round. Both tools must be sharper than the loaded bend.
    """
    bend = part.bends[part.strokes[stroke].bends[0]]
    angle = abs(bend.angle)
    loaded = angle + springback(part.material, angle, bend.radius, part.thickness)
    included = np.pi - loaded
    want = rule_opening(part.thickness)
    dies = sorted(stock.dies, key=lambda die: (abs(np.log(die.opening / want)), -die.angle))
    sharp_dies = [die for die in dies if die.angle <= included - ANGLE_RESERVE and 4.0 <= die.opening / part.thickness <= 14.0]
    sharp = [punch for punch in stock.punches if punch.angle <= included - ANGLE_RESERVE]
    punches = [*sharp, *(punch.turned() for punch in sharp if not punch.is_symmetric)]
    step = f"bend {bend.index + 1}"
    if not sharp_dies:
        return [], [
            Finding(
                "error", "no-die", f"no die in stock for {to_mm(part.thickness):g} mm sheet bent to {to_deg(angle):g} deg ({to_deg(included):.1f} deg inside under load)",
                f"add a die with V about {to_mm(want):.0f} mm and at most {to_deg(included - ANGLE_RESERVE):.0f} deg", step,
            )
        ]  # fmt: skip
    if not punches:
        return [], [
            Finding("error", "no-punch", f"no punch in stock is sharper than {to_deg(included):.1f} deg, the inside angle under load", "add an acute punch", step)
        ]  # fmt: skip
    return [ToolPair(punch, die) for die in sharp_dies[:3] for punch in punches], []


def radius_finding(part: SheetPart, stroke: int, pair: ToolPair) -> Finding | None:
    """A warning when the tools make another radius than the part was unfolded with, since its size then changes."""
    bend = part.bends[part.strokes[stroke].bends[0]]
    made = inner_radius(part.material, pair.die.opening, pair.punch.radius)
    if abs(made - bend.radius) < max(0.25 * bend.radius, 0.2e-3):
        return None
    return Finding(
        "warning", "other-radius", f"air bending over V {to_mm(pair.die.opening):g} makes an inner radius of {to_mm(made):.2f} mm; the flat was computed with {to_mm(bend.radius):.2f} mm",
        "compute the flat with the radius of the tools, or choose tools for the radius", f"bend {bend.index + 1}",
        {"radius_made_mm": round(to_mm(made), 3), "radius_flat_mm": round(to_mm(bend.radius), 3)},
    )  # fmt: skip
