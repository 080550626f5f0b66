"""A robot program as a value, neutral of brand. SI units; writers turn it into a maker's text, readers bring text back.

A program is a set of routines; the first is the main one. Tool and frame are modal: `UseTool` and `UseFrame` count until the next. Joint positions are those of
the robot model (`robots.model`), a track first. Instructions that came from text carry their line.

What we plan uses moves, signals, waits with a timeout, loads and calls. Programs that people wrote also compute, branch and loop: those
instructions exist so that every text can be run by one interpreter (`robots.programs.execution`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array
from robots.programs.expressions import Expression, Value

Blend = float | Literal["set"] | None
"""How near the way passes a target [m]: the corner may be rounded, but not further than this from it. None: the robot stops exactly. `set`: as `SetBlend` said."""


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
class Tool:
    """A tool on the flange.

    Attributes:
        T_flange_tcp: Tool frame (4, 4).
        load: Of the tool alone.
        number: On controllers that number their tools; None: the writer takes the one of the cell's settings.
    """

    T_flange_tcp: Array
    load: Load
    number: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """A frame in which targets are given.

    Attributes:
        T_robot_frame: In the robot's base link (4, 4); when a positioner carries it, in the positioner's table.
        number: On controllers that number their frames.
        carried: Moves with the positioner.
    """

    T_robot_frame: Array
    number: int | None = None
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Posture:
    """Which of the arm's solutions a target means, in a maker's own words.

    Attributes:
        maker: `abb` (cf1, cf4, cf6, cfx), `kuka` (S, T), `fanuc` (letters as one string, three turns), `yaskawa` (the first six fields of RCONF),
            `near` (joint values [rad] that the solution must be nearest to).
        values: See above.
    """

    maker: str
    values: tuple[int | float | str, ...]


@dataclass(frozen=True, slots=True)
class Weave:
    """Weaving of the torch.

    Attributes:
        shape: `zigzag`, `triangle`, `sine`, `circle`, `figure-8`.
        frequency: [Hz]
        amplitude: To either side [m].
        dwell_left, dwell_right: [s]
        number: Of the controller's weave data; None: the figures stand in the program where the language can.
    """

    shape: str
    frequency: float
    amplitude: float
    dwell_left: float = 0.0
    dwell_right: float = 0.0
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """A welding procedure that the controller or the power source knows.

    Attributes:
        number: Its number there.
        speed: Of the torch while it welds [m/s].
        seam, weld: Names of seam and weld data where the controller has names.
        schedule: Second number, where the controller counts procedure and schedule.
        note: For the person at the robot: current, voltage, wire feed.
    """

    number: int
    speed: float
    seam: str = "seam1"
    weld: str = "weld1"
    schedule: int = 1
    note: str = ""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Instruction:
    """Anything a routine can hold. `line`: in the text it was read from; 0 when it was not."""

    line: int = 0


# Motion


@dataclass(frozen=True, eq=False, slots=True)
class UseTool(Instruction):
    """From here on targets mean this tool."""

    tool: str


@dataclass(frozen=True, eq=False, slots=True)
class UseFrame(Instruction):
    """From here on straight targets are given in this frame."""

    frame: str


@dataclass(frozen=True, eq=False, slots=True)
class SetSpeed(Instruction):
    """Speeds for moves that name none: joint 0..1, linear [m/s], turn [rad/s]; None leaves a value as it is."""

    joint: float | None = None
    linear: float | None = None
    turn: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class SetBlend(Instruction):
    """Rounding for moves with blend `set`: of joint and of straight moves [m]; None leaves a value as it is."""

    joint: float | None = None
    linear: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class MoveJoint(Instruction):
    """All joints at once, to joint values or to a pose.

    Attributes:
        q: Target (n,) [rad], a track first [m]; None when the target is a pose.
        speed: 0..1 of the greatest joint speeds; None: as `SetSpeed` said.
        blend: See `Blend`.
        duration: Prescribed time [s], or None.
        T_frame_tcp: Target pose (4, 4) in the active frame, when there is no q.
        posture: Which solution the pose means.
        track: Position of the track at a pose target [m].
        external: Positioner axes [rad] or [m]; None: the program names none.
    """

    q: Array | None
    speed: float | None
    blend: Blend = None
    duration: float | None = None
    T_frame_tcp: Array | None = None
    posture: Posture | None = None
    track: float | None = None
    external: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class MoveLinear(Instruction):
    """Straight line of the tool; the posture stays.

    Attributes:
        T_frame_tcp: Target (4, 4) in the active frame.
        q: Joints at the target (n,) as planned, a track first; None when read from text.
        speed: Of the tool [m/s]; None: as `SetSpeed` said.
        duration: Time the move must take [s], where it is synchronised with another machine; None: `speed` counts.
        blend: See `Blend`.
        turn_speed: How fast the tool may turn [rad/s]; None: as `SetSpeed` said, or not limited by the program.
        posture: As written at the target; it must be the one the move starts in.
        track: Position of the track at the target [m], when q is None.
        external: Positioner axes at the target.
    """

    T_frame_tcp: Array
    q: Array | None
    speed: float | None
    duration: float | None = None
    blend: Blend = None
    turn_speed: float | None = None
    posture: Posture | None = None
    track: float | None = None
    external: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class MoveCircular(Instruction):
    """Arc through `T_frame_via` to `T_frame_tcp`; the rest as in `MoveLinear`. The tool turns evenly along the arc; the via point's orientation does not count."""

    T_frame_via: Array
    T_frame_tcp: Array
    q: Array | None
    speed: float | None
    duration: float | None = None
    blend: Blend = None
    turn_speed: float | None = None
    posture: Posture | None = None
    track: float | None = None
    external: tuple[float, ...] | None = None
    q_via: Array | None = None


Move = MoveJoint | MoveLinear | MoveCircular


@dataclass(frozen=True, eq=False, slots=True)
class SearchLinear(Instruction):
    """Straight on until an input shows `value`, at most to `T_frame_tcp`; the shift from where it was expected is kept.

    Attributes:
        T_frame_tcp: Where the search ends at the latest.
        T_frame_expected: Where the planned workpiece is touched.
        q: Joints at the end, None when read.
        speed: [m/s]
        signal, value: What tells the touch.
        result: Name under which `Shift` finds the shift.
        track, external: Of the track [m], and of the positioner; None: not named.
    """

    T_frame_tcp: Array
    T_frame_expected: Array | None
    q: Array | None
    speed: float | None
    signal: str
    value: bool
    result: str
    track: float | None = None
    external: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Shift(Instruction):
    """From here on all targets are shifted by the sum of these search results; none: not at all."""

    results: tuple[str, ...] = ()


# Signals and time


@dataclass(frozen=True, eq=False, slots=True)
class SetSignal(Instruction):
    """Set an output to a bool, or a group of outputs to a number; `pulse` [s] takes a bool back after that time."""

    signal: str
    value: bool | int | Expression
    pulse: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Trigger(Instruction):
    """Set an output at a point of the next move, without stopping there.

    Attributes:
        signal, value: What is set.
        at: The end of the next move the point is counted from.
        distance: From there along the way [m], never negative.
        seconds: Later than that when positive, earlier when negative.
    """

    signal: str
    value: bool | int
    at: Literal["start", "end"] = "end"
    distance: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class WaitSignal(Instruction):
    """Wait for an input; after `timeout` [s] make the outputs safe (`RobotProgram.on_fault`), report, halt; START then runs the routine `retreat` and ends. No timeout: for ever."""

    signal: str
    value: bool | int
    timeout: float | None
    retreat: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class WaitUntil(Instruction):
    """Wait until a condition holds.

    Attributes:
        condition: What for.
        timeout: Longest time [s]; None: for ever.
        late: Variable that becomes true when the time ran out, else false; None: running out of time stops the program.
    """

    condition: Expression
    timeout: Expression | None = None
    late: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Pause(Instruction):
    """Stand still [s]."""

    seconds: float | Expression


@dataclass(frozen=True, eq=False, slots=True)
class SetTimer(Instruction):
    """Put a timer to a value [s]; None: leave it."""

    timer: str
    seconds: Expression | None = None
    running: bool | None = None


# Load


@dataclass(frozen=True, eq=False, slots=True)
class HoldLoad(Instruction):
    """From here on the tool holds the program's load with this name; None: nothing."""

    load: str | None


# Welding


@dataclass(frozen=True, eq=False, slots=True)
class ArcOn(Instruction):
    """Ignite, standing at the target of the move before; what follows is welded with the procedure's speed.

    Attributes:
        procedure: Key of `RobotProgram.procedures`.
        weave: Key of `RobotProgram.weaves`, or None.
        track: `arc` for through-the-arc seam tracking, or None.
        seam: For people: which seam.
    """

    procedure: str
    weave: str | None = None
    track: Literal["arc"] | None = None
    seam: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class ArcOff(Instruction):
    """Fill the crater and end the arc, standing at the target of the move before."""

    procedure: str


# Order


@dataclass(frozen=True, eq=False, slots=True)
class Remark(Instruction):
    """A line for the person at the robot."""

    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Message(Instruction):
    """A line on the pendant."""

    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Call(Instruction):
    """Run another routine; `result` names the variable that takes what it returns."""

    routine: str
    arguments: tuple[Expression, ...] = ()
    result: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Return(Instruction):
    """Back to the caller."""

    value: Expression | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Assign(Instruction):
    """Give a variable a value."""

    variable: str
    value: Expression


@dataclass(frozen=True, eq=False, slots=True)
class If(Instruction):
    """One of two lists."""

    condition: Expression
    then: tuple[Instruction, ...]
    otherwise: tuple[Instruction, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class While(Instruction):
    """As long as a condition holds; None: for ever."""

    condition: Expression | None
    body: tuple[Instruction, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Label(Instruction):
    """A place to jump to, within its routine."""

    name: str


@dataclass(frozen=True, eq=False, slots=True)
class Jump(Instruction):
    """Go on at a label of the same routine."""

    label: str


@dataclass(frozen=True, eq=False, slots=True)
class Halt(Instruction):
    """Stop until the operator presses START; `ends`: the program is over."""

    ends: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Unknown(Instruction):
    """A line of text that the reader does not know, kept as it stands; running it is refused unless it shall be skipped."""

    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Routine:
    """A named list of instructions.

    Attributes:
        name: Unique in the program.
        title: For people.
        body: What it does.
        parameters: Names of the values it is given.
        variables: Its own variables with their first values; None: has none yet.
        file: It was read from; empty when built.
        line: Of its head in that file.
    """

    name: str
    title: str
    body: tuple[Instruction, ...]
    parameters: tuple[str, ...] = ()
    variables: dict[str, Value | None] = field(default_factory=dict)
    file: str = ""
    line: int = 0

    def walk(self) -> Iterator[Instruction]:
        """Every instruction, those inside of branches and loops too."""
        return _walk(self.body)


def _walk(body: tuple[Instruction, ...]) -> Iterator[Instruction]:
    for one in body:
        yield one
        if isinstance(one, If):
            yield from _walk(one.then)
            yield from _walk(one.otherwise)
        elif isinstance(one, While):
            yield from _walk(one.body)


@dataclass(frozen=True, slots=True)
class SignalLine:
    """An input or output, or a group of them, by the controller's name (`$OUT[5]`, `doBendStart`, `DO[3]`)."""

    address: str
    output: bool
    number: bool = False


PostureRule = Callable[[str, Array], Posture]
"""(maker, joints) -> posture; `robots.postures.posture_rule` makes one for a robot model."""
FlangeRule = Callable[[Array], Array]
"""Joints -> T_robot_flange (4, 4), in the base in which the frames are given: the robot model's forward kinematics."""


@dataclass(frozen=True, eq=False, slots=True)
class RobotProgram:
    """A whole program.

    Attributes:
        name: Of the part; writers shorten it to what the controller takes.
        title: One line for people.
        robot: Name of the robot model.
        lower, upper: Joint limits (n,) [rad], a track first [m].
        tools, frames: By the names that `UseTool` and `UseFrame` use.
        loads: What a tool holds, by name; com in the flange frame.
        signals: By neutral name (built), or by address (read).
        routines: The first is the main one.
        notes: Lines for the head of the file.
        prismatic: Which joints slide (n,) bool; their values are [m]. A track is the first joint.
        track_speed: Greatest speed of the track [m/s]; 0: there is none.
        on_fault: What makes the cell safe before the program halts for a signal that did not come.
        procedures, weaves: Of welding, by name.
        positioner: For each positioner axis whether it slides.
        variables: Of the whole program with their first values.
        postures: Names the posture of joint values; None: targets are written without.
        flange: Forward kinematics, for languages in which a joint move too goes to a pose; None: not known.
        joint_speeds: Greatest joint speeds (n,) [rad/s], a track first [m/s]; None: not known. For languages that give joint moves a speed
            instead of a share.
    """

    name: str
    title: str
    robot: str
    lower: Array
    upper: Array
    tools: dict[str, Tool]
    frames: dict[str, Frame]
    loads: dict[str, Load]
    signals: dict[str, SignalLine]
    routines: tuple[Routine, ...]
    notes: tuple[str, ...] = ()
    prismatic: Array = field(default_factory=lambda: np.zeros(6, dtype=bool))
    track_speed: float = 0.0
    on_fault: tuple[SetSignal, ...] = ()
    procedures: dict[str, Procedure] = field(default_factory=dict)
    weaves: dict[str, Weave] = field(default_factory=dict)
    positioner: tuple[bool, ...] = ()
    variables: dict[str, Value | None] = field(default_factory=dict)
    postures: PostureRule | None = None
    flange: FlangeRule | None = None
    joint_speeds: Array | None = None

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
        """The main routine with every call replaced by what it calls: what runs when all signals come. For programs without branches."""

        def flat(routine: Routine) -> list[Instruction]:
            out: list[Instruction] = []
            for instruction in routine.body:
                out += flat(self.routine(instruction.routine)) if isinstance(instruction, Call) else [instruction]
            return out

        return flat(self.routines[0])
