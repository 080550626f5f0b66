"""Air bending: forces, radii, depths, and where both legs are while the punch goes down.

Formulas and their sources: docs/bending.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from cells.tooling import Die, Punch
from core.frames import Array, rot_x, translation
from core.units import MM
from parts.materials import Material
from parts.sheet import SheetPart

FORCE_CONSTANT = 1.42
"""F = C Rm t^2 L / V. European practice; a fit of 32 points of the Amada chart gives 1.46 (1.19 .. 1.56)."""


def bending_force(material: Material, thickness: float, opening: float, length: float) -> float:
    """Force of a 90 degree air bend [N]: F = C Rm t^2 L / V with C = `FORCE_CONSTANT`."""
    return FORCE_CONSTANT * material.tensile_strength * thickness**2 * length / opening


def natural_radius(material: Material, opening: float) -> float:
    """Inner radius an air bend takes by itself [m]: the material's share of the V opening."""
    return material.radius_ratio * opening


def inner_radius(material: Material, opening: float, punch_radius: float) -> float:
    """Inner radius of an air bend [m]: the larger of punch radius and natural radius."""
    return max(punch_radius, natural_radius(material, opening))


def rule_opening(thickness: float) -> float:
    """V opening by the shop rule [m]: 6 t up to 2.5 mm, 8 t to 8 mm, 10 t to 10 mm, 12 t above."""
    t = thickness / MM
    factor = 6 if t <= 2.5 else 8 if t <= 8 else 10 if t <= 10 else 12
    return factor * thickness


def minimum_leg(opening: float, radius: float, thickness: float) -> float:
    """Shortest outer leg that stays on the die until it is bent [m]: 0.7 V, and at least 2 t + r."""
    return max(0.7 * opening, 2 * thickness + radius)


def springback(material: Material, angle: float, radius: float, thickness: float) -> float:
    """How much a bend opens when unloaded [rad]: s (0.5 + 0.5 r/t) angle/90 deg, kept within 0.3 .. 12 degrees."""
    degrees = material.springback_90 * (0.5 + 0.5 * radius / thickness) * np.degrees(angle) / 90.0
    return float(np.radians(np.clip(degrees, 0.3, 12.0)))


def contact_half_width(die: Die) -> float:
    """Half distance of the die's shoulder-arc tangents [m]: V/2 + rs (1 - sin(va/2)) / cos(va/2)."""
    half = die.angle / 2
    return die.opening / 2 + die.shoulder * (1 - float(np.sin(half))) / float(np.cos(half))


def penetration(angle: float, radius: float, thickness: float, half_width: float, shoulder: float) -> float:
    """Depth of the punch tip below the die's top at deflection `angle` [m]; -t when flat.

    D = xs tan b + (r + rs) - (r + t + rs) / cos b with b = angle / 2: the outer face of each leg touches the shoulder arc while the inner
    arc rests on the tip.
    """
    b = angle / 2
    return float(half_width * np.tan(b) + (radius + shoulder) - (radius + thickness + shoulder) / np.cos(b))


def tip_height(part: SheetPart, bend: int, angle: float, die: Die) -> float:
    """Punch tip above the die's top [m] when a bend of the part is at deflection `angle` >= 0; the thickness when flat."""
    if angle < 1e-6:
        return part.thickness
    return -penetration(angle, part.radius_at(bend, angle), part.thickness, contact_half_width(die), die.shoulder)


def angle_at(part: SheetPart, bend: int, tip: float, die: Die, largest: float = 2.6) -> float:
    """Deflection [rad] when the tip stands at a height above the die's top; inverse of `tip_height`."""
    if tip >= part.thickness:
        return 0.0
    return float(brentq(lambda angle: tip_height(part, bend, angle, die) - tip, 0.0, largest, xtol=1e-12))


@dataclass(frozen=True, eq=False, slots=True)
class LegPoses:
    """Both legs of a bend in the brake.

    The machine's bend frame: x along the beam, y to the back gauge, z up, origin in the bending plane at the die's top. A flat point of a leg
    (x, y, z from the mid-plane) comes to T @ point.

    Attributes:
        front: Leg towards the robot (4, 4).
        rear: Leg towards the gauge (4, 4).
        tip: Height of the punch tip above the die's top [m].
    """

    front: Array
    rear: Array
    tip: float


def leg_poses(part: SheetPart, bend: int, angle: float, punch: Punch, die: Die) -> LegPoses:
    """Where the legs of a bend are at deflection `angle` >= 0: each is raised by half of it.

    The centre of the bend's arc stands in the bending plane, the inner radius above the punch's tip.
    """
    tip = tip_height(part, bend, angle, die)
    half_thickness = part.thickness / 2
    if angle < 1e-6:
        flat = translation(0.0, 0.0, half_thickness)
        return LegPoses(flat, flat, tip)
    radius = part.radius_at(bend, angle)
    middle = radius + half_thickness
    b, width = angle / 2, part.bends[bend].allowance
    # z of the tangent points: tip + r - rm cos b, written without the difference of two large numbers near flat.
    z = tip - half_thickness + middle * 2 * float(np.sin(b / 2)) ** 2
    y = middle * float(np.sin(b))
    front = translation(0.0, -y, z) @ rot_x(-b) @ translation(0.0, width / 2, 0.0)
    rear = translation(0.0, y, z) @ rot_x(b) @ translation(0.0, -width / 2, 0.0)
    return LegPoses(front, rear, tip)
