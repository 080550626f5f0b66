"""Runs a neutral program against the signals of a cell: one interpreter for every language."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import InputError
from core.frames import Array, translation
from robots.programs.events import (
    ArcChanged,
    Event,
    Halted,
    LoadChanged,
    Messaged,
    Moved,
    Paused,
    Place,
    ProgramTextError,
    SignalSet,
    Skipped,
    Stuck,
    Triggered,
    Waited,
)
from robots.programs.expressions import (
    Const,
    Expression,
    Lookup,
    Operation,
    SignalState,
    TimerValue,
    Value,
    ValueFault,
    evaluate,
    truth,
    wanted,
)
from robots.programs.flat import Step, flat
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Assign,
    Blend,
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Label,
    Load,
    Message,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Remark,
    Return,
    RobotProgram,
    Routine,
    SearchLinear,
    SetBlend,
    SetSignal,
    SetSpeed,
    SetTimer,
    Shift,
    Trigger,
    Unknown,
    UseFrame,
    UseTool,
    WaitSignal,
    WaitUntil,
)
from robots.programs.surroundings import SignalsOnly, Surroundings

MOST_STEPS = 2_000_000
"""A program that executes more instructions than this does not end."""
MOST_CALLS = 60
"""Routines that are open at once; more is a recursion, which no controller takes so deep."""

LONGEST_POLL = 3600.0
"""A loop that has asked an input for so long waits for ever [s]."""


@dataclass(eq=False, slots=True)
class _Frame:
    """A routine being run."""

    routine: Routine
    code: list[Step]
    at: int = 0
    local: dict[str, Value | None] = field(default_factory=dict)
    result: str | None = None
    ends: bool = False


def run(
    program: RobotProgram, surroundings: Surroundings | None = None, *, main: str | None = None, skip_unknown: bool = False
) -> Iterator[Event]:
    """Runs a program and tells what it does, event by event.

    Args:
        program: Built or read.
        surroundings: The cell's side; by default every signal comes.
        main: Routine to begin with; by default the first.
        skip_unknown: Leave out lines that the reader did not know instead of refusing them.

    Raises:
        ProgramTextError: An instruction that cannot be carried out: an unknown name, a recursion, no end.
    """
    return Interpreter(program, surroundings or SignalsOnly(), skip_unknown).run(main)


class Interpreter:
    """A program while it runs; `run` is the way to it for everybody who does not need to go on from a place a second time."""

    def __init__(self, program: RobotProgram, surroundings: Surroundings, skip_unknown: bool) -> None:
        self.program, self.cell, self.skip_unknown = program, surroundings, skip_unknown
        self.routines = {routine.name: routine for routine in program.routines}
        self.code: dict[str, list[Step]] = {}
        self.values: dict[str, Value | None] = dict(program.variables)
        self.timers: dict[str, tuple[float, bool]] = {}
        self.shifts: dict[str, Array] = {}
        self.shift: Array | None = None
        self.shifted: tuple[str, ...] = ()
        self.stack: list[_Frame] = []
        self.tool: str | None = None
        self.frame: str | None = None
        self.joint_speed: float | None = None
        self.linear_speed: float | None = None
        self.turn_speed: float | None = None
        self.joint_blend: float | None = None
        self.linear_blend: float | None = None
        self.weld: str | None = None
        self.triggers: list[Triggered] = []
        self.line = 0
        self.clock = 0.0
        self.polls: dict[int, float] = {}
        self.lookup = Lookup(self._variable, self._signal, self._timer)

    def error(self, message: str) -> ProgramTextError:
        routine = self.stack[-1].routine if self.stack else None
        file = routine.file if routine is not None and routine.file else None
        place = f"line {self.line}" if self.line else (f"routine '{routine.name}'" if routine is not None else None)
        return ProgramTextError(message, file=file, place=place)

    def run(self, main: str | None) -> Iterator[Event]:
        self._enter(main if main is not None else self.program.routines[0].name, (), None)
        yield from self.go_on()

    def before_this(self, surroundings: Surroundings) -> Interpreter:
        """The program as it stood before the instruction that is being carried out, to go on from there on its own against other surroundings."""
        other = copy(self)
        other.cell = surroundings
        other.stack = [replace(frame, local=dict(frame.local)) for frame in self.stack]
        other.stack[-1].at -= 1
        other.values, other.timers, other.shifts, other.polls = dict(self.values), dict(self.timers), dict(self.shifts), dict(self.polls)
        other.triggers = list(self.triggers)
        other.lookup = Lookup(other._variable, other._signal, other._timer)
        return other

    def go_on(self) -> Iterator[Event]:
        """Runs on to the end from where the program stands."""
        steps = 0
        while self.stack:
            frame = self.stack[-1]
            if frame.at >= len(frame.code):
                self.line = 0
                if frame.ends:
                    yield Halted(True, at=self._here())
                    return
                self._leave(None)
                continue
            step = frame.code[frame.at]
            frame.at += 1
            self.line = step.line
            steps += 1
            if steps > MOST_STEPS:
                raise self.error(f"the program does not end within {MOST_STEPS} instructions")
            if step.loop:
                assert step.unless is not None
                yield from self._poll(step, step.unless)
                continue
            if step.instruction is None:
                if step.unless is None or not self._holds(step.unless):
                    frame.at = step.target
                continue
            yield from self._do(step.instruction)

    # Routines

    def _enter(self, name: str, arguments: tuple[Value, ...], result: str | None, *, ends: bool = False) -> None:
        routine = self.routines.get(name)
        if routine is None:
            raise self.error(f"routine '{name}' does not exist; there are: {', '.join(sorted(self.routines)) or 'none'}")
        if len(arguments) != len(routine.parameters):
            raise self.error(f"'{name}' takes {len(routine.parameters)} values, it is given {len(arguments)}")
        if len(self.stack) >= MOST_CALLS:
            raise self.error(f"'{name}' is called {MOST_CALLS} calls deep: the routines call each other without end")
        if name not in self.code:
            self.code[name] = flat(routine)
        local: dict[str, Value | None] = {**routine.variables, **dict(zip(routine.parameters, arguments, strict=True))}
        self.stack.append(_Frame(routine, self.code[name], 0, local, result, ends))

    def _leave(self, value: Value | None) -> None:
        done = self.stack.pop()
        if done.result is not None:
            if value is None:
                raise self.error(f"'{done.routine.name}' returns nothing")
            self._assign(done.result, value)

    # Values

    def _variable(self, name: str) -> Value:
        places = (self.stack[-1].local, self.values) if self.stack else (self.values,)
        for values in places:
            if name in values:
                value = values[name]
                if value is None:
                    raise ValueFault(f"variable '{name}' has no value yet")
                return value
        raise ValueFault(f"variable '{name}' does not exist")

    def _assign(self, name: str, value: Value) -> None:
        if self.stack and name in self.stack[-1].local:
            self.stack[-1].local[name] = value
        else:
            self.values[name] = value

    def _address(self, signal: str) -> str:
        if signal not in self.program.signals:
            raise ValueFault(f"signal '{signal}' does not exist; there are: {', '.join(sorted(self.program.signals)) or 'none'}")
        return self.program.signals[signal].address

    def _signal(self, name: str) -> bool | int:
        return self.cell.read(self._address(name))

    def _timer(self, name: str) -> float:
        return self.timers.get(name, (0.0, False))[0]

    def _value(self, expression: Expression) -> Value:
        try:
            return evaluate(expression, self.lookup)
        except InputError as fault:
            raise self.error(fault.message) from None

    def _number(self, value: float | Expression) -> float:
        if isinstance(value, int | float):
            return float(value)
        found = self._value(value)
        if isinstance(found, str):
            raise self.error(f"a number is wanted, '{found}' is a text")
        return float(found)

    def _holds(self, condition: Expression) -> bool:
        try:
            return truth(self._value(condition), "a condition")
        except ValueFault as fault:
            raise self.error(fault.message) from None

    def _addressed(self, signals: dict[str, bool | int]) -> dict[str, bool | int]:
        try:
            return {self._address(name): value for name, value in signals.items()}
        except ValueFault as fault:
            raise self.error(fault.message) from None

    # Instructions

    def _do(self, one: Instruction) -> Iterator[Event]:
        if isinstance(one, MoveJoint | MoveLinear | MoveCircular | SearchLinear):
            yield from self._move(one)
        elif isinstance(one, SetSignal):
            yield self._set(one)
        elif isinstance(one, WaitSignal):
            yield from self._wait_signal(one)
        elif isinstance(one, WaitUntil):
            yield from self._wait_until(one)
        elif isinstance(one, Pause):
            seconds = self._number(one.seconds)
            if seconds < 0:
                raise self.error(f"a pause of {seconds:g} s")
            self._pass(seconds)
            yield Paused(seconds, at=self._here())
        elif isinstance(one, Call):
            self._enter(one.routine, tuple(self._value(argument) for argument in one.arguments), one.result)
        elif isinstance(one, Return):
            value = None if one.value is None else self._value(one.value)
            if self.stack[-1].ends:
                yield Halted(True, at=self._here())
                self.stack.clear()
            else:
                self._leave(value)
        elif isinstance(one, HoldLoad):
            yield LoadChanged(self._load(one), at=self._here())
        elif isinstance(one, Halt):
            yield Halted(one.ends, at=self._here())
            if one.ends:
                self.stack.clear()
        elif isinstance(one, Message):
            yield Messaged(one.text, at=self._here())
        elif isinstance(one, Unknown):
            if not self.skip_unknown:
                raise self.error(f"not understood: '{one.text}'; unknown lines can be skipped on request")
            yield Skipped(one.text, at=self._here())
        elif isinstance(one, ArcOn | ArcOff):
            yield self._arc(one)
        elif isinstance(one, Trigger):
            self.triggers.append(
                Triggered(self._addressed({one.signal: one.value}).popitem()[0], one.value, one.at, one.distance, one.seconds)
            )
        else:
            self._state(one)

    def _state(self, one: Instruction) -> None:
        """Instructions that only change what later ones mean."""
        if isinstance(one, UseTool):
            if one.tool not in self.program.tools:
                raise self.error(f"tool '{one.tool}' is not known; there are: {', '.join(sorted(self.program.tools)) or 'none'}")
            self.tool = one.tool
        elif isinstance(one, UseFrame):
            if one.frame not in self.program.frames:
                raise self.error(f"frame '{one.frame}' is not known; there are: {', '.join(sorted(self.program.frames)) or 'none'}")
            self.frame = one.frame
        elif isinstance(one, SetSpeed):
            self.joint_speed = self.joint_speed if one.joint is None else one.joint
            self.linear_speed = self.linear_speed if one.linear is None else one.linear
            self.turn_speed = self.turn_speed if one.turn is None else one.turn
        elif isinstance(one, SetBlend):
            self.joint_blend = self.joint_blend if one.joint is None else one.joint
            self.linear_blend = self.linear_blend if one.linear is None else one.linear
        elif isinstance(one, Assign):
            self._assign(one.variable, self._value(one.value))
        elif isinstance(one, SetTimer):
            seconds, running = self.timers.get(one.timer, (0.0, False))
            self.timers[one.timer] = (
                seconds if one.seconds is None else self._number(one.seconds),
                running if one.running is None else one.running,
            )
        elif isinstance(one, Shift):
            missing = [name for name in one.results if name not in self.shifts]
            if missing:
                raise self.error(f"search result '{missing[0]}' is applied before it is found")
            total = sum((self.shifts[name] for name in one.results), np.zeros(3))
            self.shift, self.shifted = (translation(*total) if one.results else None), one.results
        elif not isinstance(one, Remark | Label):
            raise TypeError(f"no interpretation of {type(one).__name__}")

    def _here(self) -> Place:
        return Place(self.stack[-1].routine.file, self.line)

    def _pass(self, seconds: float) -> None:
        self.cell.advance(seconds)
        self._tick(seconds)

    def _tick(self, seconds: float) -> None:
        self.clock += seconds
        for name, (value, running) in self.timers.items():
            if running:
                self.timers[name] = (value + seconds, True)

    # Motion

    def _move(self, one: MoveJoint | MoveLinear | MoveCircular | SearchLinear) -> Iterator[Event]:
        if self.tool is None:
            raise self.error("a move before any tool is chosen")
        straight = not isinstance(one, MoveJoint)
        target = one.T_frame_tcp
        frame = None
        if target is not None:
            if self.frame is None:
                raise self.error("a move to a pose before any frame is chosen")
            frame = self.program.frames[self.frame]
        speed = one.speed if one.speed is not None else (self.linear_speed if straight else self.joint_speed)
        if speed is None:
            raise self.error("a move before any speed is set")
        if isinstance(one, SearchLinear):
            event = self._searched(one, self._placed(one.T_frame_tcp), speed)
        else:
            turn = None if isinstance(one, MoveJoint) else (self.turn_speed if one.turn_speed is None else one.turn_speed)
            via = self._placed(one.T_frame_via) if isinstance(one, MoveCircular) else None
            event = Moved(
                "joint" if isinstance(one, MoveJoint) else "circular" if via is not None else "linear",
                one.q,
                None if target is None else self._placed(target),
                via,
                self.program.tools[self.tool].T_flange_tcp,
                frame is not None and frame.carried,
                speed,
                turn,
                one.duration,
                self._blend(one.blend, straight),
                one.posture,
                one.track,
                one.external,
                self.weld,
                tuple(self.triggers),
                () if target is None else self.shifted,
                at=self._here(),
            )
        self.triggers.clear()
        self._tick(self.cell.drive(event))
        yield event

    def _placed(self, T_frame_tcp: Array) -> Array:
        """A target in the robot's base."""
        assert self.frame is not None
        T: Array = self.program.frames[self.frame].T_robot_frame @ (T_frame_tcp if self.shift is None else self.shift @ T_frame_tcp)
        return T

    def _blend(self, blend: Blend, straight: bool) -> float | None:
        if blend != "set":
            return blend
        value = self.linear_blend if straight else self.joint_blend
        if value is None:
            raise self.error("a rounded move before any rounding is set")
        return value if value > 0 else None

    def _searched(self, one: SearchLinear, T_end: Array, speed: float) -> Moved:
        assert self.tool is not None and self.frame is not None
        T = T_end if one.T_frame_expected is None else self._placed(one.T_frame_expected)
        tool, frame = self.program.tools[self.tool], self.program.frames[self.frame]
        move = Moved(
            "search",
            None,
            T,
            None,
            tool.T_flange_tcp,
            frame.carried,
            speed,
            None,
            None,
            None,
            track=one.track,
            external=one.external,
            shifted=self.shifted,
            result=one.result,
            at=self._here(),
        )
        off = np.zeros(3) if one.T_frame_expected is None else self.cell.touched(move, T_end)
        self.shifts[one.result] = frame.T_robot_frame[:3, :3].T @ off
        found = T.copy()
        found[:3, 3] += off
        return replace(move, T_target=found)

    # Signals

    def _set(self, one: SetSignal) -> SignalSet:
        value = one.value
        if not isinstance(value, bool | int):
            found = self._value(value)
            if not isinstance(found, bool | int):
                raise self.error(f"an output takes true, false or a whole number, not {found!r}")
            value = found
        address = self._addressed({one.signal: value}).popitem()[0]
        self.cell.write(address, value)
        return SignalSet(address, value, one.pulse, at=self._here())

    def _wait_signal(self, one: WaitSignal) -> Iterator[Event]:
        condition: Expression = SignalState(one.signal)
        if not isinstance(one.value, bool):
            condition = _equal(condition, one.value)
        elif not one.value:
            condition = _not(condition)
        waited = self._waited(condition, one.timeout)
        yield waited
        if isinstance(waited, Stuck):
            self.stack.clear()
            return
        if waited.came:
            return
        for fault in self.program.on_fault:
            yield self._set(fault)
        yield Messaged(f"{one.signal} is not {one.value} after {one.timeout:g} s", at=self._here())
        yield Halted(False, at=self._here())
        if one.retreat is None:
            yield Halted(True, at=self._here())
            self.stack.clear()
        else:
            # What was running is over once the retreat is done.
            self.stack = self.stack[-1:]
            self._enter(one.retreat, (), None, ends=True)

    def _wait_until(self, one: WaitUntil) -> Iterator[Event]:
        timeout = None if one.timeout is None else self._number(one.timeout)
        waited = self._waited(one.condition, timeout)
        yield waited
        if isinstance(waited, Stuck):
            self.stack.clear()
        elif one.late is not None:
            self._assign(one.late, not waited.came)
        elif timeout is not None and not waited.came:
            yield Halted(True, at=self._here())
            self.stack.clear()

    def _waited(self, condition: Expression, timeout: float | None) -> Waited | Stuck:
        """Lets time pass until a condition holds, the time is over, or nothing will ever change."""
        signals = self._addressed(wanted(condition))
        self.cell.expect(signals)
        limit = timeout if timeout is not None else self._next_timer(condition)
        passed = 0.0
        while not self._holds(condition):
            left = None if timeout is None else timeout - passed
            if left is not None and left <= 1e-9:
                break
            steps = [s for s in (left, self.cell.next_change(), self._next_timer(condition)) if s is not None]
            if not steps:
                reason = self.cell.why_not(signals)
                return Stuck(tuple(signals.items()), reason, at=self._here())
            step = max(min(steps), 1e-6)
            self._pass(step)
            passed += step
        # A timer may have ended the wait: what was waited for is asked again.
        came = all(self.cell.read(address) == value for address, value in signals.items()) if signals else self._holds(condition)
        return Waited(tuple(signals.items()), limit, came, passed, at=self._here())

    def _poll(self, step: Step, condition: Expression) -> Iterator[Event]:
        """A loop that runs as long as an input shows something: it waits for the input to change."""
        signals = self._addressed(wanted(condition, holds=False))
        began = self.polls.setdefault(id(step), self.clock)
        if signals:
            self.cell.expect(signals)
        if self._holds(condition):
            if self.clock - began <= LONGEST_POLL:
                return
            yield Stuck(tuple(signals.items()), self.cell.why_not(signals), at=self._here())
            self.stack.clear()
            return
        del self.polls[id(step)]
        self.stack[-1].at = step.target
        if signals:
            came = all(self.cell.read(address) == value for address, value in signals.items())
            yield Waited(tuple(signals.items()), None, came, self.clock - began, at=self._here())

    def _next_timer(self, condition: Expression) -> float | None:
        """Seconds until a timer in a condition that is compared with zero passes it."""
        ahead = [-value for name, (value, running) in self.timers.items() if running and value < 0 and _asks_timer(condition, name)]
        return min(ahead, default=None)

    # Load and arc

    def _load(self, one: HoldLoad) -> Load:
        if self.tool is None:
            raise self.error("a load before any tool is chosen")
        own = self.program.tools[self.tool].load
        if one.load is None:
            return own
        if one.load not in self.program.loads:
            raise self.error(f"load '{one.load}' is not known; there are: {', '.join(sorted(self.program.loads)) or 'none'}")
        return own.plus(self.program.loads[one.load])

    def _arc(self, one: ArcOn | ArcOff) -> ArcChanged:
        if one.procedure not in self.program.procedures:
            raise self.error(
                f"welding procedure '{one.procedure}' is not known; there are: {', '.join(sorted(self.program.procedures)) or 'none'}"
            )
        if isinstance(one, ArcOff):
            self.weld = None
            return ArcChanged(None, None, at=self._here())
        if one.weave is not None and one.weave not in self.program.weaves:
            raise self.error(f"weaving '{one.weave}' is not known; there are: {', '.join(sorted(self.program.weaves)) or 'none'}")
        self.weld = one.procedure
        weave = None if one.weave is None else self.program.weaves[one.weave]
        return ArcChanged(one.procedure, weave, at=self._here())


def _equal(left: Expression, value: int) -> Expression:

    return Operation("=", (left, Const(value)))


def _not(one: Expression) -> Expression:

    return Operation("not", (one,))


def _asks_timer(condition: Expression, timer: str) -> bool:

    if isinstance(condition, TimerValue):
        return condition.timer == timer
    return isinstance(condition, Operation) and any(_asks_timer(one, timer) for one in condition.arguments)
