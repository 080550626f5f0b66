"""What a welding job leaves behind as data: `plan.json`, with units in every key, and tables of seams and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cells.weld_model import WeldCell
from core.units import to_deg, to_mm
from sim.plan_motion import joint_names, motion_dict
from sim.weld.plan import SeamWeld, Touch, WeldPhase, WeldPlan
from sim.weld.plan_file import FORMAT
from sim.weld.plan_read import positioner_joints
from sim.weld.times import weld_times


def weld_plan_dict(plan: WeldPlan, cell: WeldCell, job_files: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The plan as plain data, every figure in full so that `sim.weld.plan_read` gives the same plan back; see docs/plan_json.md.

    Args:
        plan: The plan.
        cell: Its cell, the workpiece's frame where the job puts it.
        job_files: SHA-256 of the files that the weldment was made from, by their name in the result folder; None: they are not beside the plan.
    """
    slides = cell.robot.model.slides
    return {
        "format": FORMAT,
        "cell": plan.cell,
        "cell_sha256": cell.sha256,
        "job_files": None if job_files is None else dict(job_files),
        "weldment": plan.weldment,
        "torch": cell.torch.name,
        "seed": plan.seed,
        "cycle_time_s": round(plan.duration, 3),
        **joint_names(cell.robot.model),
        "positioner_joints": positioner_joints(cell),
        "T_world_workpiece_m": cell.T_world_workpiece().tolist(),
        "times": time_row(plan, cell),
        "welds": [_weld(weld, slides) for weld in plan.welds],
        "touches": [_touch(touch, slides) for touch in plan.touches],
        "phases": [_phase(phase, slides) for phase in plan.phases],
        "findings": [finding.to_dict() for finding in plan.findings],
    }


def time_row(plan: WeldPlan, cell: WeldCell) -> dict[str, float]:
    """The cycle-time table."""
    times = weld_times(plan, cell)
    return {
        "arc_on_s": round(times.arc, 2),
        "air_s": round(times.air, 2),
        "search_s": round(times.search, 2),
        "cleaning_s": round(times.clean, 2),
        "total_s": round(times.total, 2),
        "wire_m": round(times.wire, 2),
        "wire_kg": round(times.wire_mass, 4),
        "gas_l": round(times.gas * 1e3, 2),
    }


def seam_rows(plan: WeldPlan) -> list[dict[str, Any]]:
    """One row per bead in the order welded."""
    rows = []
    for number, weld in enumerate(plan.welds):
        own = [phase for phase in plan.phases if phase.weld == number]
        rows.append(
            {
                "order": number + 1,
                "seam": weld.seam.name,
                "bead": weld.bead + 1,
                "kind": weld.seam.kind,
                "length_mm": round(to_mm(weld.seam.length), 2),
                "pieces": list(weld.seam.pieces),
                "procedure": weld.procedure,
                "position": weld.position,
                "work_deg": _range(weld.work),
                "travel_deg": _range(weld.travel),
                "spin_deg": _range(weld.spin),
                "start_mm": [round(to_mm(float(v)), 2) + 0.0 for v in weld.Ts_piece_tcp[0, :3, 3]],
                "end_mm": [round(to_mm(float(v)), 2) + 0.0 for v in weld.Ts_piece_tcp[-1, :3, 3]],
                "touches": len(plan.touches_of(weld)),
                "positioner_deg": [round(to_deg(float(v)), 2) for v in weld.positioner[0]],
                "starts_at_s": round(float(own[0].times[0]), 2),
                "arc_on_s": round(sum(float(phase.times[-1] - phase.times[0]) for phase in own if phase.arc), 2),
            }
        )
    return rows


def _range(values: Any) -> list[float]:
    return [round(to_deg(float(f(values))), 2) + 0.0 for f in (np.min, np.max)]


def _weld(weld: SeamWeld, slides: int) -> dict[str, Any]:
    seam = weld.seam
    return {
        "seam": seam.name,
        "kind": seam.kind,
        "curve": seam.curve,
        "closed": bool(seam.closed),
        "pieces": list(seam.pieces),
        "thicknesses_m": [float(seam.thickness_a), float(seam.thickness_b)],
        "gap_m": float(seam.gap),
        "root_m": seam.points.tolist(),
        "normals_a": seam.normals_a.tolist(),
        "normals_b": seam.normals_b.tolist(),
        "bead": weld.bead,
        "procedure": weld.procedure,
        "position": weld.position,
        "cost": float(weld.cost),
        "Ts_piece_tcp_m": weld.Ts_piece_tcp.tolist(),
        "work_rad": weld.work.tolist(),
        "travel_rad": weld.travel.tolist(),
        "spin_rad": weld.spin.tolist(),
        "robot_rad": weld.robot[:, slides:].tolist(),
        "track_m": weld.robot[:, 0].tolist() if slides else None,
        "positioner_rad": weld.positioner.tolist(),
    }


def _touch(touch: Touch, slides: int) -> dict[str, Any]:
    return {
        "name": touch.name,
        "seam": touch.seam,
        "where": touch.where,
        "T_piece_tcp_m": touch.T_piece_tcp.tolist(),
        "direction": touch.direction.tolist(),
        "robot_rad": touch.robot[:, slides:].tolist(),
        "track_m": touch.robot[:, 0].tolist() if slides else None,
        "latest_rad": touch.latest[slides:].tolist(),
        "latest_track_m": float(touch.latest[0]) if slides else None,
        "positioner_rad": touch.positioner.tolist(),
    }


def _phase(phase: WeldPhase, slides: int) -> dict[str, Any]:
    return {
        "name": phase.name,
        "step": phase.step,
        "kind": phase.kind,
        "arc": phase.arc,
        "weld": phase.weld,
        "touch": phase.touch,
        **motion_dict(phase, slides),
        "positioner_rad": phase.positioner.tolist(),
    }
