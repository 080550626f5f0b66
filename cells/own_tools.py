"""The user's own punches and dies: a DXF section with its figures, each figure checked against the drawing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from shapely import LineString, Polygon
from shapely.geometry.polygon import orient

from cells.schema import OwnDieSpec, OwnPunchSpec
from cells.tooling import Die, Punch
from core.errors import InputError
from core.files import inside
from core.frames import Array
from core.units import DEG, KN, MM, to_deg, to_mm
from parts.convex import fill_hollows
from parts.dxf_section import CHORD, read_section

PLACE = 0.02 * MM
"""A tip or a V stands at the origin when it is nearer than this [m]."""
ANGLE = 0.5 * DEG
"""Drawn and stated angles agree within this [rad]."""
SEAT = 8 * MM
"""A seat is a level edge of at least this length [m]."""
HOLLOW = 0.1 * MM
"""Hollow arcs are filled by at most this, so that they need few convex pieces [m]; the tool only grows by it."""


def own_punch(spec: OwnPunchSpec, folder: Path) -> Punch:
    """A punch from its section: y to the back gauge, z up, origin at the tip, drawn up to the seat (the tang above it is not part of it).

    Raises:
        InputError: With the file, the place in mm, the drawn and the stated value.
    """
    path = inside(folder, spec.section, f"section '{spec.section}'")
    points, over_origin = _section(path)
    low = points[np.argmin(points[:, 1])]
    if len(over_origin) == 0 or abs(over_origin[0]) > PLACE or low[1] < -PLACE:
        raise _error(path, f"the tip is not at the origin: the lowest point lies at {_mm(low)}; the section's origin is the punch tip", low)
    height = _seat(path, points, float(points[:, 1].max()), "top")
    if spec.height_mm is not None and abs(height - spec.height_mm * MM) > 0.05 * MM:
        raise _error(
            path, f"height_mm {spec.height_mm:g} is stated, but the seat is drawn {to_mm(height):.2f} mm above the tip", (0.0, height)
        )
    radius = spec.radius_mm * MM
    left, right, apex = _wedge(path, *_tip_flanks(path, points, radius), spec.angle_deg, "tip")
    if abs(left - right) > 2 * ANGLE:
        raise _error(
            path,
            f"the tip leans: {to_deg(left):.1f} deg in front and {to_deg(right):.1f} deg behind; air bending needs a symmetric tip",
            (0.0, 0.0),
        )
    # The flanks of a tip rounded with r meet below it by r (1 / sin(a/2) - 1).
    drawn = -float(apex[1]) / (1 / float(np.sin((left + right) / 2)) - 1)
    if drawn > 0.05 * MM and abs(drawn - radius) > max(0.1 * MM, 0.1 * radius):
        raise _error(path, f"radius_mm {spec.radius_mm:g} is stated, but the tip is drawn with R {to_mm(drawn):.2f} mm", (0.0, 0.0))
    return Punch(spec.name, "user", fill_hollows(points, HOLLOW), height, spec.angle_deg * DEG, radius, spec.rating_kn_m * KN)


def own_die(spec: OwnDieSpec, folder: Path) -> Die:
    """A die from its section: y to the back gauge, z up, origin in the middle of the V at the top face, drawn down to the seat.

    Raises:
        InputError: With the file, the place in mm, the drawn and the stated value.
    """
    path = inside(folder, spec.section, f"section '{spec.section}'")
    points, over_origin = _section(path)
    top = points[np.argmax(points[:, 1])]
    if abs(top[1]) > PLACE:
        raise _error(
            path, f"the top face is not at z = 0: the highest point lies at {_mm(top)}; the origin is the V's middle at the top face", top
        )
    if len(over_origin) == 0 or over_origin[-1] > -PLACE:
        raise _error(path, "there is no V at the origin: the section is not open above y = 0", (0.0, 0.0))
    height = -_seat(path, points, float(points[:, 1].min()), "bottom")
    opening, shoulder = spec.opening_mm * MM, spec.shoulder_mm * MM
    left, right, apex = _wedge(path, *_v_flanks(path, points, opening), spec.angle_deg, "V")
    front, rear = apex[0] + apex[1] * np.tan(left), apex[0] - apex[1] * np.tan(right)
    if abs(rear - front - opening) > max(0.1 * MM, 0.01 * opening):
        raise _error(
            path,
            f"opening_mm {spec.opening_mm:g} is stated, but the V's flanks meet the top face {to_mm(rear - front):.2f} mm apart",
            (front, 0.0),
        )
    if abs(front + rear) / 2 > max(PLACE, 0.002 * opening):
        raise _error(
            path, f"the V's middle lies at y = {to_mm((front + rear) / 2):.3f} mm; the origin is the V's middle", ((front + rear) / 2, 0.0)
        )
    # Level to within half a hundredth: the first chord of a rounded shoulder is steeper.
    faces = [(a, b) for a, b in _edges(points) if abs(a[1]) < PLACE and abs(b[1] - a[1]) < 0.005 * abs(b[0] - a[0])]
    level = [float(p[0]) for face in faces for p in face if p[0] > 0]
    if level:
        # A shoulder rounded with r begins on the top face r (1 - sin a) / cos a behind the flank's corner.
        drawn = (min(level) - rear) * float(np.cos(right)) / (1 - float(np.sin(right)))
        if drawn > 0.1 * MM and abs(drawn - shoulder) > max(0.15 * MM, 0.1 * shoulder):
            raise _error(
                path, f"shoulder_mm {spec.shoulder_mm:g} is stated, but the shoulder is drawn with R {to_mm(drawn):.2f} mm", (rear, 0.0)
            )
    return Die(spec.name, fill_hollows(points, HOLLOW), height, opening, spec.angle_deg * DEG, shoulder, spec.rating_kn_m * KN)


def _section(path: Path) -> tuple[Array, Array]:
    """Corners (k, 2) counter-clockwise, and the heights at which the outline crosses y = 0, from below."""
    polygon: Polygon = orient(read_section(path))
    points = np.asarray(polygon.exterior.coords)[:-1]
    low, high = points[:, 1].min() - 1.0, points[:, 1].max() + 1.0
    found = polygon.intersection(LineString([(0.0, low), (0.0, high)]))
    heights = sorted(float(z) for piece in getattr(found, "geoms", (found,)) if not piece.is_empty for _, z in piece.coords)
    return points, np.array(heights)


def _edges(points: Array) -> list[tuple[Array, Array]]:
    return list(zip(points, np.roll(points, -1, axis=0), strict=True))


def _seat(path: Path, points: Array, z: float, where: str) -> float:
    """The height of the level edge at the top of a punch or the bottom of a die [m]."""
    length = sum(abs(float(b[0] - a[0])) for a, b in _edges(points) if abs(a[1] - z) < PLACE and abs(b[1] - z) < PLACE)
    if length < SEAT or abs(z) < SEAT:
        raise _error(
            path,
            f"no seat at the {where}: the level edge at z = {to_mm(z):.2f} mm is {to_mm(length):.2f} mm long; at least {to_mm(SEAT):g} mm is needed. "
            "A punch is drawn tip down and seat up, without the tang; a die V up and seat down",
            (0.0, z),
        )
    return z


def _tip_flanks(path: Path, points: Array, radius: float) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The first straight edges in front of and behind the tip."""
    # Longer than any chord of the flattened tip.
    shortest = max(1 * MM, 3 * float(np.sqrt(2 * CHORD * radius)))
    ordered = _edges(np.roll(points, -int(np.argmin(points[:, 1])), axis=0))
    long = [edge for edge in ordered if float(np.linalg.norm(edge[1] - edge[0])) >= shortest]
    if len(long) < 2:
        raise _error(path, "the tip has no straight flanks", (0.0, 0.0))
    # Counter-clockwise from the tip: first the side of the back gauge, last the robot's side.
    return long[-1], long[0]


def _v_flanks(path: Path, points: Array, opening: float) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The longest slanting edges of the V in front and behind, seen from above."""
    best: dict[bool, tuple[float, tuple[Array, Array]]] = {}
    for a, b in _edges(points):
        along = b - a
        length = float(np.linalg.norm(along))
        normal = np.array([along[1], -along[0]]) / max(length, 1e-12)
        if normal[1] < 0.05 or abs(normal[0]) < 0.05 or max(abs(a[0]), abs(b[0])) > 0.75 * opening:
            continue
        front = bool(normal[0] > 0)
        if front not in best or length > best[front][0]:
            best[front] = (length, (a, b))
    if len(best) < 2:
        raise _error(path, f"no V: there are no two slanting flanks within {to_mm(1.5 * opening):g} mm around the origin", (0.0, 0.0))
    return best[True][1], best[False][1]


def _wedge(path: Path, front: tuple[Array, Array], rear: tuple[Array, Array], angle_deg: float, what: str) -> tuple[float, float, Array]:
    """Angles of both flanks from the vertical [rad] and the point in which their lines meet; refused when they differ from the stated angle."""
    (a, b), (c, d) = front, rear
    left, right = (float(np.arctan2(abs(q[0] - p[0]), abs(q[1] - p[1]))) for p, q in (front, rear))
    if abs(left + right - angle_deg * DEG) > ANGLE:
        raise _error(
            path, f"angle_deg {angle_deg:g} is stated, but the {what} is drawn with {to_deg(left + right):.2f} deg", (a + b + c + d) / 4
        )
    share = np.linalg.solve(np.column_stack((b - a, c - d)), c - a)
    return left, right, a + share[0] * (b - a)


def _mm(point: Array | tuple[float, float]) -> str:
    return f"({to_mm(float(point[0])):.2f}, {to_mm(float(point[1])):.2f}) mm"


def _error(path: Path, message: str, point: Array | tuple[float, float]) -> InputError:
    return InputError(message, file=path, place=_mm(point))
