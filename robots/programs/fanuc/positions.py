"""Section /POS of a FANUC program: every P[n] with its groups, checked against the cell's axes and limits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from core.frames import Array
from core.units import DEG, MM, to_deg, to_mm
from robots.programs.controller import Controller
from robots.programs.events import ProgramTextError
from robots.programs.fanuc.source import Source
from robots.programs.program import Posture

_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+))"
_HEAD = re.compile(r'P\[\s*(\d+)\s*(?::\s*"[^"\]]*"\s*)?\]\s*\{\s*')
_GROUP = re.compile(r"\s*GP(\d+)\s*:\s*")
_FRAME_PARTS = [r"UF\s*:\s*(\d+|F)", r"UT\s*:\s*(\d+|F)"]


def _values(names: tuple[str, ...], units: tuple[str, ...]) -> list[str]:
    return [rf"{name}\s*=\s*{_NUMBER}\s*{unit}\b" for name, unit in zip(names, units, strict=True)]


_CARTESIAN = [
    *_FRAME_PARTS,
    r"CONFIG\s*:\s*'([^']*)'",
    *_values(("X", "Y", "Z", "W", "P", "R"), ("mm", "mm", "mm", "deg", "deg", "deg")),
]
_JOINTS = [*_FRAME_PARTS, *_values(tuple(f"J{i}" for i in range(1, 7)), ("deg",) * 6)]
_TRACK = _values(("E1",), ("mm",))
_COMMA = r"\s*,\s*"
_CONFIG = re.compile(r"\s*([FN])\s+(?:[LR]\s+)?([UD])\s+([TB])\s*,\s*(-?\d)\s*,\s*(-?\d)\s*,\s*(-?\d)\s*")


@dataclass(frozen=True, eq=False, slots=True)
class Position:
    """One P[n].

    Attributes:
        line: Where it begins.
        frame, tool: UF and UT; None: F, whatever is active.
        q: Model joints (n,), a track first; None when Cartesian.
        T: Pose (4, 4) [m]; None when joints.
        posture: Of a Cartesian position.
        track: E1 [m] of a Cartesian position.
        external: Axes of group 2.
    """

    line: int
    frame: int | None
    tool: int | None
    q: Array | None = None
    T: Array | None = None
    posture: Posture | None = None
    track: float | None = None
    external: tuple[float, ...] | None = None


class PositionReader:
    """Reads the positions of one file."""

    def __init__(self, source: Source, controller: Controller) -> None:
        self.source, self.controller = source, controller
        self.track = controller.track
        tail = _TRACK if self.track else []
        self.cartesian = [*_CARTESIAN, *tail]
        self.joints = [*_JOINTS, *tail]
        slides = controller.positioner
        self.positioner = [
            *_FRAME_PARTS,
            *_values(tuple(f"J{i + 1}" for i in range(len(slides))), tuple("mm" if one else "deg" for one in slides)),
        ]
        self.compiled = {id(parts): _whole(parts) for parts in (self.cartesian, self.joints, self.positioner)}
        self.lower = [float(value) - 1e-6 for value in controller.lower]
        self.upper = [float(value) + 1e-6 for value in controller.upper]
        self.postures: dict[str, Posture] = {}
        available = (1, 2) if slides else (1,)
        beyond = [group for group in source.groups if group not in available]
        if beyond:
            raise source.error(f"DEFAULT_GROUP names group {beyond[0]}; the cell has {', '.join(map(str, available))}", 1)

    def read(self) -> dict[int, Position]:
        """All positions by number.

        Raises:
            ProgramTextError: A position that the controller would not take, stands twice, or lies outside of the limits.
        """
        lines, (index, last) = self.source.lines, self.source.positions
        out: dict[int, Position] = {}
        while index < last:
            text = lines[index].strip()
            if not text:
                index += 1
                continue
            head = _HEAD.fullmatch(text)
            if head is None:
                raise self.source.error("a position begins with P[number]{", index + 1)
            number = int(head[1])
            if number in out:
                raise self.source.error(f"P[{number}] stands twice, first in line {out[number].line}", index + 1)
            end = index + 1
            while end < last and (closing := lines[end].strip()) != "};":
                if "{" in closing or "}" in closing:
                    raise self.source.error(f"'}};' is missing at the end of P[{number}]", end + 1)
                end += 1
            if end == last:
                raise self.source.error(f"'}};' is missing at the end of P[{number}]", end)
            out[number] = self._position(number, index + 1, end)
            index = end + 1
        return out

    def _position(self, number: int, first: int, last: int) -> Position:
        """The lines between braces; `first` is the index of the line after the head, which is the line number of the head."""
        lines = self.source.lines
        groups: dict[int, tuple[int, int]] = {}
        current = 0
        for index in range(first, last):
            match = _GROUP.fullmatch(lines[index])
            if match is not None:
                current = int(match[1])
                if current in groups:
                    raise self.source.error(f"P[{number}] has GP{current} twice", index + 1)
                groups[current] = (index + 1, index + 1)
            elif current:
                groups[current] = (groups[current][0], index + 1)
            elif lines[index].strip():
                raise self.source.error(f"P[{number}]: GP1: is missing", index + 1)
        if tuple(groups) != self.source.groups:
            want, have = (" and ".join(f"GP{one}" for one in many) or "none" for many in (self.source.groups, groups))
            raise self.source.error(f"P[{number}] has {have}; DEFAULT_GROUP names {want}", first)
        external = None
        if 2 in groups:
            values = self._match(number, self.positioner, *groups[2])
            external = tuple(
                float(value) * (MM if slide else DEG) for value, slide in zip(values[2:], self.controller.positioner, strict=True)
            )
        start, end = groups[1]
        joints = not any("CONFIG" in lines[index] for index in range(start, end)) and any(
            lines[index].lstrip().startswith("J1") for index in range(start, end)
        )
        if joints:
            values = self._match(number, self.joints, start, end)
            return self._joint_position(number, first, values, external)
        values = self._match(number, self.cartesian, start, end)
        posture = self.postures.get(values[2])
        if posture is None:
            posture = self.postures[values[2]] = self._posture(number, values[2], start + 1)
        track = float(values[9]) * MM if self.track else None
        if track is not None:
            self._within(number, first, 0, track)
        x, y, z, w, p, r = map(float, values[3:9])
        return Position(first, _index(values[0]), _index(values[1]), None, _pose(x, y, z, w, p, r), posture, track, external)

    def _joint_position(self, number: int, line: int, values: tuple[str, ...], external: tuple[float, ...] | None) -> Position:
        arm = [float(value) * DEG for value in values[2:8]]
        if self.controller.settings.fanuc.j3_follows_j2:
            # The controller shows the forearm against the horizontal; the model's joint 3 is against the upper arm.
            arm[2] += arm[1]
        q = [float(values[8]) * MM, *arm] if self.track else arm
        if len(q) != len(self.lower):
            raise self.source.error(f"P[{number}] has {len(q)} axes; {self.controller.robot} has {len(self.lower)}", line)
        for i, value in enumerate(q):
            self._within(number, line, i, value)
        return Position(line, _index(values[0]), _index(values[1]), np.array(q), external=external)

    def _within(self, number: int, line: int, joint: int, value: float) -> None:
        if self.lower[joint] <= value <= self.upper[joint]:
            return
        slides = self.track and joint == 0
        scale, unit = (to_mm, "mm") if slides else (to_deg, "deg")
        name = "the track" if slides else f"joint {joint + 1 - int(self.track)} of the robot model"
        low, high = scale(float(self.controller.lower[joint])), scale(float(self.controller.upper[joint]))
        raise self.source.error(f"P[{number}]: {name} at {scale(value):.3f} {unit}; its limits are {low:.3f} to {high:.3f} {unit}", line)

    def _posture(self, number: int, text: str, line: int) -> Posture:
        match = _CONFIG.fullmatch(text)
        if match is None:
            raise self.source.error(
                f"P[{number}]: CONFIG '{text}'; it is F or N, U or D, T or B, then three turn numbers: 'N U T, 0, 0, 0'", line
            )
        return Posture("fanuc", (match[1] + match[2] + match[3], *(int(match[i]) for i in (4, 5, 6))))

    def _match(self, number: int, parts: list[str], start: int, end: int) -> tuple[str, ...]:
        """The values of a group whose lines must be exactly these parts."""
        text = "\n".join(self.source.lines[start:end])
        match = self.compiled[id(parts)].fullmatch(text)
        if match is None:
            raise self._mismatch(number, parts, text, start)
        return match.groups()

    def _mismatch(self, number: int, parts: list[str], text: str, start: int) -> ProgramTextError:
        """What is wrong: the first part that is not as it must be."""
        at = len(text) - len(text.lstrip())
        message = ""
        for i, part in enumerate(parts):
            match = re.compile(part).match(text, at)
            if match is None:
                rest = text[at : at + 30].split("\n")[0].strip()
                if "*" in rest:
                    message = f"P[{number}] is not taught: '{rest}'"
                else:
                    message = f"P[{number}]: '{_shown(part)}' is expected{f', not {rest!r}' if rest else ', the position ends here'}"
                break
            at = match.end()
            comma = re.compile(_COMMA if i < len(parts) - 1 else r"\s*").match(text, at)
            if comma is None:
                message = f"P[{number}]: ',' is missing"
                break
            at = comma.end()
        else:
            message = f"P[{number}]: the position should end here; the cell's axes are {'six and the track E1' if self.track else 'six'}"
        line = start + 1 + text.count("\n", 0, at)
        return self.source.error(message, line, at - text.rfind("\n", 0, at))


def _whole(parts: list[str]) -> re.Pattern[str]:
    return re.compile(rf"\s*{_COMMA.join(parts)}\s*")


def _shown(part: str) -> str:
    """A part as a person writes it."""
    plain = part.replace(_NUMBER, "number").replace(r"(\d+|F)", "number").replace("'([^']*)'", "'N U T, 0, 0, 0'")
    return plain.replace(r"\s*", " ").replace(r"\b", "").strip()


def _index(text: str) -> int | None:
    return None if text == "F" else int(text)


def _pose(x: float, y: float, z: float, w: float, p: float, r: float) -> Array:
    """Pose of X, Y, Z [mm], W, P, R [deg]: Rz(R) Ry(P) Rx(W)."""
    cw, sw = math.cos(w * DEG), math.sin(w * DEG)
    cp, sp = math.cos(p * DEG), math.sin(p * DEG)
    cr, sr = math.cos(r * DEG), math.sin(r * DEG)
    return np.array((
        (cr * cp, cr * sp * sw - sr * cw, cr * sp * cw + sr * sw, x * MM),
        (sr * cp, sr * sp * sw + cr * cw, sr * sp * cw - cr * sw, y * MM),
        (-sp, cp * sw, cp * cw, z * MM),
        (0.0, 0.0, 0.0, 1.0),
    ))  # fmt: skip
