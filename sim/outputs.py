"""What a job leaves behind as data: the plan and the brake program, with units in every key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.units import KN, to_deg, to_mm
from sim.bending import BendingResult
from sim.plan import BendStep, Phase
from sim.plan_file import FORMAT
from sim.plan_motion import joint_names, motion_dict


def plan_dict(result: BendingResult, job_files: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The plan as plain data, every figure in full so that `sim.plan_read` gives the same plan back; see docs/plan_json.md.

    Args:
        result: The plan with what it was made for.
        job_files: SHA-256 of the files that the part was made from, by their name in the result folder; None: they are not beside the plan.
    """
    plan = result.plan
    slides = result.cell.robot.model.slides
    kept = list({id(grip): grip for grip in result.grips}.values())
    return {
        "format": FORMAT,
        "cell": plan.cell,
        "cell_sha256": result.cell.sha256,
        "job_files": None if job_files is None else dict(job_files),
        "part": {
            "name": plan.part,
            "material": result.part.material.name,
            "thickness_mm": to_mm(result.part.thickness),
            "mass_kg": round(result.part.mass, 4),
        },
        "gripper": plan.gripper,
        "stack_face_up": result.stack_face,
        "seed": plan.seed,
        "quantity": result.quantity,
        "verified": not any(finding.level == "error" for finding in plan.findings) and bool(plan.phases),
        "cycle_time_s": round(plan.duration, 3),
        **joint_names(result.cell.robot.model),
        "gripper_joints": list(result.gripper.mechanism.joint_names),
        "brake_joints": list(result.cell.brake.mechanism.joint_names),
        "search": {"orders": int(result.search.orders), "checks": int(result.search.checks)},
        "stations": [
            {
                "punch": station.punch.name, "die": station.die.name, "x_start_m": float(station.x_start),
                "punch_segments_m": [float(s) for s in station.punch_segments], "die_segments_m": [float(s) for s in station.die_segments],
            }
            for station in result.setup.stations
        ],
        "grips": [
            {
                "flange": grip.flange, "face": grip.face, "T_flange_tcp_m": grip.T_flange_tcp.tolist(),
                "active_cups": [int(cup) for cup in grip.active_cups], "holding": float(grip.holding), "offset_m": float(grip.offset),
            }
            for grip in kept
        ],
        "step_grips": [[grip is other for other in kept].index(True) for grip in result.grips],
        "bends": brake_program(result)["bends"],
        "steps": [_step(step) for step in plan.steps],
        "phases": [_phase(phase, slides) for phase in plan.phases],
        "findings": [finding.to_dict() for finding in plan.findings],
    }  # fmt: skip


def _step(step: BendStep) -> dict[str, Any]:
    return {
        "stroke": step.stroke, "bends": list(step.bends), "label": step.label, "station": step.station, "x_m": float(step.x), "gauged": step.gauged,
        "flipped": bool(step.flipped), "angle_rad": float(step.angle), "loaded_angle_rad": float(step.loaded_angle), "radius_m": float(step.radius),
        "force_n": float(step.force), "tip_depth_m": float(step.tip_depth), "pinch_tip_m": float(step.pinch_tip), "gauge_x_m": float(step.gauge_x),
        "gauge_r_m": float(step.gauge_r), "gauge_z1_m": float(step.gauge_z1), "gauge_z2_m": float(step.gauge_z2),
        "gauge_retract_m": float(step.gauge_retract), "gauge_contact": step.gauge_contact, "ram_speed_m_s": float(step.ram_speed),
        "follow": bool(step.follow), "T_world_bend_pinch_m": step.T_world_bend_pinch.tolist(),
    }  # fmt: skip


def _phase(phase: Phase, slides: int) -> dict[str, Any]:
    part = None
    if phase.part is not None:
        part = {
            "held_by": phase.part.held_by,
            "by": phase.part.by,
            "flange": phase.part.flange,
            "T_holder_flange_m": phase.part.T_holder_flange.tolist(),
        }
    return {
        "name": phase.name,
        "step": phase.step,
        "kind": phase.kind,
        "stroke": phase.stroke,
        **motion_dict(phase, slides),
        "gripper_m": phase.gripper.tolist(),
        "brake_m": phase.brake.tolist(),
        "fold_rad": phase.fold.tolist(),
        "part": part,
        "part_poses_m": None if phase.part_poses is None else phase.part_poses.tolist(),
        "gripped": phase.gripped,
        "contacts": [{"groups": list(pair), "reason": reason} for pair, reason in phase.contacts],
        "events": [{"time_s": float(event.time), "kind": event.kind, **event.data} for event in phase.events],
    }


def brake_program(result: BendingResult) -> dict[str, Any]:
    """The brake's side of the job: stations and one record per bend."""
    stations = [
        {
            "station": station.index + 1, "punch": station.punch.name, "die": station.die.name, "x_start_mm": round(to_mm(station.x_start), 2),
            "punch_segments_mm": [round(to_mm(s), 1) for s in station.punch_segments], "die_segments_mm": [round(to_mm(s), 1) for s in station.die_segments],
        }
        for station in result.setup.stations
    ]  # fmt: skip
    bends = [
        {
            "bend": step.label, "lines": [bend + 1 for bend in step.bends], "station": step.station + 1, "x_mm": round(to_mm(step.x), 2),
            "gauged_side": step.gauged, "flipped": step.flipped, "angle_deg": round(to_deg(step.angle), 3), "loaded_angle_deg": round(to_deg(step.loaded_angle), 3),
            "inner_radius_mm": round(to_mm(step.radius), 3), "tip_below_die_mm": round(to_mm(step.tip_depth), 3), "pinch_above_die_mm": round(to_mm(step.pinch_tip), 3),
            "gauge_x_mm": round(to_mm(step.gauge_x), 2), "gauge_r_mm": round(to_mm(step.gauge_r), 2), "gauge_z1_mm": round(to_mm(step.gauge_z1), 2),
            "gauge_z2_mm": round(to_mm(step.gauge_z2), 2), "gauge_retract_mm": round(to_mm(step.gauge_retract), 1), "gauge_contact": step.gauge_contact, "force_kn": round(step.force / KN, 2),
            "bending_speed_mm_s": round(to_mm(step.ram_speed), 2), "robot": "follows" if step.follow else "releases",
        }
        for step in result.plan.steps
    ]  # fmt: skip
    return {"format": "pliant-brake/1", "brake": result.cell.brake.name, "part": result.part.name, "stations": stations, "bends": bends}


def brake_table(result: BendingResult) -> str:
    """The brake program as aligned text for the operator."""
    program = brake_program(result)
    lines = [f"brake {program['brake']}   part {program['part']}", ""]
    for station in program["stations"]:
        segments = " + ".join(f"{s:g}" for s in station["punch_segments_mm"])
        lines.append(
            f"station {station['station']}: {station['punch']} over {station['die']}, left end at {station['x_start_mm']:g} mm, segments {segments} mm"
        )
    columns = (
        ("bend", "bend"), ("station", "station"), ("angle_deg", "angle deg"), ("loaded_angle_deg", "loaded deg"), ("tip_below_die_mm", "Y below die mm"),
        ("gauge_x_mm", "X mm"), ("gauge_r_mm", "R mm"), ("gauge_z1_mm", "Z1 mm"), ("gauge_z2_mm", "Z2 mm"), ("gauge_retract_mm", "retract mm"), ("force_kn", "force kN"), ("bending_speed_mm_s", "speed mm/s"), ("robot", "robot"),
    )  # fmt: skip
    rows = [
        [title for _, title in columns],
        *([f"{bend[key]:.2f}" if isinstance(bend[key], float) else str(bend[key]) for key, _ in columns] for bend in program["bends"]),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    lines += ["", *("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows), ""]
    return "\n".join(lines)
