"""Phases one after the other: a plan being written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cells.model import Cell, Gripper
from core.frames import Array
from sim.motion import JointLimits
from sim.plan import Event, MotionKind, PartPlacement, Phase
from sim.timing import time_path

RASTER = 0.02
"""Samples of moves that are not already denser [s]."""


@dataclass(eq=False, slots=True)
class Timeline:
    """Collects phases; keeps where everything is at their end.

    Attributes:
        cell: The cell.
        gripper: The mounted gripper.
        robot, brake, fold, gripper_joints: Values at the end of the last phase.
        part: Placement of the part now.
        gripped: Whether the gripper holds it.
        time: End of the last phase [s].
        phases: So far.
    """

    cell: Cell
    gripper: Gripper
    robot: Array
    brake: Array
    fold: Array
    gripper_joints: Array
    part: PartPlacement | None
    gripped: bool = False
    time: float = 0.0
    phases: list[Phase] = field(default_factory=list)

    def move(
        self,
        name: str,
        step: str,
        kind: MotionKind,
        qs: Array,
        *,
        waypoints: tuple[int, ...] | None = None,
        tcp_speed: float | None = None,
        stroke: int | None = None,
        brake: Array | None = None,
        contacts: tuple[tuple[tuple[str, str], str], ...] = (),
        events: tuple[Event, ...] = (),
    ) -> None:
        """A robot move along joint path `qs` (k, n), as fast as the limits allow; the brake goes to `brake` meanwhile.

        The move lasts at least as long as the brake's axes need.
        """
        positions = self._tcp_positions(qs) if tcp_speed is not None else None
        # Between its targets a straight move stops: the program drives every line to its end.
        stops = waypoints or () if kind == "linear" else ()
        timed = time_path(qs, JointLimits.of(self.cell.robot.model), positions=positions, tcp_speed=tcp_speed, stops=stops)
        times = timed.times
        target = self.brake if brake is None else brake
        needed = self._brake_time(self.brake, target)
        brakes = np.repeat(self.brake[None], len(times), axis=0)
        robot = timed.qs
        if needed > 0:
            if needed > times[-1]:
                times = np.append(times, needed)
                robot = np.concatenate((robot, robot[-1:]))
            share = np.clip(times / needed, 0.0, 1.0)
            brakes = self.brake + share[:, None] * (target - self.brake)
        marks = self._waypoint_samples(qs, robot, waypoints)
        self._append(name, step, kind, times, robot, brakes, None, stroke=stroke, events=events, contacts=contacts, waypoints=marks)

    def _waypoint_samples(self, qs: Array, robot: Array, waypoints: tuple[int, ...] | None) -> tuple[int, ...]:
        """Samples nearest to the programmed targets, in order, first and last included."""
        marks = [0]
        for index in (waypoints or ())[1:-1]:
            distance = np.max(np.abs(robot[marks[-1] :] - qs[index]), axis=1)
            marks.append(marks[-1] + int(np.argmin(distance)))
        return (*dict.fromkeys(marks), len(robot) - 1)

    def wait(
        self,
        name: str,
        step: str,
        duration: float,
        *,
        brake: Array | None = None,
        gripper: Array | None = None,
        stroke: int | None = None,
        events: tuple[Event, ...] = (),
        contacts: tuple[tuple[tuple[str, str], str], ...] = (),
        part_poses: Array | None = None,
        fold: Array | None = None,
    ) -> None:
        """The robot stands still for `duration` [s] or as long as the brake's axes need."""
        target = self.brake if brake is None else brake
        length = max(duration, self._brake_time(self.brake, target))
        times = np.array([0.0, length])
        brakes = np.array([self.brake, target])
        self._append(
            name, step, "wait", times, np.repeat(self.robot[None], 2, axis=0), brakes, None if fold is None else np.array([self.fold, fold]),
            stroke=stroke, events=events, contacts=contacts, waypoints=(0, 1), gripper=gripper, part_poses=part_poses,
        )  # fmt: skip

    def sampled(
        self,
        name: str,
        step: str,
        kind: MotionKind,
        times: Array,
        *,
        robot: Array,
        brake: Array,
        fold: Array,
        stroke: int | None,
        contacts: tuple[tuple[tuple[str, str], str], ...],
        events: tuple[Event, ...] = (),
        part_poses: Array | None = None,
    ) -> None:
        """A phase in which robot, brake and fold follow one law; `times` start at 0."""
        self._append(
            name,
            step,
            kind,
            times,
            robot,
            brake,
            fold,
            stroke=stroke,
            events=events,
            contacts=contacts,
            waypoints=tuple(range(len(times))),
            part_poses=part_poses,
        )

    def take(self, part: PartPlacement) -> None:
        """From now on the gripper holds the part."""
        self.part, self.gripped = part, True

    def give(self, part: PartPlacement) -> None:
        """From now on the part rests elsewhere."""
        self.part, self.gripped = part, False

    def _append(
        self,
        name: str,
        step: str,
        kind: MotionKind,
        times: Array,
        robot: Array,
        brake: Array,
        fold: Array | None,
        *,
        stroke: int | None,
        events: tuple[Event, ...],
        contacts: tuple[tuple[tuple[str, str], str], ...],
        waypoints: tuple[int, ...],
        gripper: Array | None = None,
        part_poses: Array | None = None,
    ) -> None:
        k = len(times)
        folds = np.repeat(self.fold[None], k, axis=0) if fold is None else fold
        grippers = np.repeat(self.gripper_joints[None], k, axis=0)
        if gripper is not None:
            grippers = self.gripper_joints + np.linspace(0.0, 1.0, k)[:, None] * (gripper - self.gripper_joints)
        moved = tuple(replace(event, time=self.time + event.time) for event in events)
        self.phases.append(
            Phase(
                name=name,
                step=step,
                kind=kind,
                stroke=stroke,
                times=self.time + times,
                robot=robot,
                gripper=grippers,
                brake=brake,
                fold=folds,
                part=self.part,
                gripped=self.gripped,
                events=moved,
                contacts=contacts,
                waypoints=waypoints,
                part_poses=part_poses,
            )
        )
        self.time = float(self.time + times[-1])
        self.robot, self.brake, self.fold, self.gripper_joints = robot[-1], brake[-1], folds[-1], grippers[-1]

    def _brake_time(self, start: Array, target: Array) -> float:
        """How long the slowest brake axis needs [s]."""
        brake = self.cell.brake
        speed = dict(zip(("gauge_x", "gauge_r", "gauge_z1", "gauge_z2"), brake.gauge_speed, strict=True))
        needed = 0.0
        for index, joint in enumerate(brake.mechanism.joint_names):
            change = float(target[index] - start[index])
            axis_speed = speed.get(joint, brake.approach_speed if change > 0 else brake.return_speed)
            needed = max(needed, abs(change) / axis_speed)
        return needed

    def _tcp_positions(self, qs: Array) -> Array:
        Ts: Array = self.cell.robot.T_world_base @ self.cell.robot.model.fk_batch(qs) @ self.gripper.T_flange_tcp
        return Ts[:, :3, 3]
