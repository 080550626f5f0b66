"""A bead as moves of the tool: straight lines and arcs through its torch poses, and the joints along them.

What is planned here is what the program says: the same lines and arcs become `MoveLinear` and `MoveCircular`, and the controller's way between the
targets is the one that was checked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array, angle_between, inverse
from parts.seam import Seam
from robots.programs.positions import on_the_way
from sim.robot_path import nearest_solutions
from sim.weld.torch import circle

STRAY = 2e-6
"""How far a programmed line or arc may pass from the torch poses between its ends [m]."""
STRAY_TURN = np.radians(0.2)
"""The same of the wire's direction."""
STRAY_SPIN = np.radians(2.0)
"""The same of the turn about the wire."""
LONGEST_ARC = np.radians(120.0)
DENSE = 0.004
"""Spacing of checked poses along a move [m]."""
DENSE_TURN = 0.04


@dataclass(frozen=True, slots=True)
class Leg:
    """One programmed move of a bead: from sample `first` to `last`; on an arc through sample `via`."""

    first: int
    last: int
    via: int | None = None


def legs(seam: Seam, Ts_piece_tcp: Array) -> tuple[Leg, ...]:
    """The fewest moves, taken greedily, that follow the torch poses (k, 4, 4) of a bead."""
    arc = seam.curve == "arc"
    out = []
    first, last_sample = 0, len(Ts_piece_tcp) - 1
    while first < last_sample:
        # A single step always holds: a line from pose to pose; on an arc two steps make one arc.
        last = min(first + (2 if arc else 1), last_sample)
        step = 2 if arc else 1
        while last + step <= last_sample and _holds(seam, Ts_piece_tcp, first, last + step):
            last += step
        out.append(_leg(seam, first, last))
        first = last
    return tuple(out)


def _leg(seam: Seam, first: int, last: int) -> Leg:
    via = (first + last) // 2
    return Leg(first, last, via if seam.curve == "arc" and first < via < last else None)


def _holds(seam: Seam, Ts: Array, first: int, last: int) -> bool:
    leg = _leg(seam, first, last)
    shares = _shares(Ts, leg)
    if leg.via is not None and _arc_angle(seam, Ts, leg) > LONGEST_ARC:
        return False
    made = leg_poses(seam, Ts, leg, shares)
    want = Ts[first : last + 1]
    if np.max(np.linalg.norm(made[:, :3, 3] - want[:, :3, 3], axis=1)) > STRAY:
        return False
    tilt = np.arccos(np.clip(np.sum(made[:, :3, 2] * want[:, :3, 2], axis=1), -1.0, 1.0))
    return bool(np.max(tilt) < STRAY_TURN) and all(angle_between(a, b) < STRAY_SPIN for a, b in zip(made, want, strict=True))


def _shares(Ts: Array, leg: Leg) -> Array:
    way = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(Ts[leg.first : leg.last + 1, :3, 3], axis=0), axis=1))]
    shares: Array = way / way[-1] if way[-1] > 0 else np.linspace(0.0, 1.0, len(way))
    return shares


def _arc_angle(seam: Seam, Ts: Array, leg: Leg) -> float:
    _, radius, _ = circle(seam)
    way = float(np.sum(np.linalg.norm(np.diff(Ts[leg.first : leg.last + 1, :3, 3], axis=0), axis=1)))
    return way / radius


def leg_poses(seam: Seam, Ts_piece_tcp: Array, leg: Leg, shares: Array) -> Array:
    """Tool poses at shares 0..1 of a move, as the controller drives it: on the line, or on the circle through three points while the tool turns evenly."""
    start, end = Ts_piece_tcp[leg.first], Ts_piece_tcp[leg.last]
    via = None if leg.via is None else Ts_piece_tcp[leg.via]
    return np.array([on_the_way(start, via, end, float(share)) for share in shares])


def bead_poses(seam: Seam, Ts_piece_tcp: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """A bead's moves, dense: poses (d, 4, 4), to which sample each belongs (d,) as a real number, and which of them are programmed targets.

    Every sample is among them, where the moves pass it.
    """
    poses, at, marks = [Ts_piece_tcp[:1]], [np.zeros(1)], [0]
    for leg in legs(seam, Ts_piece_tcp):
        start, end = Ts_piece_tcp[leg.first], Ts_piece_tcp[leg.last]
        way = float(np.sum(np.linalg.norm(np.diff(Ts_piece_tcp[leg.first : leg.last + 1, :3, 3], axis=0), axis=1)))
        count = max(2, int(np.ceil(max(way / DENSE, angle_between(start, end) / DENSE_TURN))))
        own = _shares(Ts_piece_tcp, leg)
        shares = np.unique(np.r_[own, np.linspace(0.0, 1.0, count + 1)])
        shares = shares[np.r_[True, np.diff(shares) > 1e-9]][1:]
        poses.append(leg_poses(seam, Ts_piece_tcp, leg, shares))
        at.append(np.interp(shares, own, np.arange(leg.first, leg.last + 1)))
        marks.append(marks[-1] + len(shares))
    return np.concatenate(poses), np.concatenate(at), tuple(marks)


def T_base_flange(cell: WeldCell, Ts_world_tcp: Array) -> Array:
    """Flange poses in the robot's base for tool poses in the world."""
    T: Array = inverse(cell.robot.T_world_base) @ Ts_world_tcp @ inverse(cell.torch.T_flange_tcp)
    return T


def T_world_tcp(cell: WeldCell, qs: Array) -> Array:
    """Tool poses in the world (k, 4, 4) at joint positions (k, n)."""
    T: Array = cell.robot.T_world_base @ cell.robot.model.fk_batch(qs) @ cell.torch.T_flange_tcp
    return T


def follow(cell: WeldCell, Ts_world_tcp: Array, q_start: Array) -> tuple[Array, int]:
    """Joints through tool poses (k, 4, 4) from a solution of the first one, the nearest solution each time; a track stands still.

    Returns:
        Joints (m, n), and m < k where a pose has no solution near the one before.
    """
    qs = nearest_solutions(cell.robot.model, T_base_flange(cell, Ts_world_tcp[1:]), q_start)
    return qs, len(qs)
