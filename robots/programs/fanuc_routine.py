"""One routine of a program as a FANUC TP file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InputError, UnsupportedError
from core.frames import Array
from core.units import to_deg, to_mm
from robots.programs.capabilities import Capabilities
from robots.programs.fanuc_flow import State
from robots.programs.fanuc_text import SURE_DEG, Point, config_text, linear_speed, plain, remarks, termination, timed, wpr_deg
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Message,
    Move,
    MoveCircular,
    MoveJoint,
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
from robots.programs.settings import FanucSettings
from robots.programs.text import number

LONGEST_WAIT_S = 327.67
LONGEST_PULSE_S = 25.5
LONGEST_MESSAGE = 24
LONGEST_POINT_NAME = 16
FIRST_FAULT_LABEL = 901
WEAVES = {"sine": "Sine", "circle": "Circle", "figure-8": "Figure 8"}


@dataclass(frozen=True, eq=False, slots=True)
class Numbers:
    """What the controller numbers, by the program's names."""

    tools: dict[str, int]
    frames: dict[str, int]
    payloads: dict[str | None, int]
    files: dict[str, str]


class RoutineWriter:
    """Lines and points of one routine.

    Args:
        program: It belongs to.
        routine: To write.
        states: In which it is entered.
        numbers: Of tools, frames and payloads, and the names of the files.
        settings: Of the cell.
        capabilities: Of the language, for refusals.
    """

    def __init__(
        self,
        program: RobotProgram,
        routine: Routine,
        states: set[State],
        numbers: Numbers,
        settings: FanucSettings,
        capabilities: Capabilities,
    ) -> None:
        self.program, self.routine, self.numbers, self.settings, self.capabilities = program, routine, numbers, settings, capabilities
        self.track = program.on_track("FANUC")
        self.tools: set[str | None] = {state.tool for state in states}
        self.frames: set[str | None] = {state.frame for state in states}
        self.procedures: set[str | None] = {state.procedure for state in states}
        self.weaves = any(state.weaves for state in states)
        self.tracks = any(state.tracks for state in states)
        self.lines: list[str] = []
        self.points: list[Point] = []
        self.faults: dict[tuple[str, str | None], int] = {}
        self.trigger = ""
        self.label = ""
        moves = [one for one in routine.walk() if isinstance(one, Move)]
        named = [one.external is not None for one in moves]
        if any(named) and not all(named):
            raise UnsupportedError(
                f"'{routine.name}': some moves name the positioner's axes, others do not; every position of a FANUC program has the same groups: name them in all"
            )
        self.second_group = any(named)

    def write(self, head: Sequence[str]) -> None:
        """Fills `lines` and `points`; `head`: texts for people at the top."""
        for text in head:
            self.remark(text)
        body = self.routine.body
        if self.routine is self.program.routines[0] and self.settings.home_signal is not None:
            self.lines += [
                f"  IF (!{self.settings.home_signal}) THEN ;",
                "  MESSAGE[NOT AT HOME, JOG THERE] ;",
                "  ABORT ;",
                "  ENDIF ;",
            ]
        if any(isinstance(one, Move) for one in body):
            # A program that is started by itself, or stepped into, must not depend on its caller.
            for names, keyword, table in ((self.frames, "UFRAME_NUM", self.numbers.frames), (self.tools, "UTOOL_NUM", self.numbers.tools)):
                if len(names) == 1 and (name := next(iter(names))) is not None:
                    self.lines.append(f"  {keyword}={self._numbered(table, name)} ;")
        for one in body:
            if self.trigger and not isinstance(one, Move | Trigger):
                raise UnsupportedError(
                    f"'{self.routine.name}': an output at a point of a move stands before {type(one).__name__}, not a move"
                )
            self._instruction(one)
            self.label = plain(one.text, LONGEST_POINT_NAME) if isinstance(one, Remark) else ""
        if self.trigger:
            raise UnsupportedError(f"'{self.routine.name}' ends with an output at a point of a move; no move follows")
        self._fault_section()

    def remark(self, text: str) -> None:
        """A text for people."""
        self.lines += [f"  !{line} ;" for line in remarks(text, self.settings.remark_length)]

    def _refuse(self, what: str) -> UnsupportedError:
        return UnsupportedError(f"FANUC TP, '{self.routine.name}': {what}")

    def _numbered(self, table: dict[str, int], name: str) -> int:
        if name not in table:
            raise InputError(f"'{self.routine.name}' uses '{name}'; there are: {', '.join(sorted(table)) or 'none'}")
        return table[name]

    def _active(self, names: set[str | None], kind: str) -> str:
        if len(names) == 1 and (name := next(iter(names))) is not None:
            return name
        if len(names) > 1:
            found = " and with ".join(sorted(str(name) for name in names))
            raise self._refuse(f"is called with {kind} {found}; its positions name one: let it choose its own, or write it twice")
        raise self._refuse(f"moves before a {kind} is chosen")

    # Instructions

    def _instruction(self, one: Instruction) -> None:
        out = self.lines
        if isinstance(one, MoveJoint):
            self._joint(one)
        elif isinstance(one, Move):
            self._straight(one)
        elif isinstance(one, UseTool):
            out.append(f"  UTOOL_NUM={self._numbered(self.numbers.tools, one.tool)} ;")
            self.tools = {one.tool}
        elif isinstance(one, UseFrame):
            out.append(f"  UFRAME_NUM={self._numbered(self.numbers.frames, one.frame)} ;")
            self.frames = {one.frame}
        elif isinstance(one, SetSignal):
            out.append(f"  {self._output(one)} ;")
        elif isinstance(one, Trigger):
            self._trigger(one)
        elif isinstance(one, WaitSignal):
            self._wait(one)
        elif isinstance(one, Pause):
            self._pause(one)
        elif isinstance(one, HoldLoad):
            out.append(f"  PAYLOAD[{self.numbers.payloads[one.load]}] ;")
        elif isinstance(one, ArcOn | ArcOff):
            self._arc(one)
        elif isinstance(one, Remark):
            self.remark(one.text)
        elif isinstance(one, Message):
            out.append(f"  MESSAGE[{plain(one.text, LONGEST_MESSAGE)}] ;")
        elif isinstance(one, Call):
            if one.arguments or one.result:
                raise self._refuse(f"the call of '{one.routine}' passes values; instead: a routine for each value")
            out.append(f"  CALL {self.numbers.files[one.routine]}    ;")
        elif isinstance(one, Halt):
            out.append("  ABORT ;" if one.ends else "  PAUSE ;")
        elif isinstance(one, Return) and one.value is None:
            out.append("  END ;")
        elif isinstance(one, SearchLinear):
            raise self.capabilities.refuse("search", f"'{self.routine.name}'")
        elif isinstance(one, Shift):
            raise self.capabilities.refuse("shift", f"'{self.routine.name}'")
        else:
            raise self._refuse(
                f"{type(one).__name__} is not written; instead: give each move its own speed and blend, and unroll loops and branches"
            )

    def _output(self, one: SetSignal) -> str:
        line = self.program.signals[one.signal]
        if not isinstance(one.value, bool | int):
            raise self._refuse(f"'{one.signal}' is set to a computed value; instead: a fixed value")
        if one.pulse is None:
            return f"{line.address}={self._value(one.signal, one.value)}"
        tenths = round(one.pulse * 10)
        if one.value is not True or abs(one.pulse * 10 - tenths) > 1e-6 or not 1 <= tenths <= LONGEST_PULSE_S * 10:
            raise self._refuse(
                f"a pulse {one.value} of {one.pulse:g} s on '{one.signal}'; PULSE switches on for 0.1 to {LONGEST_PULSE_S} s in tenths"
            )
        return f"{line.address}=PULSE,{number(one.pulse, 1)}sec"

    def _value(self, signal: str, value: bool | int) -> str:
        if self.program.signals[signal].number == isinstance(value, bool):
            raise self._refuse(
                f"'{signal}' ({self.program.signals[signal].address}) cannot be {value}; a group takes a number, a line true or false"
            )
        return ("ON" if value else "OFF") if isinstance(value, bool) else str(value)

    def _trigger(self, one: Trigger) -> None:
        if self.trigger:
            raise self._refuse("two outputs at points of one move; TB, TA and DB take one: split the move or set both by one group output")
        if one.at == "start" or (one.distance > 0 and one.seconds != 0):
            raise self._refuse(
                f"'{one.signal}' is set at the start of a move, or by way and time together; TB, TA and DB count from its end"
            )
        what = f"{self.program.signals[one.signal].address}={self._value(one.signal, one.value)}"
        if one.distance > 0:
            self.trigger = f" DB {number(to_mm(one.distance), 1)}mm,{what}"
        else:
            self.trigger = f" {'TA' if one.seconds > 0 else 'TB'} {number(abs(one.seconds), 2)}sec,{what}"

    def _pause(self, one: Pause) -> None:
        if not isinstance(one.seconds, int | float):
            raise self._refuse("a computed pause; instead: a fixed time")
        if not 0 <= one.seconds <= LONGEST_WAIT_S:
            raise self._refuse(f"a pause of {one.seconds:g} s; WAIT takes 0 to {LONGEST_WAIT_S} s: use several")
        self.lines.append(f"  WAIT {number(one.seconds, 2):>6}(sec) ;")

    def _wait(self, one: WaitSignal) -> None:
        line = self.program.signals[one.signal]
        value = self._value(one.signal, one.value)
        if one.timeout is None:
            self.lines.append(f"  WAIT {line.address}={value}    ;")
            return
        address = line.address.replace("[", "").replace("]", "")
        message = plain(f"{address} {one.signal}", LONGEST_MESSAGE - len(value) - 5) + f" not {value}"
        if one.retreat is not None and one.retreat not in self.numbers.files:
            raise InputError(
                f"'{self.routine.name}': retreat '{one.retreat}' does not exist; there are: {', '.join(sorted(self.numbers.files))}"
            )
        label = self.faults.setdefault((message, one.retreat), FIRST_FAULT_LABEL + len(self.faults))
        # The timeout is one system variable for all programs, so it is set before each wait; it counts hundredths of a second.
        self.lines += [
            f"  $WAITTMOUT={max(1, round(one.timeout * 100))} ;",
            f"  WAIT {line.address}={value} TIMEOUT,LBL[{label}] ;",
        ]

    def _fault_section(self) -> None:
        if not self.faults:
            return
        out = self.lines
        out += ["  END ;", "   ;"]
        for (message, retreat), label in self.faults.items():
            out += [f"  LBL[{label}] ;", "  !Signal missing: make safe, stop ;"]
            out += [f"  {self._output(fault)} ;" for fault in self.program.on_fault]
            out.append(f"  MESSAGE[{message}] ;")
            out.append("  PAUSE ;" if self.settings.user_alarm is None else f"  UALM[{self.settings.user_alarm}] ;")
            if retreat is not None:
                out += ["  !START runs the retreat and ends ;", f"  CALL {self.numbers.files[retreat]}    ;"]
            out.append("  ABORT ;")

    def _arc(self, one: ArcOn | ArcOff) -> None:
        if one.procedure not in self.program.procedures:
            raise InputError(
                f"welding procedure '{one.procedure}' is not known; there are: {', '.join(sorted(self.program.procedures)) or 'none'}"
            )
        procedure = self.program.procedures[one.procedure]
        plus = self.settings.arc == "weld"
        number_text = f"[{procedure.number},{procedure.schedule}]" if plus else f"[{procedure.number}]"
        word = "Weld" if plus else "Arc"
        if isinstance(one, ArcOff):
            self.lines.append(f"  {word} End{number_text} ;")
            self.lines += ["  Weave End ;"] * self.weaves + ["  Track End ;"] * self.tracks
            self.procedures, self.weaves, self.tracks = {None}, False, False
            return
        if one.seam:
            self.remark(one.seam)
        if procedure.note:
            self.remark(procedure.note)
        self.lines.append(f"  {word} Start{number_text} ;")
        if one.weave is not None:
            self.lines.append(f"  {self._weave(one.weave)} ;")
        if one.track is not None:
            self.lines.append(f"  Track TAST[{self.settings.track_schedule}] ;")
        self.procedures, self.weaves, self.tracks = {one.procedure}, one.weave is not None, one.track is not None

    def _weave(self, name: str) -> str:
        if name not in self.program.weaves:
            raise InputError(f"weaving '{name}' is not known; there are: {', '.join(sorted(self.program.weaves)) or 'none'}")
        weave = self.program.weaves[name]
        if weave.shape not in WEAVES:
            raise self._refuse(f"weaving '{weave.shape}'; ArcTool has {', '.join(WEAVES)}")
        if weave.number is not None:
            return f"Weave {WEAVES[weave.shape]}[{weave.number}]"
        dwells = f"{number(weave.dwell_left, 3)}s,{number(weave.dwell_right, 3)}s"
        return f"Weave {WEAVES[weave.shape]}[{number(weave.frequency, 1)}Hz,{number(to_mm(weave.amplitude), 1)}mm,{dwells}]"

    # Motion

    def _joint(self, one: MoveJoint) -> None:
        if one.q is not None:
            arm = [to_deg(value) for value in one.q[int(self.track) :]]
            if self.settings.j3_follows_j2:
                arm[2] -= arm[1]
            point = self._point(tuple(arm), "", one)
        else:
            assert one.T_frame_tcp is not None
            point = self._pose(one.T_frame_tcp, one)
        if one.duration is not None:
            speed = timed(one.duration)
        elif one.speed is None:
            raise self._refuse("a move that takes its speed from an instruction before it; instead: a speed of its own")
        elif not 0 < one.speed <= 1:
            raise self._refuse(f"a joint speed of {one.speed * 100:g} %; J takes 1 to 100 %")
        else:
            speed = f"{max(1, round(one.speed * 100))}%"
        self._put(f"J {point} {speed} ", one)

    def _straight(self, one: Move) -> None:
        assert not isinstance(one, MoveJoint)
        if one.duration is not None:
            speed = timed(one.duration)
        elif one.speed is None:
            raise self._refuse("a move that takes its speed from an instruction before it; instead: a speed of its own")
        else:
            speed = linear_speed(one.speed)
            if self.procedures != {None} and one.speed == self.program.procedures[self._active(self.procedures, "procedure")].speed:
                speed = "WELD_SPEED"
        if isinstance(one, MoveCircular):
            self.lines.append(f"C {self._pose(one.T_frame_via, one, one.q_via)}")
            self._put(f"    :  {self._pose(one.T_frame_tcp, one)} {speed} ", one)
        else:
            self._put(f"L {self._pose(one.T_frame_tcp, one)} {speed} ", one)

    def _put(self, text: str, one: Move) -> None:
        if one.blend == "set":
            raise self._refuse("a move that takes its rounding from an instruction before it; instead: a blend of its own")
        carried = not isinstance(one, MoveJoint) and self.program.frames[self._active(self.frames, "frame")].carried
        end = termination(one.blend, self.settings.cnt100_mm)
        self.lines.append(f"{text}{end}{' COORD' if carried else ''}{self.trigger}    ;")
        self.trigger = ""

    def _pose(self, T_frame_tcp: Array, one: Move, q: Array | None = None) -> str:
        """P[n] at a pose in the active frame."""
        joints = one.q if q is None else q
        if joints is not None:
            arm = np.degrees(joints[int(self.track) :])
            beyond = [f"J{i + 1} {arm[i]:.1f}" for i in (0, 3, 4, 5) if abs(arm[i]) > SURE_DEG]
            if beyond:
                raise self._refuse(
                    f"a straight target with {', '.join(beyond)} deg: beyond +-{SURE_DEG:g} deg the turn numbers of CONFIG are not certain; "
                    "instead: turn the tool by another way, or a joint move"
                )
        posture = one.posture
        if joints is not None and self.program.postures is not None:
            posture = self.program.postures("fanuc", joints)
        if posture is None or posture.maker != "fanuc":
            raise self._refuse(
                "a target by its pose without its posture; CONFIG is part of every FANUC position: give joints and a posture rule"
            )
        return self._point((*(to_mm(value) for value in T_frame_tcp[:3, 3]), *wpr_deg(T_frame_tcp)), config_text(posture.values), one)

    def _point(self, values: tuple[float, ...], config: str, one: Move) -> str:
        track = None
        if self.track:
            metres = one.track if one.q is None else float(one.q[0])
            if metres is None:
                raise self._refuse("a target that does not name the track's position")
            track = to_mm(metres)
        external: tuple[tuple[float, str], ...] = ()
        if one.external is not None:
            slides = self.program.positioner
            if len(one.external) != len(slides):
                raise self._refuse(f"a target with {len(one.external)} positioner axes; the cell has {len(slides)}")
            external = tuple((to_mm(v), "mm") if slide else (to_deg(v), "deg") for v, slide in zip(one.external, slides, strict=True))
        frame = self._numbered(self.numbers.frames, self._active(self.frames, "frame")) if config or self.frames != {None} else 0
        tool = self._numbered(self.numbers.tools, self._active(self.tools, "tool"))
        self.points.append(Point(frame, tool, values, config, track, external, self.label))
        self.label, name = "", f":{self.label}" if self.label else ""
        return f"P[{len(self.points)}{name}]"
