"""Where the robot stands between the moves of a program, and how far each move goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.frames import Array, angle_between, from_rotation_vector, interpolate, inverse, rotation_vector
from robots.model import RobotModel
from robots.postures import MAKERS, solutions_with
from robots.programs.events import Moved

PLANNED = 1e-4
"""Joints that come with a straight target count when they are at it to this [m, rad]."""
JOINT_SAMPLES = 17
SAME_WRIST = 0.5
"""Axis 5 may change its sign on a move on which no joint turns further than this: the axes run on through the zero [rad]."""
WRIST_EDGE = np.radians(0.1)
"""Nearer to axis 5 = 0 than this, the wrist may be called flipped or not."""


@dataclass(frozen=True, eq=False, slots=True)
class Position:
    """Where the robot stands, as far as it is known.

    Attributes:
        q: Joints (n,); None: not known.
        T_flange: Flange in the robot's base (4, 4), in the positioner's table when `carried`; None: not known.
        carried: See `T_flange`.
    """

    q: Array | None = None
    T_flange: Array | None = None
    carried: bool = False


Fault = Literal["unreachable", "posture", "other-posture"]
"""No joints at all; none in the posture that the text names; none in the posture in which a straight move starts."""


def reached(start: Position, move: Moved, model: RobotModel | None) -> tuple[Position, Fault | None]:
    """Where a move ends, and what keeps the robot from getting there (only known with a model)."""
    if move.T_target is None:
        if model is None or move.q is None or len(move.q) != len(model.lower):
            return Position(move.q), None
        return Position(move.q, model.fk(move.q)), None
    T = move.T_target @ inverse(move.T_flange_tcp)
    if model is None or move.carried:
        return Position(move.q, T, move.carried), None
    slide = _slide(start, move, model)
    found = model.ik(T, slide=slide)
    if not len(found):
        return Position(None, T), "unreachable"
    straight = move.kind != "joint"
    named = move.posture is not None and move.posture.maker in MAKERS
    if named and move.posture is not None:
        meant = solutions_with(model, T, move.posture, slide)
        if not len(meant):
            return Position(None, T), "posture"
        if not straight:
            return Position(_nearest(meant, start.q), T), None
    planned = move.q
    if planned is not None and len(planned) == len(model.lower) and np.max(np.abs(model.fk(planned) - T)) < PLANNED:
        found = np.array([planned])
    if start.q is None:
        return Position(found[0] if len(found) == 1 else None, T), None
    if not straight:
        return Position(_nearest(found, start.q), T), None
    kept = _nearest_in_posture(model, start.q, found)
    return (Position(kept, T), None) if kept is not None else (Position(None, T), "other-posture")


def _slide(start: Position, move: Moved, model: RobotModel) -> float | None:
    if not model.slides:
        return None
    if move.track is not None:
        return move.track
    for q in (move.q, start.q):
        if q is not None and len(q) == len(model.lower):
            return float(q[0])
    return None


def _nearest(found: Array, q: Array | None) -> Array:
    return found[0] if q is None else found[int(np.argmin(np.max(np.abs(found - q), axis=1)))]


def _nearest_in_posture(model: RobotModel, q: Array, found: Array) -> Array | None:
    """The nearest of the solutions found that has the posture of q, or is so near that the wrist has only passed through its zero."""
    own = model.configuration(q)
    for k in np.argsort(np.max(np.abs(found - q), axis=1), kind="stable"):
        other = model.configuration(found[k])
        edge = min(abs(float(one[model.slides + 4])) for one in (q, found[k])) < WRIST_EDGE
        near = float(np.max(np.abs(found[k] - q))) < SAME_WRIST
        if (own.shoulder, own.elbow) == (other.shoulder, other.elbow) and (edge or near or own.wrist == other.wrist):
            return found[k]
    return None


@dataclass(frozen=True, slots=True)
class Way:
    """How far the tool goes on a move [m] and turns [rad]."""

    length: float
    turn: float


def way(start: Position, move: Moved, end: Position, model: RobotModel | None) -> Way | None:
    """The tool's way on a move; None: not known."""
    if move.kind == "joint":
        if model is None or start.q is None or end.q is None or start.q.shape != end.q.shape or len(end.q) != len(model.lower):
            return None
        steps = start.q + np.linspace(0.0, 1.0, JOINT_SAMPLES)[:, None] * (end.q - start.q)
        Ts = model.fk_batch(steps) @ move.T_flange_tcp
        return Way(float(np.sum(np.linalg.norm(np.diff(Ts[:, :3, 3], axis=0), axis=1))), angle_between(Ts[0], Ts[-1]))
    if start.T_flange is None or end.T_flange is None or start.carried != end.carried:
        return None
    T_a, T_b = start.T_flange @ move.T_flange_tcp, end.T_flange @ move.T_flange_tcp
    turn = angle_between(T_a, T_b)
    if move.T_via is None:
        return Way(float(np.linalg.norm(T_b[:3, 3] - T_a[:3, 3])), turn)
    arc = arc_through(T_a[:3, 3], move.T_via[:3, 3], T_b[:3, 3])
    if arc is None:
        return Way(float(np.linalg.norm(move.T_via[:3, 3] - T_a[:3, 3]) + np.linalg.norm(T_b[:3, 3] - move.T_via[:3, 3])), turn)
    return Way(arc.radius * arc.angle, turn)


@dataclass(frozen=True, eq=False, slots=True)
class Arc:
    """A circular way: centre (3,) [m], axis (3,) about which it turns by `angle` [rad], from the start point."""

    centre: Array
    axis: Array
    angle: float
    radius: float


def arc_through(a: Array, via: Array, b: Array) -> Arc | None:
    """The arc from a over via to b; None when they lie on one line (nearer to it than 1e-9 of their distance)."""
    u, v = via - a, b - a
    normal = np.cross(u, v)
    size = float(np.linalg.norm(normal))
    if size <= 1e-9 * float(np.linalg.norm(u) * np.linalg.norm(v)) or size == 0.0:
        return None
    # The circumcentre c solves 2 c.u = u.u, 2 c.v = v.v, c.(u x v) = 0, counted from a.
    centre = a + np.cross(u @ u * v - v @ v * u, normal) / (2.0 * size**2)
    axis = normal / size
    r, s = a - centre, b - centre
    angle = float(np.arctan2(np.cross(r, s) @ axis, r @ s)) % (2 * np.pi)
    return Arc(centre, axis, angle, float(np.linalg.norm(r)))


def on_the_way(T_a: Array, T_via: Array | None, T_b: Array, share: float) -> Array:
    """The tool's pose at a share 0..1 of a straight or circular move; it turns evenly."""
    T = interpolate(T_a, T_b, share)
    arc = None if T_via is None else arc_through(T_a[:3, 3], T_via[:3, 3], T_b[:3, 3])
    if arc is not None:
        turn = from_rotation_vector(arc.axis * arc.angle * share)[:3, :3]
        T[:3, 3] = arc.centre + turn @ (T_a[:3, 3] - arc.centre)
    return T


def seconds(start: Position, move: Moved, end: Position, model: RobotModel | None) -> float | None:
    """How long a move takes at its speeds, without speeding up and slowing down [s]; None: not known."""
    if move.duration is not None:
        return move.duration
    if move.kind == "joint":
        if model is None or start.q is None or end.q is None or start.q.shape != model.velocity.shape or move.speed <= 0:
            return None
        return float(np.max(np.abs(end.q - start.q) / (model.velocity * move.speed)))
    gone = way(start, move, end, model)
    if gone is None or move.speed <= 0:
        return None
    return max(gone.length / move.speed, gone.turn / move.turn_speed if move.turn_speed else 0.0)


def pose_change(T_a: Array, T_b: Array) -> tuple[Array, float]:
    """(shift (3,) [m] in the outer frame, turn [rad]) from a to b."""
    return T_b[:3, 3] - T_a[:3, 3], float(np.linalg.norm(rotation_vector(T_b[:3, :3] @ T_a[:3, :3].T)))
