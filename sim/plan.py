"""A plan is a value: timed phases of every mechanism and of the part, with events and findings. Neutral of brand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from core.findings import Finding
from core.frames import Array, interpolate

HeldBy = Literal["tcp", "world"]
MotionKind = Literal["free", "linear", "follow", "wait"]


@dataclass(frozen=True, eq=False, slots=True)
class PartPlacement:
    """Where the part is, by one of its flanges.

    Attributes:
        held_by: `tcp`: moves with the gripper. `world`: rests on a station or in the brake.
        flange: The flange whose pose is given.
        T_holder_flange: Pose of that flange's frame in the holder's frame (4, 4).
        by: For people: `gripper`, `stack`, `centring table`, `brake`, ...
    """

    held_by: HeldBy
    flange: int
    T_holder_flange: Array
    by: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a moment of a phase.

    Attributes:
        time: From the start of the plan [s].
        kind: `grip`, `release`, `signal-set`, `signal-wait`, `ram`, `gauge`, `program-select`, ...
        data: Figures; keys carry units.
    """

    time: float
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Phase:
    """A stretch of time in which the part's holder does not change.

    Arrays share their first axis k (samples, at least 2, not evenly spaced; linear interpolation between samples is within the
    checked clearance). The last sample of a phase equals the first of the next in robot, brake and fold.

    Attributes:
        name: `approach`, `insert`, `pinch`, `follow`, `withdraw`, `turn`, ...
        step: `pick`, `bend 3`, `regrip 1`, `stack`.
        kind: How the robot moves: free (joint space), linear (straight tool line, one configuration), follow (with the sheet), wait (still).
        stroke: Stroke being made, or None.
        times: (k,) [s] from the start of the plan, non-decreasing.
        robot: (k, n) joint positions.
        gripper: (k, g) gripper joints.
        brake: (k, 5) brake joints in the mechanism's joint order.
        fold: (k, n_bends) bend angles reached [rad], signed.
        part: Placement; T_holder_flange is constant within the phase. None: no part in the cell yet or any more.
        part_poses: Only where something other than the robot moves the part (the brake while the gripper is off, a slide on the
            centring table): (k, 4, 4) T_world_flange of `part.flange`, which then overrides `part.T_holder_flange`.
        gripped: True while the gripper holds the part (also while the brake clamps it).
        events: In order of time.
        contacts: Pairs of groups that may touch in this phase, with the reason: (("part", "die"), "sheet lies on the die").
        waypoints: Indices of samples that are programmed targets (first and last always among them).
        corners: Of a free move, the joint targets (m, n) between which it is straight, first and last included; where the samples round a
            corner, the target lies beside them. Straight joint moves between corners are as free as the samples.
        blends: How far before and behind each corner its rounding reaches (m,) [rad, Euclidean over the joints], 0 where it stays sharp.
        clearance: Smallest distance, allowed contacts left out [m]: the planner's, then the replay's; None: nothing came near.
        closest: The two bodies of that distance.
    """

    name: str
    step: str
    kind: MotionKind
    stroke: int | None
    times: Array
    robot: Array
    gripper: Array
    brake: Array
    fold: Array
    part: PartPlacement | None
    gripped: bool
    events: tuple[Event, ...] = ()
    contacts: tuple[tuple[tuple[str, str], str], ...] = ()
    waypoints: tuple[int, ...] = ()
    clearance: float | None = None
    closest: tuple[str, str] | None = None
    part_poses: Array | None = None
    corners: Array | None = None
    blends: Array | None = None


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """The whole cell at one moment; see `Phase` for the fields."""

    time: float
    robot: Array
    gripper: Array
    brake: Array
    fold: Array
    part: PartPlacement | None
    gripped: bool


@dataclass(frozen=True, eq=False, slots=True)
class BendStep:
    """One bend as it is made: the row of the sequence table and of the brake program. All SI.

    Attributes:
        stroke: Stroke index in the part.
        bends: Bend indices.
        label: `1`, `2`, ... in the order made.
        station: Tool station index.
        x: Where the middle of the stroke's line stands on the beam [m].
        gauged: `parent` or `child`: which side of the line points to the back gauge.
        flipped: True when the sheet's +z looks down in the brake.
        angle: Target deflection, positive [rad].
        loaded_angle: Deflection under load (target plus springback) [rad].
        radius: Inner radius [m].
        force: Bending force [N].
        tip_depth: Punch tip below the die top at the loaded angle [m].
        pinch_tip: Tip height above the die top at pinch (the thickness) [m].
        gauge_x, gauge_r, gauge_z1, gauge_z2: Gauge joints at contact [m].
        gauge_retract: How far the gauge goes back at pinch [m].
        gauge_contact: What the fingers touch: `edge` or `flange face`.
        ram_speed: Bending speed used [m/s].
        follow: The gripper follows the sheet; False: released at pinch, gripped again after.
        T_world_bend_pinch: Bend frame of the stroke's first bend (see `parts.sheet.Bend`) in the world when the flat sheet lies on the die (4, 4).
    """

    stroke: int
    bends: tuple[int, ...]
    label: str
    station: int
    x: float
    gauged: Literal["parent", "child"]
    flipped: bool
    angle: float
    loaded_angle: float
    radius: float
    force: float
    tip_depth: float
    pinch_tip: float
    gauge_x: float
    gauge_r: float
    gauge_z1: float
    gauge_z2: float
    gauge_retract: float
    gauge_contact: Literal["edge", "flange face"]
    ram_speed: float
    follow: bool
    T_world_bend_pinch: Array


@dataclass(frozen=True, eq=False, slots=True)
class BendPlan:
    """The answer: what to do, when, and what was found.

    Attributes:
        cell, part: Names.
        gripper: Name of the gripper mounted.
        steps: Bends in order.
        phases: In order of time, gapless.
        findings: Of planning.
        seed: Of the random generator.
        stage_times: Seconds of wall clock per planning stage.
    """

    cell: str
    part: str
    gripper: str
    steps: tuple[BendStep, ...]
    phases: tuple[Phase, ...]
    findings: tuple[Finding, ...]
    seed: int
    stage_times: dict[str, float] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Cycle time [s]."""
        return float(self.phases[-1].times[-1]) if self.phases else 0.0

    def state_at(self, time: float) -> State:
        """The cell at a moment [s], by linear interpolation inside the phase that covers it."""
        phase = next((p for p in self.phases if time <= p.times[-1]), self.phases[-1])
        return phase_state(phase, time)


def phase_state(phase: Phase, time: float) -> State:
    """The cell at a moment [s] of one phase; clamps to the phase's ends."""

    def at(values: Array) -> Array:
        return np.array([np.interp(time, phase.times, column) for column in values.T]) if values.shape[1] else np.zeros(0)

    part = phase.part
    if part is not None and phase.part_poses is not None:
        part = replace(part, held_by="world", T_holder_flange=_pose_at(phase.times, phase.part_poses, time))
    return State(time, at(phase.robot), at(phase.gripper), at(phase.brake), at(phase.fold), part, phase.gripped)


def _pose_at(times: Array, poses: Array, time: float) -> Array:
    i = int(np.clip(np.searchsorted(times, time, side="right") - 1, 0, len(times) - 2))
    span = times[i + 1] - times[i]
    share = float(np.clip((time - times[i]) / span, 0.0, 1.0)) if span > 0 else 1.0
    return interpolate(poses[i], poses[i + 1], share)
