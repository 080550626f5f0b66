"""Moves of URScript as instructions, with the checks that the controller makes: joint limits, speeds, blends that overlap."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from core.frames import Array
from robots.programs.controller import Controller
from robots.programs.program import Move, MoveCircular, MoveJoint, MoveLinear, Posture
from robots.programs.urscript.lines import Source
from robots.programs.urscript.names import DEFAULT_JOINT_SPEED
from robots.programs.urscript.values import NearestJoints, transform

FASTEST = 5.0
"""Greatest speed of the tool that the safety system can be set to [m/s]."""
DEFAULTS = {"movej": (1.4, 1.05), "movel": (1.2, 0.25), "movep": (1.2, 0.25), "movec": (1.2, 0.25)}
"""Acceleration and speed where a move names none."""

_N = r"(-?\d+(?:\.\d*)?)"
_PLAIN = re.compile(
    r" *move(?:([lp])\((?:pose_trans\(([A-Za-z_]\w*), *)?p|j\()\[" + ", *".join([_N] * 6) + r"\](\)?)((?:, *[avtr]=\d+(?:\.\d*)?)*)\)",
    re.ASCII,
)
"""Most lines of a long program: a target in figures. Whatever looks different is read by the parser."""

Pace = tuple[float, float | None, float | None]
"""Speed [m/s or share], time [s] or None, blend [m] or None."""


class Moves:
    """Makes moves; remembers the last target to check the blends.

    Args:
        source: For errors.
        controller: With the limits.
    """

    def __init__(self, source: Source, controller: Controller) -> None:
        self.source, self.controller = source, controller
        speeds = controller.joint_speeds
        self.slowest = DEFAULT_JOINT_SPEED if speeds is None else float(np.min(speeds))
        self.fastest = DEFAULT_JOINT_SPEED if speeds is None else float(np.max(speeds))
        self.lower = [float(value) - 1e-6 for value in controller.lower[-6:]]
        self.upper = [float(value) + 1e-6 for value in controller.upper[-6:]]
        self.paces: dict[str, Pace] = {}
        self.place: tuple[float, float, float] | None = None
        self.blend = 0.0
        self.line = 0

    def stopped(self, *, known: bool = False) -> None:
        """Something else than a move comes; the robot stands at the last target, or (not `known`) somewhere."""
        self.blend = 0.0
        if not known:
            self.place = None

    def plain(self, line: int, text: str, frame: Callable[[str, int], Array | None]) -> Move | None:
        """A line that is one move with its figures; None: it is something else, or is written in another way."""
        match = _PLAIN.fullmatch(text)
        if match is None:
            return None
        kind, name, a, b, c, d, e, f, bracket, rest = match.groups()
        if bool(bracket) != (name is not None):
            return None
        function = f"move{kind or 'j'}"
        key = function + rest
        pace = self.paces.get(key)
        if pace is None:
            words = [part.strip().split("=") for part in rest.split(",")[1:]]
            values = {word: float(value) for word, value in words}
            if len(values) != len(words) or (kind == "p" and "t" in values):
                return None
            pace = self.paces[key] = self.pace(line, function, values)
        if kind is None:
            return self.joint(line, [float(a), float(b), float(c), float(d), float(e), float(f)], pace)
        T = transform(float(a), float(b), float(c), float(d), float(e), float(f))
        if name is not None:
            T_frame = frame(name, match.start(2) + 1)
            if T_frame is None:
                return None
            T = T_frame @ T
        return self.straight(line, T, pace)

    def pace(self, line: int, function: str, values: dict[str, float]) -> Pace:
        """Speed, time and blend of a move from its arguments a, v, t, r.

        Raises:
            ProgramTextError: One that the controller does not take.
        """
        default_a, default_v = DEFAULTS[function]
        a, v, t, r = values.get("a", default_a), values.get("v", default_v), values.get("t", 0.0), values.get("r", 0.0)
        joint = function == "movej"
        limit, unit = (self.fastest, "rad/s") if joint else (FASTEST, "m/s")
        if a <= 0:
            raise self.source.error(line, 0, f"acceleration a={a:g} must be greater than 0")
        if t < 0 or r < 0:
            raise self.source.error(line, 0, f"time t={t:g} and blend radius r={r:g} must not be negative")
        if t == 0 and not 0 < v <= limit * 1.0001:
            raise self.source.error(line, 0, f"speed v={v:g} must be greater than 0 and at most {limit:g} {unit}")
        speed = min(v / self.slowest, 1.0) if joint else v
        return speed, t or None, r or None

    def joint(self, line: int, q: list[float], pace: Pace) -> MoveJoint:
        """`movej` to joint values [rad]."""
        self.check(line, q)
        self._passed(line, None, 0.0, pace[2])
        return MoveJoint(np.array(q), pace[0], pace[2], pace[1], line=line)

    def joint_pose(self, line: int, target: NearestJoints, pace: Pace) -> MoveJoint:
        """`movej` to a pose: to the solution nearest to where the robot is, or to given joint values."""
        self._passed(line, None, 0.0, pace[2])
        posture = None if target.near is None else Posture("near", target.near)
        return MoveJoint(None, pace[0], pace[2], pace[1], target.T, posture, line=line)

    def straight(self, line: int, T: Array, pace: Pace) -> MoveLinear:
        """`movel`, `movep` to a pose in the robot's base."""
        x, y, z = float(T[0, 3]), float(T[1, 3]), float(T[2, 3])
        self._passed(line, (x, y, z), None, pace[2])
        return MoveLinear(T, None, pace[0], pace[1], pace[2], line=line)

    def circular(self, line: int, T_via: Array, T: Array, pace: Pace) -> MoveCircular:
        """`movec` with the tool turning evenly (mode 0)."""
        via = (float(T_via[0, 3]), float(T_via[1, 3]), float(T_via[2, 3]))
        end = (float(T[0, 3]), float(T[1, 3]), float(T[2, 3]))
        # Two chords are never longer than the arc.
        way = None if self.place is None else math.dist(self.place, via) + math.dist(via, end)
        self._passed(line, end, way, pace[2])
        return MoveCircular(T_via, T, None, pace[0], None, pace[2], line=line)

    def check(self, line: int, q: list[float]) -> None:
        """Refuses joint values outside of their limits."""
        for i, value in enumerate(q):
            if not self.lower[i] <= value <= self.upper[i]:
                raise self.source.error(
                    line, 0, f"joint {i + 1} at {value:g} rad is outside of {self.lower[i]:.4f}..{self.upper[i]:.4f} rad"
                )

    def _passed(self, line: int, place: tuple[float, float, float] | None, way: float | None, blend: float | None) -> None:
        radius = blend or 0.0
        if place is not None and self.place is not None and (radius or self.blend):
            length = math.dist(self.place, place) if way is None else way
            if radius + self.blend >= length:
                raise self.source.error(
                    line,
                    0,
                    f"blend radii {self.blend:g} m (line {self.line}) and {radius:g} m overlap on a way of {length:.5f} m: the controller skips the move",
                )
        self.place, self.blend, self.line = place, radius, line
