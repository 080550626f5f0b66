"""What stands behind the position of a move: speed, position level, triggers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array, angle_between
from core.units import to_deg
from robots.programs.inform.text import arc_length, corner_level, corner_of, speed_field
from robots.programs.program import Blend, MoveCircular, MoveJoint, MoveLinear, Trigger
from robots.programs.settings import InformSettings
from robots.programs.text import number

SLOWEST = 1e-4
"""Least V= [m/s]: one step of the field."""
STILL = 1e-6
"""A way shorter than this is none [m]."""


@dataclass(frozen=True, slots=True)
class MoveText:
    """Fields of moves in a cell's units."""

    settings: InformSettings

    def joint_speed(self, share: float) -> str:
        """`VJ=` in percent."""
        if not 0.0001 <= share <= 1.0:
            raise UnsupportedError(f"a joint speed of {share * 100:g} %; Yaskawa INFORM takes 0.01 to 100")
        return f"VJ={number(share * 100, 2)}"

    def linear_speed(self, speed: float) -> str:
        """`V=` for [m/s]."""
        if not SLOWEST <= speed <= self.settings.greatest_speed_mm_s * 1e-3 + 1e-9:
            raise UnsupportedError(
                f"a speed of {speed * 1e3:g} mm/s; V= takes {SLOWEST * 1e3:g} to {self.settings.greatest_speed_mm_s:g} mm/s (programs.inform.greatest_speed_mm_s)"
            )
        return speed_field(speed, self.settings)

    def turn_speed(self, speed: float) -> str:
        """`VR=` for [rad/s]."""
        if not 0.05 <= to_deg(speed) <= 180.0:
            raise UnsupportedError(f"a turning speed of {to_deg(speed):g} deg/s; VR= takes 0.1 to 180")
        return f"VR={number(to_deg(speed), 1)}"

    def speed(
        self, one: MoveJoint | MoveLinear | MoveCircular, before: Array | None, T_tcp: Array | None, via: Array | None = None
    ) -> list[str]:
        """The speed field of a move between two poses (4, 4), where they are known; none where the move leaves it to SPEED, or does not move at all."""
        if isinstance(one, MoveJoint):
            if one.duration is not None:
                raise UnsupportedError("Yaskawa INFORM has no time for joint moves; give the speed, or make the move straight")
            return [] if one.speed is None else [self.joint_speed(one.speed)]
        speed = one.speed
        if one.duration is not None or one.turn_speed is not None:
            if before is None or T_tcp is None:
                raise UnsupportedError(
                    "Yaskawa INFORM has no time and one speed for straight moves: V= is made from the way, which is not known here; put a move before it in the same routine"
                )
            way, angle = _way(before, T_tcp, via), angle_between(before, T_tcp)
            if one.duration is not None:
                if way < STILL:
                    return [self.turn_speed(angle / one.duration)] if angle > 1e-6 else []
                speed = way / one.duration
            if one.turn_speed is not None and angle > 1e-6:
                if way < STILL:
                    return [self.turn_speed(one.turn_speed)]
                # V= also says how fast the tool turns on the way: it is lowered until that is slow enough.
                turning = way * one.turn_speed / angle
                speed = turning if speed is None else min(speed, turning)
        return [] if speed is None else [self.linear_speed(speed)]

    def level(self, blend: Blend, straight: bool, before: Array | None, T_tcp: Array | None, after: Array | None) -> int:
        """`PL=` of a corner; 0: the robot stops."""
        if blend is None:
            return 0
        if isinstance(blend, str):
            raise UnsupportedError("Yaskawa INFORM has no rounding that counts for later moves; give each move its own blend")
        corner = None
        if straight and before is not None and T_tcp is not None and after is not None:
            corner = corner_of(before[:3, 3], T_tcp[:3, 3], after[:3, 3])
        return corner_level(blend, corner, self.settings)


def _way(before: Array, T_tcp: Array, via: Array | None) -> float:
    if via is not None:
        return arc_length(before[:3, 3], via[:3, 3], T_tcp[:3, 3])
    return float(np.linalg.norm(T_tcp[:3, 3] - before[:3, 3]))


def triggered(triggers: list[Trigger], outputs: list[str], circular: bool) -> tuple[list[str], list[str], list[str]]:
    """Outputs on the way: field of the move, lines while it runs, lines after it has stopped.

    NWAIT lets the following lines run from the start of the move until CWAIT; ENWAIT from a time or way before its end. At the very end the move
    stops and the output is set after it.
    """
    after = [text for one, text in zip(triggers, outputs, strict=True) if one.at == "end" and not one.distance and not one.seconds]
    timed = [
        (one, text) for one, text in zip(triggers, outputs, strict=True) if not (one.at == "end" and not one.distance and not one.seconds)
    ]
    if not timed:
        return [], [], after
    points = {(one.at, one.distance, one.seconds) for one, _ in timed}
    starts = all(one.at == "start" and not one.distance and one.seconds >= 0 for one, _ in timed)
    if circular or not (starts or len(points) == 1):
        raise UnsupportedError(
            "Yaskawa INFORM sets outputs on the way of a straight or joint move: at one point before its end, or at times after its start; divide the move"
        )
    if starts:
        lines, passed = [], 0.0
        for one, text in sorted(timed, key=lambda pair: pair[0].seconds):
            lines += [f"TIMER T={number(one.seconds - passed, 2)}"] if one.seconds - passed >= 0.005 else []
            lines.append(text)
            passed = one.seconds
        return ["NWAIT"], [*lines, "CWAIT"], after
    (at, distance, seconds), lines = next(iter(points)), [text for _, text in timed]
    if at == "start" or seconds > 0 or (distance and seconds):
        raise UnsupportedError(
            "Yaskawa INFORM sets outputs a time after the start of a move, or a time or a way before its end; divide the move"
        )
    return [f"ENWAIT DIS={number(distance * 1e3, 1)}" if distance else f"ENWAIT T={number(-seconds, 2)}"], [*lines, "CWAIT"], after
