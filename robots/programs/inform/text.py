"""How INFORM writes numbers: poses, speeds, position levels, comments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from core.frames import Array
from robots.programs.settings import InformSettings
from robots.programs.text import ascii_text, number

LONGEST_LINE = 32
"""Letters in a comment, in `///COMM` and in a message."""


def pose_fields(T: Array) -> str:
    """X,Y,Z [mm, three decimals] and Rx,Ry,Rz [deg, four] of a pose: R = Rz Ry Rx. At Ry = +-90 Rx is 0.

    Each angle is found after the one before it was rounded, so what rounding Rx leaves near Ry = +-90 goes into Rz: the orientation is true to
    sqrt(3) half steps, 0.00009 deg, everywhere.
    """
    R = T[:3, :3]
    if math.hypot(R[0, 0], R[1, 0]) < 1e-9:
        angles = (0.0, math.copysign(90.0, -R[2, 0]), math.degrees(math.atan2(-R[0, 1], R[1, 1])))
    else:
        rx = round(math.degrees(math.atan2(R[2, 1], R[2, 2])), 4)
        c, s = math.cos(math.radians(rx)), math.sin(math.radians(rx))
        # Turned back by Rx, what is left is Rz Ry.
        y_axis, z_axis = R[:, 1] * c - R[:, 2] * s, R[:, 1] * s + R[:, 2] * c
        angles = (rx, math.degrees(math.atan2(-R[2, 0], z_axis[2])), math.degrees(math.atan2(-y_axis[0], y_axis[1])))
    return ",".join((*(number(value * 1e3, 3) for value in T[:3, 3]), *(number(angle, 4) for angle in angles)))


def speed_field(speed: float, settings: InformSettings) -> str:
    """`V=` in the controller's unit, for a speed [m/s]; one decimal."""
    return f"V={number(speed * (1e3 if settings.speed_unit == 'mm/s' else 6e3), 1)}"


@dataclass(frozen=True, slots=True)
class Corner:
    """A corner between two straight ways: change of direction [rad], lengths of the ways before and behind it [m]."""

    turned: float
    before: float
    after: float


def corner_level(blend: float, corner: Corner | None, settings: InformSettings) -> int:
    """The widest position level whose rounding stays within `blend` [m] of the corner and begins in the second half of the shorter way; where no level is
    so small, the smallest that stays within `blend`; 0: stop.

    A level begins to round `z` before the corner. Whatever curve follows, the way has been exact until then, so it passes the corner within `z`.
    Where both sides are straight, the curve lies in the triangle of the corner and the points up to `z` before and behind it (but not beyond the
    ends of the two ways), so it passes the corner within the triangle's height over the side between those points.

    Args:
        blend: [m]
        corner: None: not known, or a side is not straight.
        settings: With the levels.
    """
    half = math.inf if corner is None else min(corner.before, corner.after) * 1e3 / 2
    fitting = []
    for i, z in enumerate(settings.position_levels_mm, 1):
        passes = z if corner is None else _height(min(z, corner.before * 1e3), min(z, corner.after * 1e3), corner.turned)
        if passes <= blend * 1e3 + 1e-9:
            fitting.append((z, i))
    inside = [one for one in fitting if one[0] <= half]
    return max(inside)[1] if inside else min(fitting)[1] if fitting else 0


def _height(a: float, b: float, turned: float) -> float:
    """Distance of the corner from the line through the points a before and b behind it, where the way turns by `turned` [rad]."""
    base = math.sqrt(max(a * a + b * b + 2 * a * b * math.cos(turned), 0.0))
    return a * b * math.sin(turned) / base if base > 1e-9 else min(a, b)


def corner_of(before: Array, at: Array, after: Array) -> Corner | None:
    """The corner of two straight ways through points (3,) [m]; None where a side is a point."""
    u, v = at - before, after - at
    a, b = float(np.linalg.norm(u)), float(np.linalg.norm(v))
    if min(a, b) < 1e-6:
        return None
    return Corner(math.acos(min(1.0, max(-1.0, float(u @ v) / (a * b)))), a, b)


def arc_length(start: Array, via: Array, end: Array) -> float:
    """Length [m] of the arc through three points (3,); of the chord when they lie on a line."""
    a, b = start - via, end - via
    normal = np.cross(a, b)
    area = float(np.linalg.norm(normal))
    chord = float(np.linalg.norm(end - start))
    if area < 1e-12:
        return chord
    radius = float(np.linalg.norm(a) * np.linalg.norm(b)) * chord / (2 * area)
    at_via = math.atan2(area, float(a @ b))
    # The angle at the via point stands over the other arc, twice as large at the centre.
    return radius * (2 * math.pi - 2 * at_via)


def comment(text: str) -> list[str]:
    """A remark as lines of the length that the pendant shows."""
    return [f"'{line}" for line in wrap(ascii_text(text), LONGEST_LINE)] or ["'"]
