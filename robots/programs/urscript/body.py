"""One routine as lines of URScript."""

from __future__ import annotations

import math

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array, angle_between
from robots.programs.program import (
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Message,
    Move,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Remark,
    Return,
    RobotProgram,
    Routine,
    SearchLinear,
    SetSignal,
    Shift,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
)
from robots.programs.settings import UrScriptSettings
from robots.programs.text import ascii_text
from robots.programs.urscript.blend import blend_radii, following
from robots.programs.urscript.features import CAPABILITIES
from robots.programs.urscript.names import DEFAULT_JOINT_SPEED
from robots.programs.urscript.text import arc_length, joints, payload, pose, quoted, segment, short
from robots.programs.urscript.walk import Standing
from robots.programs.urscript.words import Words

AT_HOME = 0.05
"""How far the tool may be from home at the start without a question [m]."""
LEAST_SPEED = 0.00001
"""Speeds below this are not written [m/s]."""


def slowest_joint(program: RobotProgram) -> float:
    """The speed that stands for 100 % of a joint move [rad/s]."""
    return DEFAULT_JOINT_SPEED if program.joint_speeds is None else float(np.min(program.joint_speeds))


class Body:
    """Writes one routine.

    Args:
        program: It belongs to.
        words: Names and lines.
        own: Settings of the language.
        standing: Tool and frame at its head.
        end: And at the end of every routine.
        routine: What is written.
        indent: Before every line.
    """

    def __init__(
        self,
        program: RobotProgram,
        words: Words,
        own: UrScriptSettings,
        standing: Standing,
        end: dict[str, Standing],
        routine: Routine,
        indent: str,
    ) -> None:
        self.program, self.words, self.own = program, words, own
        self.routine, self.indent, self.end = routine, indent, end
        self.out: list[str] = []
        self.joint_speed = slowest_joint(program)
        self.tool, self.frame = standing.tool, standing.frame
        self.radii = blend_radii(self.program, routine, standing.frame, end)
        self.T: Array | None = None
        self.waits = 0
        self.asks_home = routine is program.routines[0]

    def write(self) -> list[str]:
        """Its lines."""
        for i, one in enumerate(self.routine.body):
            self._instruction(i, one)
        return self.out

    def _put(self, text: str) -> None:
        self.out.append(f"{self.indent}{text}".rstrip())

    def _instruction(self, i: int, one: Instruction) -> None:
        if isinstance(one, MoveJoint | MoveLinear | MoveCircular):
            self._move(i, one)
        elif isinstance(one, SetSignal):
            self._put(self.words.set(one))
        elif isinstance(one, WaitSignal):
            self._wait(one)
        elif isinstance(one, HoldLoad):
            self._load(one.load)
        elif isinstance(one, UseTool):
            self.tool = one.tool
            self._put(f"set_tcp({self.words.tools[one.tool]})")
            if not isinstance(following(self.routine.body, i), HoldLoad):
                self._load(None)
            self.T = None
        elif isinstance(one, UseFrame):
            self.frame = one.frame
        elif isinstance(one, Call):
            if one.arguments or one.result is not None:
                raise UnsupportedError(f"{CAPABILITIES.title}: routine '{one.routine}' is called with values; planned programs have none")
            self._put(f"{self.words.routines[one.routine]}()")
            after = self.end[one.routine]
            self.T, self.tool, self.frame = None, after.tool, after.frame
        elif isinstance(one, Pause):
            if not isinstance(one.seconds, int | float):
                raise self._foreign(one)
            self._put(f"sleep({short(one.seconds, 3)})")
        elif isinstance(one, Remark):
            self._put(f"# {ascii_text(one.text)}")
        elif isinstance(one, Message):
            self._put(f"textmsg({quoted(one.text)})")
        elif isinstance(one, Halt):
            self._put("halt" if one.ends else 'popup("Continue goes on", title="Stopped", blocking=True)')
        elif isinstance(one, Return) and one.value is None:
            self._put("return")
        elif isinstance(one, Trigger):
            raise CAPABILITIES.refuse("trigger", one.signal)
        elif isinstance(one, SearchLinear):
            raise CAPABILITIES.refuse("search", one.result)
        elif isinstance(one, Shift):
            raise CAPABILITIES.refuse("shift", ", ".join(one.results))
        else:
            raise self._foreign(one)

    def _foreign(self, one: Instruction) -> UnsupportedError:
        return UnsupportedError(
            f"{CAPABILITIES.title} is written from planned programs; routine '{self.routine.name}' holds {type(one).__name__}: edit the text it came from"
        )

    # Motion

    def _move(self, i: int, one: Move) -> None:
        if one.track is not None:
            raise CAPABILITIES.refuse("track")
        if one.external is not None:
            raise CAPABILITIES.refuse("positioner")
        if one.speed is None:
            raise UnsupportedError(f"routine '{self.routine.name}': a move without a speed; planned programs name one for every move")
        radius = "" if self.radii[i] < 1e-5 else f", r={short(math.floor(self.radii[i] * 1e5 + 1e-6) / 1e5, 5)}"
        if isinstance(one, MoveJoint):
            if one.q is None:
                raise CAPABILITIES.refuse("joint-pose", f"in routine '{self.routine.name}'")
            pace = f"t={short(one.duration, 4)}" if one.duration is not None else f"v={short(one.speed * self.joint_speed, 5)}"
            if self.asks_home:
                self._home(one.q)
            self._put(f"movej({joints(one.q)}, a={short(math.radians(self.own.joint_acceleration_deg_s2), 4)}, {pace}{radius})")
            self.T, self.asks_home = None, False
            return
        self.asks_home = False
        if self.frame is None:
            raise UnsupportedError(f"routine '{self.routine.name}': a move to a pose before any frame is chosen")
        acceleration = short(self.own.acceleration_mm_s2 * 1e-3, 4)
        target = self._target(one.T_frame_tcp)
        if isinstance(one, MoveLinear):
            self._put(f"movel({target}, a={acceleration}, {self._pace(one)}{radius})")
        else:
            via = self._target(one.T_frame_via)
            self._put(f"movec({via}, {target}, a={acceleration}, v={short(self._speed(one), 5)}{radius}, mode=0)")
        self.T = self.program.frames[self.frame].T_robot_frame @ one.T_frame_tcp

    def _home(self, q: Array) -> None:
        """Asks before the first move, unless the robot stands where it ends."""
        for text in (
            "# safe start: from anywhere else the robot moves home only after Continue",
            f"if point_dist(get_actual_tcp_pose(), get_forward_kin({joints(q)})) > {AT_HOME}:",
            '  popup("The robot is not at home. Continue: it moves there; look whether the way is free", title="Start", warning=True, blocking=True)',
            "end",
        ):
            self._put(text)

    def _target(self, T_frame_tcp: Array) -> str:
        assert self.frame is not None
        return f"pose_trans({self.words.frames[self.frame]}, {pose(T_frame_tcp)})"

    def _pace(self, one: MoveLinear) -> str:
        if one.duration is not None:
            return f"t={short(one.duration, 4)}"
        assert one.speed is not None
        if one.turn_speed is not None:
            start, end = self._ends(one)
            way, slowest = segment(start, end), angle_between(start, end) / one.turn_speed
            if slowest > way / one.speed:
                # The tool turns longer than it travels: the time of the turn counts.
                return f"t={short(slowest, 4)}"
        return f"v={short(max(one.speed, LEAST_SPEED), 5)}"

    def _speed(self, one: MoveCircular) -> float:
        assert self.frame is not None and one.speed is not None
        if one.duration is None and one.turn_speed is None:
            return max(one.speed, LEAST_SPEED)
        start, end = self._ends(one)
        via = self.program.frames[self.frame].T_robot_frame @ one.T_frame_via
        way = arc_length(start[:3, 3], via[:3, 3], end[:3, 3])
        if one.duration is not None:
            return max(way / one.duration, LEAST_SPEED)
        assert one.turn_speed is not None
        return max(min(one.speed, way * one.turn_speed / max(angle_between(start, end), 1e-9)), LEAST_SPEED)

    def _ends(self, one: MoveLinear | MoveCircular) -> tuple[Array, Array]:
        """Where a move starts and ends, in the robot's base."""
        if self.T is None:
            raise UnsupportedError(
                f"routine '{self.routine.name}': the time or turning speed of a move needs a straight move before it in the same routine"
            )
        assert self.frame is not None
        return self.T, self.program.frames[self.frame].T_robot_frame @ one.T_frame_tcp

    # Load and waits

    def _load(self, load: str | None) -> None:
        if self.tool is None:
            raise UnsupportedError(f"routine '{self.routine.name}': a load before any tool is chosen")
        total = self.program.tools[self.tool].load
        if load is not None:
            total = total.plus(self.program.loads[load])
        self._put(f"set_target_payload({payload(total)})  # {ascii_text(self.tool)}{'' if load is None else f' with {ascii_text(load)}'}")

    def _wait(self, one: WaitSignal) -> None:
        wire, value = self.words.wire(one.signal), self.words.value(one.signal, one.value)
        state = wire.get()
        missing = f"not {state}" if value == "True" else state if value == "False" else f"{state} != {value}"
        says = {"True": "on", "False": "off"}.get(value, value)
        name = f"{ascii_text(one.signal)} ({self.program.signals[one.signal].address})"
        if one.timeout is None:
            self._put(f"# wait until {name} is {says}")
            for text in (f"while {missing}:", "  sleep(0.01)", "end"):
                self._put(text)
            return
        seconds = short(one.timeout, 3)
        self._put(f"# wait until {name} is {says}, at most {seconds} s")
        self._put(f"{'local ' if self.waits == 0 else ''}waited = 0.0")
        self.waits += 1
        fault = f"{name} is not {says} after {seconds} s. Continue: {'retreat, then' if one.retreat is not None else ''} end"
        lines = [
            f"while ({missing}) and (waited < {seconds}):",
            "  sleep(0.01)",
            "  waited = waited + 0.01",
            "end",
            f"if waited >= {seconds}:",
            *(["  make_safe()"] if self.program.on_fault else []),
            f'  popup({quoted(fault.replace(":  end", ": end"))}, title="Fault", warning=True, blocking=True)',
            *([f"  {self.words.routines[one.retreat]}()"] if one.retreat is not None else []),
            "  halt",
            "end",
        ]
        for text in lines:
            self._put(text)
