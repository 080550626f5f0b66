"""One job: the head and the instructions of a routine that is entered with a known tool, load and frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import UnknownNameError, UnsupportedError
from core.frames import inverse
from robots.programs.inform.capabilities import CAPABILITIES
from robots.programs.inform.moves import MoveText, triggered
from robots.programs.inform.points import Point, Points
from robots.programs.inform.targets import At, Jobs, Targets, Where
from robots.programs.inform.text import LONGEST_LINE, comment
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Call,
    Halt,
    HoldLoad,
    Instruction,
    Message,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    Remark,
    Return,
    Routine,
    SearchLinear,
    SetSignal,
    SetSpeed,
    Shift,
    SignalLine,
    Trigger,
    UseFrame,
    UseTool,
    WaitSignal,
)
from robots.programs.text import ascii_text, number

LONGEST_TIME = 655.35
"""Of TIMER, PULSE and WAIT [s]."""
DATE = "2000/01/01 00:00"
"""Stands for the day of writing: the same program gives the same bytes."""


@dataclass(eq=False, slots=True)
class Job:
    """A routine being written.

    Args:
        jobs: All of them.
        routine: What is written.
        name: Of the job.
        at: How it is entered.
    """

    jobs: Jobs
    routine: Routine
    name: str
    at: At
    lines: list[str] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    waits: int = 0
    weaving: bool = False
    arc_end: int | None = None
    targets: Targets = field(init=False)
    points: Points = field(init=False)

    def __post_init__(self) -> None:
        frame, jobs = self._own_frame(), self.jobs
        self.targets = Targets(jobs.program, jobs.settings, jobs.track, self.routine.name, frame)
        self.points = Points(jobs.settings, None if frame is None else jobs.frames[frame], jobs.program.positioner)

    def _own_frame(self) -> str | None:
        """A job has one user frame: that of its poses; one without poses takes what is active."""
        active, found = self.at.state.frame, []
        for one in self.routine.body:
            if isinstance(one, UseFrame):
                active = one.frame
            elif isinstance(one, MoveJoint | MoveLinear | MoveCircular) and one.T_frame_tcp is not None and active not in found:
                found.append(active)
        if len(found) > 1:
            raise UnsupportedError(
                f"routine '{self.routine.name}' uses the frames {', '.join(map(str, found))}; a Yaskawa INFORM relative job has one user frame: give each a routine of its own"
            )
        return found[0] if found else active

    def write(self) -> At:
        """Writes the instructions; returns how the job is left."""
        for i, one in enumerate(self.routine.body):
            self._put(i, one)
        if self.triggers:
            raise UnsupportedError(f"routine '{self.routine.name}' ends with a trigger that belongs to no move of it")
        return self.at

    def text(self) -> list[str]:
        """The whole file."""
        own, program = self.jobs.settings, self.jobs.program
        main = self.routine is program.routines[0]
        title = program.title if main else self.routine.title
        relative = own.job_kind == "rectan" and self.points.count > 0
        out = [
            "/JOB",
            f"//NAME {self.name}",
            *self.points.text(),
            "//INST",
            f"///DATE {DATE}",
            f"///COMM {ascii_text(title)[:LONGEST_LINE].strip()}",
        ]
        out += ["///ATTR SC,RW,RJ" if relative else "///ATTR SC,RW"]
        if relative:
            out += ["////FRAME BASE" if self.points.frame is None else f"////FRAME USER {self.points.frame}"]
        out += ["///GROUP1 RB1,BS1" if self.jobs.track else "///GROUP1 RB1"]
        out += ["///GROUP2 ST1"] if program.positioner else []
        out += ["NOP"]
        for line in (title, *program.notes) if main else (title,):
            out += comment(line)
        if main:
            out += comment(f"V= in {own.speed_unit}, T= in s") + comment(f"data of controller: {self.name}_REGISTERS.TXT")
            out += comment("first move goes home: start near home, slowly")
        return [*out, *self.lines, "END"]

    # Instructions

    def _put(self, i: int, one: Instruction) -> None:
        if isinstance(one, MoveJoint | MoveLinear | MoveCircular):
            self._move(i, one)
        elif isinstance(one, UseTool | HoldLoad | UseFrame):
            self._use(one)
        elif isinstance(one, Trigger):
            self.triggers.append(one)
        elif isinstance(one, SetSignal):
            self.lines.append(self._set(one))
        elif isinstance(one, WaitSignal):
            self._wait(one)
        elif isinstance(one, Pause):
            self._pause(one)
        elif isinstance(one, Call):
            if one.arguments or one.result is not None:
                raise self._cannot("a call with values", "a routine for each value")
            name, self.at = self.jobs.job(one.routine, self.at)
            self.lines.append(f"CALL JOB:{name}")
            self.arc_end = None
        elif isinstance(one, ArcOn | ArcOff):
            self._arc(one)
        elif isinstance(one, Remark):
            self.lines += comment(one.text)
        elif isinstance(one, Message):
            self.lines.append(message(one.text))
        elif isinstance(one, Halt):
            self.lines.append("ABORT" if one.ends else "PAUSE")
        elif isinstance(one, Return) and one.value is None:
            self.lines.append("RET")
        elif isinstance(one, SetSpeed):
            self._speed(one)
        elif isinstance(one, SearchLinear | Shift):
            raise CAPABILITIES.refuse("shift" if isinstance(one, Shift) else "search")
        else:
            raise self._cannot(f"{type(one).__name__} of a program that computes or branches", "change the program in its own language")

    def _cannot(self, what: str, instead: str) -> UnsupportedError:
        return UnsupportedError(f"routine '{self.routine.name}': Yaskawa INFORM is not written with {what}; instead: {instead}")

    def _use(self, one: UseTool | HoldLoad | UseFrame) -> None:
        state, program = self.at.state, self.jobs.program
        if isinstance(one, UseTool):
            state = replace(state, tool=_known("tool", one.tool, program.tools))
        elif isinstance(one, HoldLoad):
            state = replace(state, load=None if one.load is None else _known("load", one.load, program.loads))
        else:
            state = replace(state, frame=_known("frame", one.frame, program.frames))
        self.at = At(state, self.at.position)

    def _line(self, signal: str, *, output: bool, group: bool) -> SignalLine:
        line = self.jobs.program.signals[_known("signal", signal, self.jobs.program.signals)]
        kind = {(True, False): "OT", (False, False): "IN", (True, True): "OG", (False, True): "IG"}[output, group]
        digits = line.address[len(kind) + 2 : -1]
        if line.address != f"{kind}#({digits})" or not digits.isdecimal() or int(digits) < 1:
            raise UnsupportedError(f"signal '{signal}' has the address '{line.address}'; Yaskawa INFORM needs one like {kind}#(5) here")
        return line

    def _set(self, one: SetSignal) -> str:
        value = one.value
        if not isinstance(value, bool | int):
            raise self._cannot(f"an output set to what the program computes ({one.signal})", "set it to a value")
        address = self._line(one.signal, output=True, group=not isinstance(value, bool)).address
        if one.pulse is not None:
            if value is not True:
                raise self._cannot(f"a pulse to off ({one.signal})", "set it, wait, set it back")
            return f"PULSE {address} T={_time(one.pulse)}"
        return f"DOUT {address} {_value(value)}"

    def _wait(self, one: WaitSignal) -> None:
        address = self._line(one.signal, output=False, group=not isinstance(one.value, bool)).address
        shows = f"{address}={_value(one.value)}"
        if one.timeout is None:
            self.lines.append(f"WAIT {shows}")
            return
        self.waits += 1
        label = f"*W{self.waits}"
        # WAIT goes on when its time is over; whether the input came is asked once more.
        self.lines += [f"WAIT {shows} T={_time(one.timeout)}", f"JUMP {label} IF {shows}"]
        self.lines += [self._set(fault) for fault in self.jobs.program.on_fault]
        self.lines += [message(f"{address} {one.signal} NOT {_value(one.value)}"), "PAUSE"]
        self.lines += comment("START: retreat, then the job is over" if one.retreat is not None else "START: the job is over")
        if one.retreat is not None:
            self.lines.append(f"CALL JOB:{self.jobs.job(one.retreat, self.at)[0]}")
        self.lines += ["ABORT", label]

    def _pause(self, one: Pause) -> None:
        if not isinstance(one.seconds, int | float):
            raise self._cannot("a pause that the program computes", "a pause of fixed length")
        left = float(one.seconds)
        while left > LONGEST_TIME:
            self.lines.append(f"TIMER T={number(LONGEST_TIME, 2)}")
            left -= LONGEST_TIME
        if left >= 0.005:
            self.lines.append(f"TIMER T={number(left, 2)}")

    def _speed(self, one: SetSpeed) -> None:
        text = MoveText(self.jobs.settings)
        fields = [] if one.joint is None else [text.joint_speed(one.joint)]
        fields += [] if one.linear is None else [text.linear_speed(one.linear)]
        fields += [] if one.turn is None else [text.turn_speed(one.turn)]
        self.lines.append(" ".join(["SPEED", *fields]))

    def _arc(self, one: ArcOn | ArcOff) -> None:
        procedure = self.jobs.program.procedures[_known("welding procedure", one.procedure, self.jobs.program.procedures)]
        if isinstance(one, ArcOff):
            self.lines += ["WVOF"] if self.weaving else []
            self.lines.append(f"ARCOF AEF#({procedure.number})")
            self.weaving = False
            return
        if one.track is not None:
            raise CAPABILITIES.refuse("seam-track", f"{one.track} at {one.procedure}")
        about = ": ".join(text for text in (one.seam, procedure.note) if text)
        self.lines += comment(about) if about else []
        self.lines.append(f"ARCON ASF#({procedure.number})")
        if one.weave is not None:
            weave = self.jobs.program.weaves[_known("weaving", one.weave, self.jobs.program.weaves)]
            if weave.number is None:
                raise UnsupportedError(
                    f"weaving '{one.weave}' has no number; Yaskawa INFORM takes weaving from the controller's file WEV#(n): give it one"
                )
            self.lines.append(f"WVON WEV#({weave.number})")
            self.weaving = True

    # Moves

    def _move(self, i: int, one: MoveJoint | MoveLinear | MoveCircular) -> None:
        point = self.targets.point(self.at, one, one.T_frame_tcp, one.q)
        T_tcp = self.targets.in_base(point)
        carried = self.targets.carried
        before = self.at.position if self.at.position is not None and self.at.position.carried == carried else None
        following = self._following(i)
        text = MoveText(self.jobs.settings)
        before_T = None if before is None else before.T_tcp
        next_T = None if following is None or following.T_frame_tcp is None else self.targets.placed(following.T_frame_tcp)
        straight = isinstance(one, MoveLinear) and isinstance(following, MoveLinear)
        level = 0 if following is None or self.triggers else text.level(one.blend, straight, before_T, T_tcp, next_T)
        when, during, after = triggered(
            self.triggers, [self._set(SetSignal(t.signal, t.value)) for t in self.triggers], isinstance(one, MoveCircular)
        )
        self.triggers.clear()
        if isinstance(one, MoveCircular):
            via = replace(
                self.targets.point(self.at, one, one.T_frame_via, one.q_via), posture=None if one.q_via is None else point.posture
            )
            self._circle(one, via, point, level, before, carried)
        else:
            speed = text.speed(one, before_T, T_tcp)
            word = "MOVJ" if isinstance(one, MoveJoint) else "SMOVL" if carried else "MOVL"
            self._put_move(word, point, [*speed, f"PL={level}", *when])
            self.arc_end = None
            if isinstance(one, MoveLinear) and one.duration is not None and not speed:
                during = [f"TIMER T={_time(one.duration)}", *during]
        self.lines += [*during, *after]
        self.at = At(self.at.state, Where(T_tcp, carried, point))

    def _circle(self, one: MoveCircular, via: Point, point: Point, level: int, before: Where | None, carried: bool) -> None:
        """MOVC over three points. The start stands again as the first of them; where an arc follows an arc, its end is the start (FPT)."""
        if before is None:
            raise UnsupportedError(
                f"routine '{self.routine.name}' begins an arc where the program does not know the robot's position; put a straight or joint move before it"
            )
        text = MoveText(self.jobs.settings)
        speed = text.speed(
            one, before.T_tcp, None if point.T_frame_tcp is None else self.targets.placed(point.T_frame_tcp), self.targets.in_base(via)
        )
        word = "SMOVC" if carried else "MOVC"
        if self.arc_end is not None:
            self.lines[self.arc_end] += " FPT"
        else:
            start = before.point
            if before.T_tcp is not None:
                start = replace(start, T_frame_tcp=inverse(self.targets.placed(np.eye(4))) @ before.T_tcp)
            self._put_move(word, start, speed)
        self._put_move(word, via, speed)
        self._put_move(word, point, [*speed, f"PL={level}"])
        self.arc_end = len(self.lines) - 1

    def _put_move(self, word: str, point: Point, fields: list[str]) -> None:
        state = self.at.state
        if state.tool is None:
            raise UnsupportedError(f"routine '{self.routine.name}' moves before any tool is chosen")
        n = self.points.add(point, self.jobs.tools[state.tool, state.load])
        base = [f"BC{n:05d}"] if point.track is not None else []
        station = [f"+MOVJ EC{n:05d}"] if self.jobs.program.positioner else []
        if station and not word.startswith("S"):
            station.append(next((one for one in fields if one.startswith("VJ=")), "VJ=100.00"))
        self.lines.append(" ".join([word, f"C{n:05d}", *base, *fields, *station]))

    def _following(self, i: int) -> MoveJoint | MoveLinear | MoveCircular | None:
        """The next move, if the robot has nothing to do before it: the controller reads ahead, so before a signal it must stop."""
        for one in self.routine.body[i + 1 :]:
            if isinstance(one, MoveJoint | MoveLinear | MoveCircular):
                return one
            if not isinstance(one, Remark | Trigger):
                return None
        return None


def _known(kind: str, name: str, known: Mapping[str, object]) -> str:
    if name not in known:
        raise UnknownNameError(kind, name, list(known))
    return name


def _value(value: bool | int) -> str:
    return ("ON" if value else "OFF") if isinstance(value, bool) else str(value)


def _time(seconds: float) -> str:
    """`T=` [s] in steps of 10 ms; a longer time than INFORM has is refused."""
    if seconds > LONGEST_TIME:
        raise UnsupportedError(
            f"{seconds:g} s are more than the {LONGEST_TIME} s of Yaskawa INFORM; wait in several steps, or without a timeout"
        )
    return number(max(seconds, 0.01), 2)


def message(text: str) -> str:
    """A line on the pendant, cut to what it shows."""
    return f'MSG "{ascii_text(text).replace(chr(34), chr(39))[:LONGEST_LINE]}"'
