"""Numbers, poses, speeds and remarks as FANUC's ASCII programs carry them; for the writer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from core.errors import UnsupportedError
from core.frames import Array
from core.units import to_deg, to_mm
from robots.programs.text import ascii_text, number

FASTEST_MM_S = 2000
"""Straight moves may not be programmed faster on most arms."""
LONGEST_MS = 32000
"""Of a move in msec."""
SURE_DEG = 179.0
"""Within this the turn numbers of a CONFIG are 0 in every reading of the manual."""


def wpr_deg(R: Array) -> tuple[float, float, float]:
    """W, P, R [deg] of a rotation: Rz(R) Ry(P) Rx(W). Where P is +-90 the angle W is free and becomes 0.

    W is taken from what is left when R and P are turned back, so that the three belong together also next to the singularity.
    """
    level = math.hypot(R[0, 0], R[1, 0])
    p = math.atan2(-R[2, 0], level)
    if level < 1e-9:
        return 0.0, to_deg(p), to_deg(math.atan2(-R[0, 1], R[1, 1]))
    r = math.atan2(R[1, 0], R[0, 0])
    s, c = math.sin(r), math.cos(r)
    w = math.atan2(s * R[0, 2] - c * R[1, 2], c * R[1, 1] - s * R[0, 1])
    return to_deg(w), to_deg(p), to_deg(r)


@dataclass(frozen=True, eq=False, slots=True)
class Point:
    """One entry of /POS.

    Attributes:
        frame, tool: UF and UT.
        values: J1 .. J6 [deg] or X, Y, Z [mm], W, P, R [deg].
        config: Of a Cartesian point; empty: `values` are joints.
        track: E1 [mm], or None.
        external: (value, unit) of each positioner axis.
        label: Comment of the point.
    """

    frame: int
    tool: int
    values: tuple[float, ...]
    config: str = ""
    track: float | None = None
    external: tuple[tuple[float, str], ...] = ()
    label: str = ""

    def lines(self, index: int) -> list[str]:
        """The block P[index]."""
        joints = not self.config
        names = ("J1", "J2", "J3", "J4", "J5", "J6") if joints else ("X", "Y", "Z", "W", "P", "R")
        units = ("deg",) * 6 if joints else ("mm", "mm", "mm", "deg", "deg", "deg")
        items = [_item(*one) for one in zip(names, self.values, units, strict=True)]
        rows = [items[:3], items[3:]]
        if self.track is not None:
            rows.append([_item("E1", self.track, "mm")])
        head = f"\tUF : {self.frame}, UT : {self.tool},\t"
        out = [f'P[{index}:"{self.label}"]{{' if self.label else f"P[{index}]{{", "   GP1:"]
        out += [head + (f"\tCONFIG : '{self.config}'," if self.config else ""), *_rows(rows)]
        if self.external:
            out += ["   GP2:", head, *_rows([[_item(f"J{i + 1}", *one) for i, one in enumerate(self.external)]])]
        return [*out, "};"]


def _item(name: str, value: float, unit: str) -> str:
    return f"{name:<2}= {number(value, 4 if unit == 'mm' else 5):>10} {unit:>3}"


def _rows(rows: list[list[str]]) -> list[str]:
    lines = ["\t" + ",\t".join(row) for row in rows]
    return [line + "," for line in lines[:-1]] + lines[-1:]


def config_text(values: tuple[int | float | str, ...]) -> str:
    """`N U T, 0, 0, 0` of a posture's values."""
    letters, *turns = values
    return f"{' '.join(str(letters))}, {', '.join(str(turn) for turn in turns)}"


def linear_speed(speed: float) -> str:
    """mm/sec or cm/min, both whole numbers [m/s]: the unit that comes nearer, which is within 0.09 mm/s.

    Raises:
        UnsupportedError: Faster than `FASTEST_MM_S`, or slower than 1 cm/min.
    """
    mm = to_mm(speed)
    per_second, per_minute = round(mm), round(mm * 6)
    if mm > FASTEST_MM_S or per_minute < 1:
        raise UnsupportedError(
            f"a straight move at {mm:g} mm/s; FANUC TP takes 1 cm/min to {FASTEST_MM_S} mm/sec: change the speed of the step in the plan"
        )
    if per_second >= 1 and abs(mm - per_second) <= abs(mm - per_minute / 6) + 1e-9:
        return f"{per_second}mm/sec"
    return f"{per_minute}cm/min"


def timed(seconds: float, owed: float = 0.0) -> tuple[str, float]:
    """A move's duration [s] in msec, and by how much it is too short [s].

    `owed` is what the moves before it fell short: a chain of moves is then right to half a millisecond as a whole, not only each of them.

    Raises:
        UnsupportedError: Not within 1 ms and 32 s.
    """
    ms = round((seconds + owed) * 1e3)
    if not 1 <= ms <= LONGEST_MS:
        raise UnsupportedError(f"a move of {seconds:g} s; FANUC TP takes 0.001 to {LONGEST_MS / 1e3:g} s: split the move")
    return f"{ms}msec", seconds + owed - ms * 1e-3


def termination(blend: float | None, cnt100_mm: float) -> str:
    """FINE, or the CNT that stays within `blend` [m]: rounded down, at most 100."""
    if blend is None:
        return "FINE"
    return f"CNT{max(0, min(100, math.floor(to_mm(blend) / cnt100_mm * 100 + 1e-9)))}"


def remarks(text: str, longest: int) -> list[str]:
    """A text as lines for `!`, none longer than allowed; a `;` would end the line, so it becomes a comma."""
    words = re.sub(r"\s+", " ", ascii_text(text).replace(";", ",")).strip().split(" ")
    lines = [""]
    for word in words:
        for piece in [word[i : i + longest] for i in range(0, len(word), longest)]:
            if lines[-1] and len(lines[-1]) + 1 + len(piece) > longest:
                lines.append("")
            lines[-1] += (" " if lines[-1] else "") + piece
    return lines


def plain(text: str, longest: int) -> str:
    """A text for MESSAGE, COMMENT or a point's name: no brackets, quotes or semicolons."""
    return re.sub(r"[^A-Za-z0-9 .,_/+-]+", " ", ascii_text(text)).strip()[:longest].strip()
