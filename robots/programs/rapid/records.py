"""RAPID's records: their components, the predefined data, and the arithmetic on constants of them."""

from __future__ import annotations

import math
from typing import Any

from core.frames import Array, from_quat_wxyz, rot_x, rot_y, rot_z, translation
from core.units import DEG, MM

_NUM3, _NUM4, _NUM6 = (("num",) * n for n in (3, 4, 6))
RECORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "pos": tuple(zip("xyz", _NUM3, strict=True)),
    "orient": tuple(zip(("q1", "q2", "q3", "q4"), _NUM4, strict=True)),
    "pose": (("trans", "pos"), ("rot", "orient")),
    "confdata": tuple(zip(("cf1", "cf4", "cf6", "cfx"), _NUM4, strict=True)),
    "extjoint": tuple(zip(("eax_a", "eax_b", "eax_c", "eax_d", "eax_e", "eax_f"), _NUM6, strict=True)),
    "robjoint": tuple((f"rax_{i}", "num") for i in range(1, 7)),
    "robtarget": (("trans", "pos"), ("rot", "orient"), ("robconf", "confdata"), ("extax", "extjoint")),
    "jointtarget": (("robax", "robjoint"), ("extax", "extjoint")),
    "speeddata": tuple(zip(("v_tcp", "v_ori", "v_leax", "v_reax"), _NUM4, strict=True)),
    "zonedata": (("finep", "bool"), *((name, "num") for name in ("pzone_tcp", "pzone_ori", "pzone_eax", "zone_ori", "zone_leax", "zone_reax"))),
    "loaddata": (("mass", "num"), ("cog", "pos"), ("aom", "orient"), ("ix", "num"), ("iy", "num"), ("iz", "num")),
    "tooldata": (("robhold", "bool"), ("tframe", "pose"), ("tload", "loaddata")),
    "wobjdata": (("robhold", "bool"), ("ufprog", "bool"), ("ufmec", "string"), ("uframe", "pose"), ("oframe", "pose")),
    "arcdata": tuple(
        (name, "num") for name in ("sched", "mode", "voltage", "wirefeed", "control", "current", "voltage2", "wirefeed2", "control2")
    ),
    "welddata": (("weld_speed", "num"), ("org_weld_speed", "num"), ("main_arc", "arcdata"), ("org_arc", "arcdata")),
    "seamdata": (
        ("purge_time", "num"), ("preflow_time", "num"), ("ign_arc", "arcdata"), ("ign_move_delay", "num"), ("scrape_start", "num"), ("heat_speed", "num"),
        ("heat_time", "num"), ("heat_distance", "num"), ("heat_arc", "arcdata"), ("cool_time", "num"), ("fill_time", "num"), ("fill_arc", "arcdata"),
        ("bback_time", "num"), ("rback_time", "num"), ("bback_arc", "arcdata"), ("postflow_time", "num"),
    ),
    "weavedata": tuple(
        (name, "num")
        for name in (
            "weave_shape", "weave_type", "weave_length", "weave_width", "weave_height", "dwell_left", "dwell_center", "dwell_right", "weave_dir", "weave_tilt",
            "weave_ori", "weave_bias", "org_weave_width", "org_weave_height", "org_weave_bias",
        )
    ),
}  # fmt: skip
"""Component names and kinds, in order."""
SCALARS = ("num", "dnum", "bool", "string")
_NONE = (0.0, 0.0, 0.0)
_STRAIGHT = (1.0, 0.0, 0.0, 0.0)
_POSE0 = (_NONE, _STRAIGHT)
_LOAD0 = (0.0, _NONE, _STRAIGHT, 0.0, 0.0, 0.0)
_SPEEDS = (5, 10, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7000)
_ZONES = {
    "z0": (0.3, 0.3, 0.3, 0.03, 0.3, 0.03), "z1": (1, 1, 1, 0.1, 1, 0.1), "z5": (5, 8, 8, 0.8, 8, 0.8), "z10": (10, 15, 15, 1.5, 15, 1.5),
    "z15": (15, 23, 23, 2.3, 23, 2.3), "z20": (20, 30, 30, 3, 30, 3), "z30": (30, 45, 45, 4.5, 45, 4.5), "z40": (40, 60, 60, 6, 60, 6),
    "z50": (50, 75, 75, 7.5, 75, 7.5), "z60": (60, 90, 90, 9, 90, 9), "z80": (80, 120, 120, 12, 120, 12), "z100": (100, 150, 150, 15, 150, 15),
    "z150": (150, 225, 225, 23, 225, 23), "z200": (200, 300, 300, 30, 300, 30),
}  # fmt: skip
PREDEFINED: dict[str, tuple[str, Any]] = {
    **{f"v{speed}": ("speeddata", (float(speed), 500.0, 5000.0, 1000.0)) for speed in _SPEEDS},
    "vmax": ("speeddata", (5000.0, 500.0, 5000.0, 1000.0)),
    "fine": ("zonedata", (True, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    **{name: ("zonedata", (False, *map(float, values))) for name, values in _ZONES.items()},
    "tool0": ("tooldata", (True, _POSE0, _LOAD0)),
    "wobj0": ("wobjdata", (False, True, "", _POSE0, _POSE0)),
    "load0": ("loaddata", _LOAD0),
    "pi": ("num", math.pi),
    "high": ("num", 1),
    "low": ("num", 0),
}
"""Data that every controller has: name -> (kind, value)."""

USER: dict[str, tuple[str, Any]] = {**{f"reg{i}": ("num", 0) for i in range(1, 6)}, "clock1": ("clock", None)}
"""Variables of the module `user`, which controllers are delivered with."""


def initial(kind: str) -> Any:
    """What a variable holds when nothing is said; None for kinds without a value."""
    if kind in ("num", "dnum"):
        return 0
    if kind == "bool":
        return False
    if kind == "string":
        return ""
    return tuple(initial(part) for _, part in RECORDS[kind]) if kind in RECORDS else None


def pose(value: Any) -> Array:
    """The transform [m] of a `pose` or the first two components of a `robtarget`."""
    (x, y, z), rotation = value[0], value[1]
    return from_quat_wxyz(rotation, (x * MM, y * MM, z * MM))


def length(rotation: Any) -> float:
    """Of a quaternion; 1 when it is an orientation."""
    return math.sqrt(sum(v * v for v in rotation))


def _quaternion(T: Array) -> tuple[float, float, float, float]:
    R = T[:3, :3]
    # Divides by the greatest component, so that it stays exact near half turns.
    squares = (
        1 + R[0, 0] + R[1, 1] + R[2, 2],
        1 + R[0, 0] - R[1, 1] - R[2, 2],
        1 - R[0, 0] + R[1, 1] - R[2, 2],
        1 - R[0, 0] - R[1, 1] + R[2, 2],
    )
    k = squares.index(max(squares))
    big = math.sqrt(float(squares[k])) / 2
    a, b, c = (float(v) / (4 * big) for v in (R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]))
    d, e, f = (float(v) / (4 * big) for v in (R[0, 1] + R[1, 0], R[0, 2] + R[2, 0], R[1, 2] + R[2, 1]))
    return ((big, a, b, c), (a, big, d, e), (b, d, big, f), (c, e, f, big))[k]


def offs(target: Any, x: float, y: float, z: float) -> Any:
    """`Offs`: shifted along the axes of the work object [mm]."""
    (a, b, c), *rest = target
    return ((a + x, b + y, c + z), *rest)


def rel_tool(target: Any, shift: tuple[float, float, float], turn: tuple[float, float, float]) -> Any:
    """`RelTool`: shifted [mm] and turned [deg] about x, y and z, in that order, of the tool."""
    T = pose(target) @ translation(*(v * MM for v in shift))
    T = T @ rot_x(turn[0] * DEG) @ rot_y(turn[1] * DEG) @ rot_z(turn[2] * DEG)
    return (tuple(float(v) / MM for v in T[:3, 3]), _quaternion(T), *target[2:])


def orient_zyx(z: float, y: float, x: float) -> tuple[float, float, float, float]:
    """`OrientZYX`: turned about z, then the new y, then the new x [deg]."""
    return _quaternion(rot_z(z * DEG) @ rot_y(y * DEG) @ rot_x(x * DEG))
