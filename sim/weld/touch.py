"""Touches that find where a seam lies when the part is not exactly where it was planned, as few as fix the seam.

The part is moved by an unknown d, small beside its own size. A touch moves the wire's end along a direction e onto a face with the normal n and finds how much later or earlier it
meets it, s = (n . d) / (n . e): the search result is the shift s e. The controller adds results up, so directions are chosen such that the sum is what is sought, whatever d is: with
n_i . e_k = 0 for i other than k the results are the parts of d along the e_k, for then n_i . d = s_i (n_i . e_i) holds for all faces at once.

- A straight seam needs d across itself only. The face b is touched along the direction of face a and the other way round, which fulfils the condition at any angle between them: two touches.
  A long one may also be turned: two touches near each end, for the targets at its start and those at its end. With targets between, of changing torch angles, it is touched in its middle.
- A curved or bent seam needs all of d: three touches, at places and on faces that fulfil the condition.
- Where both faces are one plane (butt, flush corner), the one touch finds the height.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cells.weld_model import WeldCell
from core.frames import Array
from parts.seam import Seam
from parts.triangle_kernels import first_hits
from parts.weldment import Weldment
from sim.robot_path import line, path_is_free
from sim.scene import Scene
from sim.weld.path import follow, legs
from sim.weld.plan import SeamWeld, Touch
from sim.weld.torch import FLUSH, corners, frames_at, nearest_at, normals_at

LONG = 0.3
"""A straight seam from this length on is touched at both ends [m]."""
FROM_END = 0.015
"""How far from its ends [m]."""
BESIDE = (0.012, 0.018, 0.008, 0.025)
"""How far from the root a face is touched, in the order tried [m]; then in the middle of the edge of a plate."""
LEAST_BESIDE = 1.5e-3
NEAR_END = 0.06
"""Targets of a bead that are nearer to its ends than this go with them [m]."""
ASIDE = (0.0, 0.02, -0.02)
"""How far along the seam from where it should be, in the order tried [m]."""
STAND_OFF, BEYOND = 0.012, 0.008
"""Where a touch begins before the face, and ends at the latest behind it [m]."""
SEARCH_SPEED, BACK_SPEED = 0.02, 0.1
"""[m/s]"""
SKEW = 0.05
"""How far n_i . e_k may be from 0."""
ON_FACE = 5e-6
"""How far the mesh may be from where the seam's face is [m]: what is touched beside the chords of a curved face would be taken for a shift."""
STATIONS, FINE_STATIONS = 24, 96
"""Places along a curved seam; its own points, up to so many, are places too."""
MOST_TRIPLES = 30
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


def touch_spots(seam: Seam, *, both_ends: bool = True) -> list[Spot]:
    """The touches that fix a seam; of a curved or bent one all places from which three are to be chosen. `both_ends`: a long one is touched near each end."""
    middle = seam.length / 2
    if _flush(seam, middle):
        return [Spot(middle, "a", "all")]
    if _straight(seam):
        if seam.length < LONG or not both_ends:
            return [Spot(middle, face, "all") for face in _FACES]
        ends: list[tuple[float, Where]] = [(FROM_END, "start"), (seam.length - FROM_END, "end")]
        return [Spot(station, face, where) for station, where in ends for face in _FACES]
    turns = corners(seam)
    own = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(seam.points, axis=0), axis=1))]
    own = own[:: max(1, len(own) // FINE_STATIONS)]
    stations = np.unique(
        np.round(np.r_[np.linspace(0.0, seam.length, STATIONS, endpoint=not seam.closed), own[own < seam.length - 1e-9]], 9)
    )
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
    seam = weld.seam
    spots = touch_spots(seam, both_ends=_targets_at_ends(weld))
    triangles = np.ascontiguousarray(np.concatenate([np.asarray(piece.mesh.triangles, dtype=float) for piece in weldment.pieces]))
    edges = [half for half in (seam.thickness_a / 2, seam.thickness_b / 2) if half >= LEAST_BESIDE]
    besides = (*BESIDE, *edges)
    if not _flush(seam, seam.length / 2) and not _straight(seam):
        made = _three(cell, scene, weld, spots, besides, triangles)
        if made is None:
            return NoTouch("there are no three places that can be touched and tell a shift of the part; split it into straight seams")
    else:
        made = []
        for spot in spots:
            # Along a straight seam a little further is as good.
            tries = ((replace(spot, station=spot.station + aside), beside) for aside in ASIDE for beside in besides)
            touch = next((one for at, beside in tries if (one := _made(cell, scene, weld, at, beside, triangles))), None)
            if touch is None:
                return NoTouch(
                    f"face {spot.face} cannot be touched {1e3 * spot.station:.0f} mm from its start: the torch has no room, or the face ends there"
                )
            made.append(touch)
    return [replace(touch, name=f"{name} {number}") for number, touch in enumerate(made, 1)]


def _targets_at_ends(weld: SeamWeld) -> bool:
    """Whether the bead's targets all lie near its ends: then those of each end are shifted by what was found there."""
    p = weld.Ts_piece_tcp[:, :3, 3]
    targets = p[[leg.last for leg in legs(weld.seam, weld.Ts_piece_tcp)]]
    away = np.minimum(np.linalg.norm(targets - p[0], axis=1), np.linalg.norm(targets - p[-1], axis=1))
    return bool(np.max(away) < NEAR_END)


def _three(
    cell: WeldCell, scene: Scene, weld: SeamWeld, spots: list[Spot], besides: tuple[float, ...], triangles: Array
) -> list[Touch] | None:
    """The three touches whose results add up best and that the torch gets to."""
    ways = [_way(weld.seam, spot, besides[0]) for spot in spots]
    place, e, n = (np.array([one[k] for one in ways]) for k in range(3))
    away, _ = first_hits(np.ascontiguousarray(place - STAND_OFF * e), np.ascontiguousarray(e), triangles)
    there = np.flatnonzero(np.abs(away - STAND_OFF) <= ON_FACE)
    cross = np.abs(n[there] @ e[there].T)
    skew = np.maximum(cross, cross.T)
    found: list[tuple[float, tuple[int, int, int]]] = []
    for i in range(len(there)):
        for j in np.flatnonzero(skew[i] < SKEW):
            if j > i:
                worst = np.maximum(np.maximum(skew[i], skew[j]), skew[i, j])
                found += [(round(float(worst[k]), 4), (i, int(j), int(k))) for k in np.flatnonzero(worst < SKEW) if k > j]
    known: dict[int, Touch | None] = {}
    for _, triple in sorted(found)[:MOST_TRIPLES]:
        for k in triple:
            if k not in known:
                known[k] = _made(cell, scene, weld, spots[int(there[k])], besides[0], triangles)
        touches = [known[k] for k in triple]
        if all(touch is not None for touch in touches):
            return [touch for touch in touches if touch is not None]
    return None


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


def _made(cell: WeldCell, scene: Scene, weld: SeamWeld, spot: Spot, beside: float, triangles: Array) -> Touch | None:
    station = spot.station
    if not 0.0 <= station <= weld.seam.length:
        return None
    place, towards, _ = _way(weld.seam, spot, beside)
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
