"""Moves, positions and searches of a FANUC TP routine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import InputError, UnsupportedError
from core.frames import Array
from core.units import to_deg, to_mm
from robots.programs.fanuc.flow import State
from robots.programs.fanuc.text import SURE_DEG, Point, config_text, linear_speed, termination, timed, wpr_deg
from robots.programs.program import Move, MoveCircular, MoveJoint, MoveLinear, RobotProgram, Routine, SearchLinear, Shift, SignalLine
from robots.programs.settings import FanucSettings

SAME_PLACE = 1e-7
"""Poses that differ by less in every entry are the same [m, or an entry of a rotation]."""


@dataclass(frozen=True, eq=False, slots=True)
class Numbers:
    """What the controller numbers, by the program's names; `shifts`: position registers of search results and of their sums."""

    tools: dict[str, int]
    frames: dict[str, int]
    payloads: dict[str | None, int]
    files: dict[str, str]
    shifts: dict[tuple[str, ...], int]


class MoveWriter:
    """Lines and points of a routine, as far as the robot moves.

    Args:
        program: It belongs to.
        routine: To write.
        states: In which it is entered.
        numbers: Of tools, frames and payloads, and the names of the files.
        settings: Of the cell.
    """

    def __init__(
        self,
        program: RobotProgram,
        routine: Routine,
        states: set[State],
        numbers: Numbers,
        settings: FanucSettings,
    ) -> None:
        self.program, self.routine, self.numbers, self.settings = program, routine, numbers, settings
        self.track = program.on_track("FANUC")
        self.tools: set[str | None] = {state.tool for state in states}
        self.frames: set[str | None] = {state.frame for state in states}
        self.procedures: set[str | None] = {state.procedure for state in states}
        self.weaves = any(state.weaves for state in states)
        self.tracks = any(state.tracks for state in states)
        self.shifts = {state.shift for state in states}
        self.lines: list[str] = []
        self.points: list[Point] = []
        self.faults: dict[tuple[str, str | None], int] = {}
        self.trigger = ""
        self.owed = 0.0
        self.label = ""
        named = [one.external is not None for one in routine.walk() if isinstance(one, Move | SearchLinear)]
        if any(named) and not all(named):
            raise UnsupportedError(
                f"'{routine.name}': some moves name the positioner's axes, others do not; every position of a FANUC program has the same groups: name them in all"
            )
        self.second_group = any(named)

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

    def line(self, signal: str) -> SignalLine:
        """The input or output of a neutral name."""
        if signal not in self.program.signals:
            raise InputError(
                f"'{self.routine.name}': signal '{signal}' does not exist; there are: {', '.join(sorted(self.program.signals)) or 'none'}"
            )
        return self.program.signals[signal]

    def value(self, signal: str, value: bool | int) -> str:
        """ON, OFF or a number, as the line takes it."""
        if self.line(signal).number == isinstance(value, bool):
            raise self._refuse(f"'{signal}' ({self.line(signal).address}) cannot be {value}; a group takes a number, a line true or false")
        return ("ON" if value else "OFF") if isinstance(value, bool) else str(value)

    # Motion

    def _joint(self, one: MoveJoint) -> None:
        if one.q is not None:
            point = self._joint_point(one.q, one)
        else:
            assert one.T_frame_tcp is not None
            point = self._pose(one.T_frame_tcp, one)
        if one.duration is not None:
            speed = self._timed(one.duration, one)
        elif one.speed is None:
            raise self._refuse("a move that takes its speed from an instruction before it; instead: a speed of its own")
        elif not 0 < one.speed <= 1:
            raise self._refuse(f"a joint speed of {one.speed * 100:g} %; J takes 1 to 100 %")
        else:
            speed = f"{max(1, round(one.speed * 100))}%"
        self._put(f"J {point} {speed} ", one)

    def _joint_point(self, q: Array, one: Move) -> str:
        """P[n] at joint values."""
        arm = [to_deg(value) for value in q[int(self.track) :]]
        if self.settings.j3_follows_j2:
            arm[2] -= arm[1]
        return self._point(tuple(arm), "", one)

    def _joints_lead_there(self, q: Array, T_frame_tcp: Array) -> bool:
        """Whether the arm's kinematics are known and the joints put the tool at a pose of the active frame: the position may then be one of joints."""
        frame = self.program.frames[self._active(self.frames, "frame")]
        if self.program.flange is None or frame.carried:
            return False
        tool = self.program.tools[self._active(self.tools, "tool")]
        T = self.program.flange(q) @ tool.T_flange_tcp
        return bool(np.max(np.abs(frame.T_robot_frame @ T_frame_tcp - T)) < SAME_PLACE)

    def _straight(self, one: Move) -> None:
        assert not isinstance(one, MoveJoint)
        if one.duration is not None:
            speed = self._timed(one.duration, one)
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

    def _timed(self, duration: float, one: Move) -> str:
        text, owed = timed(duration, self.owed)
        # Where the robot stops the chain of timed moves is over.
        self.owed = owed if one.blend is not None else 0.0
        return text

    def _put(self, text: str, one: Move) -> None:
        if one.blend == "set":
            raise self._refuse("a move that takes its rounding from an instruction before it; instead: a blend of its own")
        carried = not isinstance(one, MoveJoint) and self._carried()
        if " DB " in self.trigger and not isinstance(one, MoveLinear):
            raise self._refuse(
                "an output at a distance before the end of a curved way; DB measures straight to the target: give the time instead"
            )
        end = termination(one.blend, self.settings.cnt100_mm)
        offset = "" if one.T_frame_tcp is None else self._offset()
        self.lines.append(f"{text}{end}{' COORD' if carried else ''}{offset}{self.trigger}    ;")
        self.trigger = ""

    def _carried(self) -> bool:
        """Whether the positioner carries the active frame."""
        return self.program.frames[self._active(self.frames, "frame")].carried

    def _offset(self) -> str:
        """The shift in force, as an option of the move."""
        if len(self.shifts) > 1:
            raise self._refuse(
                "is called with different shifts by search results; its moves name one: let it choose its own, or write it twice"
            )
        results = next(iter(self.shifts), ())
        return f" Offset,PR[{self._register(results)}]" if results else ""

    def _register(self, results: tuple[str, ...]) -> int:
        if results not in self.numbers.shifts:
            raise InputError(f"'{self.routine.name}': a shift by {' and '.join(results)}, which no search finds")
        return self.numbers.shifts[results]

    def shift(self, one: Shift) -> None:
        """From here on moves name the register of these results; of several it is their sum."""
        self.shifts = {one.results}
        if one.results:
            total = self._register(one.results)
            parts = [self._register((name,)) for name in one.results]
            if len(parts) > 1:
                self.lines.append(f"  PR[{total}]=PR[{parts[0]}]+PR[{parts[1]}]    ;")
                self.lines += [f"  PR[{total}]=PR[{total}]+PR[{part}]    ;" for part in parts[2:]]

    def search(self, one: SearchLinear, label: int) -> None:
        """Moves on until the input shows the touch; the register then holds how far from the planned place it was, without turning."""
        if one.speed is None:
            raise self._refuse("a search that takes its speed from an instruction before it; instead: a speed of its own")
        value = self.value(one.signal, one.value)
        register = self._register((one.result,))
        move = MoveLinear(one.T_frame_tcp, one.q, one.speed, external=one.external)
        target = self._pose(one.T_frame_tcp, move)
        expected = self._pose(one.T_frame_tcp if one.T_frame_expected is None else one.T_frame_expected, move)
        self.lines += [
            f"  SKIP CONDITION {self.line(one.signal).address}={value}    ;",
            f"L {target} {linear_speed(one.speed)} FINE{' COORD' if self._carried() else ''}{self._offset()} Skip,LBL[{label}],PR[{register}]=LPOS    ;",
            f"  PR[{register}]=PR[{register}]-{expected}    ;",
            *(f"  PR[{register},{axis}]=0    ;" for axis in (4, 5, 6)),
        ]

    def _pose(self, T_frame_tcp: Array, one: Move, q: Array | None = None) -> str:
        """P[n] at a pose in the active frame."""
        joints = one.q if q is None else q
        if joints is not None:
            arm = np.degrees(joints[int(self.track) :])
            beyond = [f"J{i + 1} {arm[i]:.1f}" for i in (0, 3, 4, 5) if abs(arm[i]) > SURE_DEG]
            if beyond and self._joints_lead_there(joints, T_frame_tcp):
                return self._joint_point(joints, one)
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
        frame = self._numbered(self.numbers.frames, self._active(self.frames, "frame"))
        tool = self._numbered(self.numbers.tools, self._active(self.tools, "tool"))
        self.points.append(Point(frame, tool, values, config, track, external, self.label))
        self.label, name = "", f":{self.label}" if self.label else ""
        return f"P[{len(self.points)}{name}]"
