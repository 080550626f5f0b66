"""A press brake that answers a robot program: it selects bends, moves its gauge and its ram, and sets the lines the robot waits for.

What the ram and the sheet do during a stroke is taken from the plan; when they do it is up to the program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.model import Brake
from core.frames import Array
from sim.bending import BendingResult
from sim.plan import BendStep, Phase

ECHO_TIME = 0.05
"""The brake repeats the bend number after this [s]."""
DOWN = ("close", "pinch", "retract", "pinched")
STROKE = ("follow", "bend")


@dataclass(frozen=True, eq=False, slots=True)
class Law:
    """Brake and fold over time: times (k,) [s] from 0, brake (k, 5), fold (k, n_bends)."""

    times: Array
    brake: Array
    fold: Array


@dataclass(frozen=True, eq=False, slots=True)
class BendLaw:
    """One bend as planned.

    Attributes:
        step: What is bent.
        ready: Brake joints before the sheet comes (5,).
        down: From the start to where the robot begins to follow, or lets go.
        stroke: From there to the bottom and back to relaxed.
        opening: Until the ram is up.
        follow: The plan's phase in which the robot follows; None: it lets go.
        poses: Pose of `flange` in the world over the stroke's times (k, 4, 4), where nobody holds the part.
        flange: See `poses`.
    """

    step: BendStep
    ready: Array
    down: Law
    stroke: Law
    opening: Law
    follow: Phase | None
    poses: Array | None
    flange: int


@dataclass(frozen=True, slots=True)
class BrakeFault:
    """Something the program asked that a brake does not do."""

    time: float
    code: str
    message: str


@dataclass(frozen=True, eq=False, slots=True)
class _Piece:
    start: float
    law: Law


def bend_laws(result: BendingResult) -> dict[int, BendLaw]:
    """The plan's strokes by the number the program selects them with."""
    laws = {}
    for step in result.plan.steps:
        phases = [phase for phase in result.plan.phases if phase.step == f"bend {step.label}"]
        stroke = next(phase for phase in phases if phase.name in STROKE)
        opening = next(phase for phase in phases if phase.name == "open")
        first = next(phase for phase in phases if phase.name == "insert")
        down = [phase for phase in phases[: phases.index(stroke)] if phase.name in DOWN]
        laws[int(step.label)] = BendLaw(
            step=step,
            ready=first.brake[-1],
            down=_joined(down),
            stroke=_joined([stroke]),
            opening=_joined([opening]),
            follow=stroke if stroke.name == "follow" else None,
            poses=stroke.part_poses,
            flange=0 if stroke.part is None else stroke.part.flange,
        )
    return laws


def _joined(phases: list[Phase]) -> Law:
    times, brake, fold = [np.zeros(1)], [phases[0].brake[:1]], [phases[0].fold[:1]]
    for phase in phases:
        times.append(times[-1][-1] + phase.times[1:] - phase.times[0])
        brake.append(phase.brake[1:])
        fold.append(phase.fold[1:])
    return Law(np.concatenate(times), np.concatenate(brake), np.concatenate(fold))


class VirtualBrake:
    """The brake's side of the handshake.

    Attributes:
        faults: What the program asked that a brake does not do.
        made: Numbers of the bends made, in order.
    """

    def __init__(self, brake: Brake, laws: dict[int, BendLaw], parked: Array, bends: int) -> None:
        self.brake, self.laws = brake, laws
        self.faults: list[BrakeFault] = []
        self.made: list[int] = []
        self.selected = 0
        self.state = "open"
        self.stroke_began: float | None = None
        self.outputs: dict[str, bool | int] = {}
        self.inputs: dict[str, bool | int] = {
            "brake-ready": True, "gauge-in-position": True, "pinch-reached": False, "bend-done": False, "opening-safe": True, "bend-number-echo": 0,
        }  # fmt: skip
        self._now = 0.0
        self._due: list[tuple[float, str, bool | int]] = []
        rest = Law(np.zeros(1), parked[None], np.zeros((1, bends)))
        self._pieces = [_Piece(0.0, rest)]

    # The robot's lines

    def command(self, name: str, value: bool | int) -> None:
        """An output of the robot changed; now."""
        before = self.outputs.get(name)
        self.outputs[name] = value
        if name == "bend-number":
            self._select(int(value))
        elif name == "bend-start" and value != before:
            if value:
                self._start()
            elif before:
                self._stop()
        elif name == "robot-clear" and value:
            if self.state == "held":
                self._stroke()
            elif self.state == "open" and self.selected:
                self._move_gauge()

    def _select(self, number: int) -> None:
        if number not in self.laws:
            valid = ", ".join(str(n) for n in self.laws) or "none"
            self._fault("bend-number", f"bend {number} is selected; the brake program has: {valid}")
            return
        self.selected = number
        self._later(ECHO_TIME, "bend-number-echo", number)
        if self.state != "open":
            self._fault("bend-number", f"bend {number} is selected while the ram is not up")
        elif self.outputs.get("robot-clear", False):
            self._move_gauge()

    def _move_gauge(self) -> None:
        target = self.laws[self.selected].ready
        here = self._last()
        speed = dict(zip(("gauge_x", "gauge_r", "gauge_z1", "gauge_z2"), self.brake.gauge_speed, strict=True))
        needed = 0.0
        for index, joint in enumerate(self.brake.mechanism.joint_names):
            needed = max(needed, abs(float(target[index] - here[index])) / speed.get(joint, self.brake.approach_speed))
        if needed < 1e-9:
            return
        self.inputs["gauge-in-position"] = False
        self._put(Law(np.array([0.0, needed]), np.array([here, target]), np.repeat(self._fold()[None], 2, axis=0)))
        self._later(needed, "gauge-in-position", True)

    def _start(self) -> None:
        if self.state != "open" or not self.selected or not self.outputs.get("sheet-in-place", False):
            why = (
                "no bend is selected"
                if not self.selected
                else f"the ram is not up ({self.state})"
                if self.state != "open"
                else "`sheet-in-place` is off"
            )
            self._fault("bend-start", f"`bend-start` comes while {why}: the ram stays up")
            return
        if self.selected in self.made:
            self._fault("bend-twice", f"bend {self.selected} is started a second time")
            return
        if not self.inputs["gauge-in-position"]:
            self._fault("bend-start", "`bend-start` comes while the gauge still moves: the ram stays up")
            return
        law = self.laws[self.selected]
        self.state = "down"
        self.stroke_began = None
        self.inputs |= {"brake-ready": False, "opening-safe": False, "bend-done": False}
        self._put(law.down)
        self._later(float(law.down.times[-1]), "pinch-reached", True)

    def _stroke(self) -> None:
        law = self.laws[self.selected]
        self.state = "stroke"
        self.stroke_began = self._now
        self._put(law.stroke)
        self._later(float(law.stroke.times[-1]), "bend-done", True)

    def _stop(self) -> None:
        self.inputs["pinch-reached"] = False
        if self.state == "bottom":
            law = self.laws[self.selected].opening
            self.made.append(self.selected)
            self.state = "opening"
            self._put(law)
            self._later(float(law.times[-1]), "opening-safe", True)
        elif self.state in ("down", "held", "stroke"):
            self._fault("bend-aborted", f"`bend-start` goes off before bend {self.selected} is done: the ram stops and opens")
            self._due = [due for due in self._due if due[1] not in ("pinch-reached", "bend-done")]
            here, target = self.joints(np.array([self._now]))[0][0], self.laws[self.selected].ready
            needed = max(abs(float(target[0] - here[0])) / self.brake.return_speed, 0.01)
            self.state = "opening"
            self._put(Law(np.array([0.0, needed]), np.array([here, target]), np.repeat(self._fold()[None], 2, axis=0)))
            self._later(needed, "opening-safe", True)

    # Time

    def advance(self, now: float) -> None:
        """Lets time pass until `now` [s]."""
        while self._due:
            due = min(self._due, key=lambda item: item[0])
            if due[0] > now + 1e-9:
                break
            self._due.remove(due)
            self._now = due[0]
            self.inputs[due[1]] = due[2]
            self._arrived(due[1])
        self._now = now

    def _arrived(self, name: str) -> None:
        if name == "pinch-reached":
            if self.laws[self.selected].follow is not None:
                self._stroke()
            else:
                self.state = "held"
        elif name == "bend-done":
            self.state = "bottom"
        elif name == "opening-safe":
            self.state = "open"
            self.inputs |= {"brake-ready": True, "bend-done": False}

    def next_change(self) -> float | None:
        """Seconds until a line changes by itself; None: none will."""
        return min((max(due[0] - self._now, 0.0) for due in self._due), default=None)

    def joints(self, times: Array) -> tuple[Array, Array]:
        """Brake joints (k, 5) and bend angles (k, n) at times up to now."""
        brake = np.empty((len(times), self._pieces[0].law.brake.shape[1]))
        fold = np.empty((len(times), self._pieces[0].law.fold.shape[1]))
        starts = np.array([piece.start for piece in self._pieces])
        which = np.maximum(np.searchsorted(starts, times + 1e-9, side="right") - 1, 0)
        for index in np.unique(which):
            piece, mask = self._pieces[index], which == index
            for values, columns in ((brake, piece.law.brake), (fold, piece.law.fold)):
                for column in range(values.shape[1]):
                    values[mask, column] = np.interp(times[mask] - piece.start, piece.law.times, columns[:, column])
        return brake, fold

    def moments(self, start: float, end: float) -> Array:
        """Times between two at which the brake's law has a sample [s]."""
        times = [
            piece.start + piece.law.times for piece in self._pieces if piece.start <= end and piece.start + piece.law.times[-1] >= start
        ]
        inside = np.concatenate(times) if times else np.zeros(0)
        found: Array = np.unique(inside[(inside > start + 1e-6) & (inside < end - 1e-6)])
        return found

    def why(self, name: str, value: bool | int) -> str:
        """Why a line does not come to show a value."""
        if name in ("pinch-reached", "bend-done") and value:
            if not self.outputs.get("bend-start", False):
                return f"`{name}` comes only after `bend-start` is set"
            if self.state == "held":
                return "the ram waits at the pinch point for `robot-clear`, because the robot lets go in this bend"
            if self.state == "open":
                return "the ram did not start: " + (self.faults[-1].message if self.faults else "nothing asked it to")
            return f"the ram stands ({self.state})"
        if name in ("opening-safe", "brake-ready") and value:
            return f"the ram stays {'down' if self.state == 'bottom' else self.state} as long as `bend-start` is set"
        if name == "gauge-in-position" and value:
            return "the gauge waits for `robot-clear`" if not self.outputs.get("robot-clear", False) else "the gauge has no target"
        if name == "bend-number-echo":
            return f"the brake has {self.inputs[name]} selected; its program has bends {', '.join(str(n) for n in self.laws) or 'none'}"
        return f"`{name}` does not change any more"

    def _last(self) -> Array:
        return self.joints(np.array([self._now]))[0][0]

    def _fold(self) -> Array:
        return self.joints(np.array([self._now]))[1][0]

    def _put(self, law: Law) -> None:
        self._pieces.append(_Piece(self._now, law))

    def _later(self, seconds: float, name: str, value: bool | int) -> None:
        self._due = [due for due in self._due if due[1] != name]
        self._due.append((self._now + seconds, name, value))

    def _fault(self, code: str, message: str) -> None:
        self.faults.append(BrakeFault(self._now, code, message))
