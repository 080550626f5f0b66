"""Compiled loops behind `sim.stroke_checks`: one flange against the press, or against another flange, in many poses at once."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from core.frames import Array
from core.hull_distance import hull_distance

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _move(points: Array, starts: Ints, T: Array, lift: float, travel: float, first: int, work: Array, low: Array, high: Array) -> None:
    """Writes each hull twice from row `first` on: where T puts it, and moved by `travel` towards -y; the box covers both when they differ."""
    for h in range(starts.shape[0] - 1):
        count = starts[h + 1] - starts[h]
        at = first + 2 * starts[h]
        for r in range(3):
            low[h, r] = np.inf
            high[h, r] = -np.inf
        for i in range(count):
            x, y, z = points[starts[h] + i, 0], points[starts[h] + i, 1], points[starts[h] + i, 2]
            for r in range(3):
                value = T[r, 0] * x + T[r, 1] * y + T[r, 2] * z + T[r, 3]
                if r == 2:
                    value += lift
                work[at + i, r] = value
                work[at + count + i, r] = value - travel if r == 1 else value
                low[h, r] = min(low[h, r], work[at + count + i, r])
                high[h, r] = max(high[h, r], value)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def press_clearances(
    machine: Array, machine_starts: Ints, machine_low: Array, machine_high: Array, upper: Bools, tool: Bools, flange: Array, flange_starts: Ints,
    poses: Array, rams: Array, travels: Array, with_tools: Bools, cap: float, distances: Array, nearest: Ints,
) -> None:  # fmt: skip
    """Smallest distance of a flange to the press in each of k states.

    Args:
        machine, machine_starts: Hulls of the open press, rows of vertices (n, 3) [m].
        machine_low, machine_high: Their bounding boxes.
        upper: Hulls that go down with the ram.
        tool: Hulls of punch and die.
        flange, flange_starts: The flange's hulls in its own frame.
        poses: (k, 4, 4) in the brake frame.
        rams: (k,) travel of the ram [m].
        travels: (k,) the flange is swept this far towards -y [m]; a convex hull moved along a line sweeps the hull of its two ends.
        with_tools: (k,) whether punch and die count.
        cap: Distances above it are not measured [m].
        distances, nearest: (k,) filled: distance, and which hull of the machine, -1 above `cap`.
    """
    rows, count = machine.shape[0], flange.shape[0]
    hulls = flange_starts.shape[0] - 1
    work = np.empty((rows + 4 * count, 3))
    work[:rows] = machine
    low, high = np.empty((hulls, 3)), np.empty((hulls, 3))
    trial = np.zeros((2, 3))
    for k in range(poses.shape[0]):
        swept = travels[k] > 0.0
        best, which = cap, -1
        # Against the lower half as it stands; against the upper half as if the flange had come up by the ram's travel.
        for half in range(2):
            first = rows + 2 * count * half
            _move(flange, flange_starts, poses[k], rams[k] if half else 0.0, travels[k], first, work, low, high)
            for m in range(machine_starts.shape[0] - 1):
                if upper[m] != (half == 1) or (tool[m] and not with_tools[k]):
                    continue
                for h in range(hulls):
                    s = 0.0
                    for r in range(3):
                        d = max(low[h, r] - machine_high[m, r], machine_low[m, r] - high[h, r])
                        if d > 0.0:
                            s += d * d
                    if np.sqrt(s) >= best:
                        continue
                    begin = first + 2 * flange_starts[h]
                    end = begin + (flange_starts[h + 1] - flange_starts[h]) * (2 if swept else 1)
                    d = hull_distance(work, machine_starts[m], machine_starts[m + 1], begin, end, best, -1.0, trial)
                    if d < best:
                        best, which = d, m
        distances[k], nearest[k] = best, which


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def flange_touches(a: Array, a_starts: Ints, b: Array, b_starts: Ints, poses: Array) -> int:
    """The first of k states in which two flanges touch, -1 for none; `poses` (k, 4, 4) are those of b in a's frame."""
    work = np.empty((a.shape[0] + 2 * b.shape[0], 3))
    work[: a.shape[0]] = a
    hulls = b_starts.shape[0] - 1
    low, high = np.empty((hulls, 3)), np.empty((hulls, 3))
    a_low, a_high = np.empty((a_starts.shape[0] - 1, 3)), np.empty((a_starts.shape[0] - 1, 3))
    for g in range(a_starts.shape[0] - 1):
        for r in range(3):
            a_low[g, r] = a[a_starts[g] : a_starts[g + 1], r].min()
            a_high[g, r] = a[a_starts[g] : a_starts[g + 1], r].max()
    trial = np.zeros((2, 3))
    for k in range(poses.shape[0]):
        _move(b, b_starts, poses[k], 0.0, 0.0, a.shape[0], work, low, high)
        for g in range(a_starts.shape[0] - 1):
            for h in range(hulls):
                apart = False
                for r in range(3):
                    apart = apart or low[h, r] > a_high[g, r] or a_low[g, r] > high[h, r]
                if apart:
                    continue
                begin = a.shape[0] + 2 * b_starts[h]
                end = begin + b_starts[h + 1] - b_starts[h]
                if hull_distance(work, a_starts[g], a_starts[g + 1], begin, end, 0.0, -1.0, trial) <= 0.0:
                    return k
    return -1
