"""Compiled loop behind `sim.weld.seam_search`: one layer of the graph onto the next."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from core.frames import Array

Ints = NDArray[np.int64]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def relax(
    qs_a: Array, codes_a: Ints, cost_a: Array, qs_b: Array, codes_b: Ints, most: Array, weight: float, cost_b: Array, parent_b: Ints
) -> None:
    """Cheapest way into every node of the next layer.

    Args:
        qs_a, qs_b: Joints of the nodes (m, n) and (p, n).
        codes_a, codes_b: Posture of the arm; a move never changes it.
        cost_a: Cost up to every node; inf: not reached.
        most: Largest change of every joint (n,).
        weight: Of the sum of squared joint changes.
        cost_b: In: cost of every node itself; out: cost up to it, inf where nothing leads there (p,).
        parent_b: Out: node before, -1 (p,).
    """
    n = qs_a.shape[1]
    for j in range(qs_b.shape[0]):
        best, which = np.inf, -1
        for i in range(qs_a.shape[0]):
            if codes_a[i] != codes_b[j] or cost_a[i] >= best:
                continue
            total = 0.0
            for axis in range(n):
                change = abs(qs_b[j, axis] - qs_a[i, axis])
                if change > most[axis]:
                    total = np.inf
                    break
                total += change * change
            value = cost_a[i] + weight * total
            if value < best:
                best, which = value, i
        cost_b[j] += best
        parent_b[j] = which
