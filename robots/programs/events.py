"""What a program does when it is run, one event after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import InputError
from core.frames import Array
from robots.programs.program import Load, Posture, Weave


class ProgramTextError(InputError):
    """Text that a controller would not take, or that means something else than it says; names file, line and column."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the text: file and line; empty and 0 for a program that was not read."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file} line {self.line}" if self.file else f"line {self.line}" if self.line else ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Anything that happens; `at`: because of what in the text."""

    at: Place = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Moved(_Placed):
    """A move with everything that counts for it, SI units.

    Attributes:
        kind: How.
        q: Joint target (n,), a track first; of straight and circular moves what the plan has there, None when read from text.
        T_target: Target of the tool in the robot's base (4, 4) (in the positioner's table when `carried`); None for joint targets.
        T_via: Of a circle.
        T_flange_tcp: Active tool.
        carried: The frame moves with the positioner.
        speed: Share 0..1 of joint moves, m/s of others.
        turn_speed: How fast the tool may turn [rad/s]; None: not limited by the program.
        duration: Prescribed time [s], or None.
        blend: How far the way may leave the target [m]; None: stops there.
        posture: That the text names.
        track: Of the external axis that carries the robot at a pose target [m].
        external: Positioner axes.
        weld: The procedure's name while the arc burns.
        triggers: (address, value, seconds from the start of the move or, negative, before its end)
        shifted: Search results that the targets are shifted by.
        result: Of a search: its name.
    """

    kind: Literal["joint", "linear", "circular", "search"]
    q: Array | None
    T_target: Array | None
    T_via: Array | None
    T_flange_tcp: Array
    carried: bool
    speed: float
    turn_speed: float | None
    duration: float | None
    blend: float | None
    posture: Posture | None = None
    track: float | None = None
    external: tuple[float, ...] | None = None
    weld: str | None = None
    triggers: tuple[Triggered, ...] = ()
    shifted: tuple[str, ...] = ()
    result: str | None = None


@dataclass(frozen=True, slots=True)
class Triggered:
    """An output set at a point of a move; see `program.Trigger`."""

    address: str
    value: bool | int
    at: Literal["start", "end"]
    distance: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SignalSet(_Placed):
    """An output was set; `pulse` [s]: for that long."""

    address: str
    value: bool | int
    pulse: float | None = None


@dataclass(frozen=True, slots=True)
class Waited(_Placed):
    """Inputs were waited for.

    Attributes:
        signals: (address, value) of those that had to come.
        timeout: Longest time [s]; None: for ever.
        came: Whether they came in time.
        seconds: How long it took.
    """

    signals: tuple[tuple[str, bool | int], ...]
    timeout: float | None
    came: bool
    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class LoadChanged(_Placed):
    """Tool and what it holds together, in the flange frame."""

    load: Load


@dataclass(frozen=True, slots=True)
class Paused(_Placed):
    """The robot stood still [s]."""

    seconds: float


@dataclass(frozen=True, eq=False, slots=True)
class ArcChanged(_Placed):
    """The arc was ignited with a procedure, or ended (None)."""

    procedure: str | None
    weave: Weave | None = None


@dataclass(frozen=True, slots=True)
class Halted(_Placed):
    """The program stopped for the operator; `ends`: for good."""

    ends: bool = False


@dataclass(frozen=True, slots=True)
class Messaged(_Placed):
    """A line on the pendant."""

    text: str


@dataclass(frozen=True, slots=True)
class Skipped(_Placed):
    """A line the reader does not know was left out."""

    text: str


@dataclass(frozen=True, slots=True)
class Stuck(_Placed):
    """A wait that can never end: nothing in the cell will change any more.

    Attributes:
        signals: (address, value) that do not come.
        reason: In the words of the cell's side.
    """

    signals: tuple[tuple[str, bool | int], ...]
    reason: str


Event = Moved | SignalSet | Waited | LoadChanged | Paused | ArcChanged | Halted | Messaged | Skipped | Stuck
