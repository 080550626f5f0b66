"""Carries a sequence out: every move of robot and brake from the stack to the pallet, as phases on a timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.findings import Finding
from core.frames import Array, translation
from sim.bend_motion import MUTE, BendGeometry, BendPath, held
from sim.cell_scene import CellScene, part_groups
from sim.follow import FollowLaw, follow_law
from sim.grips import Grip
from sim.handling import APPROACH, Reach
from sim.motion import JointLimits, MotionFailure, plan_free
from sim.plan import Event, PartPlacement
from sim.robot_path import line, path_is_free, track
from sim.scene import Clearance, Scene
from sim.scene_parts import Groups
from sim.timeline import Timeline
from sim.timing import blend_corners

INSERT_SPEED = 0.35
"""Tool speed between the tools [m/s]."""
PUSH_SPEED = 0.02
"""Tool speed towards the gauge fingers [m/s]."""
STATION_SPEED = 0.40
"""Tool speed when taking from and giving to stations [m/s]."""
GRIP_TIME = 0.4
"""Until vacuum or clamp holds, and until it has let go [s]."""
SLIDE_TIME = 1.5
"""Until a sheet has slid against the stops of a centring table [s]."""
HANDSHAKE_TIMEOUT = 10.0
"""Longest wait for a signal of the brake [s]."""


class MotionError(Exception):
    """A step the robot cannot do; carries the finding for the plan."""

    def __init__(self, finding: Finding, step_index: int | None = None) -> None:
        super().__init__(finding.message)
        self.finding = finding
        self.step_index = step_index


def no_motion(step: str, what: str, closest: Clearance | None, remedy: str) -> MotionError:
    """The finding for a move that does not exist: what blocks it and by how much."""
    if closest is None:
        message = f"the robot cannot {what}: no arm configuration reaches all of it"
        return MotionError(Finding("error", "out-of-reach", message, remedy, step))
    body_a, body_b = closest.body_a, closest.body_b
    gap = closest.distance * 1e3
    state = f"hits {body_b}" if gap <= 0 else f"comes within {gap:.1f} mm of {body_b}"
    data = {"bodies": [body_a, body_b], "distance_mm": round(gap, 2)}
    return MotionError(Finding("error", "in-the-way", f"the robot cannot {what}: {body_a} {state}", remedy, step, data))


@dataclass(eq=False, slots=True)
class JobMotion:
    """Writes the phases of one job.

    Attributes:
        cell_scene: The cell.
        timeline: Where phases go.
        seed: Of free moves.
        findings: Collected on the way.
    """

    cell_scene: CellScene
    timeline: Timeline
    seed: int
    findings: list[Finding]

    @property
    def open_gripper(self) -> Array:
        """Gripper joints when open."""
        return np.array(self.cell_scene.gripper.mechanism.upper, dtype=float)

    @property
    def closed_gripper(self) -> Array:
        """Gripper joints when it holds the part: a clamp's jaws rest on the sheet."""
        mechanism = self.cell_scene.gripper.mechanism
        closed = np.array(mechanism.lower, dtype=float)
        if self.cell_scene.gripper.kind == "clamp":
            closed = np.clip(closed + self.cell_scene.part.thickness / 2, mechanism.lower, mechanism.upper)
        return closed

    def scene(
        self, *, allowed: Groups = frozenset(), gripper: Array | None = None, brake: Array | None = None, wide: bool = False
    ) -> Scene:
        """The scene as the timeline stands, robot free.

        With `wide` the gripper keeps the cell's margin even from what it takes parts off, and from a part that it does not hold; else only on the
        last stretch to them may it come nearer.
        """
        line_ = self.timeline
        grip_pairs: Groups = (
            frozenset({(f"flange-{line_.part.flange}", "gripper")}) if line_.gripped and line_.part is not None else frozenset()
        )
        near = ("pile", "regrip", *(() if line_.gripped else part_groups(self.cell_scene.part)))
        return self.cell_scene.posed(
            brake=line_.brake if brake is None else brake,
            gripper=line_.gripper_joints if gripper is None else gripper,
            placement=line_.part,
            fold=line_.fold,
            allowed=allowed | grip_pairs,
            margins={(group, "gripper"): self.cell_scene.cell.margin for group in near} if wide else None,
        )

    def free(
        self,
        name: str,
        step: str,
        goals: Array,
        what: str,
        *,
        brake: Array | None = None,
        contacts: tuple[tuple[tuple[str, str], str], ...] = (),
        events: tuple[Event, ...] = (),
    ) -> int:
        """A collision-free move to the nearest (in time) of several joint goals (g, n); returns which one was reached.

        `contacts` are those of a part that rests somewhere meanwhile; `events` happen before it.
        """
        limits = JointLimits.of(self.cell_scene.cell.robot.model)
        touching = frozenset(pair for pair, _ in contacts)
        for wide in (True, False):
            # Inside a box there may be no room for the whole margin.
            scene = self.scene(allowed=touching, brake=brake, wide=wide)
            found = plan_free(scene, self.timeline.robot, goals, limits, seed=self.seed + len(self.timeline.phases))
            if not isinstance(found, MotionFailure):
                break
        if isinstance(found, MotionFailure):
            raise no_motion(step, f"{what} ({found.message})", found.closest, "move the station or the robot, or choose another gripper")
        corners = found.qs[np.r_[True, np.max(np.abs(np.diff(found.qs, axis=0)), axis=1) > 1e-6]]
        dense, marks, blends = blend_corners(corners, scene)
        self.timeline.move(name, step, "free", dense, waypoints=marks, brake=brake, contacts=contacts, events=events)
        nearest = scene.path_clearance(dense)
        self.timeline.phases[-1] = replace(
            self.timeline.phases[-1],
            clearance=nearest.distance,
            closest=(nearest.body_a, nearest.body_b),
            corners=corners,
            blends=np.array(blends),
        )
        return int(np.argmin(np.max(np.abs(goals - found.qs[-1]), axis=1)))

    def grip_on(self, step: str, grip: Grip, contacts: tuple[tuple[tuple[str, str], str], ...]) -> None:
        """Close on the part where it lies and take it over."""
        part = self.cell_scene.part
        signal = "clamp-close" if self.cell_scene.gripper.kind == "clamp" else "vacuum-on"
        mass = part.mass
        com_flange = _com_in_flange(self.cell_scene, self.timeline.fold, grip.flange)
        com_tcp = grip.T_tcp_flange[:3, :3] @ com_flange + grip.T_tcp_flange[:3, 3]
        T_flange_tcp = self.cell_scene.gripper.T_flange_tcp
        com = T_flange_tcp[:3, :3] @ com_tcp + T_flange_tcp[:3, 3]
        events = (
            Event(0.0, "signal-set", {"signal": signal, "value": True}),
            Event(GRIP_TIME, "signal-wait", {"signal": "part-held", "value": True, "timeout_s": HANDSHAKE_TIMEOUT}),
            Event(
                GRIP_TIME,
                "grip",
                {
                    "flange": grip.flange,
                    "face": grip.face,
                    "mass_kg": mass,
                    "com_flange_m": [float(v) for v in com],
                    "cups": list(grip.active_cups),
                },
            ),
        )
        self.timeline.wait("grip", step, GRIP_TIME, gripper=self.closed_gripper, events=events, contacts=(*contacts, _grip_contact(grip)))
        self.timeline.take(held(grip))

    def grip_off(self, step: str, resting: PartPlacement, contacts: tuple[tuple[tuple[str, str], str], ...]) -> None:
        """Let go of the part where it is."""
        signal = "clamp-close" if self.cell_scene.gripper.kind == "clamp" else "vacuum-on"
        grip_flange = self.timeline.part.flange if self.timeline.part is not None else resting.flange
        self.timeline.give(resting)
        events = (
            Event(0.0, "signal-set", {"signal": signal, "value": False}),
            Event(GRIP_TIME, "signal-wait", {"signal": "part-held", "value": False, "timeout_s": HANDSHAKE_TIMEOUT}),
            Event(GRIP_TIME, "release", {}),
        )
        touching = (((f"flange-{grip_flange}", "gripper"), "the gripper lets go"),)
        self.timeline.wait("release", step, GRIP_TIME, gripper=self.open_gripper, events=events, contacts=(*contacts, *touching))

    def take_from(
        self, step: str, grip: Grip, options: list[Reach], where: PartPlacement, contacts: tuple[tuple[tuple[str, str], str], ...]
    ) -> None:
        """Free move to the part, approach, grip, lift."""
        self.timeline.part = where
        index = self.free("approach", step, np.array([reach.approach[0] for reach in options]), "come to the part", contacts=contacts)
        reach = options[index]
        self.timeline.move("reach", step, "linear", reach.approach, tcp_speed=STATION_SPEED, contacts=(*contacts, _grip_contact(grip)))
        self.grip_on(step, grip, contacts)
        self.timeline.move("lift", step, "linear", reach.carry, tcp_speed=STATION_SPEED, contacts=(*contacts, _grip_contact(grip)))

    def give_to(self, step: str, grip: Grip, options: list[Reach], by: str, contacts: tuple[tuple[tuple[str, str], str], ...]) -> Reach:
        """Free move with the part, put down, let go, back off."""
        index = self.free("carry", step, np.array([reach.carry[-1] for reach in options]), "carry the part")
        reach = options[index]
        touching = (*contacts, _grip_contact(grip))
        self.timeline.move("put down", step, "linear", reach.carry[::-1], tcp_speed=STATION_SPEED, contacts=touching)
        fold = self.timeline.fold
        T_world_flange = reach.T_world_sheet @ self.cell_scene.part.fold(fold)[grip.flange]
        self.grip_off(step, PartPlacement("world", grip.flange, T_world_flange, by), contacts)
        self.timeline.move("back off", step, "linear", reach.approach[::-1], tcp_speed=STATION_SPEED, contacts=touching)
        return reach

    def bend(
        self, label: str, geometry: BendGeometry, grip: Grip, paths: list[BendPath], after: Grip | None = None
    ) -> tuple[FollowLaw, BendPath]:
        """One bend from free space to free space; with `after`, the part is taken with another grip while the tools hold it."""
        step = f"bend {label}"
        timeline = self.timeline
        thickness = self.cell_scene.part.thickness
        ready = geometry.brake(geometry.open_tip)
        # The gauge drives to its place while the robot travels.
        selected = (Event(0.0, "program-select", {"bend": int(label)}),)
        index = self.free(
            "travel", step, np.array([path.insert[0] for path in paths]), "bring the sheet to the brake", brake=ready, events=selected
        )
        path = paths[index]
        legs = tuple((pair, "the sheet lies on the die and under the punch") for pair in sorted(geometry.tool_groups()))
        fingers = tuple((pair, "the sheet touches the gauge fingers") for pair in sorted(geometry.gauge_groups()))
        touching = (*legs, *fingers, _grip_contact(grip))
        # With the punch up only the die carries the sheet; the fingers are met on the last, slow stretch.
        lying = (*(contact for contact in legs if contact[0][1] == "die"), _grip_contact(grip))
        timeline.move(
            "insert", step, "linear", path.insert, waypoints=path.insert_corners, tcp_speed=INSERT_SPEED, stroke=geometry.step.stroke, contacts=lying,
            events=(
                Event(0.0, "signal-wait", {"signal": "brake-ready", "value": True, "timeout_s": HANDSHAKE_TIMEOUT}),
                Event(0.0, "signal-wait", {"signal": "gauge-in-position", "value": True, "timeout_s": HANDSHAKE_TIMEOUT}),
                Event(0.0, "signal-set", {"signal": "robot-clear", "value": False}),
            ),
        )  # fmt: skip
        timeline.move("gauge", step, "linear", path.push, tcp_speed=PUSH_SPEED, stroke=geometry.step.stroke, contacts=(*lying, *fingers))
        timeline.wait(
            "close", step, 0.0, brake=geometry.brake(thickness + MUTE), stroke=geometry.step.stroke, contacts=(*lying, *fingers),
            events=(
                Event(0.0, "signal-wait", {"signal": "finger-left", "value": True, "timeout_s": HANDSHAKE_TIMEOUT}),
                Event(0.0, "signal-wait", {"signal": "finger-right", "value": True, "timeout_s": HANDSHAKE_TIMEOUT}),
                Event(0.0, "signal-set", {"signal": "sheet-in-place", "value": True}),
                Event(0.0, "signal-set", {"signal": "bend-start", "value": True}),
            ),
        )  # fmt: skip
        law = follow_law(geometry, path, JointLimits.of(self.cell_scene.cell.robot.model))
        if law is None:
            raise no_motion(
                step,
                "follow the sheet even at the ram's slowest speed",
                None,
                "release the sheet for this bend, or hold it nearer the line",
            )
        if law.slowed < 0.995:
            self.findings.append(
                Finding(
                    "info", "ram-slowed", f"the ram bends at {law.ram_speed * 1e3:.1f} mm/s instead of {law.ram_speed / law.slowed * 1e3:.1f}, so that the robot can follow",
                    "a wider V or a grip nearer the line lets it go faster", step, {"ram_speed_mm_s": round(law.ram_speed * 1e3, 2)},
                )
            )  # fmt: skip
        timeline.wait("pinch", step, MUTE / law.ram_speed, brake=geometry.brake(thickness), stroke=geometry.step.stroke, contacts=touching)
        # The fingers have done their work: they go back before the sheet begins to swing.
        timeline.wait(
            "retract",
            step,
            0.0,
            brake=geometry.brake(thickness, gauge_back=geometry.gauge_retract),
            stroke=geometry.step.stroke,
            contacts=touching,
        )
        touching = (*legs, _grip_contact(grip))
        pinched = Event(0.0, "signal-wait", {"signal": "pinch-reached", "value": True, "timeout_s": HANDSHAKE_TIMEOUT})
        done = Event(float(law.times[-1]), "signal-wait", {"signal": "bend-done", "value": True, "timeout_s": HANDSHAKE_TIMEOUT})
        if path.follow is not None:
            timeline.sampled(
                "follow",
                step,
                "follow",
                law.times,
                robot=law.robot if law.robot is not None else path.follow,
                brake=law.brake,
                fold=law.fold,
                stroke=geometry.step.stroke,
                contacts=touching,
                events=(pinched, done),
            )
        else:
            self._bend_released(step, geometry, grip, after or grip, path, law, touching, (pinched, done))
        timeline.wait(
            "open", step, 0.0, brake=geometry.brake(geometry.open_tip, gauge_back=_gauge_back(geometry, timeline)), stroke=geometry.step.stroke, contacts=touching,
            events=(
                Event(0.0, "signal-set", {"signal": "bend-start", "value": False}),
                Event(0.0, "signal-set", {"signal": "sheet-in-place", "value": False}),
                Event(0.0, "signal-wait", {"signal": "opening-safe", "value": True, "timeout_s": HANDSHAKE_TIMEOUT}),
            ),
        )  # fmt: skip
        timeline.move(
            "withdraw",
            step,
            "linear",
            path.withdraw,
            waypoints=path.withdraw_corners,
            tcp_speed=INSERT_SPEED,
            stroke=geometry.step.stroke,
            contacts=lying,
        )
        timeline.wait("clear", step, 0.0, events=(Event(0.0, "signal-set", {"signal": "robot-clear", "value": True}),))
        return law, path

    def _bend_released(
        self,
        step: str,
        geometry: BendGeometry,
        grip: Grip,
        after: Grip,
        path: BendPath,
        law: FollowLaw,
        touching: tuple[tuple[tuple[str, str], str], ...],
        events: tuple[Event, Event],
    ) -> None:
        """Let go at pinch, stand back while the ram bends, take the part again where it then is."""
        cell_scene, timeline = self.cell_scene, self.timeline
        allowed = frozenset(pair for pair, _ in touching)
        T_before = geometry.T_world_flange(grip.flange, 0.0)
        timeline.wait("pinched", step, 0.0, stroke=geometry.step.stroke, contacts=touching, events=(events[0],))
        self.grip_off(step, PartPlacement("world", grip.flange, T_before, "brake"), touching)
        back = line(T_before @ grip.T_flange_tcp, T_before @ grip.T_flange_tcp @ translation(0.0, 0.0, -APPROACH))
        qs = track(cell_scene.cell, cell_scene.gripper, back, timeline.robot)
        scene = self.scene(allowed=allowed)
        if qs is None or not path_is_free(scene, qs):
            raise no_motion(
                step,
                "back off from the pinched sheet",
                None if qs is None else scene.distance(qs[-1]),
                "hold the sheet elsewhere or follow it",
            )
        timeline.move("back off", step, "linear", qs, tcp_speed=STATION_SPEED, stroke=geometry.step.stroke, contacts=touching)
        self._stand_clear(step, geometry, path, touching)
        # With the robot out of the way the ram, which waits at the pinch point, goes on.
        clear = Event(0.0, "signal-set", {"signal": "robot-clear", "value": True})
        poses = np.array([geometry.T_world_flange(grip.flange, float(beta)) for beta in law.betas])
        still = np.repeat(timeline.robot[None], len(law.times), axis=0)
        timeline.sampled(
            "bend",
            step,
            "wait",
            law.times,
            robot=still,
            brake=law.brake,
            fold=law.fold,
            stroke=geometry.step.stroke,
            contacts=touching,
            events=(clear, events[1]),
            part_poses=poses,
        )
        T_after = geometry.T_world_flange(after.flange, geometry.step.angle)
        timeline.part = PartPlacement("world", after.flange, T_after, "brake")
        T_taken = T_after @ after.T_flange_tcp
        touching = (*(pair for pair in touching if pair != _grip_contact(grip)), _grip_contact(after))
        allowed = frozenset(pair for pair, _ in touching)
        near = line(T_taken, T_taken @ translation(0.0, 0.0, -APPROACH))
        approach = track(cell_scene.cell, cell_scene.gripper, near, path.withdraw[0])
        scene = self.scene(allowed=allowed)
        if approach is None or not path_is_free(scene, approach):
            raise no_motion(
                step,
                "take the bent part again",
                None if approach is None else scene.distance(approach[-1]),
                "hold the sheet elsewhere or follow it",
            )
        near_again = (Event(0.0, "signal-set", {"signal": "robot-clear", "value": False}),)
        self.free("return", step, approach[-1][None], "come back to the bent part", contacts=touching, events=near_again)
        timeline.move("reach", step, "linear", approach[::-1], tcp_speed=STATION_SPEED, stroke=geometry.step.stroke, contacts=touching)
        self.grip_on(step, after, touching)

    def _stand_clear(self, step: str, geometry: BendGeometry, path: BendPath, touching: tuple[tuple[tuple[str, str], str], ...]) -> None:
        """Where the sheet would swing against the robot that let it go, the robot goes back to where it came from."""
        allowed = frozenset(pair for pair, _ in touching)
        scene = self.cell_scene

        def struck(q: Array) -> Clearance | None:
            for (tip, fold), T_world_flange in zip(geometry.swing, geometry.Ts_follow(0), strict=True):
                placement = PartPlacement("world", 0, T_world_flange, "brake")
                posed = scene.posed(
                    brake=geometry.brake(tip), gripper=self.timeline.gripper_joints, placement=placement, fold=fold, allowed=allowed
                )
                if not bool(posed.free(q[None])[0]):
                    return posed.violation(q)
            return None

        if struck(self.timeline.robot) is None:
            return
        self.free("stand clear", step, path.insert[0][None], "stand clear of the swinging sheet", contacts=touching)
        closest = struck(self.timeline.robot)
        if closest is not None:
            raise no_motion(step, "stand clear of the swinging sheet", closest, "follow the sheet, or hold it elsewhere")


def _gauge_back(geometry: BendGeometry, timeline: Timeline) -> float:
    """How far the gauge stands behind its contact position now [m]."""
    index = geometry.cell_scene.cell.brake.mechanism.joint_names.index("gauge_x")
    return float(timeline.brake[index]) - geometry.step.gauge_x


def _grip_contact(grip: Grip) -> tuple[tuple[str, str], str]:
    return ((f"flange-{grip.flange}", "gripper"), "the gripper holds the part")


def _com_in_flange(cell_scene: CellScene, fold: Array, flange: int) -> Array:
    """Centre of mass of the folded part in one flange's frame (3,)."""
    T = cell_scene.part.fold(fold)[flange]
    com: Array = T[:3, :3].T @ (cell_scene.part.center_of_mass(fold) - T[:3, 3])
    return com
