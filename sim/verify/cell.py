"""A bending cell as a program meets it: robot, brake, gripper and part move, lines answer, and everything that happens is written down as phases."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cells.model import AT_HOME, Cell, Gripper
from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.units import to_mm
from robots.programs.events import Moved, Place, Triggered
from sim.bending import BendingResult
from sim.job_motion import GRIP_TIME
from sim.motion import JointLimits
from sim.plan import MotionKind, PartPlacement, Phase
from sim.verify.brake import VirtualBrake, bend_laws
from sim.verify.drive import LONGEST_LINE, Driven, drive
from sim.verify.part import FINGER_REACH, GaugeCheck, VirtualPart
from sim.verify.wiring import off_home

FELT = ("part-held", "finger-left", "finger-right", AT_HOME)
"""Inputs that tell where part and robot are."""
FOLLOW_OFF = 1.0e-3
"""How far the followed sheet may be pulled from where the tools hold it, at most [m]."""


def _moments(driven: Driven, chain: list[Moved]) -> list[tuple[float, Triggered]]:
    """When the triggers of a chain fire [s]. A distance along the way counts at the mean speed of its move."""
    out = []
    starts = (0.0, *driven.ends[:-1])
    for move, begin, end in zip(chain, starts, driven.ends, strict=True):
        for trigger in move.triggers:
            way = trigger.distance / move.speed if move.kind != "joint" else 0.0
            moment = begin + way + trigger.seconds if trigger.at == "start" else end - way + trigger.seconds
            out.append((float(np.clip(moment, 0.0, driven.times[-1])), trigger))
    return sorted(out, key=lambda item: item[0])


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """A stretch of time as it happened.

    Attributes:
        phase: The cell's state over it; name and step are not set yet.
        move: The last move of it; None: the robot stood still.
    """

    phase: Phase
    move: Moved | None


class VirtualCell:
    """Surroundings of a program (`robots.programs.surroundings`) that move a cell.

    Args:
        cell: The cell.
        gripper: The mounted gripper.
        job: What is bent; None: the robot moves in the empty cell and every input comes as it is waited for.

    Attributes:
        clock: [s]
        q: Robot joints now.
        pieces: What happened, gapless, in order.
        findings: What went wrong on the way; data names file, line and time.
        ends: When every driven move ended: (time, where in the text).
        largest_pull: Largest distance of a sheet that the gripper follows from where the tools move it [m].
    """

    def __init__(self, cell: Cell, gripper: Gripper, job: BendingResult | None) -> None:
        self.cell, self.gripper, self.job = cell, gripper, job
        self.clock = 0.0
        self.q: Array = cell.robot.q_home.copy() if job is None else job.plan.phases[0].robot[0].copy()
        self.pieces: list[Piece] = []
        self.findings: list[Finding] = []
        self.ends: list[tuple[float, Place]] = []
        self.largest_pull = 0.0
        self.place = Place()
        self._limits = JointLimits.of(cell.robot.model)
        self._chain: list[Moved] = []
        self._names = {signal.address: name for name, signal in cell.signals.items()}
        self._outputs: dict[str, bool | int] = {}
        self._shown: dict[str, bool | int] = {}
        bends = 0 if job is None else len(job.part.bends)
        laws = {} if job is None else bend_laws(job)
        self.brake = VirtualBrake(cell.brake, laws, cell.brake.parked(), bends)
        self.part = None if job is None else VirtualPart(job)
        self._gauge = None if job is None else GaugeCheck(job)
        self._open: Array = np.array(gripper.mechanism.upper, dtype=float)
        self._hand: tuple[float, bool] | None = None
        self._held = False
        self._pulled_at: Place | None = None

    # Lines

    def rename(self, names: dict[str, str]) -> None:
        """Addresses of another language: address -> neutral name."""
        self._names = names

    def read(self, address: str) -> bool | int:
        self._drive_on()
        name = self._name(address)
        signal = self.cell.signals[name]
        if signal.direction == "out":
            return self._outputs.get(name, 0 if name.startswith("bend-number") else False)
        if self.job is None:
            return self._shown.get(name, False)
        if name == AT_HOME:
            return off_home(self.cell, self.q) is None
        if name == "part-held":
            return self._held
        if name in ("finger-left", "finger-right"):
            return self._felt(name == "finger-left")
        if name in self.brake.inputs:
            return self.brake.inputs[name]
        return self._shown.get(name, False)

    def write(self, address: str, value: bool | int) -> None:
        self._drive_on(rounded=True)
        name = self._name(address)
        if self.cell.signals[name].direction == "in":
            raise InputError(f"{address} ('{name}') is an input of the robot; a program cannot set it")
        before = self._outputs.get(name)
        self._outputs[name] = value
        self._command(name, value, before)

    def _command(self, name: str, value: bool | int, before: bool | int | None) -> None:
        if self.job is None:
            return
        faults = len(self.brake.faults)
        self.brake.command(name, value)
        for fault in self.brake.faults[faults:]:
            self._complain(fault.code, fault.message, "set and wait for the lines in the order of docs/programs.md")
        if name in ("vacuum-on", "clamp-close") and bool(value) != bool(before):
            self._hand = (self.clock + GRIP_TIME, bool(value))

    def _name(self, address: str) -> str:
        if address not in self._names:
            raise InputError(f"{address} is no line of the cell; there are: {', '.join(sorted(self._names)) or 'none'}")
        return self._names[address]

    def expect(self, signals: dict[str, bool | int]) -> None:
        self._drive_on(rounded=True)
        for address, value in signals.items():
            name = self._name(address)
            if self.job is None or (name not in self.brake.inputs and name not in FELT):
                self._shown[name] = value

    def next_change(self) -> float | None:
        changes = [self.brake.next_change(), None if self._hand is None else max(self._hand[0] - self.clock, 0.0)]
        return min((change for change in changes if change is not None), default=None)

    def touched(self, move: Moved, T_end: Array) -> Array:
        """Nothing is searched for in a bending cell: the part lies where it was planned."""
        del move, T_end
        return np.zeros(3)

    def why_not(self, signals: dict[str, bool | int]) -> str:
        reasons = []
        for address, value in signals.items():
            name = self._name(address)
            if self.read(address) == value:
                continue
            if name == AT_HOME:
                reasons.append(off_home(self.cell, self.q) or "the robot stands at home")
            elif name == "part-held" and self.part is not None:
                reasons.append(self.part.why or f"the gripper {'has nothing to hold' if value else 'still holds the part'}")
            elif name in ("finger-left", "finger-right") and self._gauge is not None:
                reasons.append(self._short(name == "finger-left"))
            else:
                reasons.append(self.brake.why(name, value))
        return "; ".join(dict.fromkeys(reasons))

    def _felt(self, left: bool) -> bool:
        short = self._short_of()
        return short is not None and short[0 if left else 1] <= FINGER_REACH and self.brake.inputs["gauge-in-position"] is True

    def _short_of(self) -> tuple[float, float] | None:
        if self._gauge is None or self.part is None or self.part.placement is None or self.brake.selected not in self.brake.laws:
            return None
        fold = self._fold()
        T = self.part.T_world_flange(self._gauge.flange(self.brake.selected), self._T_world_tcp(), fold)
        return self._gauge.short_of(self.brake.selected, T, self.brake.joints(np.array([self.clock]))[0][0])

    def _short(self, left: bool) -> str:
        short = self._short_of()
        side = "left" if left else "right"
        if short is None:
            return f"the {side} finger has no sheet before it"
        if not self.brake.inputs["gauge-in-position"]:
            return "the gauge is not in position"
        return f"the sheet ends {to_mm(short[0 if left else 1]):.1f} mm before the {side} finger"

    # Time

    def advance(self, seconds: float) -> None:
        self._drive_on()
        if seconds <= 0:
            return
        self._stand(seconds)

    def drive(self, move: Moved) -> float:
        self._chain.append(move)
        if move.blend is not None and len(self._chain) < LONGEST_LINE:
            return 0.0
        return self._drive_on()

    def finish(self) -> None:
        """The program is over: what is still rounded is driven."""
        self._drive_on()

    def _drive_on(self, *, rounded: bool = False) -> float:
        """Drives the moves that were waiting for the one that stops; returns the seconds."""
        if not self._chain:
            return 0.0
        chain, self._chain = self._chain, []
        if chain[-1].blend is not None and rounded:
            self._complain(
                "signal-while-rounding",
                "a line is set or waited for right after a move that does not stop: the controller, which reads ahead, does so before the robot is there",
                "let the move before it stop (fine, FINE, no C_PTP)",
                chain[-1].at,
            )
        driven = drive(self.cell.robot.model, self._limits, self.q, chain)
        start, began = self.clock, 0.0
        # Outputs set on the way cut the stretch at their moments.
        for moment, trigger in [*_moments(driven, chain), (float(driven.times[-1]), None)]:
            if moment > began + 1e-6:
                inside = (driven.times > began + 1e-9) & (driven.times < moment - 1e-9)
                times = np.r_[began, driven.times[inside], moment]
                qs = np.array([np.interp(times, driven.times, column) for column in driven.qs.T]).T
                self._record(times - began, qs, chain[-1])
                began = moment
            if trigger is not None:
                self.write(trigger.address, trigger.value)
        self.ends += [(start + end, move.at) for end, move in zip(driven.ends, chain, strict=True)]
        return float(driven.times[-1])

    def _stand(self, seconds: float) -> None:
        end = self.clock + seconds
        while self.clock < end - 1e-9:
            # The hand's moment lies inside: what it does counts from then on.
            until = end if self._hand is None or self._hand[0] <= self.clock + 1e-9 else min(end, self._hand[0])
            times = np.array([0.0, until - self.clock])
            self._record(times, np.repeat(self.q[None], 2, axis=0), None)

    def _record(self, times: Array, qs: Array, move: Moved | None) -> None:
        """One stretch in which the part's holder does not change."""
        start, end = self.clock, self.clock + float(times[-1])
        moved = bool(np.max(np.abs(qs - qs[0])) > 1e-6) if len(qs) else False
        if self._hand is not None and moved:
            self._left_early(move)
        self.brake.advance(end)
        grid = np.union1d(start + times, self.brake.moments(start, end))
        robot = np.array([np.interp(grid, start + times, column) for column in qs.T]).T
        brake, fold = self.brake.joints(grid)
        placement, poses = self._placement(grid, moved)
        closing = self._hand is not None and self.part is not None
        jaws = self._jaws()
        target = self.part.next_jaws() if closing and self.part is not None else jaws
        gripper = jaws + np.linspace(0.0, 1.0, len(grid))[:, None] * (target - jaws)
        kind: MotionKind = "wait" if not moved else "free" if move is not None and move.kind == "joint" else "linear"
        phase = Phase(
            name="", step="", kind=kind, stroke=None, times=grid, robot=robot, gripper=gripper, brake=brake, fold=fold,
            part=placement, gripped=self.part is not None and self.part.gripped, waypoints=(0, len(grid) - 1), part_poses=poses,
        )  # fmt: skip
        self.pieces.append(Piece(phase, move))
        self.q, self.clock = robot[-1].copy(), end
        if self.part is not None and self.part.gripped and self.brake.stroke_began is not None:
            self._check_pull(grid, robot, fold, move)
        if self._hand is not None and self._hand[0] <= self.clock + 1e-9:
            self._handed()

    def _jaws(self) -> Array:
        if self.part is not None:
            return self.part.jaws
        return self._open

    def _fold(self) -> Array:
        return self.brake.joints(np.array([self.clock]))[1][0]

    def _T_world_tcp(self, q: Array | None = None) -> Array:
        robot = self.cell.robot
        T: Array = robot.T_world_base @ robot.model.fk(self.q if q is None else q) @ self.gripper.T_flange_tcp
        return T

    def _placement(self, grid: Array, moved: bool) -> tuple[PartPlacement | None, Array | None]:
        """Where the part is over a stretch; poses only when something other than the robot moves it."""
        part = self.part
        if part is None or part.placement is None:
            return None, None
        if part.gripped:
            return part.placement, None
        law = self.brake.laws.get(self.brake.selected)
        began = self.brake.stroke_began
        if part.placement.by == "brake" and law is not None and law.poses is not None and began is not None:
            shares = np.clip(grid - began, 0.0, law.stroke.times[-1])
            poses = np.array([law.poses[int(np.argmin(np.abs(law.stroke.times - t)))] for t in shares])
            placement = PartPlacement("world", law.flange, poses[-1], "brake")
            part.lies_in_brake(law.flange, poses[-1])
            return placement, poses
        if part.slide is not None and not moved:
            slide = part.slide
            span = float(slide.times[-1] - slide.times[0])
            before = part.placement
            share = min((grid[-1] - grid[0]) / span, 1.0)
            end = part.slid(share if share < 1 - 1e-6 else 1.0)
            if end is not None and slide.part_poses is not None:
                begin = before.T_holder_flange
                poses = np.repeat(end[None], len(grid), axis=0)
                ramp = np.clip((grid - grid[0]) / span, 0.0, 1.0)[:, None]
                poses[:, :3, 3] = begin[:3, 3] + ramp * (end[:3, 3] - begin[:3, 3])
                return replace(before, T_holder_flange=poses[0]), poses
        return part.placement, None

    # Hand

    def _left_early(self, move: Moved | None) -> None:
        assert self._hand is not None
        closing = self._hand[1]
        self._complain(
            "left-early",
            "the robot leaves before the gripper " + ("holds the part" if closing else "has let go of the part"),
            "wait for `part-held` before the move",
            None if move is None else move.at,
        )
        if closing and self.part is not None:
            self.part.why = "the robot left before the gripper held the part"
            self._hand = None
            self._held = False
        else:
            self._handed()

    def _handed(self) -> None:
        assert self._hand is not None
        closing, self._hand = self._hand[1], None
        if self.part is None:
            return
        if closing:
            self._held = self.part.grip(self._T_world_tcp(), self._fold())
            if not self._held:
                self._complain("not-held", self.part.why, "correct the target before it")
        else:
            wrong = self.part.release(self._T_world_tcp(), self._fold())
            self._held = False
            if wrong:
                self._complain("laid-wrong", wrong, "correct the target before it")

    def _check_pull(self, grid: Array, robot: Array, fold: Array, move: Moved | None) -> None:
        """While the tools hold the sheet and the gripper too, both must agree on where it is."""
        law = self.brake.laws[self.brake.selected]
        if law.follow is None or self.brake.state not in ("stroke", "bottom") or self.part is None or self.part.placement is None:
            return
        began = self.brake.stroke_began
        assert began is not None
        phase = law.follow
        assert phase.part is not None
        for t, q, angles in zip(grid, robot, fold, strict=True):
            if t < began - 1e-9:
                continue
            planned_q = np.array([np.interp(t - began, phase.times - phase.times[0], column) for column in phase.robot.T])
            planned = self._T_world_tcp(planned_q) @ phase.part.T_holder_flange
            found = self.part.T_world_flange(phase.part.flange, self._T_world_tcp(q), angles)
            pull = float(np.linalg.norm(found[:3, 3] - planned[:3, 3]))
            self.largest_pull = max(self.largest_pull, pull)
            if pull > FOLLOW_OFF and self._pulled_at is None:
                self._pulled_at = self.place if move is None else move.at
                self._complain(
                    "follow-off",
                    f"{t - began:.2f} s after the pinch point the gripper pulls the sheet {to_mm(pull):.1f} mm from where the tools move it",
                    "give the followed moves the times of the plan",
                    self._pulled_at,
                )

    def _complain(self, code: str, message: str, remedy: str, at: Place | None = None) -> None:
        place = at if at is not None and at.line else self.place
        data = {"file": place.file, "line": place.line, "time_s": round(self.clock, 3)}
        prefix = f"{place}: " if place.line else ""
        self.findings.append(Finding("error", code, prefix + message, remedy, "", data))
