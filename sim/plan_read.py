"""The way back: plan.json, with the part and the cell it was made for, as the plan it was written from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from cells.model import Cell, Gripper
from cells.tooling import TURNED, Die, Punch, ToolSetup, ToolStation
from core.findings import Finding
from core.frames import Array
from core.units import MM, to_mm
from parts.sheet import SheetPart
from sim.bending import BendingResult, SearchEffort
from sim.grips import Grip
from sim.handling import with_pile
from sim.plan import BendPlan, BendStep, Event, PartPlacement, Phase
from sim.plan_file import PhaseEntry, PlanFile
from sim.plan_motion import (
    JOINT_TIME,
    as_many,
    below,
    cell_changed,
    check_gapless,
    check_joints,
    joint_names,
    motion_of,
    pose,
    table,
    wrong,
)

Tool = TypeVar("Tool", Punch, Die)
MASS = 1e-3
"""How much heavier or lighter than in the plan the part may be [kg]."""


def read_result(file: PlanFile, part: SheetPart, cell: Cell) -> BendingResult:
    """The plan of a file.

    Args:
        file: Of `sim.plan_file.read_plan_file`.
        part: The part it was made for.
        cell: The cell it was made for, as `load_cell` gives it. Where its file has changed since, a finding of error level (`cell-changed`) stands
            in the answer: the plan was checked in another cell.

    Returns:
        The plan with every figure as it was written; only `BendPlan.stage_times` is empty, for wall clock times are not kept.

    Raises:
        InputError: When part or cell are not those of the plan, or figures of the file contradict each other; without file, with the place.
    """
    _check_part(file, part)
    gripper = next((one for one in cell.grippers if one.name == file.gripper), None)
    if gripper is None:
        names = ", ".join(one.name for one in cell.grippers)
        raise wrong("gripper", f"'{file.gripper}' is not in the cell {cell.name}; it has {names}", "give the cell of the plan")
    _check_joints(file, cell, gripper)
    setup = _setup(file, cell)
    grips = _grips(file, part)
    steps = _steps(file, part)
    phases = tuple(_phase(entry, f"phases[{i}]", file, part) for i, entry in enumerate(file.phases))
    _check_order(phases, [step.label for step in steps])
    findings = tuple(Finding(f.level, f.code, f.message, f.remedy, f.step, f.data) for f in file.findings)
    if cell.sha256 != file.cell_sha256:
        findings += (cell_changed(file, cell.path, cell.sha256),)
    plan = BendPlan(file.cell, file.part.name, file.gripper, steps, phases, findings, file.seed)
    search = SearchEffort(file.search.orders, file.search.checks)
    return BendingResult(plan, with_pile(cell, part), part, setup, gripper, grips, file.stack_face_up, search, file.quantity)


def _check_part(file: PlanFile, part: SheetPart) -> None:
    for key, found, want in (
        ("name", part.name, file.part.name),
        ("material", part.material.name, file.part.material),
    ):
        if found != want:
            raise wrong(f"part.{key}", f"the plan is for '{want}', the part given has '{found}'", "give the part of the plan")
    if abs(part.thickness - file.part.thickness_mm * MM) > 1e-9:
        found_mm = f"{to_mm(part.thickness):g} mm"
        raise wrong(
            "part.thickness_mm",
            f"the plan is for {file.part.thickness_mm:g} mm, the part given has {found_mm}",
            "give the part of the plan",
        )
    if abs(part.mass - file.part.mass_kg) > MASS:
        raise wrong("part.mass_kg", f"the plan is for a part of {file.part.mass_kg:g} kg, the part given has {part.mass:.4f} kg")


def _check_joints(file: PlanFile, cell: Cell, gripper: Gripper) -> None:
    """The arrays' columns are the joints of these machines, in this order."""
    keys = ("robot_joints", "track_joint", "gripper_joints", "brake_joints")
    given = joint_names(cell.robot.model) | {
        "gripper_joints": list(gripper.mechanism.joint_names),
        "brake_joints": list(cell.brake.mechanism.joint_names),
    }
    check_joints({key: getattr(file, key) for key in keys}, given, cell.name)


def _setup(file: PlanFile, cell: Cell) -> ToolSetup:
    stations = []
    for i, entry in enumerate(file.stations):
        punch = _punch(entry.punch, f"stations[{i}].punch", cell)
        die = _tool(entry.die, f"stations[{i}].die", cell.tooling.dies, cell)
        stations.append(
            ToolStation(i, punch, die, entry.x_start_m, tuple(entry.punch_segments_m), tuple(entry.die_segments_m)),
        )
    return ToolSetup(tuple(stations))


def _punch(name: str, place: str, cell: Cell) -> Punch:
    if name.endswith(TURNED):
        return _tool(name.removesuffix(TURNED), place, cell.tooling.punches, cell).turned()
    return _tool(name, place, cell.tooling.punches, cell)


def _tool(name: str, place: str, stock: Sequence[Tool], cell: Cell) -> Tool:
    found = next((tool for tool in stock if tool.name == name), None)
    if found is None:
        names = ", ".join(tool.name for tool in stock)
        raise wrong(place, f"the tool '{name}' is not in the stock of {cell.name}; it has {names}", "give the cell of the plan")
    return found


def _grips(file: PlanFile, part: SheetPart) -> tuple[Grip, ...]:
    """One per bend; bends that share a grip share the same value, for a change of value is a regrip."""
    kept = []
    for i, entry in enumerate(file.grips):
        below(entry.flange, len(part.flanges), f"grips[{i}].flange", "flanges of the part")
        T = pose(np.array(entry.T_flange_tcp_m), f"grips[{i}].T_flange_tcp_m")
        kept.append(Grip(entry.flange, entry.face, T, tuple(entry.active_cups), entry.holding, entry.offset_m))
    for i, number in enumerate(file.step_grips):
        below(number, len(kept), f"step_grips[{i}]", "grips of the file")
    if file.steps and len(file.step_grips) != len(file.steps):
        raise wrong("step_grips", f"{len(file.step_grips)} grips for {len(file.steps)} steps")
    return tuple(kept[number] for number in file.step_grips)


def _steps(file: PlanFile, part: SheetPart) -> tuple[BendStep, ...]:
    steps = []
    for i, it in enumerate(file.steps):
        at = f"steps[{i}]"
        below(it.stroke, len(part.strokes), f"{at}.stroke", "strokes of the part")
        below(it.station, len(file.stations), f"{at}.station", "stations of the file")
        if tuple(it.bends) != part.strokes[it.stroke].bends:
            raise wrong(
                f"{at}.bends", f"stroke {it.stroke} of the part makes the bends {list(part.strokes[it.stroke].bends)}, not {it.bends}"
            )
        if it.label != str(i + 1):
            raise wrong(f"{at}.label", f"step {i + 1} is called '{it.label[:40]}', not '{i + 1}'")
        steps.append(
            BendStep(
                stroke=it.stroke, bends=tuple(it.bends), label=it.label, station=it.station, x=it.x_m, gauged=it.gauged, flipped=it.flipped,
                angle=it.angle_rad, loaded_angle=it.loaded_angle_rad, radius=it.radius_m, force=it.force_n, tip_depth=it.tip_depth_m,
                pinch_tip=it.pinch_tip_m, gauge_x=it.gauge_x_m, gauge_r=it.gauge_r_m, gauge_z1=it.gauge_z1_m, gauge_z2=it.gauge_z2_m,
                gauge_retract=it.gauge_retract_m, gauge_contact=it.gauge_contact, ram_speed=it.ram_speed_m_s, follow=it.follow,
                T_world_bend_pinch=pose(np.array(it.T_world_bend_pinch_m), f"{at}.T_world_bend_pinch_m"),
            )
        )  # fmt: skip
    return tuple(steps)


def _phase(entry: PhaseEntry, at: str, file: PlanFile, part: SheetPart) -> Phase:
    motion = motion_of(entry, at, file)
    times, k = motion.times, len(motion.times)
    poses = None
    if entry.part_poses_m is not None:
        as_many(entry.part_poses_m, k, f"{at}.part_poses_m")
        poses = pose(np.array(entry.part_poses_m), f"{at}.part_poses_m")
    if entry.stroke is not None:
        below(entry.stroke, len(part.strokes), f"{at}.stroke", "strokes of the part")
    return Phase(
        name=entry.name, step=entry.step, kind=entry.kind, stroke=entry.stroke, times=times, robot=motion.robot,
        gripper=table(entry.gripper_m, len(file.gripper_joints), f"{at}.gripper_m", k),
        brake=table(entry.brake_m, len(file.brake_joints), f"{at}.brake_m", k),
        fold=table(entry.fold_rad, len(part.bends), f"{at}.fold_rad", k),
        part=_placement(entry, at, part), gripped=entry.gripped, events=_events(entry, at, times),
        contacts=tuple(((one.groups[0], one.groups[1]), one.reason) for one in entry.contacts), waypoints=motion.waypoints,
        clearance=motion.clearance, closest=motion.closest, part_poses=poses, corners=motion.corners, blends=motion.blends,
    )  # fmt: skip


def _placement(entry: PhaseEntry, at: str, part: SheetPart) -> PartPlacement | None:
    held = entry.part
    if held is None:
        if entry.gripped or entry.part_poses_m is not None:
            raise wrong(f"{at}.part", "no part, and yet it is gripped or moved")
        return None
    below(held.flange, len(part.flanges), f"{at}.part.flange", "flanges of the part")
    return PartPlacement(held.held_by, held.flange, pose(np.array(held.T_holder_flange_m), f"{at}.part.T_holder_flange_m"), held.by)


def _events(entry: PhaseEntry, at: str, times: Array) -> tuple[Event, ...]:
    events = []
    for i, one in enumerate(entry.events):
        if not times[0] - JOINT_TIME <= one.time_s <= times[-1] + JOINT_TIME:
            raise wrong(f"{at}.events[{i}].time_s", f"{one.time_s:g} s lies outside the phase, {times[0]:g} to {times[-1]:g} s")
        events.append(Event(one.time_s, one.kind, one.model_dump(exclude={"time_s", "kind"})))
    return tuple(events)


def _check_order(phases: tuple[Phase, ...], labels: list[str]) -> None:
    """What holds between phases: no gap, every bend known, a part in the hand after every grip."""
    if phases and not labels:
        raise wrong("steps", f"no steps for {len(phases)} phases")
    check_gapless(phases)
    for i, phase in enumerate(phases):
        following = phases[i + 1] if i + 1 < len(phases) else None
        if phase.step.startswith("bend ") and phase.step.removeprefix("bend ") not in labels:
            raise wrong(f"phases[{i}].step", f"'{phase.step[:40]}' is not among the steps; they are bend 1 to bend {len(labels)}")
        if phase.name == "follow" and not any(other.step == phase.step and other.name == "withdraw" for other in phases[i:]):
            raise wrong(f"phases[{i}].name", f"'{phase.step}' is followed and never left: no phase 'withdraw' comes after it")
        carried = following is not None and following.step == phase.step and following.part is not None
        if not carried and any(event.kind == "grip" for event in phase.events):
            raise wrong(f"phases[{i}].events", f"a grip, and no phase of '{phase.step[:40]}' holds the part after it")
