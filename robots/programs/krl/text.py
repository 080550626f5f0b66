"""Numbers, frames, loads and addresses as KRL writes them, and the words a name must not be."""

from __future__ import annotations

import math
import re

import numpy as np
from scipy.spatial.transform import Rotation

from core.errors import UnsupportedError
from core.frames import Array
from core.units import to_deg, to_mm
from robots.programs.program import Load, SignalLine
from robots.programs.text import number

LONGEST_NAME = 24
_WORDS = """
AND ANIN ANOUT AXIS B_AND B_EXOR B_NOT B_OR BAS BASE BOOL BRAKE BY CASE CAST_FROM CAST_TO CHANNEL CHAR CIRC CIRC_REL CONFIRM CONST
    CONTINUE CWRITE DECL DEF DEFAULT DEFDAT DEFFCT DELAY DISTANCE DO E6AXIS E6POS ELSE END ENDDAT ENDFCT ENDFOR ENDIF ENDLOOP ENDSPLINE
    ENDSWITCH ENDWHILE ENUM EXIT EXOR EXT EXTFCT FALSE FOR FRAME GLOBAL GOTO HALT IF IMPORT IN INT INTERRUPT IR_STOPM IS LIN LIN_REL LOAD LOOP
    MINIMUM MAXIMUM MSGNOTIFY NOT OFF ON ONSTART OR OUT PATH POS PRIO PTP PTP_REL PUBLIC PULSE REAL REPEAT RESUME RETURN SCIRC SEC SIGNAL SLIN
    SPLINE SPTP STRUC SWITCH THEN TO TOOL TRIGGER TRUE UNTIL WAIT WHEN WHILE WITH TIME_LIMIT SAFE_OUTPUTS THE_END START_POS"""
RESERVED = tuple(_WORDS.split())
"""Words of the language, and the names that every program here has."""

_ADDRESS = re.compile(r"\$(IN|OUT)\[(\d+)(?:\.\.(\d+))?\]")
_WIDEST_GROUP = 32


def abc_deg(R: Array) -> tuple[float, float, float]:
    """KUKA's A, B, C [deg] of a rotation (3, 3): R = Rz(A) Ry(B) Rx(C). At B = +-90, where only A and C together count, C is 0."""
    if abs(R[2, 0]) > 1 - 1e-13:
        b = -np.sign(R[2, 0]) * 90.0
        return float(np.degrees(np.arctan2(-R[0, 1], R[1, 1]))), float(b), 0.0
    a, b, c = Rotation.from_matrix(R).as_euler("ZYX", degrees=True)
    return float(a), float(b), float(c)


def frame_fields(T: Array) -> str:
    """`X ..,Y ..,Z ..,A ..,B ..,C ..` of a transform (4, 4), in mm and degrees."""
    x, y, z = (number(to_mm(float(v)), 4) for v in T[:3, 3])
    a, b, c = (number(v, 5) for v in abc_deg(T[:3, :3]))
    return f"X {x},Y {y},Z {z},A {a},B {b},C {c}"


def axis_fields(q: Array) -> str:
    """`A1 ..,..,A6 ..` of the arm's joints (6,) [rad], in degrees."""
    return ",".join(f"A{i + 1} {number(to_deg(float(value)), 5)}" for i, value in enumerate(q))


def load_text(load: Load) -> str:
    """`{M ..,CM {..},J {..}}`: mass and centre of mass at the flange; a point mass, because no inertia is known."""
    x, y, z = (number(to_mm(float(v)), 2) for v in load.com)
    return f"{{M {number(load.mass, 3)},CM {{X {x},Y {y},Z {z},A 0.0,B 0.0,C 0.0}},J {{X 0.0,Y 0.0,Z 0.0}}}}"


def distance_mm(length: float) -> str:
    """A length as mm with three decimals, rounded down: what rounds a corner must not grow."""
    return number(math.floor(to_mm(length) * 1e3 + 1e-6) / 1e3, 3)


def signal_text(name: str, line: SignalLine) -> str:
    """What stands behind `SIGNAL name`: `$OUT[2]`, or `$OUT[17] TO $OUT[24]` for `$OUT[17..24]`.

    Raises:
        UnsupportedError: An address that is none, or not of the signal's kind.
    """
    match = _ADDRESS.fullmatch(line.address)
    if match is None or (match[1] == "OUT") != line.output or (match[3] is not None) != line.number:
        shape = ("$OUT" if line.output else "$IN") + ("[17..24]" if line.number else "[5]")
        raise UnsupportedError(f"signal '{name}': '{line.address}' is no KRL address; write it like {shape}")
    first = f"${match[1]}[{match[2]}]"
    if match[3] is None:
        return first
    if not 0 < int(match[3]) - int(match[2]) < _WIDEST_GROUP:
        raise UnsupportedError(f"signal '{name}': {line.address} must ascend and hold at most {_WIDEST_GROUP} lines")
    return f"{first} TO ${match[1]}[{match[3]}]"
