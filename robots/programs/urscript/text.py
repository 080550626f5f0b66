"""How URScript writes numbers, poses and addresses: metres, radians, rotation vectors."""

from __future__ import annotations

import math
import re

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array
from robots.programs.program import Load, SignalLine
from robots.programs.text import ascii_text, number
from robots.programs.urscript.names import REGISTER_COUNT

_ADDRESS = re.compile(r"(DO|CO|TO|DI|CI|TI|OR|IR|GO|GI)\[(\d+)(?:\.\.(\d+))?\]")
_COUNT = {"DO": 8, "CO": 8, "TO": 2, "DI": 8, "CI": 8, "TI": 2, "OR": REGISTER_COUNT, "IR": REGISTER_COUNT, "GO": 8, "GI": 8}
_KINDS = {
    (True, False): ("DO", "CO", "TO"),
    (False, False): ("DI", "CI", "TI"),
    (True, True): ("OR", "GO"),
    (False, True): ("IR", "GI"),
}
"""(output, number) -> kinds of address."""
_LINES = {"D": "standard", "C": "configurable", "T": "tool"}


def turn(R: Array) -> tuple[float, float, float]:
    """Rotation vector [rad] of a rotation matrix (3, 3), exact at every angle up to half a turn.

    By way of the quaternion with its largest component divided out (Shepperd): `atan2` of sine and cosine loses nothing near 180 deg.
    Of the two vectors for half a turn the one whose first component that is not 0 is positive.
    """
    r = R.tolist()
    trace = r[0][0] + r[1][1] + r[2][2]
    parts = [trace, r[0][0], r[1][1], r[2][2]]
    i = parts.index(max(parts))
    if i == 0:
        q = [1 + trace, r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]]
    else:
        a, b, c = i - 1, i % 3, (i + 1) % 3
        q = [r[c][b] - r[b][c], 0.0, 0.0, 0.0]
        q[1 + a], q[1 + b], q[1 + c] = 1 + r[a][a] - r[b][b] - r[c][c], r[a][b] + r[b][a], r[a][c] + r[c][a]
    size = math.hypot(*q)
    q = [value / size for value in q]
    if abs(q[0]) < 1e-10:
        q[0] = 0.0
        q = [0.0 if abs(value) < 1e-12 else value for value in q]
    if q[0] < 0 or (q[0] == 0 and next(value for value in q[1:] if value) < 0):
        q = [-value for value in q]
    sine = math.hypot(*q[1:])
    scale = 2.0 if sine < 1e-12 else 2 * math.atan2(sine, q[0]) / sine
    return scale * q[1], scale * q[2], scale * q[3]


def pose(T: Array) -> str:
    """`p[x,y,z,rx,ry,rz]`."""
    place = ", ".join(number(float(value), 7) for value in T[:3, 3])
    return f"p[{place}, {', '.join(number(value, 8) for value in turn(T[:3, :3]))}]"


def joints(q: Array) -> str:
    """`[base, shoulder, elbow, wrist 1, wrist 2, wrist 3]` in rad."""
    return f"[{', '.join(number(float(value), 7) for value in q)}]"


def payload(load: Load) -> str:
    """Mass and its centre from the tool flange, as `set_target_payload` takes them."""
    return f"{short(load.mass, 4)}, [{', '.join(number(float(value), 4) for value in load.com)}]"


def short(value: float, digits: int) -> str:
    """A number without the zeros at its end, but always with a decimal point."""
    text = number(value, digits).rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def quoted(text: str) -> str:
    """A string; URScript knows no escapes."""
    plain = ascii_text(text).replace('"', "'")
    return f'"{plain}"'


class Wire:
    """A signal's address, taken apart.

    Args:
        name: For messages.
        line: Of the program.

    Raises:
        UnsupportedError: An address that the controller does not have.
    """

    def __init__(self, name: str, line: SignalLine) -> None:
        match = _ADDRESS.fullmatch(line.address)
        kinds = _KINDS[line.output, line.number]
        if (
            match is None
            or match[1] not in kinds
            or (match[3] is not None) != (match[1] in ("GO", "GI"))
            or int(match[3] or match[2]) >= _COUNT[match[1]]
            or int(match[2]) > int(match[3] or match[2])
        ):
            shapes = ", ".join(f"{kind}[0..{_COUNT[kind] - 1}]" for kind in kinds)
            raise UnsupportedError(f"signal '{name}': '{line.address}' is no URScript address here; there are: {shapes}")
        self.kind = match[1]
        self.number = line.number
        self.bits = range(int(match[2]), int(match[3] or match[2]) + 1)

    def limit(self) -> int:
        """Greatest number a group can show."""
        return 2**31 - 1 if self.kind in ("OR", "IR") else 2 ** len(self.bits) - 1

    def set(self, value: str, bit: int | None = None) -> str:
        """The statement that sets the line, or one bit of a group."""
        n = self.bits[0] if bit is None else bit
        if self.kind == "OR":
            return f"write_output_integer_register({n}, {value})"
        return f"set_{_LINES[self.kind[0].replace('G', 'D')]}_digital_out({n}, {value})"

    def get(self) -> str:
        """The expression that reads the line or the group."""
        if self.kind in ("OR", "IR"):
            return f"read_{'output' if self.kind == 'OR' else 'input'}_integer_register({self.bits[0]})"
        word = f"get_{_LINES[self.kind[0].replace('G', 'D')]}_digital_{'out' if self.kind.endswith('O') else 'in'}"
        if not self.number:
            return f"{word}({self.bits[0]})"
        # The number is signed: a last bit that is always off keeps it positive.
        return f"binary_list_to_integer([{', '.join(f'{word}({bit})' for bit in self.bits)}, False])"


def segment(T_from: Array, T_to: Array) -> float:
    """Length of a straight move [m]."""
    return float(np.linalg.norm(T_to[:3, 3] - T_from[:3, 3]))


def arc_length(start: Array, via: Array, end: Array) -> float:
    """Length of the arc from one point through another to a third (3,) [m]; the straight way when they lie on a line."""
    a, b = via - start, end - start
    normal = np.cross(a, b)
    size = float(normal @ normal)
    if size < 1e-18:
        return float(np.linalg.norm(a) + np.linalg.norm(end - via))
    # Centre of the circle through the three, seen from the start.
    centre = np.cross((a @ a) * b - (b @ b) * a, normal) / (2 * size)
    radius = float(np.linalg.norm(centre))
    u, w = -centre / radius, np.cross(normal / math.sqrt(size), -centre / radius)
    angle = math.atan2(float((b - centre) @ w), float((b - centre) @ u)) % (2 * math.pi)
    return radius * angle
