"""One bend as the robot sees it: insertion to the gauge, following the sheet, withdrawal.

All poses follow from where the sheet is in the brake; the robot only holds on. The search tries every arm configuration that reaches the contact
pose and keeps those whose whole path is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.frames import Array, apply, inverse, translation
from sim.airbend import LegPoses, leg_poses
from sim.cell_scene import CellScene, part_groups
from sim.grips import Grip
from sim.handling import APPROACH
from sim.plan import PartPlacement
from sim.robot_path import blocking, line, path_is_free, polyline, solutions, track
from sim.scene import Clearance, Scene
from sim.scene_parts import Groups
from sim.sequence import SequencedStroke
from sim.swing import T_brake_sheet, lying_flanges

PUSH = 0.008
"""The last stretch to the gauge is driven slowly, with the sheet lying on the die [m]."""
LIFTS = (0.010, 0.045, 0.120)
"""Heights above the die that insertion and withdrawal try [m]."""
FOLLOW_STEP = float(np.radians(1.5))
"""Largest change of the bend angle between samples of the follow path [rad]."""
TOOL_MARGIN = 0.002
"""Clearance between part and machine while the part is between the tools [m]."""
FREE_SPACE = 0.08
"""The part stands this far before the tools when it counts as out [m]."""
LEAST_RETRACT = 0.020
"""The gauge moves back at least so far at pinch [m]."""
RETRACT_ROOM = 0.010
"""Room between the retracted fingers and the sheet that swings before them [m]."""
MUTE = 0.006
"""The ram changes from approach to bending speed this far above the sheet [m]."""


@dataclass(frozen=True, eq=False)
class BendGeometry:
    """Where part and machine are while one stroke is made.

    Attributes:
        cell_scene: The cell.
        step: The stroke in the sequence.
        before: Bend angles (n_bends,) before the stroke.
    """

    cell_scene: CellScene
    step: SequencedStroke
    before: Array

    def fold(self, beta: float) -> Array:
        """All bend angles with the stroke's bends at deflection `beta` >= 0."""
        part = self.cell_scene.part
        angles = self.before.copy()
        for bend in self.step.bends:
            angles[bend] = np.sign(part.bends[bend].angle) * beta
        return angles

    @property
    def after(self) -> Array:
        """Angles when the sheet has sprung back to the target."""
        return self.fold(self.step.angle)

    def legs(self, beta: float) -> LegPoses:
        """Poses of both legs in the brake at deflection `beta`."""
        scene = self.cell_scene
        station = scene.setup.stations[self.step.station]
        return leg_poses(scene.part, self.step.bends[0], beta, station.punch, station.die)

    def T_world_sheet(self, beta: float) -> Array:
        """Pose of the sheet frame (root flange) with the stroke at deflection `beta`, lying in the tools (4, 4)."""
        scene, step = self.cell_scene, self.step
        T: Array = scene.cell.brake.T_world_brake @ T_brake_sheet(
            scene.part, step.stroke, step.gauged, step.T_brake_bend_pinch, self.legs(beta), self.fold(beta), scene.setup.die_height
        )
        return T

    @cached_property
    def betas(self) -> Array:
        """Deflections of the follow path (m,): up to the loaded angle, then back to the target (springback)."""
        step = self.step
        up = np.linspace(0.0, step.loaded_angle, max(8, int(np.ceil(step.loaded_angle / FOLLOW_STEP))) + 1)
        back = np.linspace(step.loaded_angle, step.angle, 3)[1:] if step.loaded_angle > step.angle + 1e-6 else np.zeros(0)
        return np.concatenate((up, back))

    @cached_property
    def swing(self) -> list[tuple[float, Array]]:
        """Height of the tip and bend angles at every one of `betas`."""
        return [(self.legs(float(beta)).tip, self.fold(float(beta))) for beta in self.betas]

    @cached_property
    def _Ts_world_flanges(self) -> Array:
        Ts_fold = np.array([self.cell_scene.part.fold(fold) for _, fold in self.swing])
        Ts_sheet = np.array([self.T_world_sheet(float(beta)) for beta in self.betas])
        Ts: Array = Ts_sheet[:, None] @ Ts_fold
        return Ts

    @cached_property
    def gauge_retract(self) -> float:
        """How far the gauge moves back at pinch [m], so that what swings before the fingers does not meet them.

        An edge rises away from them; a flange that hangs behind the line swings towards them by up to its depth.
        """
        scene, step = self.cell_scene, self.step
        brake, part = scene.cell.brake, scene.part
        T_brake_world = inverse(brake.T_world_brake)
        top = step.gauge_r + brake.finger_height / 2 + TOOL_MARGIN
        half = brake.finger_width / 2 + TOOL_MARGIN
        reach = step.gauge_x
        for Ts in T_brake_world @ self._Ts_world_flanges:
            for flange in (flange for flange in part.flanges if flange.index not in step.front):
                for hull in part.flange_hulls(flange.index):
                    points = apply(Ts[flange.index], hull)
                    x0, x1 = float(points[:, 0].min()), float(points[:, 0].max())
                    before = any(x0 < z + half and x1 > z - half for z in (step.gauge_z1, step.gauge_z2))
                    if before and points[:, 2].min() <= top:
                        reach = max(reach, float(points[:, 1].max()))
        return max(LEAST_RETRACT, reach - step.gauge_x + RETRACT_ROOM)

    def Ts_follow(self, flange: int) -> Array:
        """Poses of one flange in the world at every one of `betas` (m, 4, 4)."""
        Ts: Array = self._Ts_world_flanges[:, flange]
        return Ts

    def T_world_flange(self, flange: int, beta: float) -> Array:
        """Pose of one flange with the stroke at deflection `beta` (4, 4)."""
        T: Array = self.T_world_sheet(beta) @ self.cell_scene.part.fold(self.fold(beta))[flange]
        return T

    def ram(self, tip: float) -> float:
        """Ram joint for a punch tip `tip` metres above the die's top."""
        setup, brake = self.cell_scene.setup, self.cell_scene.cell.brake
        return brake.daylight - setup.die_height - setup.punch_height - tip

    def brake(self, tip: float, *, gauge_back: float = 0.0) -> Array:
        """Brake joints (5,) for a tip height; `gauge_back` retracts the gauge [m]."""
        step, brake = self.step, self.cell_scene.cell.brake
        gauge_max = float(brake.mechanism.upper[brake.mechanism.joint_names.index("gauge_x")])
        ram = float(np.clip(self.ram(tip), 0.0, brake.stroke))
        return brake.q(ram, min(step.gauge_x + gauge_back, gauge_max), step.gauge_r, step.gauge_z1, step.gauge_z2)

    @property
    def open_tip(self) -> float:
        """Tip height with the ram at top dead centre [m]."""
        setup, brake = self.cell_scene.setup, self.cell_scene.cell.brake
        return brake.daylight - setup.die_height - setup.punch_height

    def tool_groups(self) -> Groups:
        """Pairs that touch because the sheet is bent: what lies on the die with punch and die."""
        part = self.cell_scene.part
        lying = lying_flanges(part, self.step.stroke, self.before)
        # A zone between lying flanges is flat or being bent; one at their border begins on the die and rises from it.
        inner = {f"zone-{bend.index}" for bend in part.bends if bend.parent in lying and bend.child in lying}
        border = {f"zone-{bend.index}" for bend in part.bends if (bend.parent in lying) != (bend.child in lying)}
        touching = {f"flange-{flange}" for flange in lying} | inner
        return frozenset({(group, tool) for group in touching for tool in ("punch", "die")} | {(group, "die") for group in border})

    def gauge_groups(self) -> Groups:
        """Every flange may touch the gauge's fingers at contact."""
        return frozenset((group, "gauge") for group in part_groups(self.cell_scene.part))


@dataclass(frozen=True, eq=False, slots=True)
class BendPath:
    """A robot path for one bend in one configuration.

    Attributes:
        insert: Joint path (k, n) from before the tools to above the die; `insert_corners` index the programmed targets.
        push: Slow last stretch to the fingers (k, n).
        follow_betas: Bend deflections (m,) of the follow path, 0 .. loaded .. target.
        follow: Joint path (m, n) while the sheet moves; None when the sheet is released at pinch.
        withdraw: Joint path (k, n) out of the tools; `withdraw_corners` index the targets.
        clearance: Smallest distance over insertion and withdrawal.
    """

    insert: Array
    insert_corners: tuple[int, ...]
    push: Array
    follow_betas: Array
    follow: Array | None
    withdraw: Array
    withdraw_corners: tuple[int, ...]


def grip_groups(grip: Grip) -> Groups:
    """The held flange touches the gripper."""
    return frozenset({(f"flange-{grip.flange}", "gripper")})


def tool_margins(cell_scene: CellScene) -> dict[tuple[str, str], float]:
    """Clearance of the part against the machine while it is between the tools: less than in free space."""
    machine = ("punch", "die", "ram", "frame", "gauge")
    return {(mine, group): TOOL_MARGIN for mine in part_groups(cell_scene.part) for group in machine}


def held(grip: Grip) -> PartPlacement:
    """The part in the gripper."""
    return PartPlacement("tcp", grip.flange, grip.T_tcp_flange, "gripper")


def _rear_extent(geometry: BendGeometry, T_world_sheet: Array, fold: Array) -> float:
    """How far the part reaches behind the bending plane [m]."""
    part = geometry.cell_scene.part
    Ts = T_world_sheet @ part.fold(fold)
    plane = geometry.cell_scene.cell.brake.T_world_brake[1, 3]
    return (
        max(float(np.max(hull @ Ts[f.index][1, :3] + Ts[f.index][1, 3])) for f in part.flanges for hull in part.flange_hulls(f.index))
        - plane
    )


def _front_of_tools(geometry: BendGeometry) -> float:
    """How far the machine reaches towards the robot at sheet height [m]."""
    setup = geometry.cell_scene.setup
    station = setup.stations[geometry.step.station]
    return max(float(-station.punch.section[:, 0].min()), float(-station.die.section[:, 0].min()), 0.06)


STAGES = (
    "reach the gauge",
    "stand at the gauge",
    "follow the sheet",
    "keep up with the ram",
    "back off from the pinched sheet",
    "take the bent part again",
    "withdraw the part",
    "insert the part",
)
"""What a grip must allow, in the order in which it is tried."""


@dataclass(frozen=True, eq=False, slots=True)
class BendAttempt:
    """Why a grip does not work for a bend: the stage it fails at and the closest pair there."""

    stage: str
    closest: Clearance | None


def contact_attempt(geometry: BendGeometry, grip: Grip) -> BendAttempt | None:
    """Whether the robot can hold the sheet at the gauge and reach where it is after the bend: None, or why not."""
    _, attempt = _at_contact(geometry, grip)
    if attempt is not None:
        return attempt
    scene = geometry.cell_scene
    T_after = geometry.Ts_follow(grip.flange)[int(np.argmax(geometry.betas))] @ grip.T_flange_tcp
    return None if len(solutions(scene.cell, scene.gripper, T_after)) else BendAttempt("follow the sheet", None)


def _at_contact(geometry: BendGeometry, grip: Grip) -> tuple[Array, BendAttempt | None]:
    """Free joint solutions (m, n) that hold the sheet against the gauge; when there are none, why."""
    cell_scene = geometry.cell_scene
    T_contact = geometry.Ts_follow(grip.flange)[0] @ grip.T_flange_tcp
    q_contacts = solutions(cell_scene.cell, cell_scene.gripper, T_contact)
    if len(q_contacts) == 0:
        return q_contacts, BendAttempt("reach the gauge", None)
    scene = cell_scene.posed(
        brake=geometry.brake(cell_scene.part.thickness), placement=held(grip), fold=geometry.before,
        allowed=grip_groups(grip) | geometry.tool_groups() | geometry.gauge_groups(), margins=tool_margins(cell_scene),
    )  # fmt: skip
    free = scene.free(q_contacts)
    if not np.any(free):
        return q_contacts[:0], BendAttempt("stand at the gauge", blocking(scene, q_contacts))
    return q_contacts[free], None


def bend_paths(
    geometry: BendGeometry, grip: Grip, *, follow: bool, after: Grip | None = None, most: int = 2
) -> tuple[list[BendPath], BendAttempt | None]:
    """All free robot paths for one bend with one grip, up to `most`, one per arm configuration.

    Args:
        geometry: The stroke.
        grip: How the part is held.
        follow: Whether the gripper stays on while bending.
        after: Another grip with which the part is taken while the tools still hold it; only when the gripper does not follow.
        most: Stop after this many.

    Returns:
        Paths, and when there is none the furthest stage an attempt came to.
    """
    q_contacts, worst = _at_contact(geometry, grip)
    if worst is not None:
        return [], worst
    held_bend = _HeldBend(geometry, grip, after or grip)
    paths: list[BendPath] = []
    settled: set[tuple[float, ...]] = set()
    for q_contact in q_contacts:
        # The same posture with whole turns of an axis is where it was; it differs only in how far the joints can still turn.
        posture = tuple(np.round((q_contact + np.pi) % (2 * np.pi), 5))
        if posture in settled:
            continue
        answer = held_bend.path(q_contact, follow=follow)
        if isinstance(answer, BendPath):
            paths.append(answer)
            settled.add(posture)
            if len(paths) >= most:
                break
        else:
            worst = _worse(worst, answer)
            if answer.closest is not None:
                settled.add(posture)
    return paths, None if paths else worst


class _HeldBend:
    """One bend with a grip before and one after it, mostly the same: scenes and tool poses that all arm configurations share."""

    def __init__(self, geometry: BendGeometry, grip: Grip, after: Grip) -> None:
        self.geometry, self.grip, self.after = geometry, grip, after
        self.T_end: Array = geometry.Ts_follow(after.flange)[-1] @ after.T_flange_tcp
        self.Ts_follow = geometry.Ts_follow(grip.flange) @ grip.T_flange_tcp
        self.T_contact: Array = self.Ts_follow[0]
        self._scenes: dict[int, Scene] = {}

    def _posed(self, brake: Array, fold: Array, grip: Grip, touching: Groups) -> Scene:
        scene = self.geometry.cell_scene
        return scene.posed(brake=brake, placement=held(grip), fold=fold, allowed=grip_groups(grip) | touching, margins=tool_margins(scene))

    def _open(self, fold: Array, grip: Grip, touching: Groups, *, gauge_back: float = 0.0) -> Scene:
        return self._posed(self.geometry.brake(self.geometry.open_tip, gauge_back=gauge_back), fold, grip, touching)

    def path(self, q_contact: Array, *, follow: bool) -> BendPath | BendAttempt:
        """The whole path from one joint solution at the gauge, or where it ends."""
        geometry = self.geometry
        cell, gripper = geometry.cell_scene.cell, geometry.cell_scene.gripper
        follow_qs: Array | None = None
        tools = geometry.tool_groups()
        scene_leave = self._open(geometry.after, self.after, tools, gauge_back=geometry.gauge_retract)
        if follow:
            follow_qs = track(cell, gripper, self.Ts_follow, q_contact)
            if follow_qs is None:
                return BendAttempt("follow the sheet", None)
            blocked = self._follow_blocked(follow_qs)
            if blocked is not None:
                return BendAttempt("follow the sheet", blocked)
            q_end = follow_qs[-1]
        else:
            away, blocked = self._straight_back(self.T_contact, q_contact, self._released(0, self.grip))
            if not away:
                return BendAttempt("back off from the pinched sheet", blocked)
            ends = solutions(cell, gripper, self.T_end)
            ends = ends[scene_leave.free(ends)] if len(ends) else ends
            last: Clearance | None = None
            for q_end in ends[np.argsort(np.max(np.abs(ends - q_contact), axis=1), kind="stable")]:
                again, last = self._straight_back(self.T_end, q_end, self._released(len(geometry.betas) - 1, self.after))
                if again:
                    break
            else:
                return BendAttempt("take the bent part again", last)
        scene_after = self._open(geometry.after, self.after, frozenset(), gauge_back=geometry.gauge_retract)
        withdraw, blocked = _withdrawal(geometry, self.T_end, q_end, scene_leave, scene_after)
        if withdraw is None:
            return BendAttempt("withdraw the part", blocked)
        # Only on the last stretch may the fingers be touched: a wall that stands on the sheet must not come down on one of them.
        scene_open, scene_lying, scene_touch = (
            self._open(geometry.before, self.grip, touching) for touching in (frozenset(), tools, tools | geometry.gauge_groups())
        )
        insert, blocked = _insertion(geometry, self.T_contact, q_contact, scene_open, scene_lying, scene_touch)
        if insert is None:
            return BendAttempt("insert the part", blocked)
        return BendPath(insert[0], insert[1], insert[2], geometry.betas, follow_qs, withdraw[0], withdraw[1])

    def _released(self, k: int, grip: Grip) -> Scene:
        """The scene at one of `betas` with the tools down on the part and the open gripper about to leave it or come to it."""
        geometry = self.geometry
        beta = float(geometry.betas[k])
        tip, fold = geometry.swing[k]
        placement = PartPlacement("world", grip.flange, geometry.T_world_flange(grip.flange, beta), "brake")
        return geometry.cell_scene.posed(
            brake=geometry.brake(tip, gauge_back=geometry.gauge_retract), gripper=np.array(geometry.cell_scene.gripper.mechanism.upper, dtype=float),
            placement=placement, fold=fold, allowed=grip_groups(grip) | geometry.tool_groups(),
        )  # fmt: skip

    def _straight_back(self, T_grip: Array, q_grip: Array, scene: Scene) -> tuple[bool, Clearance | None]:
        """Whether the gripper can go straight back from where it holds, and so come straight to it; what is in the way when it cannot."""
        cell, gripper = self.geometry.cell_scene.cell, self.geometry.cell_scene.gripper
        qs = track(cell, gripper, line(T_grip, T_grip @ translation(0.0, 0.0, -APPROACH)), q_grip)
        if qs is None:
            return False, None
        return (True, None) if path_is_free(scene, qs) else (False, blocking(scene, qs))

    def _follow_blocked(self, qs: Array) -> Clearance | None:
        """A contact while the sheet moves, or None; the ends of the swing are looked at first, since most contacts are there."""
        geometry = self.geometry
        last = len(geometry.betas) - 1
        for k in sorted(range(last + 1), key=lambda k: (min(k, last - k) % 8 != 0, k)):
            if k not in self._scenes:
                tip, fold = geometry.swing[k]
                self._scenes[k] = self._posed(
                    geometry.brake(tip, gauge_back=geometry.gauge_retract), fold, self.grip, geometry.tool_groups()
                )
            scene = self._scenes[k]
            if not bool(scene.free(qs[k][None])[0]):
                return scene.violation(qs[k])
        return None


def _worse(a: BendAttempt | None, b: BendAttempt) -> BendAttempt:
    """The attempt that came further."""
    return b if a is None or STAGES.index(b.stage) >= STAGES.index(a.stage) else a


def _withdrawal(
    geometry: BendGeometry, T_end: Array, q_end: Array, scene_leave: Scene, scene_after: Scene
) -> tuple[tuple[Array, tuple[int, ...]] | None, Clearance | None]:
    """Up off the die, then straight out towards the robot; the lowest lift that is free."""
    cell_scene = geometry.cell_scene
    out = _rear_extent(geometry, geometry.T_world_sheet(geometry.step.angle), geometry.after) + _front_of_tools(geometry) + FREE_SPACE
    blocked: Clearance | None = None
    for lift in LIFTS:
        up = translation(0.0, 0.0, lift) @ T_end
        Ts, corners = polyline([T_end, up, translation(0.0, -out, 0.0) @ up])
        qs = track(cell_scene.cell, cell_scene.gripper, Ts, q_end)
        if qs is None:
            continue
        if path_is_free(scene_leave, qs[: corners[1] + 1]) and path_is_free(scene_after, qs[corners[1] :]):
            return (qs, corners), None
        blocked = blocking(scene_after, qs[corners[1] :])
    return None, blocked


def _insertion(
    geometry: BendGeometry, T_contact: Array, q_contact: Array, scene_open: Scene, scene_lying: Scene, scene_touch: Scene
) -> tuple[tuple[Array, tuple[int, ...], Array] | None, Clearance | None]:
    """Straight in above the die, down onto it, slowly to the fingers. Tracked backwards from the contact."""
    cell_scene = geometry.cell_scene
    into = _rear_extent(geometry, geometry.T_world_sheet(0.0), geometry.before) + _front_of_tools(geometry) + FREE_SPACE
    blocked: Clearance | None = None
    before = translation(0.0, -PUSH, 0.0) @ T_contact
    Ts_push = line(T_contact, before, step=0.004)
    push = track(cell_scene.cell, cell_scene.gripper, Ts_push, q_contact)
    if push is None or not path_is_free(scene_touch, push):
        return None, None if push is None else blocking(scene_touch, push)
    for lift in LIFTS:
        above = translation(0.0, 0.0, lift) @ before
        Ts, corners = polyline([before, above, translation(0.0, -into, 0.0) @ above])
        qs = track(cell_scene.cell, cell_scene.gripper, Ts, push[-1])
        if qs is None:
            continue
        down, across = qs[: corners[1] + 1], qs[corners[1] :]
        if not path_is_free(scene_lying, down):
            blocked = blocking(scene_lying, down)
        elif not path_is_free(scene_open, across):
            blocked = blocking(scene_open, across)
        else:
            last = len(qs) - 1
            return (qs[::-1], tuple(last - c for c in reversed(corners)), push[::-1]), None
    return None, blocked
