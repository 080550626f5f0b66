"""Compiled inverse kinematics of the two families of industrial six-axis arms, and what every solution goes through afterwards.

The arm is a product of screws about its axes at q = 0 (Brockett): T(q) = E1 ... E6 T0, where Ei turns by q_i about direction h_i through point o_i, all in
base axes. Subproblems after Paden and Kahan, in the form of Elias and Wen (IK-Geo, 2022): SP1 turns one vector onto another, SP4 turns a vector until its
projection has a given value; SP3 (until a distance is reached) is SP4 with the squares written out.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from core.frames import Array

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Work = tuple[Array, Array, Array, Array, Array]
BRANCHES = 8
"""A six-axis arm of these families has at most so many solutions without whole turns."""
EXACT = 5e-10
"""Entries of the pose that a solution reproduces may be off by this [m and 1]; the rest of 1e-9 is left to the caller's rounding."""
ROUNDED = 1e-6
"""How far the columns of a pose may be off unit length and square to each other, as those of six decimals are, to count as the nearest rotation."""
EDGE = 1e-9
"""A projection may exceed its radius by this share, at the edge of the workspace, before the pose counts as out of reach."""
ALONG = 1e-10
"""A vector that stands out across an axis no further than this lies along it [m and 1]: any turn about the axis is as good, to well within `EXACT`."""
SAME = 1e-7
"""Solutions nearer than this are one [rad]."""
_STEPS = 6
_TURN = 2 * np.pi


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _turn_about(h: Array, angle: float, p: Array, out: Array) -> None:
    """Vector p (3,) turned by `angle` about unit direction h."""
    s, c = np.sin(angle), np.cos(angle)
    d = (h[0] * p[0] + h[1] * p[1] + h[2] * p[2]) * (1.0 - c)
    x, y, z = p[0], p[1], p[2]
    out[0] = c * x + s * (h[1] * z - h[2] * y) + d * h[0]
    out[1] = c * y + s * (h[2] * x - h[0] * z) + d * h[1]
    out[2] = c * z + s * (h[0] * y - h[1] * x) + d * h[2]


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _dot(a: Array, b: Array) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _across(h: Array, u: Array) -> float:
    """How far u stands out across unit direction h."""
    along = _dot(h, u)
    return float(np.sqrt((u[0] - along * h[0]) ** 2 + (u[1] - along * h[1]) ** 2 + (u[2] - along * h[2]) ** 2))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _angle_onto(h: Array, u: Array, v: Array) -> float:
    """SP1: the angle about h that turns u towards v; 0 where both lie along h."""
    along_u, along_v = _dot(h, u), _dot(h, v)
    # What stands out across h first: it may be short, and differences of products would lose its digits.
    u0, u1, u2 = u[0] - along_u * h[0], u[1] - along_u * h[1], u[2] - along_u * h[2]
    v0, v1, v2 = v[0] - along_v * h[0], v[1] - along_v * h[1], v[2] - along_v * h[2]
    if _across(h, u) < ALONG and _across(h, v) < ALONG:
        return 0.0
    cross = h[0] * (u1 * v2 - u2 * v1) + h[1] * (u2 * v0 - u0 * v2) + h[2] * (u0 * v1 - u1 * v0)
    return float(np.arctan2(cross, u0 * v0 + u1 * v1 + u2 * v2))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _angles_to_value(h: Array, p: Array, along: Array, value: float) -> tuple[int, float, float]:
    """SP4: angles about h after which p has the projection `value` on `along`; how many, and which."""
    s = _dot(h, p) * _dot(along, h)
    a = _dot(along, p) - s
    b = along[0] * (h[1] * p[2] - h[2] * p[1]) + along[1] * (h[2] * p[0] - h[0] * p[2]) + along[2] * (h[0] * p[1] - h[1] * p[0])
    c = value - s
    r = np.sqrt(a * a + b * b)
    if r < 1e-12:
        # Turning does not change the projection: any angle or none.
        return (1 if abs(c) < 1e-9 else 0), 0.0, 0.0
    if abs(c) > r * (1.0 + EDGE):
        return 0, 0.0, 0.0
    middle, half = np.arctan2(b, a), np.arccos(min(1.0, max(-1.0, c / r)))
    return 2, middle + half, middle - half


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _angles_to_direction(h: Array, p: Array, along: Array, turned: Array) -> tuple[int, float, float]:
    """SP4 of unit vectors: angles about h after which p stands at the angle to `along` at which `turned` does; how many, and which.

    An arc cosine loses half of the digits where `turned` lies nearly along `along`, as it does near a singular wrist: there it is the sine of half the angle.
    """
    value = _dot(along, turned)
    count, one, two = _angles_to_value(h, p, along, value)
    if count < 2 or abs(value) < 0.9:
        return count, one, two
    s = _dot(h, p) * _dot(along, h)
    a = _dot(along, p) - s
    b = along[0] * (h[1] * p[2] - h[2] * p[1]) + along[1] * (h[2] * p[0] - h[0] * p[2]) + along[2] * (h[0] * p[1] - h[1] * p[0])
    r = np.sqrt(a * a + b * b)
    x0, x1, x2 = (
        along[1] * turned[2] - along[2] * turned[1],
        along[2] * turned[0] - along[0] * turned[2],
        along[0] * turned[1] - along[1] * turned[0],
    )
    # 1 - |value|, and how far from 1 the projection stays at least: nothing where p can be turned onto `along`.
    missing = (x0 * x0 + x1 * x1 + x2 * x2) / (1.0 + abs(value))
    least = 1.0 - r - (s if value > 0.0 else -s)
    if abs(least) < 1e-14:
        least = 0.0
    half = 2.0 * np.arcsin(min(1.0, np.sqrt(max(0.0, missing - least) / (2.0 * r))))
    if value < 0.0:
        half = np.pi - half
    middle = np.arctan2(b, a)
    return 2, middle + half, middle - half


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _elbow(H: Array, P: Array, reach: Array, w: Array, q: Array, at: int, work: Array) -> int:
    """Angles of axes 2 and 3, parallel, that bring point `reach` (3,) to w: fills q[at : at + n, 1:3] and returns n (0 to 2)."""
    q[at + 1, 0] = q[at, 0]
    u, v, t = work[0], work[1], work[2]
    du, dv, dt = 0.0, 0.0, 0.0
    for r in range(3):
        u[r] = reach[r] - P[2, r]
        v[r] = P[2, r] - P[1, r]
        t[r] = w[r] - P[1, r]
        du += u[r] * u[r]
        dv += v[r] * v[r]
        dt += t[r] * t[r]
    count, one, two = _angles_to_value(H[2], u, v, (dt - du - dv) / 2.0)
    for k in range(count):
        q3 = one if k == 0 else two
        bent = work[3]
        _turn_about(H[2], q3, u, bent)
        for r in range(3):
            bent[r] += v[r]
        q[at + k, 1] = _angle_onto(H[1], bent, t)
        q[at + k, 2] = q3
    return count


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _turn_columns(h: Array, angle: float, M: Array, out: Array) -> None:
    """R(h, angle) M of a rotation matrix M (3, 3)."""
    s, c = np.sin(angle), np.cos(angle)
    for k in range(3):
        x, y, z = M[0, k], M[1, k], M[2, k]
        d = (h[0] * x + h[1] * y + h[2] * z) * (1.0 - c)
        out[0, k] = c * x + s * (h[1] * z - h[2] * y) + d * h[0]
        out[1, k] = c * y + s * (h[2] * x - h[0] * z) + d * h[1]
        out[2, k] = c * z + s * (h[0] * y - h[1] * x) + d * h[2]


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _angle_of(h: Array, M: Array) -> float:
    """The angle of a rotation M (3, 3) that turns about h."""
    cosine = M[0, 0] + M[1, 1] + M[2, 2] - 1.0
    sine = h[0] * (M[2, 1] - M[1, 2]) + h[1] * (M[0, 2] - M[2, 0]) + h[2] * (M[1, 0] - M[0, 1])
    return float(np.arctan2(sine, cosine))


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def spherical_wrist(G: Array, H: Array, P: Array, centre: Array, q: Array) -> int:
    """Arms whose axes 4, 5 and 6 meet and whose axes 2 and 3 are parallel (ABB, KUKA, FANUC, Yaskawa, Staubli).

    Args:
        G: T_base_flange T0^-1 (4, 4), the product of the six screws.
        H, P: Directions and points of the axes at q = 0, in the base (6, 3).
        centre: Where axes 4, 5 and 6 meet at q = 0 (3,).
        q: Filled with solutions (8, 6).

    Returns:
        How many.
    """
    work = np.empty((4, 3))
    w, arm, turned = np.empty(3), np.empty(3), np.empty(3)
    for r in range(3):
        w[r] = G[r, 0] * centre[0] + G[r, 1] * centre[1] + G[r, 2] * centre[2] + G[r, 3] - P[0, r]
    # Axes 2 and 3 leave the wrist's place along them as it is.
    away = 0.0
    for r in range(3):
        away += H[1, r] * (centre[r] - P[0, r])
    shoulders, s_one, s_two = _angles_to_value(H[0], w, H[1], away)
    wrists = np.empty((4, 6))
    M, N, K = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    count = 0
    for s in range(shoulders):
        angle = s_one if s == 0 else s_two
        _turn_about(H[0], angle, w, arm)
        for r in range(3):
            arm[r] += P[0, r]
        wrists[0, 0] = -angle
        elbows = _elbow(H, P, centre, arm, wrists, 0, work)
        for e in range(elbows):
            _turn_columns(H[0], angle, G[:3, :3], N)
            _turn_columns(H[1], -wrists[e, 1], N, K)
            _turn_columns(H[2], -wrists[e, 2], K, M)
            # M = R4 R5 R6: h4 . M h6 = h4 . R5 h6.
            for r in range(3):
                turned[r] = M[r, 0] * H[5, 0] + M[r, 1] * H[5, 1] + M[r, 2] * H[5, 2]
            flips, f_one, f_two = _angles_to_direction(H[4], H[5], H[3], turned)
            for f in range(flips):
                q5 = f_one if f == 0 else f_two
                _turn_about(H[4], q5, H[5], arm)
                q4 = _angle_onto(H[3], arm, turned)
                _turn_columns(H[3], -q4, M, N)
                _turn_columns(H[4], -q5, N, K)
                for i in range(3):
                    q[count, i] = wrists[e, i]
                q[count, 3], q[count, 4], q[count, 5] = q4, q5, _angle_of(H[5], K)
                count += 1
    return count


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def parallel_axes(G: Array, H: Array, P: Array, centre: Array, q: Array) -> int:
    """Arms whose axes 2, 3 and 4 are parallel and whose axes 5 and 6 meet (Universal Robots); see `spherical_wrist`.

    Args:
        centre: Where axes 5 and 6 meet at q = 0 (3,).
    """
    work = np.empty((4, 3))
    w, sideways, turned, at = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for r in range(3):
        w[r] = G[r, 0] * centre[0] + G[r, 1] * centre[1] + G[r, 2] * centre[2] + G[r, 3] - P[0, r]
    away = 0.0
    for r in range(3):
        away += H[1, r] * (centre[r] - P[0, r])
    shoulders, s_one, s_two = _angles_to_value(H[0], w, H[1], away)
    M, N, K = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    count = 0
    for s in range(shoulders):
        angle = s_one if s == 0 else s_two
        _turn_columns(H[0], angle, G[:3, :3], M)
        for r in range(3):
            turned[r] = M[r, 0] * H[5, 0] + M[r, 1] * H[5, 1] + M[r, 2] * H[5, 2]
            # R_G^T R1 h2
            sideways[r] = M[0, r] * H[1, 0] + M[1, r] * H[1, 1] + M[2, r] * H[1, 2]
        flips, f_one, f_two = _angles_to_direction(H[4], H[5], H[1], turned)
        for f in range(flips):
            q5 = f_one if f == 0 else f_two
            _turn_about(H[4], -q5, H[1], at)
            singular = _across(H[5], at) < ALONG and _across(H[5], sideways) < ALONG
            q6 = -_angle_onto(H[5], at, sideways)
            # With axis 6 parallel to axis 2 its angle is free: the first of a few that the elbow can follow.
            for turn in range(8 if singular else 1):
                # The last three screws taken off: where axis 4's point goes, and the turn of axes 2 to 4.
                _place(G, H, P, angle, q5, q6, at)
                q[count, 0] = -angle
                elbows = _elbow(H, P, P[3], at, q, count, work)
                if elbows > 0:
                    break
                q6 = -q6 if turn % 2 else np.pi / 8 * (turn + 2)
            for _ in range(elbows):
                _after(M, H, q[count, 1], q[count, 2], q5, q6, N, K)
                q[count, 3], q[count, 4], q[count, 5] = _angle_of(H[3], K), q5, q6
                count += 1
    return count


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _place(G: Array, H: Array, P: Array, back: float, q5: float, q6: float, out: Array) -> None:
    """E1^-1 G E6^-1 E5^-1 applied to the point of axis 4; `back` is -q1."""
    p, t = np.empty(3), np.empty(3)
    for r in range(3):
        p[r] = P[3, r] - P[4, r]
    _turn_about(H[4], -q5, p, t)
    for r in range(3):
        p[r] = t[r] + P[4, r] - P[5, r]
    _turn_about(H[5], -q6, p, t)
    for r in range(3):
        t[r] += P[5, r]
    for r in range(3):
        p[r] = G[r, 0] * t[0] + G[r, 1] * t[1] + G[r, 2] * t[2] + G[r, 3] - P[0, r]
    _turn_about(H[0], back, p, out)
    for r in range(3):
        out[r] += P[0, r]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _after(M: Array, H: Array, q2: float, q3: float, q5: float, q6: float, N: Array, out: Array) -> None:
    """R3^T R2^T M R6^T R5^T: the turn of axis 4. M (3, 3) is R1^T R_G."""
    # Right factors are taken off from the left of the transpose.
    _turn_columns(H[5], q6, M.T, N)
    _turn_columns(H[4], q5, N, out)
    _turn_columns(H[1], -q2, out.T, N)
    _turn_columns(H[2], -q3, N, out)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _flange(slides: Flags, H: Array, P: Array, T0: Array, q: Array, T: Array) -> None:
    """T_base_flange (4, 4) of a product of screws: T0 is carried through the last screw, then through the one before it."""
    for r in range(3):
        for c in range(4):
            T[r, c] = T0[r, c]
    for i in range(q.shape[0] - 1, -1, -1):
        x, y, z = H[i, 0], H[i, 1], H[i, 2]
        if slides[i]:
            for r in range(3):
                T[r, 3] += H[i, r] * q[i]
            continue
        s, co = np.sin(q[i]), np.cos(q[i])
        v = 1.0 - co
        r00, r01, r02 = co + x * x * v, x * y * v - z * s, x * z * v + y * s
        r10, r11, r12 = y * x * v + z * s, co + y * y * v, y * z * v - x * s
        r20, r21, r22 = z * x * v - y * s, z * y * v + x * s, co + z * z * v
        for r in range(3):
            T[r, 3] -= P[i, r]
        for k in range(4):
            a, b, c = T[0, k], T[1, k], T[2, k]
            T[0, k] = r00 * a + r01 * b + r02 * c
            T[1, k] = r10 * a + r11 * b + r12 * c
            T[2, k] = r20 * a + r21 * b + r22 * c
        for r in range(3):
            T[r, 3] += P[i, r]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _axes(slides: Flags, H: Array, P: Array, q: Array, axes: Array, points: Array, E: Array) -> None:
    """Where the axes stand at q: directions and points (n, 3). `E` (3, 4) is worked in."""
    for r in range(3):
        for c in range(4):
            E[r, c] = 1.0 if r == c else 0.0
    for i in range(q.shape[0]):
        for r in range(3):
            axes[i, r] = E[r, 0] * H[i, 0] + E[r, 1] * H[i, 1] + E[r, 2] * H[i, 2]
            points[i, r] = E[r, 0] * P[i, 0] + E[r, 1] * P[i, 1] + E[r, 2] * P[i, 2] + E[r, 3]
        if slides[i]:
            for r in range(3):
                E[r, 3] += axes[i, r] * q[i]
            continue
        for r in range(3):
            E[r, 3] -= points[i, r]
        for k in range(4):
            _turn_about(axes[i], q[i], E[:, k], E[:, k])
        for r in range(3):
            E[r, 3] += points[i, r]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _off(T: Array, target: Array, e: Array) -> float:
    """Fills `e` (6,) with the step [m, rad] from T to the target, base axes (turns by their sine); returns the largest difference of an entry."""
    worst = 0.0
    for r in range(3):
        e[r] = target[r, 3] - T[r, 3]
        e[3 + r] = 0.0
        for c in range(4):
            worst = max(worst, abs(T[r, c] - target[r, c]))
    for c in range(3):
        a0, a1, a2 = T[0, c], T[1, c], T[2, c]
        b0, b1, b2 = target[0, c], target[1, c], target[2, c]
        e[3] += 0.5 * (a1 * b2 - a2 * b1)
        e[4] += 0.5 * (a2 * b0 - a0 * b2)
        e[5] += 0.5 * (a0 * b1 - a1 * b0)
    return worst


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _step(slides: Flags, axes: Array, points: Array, T: Array, e: Array, damping: float) -> Array:
    """Joint step (n,) of damped least squares towards a twist e (6,)."""
    n = axes.shape[0]
    J = np.empty((6, n))
    for i in range(n):
        if slides[i]:
            J[:3, i] = axes[i]
            J[3:, i] = 0.0
            continue
        d0, d1, d2 = T[0, 3] - points[i, 0], T[1, 3] - points[i, 1], T[2, 3] - points[i, 2]
        J[0, i] = axes[i, 1] * d2 - axes[i, 2] * d1
        J[1, i] = axes[i, 2] * d0 - axes[i, 0] * d2
        J[2, i] = axes[i, 0] * d1 - axes[i, 1] * d0
        J[3:, i] = axes[i]
    step: Array = J.T @ np.linalg.solve(J @ J.T + damping * np.eye(6), e)
    return step


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _exact(slides: Flags, H: Array, P: Array, T0: Array, target: Array, q: Array, work: Work) -> bool:
    """Whether q (n,) reproduces the target, after at most a few Newton steps (q is changed)."""
    axes, points, E, T, e = work
    for step in range(_STEPS + 1):
        _flange(slides, H, P, T0, q, T)
        worst = _off(T, target, e)
        if worst <= EXACT:
            return True
        if worst > 1e-2 or step == _STEPS:
            break
        _axes(slides, H, P, q, axes, points, E)
        q += _step(slides, axes, points, T, e, 1e-13)
    return False


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _straighten(T: Array, out: Array) -> None:
    """Fills `out` (4, 4) with a pose whose turn is off by rounding, at most `ROUNDED`, and the rotation nearest to it: one step of Newton for the polar factor.

    What is off further stays as it is, and no solution reproduces it.
    """
    worst = 0.0
    X = np.empty((3, 3))
    for r in range(3):
        for c in range(3):
            X[r, c] = T[0, r] * T[0, c] + T[1, r] * T[1, c] + T[2, r] * T[2, c]
            worst = max(worst, abs(X[r, c] - (1.0 if r == c else 0.0)))
            X[r, c] = (1.5 if r == c else 0.0) - 0.5 * X[r, c]
    for r in range(4):
        for c in range(4):
            out[r, c] = T[r, c]
    if worst <= ROUNDED:
        for r in range(3):
            for c in range(3):
                out[r, c] = T[r, 0] * X[0, c] + T[r, 1] * X[1, c] + T[r, 2] * X[2, c]


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _work(n: int) -> Work:
    """Arrays that `_exact` works in: axes, points, frames and an error."""
    return np.empty((n, 3)), np.empty((n, 3)), np.empty((3, 4)), np.empty((3, 4)), np.empty(6)


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _square(e: Array) -> float:
    total = 0.0
    for value in e:
        total += value * value
    return total


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def search(slides: Flags, Ts: Array, H: Array, P: Array, T0: Array, starts: Array, qs: Array, counts: Ints) -> None:
    """Fills `qs` (k, m, n) and `counts` (k,): solutions of poses Ts (k, 4, 4) that damped least squares reach from `starts` (s, n), none twice; some may be missed."""
    n = starts.shape[1]
    work = _work(n)
    axes, points, E, T, e = work
    q, target = np.empty(n), np.empty((4, 4))
    for k in range(Ts.shape[0]):
        counts[k] = 0
        _straighten(Ts[k], target)
        for s in range(starts.shape[0]):
            q[:] = starts[s]
            worst = np.inf
            for _ in range(60):
                _flange(slides, H, P, T0, q, T)
                worst = _off(T, target, e)
                if worst < 1e-4:
                    break
                _axes(slides, H, P, q, axes, points, E)
                step = _step(slides, axes, points, T, e, min(1e-2, _square(e)))
                for i in range(n):
                    q[i] += min(0.5, max(-0.5, step[i]))
            if worst < 1e-4 and counts[k] < qs.shape[1] - 1 and _exact(slides, H, P, T0, target, q, work):
                counts[k] += _added(slides, q, qs[k], counts[k])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def solve(
    kind: int, slides: Flags, Ts: Array, H: Array, P: Array, centre: Array, T0: Array, T0_inverse: Array, qs: Array, counts: Ints
) -> None:
    """Fills `qs` (k, 8, 6) and `counts` (k,): solutions in [-pi, pi) of poses Ts (k, 4, 4), each true to its pose, none twice.

    Args:
        kind: 0 `spherical_wrist`, 1 `parallel_axes`.
        slides, H, P, centre: See there; no joint slides.
        T0, T0_inverse: T_base_flange at q = 0, and its inverse (4, 4).
    """
    G, target, raw = np.empty((4, 4)), np.empty((4, 4)), np.empty((BRANCHES + 1, 6))
    work = _work(6)
    for k in range(Ts.shape[0]):
        _straighten(Ts[k], target)
        for r in range(3):
            for c in range(4):
                G[r, c] = target[r, 0] * T0_inverse[0, c] + target[r, 1] * T0_inverse[1, c] + target[r, 2] * T0_inverse[2, c]
            G[r, 3] += target[r, 3]
        found = spherical_wrist(G, H, P, centre, raw) if kind == 0 else parallel_axes(G, H, P, centre, raw)
        kept = 0
        for m in range(found):
            if not _exact(slides, H, P, T0, target, raw[m], work):
                continue
            kept += _added(slides, raw[m], qs[k], kept)
        counts[k] = kept


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def keep_exact(slides: Flags, Ts: Array, H: Array, P: Array, T0: Array, qs: Array, counts: Ints) -> None:
    """Brings solutions (k, m, 6), of which the first `counts` (k,) count, to their poses (k, 4, 4) and wraps them; those that miss it or stand twice go."""
    work = _work(6)
    q, target = np.empty(6), np.empty((4, 4))
    for k in range(Ts.shape[0]):
        kept = 0
        _straighten(Ts[k], target)
        for m in range(counts[k]):
            q[:] = qs[k, m]
            if _exact(slides, H, P, T0, target, q, work):
                kept += _added(slides, q, qs[k], kept)
        counts[k] = kept


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _added(slides: Flags, q: Array, kept: Array, count: int) -> int:
    """Writes q, turning joints wrapped to [-pi, pi), behind the first `count` of `kept`, unless it is one of them; 1 or 0."""
    n = q.shape[0]
    for i in range(n):
        kept[count, i] = q[i] if slides[i] else (q[i] + np.pi) % _TURN - np.pi
    for m in range(count):
        largest = 0.0
        for i in range(n):
            d = abs(kept[count, i] - kept[m, i])
            largest = max(largest, d if slides[i] else min(d, _TURN - d))
        if largest < SAME:
            return 0
    return 1


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def turns_within(slides: Flags, qs: Array, counts: Ints, lower: Array, upper: Array, first: Ints, choices: Ints) -> Ints:
    """How many rows `with_turns` has for each pose (k,); fills `first` and `choices` (k, m, n): the first whole turn of every joint inside the limits, and how many."""
    total = np.zeros(qs.shape[0], dtype=np.int64)
    n = qs.shape[2]
    for k in range(qs.shape[0]):
        for m in range(counts[k]):
            rows = 1
            for i in range(n):
                low = int(np.ceil((lower[i] - 1e-10 - qs[k, m, i]) / _TURN))
                high = int(np.floor((upper[i] + 1e-10 - qs[k, m, i]) / _TURN))
                if slides[i]:
                    low, high = 0, 0 if lower[i] - 1e-10 <= qs[k, m, i] <= upper[i] + 1e-10 else -1
                first[k, m, i], choices[k, m, i] = low, max(0, high - low + 1)
                rows *= choices[k, m, i]
            total[k] += rows
    return total


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def with_turns(qs: Array, counts: Ints, lower: Array, upper: Array, first: Ints, choices: Ints, rows: Array, owners: Ints) -> None:
    """Fills `rows` (r, n) and `owners` (r,): solutions (k, m, n) and their whole turns inside the limits, by pose and sorted."""
    n = qs.shape[2]
    at = 0
    for k in range(qs.shape[0]):
        begin = at
        for m in range(counts[k]):
            combinations = 1
            for i in range(n):
                combinations *= choices[k, m, i]
            for combination in range(combinations):
                rest = combination
                for i in range(n - 1, -1, -1):
                    turn = first[k, m, i] + rest % choices[k, m, i]
                    rest //= choices[k, m, i]
                    rows[at, i] = min(upper[i], max(lower[i], qs[k, m, i] + turn * _TURN))
                owners[at] = k
                at += 1
        _sort(rows, begin, at)


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator]
def _before(a: Array, b: Array) -> bool:
    """Whether row a stands before row b, joint by joint, rounded to 1e-7."""
    for i in range(a.shape[0]):
        x, y = np.rint(a[i] * 1e7), np.rint(b[i] * 1e7)
        if x != y:
            return bool(x < y)
    return False


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sort(rows: Array, begin: int, end: int) -> None:
    """Rows begin to end in order: Shell's sort, for there are few."""
    held = np.empty(rows.shape[1])
    gap = 1
    while gap < (end - begin) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(begin + gap, end):
            held[:] = rows[i]
            j = i
            while j >= begin + gap and _before(held, rows[j - gap]):
                rows[j] = rows[j - gap]
                j -= gap
            rows[j] = held
        gap //= 3
