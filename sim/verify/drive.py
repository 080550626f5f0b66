"""How a controller drives a program's moves: the joints along every move, rounded corners, and the time it takes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.errors import PliantError
from core.frames import Array, angle_between, inverse, rotation_vector
from core.units import to_deg, to_mm
from robots.model import RobotModel
from robots.postures import solutions_with
from robots.programs.events import Moved, Place
from robots.programs.positions import arc_through, on_the_way
from sim.motion import JointLimits
from sim.robot_path import MAX_JOINT_STEP, line
from sim.timing import TCP_ACCELERATION, corner_curve, time_path

JOINT_STEP = 0.05
"""Largest joint change between two samples of a joint move [rad]."""
CORNER_SAMPLES = 13
"""Samples of a rounded corner on either side of its middle, where it is wider than `SMALL_CORNER`."""
SMALL_CORNER = 5e-3
"""Corners no wider than this need a third of the samples [m]."""
LONGEST_CHAIN = 60
"""A rounded chain of joint moves is timed in pieces of so many moves; the robot stops between them."""
LONGEST_LINE = 500
"""The same of straight and circular moves."""
FAST_DURATION = 1.001
"""A prescribed time may ask for the joints' limits times this."""


class DriveFault(PliantError):
    """A move that the controller would stop at.

    Attributes:
        fault: Code of the finding: `unreachable`, `joint-limit`, `posture`, `circle`, `too-fast`.
        at: The move.
        remedy: What to do.
    """

    code = "drive-fault"

    def __init__(self, fault: str, message: str, at: Place, remedy: str) -> None:
        super().__init__(message)
        self.fault, self.at, self.remedy = fault, at, remedy


@dataclass(frozen=True, eq=False, slots=True)
class Driven:
    """Moves as driven, from standstill to standstill.

    Attributes:
        times: (k,) [s] from 0.
        qs: (k, n).
        ends: When each of the moves ends [s].
    """

    times: Array
    qs: Array
    ends: tuple[float, ...]


def drive(model: RobotModel, limits: JointLimits, q_start: Array, moves: list[Moved]) -> Driven:
    """Drives moves of which all but the last are rounded into the next.

    Raises:
        DriveFault: The first of them that cannot be driven.
    """
    ways = []
    q = q_start
    for move in moves:
        way = _way(model, q, move)
        _check_limits(model, way, move)
        ways.append(way)
        q = way[-1]
    times, qs, ends = [np.zeros(1)], [q_start[None]], []
    for first, last in _runs(moves):
        part = _run(model, limits, ways[first:last], moves[first:last])
        start = times[-1][-1]
        times.append(start + part.times[1:])
        qs.append(part.qs[1:])
        ends += [float(start + end) for end in part.ends]
    return Driven(np.concatenate(times), np.concatenate(qs), tuple(ends))


def _runs(moves: list[Moved]) -> list[tuple[int, int]]:
    """Stretches of moves that are timed together: of one kind, or with prescribed times."""
    cuts = [0]
    for k, (a, b) in enumerate(pairwise(moves), 1):
        joint = a.kind == "joint"
        long = k - cuts[-1] >= (LONGEST_CHAIN if joint else LONGEST_LINE)
        if joint != (b.kind == "joint") or (a.duration is None) != (b.duration is None) or long:
            cuts.append(k)
    return list(pairwise([*cuts, len(moves)]))


def _run(model: RobotModel, limits: JointLimits, ways: list[Array], moves: list[Moved]) -> Driven:
    if moves[0].duration is not None:
        return _prescribed(limits, ways, moves, [float(move.duration or 0.0) for move in moves])
    if moves[0].kind != "joint" and (len(moves) > 1 or moves[0].weld is not None):
        return _even(model, limits, ways, moves)
    path, marks = _rounded(model, ways, moves)
    if moves[0].kind == "joint":
        share = min(move.speed for move in moves)
        scaled = JointLimits(limits.lower, limits.upper, limits.velocity * share, limits.acceleration, limits.jerk)
        timed = time_path(path, scaled)
    else:
        positions = (model.fk_batch(path) @ moves[0].T_flange_tcp)[:, :3, 3]
        timed = time_path(path, limits, positions=positions, tcp_speed=moves[0].speed)
        least = _least_time(model, ways[0], moves[0])
        if least > timed.times[-1]:
            timed = type(timed)(timed.times * (least / timed.times[-1]), timed.qs)
    ends = []
    at = 0
    for mark in marks[:-1]:
        at += int(np.argmin(np.max(np.abs(timed.qs[at:] - path[mark]), axis=1)))
        ends.append(float(timed.times[at]))
    return Driven(timed.times, timed.qs, (*ends, float(timed.times[-1])))


def _least_time(model: RobotModel, way: Array, move: Moved) -> float:
    """How long a straight or circular move takes at least, at its own speeds [s]."""
    Ts = model.fk_batch(way) @ move.T_flange_tcp
    length = float(np.sum(np.linalg.norm(np.diff(Ts[:, :3, 3], axis=0), axis=1)))
    turn = angle_between(Ts[0], Ts[-1])
    return max(length / move.speed, turn / move.turn_speed if move.turn_speed else 0.0)


def _prescribed(limits: JointLimits, ways: list[Array], moves: list[Moved], durations: list[float]) -> Driven:
    """Every move takes its time, evenly."""
    times, qs = [np.zeros(1)], [ways[0][:1]]
    ends: list[float] = []
    for way, move, duration in zip(ways, moves, durations, strict=True):
        if duration <= 0:
            raise DriveFault("too-fast", f"a move in {duration:g} s", move.at, "give the move a time")
        needed = np.max(np.abs(np.diff(way, axis=0)), axis=0) * (len(way) - 1) / duration
        worst = int(np.argmax(needed / limits.velocity))
        if needed[worst] > limits.velocity[worst] * FAST_DURATION:
            raise DriveFault(
                "too-fast",
                f"in {duration:.3f} s joint {worst + 1} would have to run at {to_deg(float(needed[worst])):.0f} deg/s, its limit is {to_deg(float(limits.velocity[worst])):.0f}",
                move.at,
                "give the move more time",
            )
        start = ends[-1] if ends else 0.0
        times.append(start + np.linspace(0.0, duration, len(way))[1:])
        qs.append(way[1:])
        ends.append(start + duration)
    return Driven(np.concatenate(times), np.concatenate(qs), tuple(ends))


def _even(model: RobotModel, limits: JointLimits, ways: list[Array], moves: list[Moved]) -> Driven:
    """A rounded chain of straight moves, or a weld: each at its own speed, slower where a joint cannot follow; the tool gathers speed at its start and loses it at its end."""
    durations = []
    for way, move in zip(ways, moves, strict=True):
        joints = float(np.max(np.abs(np.diff(way, axis=0)) / limits.velocity)) * (len(way) - 1)
        durations.append(max(_least_time(model, way, move), joints, 1e-3))
    for k in (0, -1):
        durations[k] += moves[k].speed / (2 * TCP_ACCELERATION)
    if any(move.blend is not None and move.duration is None and move.weld is None for move in moves[:-1]):
        path, marks = _rounded(model, ways, moves)
        # Within a move time goes by the way, not by the samples, which crowd at corners.
        gone = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
        at = np.asarray(np.interp(gone, gone[[0, *marks]], np.r_[0.0, np.cumsum(durations)]))
        return Driven(at, path, tuple(float(t) for t in np.cumsum(durations)))
    return _prescribed(limits, ways, moves, durations)


# Ways


def _way(model: RobotModel, q: Array, move: Moved) -> Array:
    """Joints along one move (k, n), dense."""
    if move.kind == "joint":
        target = _joint_target(model, q, move)
        count = max(2, int(np.ceil(np.max(np.abs(target - q)) / JOINT_STEP)) + 1)
        way: Array = q + np.linspace(0.0, 1.0, count)[:, None] * (target - q)
        return way
    assert move.T_target is not None
    T_start = model.fk(q) @ move.T_flange_tcp
    Ts = line(T_start, move.T_target) if move.T_via is None else _arc(T_start, move.T_via, move.T_target, move.at)
    return _followed(model, q, Ts, move)


def _joint_target(model: RobotModel, q: Array, move: Moved) -> Array:
    if move.q is not None:
        if len(move.q) != len(q):
            raise DriveFault("unreachable", f"the move names {len(move.q)} axes, the robot has {len(q)}", move.at, "name every axis")
        return move.q
    assert move.T_target is not None
    T_base_flange = move.T_target @ inverse(move.T_flange_tcp)
    found = model.ik(T_base_flange, slide=move.track)
    if len(found) == 0:
        raise DriveFault("unreachable", f"the robot does not reach {_where(move.T_target)}", move.at, "move the target into reach")
    if move.posture is not None:
        fitting = solutions_with(model, T_base_flange, move.posture, move.track)
        if len(fitting) == 0:
            raise DriveFault(
                "posture",
                f"{_where(move.T_target)} cannot be reached with configuration {', '.join(str(v) for v in move.posture.values)}",
                move.at,
                "correct the configuration; the point itself is in reach",
            )
        found = fitting
    return np.asarray(found[int(np.argmin(np.max(np.abs(found - q), axis=1)))])


def _followed(model: RobotModel, q: Array, Ts: Array, move: Moved) -> Array:
    """Joints through poses of the tool in one posture."""
    T_tcp_flange = inverse(move.T_flange_tcp)
    qs = [q]
    if move.q is not None and model.slides:
        slides = np.linspace(q[0], move.q[0], len(Ts))
    else:
        slides = np.linspace(q[0], q[0] if move.track is None else move.track, len(Ts)) if model.slides else np.zeros(0)
    solved, owner = model.ik_many(Ts[1:] @ T_tcp_flange, slides=slides[1:] if model.slides else None)
    for k, T in enumerate(Ts[1:], 1):
        found = solved[owner == k - 1]
        share = k / (len(Ts) - 1)
        if len(found) == 0:
            raise DriveFault(
                "unreachable",
                f"the robot cannot drive this {move.kind} move: {100 * share:.0f} % along, at {_where(T)}, no joint position reaches the tool",
                move.at,
                "move the target, or go there with a joint move",
            )
        change = np.max(np.abs(found - qs[-1]), axis=1)
        nearest = int(np.argmin(change))
        if change[nearest] > MAX_JOINT_STEP:
            raise DriveFault(
                "unreachable",
                f"the robot cannot drive this {move.kind} move in one posture: {100 * share:.0f} % along, at {_where(T)}, joint {int(np.argmax(np.abs(found[nearest] - qs[-1]))) + 1} would have to jump by {to_deg(float(change[nearest])):.0f} deg",
                move.at,
                "start the move in another configuration, or go there with a joint move",
            )
        qs.append(found[nearest])
    return np.array(qs)


def _arc(T_start: Array, T_via: Array, T_end: Array, at: Place) -> Array:
    """Poses on the circle through three points; the tool turns evenly."""
    arc = arc_through(T_start[:3, 3], T_via[:3, 3], T_end[:3, 3])
    if arc is None:
        raise DriveFault(
            "circle", "the three points of the circle lie on a line", at, "move the point in the middle, or use a straight move"
        )
    turn = angle_between(T_start, T_end)
    count = max(8, int(np.ceil(max(arc.radius * arc.angle / 0.01, arc.angle / 0.05, turn / 0.05))) + 1)
    return np.array([on_the_way(T_start, T_via, T_end, float(share)) for share in np.linspace(0.0, 1.0, count)])


def _check_limits(model: RobotModel, way: Array, move: Moved) -> None:
    over = np.maximum(model.lower - way, way - model.upper)
    k, joint = np.unravel_index(int(np.argmax(over)), over.shape)
    if over[k, joint] > 1e-6:
        value, low, high = float(way[k, joint]), float(model.lower[joint]), float(model.upper[joint])
        slides = joint < model.slides
        show, unit = (to_mm, "mm") if slides else (to_deg, "deg")
        raise DriveFault(
            "joint-limit",
            f"joint {joint + 1 - model.slides if not slides else 'of the track'} goes to {show(value):.1f} {unit}, its limits are {show(low):.1f} and {show(high):.1f}",
            move.at,
            "move the target, or go there in another configuration",
        )


def _rounded(model: RobotModel, ways: list[Array], moves: list[Moved]) -> tuple[Array, tuple[int, ...]]:
    """One path through all ways with the corners between them rounded as the moves allow; and the samples at which the moves end."""
    lengths = [float(_travel(model, way, move)[-1]) for way, move in zip(ways, moves, strict=True)]
    path, marks = [ways[0]], []
    for k in range(len(ways) - 1):
        before, after = path[-1], ways[k + 1]
        # A controller rounds at most half of each segment.
        radius = min(moves[k].blend or 0.0, lengths[k] / 2, lengths[k + 1] / 2)
        if radius < 1e-6:
            marks.append(sum(map(len, path)) - 1)
            path.append(after[1:])
            continue
        kept, leave = _short_of(before[::-1], _travel(model, before[::-1], moves[k]), radius)
        left, enter = _short_of(after, _travel(model, after, moves[k + 1]), radius)
        half = CORNER_SAMPLES if radius > SMALL_CORNER else CORNER_SAMPLES // 3
        curve = corner_curve(leave, after[0], enter, 2 * half - 1)
        path[-1] = np.concatenate((kept[::-1], curve[:half]))
        marks.append(sum(map(len, path)) - 1)
        path.append(np.concatenate((curve[half:], left)))
    dense = np.concatenate(path)
    return dense, (*marks, len(dense) - 1)


def _travel(model: RobotModel, way: Array, move: Moved) -> Array:
    """How far the tool has come at every sample of a way [m]."""
    points = (model.fk_batch(way) @ move.T_flange_tcp)[:, :3, 3]
    return np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]


def _short_of(way: Array, travel: Array, distance: float) -> tuple[Array, Array]:
    """The rest of a way beyond `distance` [m] from its start, and the joints there."""
    k = int(np.clip(np.searchsorted(travel, distance), 1, len(way) - 1))
    span = travel[k] - travel[k - 1]
    share = (distance - travel[k - 1]) / span if span > 1e-12 else 1.0
    q: Array = way[k - 1] + share * (way[k] - way[k - 1])
    return way[k:], q


def _where(T: Array) -> str:
    x, y, z = (to_mm(float(v)) for v in T[:3, 3])
    turned = to_deg(float(np.linalg.norm(rotation_vector(T[:3, :3]))))
    return f"({x:.1f}, {y:.1f}, {z:.1f}) mm turned {turned:.0f} deg in the robot's base"
