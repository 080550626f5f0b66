"""What the back gauge's fingers touch: a straight edge of the rear flange, or the face of a flange already bent up there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from shapely import Point

from cells.model import Brake
from core.frames import Array, apply
from parts.sheet import SheetPart

STRAIGHT = float(np.radians(0.3))
"""An edge counts as parallel to the beam within this [rad]."""
FINGER_GAP = 1e-4
"""Gap between a finger and the die's top [m]."""
BEGINS = 0.012
"""A flange whose face is gauged begins within this of the sheet's height: that is its bend's radius and a little [m]."""
SHORTEST = 0.006
"""Shortest edge a finger can stop against [m]."""


@dataclass(frozen=True, slots=True)
class Gauging:
    """Where the fingers stand: joint values [m] of the gauge, and what they touch."""

    gauge_x: float
    gauge_r: float
    gauge_z1: float
    gauge_z2: float
    contact: Literal["edge", "flange face"]


@dataclass(frozen=True, slots=True)
class Contact:
    """Something straight that fingers can stop against, in the brake frame.

    Attributes:
        y: Distance behind the line [m].
        x0, x1: From where to where along the beam [m].
        z0, z1: Heights in which it is straight [m].
        kind: The sheet's own edge, or the outer face of a flange that stands or hangs there.
    """

    y: float
    x0: float
    x1: float
    z0: float
    z1: float
    kind: Literal["edge", "flange face"]


def flange_contacts(part: SheetPart, flange: int, T_brake_flange: Array, sheet_height: float) -> list[Contact]:
    """What fingers can touch of one flange behind the bending plane.

    Args:
        part: The part.
        flange: Index of the flange.
        T_brake_flange: Its pose in the brake frame (4, 4) when the stroke's line lies on the die.
        sheet_height: Mid-plane of the lying sheet above the lower tool seat [m].
    """
    return _edges(part, flange, T_brake_flange, sheet_height) + _faces(part, flange, T_brake_flange, sheet_height)


def choose_contact(contacts: list[Contact], sheet_height: float, thickness: float, brake: Brake) -> Gauging | str:
    """Finger positions against the best of several contacts, or why there are none.

    The longest straight contact is the surest; of equals the nearest.
    """
    lower, upper = (
        dict(zip(brake.mechanism.joint_names, limits, strict=True)) for limits in (brake.mechanism.lower, brake.mechanism.upper)
    )
    reasons = []
    for contact in sorted(contacts, key=lambda c: (-round(c.x1 - c.x0, 3), c.y, c.x0)):
        if not lower["gauge_x"] <= contact.y <= upper["gauge_x"]:
            reasons.append(
                f"the edge {contact.y * 1e3:.1f} mm behind the line is outside the gauge's {lower['gauge_x'] * 1e3:g}..{upper['gauge_x'] * 1e3:g} mm"
            )
            continue
        length = contact.x1 - contact.x0
        apart = brake.finger_width + 0.01
        middle = (contact.x0 + contact.x1) / 2
        spread = max((length - brake.finger_width) / 2 * 0.8, 0.0)
        if 2 * spread < apart:
            # One finger stops the sheet, the other waits beside it.
            z1, z2 = middle, middle + apart if middle <= 0 else middle - apart
            z1, z2 = min(z1, z2), max(z1, z2)
        else:
            z1, z2 = middle - spread, middle + spread
        if z1 < lower["gauge_z1"] or z2 > upper["gauge_z2"]:
            reasons.append(f"the fingers would stand at {z1 * 1e3:.0f} and {z2 * 1e3:.0f} mm, beyond their travel")
            continue
        height = _finger_height(contact, sheet_height, thickness, brake)
        if height is None:
            reasons.append(f"the flange face {contact.y * 1e3:.1f} mm behind the line is too low for the fingers")
            continue
        if not lower["gauge_r"] <= height <= upper["gauge_r"]:
            reasons.append(
                f"the fingers would stand at R {height * 1e3:.1f} mm, outside {lower['gauge_r'] * 1e3:g}..{upper['gauge_r'] * 1e3:g} mm"
            )
            continue
        return Gauging(contact.y, height, float(z1), float(z2), contact.kind)
    return reasons[0] if reasons else "no straight edge of the sheet is parallel to the beam behind the line"


def _finger_height(contact: Contact, sheet_height: float, thickness: float, brake: Brake) -> float | None:
    """Middle of the stop faces above the lower tool seat [m]; None when less than half of a stop face would touch.

    Against an edge or a standing flange the stop face begins just above the die, so that a finger over the die does not touch it; against a hanging
    flange it ends where the flange begins.
    """
    half = brake.finger_height / 2
    level = sheet_height - thickness / 2 + half + FINGER_GAP
    if contact.kind == "edge":
        return level
    height = max(level, contact.z0 + half) if contact.z1 > sheet_height else contact.z1 - half
    return height if contact.z0 <= height <= contact.z1 else None


def _edges(part: SheetPart, flange: int, T: Array, height: float) -> list[Contact]:
    """Straight free edges of a level flange at sheet height that face the gauge."""
    polygon = part.flanges[flange].polygon
    if abs(abs(T[2, 2]) - 1.0) > 1e-6 or abs(apply(T, [[*polygon.representative_point().coords[0], 0.0]])[0, 2] - height) > 1e-5:
        return []
    ring = np.asarray(polygon.exterior.simplify(2e-5).coords)
    points = apply(T, np.c_[ring, np.zeros(len(ring))])[:, :2]
    middle = points[:-1].mean(axis=0)
    free = part.flat.outline.exterior
    found = []
    for (a, b), (fa, fb) in zip(zip(points[:-1], points[1:], strict=True), zip(ring[:-1], ring[1:], strict=True), strict=True):
        d = b - a
        length = float(np.linalg.norm(d))
        if length < SHORTEST or abs(d[1]) > np.sin(STRAIGHT) * length or (a[1] + b[1]) / 2 < middle[1]:
            continue
        # Only edges of the sheet, not of a bend zone.
        if free.distance(Point(*((fa + fb) / 2))) > 5e-5:
            continue
        half = part.thickness / 2
        found.append(
            Contact(float((a[1] + b[1]) / 2), float(min(a[0], b[0])), float(max(a[0], b[0])), height - half, height + half, "edge")
        )
    return found


def _faces(part: SheetPart, flange: int, T: Array, height: float) -> list[Contact]:
    """The outer face of a flange that stands or hangs steeply behind the line, beginning near the height of the sheet."""
    if abs(T[2, 2]) > np.sin(np.radians(25.0)):
        return []
    points = np.concatenate([apply(T, hull) for hull in part.flange_hulls(flange)])
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    stands, hangs = high > height and low <= height + BEGINS, low < height and high >= height - BEGINS
    if not (stands or hangs) or points[:, 1].min() < 0:
        return []
    root = low if stands else high
    near = points[np.abs(points[:, 2] - root) < BEGINS]
    x0, x1 = float(near[:, 0].min()), float(near[:, 0].max())
    if abs(T[0, 2]) > np.sin(STRAIGHT) or x1 - x0 < SHORTEST:
        return []
    return [Contact(float(near[:, 1].max()), x0, x1, low, high, "flange face")]
