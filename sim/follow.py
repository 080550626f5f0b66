"""The ram's stroke in time, and the robot that follows the sheet with it; the ram is slowed until the robot can."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from core.frames import Array
from sim.bend_motion import BendGeometry, BendPath
from sim.motion import JointLimits

RAMP = 0.25
"""The ram reaches its speed, and stops, in this time [s]."""
DWELL = 0.25
"""At the bottom the ram waits [s]."""
RELEASE = 0.5
"""Decompression: the ram rises until the sheet has sprung back [s]."""
RASTER = 0.02
RESERVE = 0.9
"""Share of the joint limits that following may use: there is no time to react."""


@dataclass(frozen=True, eq=False, slots=True)
class FollowLaw:
    """A bend in time; arrays share their first axis k.

    Attributes:
        times: (k,) from pinch [s].
        betas: Deflection (k,) [rad].
        robot: Joint positions (k, n); None when the sheet is released.
        brake: Brake joints (k, 5).
        fold: Bend angles (k, n_bends).
        ram_speed: Peak speed of the ram [m/s].
        slowed: Ram speed over the brake's programmed bending speed (1 = not slowed).
    """

    times: Array
    betas: Array
    robot: Array | None
    brake: Array
    fold: Array
    ram_speed: float
    slowed: float


def follow_law(geometry: BendGeometry, path: BendPath, limits: JointLimits) -> FollowLaw | None:
    """Timed following of one bend; None when the robot cannot follow even at the ram's slowest speed."""
    brake = geometry.cell_scene.cell.brake
    speed = brake.bending_speed
    while True:
        law = _law(geometry, path, speed)
        if law.robot is None:
            return law
        ratio = _load(law.times, law.robot, limits)
        if ratio <= RESERVE:
            return law
        if speed <= brake.bending_speed_min * 1.0001:
            return None
        speed = max(brake.bending_speed_min, speed * max(0.5, 0.97 * RESERVE / ratio))


def _load(times: Array, qs: Array, limits: JointLimits) -> float:
    """Largest share of a speed or acceleration limit that is used."""
    v = np.diff(qs, axis=0) / np.diff(times)[:, None]
    middle = (times[1:] + times[:-1]) / 2
    a = np.diff(v, axis=0) / np.diff(middle)[:, None]
    return float(max(np.max(np.abs(v) / limits.velocity), np.sqrt(np.max(np.abs(a) / limits.acceleration))))


def _law(geometry: BendGeometry, path: BendPath, speed: float) -> FollowLaw:
    step = geometry.step
    betas = path.follow_betas
    bottom = int(np.argmax(betas))
    up = betas[: bottom + 1]
    tips = np.array([geometry.legs(float(b)).tip for b in up])
    depth = tips[0] - tips
    # Deflection over depth is smooth and rising; the ram moves with sin^2 ramps.
    beta_of_depth = PchipInterpolator(depth, up)
    t_down, x_down = _stroke(float(depth[-1]), speed)
    down_betas = np.clip(beta_of_depth(x_down), 0.0, up[-1])
    rest = np.arange(RASTER, DWELL + 1e-9, RASTER)
    t_back = np.arange(RASTER, RELEASE + 1e-9, RASTER)
    share = 0.5 - 0.5 * np.cos(np.pi * np.minimum(t_back / RELEASE, 1.0))
    back_betas = step.loaded_angle + share * (step.angle - step.loaded_angle)
    times = np.concatenate((t_down, t_down[-1] + rest, t_down[-1] + DWELL + t_back))
    all_betas = np.concatenate((down_betas, np.full(len(rest), up[-1]), back_betas))
    robot = None
    if path.follow is not None:
        q_of_beta = CubicSpline(up, path.follow[: bottom + 1])
        robot = q_of_beta(np.clip(all_betas, 0.0, up[-1]))
        robot[0] = path.follow[0]
        # Held by the same rigid grip, going back retraces going up.
        robot[-1] = path.follow[-1] if len(path.follow) > bottom + 1 else robot[-1]
    back = geometry.gauge_retract
    brake = np.array([geometry.brake(geometry.legs(float(b)).tip, gauge_back=back) for b in all_betas])
    fold = np.array([geometry.fold(float(b)) for b in all_betas])
    return FollowLaw(times, all_betas, robot, brake, fold, speed, speed / geometry.cell_scene.cell.brake.bending_speed)


def _stroke(distance: float, speed: float) -> tuple[Array, Array]:
    """Times and travel of a stroke with sin^2 ramps of the speed at both ends; short strokes do not reach the speed."""
    ramp = RAMP
    if distance < speed * ramp:
        speed = distance / ramp
    total = distance / speed + ramp
    count = max(3, int(np.ceil(total / RASTER)) + 1)
    t = np.linspace(0.0, total, count)

    def travelled(x: Array) -> Array:
        # Integral of v sin^2(pi t / 2 ramp) over the ramp.
        inside = np.clip(x, 0.0, ramp)
        value: Array = speed * (inside / 2 - ramp / (2 * np.pi) * np.sin(np.pi * inside / ramp)) + speed * np.maximum(x - ramp, 0.0)
        return value

    return t, np.where(t < total / 2, travelled(t), distance - travelled(total - t))
