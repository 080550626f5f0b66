"""The part while a program runs: where it lies, whether the gripper has it, whether it touches the gauge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.frames import Array, angle_between, inverse
from core.units import to_deg, to_mm
from parts.sheet import SheetPart
from sim.bending import BendingResult
from sim.plan import PartPlacement, Phase, phase_state

GRIP_SHIFT = 5e-3
"""Vacuum or jaws hold a part that lies at most this far from where it was planned to be taken [m]."""
GRIP_TURN = np.radians(2.0)
LAID_SHIFT = 5e-3
"""A part let go further than this from where it should lie is reported [m]."""
FINGER_REACH = 0.3e-3
"""A finger feels a sheet that comes this near [m]."""


@dataclass(frozen=True, eq=False, slots=True)
class _Handover:
    """One grip or release of the plan.

    Attributes:
        grip: True for a grip.
        flange: Whose pose is given.
        T: In a grip T_tcp_flange, in a release T_world_flange (4, 4).
        where: For people: station or tool.
        jaws: Gripper joints afterwards (g,).
        slide: Phase in which the part slides afterwards, or None.
    """

    grip: bool
    flange: int
    T: Array
    where: str
    jaws: Array
    slide: Phase | None = None


def _handovers(result: BendingResult) -> list[_Handover]:
    out = []
    phases = result.plan.phases
    for index, phase in enumerate(phases):
        kinds = {event.kind for event in phase.events}
        if not kinds & {"grip", "release"} or phase.part is None:
            continue
        after = phases[min(index + 1, len(phases) - 1)].part
        if "grip" in kinds and after is not None:
            out.append(_Handover(True, after.flange, after.T_holder_flange, phase.part.by, phase.gripper[-1]))
        elif "release" in kinds:
            slide = next((p for p in phases[index + 1 : index + 3] if p.part_poses is not None and p.name == "slide"), None)
            out.append(_Handover(False, phase.part.flange, phase.part.T_holder_flange, phase.part.by, phase.gripper[-1], slide))
    return out


class VirtualPart:
    """The part of a job.

    Attributes:
        placement: Where it is.
        gripped: Whether the gripper has it.
        jaws: Gripper joints now.
        why: Why the last grip or release did not work; empty when it did.
    """

    def __init__(self, result: BendingResult) -> None:
        self.part: SheetPart = result.part
        first = result.plan.phases[0]
        self.placement: PartPlacement | None = first.part
        self.gripped = first.gripped
        self.jaws: Array = first.gripper[0]
        self.why = ""
        self.slide: Phase | None = None
        self._handovers = _handovers(result)
        self._done = 0

    def next_jaws(self) -> Array:
        """Gripper joints after the next grip or release."""
        return self._handovers[self._done].jaws if self._done < len(self._handovers) else self.jaws

    def T_world_flange(self, flange: int, T_world_tcp: Array, fold: Array) -> Array:
        """Pose of a flange (4, 4) with the tool and the folds as they are."""
        assert self.placement is not None
        holder = T_world_tcp if self.placement.held_by == "tcp" else np.eye(4)
        Ts = self.part.fold(fold)
        T: Array = holder @ self.placement.T_holder_flange @ inverse(Ts[self.placement.flange]) @ Ts[flange]
        return T

    def grip(self, T_world_tcp: Array, fold: Array) -> bool:
        """The gripper closes here; whether it has the part now."""
        planned = self._next(grip=True)
        if planned is None or self.placement is None:
            self.why = "there is nothing to take"
            return False
        T_world_flange = self.T_world_flange(planned.flange, T_world_tcp, fold)
        T_tcp_flange = inverse(T_world_tcp) @ T_world_flange
        shift, turn = _apart(planned.T, T_tcp_flange)
        if shift > GRIP_SHIFT or turn > GRIP_TURN:
            self.why = f"the gripper stands {to_mm(shift):.1f} mm and {to_deg(turn):.1f} deg from where it takes the part ({planned.where}): it holds nothing"
            return False
        self.why = ""
        self._done += 1
        self.jaws = planned.jaws
        self.slide = None
        self.placement = PartPlacement("tcp", planned.flange, T_tcp_flange, "gripper")
        self.gripped = True
        return True

    def release(self, T_world_tcp: Array, fold: Array) -> str:
        """The gripper lets go here; returns where the part then lies wrong, empty when it lies right."""
        planned = self._next(grip=False)
        if not self.gripped or self.placement is None:
            return ""
        flange = self.placement.flange if planned is None else planned.flange
        T = self.T_world_flange(flange, T_world_tcp, fold)
        self.gripped = False
        if planned is None:
            self.placement = PartPlacement("world", flange, T, "dropped")
            return "the part is let go where no station is"
        self._done += 1
        self.jaws = planned.jaws
        self.placement = PartPlacement("world", flange, T, planned.where)
        self.slide = planned.slide
        shift, turn = _apart(planned.T, T)
        if shift > LAID_SHIFT or turn > GRIP_TURN:
            return f"the part is let go {to_mm(shift):.1f} mm and {to_deg(turn):.1f} deg from where it should lie ({planned.where})"
        return ""

    def slid(self, share: float) -> Array | None:
        """The pose after `share` 0..1 of a slide onto the stops; None: it does not slide. At 1 the part lies there."""
        if self.slide is None or self.slide.part_poses is None or self.placement is None:
            return None
        start, end = self.slide.part_poses[0], self.slide.part_poses[-1]
        T: Array = end if share >= 1 else self.placement.T_holder_flange.copy()
        if share < 1:
            T[:3, 3] += share * (end[:3, 3] - start[:3, 3])
        else:
            self.placement = PartPlacement("world", self.slide.part.flange if self.slide.part else 0, end, self.placement.by)
            self.slide = None
        return T

    def lies_in_brake(self, flange: int, T_world_flange: Array) -> None:
        """The brake has moved a part that nobody holds."""
        self.placement = PartPlacement("world", flange, T_world_flange, "brake")

    def _next(self, *, grip: bool) -> _Handover | None:
        """The next handover of the plan when it is one of this kind."""
        if self._done >= len(self._handovers):
            return None
        planned = self._handovers[self._done]
        return planned if planned.grip == grip else None


class GaugeCheck:
    """Whether the fingers feel the sheet: where it should lie in the brake is where the plan has it at the end of gauging."""

    def __init__(self, result: BendingResult) -> None:
        self._planned: dict[int, tuple[int, Array]] = {}
        robot = result.cell.robot
        for step in result.plan.steps:
            phase = next(p for p in result.plan.phases if p.step == f"bend {step.label}" and p.name == "gauge")
            state = phase_state(phase, float(phase.times[-1]))
            assert state.part is not None
            T_tcp = robot.T_world_base @ robot.model.fk(state.robot) @ result.gripper.T_flange_tcp
            self._planned[int(step.label)] = (state.part.flange, T_tcp @ state.part.T_holder_flange)
        self._T_world_brake = result.cell.brake.T_world_brake
        names = result.cell.brake.mechanism.joint_names
        self._columns = [names.index(name) for name in ("gauge_x", "gauge_z1", "gauge_z2")]

    def flange(self, bend: int) -> int:
        """The flange whose pose is compared."""
        return self._planned[bend][0]

    def short_of(self, bend: int, T_world_flange: Array, gauge: Array) -> tuple[float, float]:
        """How far the sheet ends before the left and the right finger [m], negative when it is pushed into them.

        Args:
            bend: Number of the bend.
            T_world_flange: Where the part is.
            gauge: Brake joints (5,).
        """
        _, planned = self._planned[bend]
        # The edge at a finger moves with the part: the shift of the point of the planned part that touches it.
        to_brake = inverse(self._T_world_brake)
        moved = to_brake @ T_world_flange @ inverse(planned) @ self._T_world_brake
        depth, *sides = (float(gauge[k]) for k in self._columns)
        out = []
        for x in sides:
            point = np.array([x, depth, 0.0, 1.0])
            out.append(-float((moved @ point - point)[1]))
        return out[0], out[1]


def _apart(a: Array, b: Array) -> tuple[float, float]:
    """Distance of two poses: at their origins [m] and in direction [rad]."""
    return float(np.linalg.norm(a[:3, 3] - b[:3, 3])), angle_between(a, b)
