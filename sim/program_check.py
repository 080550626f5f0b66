"""An exported program against the plan it came from: its text is run by the language's reader, moved through the robot's kinematics and replayed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.findings import Finding
from core.frames import Array, angle_between, inverse
from core.units import to_deg, to_mm
from robots.model import RobotModel
from robots.programs.program import HoldLoad, Load, Pause, RobotProgram, SetSignal, WaitSignal
from robots.programs.trace import Traced, TracedLoad, TracedMove, TracedPause, TracedSet, TracedWait
from sim.bend_program import BendProgram
from sim.bending import BendingResult
from sim.plan import Phase
from sim.replay import replay
from sim.robot_path import MAX_JOINT_STEP, line

END_TOLERANCE = 1e-4
"""Joints at the end of a move against the plan [rad]."""
WAY_TOLERANCE = 0.5e-3
"""The tool on its way against the plan [m]."""
TIME_TOLERANCE = 0.02
"""Share by which the time of a followed segment may differ."""
JOINT_STEP = 0.02

Complain = Callable[[str, str, int], None]


@dataclass(frozen=True, slots=True)
class ProgramCheck:
    """What running the text gave.

    Attributes:
        moves: How many moves ran.
        way_error: Largest distance of the tool from the plan on straight and followed moves [m].
        clearance: Smallest clearance of the text's own free moves in the second engine [m]; None: nothing came near.
        findings: Where text and plan differ.
    """

    moves: int
    way_error: float
    clearance: float | None
    findings: tuple[Finding, ...]


def check_program(bend: BendProgram, trace: list[Traced], result: BendingResult, file: str) -> ProgramCheck:
    """Moves the robot through a trace and compares with the plan.

    Joint targets and ends of straight moves must be the plan's; straight moves must stay on it; followed segments must take their time; signals must be
    set and waited for in the plan's order; joint moves, which cut no corners that the plan rounds, are replayed in pybullet as the text has them.
    """
    findings: list[Finding] = []

    def complain(code: str, message: str, line_: int) -> None:
        findings.append(
            Finding("error", code, f"{file} line {line_}: {message}", "report the job: exported text and plan differ", "export")
        )

    moves = [item for item in trace if isinstance(item, TracedMove)]
    if len(moves) != len(bend.origins):
        complain("program-moves", f"{len(moves)} moves run, the plan has {len(bend.origins)}", moves[-1].line if moves else 0)
        return ProgramCheck(len(moves), 0.0, None, tuple(findings))
    _check_signals(bend, trace, complain)

    model = result.cell.robot.model
    q: Array = result.cell.robot.q_home
    way_error = 0.0
    paths: dict[int, list[tuple[Array, Array]]] = {}
    for move, origin in zip(moves, bend.origins, strict=True):
        phase = result.plan.phases[origin.phase]
        if (move.track is None) != (model.slides == 0):
            complain(
                "program-track",
                "the move names no position of the track" if model.slides else "the move names a track; there is none",
                move.line,
            )
            break
        path = _path(model, q, move)
        if path is None:
            complain("program-unreachable", f"the robot cannot drive this line in one posture ({phase.step}, {phase.name})", move.line)
            break
        target = phase.robot[origin.last]
        if origin.corner is not None and phase.corners is not None:
            target = phase.corners[origin.corner]
        error = float(np.max(np.abs(path[-1] - target)))
        if error > END_TOLERANCE:
            complain(
                "program-target",
                f"the move ends {to_deg(error):.4f} deg{' or ' + format(to_mm(error), '.2f') + ' mm' if model.slides else ''} from the plan ({phase.step}, {phase.name})",
                move.line,
            )
            break
        outside = np.any((path < model.lower - 1e-6) | (path > model.upper + 1e-6))
        if outside:
            complain("program-limits", f"the move leaves the joint limits ({phase.step}, {phase.name})", move.line)
            break
        if move.joints is None:
            error = _way_error(model, phase.robot[origin.first : origin.last + 1], path, move)
            way_error = max(way_error, error)
            if error > WAY_TOLERANCE:
                complain("program-way", f"the tool leaves the plan by {to_mm(error):.2f} mm ({phase.step}, {phase.name})", move.line)
        if phase.kind == "follow":
            planned = float(phase.times[origin.last] - phase.times[origin.first])
            needed = _duration(model, q, path[-1], move)
            if abs(needed - planned) > max(TIME_TOLERANCE * planned, 2e-3):
                complain("program-time", f"the segment takes {needed:.3f} s, the plan {planned:.3f} s ({phase.step})", move.line)
        if move.joints is None or origin.corner is not None:
            paths.setdefault(origin.phase, []).append(_timed(phase, origin.first, origin.last, path, even=phase.kind == "follow"))
        q = path[-1]
    clearance = None
    if not findings:
        clearance, contacts = _replayed(result, paths)
        findings += contacts
    return ProgramCheck(len(moves), way_error, clearance, tuple(findings))


@dataclass(frozen=True, eq=False, slots=True)
class _Act:
    """A signal set, a signal waited for or a load taken; what both a program and its trace can say."""

    words: str
    load: Load | None = None
    line: int = 0

    def same_as(self, other: _Act) -> bool:
        if self.load is None or other.load is None:
            return self.words == other.words
        return abs(self.load.mass - other.load.mass) < 2e-3 and float(np.max(np.abs(self.load.com - other.load.com))) < 1e-3


def _planned_acts(program: RobotProgram) -> list[_Act]:
    out = []
    for one in program.executed():
        if isinstance(one, SetSignal):
            out.append(_Act(f"set {program.signals[one.signal].address} to {one.value}"))
        elif isinstance(one, WaitSignal):
            out.append(_Act(f"wait for {program.signals[one.signal].address} {one.value}, at most {one.timeout} s"))
        elif isinstance(one, Pause):
            out.append(_Act(f"stand still {one.seconds:.2f} s"))
        elif isinstance(one, HoldLoad):
            load = program.tool_load if one.load is None else program.tool_load.plus(program.loads[one.load])
            out.append(_Act(f"load {load.mass:.3f} kg", load))
    return out


def _traced_acts(trace: list[Traced]) -> list[_Act]:
    out = []
    for item in trace:
        if isinstance(item, TracedSet):
            out.append(_Act(f"set {item.address} to {item.value}", line=item.line))
        elif isinstance(item, TracedWait):
            out.append(_Act(f"wait for {item.address} {item.value}, at most {item.timeout} s", line=item.line))
        elif isinstance(item, TracedPause):
            out.append(_Act(f"stand still {item.seconds:.2f} s", line=item.line))
        elif isinstance(item, TracedLoad):
            out.append(_Act(f"load {item.load.mass:.3f} kg", item.load, item.line))
    return out


def _check_signals(bend: BendProgram, trace: list[Traced], complain: Complain) -> None:
    wanted, found = _planned_acts(bend.program), _traced_acts(trace)
    # A language may set the empty load once more at its head.
    while len(found) > len(wanted) and found[0].load is not None:
        found.pop(0)
    for have, want in zip(found, wanted, strict=False):
        if not have.same_as(want):
            complain("program-signals", f"'{have.words}' where the plan has '{want.words}'", have.line)
            return
    if len(found) != len(wanted):
        complain("program-signals", f"{len(found)} signals and loads, the plan has {len(wanted)}", found[-1].line if found else 0)


def _path(model: RobotModel, q: Array, move: TracedMove) -> Array | None:
    """Joints along one move (k, n)."""
    if move.joints is not None:
        target = move.joints if move.track is None else np.r_[move.track, move.joints]
        count = max(2, int(np.ceil(np.max(np.abs(target - q)) / JOINT_STEP)) + 1)
        return q + np.linspace(0.0, 1.0, count)[:, None] * (target - q)
    assert move.T_base_tcp is not None
    T_start = model.fk(q) @ move.T_flange_tcp
    T_end = move.T_robot_base @ move.T_base_tcp
    qs = [q]
    Ts = line(T_start, T_end)
    # A controller drives the track evenly along the line; in a plan it stands still there.
    slides = None if move.track is None else np.linspace(q[0], move.track, len(Ts))
    for k, T in enumerate(Ts[1:], 1):
        found = model.ik(T @ inverse(move.T_flange_tcp), slide=None if slides is None else float(slides[k]))
        if len(found) == 0:
            return None
        change = np.max(np.abs(found - qs[-1]), axis=1)
        nearest = int(np.argmin(change))
        if change[nearest] > MAX_JOINT_STEP:
            return None
        qs.append(found[nearest])
    return np.array(qs)


def _way_error(model: RobotModel, planned: Array, path: Array, move: TracedMove) -> float:
    """Largest distance of the planned tool positions from the programmed line [m]."""
    points = (model.fk_batch(planned) @ move.T_flange_tcp)[:, :3, 3]
    ends = (model.fk_batch(path[[0, -1]]) @ move.T_flange_tcp)[:, :3, 3]
    way = ends[1] - ends[0]
    length = float(way @ way)
    share = np.clip((points - ends[0]) @ way / length, 0.0, 1.0) if length > 0 else np.zeros(len(points))
    return float(np.max(np.linalg.norm(points - ends[0] - share[:, None] * way, axis=1)))


def _duration(model: RobotModel, q_start: Array, q_end: Array, move: TracedMove) -> float:
    if move.duration is not None:
        return move.duration
    a, b = (model.fk(q) @ move.T_flange_tcp for q in (q_start, q_end))
    straight = float(np.linalg.norm(b[:3, 3] - a[:3, 3])) / move.speed
    return max(straight, angle_between(a, b) / move.turn_speed) if move.turn_speed else straight


def _timed(phase: Phase, first: int, last: int, path: Array, *, even: bool) -> tuple[Array, Array]:
    """Times for the samples of a programmed path: where the plan has come equally far; in even steps when the program prescribes the time."""
    share = np.linspace(0.0, 1.0, len(path))
    times = phase.times[first : last + 1]
    if even:
        return times[0] + share * (times[-1] - times[0]), path
    travel = np.r_[0.0, np.cumsum(np.max(np.abs(np.diff(phase.robot[first : last + 1], axis=0)), axis=1))]
    if travel[-1] < 1e-9:
        return times[0] + share * (times[-1] - times[0]), path
    way = np.r_[0.0, np.cumsum(np.max(np.abs(np.diff(path, axis=0)), axis=1))]
    return np.interp(way / max(way[-1], 1e-12), travel / travel[-1], times), path


def _replayed(result: BendingResult, paths: dict[int, list[tuple[Array, Array]]]) -> tuple[float | None, list[Finding]]:
    """The text's own free and followed moves in the second engine: smallest clearance, contacts."""
    phases = []
    for index, pieces in paths.items():
        phase = result.plan.phases[index]
        if phase.kind not in ("free", "follow"):
            continue
        times = np.concatenate([pieces[0][0][:1], *(t[1:] for t, _ in pieces)])
        robot = np.concatenate([pieces[0][1][:1], *(qs[1:] for _, qs in pieces)])

        def at(values: Array, phase: Phase = phase, times: Array = times) -> Array:
            columns = [np.interp(times, phase.times, column) for column in values.T]
            return np.array(columns).T.reshape(len(times), values.shape[1])

        phases.append(
            replace(phase, times=times, robot=robot, gripper=at(phase.gripper), brake=at(phase.brake), fold=at(phase.fold), part_poses=None)
        )
    checked = replay(replace(result, plan=replace(result.plan, phases=tuple(phases))))
    distances = [seen.distance for seen in checked.clearances if seen.distance is not None]
    return min(distances, default=None), [replace(f, code="program-contact", step="export") for f in checked.findings]
