"""A robot program as a value, neutral of brand. SI units; writers turn it into a maker's text, readers bring text back as a trace.

A program is a main routine that calls one routine per step of the job, and retreat routines that are called when a signal does not come in time.
Every signal is written or waited for while the robot stands: the move before it stops exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """What hangs on the robot's flange, or is held by the tool.

    Attributes:
        mass: [kg]
        com: Centre of mass in the flange frame (3,) [m].
    """

    mass: float
    com: Array

    def plus(self, other: Load) -> Load:
        """Both together."""
        mass = self.mass + other.mass
        return Load(mass, (self.mass * self.com + other.mass * other.com) / mass if mass > 0 else np.zeros(3))


@dataclass(frozen=True, eq=False, slots=True)
class MoveJoint:
    """All joints at once to q (n,) [rad], `speed` 0..1 of their greatest speeds; `blend` [m] rounds the corner, None stops."""

    q: Array
    speed: float
    blend: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class MoveLinear:
    """Straight line of the tool to a pose in the program's base frame.

    Attributes:
        T_base_tcp: Target (4, 4).
        q: Joints at the target (n,): the posture the plan has there.
        speed: Of the tool [m/s].
        duration: Time the move must take [s], where it is synchronised with the brake; None: `speed` counts.
        blend: Radius in which the corner is rounded [m]; None stops.
    """

    T_base_tcp: Array
    q: Array
    speed: float
    duration: float | None = None
    blend: float | None = None


@dataclass(frozen=True, slots=True)
class SetSignal:
    """Set an output to a bool, or a group of outputs to a number."""

    signal: str
    value: bool | int


@dataclass(frozen=True, slots=True)
class WaitSignal:
    """Wait for an input; after `timeout` [s] report, run the routine `retreat` and end. No timeout: wait for ever."""

    signal: str
    value: bool | int
    timeout: float | None
    retreat: str | None = None


@dataclass(frozen=True, slots=True)
class HoldLoad:
    """From here on the tool holds the program's load with this name; None: nothing."""

    load: str | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Stand still [s]."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Remark:
    """A line for the person at the robot."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """Run another routine."""

    routine: str


Instruction = MoveJoint | MoveLinear | SetSignal | WaitSignal | HoldLoad | Pause | Remark | Call


@dataclass(frozen=True, slots=True)
class Routine:
    """A named list of instructions; the title is for people."""

    name: str
    title: str
    body: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class SignalLine:
    """An input or output, or a group of them, by the controller's name (`$OUT[5]`, `doBendStart`)."""

    address: str
    output: bool
    number: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class RobotProgram:
    """A whole program.

    Attributes:
        name: Of the part; writers shorten it to what the controller takes.
        title: One line for people.
        robot: Name of the robot model.
        lower, upper: Joint limits (n,) [rad].
        prismatic: Which joints slide (n,) bool; their values are [m]. A track is the first joint.
        track_speed: Greatest speed of the track [m/s]; 0: there is none.
        T_flange_tcp: Tool frame (4, 4).
        T_robot_base: Frame of all linear targets in the robot's base link (4, 4).
        tool_load: The gripper.
        loads: What it holds, by name; com in the flange frame.
        signals: By neutral name.
        routines: The first is the main one.
        notes: Lines for the head of the file.
    """

    name: str
    title: str
    robot: str
    lower: Array
    upper: Array
    T_flange_tcp: Array
    T_robot_base: Array
    tool_load: Load
    loads: dict[str, Load]
    signals: dict[str, SignalLine]
    routines: tuple[Routine, ...]
    notes: tuple[str, ...] = ()
    prismatic: Array = field(default_factory=lambda: np.zeros(6, dtype=bool))
    track_speed: float = 0.0

    def on_track(self, language: str) -> bool:
        """Whether the arm stands on a track, which is then an external axis; raises `UnsupportedError` unless it has six turning axes."""
        slides = [bool(one) for one in self.prismatic]
        if slides not in ([False] * 6, [True] + [False] * 6) or len(self.lower) != len(slides):
            raise UnsupportedError(
                f"{language} programs are written for six turning axes, on a track or not; {self.robot} has {len(self.lower)} joints, {sum(slides)} of them sliding"
            )
        return slides[0]

    def routine(self, name: str) -> Routine:
        """By name."""
        return next(routine for routine in self.routines if routine.name == name)

    def executed(self) -> list[Instruction]:
        """The main routine with every call replaced by what it calls: what runs when all signals come."""

        def flat(routine: Routine) -> list[Instruction]:
            out: list[Instruction] = []
            for instruction in routine.body:
                out += flat(self.routine(instruction.routine)) if isinstance(instruction, Call) else [instruction]
            return out

        return flat(self.routines[0])
