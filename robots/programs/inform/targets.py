"""Targets of a job: what a position needs, made from the neutral move where the program leaves it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.errors import UnsupportedError
from core.frames import Array, inverse
from robots.programs.inform.points import Point
from robots.programs.program import MoveCircular, MoveJoint, MoveLinear, RobotProgram
from robots.programs.settings import InformSettings


@dataclass(frozen=True, slots=True)
class State:
    """Names of what is active: tool, what it holds, frame."""

    tool: str | None
    load: str | None
    frame: str | None


@dataclass(frozen=True, eq=False, slots=True)
class Where:
    """Where the tool stands after a move: the pose in the robot's base, or in the station's table when `carried` (None: not known), and the position written."""

    T_tcp: Array | None
    carried: bool
    point: Point


@dataclass(frozen=True, eq=False, slots=True)
class At:
    """State and position at a place in the program; no position: not known."""

    state: State
    position: Where | None


class Jobs(Protocol):
    """What a job needs from the writer of all jobs."""

    program: RobotProgram
    settings: InformSettings
    track: bool
    tools: dict[tuple[str, str | None], int]
    frames: dict[str, int]

    def job(self, routine: str, at: At) -> tuple[str, At]:
        """The name of the job of a routine entered so, and how it is left."""


@dataclass(frozen=True, eq=False, slots=True)
class Targets:
    """Makes positions of a job.

    Attributes:
        program: Whose moves they are.
        settings: Of the language.
        track: The arm stands on a track.
        routine: For messages.
        frame: Of the job; None: the base.
    """

    program: RobotProgram
    settings: InformSettings
    track: bool
    routine: str
    frame: str | None

    @property
    def carried(self) -> bool:
        """Whether the positioner carries the job's frame."""
        return self.frame is not None and self.program.frames[self.frame].carried

    def point(self, at: At, one: MoveJoint | MoveLinear | MoveCircular, T_frame_tcp: Array | None, q: Array | None) -> Point:
        """A target with what the job's kind of position needs."""
        program = self.program
        track = (float(one.q[0]) if one.q is not None else one.track) if self.track else None
        if self.track and track is None:
            raise UnsupportedError(f"routine '{self.routine}': a target on the track without the track's position")
        external = one.external
        if external is None and program.positioner:
            if at.position is None:
                raise UnsupportedError(
                    f"routine '{self.routine}': Yaskawa INFORM names the positioner's axes at every position; give them at the first move"
                )
            external = at.position.point.external
        posture = program.postures("yaskawa", q) if q is not None and program.postures is not None else one.posture
        if self.settings.job_kind == "pulse":
            if q is None:
                raise UnsupportedError(
                    f"routine '{self.routine}': a target without joint values cannot stand in a Yaskawa INFORM pulse job; write relative jobs (job_kind: rectan)"
                )
        elif T_frame_tcp is None:
            if posture is None:
                raise UnsupportedError(
                    f"{program.name}: joint moves of a Yaskawa INFORM relative job name the posture; give the program a posture rule"
                )
            assert q is not None
            T_frame_tcp = self._pose_of(at, q)
        return Point(T_frame_tcp, None if q is None else q[-6:], posture, track, external or ())

    def _pose_of(self, at: At, q: Array) -> Array:
        """Where joint values bring the tool, in the job's frame."""
        program = self.program
        if program.flange is None:
            raise UnsupportedError(
                f"{program.name}: a Yaskawa INFORM relative job has poses only; joint moves need the program's forward kinematics (flange), or pulse jobs with the robot's ratios"
            )
        if self.frame is not None and program.frames[self.frame].carried:
            raise UnsupportedError(
                f"routine '{self.routine}' has joint values beside poses in the frame '{self.frame}' that the positioner carries; put them into a routine with a frame that stands still, or give poses"
            )
        tool = at.state.tool
        if tool is None:
            raise UnsupportedError(f"routine '{self.routine}' moves before any tool is chosen")
        T: Array = inverse(self.placed(np.eye(4))) @ program.flange(q) @ program.tools[tool].T_flange_tcp
        return T

    def placed(self, T_frame_tcp: Array) -> Array:
        """A pose of the job's frame in the robot's base, or in the table that carries the frame."""
        if self.frame is None:
            return T_frame_tcp
        T: Array = self.program.frames[self.frame].T_robot_frame @ T_frame_tcp
        return T

    def in_base(self, point: Point) -> Array | None:
        return None if point.T_frame_tcp is None else self.placed(point.T_frame_tcp)
