"""Torch frames along a seam.

At a point of the seam: t is the unit tangent in welding direction, n_a and n_b the normals of the two faces (out of the material), b the unit
bisector n_a + n_b turned square to t, the side from which the torch comes.

Faces run away from the seam along d_a and d_b, square to t. In an inner corner (fillet, lap) d_b is the part of n_a in face b, for between the faces
n_a points along face b; on an outer corner it is the opposite. A butt seam, and a corner that is flush outside, has one face normal: seen by the torch in welding direction with b up,
face a lies to the left (b x t) and face b to the right (t x b).

The torch's axis points from the wire's end back into the torch. Without angles it is b. Work angle w turns it about t towards face b, travel angle v tilts
it along t:

    u = cos(w) b + sin(w) s,   s: unit part of d_b square to b and t
    a = cos(v) u + sin(v) t

With v > 0 the torch leans forward and its wire points back at the bead: it drags; with v < 0 it pushes. The TCP frame has Z = -a along the wire, X the part
of t square to Z, Y = Z x X, and is then turned by the spin about its Z, which welding does not feel. Since a . t = sin(v) and u is square to t,

    v = asin(a . t),   w = atan2(a . s, a . b)

give the angles back from any pose (`angles`).

The TCP stands on the root of the seam, moved by the bead's offsets along d_a and d_b, and by `lift` back along the wire where a procedure asks for another contact tip
distance than the TCP was measured with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cells.weld_model import Window
from core.frames import Array
from core.units import DEG
from parts.seam import Seam

ROLLING = 0.008
"""Around a corner the torch turns evenly over this much of the seam on either side [m]."""
CORNER = np.radians(20.0)
"""A tangent that turns by more between two stretches is a corner: it is rolled around, or the torch stops there."""
BIAS = np.radians(5.0)
"""How far the torch is turned to the thicker piece when the other is much thinner."""


FLUSH = float(np.cos(5 * DEG))
"""Faces whose normals differ by less are one plane: the seam lies in it, and only its own direction tells the sides apart."""


@dataclass(frozen=True, eq=False, slots=True)
class SeamFrames:
    """Where a seam is and how it lies, sample by sample, in the weldment's frame.

    Attributes:
        at: Distance from the start along the root (k,) [m].
        points: On the root (k, 3) [m].
        tangents, bisectors, sides: t, b and s, see above (k, 3).
        along_a, along_b: d_a and d_b (k, 3).
    """

    at: Array
    points: Array
    tangents: Array
    bisectors: Array
    sides: Array
    along_a: Array
    along_b: Array


def seam_frames(seam: Seam, step: float, *, overlap: float = 0.0, start: float = 0.0) -> SeamFrames:
    """Samples along a seam, at every point of a curve and at most `step` [m] apart.

    Args:
        seam: In welding direction.
        step: [m]
        overlap: How far a closed seam is welded over its start [m].
        start: Where a closed seam begins, along the root [m].
    """
    total = seam.length
    first, last = (start, start + total + overlap) if seam.closed else (0.0, total)
    at = _stations(seam, first, last, step)
    frames = frames_at(seam, at)
    return replace(frames, at=at - first)


def frames_at(seam: Seam, at: Array) -> SeamFrames:
    """How a seam lies at distances along its root (k,) [m]; a closed one goes round and round."""
    path = _Path(seam)
    where = at % path.total if seam.closed else at
    points = path.points(where)
    tangents, n_a, n_b = path.frames(where)
    sum_ = n_a + n_b
    bisectors = _unit(sum_ - _dot(sum_, tangents) * tangents)
    # The outside of a corner may be as flat as a butt joint.
    if seam.kind == "butt" or np.min(np.sum(n_a * n_b, axis=1)) > FLUSH:
        along_b = np.cross(tangents, bisectors)
        along_a = -along_b
    else:
        sign = -1.0 if seam.kind == "corner" else 1.0
        along_b = _unit(sign * _square(n_a, n_b, tangents))
        along_a = _unit(sign * _square(n_b, n_a, tangents))
    sides = _unit(along_b - _dot(along_b, bisectors) * bisectors)
    return SeamFrames(at, points, tangents, bisectors, sides, along_a, along_b)


def normals_at(seam: Seam, at: Array) -> tuple[Array, Array, Array]:
    """Unit tangents and outward normals of faces a and b at distances along the root (k,) [m]; each (k, 3)."""
    path = _Path(seam)
    return path.frames(at % path.total if seam.closed else at)


def nearest_at(seam: Seam, points: Array) -> Array:
    """Where along its root a seam comes nearest to points (k, 3): distances from its start (k,) [m]."""
    ends = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(seam.points, axis=0), axis=1))]
    starts, steps = seam.points[:-1], np.diff(seam.points, axis=0)
    share = np.clip(np.sum((points[:, None] - starts) * steps, axis=2) / np.sum(steps**2, axis=1), 0.0, 1.0)
    gap = np.linalg.norm(points[:, None] - starts - share[..., None] * steps, axis=2)
    which = np.argmin(gap, axis=1)
    rows = np.arange(len(points))
    found: Array = ends[which] + share[rows, which] * np.diff(ends)[which]
    return found


def torch_poses(
    frames: SeamFrames,
    work: Array | float,
    travel: Array | float,
    spin: Array | float,
    *,
    offset: tuple[float, float] = (0.0, 0.0),
    lift: float = 0.0,
) -> Array:
    """Ts_piece_tcp (k, 4, 4) at the samples of a seam.

    Args:
        frames: Of the seam.
        work, travel, spin: Angles at every sample or of all [rad].
        offset: Of the bead along face a and face b [m].
        lift: How far the TCP stands back along the wire [m].
    """
    k = len(frames.points)
    w, v, turn = (np.broadcast_to(np.asarray(angle, dtype=float), (k,))[:, None] for angle in (work, travel, spin))
    u = np.cos(w) * frames.bisectors + np.sin(w) * frames.sides
    axis = np.cos(v) * u + np.sin(v) * frames.tangents
    z = -axis
    x = _unit(frames.tangents - _dot(frames.tangents, z) * z)
    y = np.cross(z, x)
    Ts = np.tile(np.eye(4), (k, 1, 1))
    Ts[:, :3, 0], Ts[:, :3, 1], Ts[:, :3, 2] = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x, z
    Ts[:, :3, 3] = frames.points + offset[0] * frames.along_a + offset[1] * frames.along_b + lift * axis
    return Ts


def angles(frames: SeamFrames, Ts_piece_tcp: Array) -> tuple[Array, Array]:
    """Work and travel angles (k,) [rad] of torch poses at the samples of a seam."""
    axis = -Ts_piece_tcp[:, :3, 2]
    travel = np.arcsin(np.clip(np.sum(axis * frames.tangents, axis=1), -1.0, 1.0))
    work = np.arctan2(np.sum(axis * frames.sides, axis=1), np.sum(axis * frames.bisectors, axis=1))
    return work, travel


def biased(window: Window, thickness_a: float, thickness_b: float) -> float:
    """The preferred work angle [rad], turned so that the wire points to the thicker piece: by `BIAS` times the difference over the thicker thickness."""
    thicker = max(thickness_a, thickness_b)
    share = 0.0 if thicker <= 0 else (thickness_a - thickness_b) / thicker
    return float(np.clip(window.preferred + BIAS * share, window.low, window.high))


def corners(seam: Seam) -> Array:
    """Distances along the root at which the tangent turns by more than `CORNER` [m]; 0 for a corner where a closed seam begins and ends."""
    steps = np.diff(seam.points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    units = steps / lengths[:, None]
    before = np.vstack((units[-1] if seam.closed else units[0], units[:-1]))
    turn = np.arccos(np.clip(np.sum(before * units, axis=1), -1.0, 1.0))
    found: Array = np.r_[0.0, np.cumsum(lengths)[:-1]][turn > CORNER]
    return found


def rolling(seam: Seam, turns: Array) -> Array:
    """How far before and behind each of its corners (c,) the torch turns [m]: `ROLLING`, less where the next corner or an end is nearer."""
    if seam.closed:
        round_ = np.r_[turns[-1:] - seam.length, turns, turns[:1] + seam.length]
        before, after = np.diff(round_[:-1]) / 2, np.diff(round_[1:]) / 2
    else:
        knots = np.r_[0.0, turns, seam.length]
        sides = np.diff(knots) / 2
        # Up to an end the whole way is free.
        sides[[0, -1]] *= 2
        before, after = sides[:-1], sides[1:]
    found: Array = np.minimum(ROLLING, np.minimum(before, after))
    return found


def circle(seam: Seam) -> tuple[Array, float, Array]:
    """Centre (3,) [m], radius [m] and unit axis (3,) of an arc: of a closed one through its first point and those a third and two thirds along, else through its ends and its middle."""
    last = len(seam.points) - 1
    a, b, c = (seam.points[k] for k in ((0, last // 3, 2 * last // 3) if seam.closed else (0, last // 2, last)))
    ab, ac = b - a, c - a
    normal = np.cross(ab, ac)
    # The point as far from all three (barycentric formula of the circumcentre).
    centre = a + (np.cross(normal, ab) * (ac @ ac) + np.cross(ac, normal) * (ab @ ab)) / (2 * normal @ normal)
    return centre, float(np.linalg.norm(a - centre)), _unit(normal)


def piece_of(seam: Seam, first: float, last: float, name: str) -> Seam:
    """The stretch of a seam between two distances along its root [m], as a seam of its own."""
    path = _Path(seam)
    inside = path.ends[(path.ends > first + 1e-6) & (path.ends < last - 1e-6)]
    at = np.r_[first, inside, last]
    # At a corner the stretch has the normals of its own side.
    _, n_a, n_b = path.sharp(np.clip(at, first + 1e-7, last - 1e-7))
    return Seam(
        name, seam.kind, path.points(at), n_a, n_b, seam.curve, False, seam.pieces, seam.thickness_a, seam.thickness_b, seam.gap
    )  # fmt: skip


def _stations(seam: Seam, first: float, last: float, step: float) -> Array:
    """Where samples lie: every vertex of the root and enough between."""
    total = seam.length
    ends = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(seam.points, axis=0), axis=1))]
    laps = np.unique(np.round(np.concatenate([ends + lap * total for lap in range(int(last // total) + 1)]), 9)) if seam.closed else ends
    turns = corners(seam)
    half = rolling(seam, turns)
    rolled = np.concatenate([turns + d + lap * total for d in (-half, half) for lap in range(3)]) if len(turns) else np.zeros(0)
    knots = np.r_[laps, rolled]
    knots = np.unique(np.r_[first, knots[(knots > first + 1e-6) & (knots < last - 1e-6)], last])
    pieces = [np.linspace(a, b, max(1, int(np.ceil((b - a) / step - 1e-9))) + 1)[1:] for a, b in zip(knots[:-1], knots[1:], strict=True)]
    at = np.concatenate((knots[:1], *pieces))
    if seam.curve == "arc" and len(at) % 2 == 0:
        # Arcs are driven through a point between: an even number of steps.
        at = np.r_[at[:-1], (at[-2] + at[-1]) / 2, at[-1]]
    return at


class _Path:
    """A seam by the distance along its root."""

    def __init__(self, seam: Seam) -> None:
        self.seam = seam
        steps = np.diff(seam.points, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        self.ends = np.r_[0.0, np.cumsum(lengths)]
        self.units = steps / lengths[:, None]
        self.total = float(self.ends[-1])
        self.corners = corners(seam)

    def points(self, at: Array) -> Array:
        """On the root (k, 3); of an arc on its circle, not on the chords."""
        found: Array = np.stack([np.interp(at, self.ends, column) for column in self.seam.points.T], axis=1)
        if self.seam.curve == "arc" and len(self.seam.points) > 2:
            centre, radius, _ = circle(self.seam)
            found = centre + radius * _unit(found - centre)
        return found

    def sharp(self, at: Array) -> tuple[Array, Array, Array]:
        """Tangents and normals. On curves the tangent at a vertex is the mean of both chords, and turns evenly between vertices."""
        seam = self.seam
        if seam.curve == "line":
            tangents = self.units[self._segment(at)]
        else:
            tangents = self._smooth(at)
        n_a, n_b = (
            _unit(np.stack([np.interp(at, self.ends, column) for column in normals.T], axis=1))
            for normals in (seam.normals_a, seam.normals_b)
        )
        return tangents, n_a, n_b

    def frames(self, at: Array) -> tuple[Array, Array, Array]:
        """As `sharp`, but turned evenly about corners: on the stretch of `rolling` before and behind a corner by linear mixing."""
        out = [np.array(values) for values in self.sharp(at)]
        for corner, half in zip(self.corners, rolling(self.seam, self.corners), strict=True):
            away = at - corner
            if self.seam.closed:
                away = (away + self.total / 2) % self.total - self.total / 2
            near = np.abs(away) < half
            if not np.any(near):
                continue
            share = ((away[near] + half) / (2 * half))[:, None]
            ends = (corner - half, corner + half)
            before, after = (self.sharp(np.array([at % self.total if self.seam.closed else at])) for at in ends)
            for values, a, b in zip(out, before, after, strict=True):
                values[near] = _unit((1 - share) * a + share * b)
        return out[0], out[1], out[2]

    def _segment(self, at: Array) -> Array:
        found: Array = np.clip(np.searchsorted(self.ends, at, side="right") - 1, 0, len(self.units) - 1)
        return found

    def _smooth(self, at: Array) -> Array:
        units = self.units
        inner = units[:-1] + units[1:]
        sharp = np.sum(units[:-1] * units[1:], axis=1) < np.cos(CORNER)
        at_ends = False
        first, last = units[0], units[-1]
        if self.seam.closed:
            at_ends = bool(units[-1] @ units[0] < np.cos(CORNER))
            first = last = units[-1] + units[0]
        elif len(units) > 1:
            # A circle's end tangent is its first chord turned back by half the step.
            first, last = (
                u if corner else 2 * (u @ v) * u - v
                for u, v, corner in ((units[0], _unit(inner[0]), sharp[0]), (units[-1], _unit(inner[-1]), sharp[-1]))
            )
        vertices = _unit(np.vstack((first, inner, last)))
        k = self._segment(at)
        share = ((at - self.ends[k]) / (self.ends[k + 1] - self.ends[k]))[:, None]
        start, end = vertices[k], vertices[k + 1]
        # Next to a corner the tangent is the chord's own.
        turns = np.r_[at_ends, sharp, at_ends]
        after, before = turns[k], turns[k + 1]
        start, end = np.where(after[:, None], units[k], start), np.where(before[:, None], units[k], end)
        return _unit((1 - share) * start + share * end)


def _square(n: Array, other: Array, tangents: Array) -> Array:
    """The part of a normal that lies in the other's face, square to the seam."""
    flat = n - _dot(n, tangents) * tangents
    face = _unit(other - _dot(other, tangents) * tangents)
    out: Array = flat - _dot(flat, face) * face
    return out


def _dot(a: Array, b: Array) -> Array:
    out: Array = np.sum(a * b, axis=-1, keepdims=True)
    return out


def _unit(v: Array) -> Array:
    out: Array = v / np.linalg.norm(v, axis=-1, keepdims=True)
    return out
