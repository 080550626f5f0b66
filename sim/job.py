"""The job from stack to pallet: pick, centre, every bend, regrips between them, stacking, home."""

from __future__ import annotations

import numpy as np

from cells.model import Cell, Gripper, Station
from core.findings import Finding
from core.frames import Array, translation
from core.progress import Progress
from parts.sheet import SheetPart
from sim.bend_motion import BendGeometry
from sim.follow import FollowLaw
from sim.grip_choice import Choice
from sim.grips import Grip
from sim.handling import QUARTERS, lying, reaches, slot_offsets, station_groups
from sim.handover import infeed, pick_options, put_down_options, regrip_options
from sim.job_motion import SLIDE_TIME, JobMotion, MotionError, no_motion
from sim.plan import BendStep, PartPlacement
from sim.sequence import SequencedStroke, SequenceResult
from sim.timeline import Timeline


def start_timeline(cell: Cell, gripper: Gripper, part: SheetPart) -> Timeline:
    """Everything at home: robot at its home position, ram up, gauge back, gripper open, sheet not yet in the cell."""
    return Timeline(
        cell,
        gripper,
        cell.robot.q_home.copy(),
        cell.brake.parked(),
        np.zeros(len(part.bends)),
        np.array(gripper.mechanism.upper, dtype=float),
        None,
    )


def run_job(
    motion: JobMotion, sequence: SequenceResult, chosen: list[Choice], faces: tuple[str, ...], made: list[BendStep], progress: Progress
) -> str:
    """Writes all phases; returns which face of the flat sheets looks up on the stack.

    Raises:
        MotionError: When a move does not exist; carries the finding.
    """
    first = chosen[0].grip
    total = len(sequence.steps) + 2
    progress("motion", 0.0, "pick")
    face = _pick(motion, first, faces)
    held = first
    for index, (step, choice) in enumerate(zip(sequence.steps, chosen, strict=True)):
        progress("motion", (index + 1) / total, f"bend {index + 1} of {len(sequence.steps)}")
        if choice.grip is not held:
            _regrip(motion, held, choice.grip, index)
            held = choice.grip
        geometry = BendGeometry(motion.cell_scene, step, step.before)
        try:
            law, _ = motion.bend(str(index + 1), geometry, choice.grip, list(choice.paths), choice.after)
        except MotionError as error:
            error.step_index = index
            raise
        held = choice.after or choice.grip
        made.append(_bend_step(motion, geometry, step, index, law, choice.follow))
    progress("motion", (total - 1) / total, "stack")
    resting = _stack(motion, held)
    motion.free("home", "home", motion.cell_scene.cell.robot.q_home[None], "go home", contacts=resting)
    return face


def _pick(motion: JobMotion, grip: Grip, faces: tuple[str, ...]) -> str:
    cell_scene, timeline = motion.cell_scene, motion.timeline
    part = cell_scene.part
    station = infeed(cell_scene)
    if station is None:
        raise no_motion("pick", "find a sheet: the cell has no stack or presenter", None, "add a station of kind stack to the cell")
    up = faces if grip.face == "edge" else (grip.face,)
    blocked = None
    for face in up:
        options, blocked = pick_options(cell_scene, grip, station, timeline.brake, motion.open_gripper, face)
        if options:
            T = options[0].T_world_sheet @ part.fold(timeline.fold)[grip.flange]
            resting = tuple((pair, f"the sheet lies on {station.name}") for pair in sorted(station_groups(part, station)))
            motion.take_from("pick", grip, options, PartPlacement("world", grip.flange, T, station.name), resting)
            table = cell_scene.cell.station("centring")
            if table is not None and station.kind == "stack":
                _centre(motion, grip, table, face)
            return face
    raise no_motion("pick", f"take the sheet from {station.name}", blocked, "move the station within reach, or use a gripper that fits it")


def _centre(motion: JobMotion, grip: Grip, table: Station, face: str) -> None:
    """Lay the sheet on the tilted table, let it slide against the stops, take it again where it then is."""
    cell_scene, timeline = motion.cell_scene, motion.timeline
    part = cell_scene.part
    allowed = station_groups(part, table)
    slide = table.T_world_station @ translation(0.02, 0.02, 0.001) @ np.linalg.inv(table.T_world_station)
    resting = tuple((pair, "the sheet lies on the centring table") for pair in sorted(allowed))
    blocked = None
    for yaw in QUARTERS:
        T = lying(part, table, face, yaw)
        at = {"brake": timeline.brake, "allowed": allowed, "gripper_open": motion.open_gripper}
        put, blocked_put = reaches(cell_scene, grip, slide @ T, timeline.fold, **at)  # type: ignore[arg-type]
        take, blocked_take = reaches(cell_scene, grip, T, timeline.fold, **at)  # type: ignore[arg-type]
        blocked = blocked_put or blocked_take or blocked
        if put and take:
            motion.give_to("centre", grip, put, table.name, resting)
            T_flange = T @ part.fold(timeline.fold)[grip.flange]
            start = slide @ T_flange
            timeline.wait("slide", "centre", SLIDE_TIME, contacts=resting, part_poses=np.array([start, T_flange]))
            motion.take_from("centre", grip, take, PartPlacement("world", grip.flange, T_flange, table.name), resting)
            return
    motion.findings.append(
        Finding("warning", "not-centred", "the sheet is not centred: the robot cannot lay it on the centring table with this grip", "move the table, or gauge with care", "centre",
                {} if blocked is None else {"bodies": [blocked.body_a, blocked.body_b], "distance_mm": round(blocked.distance * 1e3, 1)})
    )  # fmt: skip


def _regrip(motion: JobMotion, old: Grip, new: Grip, index: int) -> None:
    cell_scene, timeline = motion.cell_scene, motion.timeline
    step = f"regrip before bend {index + 1}"
    if not cell_scene.cell.stations_of("regrip"):
        raise no_motion(step, "change its grip: the cell has no regrip station", None, "add a station of kind regrip")
    regrip = regrip_options(cell_scene, old, new, timeline.fold, timeline.brake, motion.open_gripper)
    if regrip is None:
        what = "change its grip: no way to lay the part on a regrip station and take it again"
        error = no_motion(step, what, None, "move a regrip station or choose another gripper")
        error.step_index = index
        raise error
    station = regrip.station
    resting = tuple((pair, f"the part lies on {station.name}") for pair in sorted(regrip.allowed))
    reach = motion.give_to(step, old, regrip.give, station.name, resting)
    T = reach.T_world_sheet @ cell_scene.part.fold(timeline.fold)[new.flange]
    motion.take_from(step, new, regrip.take, PartPlacement("world", new.flange, T, station.name), resting)


def _stack(motion: JobMotion, grip: Grip) -> tuple[tuple[tuple[str, str], str], ...]:
    """Put the finished part down; returns what it may touch there."""
    cell_scene, timeline = motion.cell_scene, motion.timeline
    station = cell_scene.cell.station("outfeed")
    if station is None:
        raise no_motion("stack", "put the part down: the cell has no outfeed", None, "add a station of kind outfeed")
    options, blocked = put_down_options(cell_scene, grip, timeline.fold, timeline.brake, motion.open_gripper, station)
    if not options:
        raise no_motion("stack", f"put the part on {station.name}", blocked, "move or enlarge the outfeed pallet")
    resting = tuple((pair, f"the part stands on {station.name}") for pair in sorted(station_groups(cell_scene.part, station)))
    motion.give_to("stack", grip, options, station.name, resting)
    return resting


def _bend_step(motion: JobMotion, geometry: BendGeometry, step: SequencedStroke, index: int, law: FollowLaw, follow: bool) -> BendStep:
    T: Array = motion.cell_scene.cell.brake.T_world_brake @ step.T_brake_bend_pinch
    return BendStep(
        stroke=step.stroke, bends=step.bends, label=str(index + 1), station=step.station, x=step.x, gauged="child" if step.gauged == "child" else "parent",
        flipped=step.flipped, angle=step.angle, loaded_angle=step.loaded_angle, radius=step.radius, force=step.force, tip_depth=step.tip_depth,
        pinch_tip=step.pinch_tip, gauge_x=step.gauge_x, gauge_r=step.gauge_r, gauge_z1=step.gauge_z1, gauge_z2=step.gauge_z2, gauge_retract=geometry.gauge_retract,
        gauge_contact="edge" if step.gauge_contact == "edge" else "flange face", ram_speed=law.ram_speed, follow=follow, T_world_bend_pinch=T,
    )  # fmt: skip


__all__ = ["run_job", "slot_offsets", "start_timeline"]
