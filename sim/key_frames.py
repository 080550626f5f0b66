"""Key frames: as few as keep what is interpolated between them within a tolerance of all samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.frames import Array

Error = Callable[[int, int], Array]


def kept_shifts(times: Array, shifts: Array, tolerance: float) -> Array:
    """Indices of the positions (k, 3) [m] to keep so that straight interpolation is within `tolerance` [m] of every sample."""

    def error(a: int, b: int) -> Array:
        share = ((times[a + 1 : b] - times[a]) / (times[b] - times[a]))[:, None]
        off: Array = np.linalg.norm(shifts[a] + share * (shifts[b] - shifts[a]) - shifts[a + 1 : b], axis=1)
        return off

    return _kept(len(times), error, tolerance)


def kept_turns(times: Array, turns: Array, tolerance: float) -> Array:
    """Indices of the unit quaternions (k, 4) to keep so that great-circle interpolation is within `tolerance` [rad] of every sample.

    Neighbours must lie on the same side (`continuous`).
    """

    def error(a: int, b: int) -> Array:
        share = ((times[a + 1 : b] - times[a]) / (times[b] - times[a]))[:, None]
        cosine = float(np.clip(turns[a] @ turns[b], -1.0, 1.0))
        if cosine < 0.0:
            # A player would take the shorter way round; this piece must be cut, in its middle.
            cut = np.zeros(b - a - 1)
            cut[len(cut) // 2] = np.inf
            return cut
        angle = np.arccos(cosine)
        if angle < 1e-6:
            between = turns[a] + share * (turns[b] - turns[a])
        else:
            between = (np.sin((1 - share) * angle) * turns[a] + np.sin(share * angle) * turns[b]) / np.sin(angle)
        between /= np.linalg.norm(between, axis=1, keepdims=True)
        # The chord is exact for small angles, where the arc cosine is not.
        off: Array = 4 * np.arcsin(np.clip(np.linalg.norm(between - turns[a + 1 : b], axis=1) / 2, 0.0, 1.0))
        return off

    return _kept(len(times), error, tolerance)


def continuous(quaternions: Array) -> Array:
    """Signs chosen so that neighbours lie on the same side: q and -q are the same turn, but not for interpolation."""
    flips = np.where(np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0, -1.0, 1.0)
    out: Array = quaternions * np.r_[1.0, np.cumprod(flips)][:, None]
    return out


def _kept(count: int, error: Error, tolerance: float) -> Array:
    """Splits at the worst sample until none is worse than the tolerance (Ramer 1972, Douglas and Peucker 1973)."""
    keep = np.zeros(count, dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, count - 1)]
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        off = error(a, b)
        worst = int(np.argmax(off))
        if off[worst] > tolerance:
            middle = a + 1 + worst
            keep[middle] = True
            spans += [(a, middle), (middle, b)]
    return np.flatnonzero(keep)
