"""Parametric punches and dies by name.

Shapes follow the common European pattern with rounded figures; they are not vendors' drawings (docs/tooling.md). All punches stand 120 mm below
the upper seat, so that stations can be mixed; dies are 60 mm high up to V 25 and 80 mm above.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from cells.tooling import Die, Punch
from core.errors import UnknownNameError
from core.frames import Array
from core.units import DEG, KN, MM

PUNCH_HEIGHT = 120 * MM
V_OPENINGS_MM = (6, 8, 10, 12, 16, 20, 25, 32, 40, 50)
SLIM_OPENINGS_MM = (6, 8, 10, 12)
SLIM_LAND = 3.0
"""Land beside the V of a slim die [mm]: its stem is so narrow that grippers and flanges beside the line pass it."""
SEGMENTS_MM = (835, 835, 835, 415, 300, 200, 200, 100, 100, 50, 40, 40, 20, 20, 15, 15, 10, 10)
"""Lengths of one full set, long to short [mm]."""


def _flank(angle: float, half_width: float) -> float:
    """Height at which the tip's flanks reach a half width."""
    return half_width / float(np.tan(angle / 2))


def _straight(angle_deg: float, radius_mm: float) -> Array:
    f = _flank(angle_deg * DEG, 6.0)
    return (
        np.array(
            [
                (0, 0),
                (6, f),
                (6, max(f + 2, 40)),
                (12, max(f + 2, 40) + 20),
                (12, 120),
                (-12, 120),
                (-12, max(f + 2, 40) + 20),
                (-6, max(f + 2, 40)),
                (-6, f),
            ]
        )
        * MM
    )


def _gooseneck(angle_deg: float, radius_mm: float) -> Array:
    # Hollow on the robot's side between 28 and 92 mm above the tip, where a standing wall finds room.
    f = _flank(angle_deg * DEG, 6.0)
    return np.array([(0, 0), (6, f), (6, 25), (26, 55), (26, 120), (-12, 120), (-12, 92), (4, 70), (6, 45), (-7, 28), (-6, f)]) * MM


_PUNCHES = {
    "P-straight-80-r0.8": ("straight", _straight, 80.0, 0.8, 1000.0),
    "P-gooseneck-80-r0.8": ("gooseneck", _gooseneck, 80.0, 0.8, 600.0),
    "P-acute-30-r0.8": ("acute", _straight, 30.0, 0.8, 400.0),
    "P-straight-80-r3": ("straight", _straight, 80.0, 3.0, 1000.0),
}


def punch_names() -> list[str]:
    """Names for `load_punch` and cell files."""
    return sorted(_PUNCHES)


@cache
def load_punch(name: str) -> Punch:
    """A catalogue punch; raises `UnknownNameError`."""
    if name not in _PUNCHES:
        raise UnknownNameError("punch", name, punch_names())
    style, shape, angle, radius, rating = _PUNCHES[name]
    return Punch(name, style, shape(angle, radius), PUNCH_HEIGHT, angle * DEG, radius * MM, rating * KN)  # type: ignore[arg-type]


def die_names() -> list[str]:
    """Names for `load_die` and cell files."""
    return [f"D-v{v}-{angle}" for angle in (84, 30) for v in V_OPENINGS_MM if angle == 84 or v <= 25] + [
        f"D-v{v}-84-slim" for v in SLIM_OPENINGS_MM
    ]


@cache
def load_die(name: str) -> Die:
    """A catalogue die: V opening in mm and included angle in degrees stand in its name; raises `UnknownNameError`.

    Slim ones have a stem of 40 mm on a foot of 50 mm, and carry less.
    """
    if name not in die_names():
        raise UnknownNameError("die", name, die_names())
    _, v_text, angle_text, *slim = name.split("-")
    v, angle = float(v_text[1:]), float(angle_text)
    height = 60.0 if v <= 25 else 80.0
    foot = 50.0 if v <= 16 else v + 2 * max(10.0, v / 4)
    top = v + 2 * SLIM_LAND if slim else foot
    depth = min(v / 2 / np.tan(angle * DEG / 2), height - 15)
    right = [(foot / 2, -height), (foot / 2, -40.0), (top / 2, -40.0), (top / 2, 0.0)] if slim else [(foot / 2, -height), (foot / 2, 0.0)]
    section = np.array([(-right[0][0], -height), *right, (v / 2, 0), (0, -depth), (-v / 2, 0), *((-x, z) for x, z in right[:0:-1])]) * MM
    rating = {6.0: 300.0, 8.0: 400.0, 10.0: 600.0}.get(v, 1000.0) * (0.5 if slim or angle <= 60 else 1.0)
    return Die(name, section, height * MM, v * MM, angle * DEG, v / 10 * MM, rating * KN)
