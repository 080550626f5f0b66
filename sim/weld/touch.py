"""Touches that find where a seam lies when the part is not exactly where it was planned, as few as fix the seam.

The part is moved by an unknown d, small beside its own size. A touch moves the wire's end along a direction e onto a face with the normal n and finds how much later or earlier it
meets it, s = (n . d) / (n . e): the search result is the shift s e. The controller adds results up, so directions are chosen such that the sum is what is sought, whatever d is: with
n_i . e_k = 0 for i other than k the results are the parts of d along the e_k, for then n_i . d = s_i (n_i . e_i) holds for all faces at once.

- A straight seam needs d across itself only. The face b is touched along the direction of face a and the other way round, which fulfils the condition at any angle between them: two touches.
  A long one may also be turned: two touches near each end, for its start and its end.
- A curved or bent seam needs all of d: three touches, at places and on faces that fulfil the condition.
- Where both faces are one plane (butt, flush corner), the one touch finds the height.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from parts.seam import Seam
from parts.triangle_kernels import first_hits
from parts.weldment import Weldment
from sim.robot_path import line, path_is_free
from sim.scene import Scene
from sim.weld.path import follow
from sim.weld.plan import SeamWeld, Touch
from sim.weld.torch import FLUSH, corners, frames_at, nearest_at, normals_at

LONG = 0.3
"""A straight seam from this length on is touched at both ends [m]."""
FROM_END = 0.015
"""How far from its ends [m]."""
BESIDE = (0.012, 0.018, 0.008, 0.025)
"""How far from the root a face is touched, in the order tried [m]."""
ASIDE = (0.0, 0.02, -0.02)
"""How far along the seam from where it should be, in the order tried [m]."""
STAND_OFF, BEYOND = 0.012, 0.008
"""Where a touch begins before the face, and ends at the latest behind it [m]."""
SEARCH_SPEED, BACK_SPEED = 0.02, 0.1
"""[m/s]"""
SKEW = 0.05
"""How far n_i . e_k may be from 0."""
ON_FACE = 0.3e-3
"""How far the mesh may be from where the seam's face is [m]."""
STATIONS = 12
Where = Literal["all", "start", "end"]


@dataclass(frozen=True, eq=False, slots=True)
class Spot:
    """Where to touch: place along the seam [m], face, and for which part of the bead the result counts."""

    station: float
    face: Literal["a", "b"]
    where: Where


@dataclass(frozen=True, slots=True)
class NoTouch:
    """Why a seam cannot be searched."""

    why: str


def touch_spots(seam: Seam) -> list[Spot]:
    """The touches that fix a seam; of a curved or bent one all places from which three are to be chosen."""
    middle = seam.length / 2
    if _flush(seam, middle):
        return [Spot(middle, "a", "all")]
    if _straight(seam):
        if seam.length < LONG:
            return [Spot(middle, face, "all") for face in _FACES]
        ends: list[tuple[float, Where]] = [(FROM_END, "start"), (seam.length - FROM_END, "end")]
        return [Spot(station, face, where) for station, where in ends for face in _FACES]
    turns = corners(seam)
    stations = np.linspace(0.0, seam.length, STATIONS, endpoint=not seam.closed)
    # Not at corners, where the faces change.
    return [Spot(float(s), face, "all") for s in stations if len(turns) == 0 or np.min(np.abs(turns - s)) > FROM_END for face in _FACES]


def plan_touches(cell: WeldCell, weldment: Weldment, scene: Scene, weld: SeamWeld, name: str) -> list[Touch] | NoTouch:
    """Touches with the robot's joints, for the bead along a whole seam.

    Args:
        cell: Where.
        weldment: What is touched.
        scene: The positioner as it stands for the bead; the wire may touch the pieces.
        weld: The bead; the torch is held as it is there.
        name: Of the results, before their number.
    """
    seam, spots = weld.seam, touch_spots(weld.seam)
    triangles = np.ascontiguousarray(np.concatenate([np.asarray(piece.mesh.triangles, dtype=float) for piece in weldment.pieces]))
    choose = not _flush(seam, seam.length / 2) and not _straight(seam)
    made: list[tuple[Spot, Touch]] = []
    for spot in spots:
        # Along a straight seam a little further is as good.
        tries = ((aside, beside) for aside in ((0.0,) if choose else ASIDE) for beside in BESIDE)
        touch = next((one for aside, beside in tries if (one := _made(cell, scene, weld, spot, aside, beside, triangles))), None)
        if touch is not None:
            made.append((spot, touch))
        elif not choose:
            return NoTouch(
                f"face {spot.face} cannot be touched {1e3 * spot.station:.0f} mm from its start: the torch has no room, or the face ends there"
            )
    if choose:
        three = _independent(seam, made)
        if three is None:
            return NoTouch("there are no three places that can be touched and tell a shift of the part; split it into straight seams")
        made = three
    return [replace(touch, name=f"{name} {number}") for number, (_, touch) in enumerate(made, 1)]


def _independent(seam: Seam, made: list[tuple[Spot, Touch]]) -> list[tuple[Spot, Touch]] | None:
    """The three touches whose results add up best."""
    if len(made) < 3:
        return None
    e = np.array([touch.direction for _, touch in made])
    n = np.array([_way(seam, spot, BESIDE[0])[2] for spot, _ in made])
    skews = []
    for chosen in combinations(range(len(made)), 3):
        cross = n[list(chosen)] @ e[list(chosen)].T
        skews.append((round(float(np.max(np.abs(cross - np.diag(np.diag(cross))))), 6), chosen))
    skew, best = min(skews)
    return [made[k] for k in best] if skew < SKEW else None


def _flush(seam: Seam, station: float) -> bool:
    _, n_a, n_b = normals_at(seam, np.array([station]))
    return float(np.sum(n_a * n_b)) > FLUSH


_FACES: tuple[Literal["a", "b"], ...] = ("a", "b")


def _straight(seam: Seam) -> bool:
    chord = seam.points[-1] - seam.points[0]
    size = float(np.linalg.norm(chord))
    if seam.closed or size < 1e-9:
        return False
    off = seam.points - seam.points[0]
    across = off - np.outer(off @ chord / size**2, chord)
    return float(np.max(np.linalg.norm(across, axis=1))) < 1e-4


def _way(seam: Seam, spot: Spot, beside: float) -> tuple[Array, Array, Array]:
    """Where a face is touched (3,), in which direction (3,), and its normal (3,); in the weldment's frame."""
    frames = frames_at(seam, np.array([spot.station]))
    _, n_a, n_b = normals_at(seam, np.array([spot.station]))
    root, own, other = frames.points[0], (frames.along_a, frames.along_b), (frames.along_b, frames.along_a)
    k = 0 if spot.face == "a" else 1
    normal = (n_a, n_b)[k][0]
    if _flush(seam, spot.station):
        return root + beside * own[k][0], -frames.bisectors[0], normal
    # Along the other face, towards this one.
    towards = other[k][0] * (-1.0 if float(other[k][0] @ normal) > 0 else 1.0)
    return root + beside * own[k][0], towards, normal


def _made(cell: WeldCell, scene: Scene, weld: SeamWeld, spot: Spot, aside: float, beside: float, triangles: Array) -> Touch | None:
    station = spot.station + aside
    if not 0.0 <= station <= weld.seam.length:
        return None
    place, towards, _ = _way(weld.seam, Spot(station, spot.face, spot.where), beside)
    away, _ = first_hits(np.ascontiguousarray((place - STAND_OFF * towards)[None]), np.ascontiguousarray(towards[None]), triangles)
    if abs(float(away[0]) - STAND_OFF) > ON_FACE:
        return None
    k = int(np.argmin(np.abs(nearest_at(weld.seam, weld.Ts_piece_tcp[:, :3, 3]) - station)))
    T = weld.Ts_piece_tcp[k].copy()
    T[:3, 3] = place
    off, late = T.copy(), T.copy()
    off[:3, 3] -= STAND_OFF * towards
    late[:3, 3] += BEYOND * towards
    T_world_piece = cell.T_world_workpiece(weld.positioner[0])
    found, reached = follow(cell, T_world_piece @ np.array([weld.Ts_piece_tcp[k], off]), weld.robot[k])
    if reached < 2:
        return None
    way = line(T_world_piece @ off, T_world_piece @ T, step=0.002)
    rest = line(way[-1], T_world_piece @ late, step=0.002)[1:]
    qs, count = follow(cell, np.concatenate((way, rest)), found[-1])
    if count < len(way) + len(rest) or not path_is_free(scene, qs[: len(way)]):
        return None
    return Touch("", weld.seam.name, spot.where, T, towards, qs[: len(way)], qs[-1], weld.positioner[0])


__all__ = ["BACK_SPEED", "BEYOND", "SEARCH_SPEED", "NoTouch", "Spot", "plan_touches", "touch_spots"]
