"""A welding plan as a neutral robot program: one routine per bead and per cleaning, targets in the workpiece's frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cells.weld_completeness import ARC_LINES
from cells.weld_model import WeldCell, WeldProcedure
from core.findings import Finding
from core.frames import Array, inverse
from core.units import to_mm
from robots.programs.controller import Controller
from robots.programs.program import (
    ArcOff,
    ArcOn,
    Call,
    Frame,
    HoldLoad,
    Instruction,
    Load,
    MoveCircular,
    MoveJoint,
    MoveLinear,
    Procedure,
    Remark,
    RobotProgram,
    Routine,
    SearchLinear,
    SetSignal,
    Shift,
    SignalLine,
    Tool,
    UseFrame,
    UseTool,
    WaitSignal,
    Weave,
)
from sim.verify.wiring import controller, group_line, home_check, robot_alone
from sim.weld.path import T_world_tcp, legs
from sim.weld.peripherals import PROCEDURE_LINE, TOUCH, TOUCH_ON
from sim.weld.plan import SeamWeld, Touch, WeldPhase, WeldPlan
from sim.weld.touch import SEARCH_SPEED

WELD_BLEND, FREE_BLEND = 5e-3, 0.5e-3
"""Targets inside a bead are passed without a stop [m]. Lines and arcs meet tangentially there, so that rounding does not leave the seam; the short lines of a free curve meet
at up to 5 deg, where little is rounded."""
SAFE_START = 0.2
"""Share of the joint speeds on the first move."""
LEAST_BLEND = 1e-3
SLOWEST = 0.005
CLAMPED_TIMEOUT, CLEAN_TIMEOUT = 60.0, 30.0
"""Longest waits for the part to be clamped and for the torch cleaner [s]."""


@dataclass(eq=False, slots=True)
class _Builder:
    plan: WeldPlan
    cell: WeldCell
    procedures: dict[str, WeldProcedure]
    routines: list[Routine] = field(default_factory=list)
    shifting: int | None = None

    def body_of(self, step: str) -> list[Instruction]:
        out: list[Instruction] = []
        signals = self.cell.signals
        for phase in (one for one in self.plan.phases if one.step == step):
            if phase.kind == "free":
                out += [Remark(phase.name), *self._free(phase)]
            elif phase.touch is not None:
                out += [Remark(f"touch {self.plan.touches[phase.touch].name}"), self._search(self.plan.touches[phase.touch])]
            elif phase.kind == "linear":
                name = "to and from the touch" if phase.name == "search" else phase.name
                out += [*self._shifted(phase), Remark(name), self._linear(phase)]
            elif phase.kind == "weld":
                assert phase.weld is not None
                out += self._bead(self.plan.welds[phase.weld])
            elif phase.name == "index":
                out += [
                    Remark("the positioner turns, the robot waits"),
                    MoveJoint(phase.robot[-1], SAFE_START, external=tuple(float(v) for v in phase.positioner[-1])),
                ]
            elif phase.name == "clean" and "clean-start" in signals:
                out.append(SetSignal("clean-start", True))
                if "clean-done" in signals:
                    out.append(WaitSignal("clean-done", True, CLEAN_TIMEOUT))
                out.append(SetSignal("clean-start", False))
        if TOUCH_ON in signals and any(isinstance(one, SearchLinear) for one in out):
            out = [SetSignal(TOUCH_ON, True), *out, SetSignal(TOUCH_ON, False)]
        if any(isinstance(one, Shift) for one in out):
            out.append(Shift())
        return out

    def _search(self, touch: Touch) -> SearchLinear:
        late = self._in_frame(touch.latest, touch.positioner)
        external = self._external(touch.positioner)
        return SearchLinear(late, touch.T_piece_tcp, touch.latest, SEARCH_SPEED, TOUCH, True, f"find {touch.name}", external=external)

    def _results(self, weld: SeamWeld, place: Array) -> tuple[str, ...]:
        """Search results that a target of a bead at a place of the weldment (3,) is shifted by: those of its seam, of the end that is nearer."""
        own = [self.plan.touches[k] for k in self.plan.touches_of(weld)]
        if not own:
            return ()
        nearest = min(own, key=lambda touch: float(np.linalg.norm(touch.T_piece_tcp[:3, 3] - place)))
        return tuple(f"find {touch.name}" for touch in own if (touch.seam, touch.where) == (nearest.seam, nearest.where))

    def _shifted(self, phase: WeldPhase) -> list[Instruction]:
        """Before the first straight move to a bead that was searched: its start as it was found."""
        if phase.weld is None or phase.name != "approach" or self.shifting == phase.weld:
            return []
        self.shifting = phase.weld
        weld = self.plan.welds[phase.weld]
        results = self._results(weld, weld.Ts_piece_tcp[0, :3, 3])
        return [Remark("as it was found"), Shift(results)] if results else []

    def _bead(self, weld: SeamWeld) -> list[Instruction]:
        """Arc on, along the bead, arc off. Gas, ignition and crater fill are the controller's, by its weld data."""
        procedure = self.procedures[weld.procedure]
        out: list[Instruction] = [
            ArcOn(procedure.name, procedure.name if procedure.weave is not None else None, seam=f"seam {weld.seam.name}")
        ]
        shift = self._results(weld, weld.Ts_piece_tcp[0, :3, 3])
        external = self._external(weld.positioner[0])
        moves = legs(weld.seam, weld.Ts_piece_tcp)
        p = weld.Ts_piece_tcp[:, :3, 3]
        ways = [float(np.linalg.norm(p[leg.last] - p[leg.first])) for leg in moves]
        greatest = FREE_BLEND if weld.seam.curve == "free" else WELD_BLEND
        for k, leg in enumerate(moves):
            T, q = weld.Ts_piece_tcp[leg.last], weld.robot[leg.last]
            if (results := self._results(weld, T[:3, 3])) != shift:
                shift = results
                out.append(Shift(results))
            blend = None if k == len(moves) - 1 else min(greatest, ways[k] / 3, ways[k + 1] / 3)
            if leg.via is None:
                out.append(MoveLinear(T, q, procedure.speed, blend=blend, external=external))
            else:
                via = weld.Ts_piece_tcp[leg.via]
                out.append(MoveCircular(via, T, q, procedure.speed, blend=blend, external=external, q_via=weld.robot[leg.via]))
        return [*out, ArcOff(procedure.name)]

    def _linear(self, phase: WeldPhase) -> MoveLinear:
        points = T_world_tcp(self.cell, phase.robot)[:, :3, 3]
        speed = float(np.max(np.linalg.norm(np.diff(points, axis=0), axis=1) / np.maximum(np.diff(phase.times), 1e-9)))
        T = self._in_frame(phase.robot[-1], phase.positioner[-1])
        return MoveLinear(
            T, phase.robot[-1], max(float(np.ceil(speed * 1000) / 1000), SLOWEST), external=self._external(phase.positioner[-1])
        )

    def _free(self, phase: WeldPhase) -> list[Instruction]:
        """Joint moves through the corners of a free move."""
        assert phase.corners is not None
        spans = np.maximum(np.diff(phase.times), 1e-9)
        share = float(np.max(np.abs(np.diff(phase.robot, axis=0)) / spans[:, None] / self.cell.robot.model.velocity))
        speed = float(min(max(np.ceil(share * 100) / 100, 0.01), 1.0))
        last = len(phase.corners) - 1
        external = self._external(phase.positioner[-1])
        return [
            MoveJoint(q, speed, None if k == last else self._blend(phase, k), external=external)
            for k, q in enumerate(phase.corners)
            if k > 0
        ]

    def _blend(self, phase: WeldPhase, corner: int) -> float | None:
        """How far from a corner the tool may begin to round it: where the plan does, seen from both sides."""
        assert phase.corners is not None and phase.blends is not None
        size, q = float(phase.blends[corner]), phase.corners[corner]
        if size == 0.0:
            return None
        ways = [phase.corners[corner - 1] - q, phase.corners[corner + 1] - q]
        states = [q, *(q + way * (size / np.linalg.norm(way)) for way in ways), phase.corners[corner - 1], phase.corners[corner + 1]]
        p = T_world_tcp(self.cell, np.array(states))[:, :3, 3]
        reach = np.linalg.norm(p[1:] - p[0], axis=1)
        # Controllers round at most half of the way from target to target.
        radius = float(np.floor(min(*reach[:2], *(reach[2:] / 2)) * 1000)) / 1000
        return radius if radius >= LEAST_BLEND else None

    def _in_frame(self, q: Array, q_positioner: Array) -> Array:
        T: Array = inverse(self.cell.T_world_workpiece(q_positioner)) @ T_world_tcp(self.cell, q[None])[0]
        return T

    def _external(self, q_positioner: Array) -> tuple[float, ...] | None:
        return tuple(float(v) for v in q_positioner) if self.cell.positioner is not None else None


def bare_weld_program(cell: WeldCell, language: str) -> RobotProgram:
    """A program without routines for a welding cell: its torch, the workpiece's frame, its procedures, its lines as a language names them."""
    carried = cell.positioner is not None
    T_frame = cell.T_holder_workpiece if carried else inverse(cell.robot.T_world_base) @ cell.T_world_workpiece()
    bare = robot_alone(
        cell,
        language,
        {"torch": Tool(cell.torch.T_flange_tcp, Load(cell.torch.mass, cell.torch.com))},
        {"workpiece": Frame(T_frame, carried=carried)},
        ("arc-on", "clean-start", TOUCH_ON),
    )
    lines = bare.signals
    if language == "urscript" and PROCEDURE_LINE not in lines:
        lines = {**lines, PROCEDURE_LINE: SignalLine(group_line(language, PROCEDURE_LINE), True, True)}
    joints = () if cell.positioner is None else cell.positioner.mechanism.joints
    return replace(
        bare,
        signals=lines,
        procedures={one.name: _procedure(one) for one in cell.procedures},
        weaves={one.name: _weave(one) for one in cell.procedures if one.weave is not None},
        positioner=tuple(joint.kind == "prismatic" for joint in joints if joint.kind != "fixed"),
    )


def weld_program(plan: WeldPlan, cell: WeldCell, language: str) -> RobotProgram:
    """The program of a plan that has phases, with the lines as a language names them."""
    used = {weld.procedure for weld in plan.welds}
    procedures = {one.name: one for one in cell.procedures if one.name in used}
    builder = _Builder(plan, cell, procedures)
    steps = [step for step in dict.fromkeys(phase.step for phase in plan.phases) if step != "home"]
    routines = [Routine(step, _title(step, plan), tuple(builder.body_of(step))) for step in steps]
    first = plan.phases[0]
    external = None if cell.positioner is None else tuple(float(v) for v in first.positioner[0])
    bare = bare_weld_program(cell, language)
    main: list[Instruction] = [
        Remark("start: arc off, the robot at its home position"),
        *bare.on_fault,
        *home_check(cell),
        UseTool("torch"),
        UseFrame("workpiece"),
        MoveJoint(first.robot[0], SAFE_START, external=external),
        HoldLoad(None),
        *([WaitSignal("part-clamped", True, CLAMPED_TIMEOUT)] if "part-clamped" in cell.signals else []),
        *(Call(step) for step in steps),
        *builder.body_of("home"),
    ]
    missing = [finding.step for finding in plan.findings if finding.level == "error" and finding.step.startswith("seam ")]
    return replace(
        bare,
        name=plan.weldment,
        title=f"{plan.weldment}: {len(plan.welds)} beads in {cell.name}, made by Pliant",
        routines=(Routine("main", "main", tuple(main)), *routines),
        notes=(
            f"torch {cell.torch.name}: TCP at the wire's end, {to_mm(cell.torch.ctwd):g} mm from the contact tip, z along the wire",
            "workpiece: the weldment's own frame; measure it on the table and put the figures into the base",
            *((f"not welded by this program: {', '.join(dict.fromkeys(missing))}",) if missing else ()),
            *(f"procedure {one.number} on the controller: {_procedure(one).note}" for one in procedures.values()),
            "first run: arc blocked, single step, reduced speed",
        ),
        procedures={name: one for name, one in bare.procedures.items() if name in used},
        weaves={name: one for name, one in bare.weaves.items() if name in used},
    )


def weld_controller(program: RobotProgram, cell: WeldCell, language: str) -> Controller:
    """What the cell's controller knows when a program of ours is loaded: it has the data of all of the cell's procedures."""
    known = {one.number: _procedure(one) for one in cell.procedures}
    return replace(controller(program, cell, language), procedures=known)


def _procedure(one: WeldProcedure) -> Procedure:
    note = f"{one.name}: wire {one.wire_feed * 60:.1f} m/min, {to_mm(one.speed):g} mm/s, gas {one.gas_flow * 60e3:.0f} l/min"
    return Procedure(one.number, one.speed, f"seam{one.number}", f"weld{one.number}", note=note)


def _weave(one: WeldProcedure) -> Weave:
    """Weave data of a procedure without a number of its own has the procedure's."""
    weave = one.weave
    assert weave is not None
    number = one.number if weave.number is None else weave.number
    return Weave(weave.shape, weave.frequency, weave.amplitude, weave.dwell_left, weave.dwell_right, number)


def _title(step: str, plan: WeldPlan) -> str:
    if step.startswith("search "):
        count = sum(touch.seam == step.removeprefix("search ") for touch in plan.touches)
        return f"search seam {step.removeprefix('search ')}: {count} touch{'es' if count > 1 else ''}"
    number = next((phase.weld for phase in plan.phases if phase.step == step and phase.weld is not None), None)
    if number is None:
        return step
    weld = plan.welds[number]
    return f"{step}: {weld.seam.kind} {to_mm(weld.seam.length):.0f} mm, {weld.procedure}, {weld.position}"


def missing_lines(cell: WeldCell, language: str) -> list[Finding]:
    """What the cell file must name before programs can be written."""
    if language != "urscript":
        return []
    return [
        Finding("error", "missing-signal", f"the cell names no line '{name}', which {language} programs weld by", f"add it to `signals` ({way})", "export")
        for name, way in ARC_LINES.items()
        if name not in cell.signals
    ]  # fmt: skip
