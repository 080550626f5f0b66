"""Targets, speeds and zones of RAPID text in SI units, checked against the robot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.frames import Array
from core.units import DEG, MM
from robots.programs.controller import Controller
from robots.programs.program import Posture

_UNUSED = 9e9
_FASTEST = 10_000.0
"""No industrial arm moves its tool faster than this [mm/s], or turns it so fast [deg/s]."""
_SLACK = 1e-6
"""Rounding of the text [rad, m]."""


class TargetError(Exception):
    """What is wrong with a target; the reader adds the place."""


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A `robtarget`: pose (4, 4), posture, position of the track [m], positioner axes [rad, m]."""

    T: Array
    posture: Posture
    track: float | None
    external: tuple[float, ...] | None


@dataclass(frozen=True, eq=False, slots=True)
class Joints:
    """A `jointtarget`: joints (n,) [rad], a track first [m], and positioner axes."""

    q: Array
    external: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Speed:
    """`speeddata`: share of joint speeds, tool [m/s], turning [rad/s]."""

    share: float
    linear: float
    turn: float


class Targets:
    """Turns records into values for one controller; postures that are alike are one object."""

    def __init__(self, controller: Controller) -> None:
        self.track, self.positioner = controller.track, controller.positioner
        self.axes = int(self.track) + len(self.positioner)
        self.lower = [float(v) - _SLACK for v in controller.lower]
        self.upper = [float(v) + _SLACK for v in controller.upper]
        self.full_joint_speed = controller.settings.rapid.joint_speed_mm_s
        self.postures: dict[Any, Posture] = {}

    def _external(self, values: Any) -> tuple[float | None, tuple[float, ...] | None]:
        """(track, positioner axes)"""
        for i in range(self.axes, 6):
            if values[i] != _UNUSED:
                raise TargetError(f"eax_{'abcdef'[i]} is {values[i]:g}, but there is no such axis: 9E9 is wanted")
        if not self.axes:
            return None, None
        track = None
        if self.track:
            track = values[0] * MM
            if values[0] == _UNUSED or not self.lower[0] <= track <= self.upper[0]:
                raise TargetError(f"eax_a is {values[0]:g} mm; the track goes from {self.lower[0] / MM:.1f} to {self.upper[0] / MM:.1f} mm")
        axes = values[int(self.track) : self.axes]
        if not axes or all(value == _UNUSED for value in axes):
            return track, None
        if _UNUSED in axes:
            raise TargetError(f"some axes of the positioner have a position and others 9E9: {', '.join(f'{v:g}' for v in axes)}")
        return track, tuple(value * (MM if slides else DEG) for value, slides in zip(axes, self.positioner, strict=True))

    def joints(self, value: Any) -> Joints:
        """A `jointtarget`; raises `TargetError` for a joint out of its limits or an axis that is not there."""
        track, external = self._external(value[1])
        q = [axis * DEG for axis in value[0]]
        if track is not None:
            q.insert(0, track)
        for i in range(int(self.track), len(q)):
            if not self.lower[i] <= q[i] <= self.upper[i]:
                low, high = self.lower[i] / DEG, self.upper[i] / DEG
                raise TargetError(f"axis {i + 1 - int(self.track)} is {q[i] / DEG:.3f} deg; its limits are {low:.1f}..{high:.1f} deg")
        return Joints(np.array(q), external)

    def place(self, value: Any) -> Place:
        """A `robtarget`; raises `TargetError`."""
        (x, y, z), (a, b, c, d), conf, axes = value
        posture = self.postures.get(conf)
        if posture is None:
            if any(v != int(v) or abs(v) > 8 for v in conf) or not 0 <= conf[3] <= 7:
                raise TargetError(
                    f"confdata {', '.join(f'{v:g}' for v in conf)}: whole numbers are wanted, quarter turns -8..8 and cfx 0..7"
                )
            posture = self.postures[conf] = Posture("abb", tuple(int(v) for v in conf))
        track, external = self._external(axes)
        n = 2.0 / (a * a + b * b + c * c + d * d)
        T = np.array(
            (
                (1 - n * (c * c + d * d), n * (b * c - d * a), n * (b * d + c * a), x * MM),
                (n * (b * c + d * a), 1 - n * (b * b + d * d), n * (c * d - b * a), y * MM),
                (n * (b * d - c * a), n * (c * d + b * a), 1 - n * (b * b + c * c), z * MM),
                (0.0, 0.0, 0.0, 1.0),
            )
        )
        return Place(T, posture, track, external)

    def speed(self, value: Any) -> Speed:
        """`speeddata`; raises `TargetError`."""
        tcp, ori, slide, turn = value
        if not (0 < tcp <= _FASTEST and 0 < ori <= _FASTEST):
            raise TargetError(f"{tcp:g} mm/s and {ori:g} deg/s: speeds above 0 and at most {_FASTEST:g} are wanted")
        if not (0 <= slide <= 1e5 and 0 <= turn <= 1e5) or (self.track and slide == 0):
            raise TargetError(f"{slide:g} mm/s and {turn:g} deg/s for external axes are out of range")
        return Speed(min(tcp / self.full_joint_speed, 1.0), tcp * MM, ori * DEG)


def blend(value: Any) -> float | None:
    """`zonedata`: how far the way may leave the corner [m]; raises `TargetError`."""
    stops, radius, *more = value
    if stops:
        return None
    if radius < 0 or any(v < 0 for v in more) or radius > 1000:
        raise TargetError(f"a zone of {radius:g} mm; 0..1000 is wanted")
    return float(radius) * MM if radius > 0 else None


def finite(value: Any) -> bool:
    """Whether every number of a record is one."""
    return all(map(finite, value)) if isinstance(value, tuple) else not isinstance(value, float) or math.isfinite(value)
