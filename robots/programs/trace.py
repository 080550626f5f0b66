"""What a program does when its text is run: the common answer of all readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import InputError
from core.frames import Array
from robots.programs.program import Load

Inputs = Callable[[str, bool | int], bool]
"""(address, value waited for) -> whether the input shows it in time."""


def all_come(address: str, value: bool | int) -> bool:
    """The cell in which every signal comes."""
    del address, value
    return True


@dataclass(frozen=True, eq=False, slots=True)
class TracedMove:
    """One executed move, SI units.

    Attributes:
        line: In the text.
        joints: Target joints (n,) in the controller's own convention [rad]; None for a straight line.
        T_base_tcp: Target of a straight line in the active base frame (4, 4).
        T_flange_tcp, T_robot_base: Frames active then.
        speed: Share 0..1 of joint moves, m/s of straight lines.
        turn_speed: Of a straight line, how fast the tool may turn [rad/s]; None: not limited by the program.
        duration: Prescribed time [s], or None.
        stops: False when the corner is rounded.
        track: Target of the external axis that carries the robot [m]; None: the program names none.
    """

    line: int
    joints: Array | None
    T_base_tcp: Array | None
    T_flange_tcp: Array
    T_robot_base: Array
    speed: float
    turn_speed: float | None
    duration: float | None
    stops: bool
    track: float | None = None


@dataclass(frozen=True, slots=True)
class TracedSet:
    """An output was set."""

    line: int
    address: str
    value: bool | int


@dataclass(frozen=True, slots=True)
class TracedWait:
    """An input was waited for; `came` tells whether it showed the value in time."""

    line: int
    address: str
    value: bool | int
    timeout: float | None
    came: bool


@dataclass(frozen=True, eq=False, slots=True)
class TracedLoad:
    """The load at the flange changed: tool and what it holds together."""

    line: int
    load: Load


@dataclass(frozen=True, slots=True)
class TracedPause:
    """The robot stood still [s]."""

    line: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TracedHalt:
    """The program stopped for the operator."""

    line: int


Traced = TracedMove | TracedSet | TracedWait | TracedLoad | TracedPause | TracedHalt


class ProgramTextError(InputError):
    """Text that a controller would not take, or that means something else than it says; names file and line."""


MOST_STEPS = 200_000
"""A program that executes more statements than this does not end."""
