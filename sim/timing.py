"""Joint paths in time: corners rounded, then as fast as speed, acceleration and jerk of every joint allow.

toppra finds the time-optimal speed along the path under speed and acceleration limits. It knows no jerk limit, so the travelled path length s(t)
is smoothed with a box filter (which bounds the rate of change of acceleration) and time is stretched until every joint keeps all three limits.
The path itself is never left.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import toppra
from scipy.interpolate import CubicSpline, PchipInterpolator
from toppra import algorithm, constraint

from core.frames import Array
from sim.motion import JointLimits
from sim.scene import Scene

logging.getLogger("toppra").setLevel(logging.ERROR)

DENSE = 0.03
"""Spacing of dense path samples [rad, largest joint]."""
LONGEST_BLEND = 0.5
"""A corner is rounded over at most this much of each segment [rad, Euclidean]."""
SHARP = np.radians(12.0)
"""The path stops where it turns by more than this between samples."""
JERK_TIME = 0.12
"""Width of the box filter over s(t) [s]: full acceleration is built up in this time."""
TCP_ACCELERATION = 4.0
"""Limit of the tool's acceleration on moves with a tool speed [m/s2]."""
TCP_JERK = 60.0
"""Limit of the tool's jerk on moves with a tool speed [m/s3]."""
SAMPLE = 0.02
"""Raster of plans [s]."""


@dataclass(frozen=True, eq=False, slots=True)
class Timed:
    """A joint path in time: times (k,) [s] from 0, qs (k, n)."""

    times: Array
    qs: Array


def blend_corners(qs: Array, scene: Scene | None = None) -> tuple[Array, tuple[int, ...], tuple[float, ...]]:
    """A dense path through way-points (k, n) with rounded corners, the samples nearest the way-points, and how far before and behind every way-point
    the rounding reaches [rad, Euclidean], 0 where it stays sharp.

    Corners become Bezier curves of degree 5 whose curvature is zero at both ends. A blend that is not free in the scene is halved, at the
    third failure the corner stays sharp (the robot stops there).
    """
    dense = [qs[:1]]
    marks = [0]
    sizes = [0.0] * len(qs)
    leave = qs[0]
    for i in range(1, len(qs) - 1):
        corner, before, after = qs[i], qs[i - 1], qs[i + 1]
        l_in, l_out = np.linalg.norm(corner - before), np.linalg.norm(after - corner)
        if l_in < 1e-9 or l_out < 1e-9:
            continue
        u_in, u_out = (corner - before) / l_in, (after - corner) / l_out
        size = float(min(0.45 * float(l_in), 0.45 * float(l_out), LONGEST_BLEND))
        curve: Array | None = None
        for _ in range(3):
            count = max(9, int(np.ceil(2 * size / DENSE)) * 2 + 1)
            trial = corner_curve(corner - u_in * size, corner, corner + u_out * size, count)
            if scene is None or (
                bool(np.all(scene.free(trial))) and all(scene.edge_free(a, b) for a, b in zip(trial[:-1], trial[1:], strict=True))
            ):
                curve = trial
                sizes[i] = size
                break
            size /= 2
        if curve is None:
            curve = corner[None]
        dense.append(_straight(leave, curve[0])[1:])
        count = sum(len(piece) for piece in dense)
        marks.append(count + len(curve[1:]) // 2 - (0 if len(curve) > 1 else 1))
        dense.append(curve[1:])
        leave = curve[-1]
    dense.append(_straight(leave, qs[-1])[1:])
    path = np.concatenate(dense)
    return path, (*marks, len(path) - 1), tuple(sizes)


def corner_curve(before: Array, corner: Array, after: Array, count: int) -> Array:
    """A rounded corner (count, n) from a point before it to a point behind it: a Bezier curve of degree 5 whose curvature is zero at both ends."""
    b2, b3 = corner + 0.1 * (before - corner), corner + 0.1 * (after - corner)
    control = np.array([before, (before + b2) / 2, b2, b3, (b3 + after) / 2, after])
    t = np.linspace(0.0, 1.0, count)[:, None]
    weights = (1, 5, 10, 10, 5, 1)
    curve: Array = sum(w * (1 - t) ** (5 - k) * t**k * control[k] for k, w in enumerate(weights))
    return curve


def _straight(a: Array, b: Array) -> Array:
    count = max(1, int(np.ceil(np.max(np.abs(b - a)) / DENSE)))
    line: Array = a + np.linspace(0.0, 1.0, count + 1)[:, None] * (b - a)
    return line


def time_path(
    qs: Array,
    limits: JointLimits,
    *,
    positions: Array | None = None,
    tcp_speed: float | None = None,
    stops: tuple[int, ...] = (),
    sample: float = SAMPLE,
) -> Timed:
    """Times a dense path (k, n) from rest to rest.

    Args:
        qs: Dense samples; between them the path is a smooth curve. Where it turns sharply the robot stops.
        limits: Of the joints.
        positions: Tool positions (k, 3) [m] that belong to qs.
        tcp_speed: Largest tool speed [m/s]; needs positions.
        stops: Samples at which the robot stops, whatever the turn.
        sample: Raster of the result [s]; limits hold whatever it is.
    """
    values, v, a, j = qs, limits.velocity, limits.acceleration, limits.jerk
    if positions is not None and tcp_speed is not None:
        # The tool's travel counts as one more joint.
        travel = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(positions, axis=0), axis=1))]
        values = np.c_[qs, travel]
        v, a, j = np.r_[v, tcp_speed], np.r_[a, TCP_ACCELERATION], np.r_[j, TCP_JERK]
    keep = np.r_[True, np.max(np.abs(np.diff(values, axis=0)) / v, axis=1) > 1e-7]
    # Where a stop falls on a sample that is left out, the last kept one before it stands there too.
    halts = frozenset(int(np.count_nonzero(keep[: stop + 1])) - 1 for stop in stops)
    values = values[keep]
    if len(values) < 2:
        return Timed(np.array([0.0, SAMPLE]), np.repeat(qs[:1], 2, axis=0))
    times, samples = [np.zeros(1)], [values[:1]]
    for piece in _pieces(values, v, halts):
        t, x = _time_piece(piece, v, a, j, sample)
        times.append(times[-1][-1] + t[1:])
        samples.append(x[1:])
    return Timed(np.concatenate(times), np.concatenate(samples)[:, : qs.shape[1]])


def _pieces(values: Array, v: Array, halts: frozenset[int]) -> list[Array]:
    """The path cut where it halts, and where it turns sharply (directions measured in units of the speed limits)."""
    steps = np.diff(values, axis=0) / v
    units = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    cosines = np.sum(units[:-1] * units[1:], axis=1)
    sharp = {int(i) + 1 for i in np.flatnonzero(cosines < np.cos(SHARP))}
    cuts = sorted({0, *sharp, *halts, len(values) - 1})
    return [values[a : b + 1] for a, b in zip(cuts[:-1], cuts[1:], strict=True)]


def _time_piece(values: Array, v: Array, a: Array, j: Array, sample: float) -> tuple[Array, Array]:
    """Times one smooth piece from rest to rest; samples every `sample` seconds and the end."""
    s = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(values, axis=0) / v, axis=1))]
    if len(values) < 4:
        fine = np.linspace(0.0, s[-1], 8)
        values, s = np.array([np.interp(fine, s, column) for column in values.T]).T, fine
    curve = CubicSpline(s, values)
    t, st = _fastest(curve, s, v, a)
    # Jerk: a box filter over s(t) with rest before and after.
    dt = min(0.002, t[-1] / 50)
    width = max(1, round(min(JERK_TIME, t[-1] / 2) / dt))
    grid = np.arange(0.0, t[-1] + dt, dt)
    law = np.interp(grid, t, st)
    padded = np.r_[np.zeros(2 * width), law, np.full(2 * width, st[-1])]
    box, half = np.ones(width) / width, np.ones(max(1, width // 2)) / max(1, width // 2)
    smooth = np.convolve(np.convolve(padded, box, mode="valid"), half, mode="valid")
    smooth = np.maximum.accumulate(np.clip(smooth, 0.0, st[-1]))
    moving = np.flatnonzero((smooth > 1e-9 * st[-1]) & (smooth < st[-1] * (1 - 1e-9)))
    first, last = max(moving[0] - 1, 0), min(moving[-1] + 1, len(smooth) - 1)
    smooth = smooth[first : last + 1]
    smooth[0], smooth[-1] = 0.0, st[-1]
    fine_t = np.arange(len(smooth)) * dt
    x = curve(smooth)
    stretch = _stretch(x, dt, v, a, j)
    total = fine_t[-1] * stretch
    count = max(2, int(np.ceil(total / sample)) + 1)
    out_t = np.linspace(0.0, total, count)
    out_s = PchipInterpolator(fine_t * stretch, smooth)(out_t)
    out = curve(out_s)
    out[0], out[-1] = values[0], values[-1]
    return out_t, out


def _fastest(curve: CubicSpline, s: Array, v: Array, a: Array) -> tuple[Array, Array]:
    """Time-optimal s(t) under speed and acceleration limits: times and path values on toppra's grid."""
    count = int(np.clip(len(s), 40, 200))
    grid = np.linspace(0.0, s[-1], count)
    path = toppra.SplineInterpolator(s, curve(s))
    limits_v = constraint.JointVelocityConstraint(np.c_[-v, v])
    limits_a = constraint.JointAccelerationConstraint(np.c_[-a, a])
    instance = algorithm.TOPPRA([limits_v, limits_a], path, gridpoints=grid, parametrizer="ParametrizeConstAccel")
    _, speed, _ = instance.compute_parameterization(0.0, 0.0)
    if speed is None or not np.all(np.isfinite(speed)):
        # Rest to rest always exists; where the solver gives up, a slow even pace is stretched to the limits afterwards.
        u = np.linspace(0.0, 1.0, count)
        return u * s[-1] * 4.0, s[-1] * (10 * u**3 - 15 * u**4 + 6 * u**5)
    mean = np.maximum((speed[:-1] + speed[1:]) / 2, 1e-6)
    return np.r_[0.0, np.cumsum(np.diff(grid) / mean)], grid


def _stretch(x: Array, dt: float, v: Array, a: Array, j: Array) -> float:
    """How much longer the motion must last so that speed, acceleration and jerk keep their limits."""
    padded = np.concatenate((np.repeat(x[:1], 3, axis=0), x, np.repeat(x[-1:], 3, axis=0)))
    d1 = np.diff(padded, axis=0) / dt
    # Differences over a window of 10 ms, as a controller samples: single-step differences of a spline amplify rounding.
    window = max(1, round(0.01 / dt))
    d2 = (d1[window:] - d1[:-window]) / (window * dt)
    d3 = (d2[window:] - d2[:-window]) / (window * dt) if len(d2) > window else np.zeros_like(d2[:1])
    most = [float(np.max(np.abs(d) / limit, initial=0.0)) for d, limit in ((d1, v), (d2, a), (d3, j))]
    return max(most[0], most[1] ** (1 / 2), most[2] ** (1 / 3), 1e-3)
