"""Moves as KRL writes them: named points, modal speeds and rounding only where they change, triggers, prescribed times."""

from __future__ import annotations

import math

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array, angle_between
from core.units import MM, to_deg, to_mm
from robots.programs.krl.text import LONGEST_NAME, axis_fields, distance_mm, frame_fields
from robots.programs.program import Move, MoveCircular, MoveJoint, MoveLinear, Posture, RobotProgram, Routine, SetBlend, SetSpeed, Trigger
from robots.programs.settings import KrlSettings
from robots.programs.text import ascii_text, identifier, number

FASTEST = 3.0
"""Greatest $VEL.CP [m/s]."""
LEAST_SPEED = 1e-4
"""Speeds below this are not programmed [m/s]."""
LEAST_TURN = 0.05
"""Turning speeds below this are not programmed [deg/s]."""
FASTEST_TURN = 1000.0


class MotionText:
    """Writes the moves of a program, routine by routine.

    Args:
        program: The whole.
        settings: Of KRL.
        taken: Names that points must not have; theirs are added.
    """

    def __init__(self, program: RobotProgram, settings: KrlSettings, taken: list[str]) -> None:
        self.program, self.settings, self.taken = program, settings, taken
        self.track = program.on_track("KRL")
        self.moved = False
        self.points: list[tuple[str, list[str]]] = []
        self.start: str | None = None
        self.begin(program.routines[0])
        self.points.clear()

    def begin(self, routine: Routine) -> None:
        """A new routine: whoever calls it, nothing modal is known."""
        main = routine is self.program.routines[0]
        self.base = "P" if main else identifier(routine.name, LONGEST_NAME - 6)
        self.named: dict[str, str] = {}
        self.points.append((routine.title, []))
        self.said_speed, self.said_blend = SetSpeed(), SetBlend()
        self.weld: float | None = None
        self.forget_all()

    def forget_all(self) -> None:
        """After a call: speeds and place are what the other routine left."""
        self.forget_speeds()
        self.forget_place()

    def forget_speeds(self) -> None:
        """After a routine of the user's that may set them but does not move."""
        self.modal: dict[str, str] = {}

    def forget_place(self) -> None:
        """Where the tool is, in the active frame, is not known."""
        self.T: Array | None = None

    def say_speed(self, one: SetSpeed) -> None:
        """Speeds for the moves that name none."""
        old = self.said_speed
        self.said_speed = SetSpeed(
            joint=old.joint if one.joint is None else one.joint,
            linear=old.linear if one.linear is None else one.linear,
            turn=old.turn if one.turn is None else one.turn,
        )

    def say_blend(self, one: SetBlend) -> None:
        """Rounding for the moves that say `set`."""
        old = self.said_blend
        self.said_blend = SetBlend(
            joint=old.joint if one.joint is None else one.joint, linear=old.linear if one.linear is None else one.linear
        )

    def declarations(self) -> list[str]:
        """The points, for the .dat."""
        out = []
        for title, lines in self.points:
            if lines:
                out += [f"; points: {ascii_text(title)}", *lines]
        return out

    def move(self, one: Move) -> tuple[list[str], str]:
        """Lines that set what the move needs, and the move.

        Raises:
            UnsupportedError: The first move is no joint move, a target says too little, a speed is out of range.
        """
        if not self.moved and not isinstance(one, MoveJoint):
            raise UnsupportedError(
                "the first move of a KRL program must be a joint move: the controller has to know axis values or Status and Turn"
            )
        self.moved = True
        before: list[str] = []
        if isinstance(one, MoveJoint):
            if one.duration is not None:
                raise UnsupportedError(
                    "a joint move with a prescribed time; KRL has none: give the time to a straight move, or wait after the move"
                )
            share = self._said("joint", one.speed, self.said_speed.joint)
            if not 0 < share <= 1:
                raise UnsupportedError(f"joint speed {share:g} is outside 0..1")
            self._modal(before, "BAS (#VEL_PTP", f"BAS (#VEL_PTP,{max(1, round(share * 100))} )")
            text = f"PTP {self._point(one)}"
        else:
            speed, turn = self._speeds(one)
            self._modal(before, "$VEL.CP", f"$VEL.CP={number(speed, 6)}")
            for which in ("$VEL.ORI1", "$VEL.ORI2"):
                self._modal(before, which, f"{which}={number(turn, 4)}")
            via = "" if not isinstance(one, MoveCircular) else f"{self._name('FRAME', frame_fields(one.T_frame_via))},"
            text = f"{'CIRC' if via else 'LIN'} {via}{self._point(one)}"
        blend = one.blend
        if blend == "set":
            blend = self.said_blend.joint if isinstance(one, MoveJoint) else self.said_blend.linear
            if blend is None:
                raise UnsupportedError("a rounded move before any rounding is set in its routine")
        if blend:
            # C_DIS leaves and meets the programmed way within $APO.CDIS of the corner; what lies between stays in the triangle of these
            # two points and the corner, so nothing of it is farther from the corner than $APO.CDIS.
            size = distance_mm(blend)
            if float(size) <= 0:
                raise UnsupportedError(f"a rounding of {to_mm(blend):g} mm; $APO.CDIS takes 0.001 mm or more: stop at the point instead")
            self._modal(before, "$APO.CDIS", f"$APO.CDIS={size}")
            text += " C_DIS"
        self.T = None if isinstance(one, MoveJoint) else one.T_frame_tcp
        return before, text

    def trigger(self, one: Trigger, name: str) -> str:
        """The line before a move that sets an output on its way."""
        value = ("TRUE" if one.value else "FALSE") if isinstance(one.value, bool) else str(one.value)
        delay = round(one.seconds * 1000)
        if one.distance == 0:
            if one.at == "start" and delay < 0:
                raise UnsupportedError("a trigger before the start of a move; count it from the end of the move before")
            return f"TRIGGER WHEN DISTANCE={int(one.at == 'end')} DELAY={delay} DO {name}={value}"
        if one.at == "start":
            raise UnsupportedError("a trigger at a distance from the start of a move; KRL's PATH counts back from the end: give it so")
        return f"TRIGGER WHEN PATH={number(-to_mm(one.distance), 3)} DELAY={delay} DO {name}={value}"

    # Speeds

    def _modal(self, out: list[str], key: str, line: str) -> None:
        if self.modal.get(key) != line:
            self.modal[key] = line
            out.append(line)

    @staticmethod
    def _said(kind: str, own: float | None, said: float | None) -> float:
        value = said if own is None else own
        if value is None:
            raise UnsupportedError(f"a {kind} move names no speed and none is set in its routine; give the move its speed")
        return value

    def _speeds(self, one: MoveLinear | MoveCircular) -> tuple[float, float]:
        """$VEL.CP [m/s] and $VEL.ORI [deg/s]."""
        if one.duration is not None:
            return self._timed(one, one.duration)
        speed = self.weld if self.weld is not None else self._said("straight", one.speed, self.said_speed.linear)
        turn = one.turn_speed if one.turn_speed is not None else self.said_speed.turn
        return _in_range(speed, self.settings.turn_speed_deg_s if turn is None else to_deg(turn))

    def _timed(self, one: MoveLinear | MoveCircular, duration: float) -> tuple[float, float]:
        """The controller takes the longer of the way at $VEL.CP and the turn at $VEL.ORI: both are set to the prescribed time."""
        if self.T is None:
            raise UnsupportedError("a timed move needs a straight move before it in the same routine")
        if isinstance(one, MoveCircular):
            way = arc_length(self.T[:3, 3], one.T_frame_via[:3, 3], one.T_frame_tcp[:3, 3])
        else:
            way = float(np.linalg.norm(one.T_frame_tcp[:3, 3] - self.T[:3, 3]))
        speed, turn = way / duration, to_deg(angle_between(self.T, one.T_frame_tcp)) / duration
        if speed < LEAST_SPEED and turn < LEAST_TURN:
            raise UnsupportedError(f"{to_mm(way):.3f} mm in {duration:g} s: too short a way to give it a time; wait instead")
        return _in_range(max(speed, LEAST_SPEED), max(turn, LEAST_TURN))

    # Points

    def _point(self, one: Move) -> str:
        if isinstance(one, MoveJoint) and one.q is not None:
            external = self._external(float(one.q[0]) if self.track else None, one.external)
            fields = axis_fields(one.q[int(self.track) :]) + external
            kind = "E6AXIS" if external else "AXIS"
            if self.start is None:
                self.start = fields
                self.points.insert(0, ("start", [f"DECL {kind} START_POS={{{fields}}}"]))
            return "START_POS" if fields == self.start else self._name(kind, fields)
        assert one.T_frame_tcp is not None
        track = one.track if one.q is None else float(one.q[0]) if self.track else None
        external = self._external(track, one.external)
        posture = self._posture(one)
        fields = frame_fields(one.T_frame_tcp) + ("" if posture is None else f",S {posture.values[0]},T {posture.values[1]}") + external
        return self._name("E6POS" if external else "FRAME" if posture is None else "POS", fields)

    def _name(self, kind: str, fields: str) -> str:
        """The point's name; a routine that comes to a point twice names it once."""
        if fields not in self.named:
            count = len(self.named) + 1
            while f"{self.base}_{count}" in self.taken:
                count += 1
            self.named[fields] = name = f"{self.base}_{count}"
            self.taken.append(name)
            self.points[-1][1].append(f"DECL {kind} {name}={{{fields}}}")
        return self.named[fields]

    def _posture(self, one: Move) -> Posture | None:
        """Status and Turn: what PTP needs; LIN and CIRC go without, but the block can then be selected at the pendant."""
        if one.posture is not None and one.posture.maker == "kuka":
            return one.posture
        if one.q is not None and self.program.postures is not None:
            return self.program.postures("kuka", one.q)
        if isinstance(one, MoveJoint):
            raise UnsupportedError("a joint move to a pose without Status and Turn; give it joint values or Posture('kuka', (S, T))")
        return None

    def _external(self, track: float | None, positioner: tuple[float, ...] | None) -> str:
        values: list[float] = []
        if self.track:
            if track is None:
                raise UnsupportedError("a target on a track that does not say where the track stands")
            values.append(to_mm(track))
        kinds = self.program.positioner
        if len(kinds) != len(positioner or ()):
            raise UnsupportedError(f"a target names {len(positioner or ())} positioner axes, the positioner has {len(kinds)}")
        values += [to_mm(value) if slides else to_deg(value) for value, slides in zip(positioner or (), kinds, strict=True)]
        return "".join(f",E{i + 1} {number(value, 5)}" for i, value in enumerate(values))


def _in_range(speed: float, turn: float) -> tuple[float, float]:
    if not 0 < speed <= FASTEST:
        raise UnsupportedError(f"{speed:g} m/s on a straight move; $VEL.CP takes more than 0 and at most {FASTEST:g}")
    if not 0 < turn <= FASTEST_TURN:
        raise UnsupportedError(f"the tool turns with {turn:g} deg/s; $VEL.ORI1 takes more than 0 and at most {FASTEST_TURN:g}")
    return speed, turn


def arc_length(start: Array, via: Array, end: Array) -> float:
    """Of the circle's arc from start through via to end, points (3,) [m]; raises `UnsupportedError` when they lie on a line.

    The inscribed angle at `via` is half of the arc on the other side, so the arc that holds it is 2 (pi - angle) times the radius; the radius follows from
    the chord by the law of sines.
    """
    a, b = start - via, end - via
    cross = float(np.linalg.norm(np.cross(a, b)))
    if cross < MM * MM * 1e-3:
        raise UnsupportedError("start, via and end of a circle lie on a line; make it a straight move")
    angle = math.atan2(cross, float(a @ b))
    radius = float(np.linalg.norm(end - start)) / (2 * math.sin(angle))
    return radius * 2 * (math.pi - angle)
