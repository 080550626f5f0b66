"""Universal Robots URScript (e-Series): one `.script` file, an outer function with one function per routine inside.

Joint moves have joint values, straight and circular ones poses in a named frame (`pose_trans(frame, pose)`), so the frame can be corrected at
one place. Frame and tool of a routine are those at its calls. The payload of `set_target_payload` counts from the tool flange: it is tool and
held part together, and it is set where the program says `HoldLoad`, and with a tool that the next line does not load.

Speed of joint moves: URScript names the speed of the axis with the longest way. A share of the greatest joint speeds is written as this share of
the slowest joint's greatest speed, so no joint ever exceeds its share.

Blends: UR rounds a corner inside of a sphere of radius `r` about the target, which is what `Blend` allows; the radii of neighbours are shortened
until they leave a rest of the way between them, because the controller skips a move whose blends overlap.
"""

from __future__ import annotations

import math

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array, angle_between
from robots.programs.capabilities import Capabilities
from robots.programs.expressions import Const
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
from robots.programs.settings import ProgramSettings
from robots.programs.text import ascii_text, crlf, identifier, identifiers
from robots.programs.urscript_arc import arc_by_signals
from robots.programs.urscript_blend import blend_radii, following
from robots.programs.urscript_names import DEFAULT_JOINT_SPEED, FUNCTIONS, KEYWORDS
from robots.programs.urscript_text import Wire, arc_length, joints, payload, pose, quoted, segment, short
from robots.programs.urscript_walk import Standing, callees_first, standing_at_entry

LONGEST_NAME = 36
AT_HOME = 0.05
"""How far the tool may be from home at the start without a question [m]."""
LEAST_SPEED = 0.00001
"""Speeds below this are not written [m/s]."""

_LACKS = {
    "joint-pose": "joint values (plan the move with them), or `get_inverse_kin(pose, near)` by hand",
    "track": "the rail's own URCap functions, called between moves of the arm",
    "positioner": "the positioner's own URCap functions, called between moves of the arm",
    "pulse": "set the output, pause, take it back",
    "trigger": "stop at the point, set the output, go on",
    "weave": "a procedure of the power source or its URCap that weaves, or seams without weaving",
    "seam-track": "the tracking sensor's URCap around the seam",
    "search": "the touch or force URCap's own search before the seam",
    "shift": "frames measured in the program's head",
}
CAPABILITIES = Capabilities(
    name="urscript",
    title="Universal Robots URScript",
    controllers="e-Series and UR20, UR30 (PolyScope 5)",
    files=("*.script",),
    longest_name=LONGEST_NAME,
    longest_word=LONGEST_NAME,
    says={
        "joint-move": "`movej([q1..q6])`",
        "linear": "`movel(pose_trans(frame, p[..]))`",
        "circular": "`movec(via, to)`, mode 0",
        "duration": "`t=`; circular moves: the speed that gives the time",
        "blend": "`r=`, radii of neighbours kept apart",
        "digital-out": "`set_standard_digital_out`, configurable and tool outputs",
        "group-out": "integer register `OR[n]`, or bits `GO[a..b]`",
        "wait": "loop over the input with `sleep`",
        "wait-timeout": "loop with a counter, safe outputs, popup, retreat, `halt`",
        "payload": "`set_target_payload(m, cog)`",
        "tool-data": "`set_tcp(tool)`, frames as named poses",
        "call": "functions inside of the program's function",
        "arc": "lines `arc-on`, `arc-ok` and the number `weld-procedure`",
    },
    lacks=_LACKS,
)


def write_urscript(program: RobotProgram, settings: ProgramSettings) -> dict[str, bytes]:
    """The file of a program: `name.script`.

    Raises:
        UnsupportedError: What URScript cannot say, or a signal address that the controller does not have.
    """
    return _Writer(program, settings).files()


class _Writer:
    def __init__(self, program: RobotProgram, settings: ProgramSettings) -> None:
        self.own = settings.urscript
        slides = [bool(one) for one in program.prismatic]
        if slides == [True] + [False] * 6:
            raise CAPABILITIES.refuse("track", program.robot)
        program.on_track(CAPABILITIES.title)
        if program.positioner or any(frame.carried for frame in program.frames.values()):
            raise CAPABILITIES.refuse("positioner")
        self.program = program = arc_by_signals(program, CAPABILITIES, self.own.arc_timeout_s)
        self.joint_speed = DEFAULT_JOINT_SPEED if program.joint_speeds is None else float(np.min(program.joint_speeds))
        self.wires = {name: Wire(name, line) for name, line in program.signals.items()}
        self._name(self.own.longest_name or LONGEST_NAME)
        self.entry = standing_at_entry(program)
        self.lines: list[str] = []

    def _name(self, longest: int) -> None:
        """Names of everything, different from each other and from the controller's own."""
        program = self.program
        taken = [word.upper() for word in (*KEYWORDS, *FUNCTIONS, "waited", "bits", "value", "make_safe", "p")]
        self.name = identifier(self.own.name or program.name, longest)
        if self.name in taken:
            self.name = f"{self.name[: longest - 8]}_PROGRAM"
        taken.append(self.name)

        def named(keys: list[str], prefix: str = "") -> dict[str, str]:
            names = identifiers(keys, LONGEST_NAME, prefix=prefix, taken=tuple(taken))
            taken.extend(names.values())
            return {key: name.lower() for key, name in names.items()}

        self.name = self.name.lower()
        self.routines = named([routine.name for routine in program.routines[1:]])
        self.tools = named(list(program.tools), "tool ")
        self.frames = named(list(program.frames), "frame ")
        self.groups = named([name for name, wire in self.wires.items() if wire.kind == "GO"], "set ")

    def files(self) -> dict[str, bytes]:
        program, out = self.program, self.lines
        out.append(f"def {self.name}():")
        out += [f"  # {ascii_text(line)}".rstrip() for line in (program.title, *program.notes)]
        out += [
            "  # units: m, rad, s, kg; p[x, y, z, rx, ry, rz] with a rotation vector",
            f"  # joint moves: 100 % is v={short(self.joint_speed, 5)}",
            "",
            "  # tools: TCP from the tool flange",
            *(f"  global {self.tools[name]} = {pose(tool.T_flange_tcp)}" for name, tool in program.tools.items()),
            "  # frames in the robot's base: put measured values here when they differ",
            *(f"  global {self.frames[name]} = {pose(frame.T_robot_frame)}" for name, frame in program.frames.items()),
            "",
            "  # signals",
            *(f"  # {line.address}: {ascii_text(name)}" for name, line in program.signals.items()),
            "",
        ]
        for name in self.groups:
            self._group(name)
        if program.on_fault:
            out.append("  def make_safe():")
            for one in program.on_fault:
                self._set(one, "    ")
            out += ["  end", ""]
        for routine in callees_first(program):
            out += [f"  def {self.routines[routine.name]}():", f"    # {ascii_text(routine.title)}"]
            _Body(self, routine, "    ").write()
            out += ["  end", ""]
        out.append(f"  # {ascii_text(program.routines[0].title)}")
        _Body(self, program.routines[0], "  ").write()
        out.append("end")
        if self.own.call:
            out += ["", f"{self.name}()"]
        return {f"{self.name}.script": crlf(out)}

    def _group(self, name: str) -> None:
        wire = self.wires[name]
        self.lines += [
            f"  # {self.program.signals[name].address}: {ascii_text(name)}, lowest bit first",
            f"  def {self.groups[name]}(value):",
            "    local bits = integer_to_binary_list(value)",
            *(f"    {wire.set(f'bits[{i}]', bit)}" for i, bit in enumerate(wire.bits)),
            "  end",
            "",
        ]

    def wire(self, signal: str) -> Wire:
        if signal not in self.wires:
            raise UnsupportedError(f"signal '{signal}' has no address; there are: {', '.join(sorted(self.wires)) or 'none'}")
        return self.wires[signal]

    def value(self, signal: str, value: object) -> str:
        """A value as the signal takes it."""
        wire = self.wire(signal)
        value = value.value if isinstance(value, Const) else value
        if isinstance(value, bool) != (not wire.number) or not isinstance(value, int):
            raise UnsupportedError(f"signal '{signal}' takes {'a whole number' if wire.number else 'true or false'}, not {value!r}")
        if wire.number and not 0 <= value <= wire.limit():
            raise UnsupportedError(f"signal '{signal}' shows 0..{wire.limit()}, not {value}")
        return str(value)

    def _set(self, one: SetSignal, indent: str) -> None:
        if one.pulse is not None:
            raise CAPABILITIES.refuse("pulse", one.signal)
        value = self.value(one.signal, one.value)
        call = f"{self.groups[one.signal]}({value})" if one.signal in self.groups else self.wire(one.signal).set(value)
        self.lines.append(f"{indent}{call}  # {ascii_text(one.signal)}")

    set_signal = _set


class _Body:
    """Writes one routine.

    Args:
        writer: Of the program.
        routine: What is written.
        indent: Before every line.
    """

    def __init__(self, writer: _Writer, routine: Routine, indent: str) -> None:
        self.writer, self.program, self.out = writer, writer.program, writer.lines
        self.routine, self.indent = routine, indent
        standing = writer.entry.get(routine.name, Standing(None, None))
        self.tool, self.frame = standing.tool, standing.frame
        self.radii = blend_radii(self.program, routine, standing.frame)
        self.T: Array | None = None
        self.waits = 0
        self.asks_home = routine is writer.program.routines[0]

    def write(self) -> None:
        for i, one in enumerate(self.routine.body):
            self._instruction(i, one)

    def _put(self, text: str) -> None:
        self.out.append(f"{self.indent}{text}".rstrip())

    def _instruction(self, i: int, one: Instruction) -> None:
        if isinstance(one, MoveJoint | MoveLinear | MoveCircular):
            self._move(i, one)
        elif isinstance(one, SetSignal):
            self.writer.set_signal(one, self.indent)
        elif isinstance(one, WaitSignal):
            self._wait(one)
        elif isinstance(one, HoldLoad):
            self._load(one.load)
        elif isinstance(one, UseTool):
            self.tool = one.tool
            self._put(f"set_tcp({self.writer.tools[one.tool]})")
            if not isinstance(following(self.routine.body, i), HoldLoad):
                self._load(None)
            self.T = None
        elif isinstance(one, UseFrame):
            self.frame = one.frame
        elif isinstance(one, Call):
            if one.arguments or one.result is not None:
                raise UnsupportedError(f"{CAPABILITIES.title}: routine '{one.routine}' is called with values; planned programs have none")
            self._put(f"{self.writer.routines[one.routine]}()")
            self.T = None
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
        radius = "" if self.radii[i] == 0 else f", r={short(self.radii[i], 5)}"
        if isinstance(one, MoveJoint):
            if one.q is None:
                raise CAPABILITIES.refuse("joint-pose", f"in routine '{self.routine.name}'")
            pace = f"t={short(one.duration, 4)}" if one.duration is not None else f"v={short(one.speed * self.writer.joint_speed, 5)}"
            if self.asks_home:
                self._home(one.q)
            self._put(f"movej({joints(one.q)}, a={short(math.radians(self.writer.own.joint_acceleration_deg_s2), 4)}, {pace}{radius})")
            self.T, self.asks_home = None, False
            return
        self.asks_home = False
        if self.frame is None:
            raise UnsupportedError(f"routine '{self.routine.name}': a move to a pose before any frame is chosen")
        acceleration = short(self.writer.own.acceleration_mm_s2 * 1e-3, 4)
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
        return f"pose_trans({self.writer.frames[self.frame]}, {pose(T_frame_tcp)})"

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
        wire, value = self.writer.wire(one.signal), self.writer.value(one.signal, one.value)
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
            *([f"  {self.writer.routines[one.retreat]}()"] if one.retreat is not None else []),
            "  halt",
            "end",
        ]
        for text in lines:
            self._put(text)
