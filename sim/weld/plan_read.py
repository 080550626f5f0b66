"""The way back: plan.json of a welding job, with the cell it was made for, as the plan it was written from."""

from __future__ import annotations

import numpy as np

from cells.weld_model import WeldCell
from core.findings import Finding
from core.frames import Array
from parts.seam import Seam
from parts.weldment import Weldment
from sim.plan_motion import as_many, below, cell_changed, check_gapless, check_joints, joint_names, joints, motion_of, pose, table, wrong
from sim.weld.plan import SeamWeld, Touch, WeldPhase, WeldPlan
from sim.weld.plan_file import TouchEntry, WeldEntry, WeldPhaseEntry, WeldPlanFile

SAME_PLACE = 1e-6
"""How far the workpiece's frame may be from where it was planned [m, -]."""
UNIT = 1e-6
"""How far a normal's length may be from 1."""


def read_weld_plan(file: WeldPlanFile, cell: WeldCell, weldment: Weldment) -> WeldPlan:
    """The plan of a file.

    Args:
        file: Of `sim.weld.plan_file.read_weld_plan_file`.
        cell: The cell it was made for, the workpiece's frame where the job puts it. Where its file has changed since, a finding of error level
            (`cell-changed`) stands in the answer: the plan was checked in another cell.
        weldment: What it was made for.

    Returns:
        The plan with every figure as it was written; clearances are rounded to 1 nm, and `stage_times` is empty, for wall clock times are not kept.

    Raises:
        InputError: When weldment or cell are not those of the plan, or figures of the file contradict each other; without file, with the place.
    """
    if file.weldment != weldment.name:
        raise wrong(
            "weldment", f"the plan is for '{file.weldment}', the weldment given is '{weldment.name}'", "give the weldment of the plan"
        )
    if file.torch != cell.torch.name:
        raise wrong(
            "torch", f"the plan has the torch '{file.torch}', the cell {cell.name} has '{cell.torch.name}'", "give the cell of the plan"
        )
    given = joint_names(cell.robot.model) | {"positioner_joints": positioner_joints(cell)}
    check_joints({key: getattr(file, key) for key in ("robot_joints", "track_joint", "positioner_joints")}, given, cell.name)
    T = pose(np.array(file.T_world_workpiece_m), "T_world_workpiece_m")
    if np.max(np.abs(T - cell.T_world_workpiece())) > SAME_PLACE:
        raise wrong("T_world_workpiece_m", "the workpiece lies elsewhere in the cell given", "give the cell and the job of the plan")
    welds = tuple(_weld(entry, f"welds[{i}]", file, cell, weldment) for i, entry in enumerate(file.welds))
    phases = tuple(_phase(entry, f"phases[{i}]", file) for i, entry in enumerate(file.phases))
    check_gapless(phases)
    findings = tuple(Finding(f.level, f.code, f.message, f.remedy, f.step, f.data) for f in file.findings)
    if cell.sha256 != file.cell_sha256:
        findings += (cell_changed(file, cell.path, cell.sha256),)
    touches = tuple(_touch(entry, f"touches[{i}]", file) for i, entry in enumerate(file.touches))
    return WeldPlan(file.cell, file.weldment, welds, phases, findings, file.seed, touches=touches)


def positioner_joints(cell: WeldCell) -> list[str]:
    """Names of the positioner's joints in the order of its values; none without one."""
    return [] if cell.positioner is None else list(cell.positioner.mechanism.joint_names)


def _weld(entry: WeldEntry, at: str, file: WeldPlanFile, cell: WeldCell, weldment: Weldment) -> SeamWeld:
    procedure = next((one for one in cell.procedures if one.name == entry.procedure), None)
    if procedure is None:
        names = ", ".join(one.name for one in cell.procedures)
        raise wrong(
            f"{at}.procedure", f"'{entry.procedure[:80]}' is not in the cell {cell.name}; it has {names}", "give the cell of the plan"
        )
    below(entry.bead, len(procedure.passes), f"{at}.bead", f"passes of {procedure.name}")
    for name in entry.pieces:
        if name not in [piece.name for piece in weldment.pieces]:
            raise wrong(f"{at}.pieces", f"'{name[:80]}' is no piece of {weldment.name}", "give the weldment of the plan")
    k = len(entry.Ts_piece_tcp_m)
    for key in ("work_rad", "travel_rad", "spin_rad"):
        as_many(getattr(entry, key), k, f"{at}.{key}", "the bead")
    return SeamWeld(
        _seam(entry, at), entry.bead, entry.procedure, pose(np.array(entry.Ts_piece_tcp_m), f"{at}.Ts_piece_tcp_m"),
        np.array(entry.work_rad), np.array(entry.travel_rad), np.array(entry.spin_rad),
        joints(entry.robot_rad, entry.track_m, ("robot_rad", "track_m"), file, at, k),
        table(entry.positioner_rad, len(file.positioner_joints), f"{at}.positioner_rad", k), entry.position, entry.cost,
    )  # fmt: skip


def _touch(entry: TouchEntry, at: str, file: WeldPlanFile) -> Touch:
    robot = joints(entry.robot_rad, entry.track_m, ("robot_rad", "track_m"), file, at, None)
    track = None if entry.latest_track_m is None else [entry.latest_track_m]
    latest = joints([entry.latest_rad], track, ("latest_rad", "latest_track_m"), file, at, 1)
    direction = np.array(entry.direction)
    if abs(float(np.linalg.norm(direction)) - 1.0) > UNIT:
        raise wrong(f"{at}.direction", "a direction has the length 1")
    table_joints = table([entry.positioner_rad], len(file.positioner_joints), f"{at}.positioner_rad", 1)[0]
    return Touch(
        entry.name, entry.seam, entry.where, pose(np.array(entry.T_piece_tcp_m), f"{at}.T_piece_tcp_m"), direction, robot, latest[0], table_joints
    )  # fmt: skip


def _seam(entry: WeldEntry, at: str) -> Seam:
    points = table(entry.root_m, 3, f"{at}.root_m", None)
    a, b = (_normals(getattr(entry, key), f"{at}.{key}", len(points)) for key in ("normals_a", "normals_b"))
    return Seam(
        entry.seam, entry.kind, points, a, b, entry.curve, entry.closed, (entry.pieces[0], entry.pieces[1]), entry.thicknesses_m[0],
        entry.thicknesses_m[1], entry.gap_m,
    )  # fmt: skip


def _normals(rows: list[list[float]], place: str, k: int) -> Array:
    as_many(rows, k, place, "the seam")
    normals = table(rows, 3, place, None)
    if np.max(np.abs(np.linalg.norm(normals, axis=1) - 1.0)) > UNIT:
        raise wrong(place, "normals have the length 1")
    return normals


def _phase(entry: WeldPhaseEntry, at: str, file: WeldPlanFile) -> WeldPhase:
    motion = motion_of(entry, at, file)
    if entry.weld is not None:
        below(entry.weld, len(file.welds), f"{at}.weld", "welds of the file")
    elif entry.kind == "weld":
        raise wrong(f"{at}.weld", "a welding phase names its bead")
    if entry.touch is not None:
        below(entry.touch, len(file.touches), f"{at}.touch", "touches of the file")
    return WeldPhase(
        touch=entry.touch, name=entry.name, step=entry.step, kind=entry.kind, times=motion.times, robot=motion.robot,
        positioner=table(entry.positioner_rad, len(file.positioner_joints), f"{at}.positioner_rad", len(motion.times)), arc=entry.arc, weld=entry.weld,
        waypoints=motion.waypoints, corners=motion.corners, blends=motion.blends, clearance=motion.clearance, closest=motion.closest,
    )  # fmt: skip
