"""Aggregates of KRL: targets, frames and loads between braces, checked against the axes of the cell."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from core.frames import Array
from core.units import DEG, MM
from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.krl.lines import NAME, NUMBER, Cursor, bits
from robots.programs.program import Load, Posture

Place = tuple[str, int, int]
"""File, line and column (from 0) of an aggregate's text."""
Field = float | str | bool | dict[str, "Field"]

_FIELD = re.compile(rf"\s*({NAME})\s+([+-]?{NUMBER}|'[BbHh][0-9A-Fa-f]+')\s*", re.ASCII)
_TYPE = re.compile(rf"\s*({NAME})\s*:", re.ASCII)
_POSE = ("X", "Y", "Z", "A", "B", "C")
_ARM = ("A1", "A2", "A3", "A4", "A5", "A6")
_EXTERNAL = ("E1", "E2", "E3", "E4", "E5", "E6")
_VALID = frozenset((*_POSE, *_ARM, *_EXTERNAL, "S", "T"))
_FARTHEST = 1e6
"""No target lies so far out [mm, deg]."""
POINT_TYPES = ("FRAME", "POS", "E6POS", "AXIS", "E6AXIS")
_ROUNDED = 2e-7
"""Half of the last digit of angles in text [rad]: a joint planned at its limit may be written as that much beyond."""


@dataclass(frozen=True, eq=False, slots=True)
class Target:
    """Where a move goes: joints (n,) with a track first, or a pose (4, 4) with what the text says beside it.

    Attributes:
        external: Positioner axes; None when the cell has none.
        missing: External axes of the cell that the text does not name; None: none. Such a target can be a frame but not a move.
    """

    q: Array | None
    T: Array | None
    posture: Posture | None
    track: float | None
    external: tuple[float, ...] | None
    missing: str | None = None


def fail(place: Place, message: str, column: int = 0) -> ProgramTextError:
    """At a column inside of an aggregate."""
    file, line, start = place
    return ProgramTextError(message, file=file, place=f"line {line}, column {start + column + 1}")


def fields(text: str, place: Place) -> dict[str, float]:
    """Numbers by name of `X 1,Y 2,..`, what stands between the braces; a type before a colon is left out.

    Raises:
        ProgramTextError: Something that is no field, or one that stands twice.
    """
    out: dict[str, float] = {}
    at = 0
    kind = _TYPE.match(text)
    if kind is not None:
        if kind[1].upper() not in POINT_TYPES:
            raise fail(place, f"'{kind[1]}' is no type of target; valid: {', '.join(POINT_TYPES)}")
        at = kind.end()
    for part in text[at:].split(","):
        match = _FIELD.fullmatch(part)
        if match is None:
            raise fail(place, f"'{part.strip()[:30]}' is no field with a number", at)
        name = match[1].upper()
        if name not in _VALID or name in out:
            raise fail(
                place,
                f"field {name} stands twice"
                if name in out
                else f"'{match[1]}' is no field of a target; valid: X..Z, A..C, S, T, A1..A6, E1..E6",
                at,
            )
        try:
            value = float(match[2]) if match[2][0] != "'" else float(bits(match[2]))
        except ValueError:
            raise fail(place, f"{match[2]} is no number of bits", at) from None
        if not abs(value) < _FARTHEST:
            raise fail(place, f"{name} is beyond {_FARTHEST:g}", at)
        out[name] = value
        at += len(part) + 1
    return out


def frame(values: dict[str, float], place: Place) -> Array:
    """X, Y, Z [mm], A, B, C [deg] as a transform (4, 4): R = Rz(A) Ry(B) Rx(C)."""
    try:
        x, y, z, a, b, c = values["X"], values["Y"], values["Z"], values["A"] * DEG, values["B"] * DEG, values["C"] * DEG
    except KeyError as missing:
        raise fail(place, f"{missing.args[0]} is missing; a frame has X, Y, Z, A, B, C") from None
    ca, sa, cb, sb, cc, sc = math.cos(a), math.sin(a), math.cos(b), math.sin(b), math.cos(c), math.sin(c)
    return np.array(
        (
            (ca * cb, ca * sb * sc - sa * cc, ca * sb * cc + sa * sc, x * MM),
            (sa * cb, sa * sb * sc + ca * cc, sa * sb * cc - ca * sc, y * MM),
            (-sb, cb * sc, cb * cc, z * MM),
            (0.0, 0.0, 0.0, 1.0),
        )
    )


class Axes:
    """Reads targets for the axes of one cell.

    Args:
        controller: Limits, track and positioner.
    """

    def __init__(self, controller: Controller) -> None:
        self.track, self.positioner = controller.track, controller.positioner
        self.lower, self.upper = [float(v) for v in controller.lower], [float(v) for v in controller.upper]
        self.count = int(controller.track) + len(controller.positioner)

    def target(self, text: str, place: Place) -> Target:
        """What stands between the braces of a target.

        Raises:
            ProgramTextError: A field too many or too few, a joint beyond its limit.
        """
        values = fields(text, place)
        joints = "A1" in values or not any(name in values for name in _POSE)
        track, external, missing = self._external(values, place)
        if joints:
            lacking = [name for name in _ARM if name not in values]
            if lacking or any(name in values for name in (*_POSE, "S", "T")):
                what = (
                    f"{', '.join(lacking)} missing: an axis that is left out stays where it is, give all six"
                    if lacking
                    else "axes and a frame are mixed"
                )
                raise fail(place, what)
            first = int(self.track)
            q = [values[name] * DEG for name in _ARM]
            for i, value in enumerate(q):
                low, high = self.lower[first + i], self.upper[first + i]
                if not low - _ROUNDED <= value <= high + _ROUNDED:
                    raise fail(place, f"A{i + 1} is {value / DEG:g} deg; its limits are {low / DEG:.2f}..{high / DEG:.2f} deg")
            return Target(np.array([track, *q] if track is not None else q), None, None, track, external, missing)
        unknown = [name for name in values if name in _ARM]
        if unknown:
            raise fail(place, "axes and a frame are mixed")
        posture = None
        if "S" in values or "T" in values:
            posture = self._posture(values, place)
        return Target(None, frame(values, place), posture, track, external, missing)

    @staticmethod
    def _posture(values: dict[str, float], place: Place) -> Posture:
        try:
            status, turn = values["S"], values["T"]
        except KeyError as missing:
            raise fail(place, f"{missing.args[0]} is missing; S and T belong together") from None
        if not (status in range(64) and turn in range(64 * 64)):
            raise fail(place, f"S {status:g}, T {turn:g}: whole numbers, S 0..63 and T 0..4095")
        return Posture("kuka", (int(status), int(turn)))

    def _external(self, values: dict[str, float], place: Place) -> tuple[float | None, tuple[float, ...] | None, str | None]:
        given = []
        missing = None
        for i, name in enumerate(_EXTERNAL):
            value = values.get(name)
            if i < self.count:
                if value is None:
                    missing = missing or name
                else:
                    given.append(value)
            elif value is not None and value != 0.0:
                raise fail(place, f"{name} is {value:g}, and the cell has {self.count or 'no'} external axes")
        if missing is not None or self.count == 0:
            return None, None, missing
        track = None
        if self.track:
            track = given.pop(0) * MM
            if not self.lower[0] - _ROUNDED <= track <= self.upper[0] + _ROUNDED:
                raise fail(place, f"E1 is {track / MM:g} mm; the track's limits are {self.lower[0] / MM:.1f}..{self.upper[0] / MM:.1f} mm")
        turned = tuple(value * (MM if slides else DEG) for value, slides in zip(given, self.positioner, strict=True))
        return track, turned or None, None


def record(cursor: Cursor) -> dict[str, Field]:
    """A structure of any kind, `{M 6.0,CM {X ..}}` or `{TOOL_NO 1,IPO_FRAME #BASE,POINT2[] " "}`, by field.

    Raises:
        ProgramTextError: Broken braces, a field without a value or one that stands twice.
    """
    cursor.deeper()
    cursor.expect("{")
    out: dict[str, Field] = {}
    if cursor.tokens[cursor.at + 1 : cursor.at + 2] and cursor.tokens[cursor.at + 1].text == ":":
        cursor.word("a type")
        cursor.expect(":")
    while True:
        name = cursor.word("a field")
        if name.text in out:
            raise cursor.error(f"field {name.text} stands twice", name)
        if cursor.accept("["):
            if cursor.next.kind == "number":
                cursor.take()
            cursor.expect("]")
        out[name.text] = _value(cursor)
        if cursor.accept("}"):
            cursor.depth -= 1
            return out
        cursor.expect(",")


def _value(cursor: Cursor) -> Field:
    token = cursor.next
    if token.text == "{":
        return record(cursor)
    if token.kind in ("enum", "text"):
        return cursor.take().text
    if token.text in ("TRUE", "FALSE"):
        return cursor.take().text == "TRUE"
    return cursor.number("a value")


def load(values: dict[str, Field], cursor: Cursor) -> Load:
    """M [kg], CM {X, Y, Z [mm], A, B, C} and J {X, Y, Z} as a load."""

    def part(name: str, wanted: tuple[str, ...]) -> dict[str, float]:
        inner = values.get(name)
        if not isinstance(inner, dict) or sorted(inner) != sorted(wanted) or not all(type(v) is float for v in inner.values()):
            raise cursor.error(f"a load has {name} {{{','.join(wanted)}}} with numbers")
        return {key: float(v) for key, v in inner.items() if isinstance(v, float)}

    mass = values.get("M")
    if sorted(values) != ["CM", "J", "M"] or not isinstance(mass, float):
        raise cursor.error(f"a load has M, CM and J, here stand {', '.join(values)}")
    com, inertia = part("CM", _POSE), part("J", ("X", "Y", "Z"))
    if mass < 0 or min(inertia.values()) < 0:
        raise cursor.error(f"a load of {mass:g} kg, inertia {min(inertia.values()):g} kg m2: neither can be negative")
    return Load(mass, np.array([com["X"], com["Y"], com["Z"]]) * MM)
