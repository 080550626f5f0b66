"""Numbers, records and names the way a RAPID module holds them: mm, degrees, quaternions with the scalar first."""

from __future__ import annotations

from core.frames import Array, quat_wxyz
from core.units import to_mm
from robots.programs.program import Load
from robots.programs.text import ascii_text, number

LONGEST_NAME = 32
LONGEST_STRING = 80
UNUSED_AXIS = "9E9"
NO_TURN = "[1,0,0,0]"

_PREDEFINED_SPEEDS = (
    5, 10, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7000,
)  # fmt: skip
"""v5, v10, ..: mm/s, all with 500 deg/s, 5000 mm/s and 1000 deg/s."""
_PREDEFINED_ZONES = {f"z{radius}": float(radius) for radius in (1, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200)} | {"z0": 0.3}
TURN_SPEED = 500.0
"""Of the predefined speeds [deg/s]."""

RESERVED = (
    "ALIAS", "AND", "BACKWARD", "CASE", "CONNECT", "CONST", "DEFAULT", "DIV", "DO", "ELSE", "ELSEIF", "ENDFOR", "ENDFUNC", "ENDIF", "ENDMODULE",
    "ENDPROC", "ENDRECORD", "ENDTEST", "ENDTRAP", "ENDWHILE", "ERROR", "EXIT", "FALSE", "FOR", "FROM", "FUNC", "GOTO", "IF", "INOUT", "LOCAL",
    "MOD", "MODULE", "NOSTEPIN", "NOT", "NOVIEW", "OR", "PERS", "PROC", "RAISE", "READONLY", "RECORD", "RETRY", "RETURN", "STEP", "SYSMODULE",
    "TASK", "TEST", "THEN", "TO", "TRAP", "TRUE", "TRYNEXT", "UNDO", "VAR", "VIEWONLY", "WHILE", "WITH", "XOR",
)  # fmt: skip
_INSTALLED = (
    "ArcC", "ArcCEnd", "ArcCStart", "ArcL", "ArcLEnd", "ArcLStart", "ActUnit", "ConfJ", "ConfL", "GripLoad", "MoveAbsJ", "MoveC", "MoveJ", "MoveL", "PDispOff",
    "PDispSet", "PulseDO", "SearchL", "SetDO", "SetGO", "SingArea", "Stop", "TPWrite", "TriggC", "TriggEquip", "TriggIO", "TriggJ", "TriggL", "WaitDI", "WaitDO",
    "WaitGI", "WaitGO", "WaitTime", "WaitUntil", "load0", "tool0", "wobj0", "fine", "vmax",
)  # fmt: skip
TAKEN = (*RESERVED, *_INSTALLED, *(f"v{speed}" for speed in _PREDEFINED_SPEEDS), *_PREDEFINED_ZONES)
"""Names that a module must not give to anything of its own: reserved words, and what is installed and used here."""


def plain(value: float, digits: int) -> str:
    """Fixed point without zeros at the end: `350`, `12.5`."""
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def position_text(T: Array) -> str:
    """`pos` [mm]."""
    return "[" + ",".join(plain(to_mm(float(v)), 4) for v in T[:3, 3]) + "]"


def pose_text(T: Array) -> str:
    """`pose`: position and orientation."""
    return f"[{position_text(T)},[{','.join(plain(float(v), 8) for v in quat_wxyz(T))}]]"


def load_text(load: Load) -> str:
    """`loaddata` of a point mass; the controller takes neither mass 0 nor a centre of mass in the origin."""
    x, y, z = (round(to_mm(float(v)), 3) for v in load.com)
    if x == y == z == 0.0:
        z = 0.001
    return f"[{plain(max(load.mass, 0.001), 3)},[{','.join(plain(v, 3) for v in (x, y, z))}],{NO_TURN},0,0,0]"


def string_text(text: str, longest: int = LONGEST_STRING) -> str:
    """A string literal; quotes and backslashes would have to be doubled and are replaced."""
    return '"' + ascii_text(text).replace('"', "'").replace("\\", "/")[:longest] + '"'


def predefined_speed(mm_s: float) -> str | None:
    """`v400` for 400 mm/s; None when there is no such speed."""
    return f"v{round(mm_s)}" if mm_s in _PREDEFINED_SPEEDS else None


def speed_above(mm_s: float) -> str:
    """The smallest predefined speed that is not slower: stands beside a prescribed time, which takes its place."""
    return f"v{next((speed for speed in _PREDEFINED_SPEEDS if speed >= mm_s), _PREDEFINED_SPEEDS[-1])}"


def predefined_zone(mm: float) -> str | None:
    """`z5` for 5 mm; None when there is no such zone (as for 2 mm)."""
    return next((name for name, radius in _PREDEFINED_ZONES.items() if radius == mm), None)
