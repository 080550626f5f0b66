"""How INFORM writes numbers: poses, speeds, position levels, comments."""

from __future__ import annotations

import math
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


def corner_level(blend: float, corner: tuple[float, float] | None, settings: InformSettings) -> int:
    """The widest position level whose rounding stays within `blend` [m] of the corner; 0: stop.

    A level begins to round `z` before the corner. Whatever curve follows, the way has been exact until then, so it passes the corner within `z`.
    Where both sides are straight and at least `z` long, the curve lies in the triangle of the corner and the points `z` before and behind it, so it
    passes the corner within the triangle's height: z sin(turned / 2).

    Args:
        blend: [m]
        corner: Change of direction [rad] and shorter side [m]; None: not known, or a side is not straight.
        settings: With the levels.
    """
    level = 0
    for i, z in enumerate(settings.position_levels_mm, 1):
        share = math.sin(corner[0] / 2) if corner is not None and z <= corner[1] * 1e3 else 1.0
        if z * share <= blend * 1e3 + 1e-9 and (level == 0 or z > settings.position_levels_mm[level - 1]):
            level = i
    return level


def corner_of(before: Array, at: Array, after: Array) -> tuple[float, float] | None:
    """Change of direction [rad] and shorter side [m] of a corner between two straight ways; None where a side is a point. Points (3,) [m]."""
    u, v = at - before, after - at
    a, b = float(np.linalg.norm(u)), float(np.linalg.norm(v))
    if min(a, b) < 1e-6:
        return None
    return math.acos(min(1.0, max(-1.0, float(u @ v) / (a * b)))), min(a, b)


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
