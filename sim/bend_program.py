"""A bending plan as a neutral robot program: one routine per step, retreats for signals that do not come."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from cells.model import Cell
from core.findings import Finding
from core.frames import Array, angle_between, interpolate, inverse
from core.units import DEG, to_mm
from robots.programs.program import (
    Call,
    HoldLoad,
    Instruction,
    Load,
    MoveJoint,
    MoveLinear,
    Pause,
    Remark,
    RobotProgram,
    Routine,
    SetSignal,
    UseFrame,
    UseTool,
    WaitSignal,
)
from sim.bending import BendingResult
from sim.plan import Event, Phase
from sim.robot_path import T_world_tcp
from sim.verify.wiring import bare_program, home_check

FOLLOW_ERROR = 0.2e-3
"""How far the programmed segments may leave the followed path, at any moment [m]."""
FOLLOW_TURN = 0.1 * DEG
FOLLOW_BLEND = 1e-3
LEAST_BLEND = 1e-3
"""A corner that could be rounded by less is not [m]."""
WAY_SAMPLES = 33
"""Samples along a joint move by which the tool's way is measured."""
RETREAT_SPEED = 0.10
"""Tool speed of retreats [m/s]."""
SLOWEST = 0.005
RAM_UP_TIMEOUT = 60.0
"""A retreat waits so long for the ram to be up [s]; then only a person can help."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which stretch of the plan an instruction makes: samples `first`..`last` of a phase; of a free move also the number of its corner."""

    phase: int
    first: int
    last: int
    corner: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class BendProgram:
    """A program with where everything it does comes from: one origin per event of running it when all signals come."""

    program: RobotProgram
    origins: tuple[Origin, ...]


@dataclass(eq=False, slots=True)
class _Builder:
    result: BendingResult
    language: str
    routines: list[Routine] = field(default_factory=list)
    retreats: list[Routine] = field(default_factory=list)
    loads: dict[str, Load] = field(default_factory=dict)
    origins: list[Origin] = field(default_factory=list)

    def build(self) -> BendProgram:
        result, cell = self.result, self.result.cell
        main: list[Instruction] = [
            Remark("start: nothing gripped, ram up"),
            *(SetSignal(name, False) for name in ("bend-start", "sheet-in-place") if name in cell.signals),
            *([SetSignal("robot-clear", True)] if "robot-clear" in cell.signals else []),
        ]
        start = result.plan.phases[0].robot[0]
        main += home_check(cell)
        main += [UseTool("gripper"), UseFrame("brake"), MoveJoint(start, 0.2), HoldLoad(None), WaitSignal("part-held", False, 5.0)]
        self.origins += [Origin(0, 0, 0)] * (sum(isinstance(one, SetSignal) for one in main) + len(home_check(cell)) + 3)
        steps = list(dict.fromkeys(phase.step for phase in result.plan.phases))
        for step in steps:
            self._step(step, [(i, phase) for i, phase in enumerate(result.plan.phases) if phase.step == step])
            main.append(Call(step))
        gripper = result.gripper
        program = replace(
            bare_program(cell, gripper, self.language),
            name=result.part.name,
            title=f"{result.part.name}: {len(result.plan.steps)} bends in {cell.name}, made by Pliant",
            loads=self.loads,
            routines=(Routine("main", "main", tuple(main)), *self.routines, *self.retreats),
            notes=(
                f"job {result.part.name}, cell {cell.name}, checksum {checksum(result)} (of part, cell file and every target)",
                f"gripper {gripper.name}; sheet {result.part.material.name} {to_mm(result.part.thickness):g} mm, {result.part.mass:.2f} kg, {result.stack_face} face up on the stack",
                "base: middle of the brake's lower tool seat, x along the beam to the right, y to the back gauge, z up",
                "one part per run; the sheet is taken from the top of a full stack",
                "following is open loop in time: set the ram's bending speed as in the brake program, then prove the follow delay at low override",
                "first run: single step, reduced speed, no sheet",
            ),
        )  # fmt: skip
        return BendProgram(program, tuple(self.origins))

    # One routine

    def _step(self, step: str, phases: list[tuple[int, Phase]]) -> None:
        body: list[Instruction] = []
        for index, phase in phases:
            start = phase.times[0] + 1e-9
            body.append(Remark(f"{phase.name}"))
            for event in phase.events:
                if event.time <= start:
                    body += self._placed(self._event(event, step, phase, phases), Origin(index, 0, 0))
            body += self._moves(index, phase)
            last = len(phase.times) - 1
            for event in phase.events:
                if event.time > start:
                    body += self._placed(self._event(event, step, phase, phases), Origin(index, last, last))
        self.routines.append(Routine(step, self._title(step), tuple(body)))

    def _placed(self, instructions: list[Instruction], origin: Origin) -> list[Instruction]:
        self.origins += [origin] * len(instructions)
        return instructions

    def _title(self, step: str) -> str:
        if not step.startswith("bend "):
            return step
        row = next(row for row in self.result.plan.steps if f"bend {row.label}" == step)
        return (
            f"{step}: {np.degrees(row.angle):.1f} deg, tool station {row.station + 1}, gauge X {to_mm(row.gauge_x):.2f} mm, "
            f"ram {to_mm(row.ram_speed):.1f} mm/s"
        )

    def _moves(self, index: int, phase: Phase) -> list[Instruction]:
        if phase.kind == "wait":
            pause: list[Instruction] = [Pause(float(phase.times[-1] - phase.times[0]))] if phase.name == "slide" else []
            return self._placed(pause, Origin(index, 0, len(phase.times) - 1))
        if phase.kind == "free":
            return self._free(index, phase)
        marks = phase.waypoints if phase.kind != "follow" else self._follow_samples(phase)
        span = np.maximum(np.diff(phase.times), 1e-9)
        out: list[Instruction] = []
        places = [self._tcp(q) for q in phase.robot]
        for first, last in zip(marks[:-1], marks[1:], strict=True):
            duration = float(phase.times[last] - phase.times[first])
            if phase.kind == "follow" and _rests(phase, first, last):
                # The ram dwells: the robot stands, and the move before it ends exactly.
                out += self._placed([Pause(duration)], Origin(index, first, last))
                continue
            self.origins.append(Origin(index, first, last))
            q = phase.robot[last]
            way = np.array([T[:3, 3] for T in places[first : last + 1]])
            speed = float(np.max(np.linalg.norm(np.diff(way, axis=0), axis=1) / span[first:last]))
            if phase.kind == "linear":
                out.append(MoveLinear(self._base_tcp(q), q, max(np.ceil(speed * 1000) / 1000, SLOWEST)))
            else:
                after = marks[min(marks.index(last) + 1, len(marks) - 1)]
                stops = after == last or _rests(phase, last, after)
                ways = [float(np.linalg.norm(places[b][:3, 3] - places[a][:3, 3])) for a, b in ((first, last), (last, after))]
                blend = min(FOLLOW_BLEND, min(ways) / 2)
                out.append(MoveLinear(self._base_tcp(q), q, max(speed, SLOWEST), duration, None if stops else blend))
        return out

    def _free(self, index: int, phase: Phase) -> list[Instruction]:
        """Joint moves through the corners; samples nearest to them tell how far the plan is then."""
        assert phase.corners is not None
        span = np.maximum(np.diff(phase.times), 1e-9)
        share = float(np.max(np.abs(np.diff(phase.robot, axis=0)) / span[:, None] / self.result.cell.robot.model.velocity))
        speed = float(min(max(np.ceil(share * 100) / 100, 0.01), 1.0))
        out: list[Instruction] = []
        first = 0
        for k, q in enumerate(phase.corners[1:], 1):
            final = k == len(phase.corners) - 1
            last = len(phase.times) - 1 if final else first + int(np.argmin(np.max(np.abs(phase.robot[first:] - q), axis=1)))
            self.origins.append(Origin(index, first, last, k))
            out.append(MoveJoint(q, speed, None if final else self._blend(phase, k)))
            first = last
        return out

    def _blend(self, phase: Phase, corner: int) -> float | None:
        """How far from a corner the tool may begin to round it: where the plan does, seen from both sides; None where it stays sharp."""
        assert phase.corners is not None and phase.blends is not None
        size, q = float(phase.blends[corner]), phase.corners[corner]
        if size == 0.0:
            return None
        place = self._tcp(q)[:3, 3]
        limits = []
        for way in (phase.corners[corner - 1] - q, phase.corners[corner + 1] - q):
            limits.append(float(np.linalg.norm(self._tcp(q + way * (size / np.linalg.norm(way)))[:3, 3] - place)))
            # Nor does a controller round more than half of what the tool travels.
            points = np.array([self._tcp(q + way * share)[:3, 3] for share in np.linspace(0.0, 1.0, WAY_SAMPLES)])
            limits.append(float(np.sum(np.linalg.norm(np.diff(points, axis=0), axis=1))) / 2)
        blend = float(np.floor(min(limits) * 1000)) / 1000
        return blend if blend >= LEAST_BLEND else None

    def _follow_samples(self, phase: Phase) -> tuple[int, ...]:
        """Samples between which straight segments in time stay within `FOLLOW_ERROR` and `FOLLOW_TURN` of the followed path.

        Where the ram dwells, both ends of the rest are among them.
        """
        Ts = [self._tcp(q) for q in phase.robot]
        rests = [_rests(phase, k, k + 1) for k in range(len(Ts) - 1)]
        ends = [k for k in range(1, len(Ts) - 1) if rests[k - 1] != rests[k]] + [len(Ts) - 1]

        def holds(a: int, b: int) -> bool:
            for k in range(a + 1, b):
                T = interpolate(Ts[a], Ts[b], float((phase.times[k] - phase.times[a]) / (phase.times[b] - phase.times[a])))
                if np.linalg.norm(T[:3, 3] - Ts[k][:3, 3]) > FOLLOW_ERROR or angle_between(T, Ts[k]) > FOLLOW_TURN:
                    return False
            return True

        marks = [0]
        while marks[-1] < len(Ts) - 1:
            a = marks[-1]
            last = next(end for end in ends if end > a)
            b, step = a + 1, 1
            while b + step <= last and holds(a, b + step):
                b += step
                step *= 2
            while step >= 1:
                if b + step <= last and holds(a, b + step):
                    b += step
                step //= 2
            marks.append(b)
        return tuple(marks)

    def _event(self, event: Event, step: str, phase: Phase, phases: list[tuple[int, Phase]]) -> list[Instruction]:
        if event.kind == "signal-set":
            out: list[Instruction] = [SetSignal(event.data["signal"], bool(event.data["value"]))]
            # After a bend the part's weight hangs elsewhere.
            if event.data["signal"] == "bend-start" and not event.data["value"] and phase.gripped:
                out.append(self._hold(f"part after {step}", phase))
            return out
        if event.kind == "signal-wait":
            signal, value = event.data["signal"], bool(event.data["value"])
            return [WaitSignal(signal, value, float(event.data["timeout_s"]), self._retreat(signal, value, step, phases))]
        if event.kind == "program-select":
            number = int(event.data["bend"])
            return [SetSignal("bend-number", number), WaitSignal("bend-number-echo", number, 5.0)]
        if event.kind == "grip":
            following = phases[[p is phase for _, p in phases].index(True) + 1][1]
            return [self._hold(f"part {step}", following)]
        if event.kind == "release":
            return [HoldLoad(None)]
        raise ValueError(f"event '{event.kind}' has no place in a robot program")

    def _hold(self, name: str, phase: Phase) -> HoldLoad:
        """The part as `phase` begins to carry it."""
        assert phase.part is not None
        part, fold = self.result.part, phase.fold[-1]
        T_sheet_flange = part.fold(fold)[phase.part.flange]
        T = self.result.gripper.T_flange_tcp @ phase.part.T_holder_flange @ inverse(T_sheet_flange)
        self.loads[name] = Load(part.mass, T[:3, :3] @ part.center_of_mass(fold) + T[:3, 3])
        return HoldLoad(name)

    # Retreats

    def _retreat(self, signal: str, value: bool, step: str, phases: list[tuple[int, Phase]]) -> str | None:
        """The routine that takes the robot out when a signal does not come; None where it stands free already, or where only a person can help."""
        by_name = {phase.name: phase for _, phase in phases}
        if signal in ("finger-left", "finger-right", "pinch-reached"):
            name = f"retreat before {step}"
            ways = [by_name[key] for key in ("gauge", "insert") if key in by_name]
            return self._retreat_routine(name, ways, reverse=True, clear=True)
        if signal in ("bend-done", "opening-safe") and "follow" in by_name:
            return self._retreat_routine(f"retreat after {step}", [by_name["withdraw"]], reverse=False, clear=True)
        if signal == "part-held" and value and "reach" in by_name and not step.startswith("bend "):
            return self._retreat_routine(f"retreat from {step}", [by_name["reach"]], reverse=True, clear=False)
        return None

    def _retreat_routine(self, name: str, ways: list[Phase], *, reverse: bool, clear: bool) -> str:
        if any(routine.name == name for routine in self.retreats):
            return name
        body: list[Instruction] = []
        if clear:
            body += [Remark("waits until the ram is up"), WaitSignal("opening-safe", True, RAM_UP_TIMEOUT)]
        for phase in ways:
            marks = phase.waypoints[::-1][1:] if reverse else phase.waypoints[1:]
            body += [MoveLinear(self._base_tcp(phase.robot[k]), phase.robot[k], RETREAT_SPEED) for k in marks]
        if clear:
            body.append(SetSignal("robot-clear", True))
        self.retreats.append(Routine(name, name, tuple(body)))
        return name

    # Frames

    def _tcp(self, q: Array) -> Array:
        return T_world_tcp(self.result.cell, self.result.gripper, q)

    def _base_tcp(self, q: Array) -> Array:
        T: Array = inverse(self.result.cell.brake.T_world_brake) @ self._tcp(q)
        return T


def checksum(result: BendingResult) -> str:
    """Sixteen hex digits that change with the part, the cell file, the brake program or any target of the plan."""
    digest = hashlib.sha256()
    part = result.part
    digest.update(
        f"{part.name} {part.material.name} {part.thickness:.6f} {result.cell.name} {result.cell.sha256} {result.gripper.name}".encode()
    )
    for step in result.plan.steps:
        digest.update(
            f"{step.label} {step.bends} {step.station} {step.angle:.6f} {step.gauge_x:.6f} {step.tip_depth:.6f} {step.ram_speed:.6f}".encode()
        )
    for phase in result.plan.phases:
        # Rounded so that it says the same on every machine; + 0.0 turns -0 into 0.
        digest.update((np.round(phase.robot, 6) + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()[:16]


def _rests(phase: Phase, first: int, last: int) -> bool:
    """Whether the robot stands still between two samples."""
    return bool(np.max(np.abs(np.diff(phase.robot[first : last + 1], axis=0))) < 1e-9)


NEEDED = (
    "bend-start", "sheet-in-place", "robot-clear", "brake-ready", "gauge-in-position", "finger-left", "finger-right", "pinch-reached", "bend-done",
    "opening-safe", "part-held", "bend-number", "bend-number-echo",
)  # fmt: skip
"""Lines every bending program uses; besides them `vacuum-on` or `clamp-close`."""


def missing_signals(cell: Cell, gripper_kind: str) -> list[Finding]:
    """What the cell file must name before programs can be written."""
    wanted = dict.fromkeys(NEEDED[:3], "out") | dict.fromkeys(NEEDED[3:11], "in") | {"bend-number": "out", "bend-number-echo": "in"}
    wanted["clamp-close" if gripper_kind == "clamp" else "vacuum-on"] = "out"
    findings = []
    for name, direction in wanted.items():
        signal = cell.signals.get(name)
        if signal is None or signal.direction != direction:
            what = "does not name" if signal is None else f"has as '{signal.direction}put'"
            findings.append(
                Finding("error", "signal-missing", f"the cell {what} the line '{name}', which robot programs need as {direction}put", f"add `{name}: {{direction: {direction}, address: ...}}` to `signals` of {cell.path.name}", "export")
            )  # fmt: skip
    return findings


def bend_program(result: BendingResult, language: str | None = None) -> BendProgram:
    """The neutral program of a plan, its lines addressed in a language (default: the robot's); the plan must have phases and the cell all signals (`missing_signals`)."""
    return _Builder(result, language or result.cell.robot.language).build()
