"""Distance of two convex hulls: Gilbert, Johnson and Keerthi's algorithm on vertex lists, compiled by numba.

Simplex reduction by closest points of segment, triangle and tetrahedron (Ericson, Real-Time Collision Detection, chapter 5).
"""

from __future__ import annotations

import numba
import numpy as np

from core.frames import Array

_EPS = 1e-13


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _support(vertices: Array, start: int, stop: int, dx: float, dy: float, dz: float) -> int:
    best, at = -np.inf, start
    for i in range(start, stop):
        value = vertices[i, 0] * dx + vertices[i, 1] * dy + vertices[i, 2] * dz
        if value > best:
            best, at = value, i
    return at


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _segment(W: Array, i: int, j: int, lam: Array) -> None:
    """Weights of the point of segment ij nearest the origin."""
    d0, d1, d2 = W[j, 0] - W[i, 0], W[j, 1] - W[i, 1], W[j, 2] - W[i, 2]
    length = d0 * d0 + d1 * d1 + d2 * d2
    t = 0.0
    if length > 0.0:
        t = -(W[i, 0] * d0 + W[i, 1] * d1 + W[i, 2] * d2) / length
    t = min(1.0, max(0.0, t))
    lam[:] = 0.0
    lam[i] = 1.0 - t
    lam[j] = t


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _triangle(W: Array, i: int, j: int, k: int, lam: Array) -> None:
    """Weights of the point of triangle ijk nearest the origin."""
    a, b, c = W[i], W[j], W[k]
    ab0, ab1, ab2 = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    ac0, ac1, ac2 = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    d1 = -(ab0 * a[0] + ab1 * a[1] + ab2 * a[2])
    d2 = -(ac0 * a[0] + ac1 * a[1] + ac2 * a[2])
    d3 = -(ab0 * b[0] + ab1 * b[1] + ab2 * b[2])
    d4 = -(ac0 * b[0] + ac1 * b[1] + ac2 * b[2])
    d5 = -(ab0 * c[0] + ab1 * c[1] + ab2 * c[2])
    d6 = -(ac0 * c[0] + ac1 * c[1] + ac2 * c[2])
    lam[:] = 0.0
    if d1 <= 0.0 and d2 <= 0.0:
        lam[i] = 1.0
        return
    if d3 >= 0.0 and d4 <= d3:
        lam[j] = 1.0
        return
    if d6 >= 0.0 and d5 <= d6:
        lam[k] = 1.0
        return
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        _segment(W, i, j, lam)
        return
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        _segment(W, i, k, lam)
        return
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and (d4 - d3) >= 0.0 and (d5 - d6) >= 0.0:
        _segment(W, j, k, lam)
        return
    total = va + vb + vc
    if total <= 0.0:
        # A needle: the best of its edges.
        best = np.inf
        for u, v in ((i, j), (i, k), (j, k)):
            trial = np.zeros(4)
            _segment(W, u, v, trial)
            s = 0.0
            for r in range(3):
                x = trial[u] * W[u, r] + trial[v] * W[v, r]
                s += x * x
            if s < best:
                best = s
                lam[:] = trial
        return
    lam[j] = vb / total
    lam[k] = vc / total
    lam[i] = 1.0 - lam[j] - lam[k]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _tetrahedron(W: Array, lam: Array) -> bool:
    """Weights of the point of the tetrahedron nearest the origin; True when the origin is inside."""
    best = np.inf
    inside = True
    trial = np.zeros(4)
    for face in range(4):
        i, j, k, o = (0, 1, 2, 3) if face == 0 else ((0, 3, 1, 2) if face == 1 else ((0, 2, 3, 1) if face == 2 else (1, 3, 2, 0)))
        a, b, c, d = W[i], W[j], W[k], W[o]
        u0, u1, u2 = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        v0, v1, v2 = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        n0, n1, n2 = u1 * v2 - u2 * v1, u2 * v0 - u0 * v2, u0 * v1 - u1 * v0
        opposite = n0 * (d[0] - a[0]) + n1 * (d[1] - a[1]) + n2 * (d[2] - a[2])
        origin = -(n0 * a[0] + n1 * a[1] + n2 * a[2])
        scale = np.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
        if abs(opposite) > 1e-12 * scale and origin * opposite > 0.0:
            continue
        inside = False
        _triangle(W, i, j, k, trial)
        s = 0.0
        for r in range(3):
            x = trial[i] * W[i, r] + trial[j] * W[j, r] + trial[k] * W[k, r]
            s += x * x
        if s < best:
            best = s
            lam[:] = trial
    return inside


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def hull_distance(vertices: Array, a0: int, a1: int, b0: int, b1: int, above: float, below: float, points: Array) -> float:
    """Distance of hull A (rows a0..a1 of `vertices`) and hull B (b0..b1) [m]; 0 when they intersect.

    Args:
        vertices: (n, 3) in one frame.
        above: Stop as soon as the distance is known to exceed this; the bound is returned.
        below: Stop as soon as the distance is known to be less than this; the upper bound is returned.
        points: (2, 3), filled with the closest points when the search ran to its end.
    """
    W = np.empty((4, 3))
    ia = np.empty(4, dtype=np.int64)
    ib = np.empty(4, dtype=np.int64)
    lam = np.zeros(4)
    ia[0], ib[0] = a0, b0
    for r in range(3):
        W[0, r] = vertices[a0, r] - vertices[b0, r]
    count = 1
    lam[0] = 1.0
    v0, v1, v2 = W[0, 0], W[0, 1], W[0, 2]
    distance = np.sqrt(v0 * v0 + v1 * v1 + v2 * v2)
    for _ in range(128):
        if distance < _EPS or distance < below:
            break
        i = _support(vertices, a0, a1, -v0, -v1, -v2)
        j = _support(vertices, b0, b1, v0, v1, v2)
        w0, w1, w2 = vertices[i, 0] - vertices[j, 0], vertices[i, 1] - vertices[j, 1], vertices[i, 2] - vertices[j, 2]
        bound = (v0 * w0 + v1 * w1 + v2 * w2) / distance
        if bound > above:
            return bound
        if distance - bound <= 1e-9 + 1e-10 * distance:
            break
        seen = False
        for s in range(count):
            seen = seen or (ia[s] == i and ib[s] == j)
        if seen:
            break
        W[count, 0], W[count, 1], W[count, 2] = w0, w1, w2
        ia[count], ib[count] = i, j
        count += 1
        if count == 2:
            _segment(W, 0, 1, lam)
        elif count == 3:
            _triangle(W, 0, 1, 2, lam)
        elif _tetrahedron(W, lam):
            return 0.0
        kept = 0
        for s in range(count):
            if lam[s] > 0.0:
                W[kept] = W[s]
                ia[kept], ib[kept] = ia[s], ib[s]
                lam[kept] = lam[s]
                kept += 1
        for s in range(kept, 4):
            lam[s] = 0.0
        count = kept
        n0, n1, n2 = 0.0, 0.0, 0.0
        for s in range(count):
            n0 += lam[s] * W[s, 0]
            n1 += lam[s] * W[s, 1]
            n2 += lam[s] * W[s, 2]
        shorter = np.sqrt(n0 * n0 + n1 * n1 + n2 * n2)
        if shorter >= distance:
            # No progress within rounding: what we have is the answer.
            break
        v0, v1, v2, distance = n0, n1, n2, shorter
    points[:] = 0.0
    for s in range(count):
        for r in range(3):
            points[0, r] += lam[s] * vertices[ia[s], r]
            points[1, r] += lam[s] * vertices[ib[s], r]
    return distance if distance >= _EPS else 0.0
