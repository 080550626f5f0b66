"""Moves of INFORM, read: positions, arcs over MOVC points, outputs while a move runs, increments."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from core.frames import Array, angle_between, inverse
from robots.programs.controller import Controller
from robots.programs.inform.block import Block, Held
from robots.programs.inform.conditions import Names, NotKnown, WordFault
from robots.programs.inform.fields import Fields, decimal, fields_of
from robots.programs.inform.head import Head, Source
from robots.programs.program import (
    HoldLoad,
    Instruction,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Pause,
    SearchLinear,
    SetSignal,
    Trigger,
    Unknown,
    UseFrame,
    UseTool,
)

WORDS = ("MOVJ", "MOVL", "MOVC", "SMOVL", "SMOVC", "IMOV")
_MOVE = re.compile(r"(S?MOV[JLC])\s+C(\d{5})(?:\s+BC(\d{5}))?(?:\s+EC(\d{5}))?((?:\s.*)?)")
_MOVE_P = re.compile(r"(S?MOV[JLC])\s+P(\d{3,5})((?:\s.*)?)")
_STATION = re.compile(r"\s*\+MOV[JLC]\s+EC(\d{5})(?:\s+VJ=(\S+))?")
_IMOV = re.compile(r"IMOV\s+P(\d{3,5})\s+(.*)\s(BF|RF|TF|UF#\(\d{1,2}\))((?:\s.*)?)")
_NEAR = 1e-5
"""Two positions that are nearer than this are one [m], [rad]: text has steps of 1e-6 m."""


@dataclass(frozen=True, eq=False, slots=True)
class Spot:
    """Where the tool is known to be: in the robot's base, or in the station's table when `carried` (4, 4)."""

    T: Array
    carried: bool

    def same(self, other: Spot | None) -> bool:
        """Whether both are one place."""
        if other is None or self.carried != other.carried:
            return False
        return float(np.linalg.norm(self.T[:3, 3] - other.T[:3, 3])) < _NEAR and angle_between(self.T, other.T) < _NEAR


@dataclass(frozen=True, eq=False, slots=True)
class _Target:
    """A position with what counts for it."""

    held: Held
    T: Array
    q: Array | None
    track: float | None
    external: tuple[float, ...] | None


@dataclass(frozen=True, eq=False, slots=True)
class Mark:
    """What is known at a jump: where the tool is, and the end of an arc (FPT) from which another may go on."""

    spot: Spot | None
    shared: tuple[_Target, Fields, int] | None


@dataclass(eq=False, slots=True)
class _Running:
    """A move during which the following lines run: it stands at `at` in `body`."""

    body: list[Instruction]
    at: int
    text: str
    fields: Fields
    lines: list[Instruction]


class Motion:
    """The moves of one job.

    Attributes:
        used: Which C positions a move has used.
    """

    def __init__(
        self, source: Source, head: Head, block: Block, controller: Controller, names: Names, spot: Spot | None, steady: bool
    ) -> None:
        self.source, self.head, self.block, self.controller, self.names = source, head, block, controller, names
        self._known: Spot | None = spot
        self._last: _Target | None = None
        self.steady = steady
        self.used = bytearray(len(block.held))
        self.held: Held | None = None
        self.arc: list[tuple[_Target, Fields, int]] = []
        self.arc_done = self.shared = False
        self.running: _Running | None = None
        self.fields: dict[str, Fields] = {}

    # What is between moves

    def settle(self, at: int) -> None:
        """A statement that is no MOVC follows: an arc must be whole, or begin at the end of the one before (FPT)."""
        if self.arc and not self.shared:
            raise self.source.fail(
                at, f"MOVC over {len(self.arc)} positions before this; an arc has three that follow each other: start, on the way, end"
            )

    def end_arcs(self) -> None:
        """Behind another move, a call or a label a MOVC begins a new arc."""
        self.arc.clear()
        self.arc_done = self.shared = False

    def forget(self, spot: Spot | None) -> None:
        """What is active is not known here, behind a call or an unread line; the tool is at a place, or it is not known where."""
        self.end_arcs()
        self.held = None
        self.spot = spot

    def mark(self) -> Mark:
        """What is known here, for the label that a jump goes to."""
        return Mark(self.spot, self.arc[0] if self.shared else None)

    def arrive(self, marks: list[Mark]) -> None:
        """A label that is reached from these places only; none: it is not known from where."""
        first = marks[0].spot if marks else None
        same = first is not None and all(first.same(one.spot) for one in marks)
        self.forget(first if same else None)
        # An arc that all ways share goes on behind the label.
        if same and all(one.shared is not None for one in marks) and marks[0].shared is not None:
            self.arc, self.shared = [marks[0].shared], True

    def during(self, one: Instruction) -> bool:
        """Takes an output or a pause that runs while the move before it does; whether there is such a move."""
        if self.running is None:
            return False
        self.running.lines.append(one)
        return True

    def stop_running(self) -> None:
        """The move that other lines run beside ends here: its outputs become triggers; what cannot be one leaves the move unknown."""
        if self.running is None:
            return
        run, self.running = self.running, None
        passed, triggers = 0.0, []
        early = run.fields.on == "ENWAIT"
        for one in run.lines:
            if isinstance(one, Pause) and isinstance(one.seconds, float) and not early:
                passed += one.seconds
            elif isinstance(one, SetSignal) and isinstance(one.value, bool | int) and one.pulse is None:
                seconds = -run.fields.seconds if early else passed
                triggers.append(Trigger(one.signal, one.value, "end" if early else "start", run.fields.distance, seconds, line=one.line))
            else:
                break
        else:
            run.body[run.at : run.at] = triggers
            return
        run.body[run.at] = Unknown(run.text, line=run.body[run.at].line)
        run.body += run.lines

    def refuse_running(self) -> None:
        """Something else than an output follows NWAIT: what runs beside the move is not read."""
        if self.running is None:
            return
        run, self.running = self.running, None
        run.body[run.at] = Unknown(run.text, line=run.body[run.at].line)
        run.body += run.lines
        self.spot = None
        self.end_arcs()

    # Moves

    def move(self, at: int, text: str, body: list[Instruction]) -> None:
        """One MOV line; raises `WordFault` and `NotKnown`."""
        self.stop_running()
        found = _MOVE.fullmatch(text)
        if found is None:
            self._special(at, text, body)
            return
        word, number, base, station, rest = found.groups()
        if "+" in rest:
            rest, station = self._beside(rest, station)
        n = int(number)
        self._use(n, number, base, station)
        if rest in self.fields:
            fields = self.fields[rest]
        else:
            fields = self.fields[rest] = fields_of(rest, self.controller.settings.inform, self.names)
        self._put(at, text, word, self._target(n), fields, body)

    def _beside(self, rest: str, station: str | None) -> tuple[str, str]:
        """What stands behind `+MOVJ`: the station's position."""
        rest, _, other = rest.partition("+")
        found = _STATION.fullmatch("+" + other)
        if found is None:
            raise NotKnown(f"'+{other}'")
        if station is not None:
            raise WordFault("the station's position stands twice", "EC")
        if found[2] is not None:
            decimal(found[2], "VJ", 0.01, 100.0)
        return rest, found[1]

    def _use(self, n: int, number: str, base: str | None, station: str | None) -> None:
        if n >= len(self.used):
            raise WordFault(f"position C{number} does not exist; there are {len(self.used)}, from C00000", f"C{number}")
        if self.used[n]:
            raise WordFault(f"position C{number} is used by a second move; each belongs to one", f"C{number}")
        self.used[n] = 1
        for name, there, given in (("BC", self.head.track, base), ("EC", self.head.station, station)):
            if there != (given is not None):
                raise WordFault(f"a move of this job {'names' if there else 'names no'} {name} position", f"C{number}")
            if given is not None and given != number:
                raise WordFault(f"{name}{given} beside C{number}; positions of one move have one number", given)

    def use_all(self, text: str) -> None:
        """A line that is not read may use positions: they count as used."""
        for number in re.findall(r"(?<![A-Z])C(\d{5})", text):
            if int(number) < len(self.used):
                self.used[int(number)] = 1

    def _target(self, n: int) -> _Target:
        held = self.block.held[n]
        track = float(self.block.track[n]) if self.head.track else None
        external = tuple(self.block.station[n].tolist()) if self.head.station else None
        if not self.block.pulse:
            return _Target(held, self.block.Ts[n], None, track, external)
        q: Array = self.block.qs[n] if track is None else np.concatenate(([track], self.block.qs[n]))
        if self.controller.flange is None:
            return _Target(held, np.zeros(0), q, track, external)
        T: Array = self.controller.flange(q) @ self.controller.tools[held.tool].T_flange_tcp
        return _Target(held, T, q, track, external)

    def _put(self, at: int, text: str, word: str, target: _Target, fields: Fields, body: list[Instruction]) -> None:
        if word[-1] != "C":
            self.settle(at)
            self.end_arcs()
        if (fields.joint is not None) != (word == "MOVJ") and (fields.joint, fields.linear, fields.turn) != (None, None, None):
            raise WordFault(f"{word} goes with {'VJ=' if word == 'MOVJ' else 'V= or VR='}", "V")
        if (fields.fixed and word[-1] != "C") or (fields.until is not None and word != "MOVL") or (fields.on and word[-1] == "C"):
            raise NotKnown(f"fields of {word}")
        if word == "MOVJ":
            self._joint(at, target, fields, body)
        else:
            carried = target.held.user is not None and self.controller.frames[target.held.user].carried
            if word[0] == "S" and not carried:
                raise WordFault(f"{word} moves with the station; the job's frame is not carried by it", word)
            if word[0] != "S" and carried:
                raise NotKnown(f"{word} in a frame that moves")
            if not target.T.size:
                raise WordFault("straight moves to pulses are read with the robot's kinematics only; none is given", word)
            if word[-1] == "C":
                self._arc(at, target, fields, body)
            else:
                self._linear(at, target, fields, body)
        if fields.on:
            self.running = _Running(body, len(body) - 1, text, fields, [])

    def _hold(self, held: Held, at: int, body: list[Instruction]) -> None:
        """Makes tool, load and frame of a position active."""
        if held is self.held:
            return
        before, self.held = self.held, held
        if before is None or before.tool != held.tool:
            load = self.controller.loads.get(held.tool)
            body += (UseTool(f"TOOL#({held.tool})", line=at), HoldLoad(None if load is None else f"TOOL#({held.tool})", line=at))
        if before is None or before.user != held.user:
            body.append(UseFrame("BASE" if held.user is None else f"UF#({held.user})", line=at))

    def _joint(self, at: int, target: _Target, fields: Fields, body: list[Instruction]) -> None:
        self._hold(target.held, at, body)
        pose = None if target.q is not None else target.T
        track = None if target.q is not None else target.track
        body.append(MoveJoint(target.q, fields.joint, fields.blend, None, pose, target.held.posture, track, target.external, line=at))
        self._stand(target)

    def _linear(self, at: int, target: _Target, fields: Fields, body: list[Instruction]) -> None:
        self._hold(target.held, at, body)
        track = None if target.q is not None else target.track
        if fields.until is not None:
            signal, value = fields.until
            body.append(SearchLinear(target.T, None, target.q, fields.linear, signal, value, f"UNTIL line {at}", line=at))
            self.spot = None
            return
        speed, turn = self._speeds(fields)
        body.append(MoveLinear(target.T, target.q, speed, None, fields.blend, turn, target.held.posture, track, target.external, line=at))
        self._stand(target)

    def _speeds(self, fields: Fields) -> tuple[float | None, float | None]:
        """Speed and turning speed: VR= leaves the tool's speed open up to the greatest."""
        if fields.turn is not None:
            return self.controller.settings.inform.greatest_speed_mm_s * 1e-3, fields.turn
        return fields.linear, None

    def _arc(self, at: int, target: _Target, fields: Fields, body: list[Instruction]) -> None:
        if self.arc_done:
            raise NotKnown("MOVC behind an arc that has ended")
        self.arc.append((target, fields, at))
        self.shared = False
        if len(self.arc) == 1:
            if not self._spot(target).same(self.spot):
                self._linear(at, target, fields, body)
            return
        if len(self.arc) < 3:
            return
        (_, _, _), (via, _, _), _ = self.arc
        self._hold(target.held, at, body)
        speed, turn = self._speeds(fields)
        track = None if target.q is not None else target.track
        body.append(
            MoveCircular(
                via.T, target.T, target.q, speed, None, fields.blend, turn, target.held.posture, track, target.external, via.q, line=at
            )
        )
        self._stand(target)
        self.arc = [self.arc[2]] if fields.fixed else []
        self.shared, self.arc_done = fields.fixed, not fields.fixed

    # Positions

    def _spot(self, target: _Target) -> Spot:
        user = target.held.user
        if user is None:
            return Spot(target.T, False)
        frame = self.controller.frames[user]
        return Spot(frame.T_robot_frame @ target.T, frame.carried)

    def _stand(self, target: _Target) -> None:
        # Where the tool stands is asked by few lines only: the product with the frame is left until then.
        self._last = target

    @property
    def spot(self) -> Spot | None:
        """Where the tool is; None: not known."""
        if self._last is not None:
            self._known = self._spot(self._last) if self._last.T.size else None
            self._last = None
        return self._known

    @spot.setter
    def spot(self, spot: Spot | None) -> None:
        self._known, self._last = spot, None

    # Variables

    def _special(self, at: int, text: str, body: list[Instruction]) -> None:
        """Moves to P positions of this job, and increments by them."""
        found = _MOVE_P.fullmatch(text)
        if found is not None:
            word, number, rest = found.groups()
            T, held = self._variable(number)
            fields = fields_of(rest, self.controller.settings.inform, self.names)
            self._put(at, text, word, _Target(held, T, None, None, None), fields, body)
            return
        found = _IMOV.fullmatch(text)
        if found is None:
            if re.match(r"S?MOV[JLC]\s+C\d*(?!\d)", text) and not re.match(r"S?MOV[JLC]\s+C\d{5}(\s|$)", text):
                raise WordFault(f"'{text.split()[1]}' is no position; they have five digits like C00012", text.split()[1])
            raise NotKnown(text)
        number, first, frame, rest = found.groups()
        T, held = self._variable(number)
        fields = fields_of(f"{first} {rest}", self.controller.settings.inform, self.names)
        self.settle(at)
        self.end_arcs()
        spot = self.spot
        if spot is None or spot.carried or self.held is None or angle_between(T, np.eye(4)) > 1e-9 or fields.linear is None or fields.on:
            raise NotKnown(text)
        T_base = self._moved_by(spot, T, frame)
        own = self.held
        T_base_frame = np.eye(4) if own.user is None else self.controller.frames[own.user].T_robot_frame
        self._linear(at, _Target(own, inverse(T_base_frame) @ T_base, None, None, None), fields, body)

    def _variable(self, number: str) -> tuple[Array, Held]:
        if not self.steady or int(number) not in self.block.variables or self.head.track or self.head.station:
            raise NotKnown(f"P{number}")
        return self.block.variables[int(number)]

    def _moved_by(self, spot: Spot, T: Array, frame: str) -> Array:
        if frame == "TF":
            moved: Array = spot.T @ T
            return moved
        R = np.eye(3)
        if frame.startswith("UF"):
            user = int(frame[4:-1])
            if user not in self.controller.frames:
                raise WordFault(
                    f"user frame {user} is not known; there are: {', '.join(map(str, sorted(self.controller.frames))) or 'none'}", frame
                )
            R = self.controller.frames[user].T_robot_frame[:3, :3]
        out = spot.T.copy()
        out[:3, 3] += R @ T[:3, 3]
        return out
