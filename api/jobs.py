"""Jobs as functions: request in, summary and files out. The command line calls them; HTTP will."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cells.load import cell_names, load_cell
from cells.yaml_source import read_model
from core.errors import InputError
from core.findings import Finding, has_errors
from core.progress import Progress
from core.stages import Stages
from core.units import MM, to_mm
from parts.dxf import read_dxf
from parts.flat import FlatPattern
from parts.job import BendEntry, BendTableEntry, JobSpec, blocking_findings, make_part
from parts.materials import material
from parts.sheet import SheetPart
from sim.airbend import inner_radius, rule_opening
from sim.bending import BendingOptions, BendingResult, plan_bending
from sim.cell_check import CellCheck, check_cell
from sim.cell_plan import cell_plan
from sim.cell_reach import at_rest, full_beam
from sim.outputs import brake_program, brake_table, plan_dict
from sim.program_check import ProgramCheck
from sim.programs import Exported, export
from sim.recording import recording_glb
from sim.replay import replay, with_replay
from sim.setup_sheet import grip_place, setup_sheet
from sim.torques import TorqueCheck, check_torques, torque_table
from sim.world_pictures import cell_pictures, plan_pictures


@dataclass(frozen=True, slots=True)
class BendRequest:
    """What a user gives to `pliant bend`; lengths and angles in the units of their names."""

    source: Path
    cell: str | None = None
    material: str | None = None
    thickness_mm: float | None = None
    angle_deg: float | None = None
    direction: str | None = None
    radius_mm: float | None = None
    units: str | None = None
    gripper: str | None = None
    seed: int = 0


def job_spec(request: BendRequest) -> tuple[JobSpec, Path]:
    """The job of a request and the folder its paths are relative to; options win over the job file."""
    if request.source.suffix in (".yaml", ".yml"):
        job = read_model(request.source, JobSpec)
        changes = {
            key: value for key in ("cell", "material", "thickness_mm", "units", "gripper") if (value := getattr(request, key)) is not None
        }
        return job.model_copy(update=changes), request.source.parent
    missing = [
        option
        for option, value in (("--cell", request.cell), ("--material", request.material), ("--thickness-mm", request.thickness_mm))
        if value is None
    ]
    if missing:
        raise InputError(f"a DXF does not say everything: give {', '.join(missing)}", file=request.source)
    direction = request.direction or ("up" if request.angle_deg is not None else None)
    default = BendEntry.model_validate({"angle_deg": request.angle_deg, "direction": direction, "radius_mm": request.radius_mm})
    job = JobSpec.model_validate(
        {
            "part": str(request.source.resolve()), "cell": request.cell, "material": request.material, "thickness_mm": request.thickness_mm,
            "bends": BendTableEntry(default=default), "units": request.units, "gripper": request.gripper, "seed": request.seed,
        }
    )  # fmt: skip
    return job, Path.cwd()


def drawn_part(job: JobSpec, folder: Path) -> tuple[FlatPattern, SheetPart | None]:
    """The drawing of a job and the part made of it; no part when the drawing has findings of error level.

    Raises:
        InputError: A file that cannot be read, an unknown material, a bend that nobody describes.
    """
    steel = material(job.material)
    flat = read_dxf(folder / job.part, units=job.units)
    if has_errors(flat.findings):
        return flat, None
    return flat, make_part(flat, job, steel, inner_radius(steel, rule_opening(job.thickness_mm * MM), 0.8 * MM))


def run_bend(request: BendRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Plans a job; returns the summary and the files of the result folder."""
    try:
        job, folder = job_spec(request)
    except ValueError as error:
        raise InputError(f"options: {error}", file=request.source) from None
    stages = Stages()
    with stages.measure("read"):
        cell = load_cell(job.cell if job.cell in cell_names() else str(folder / job.cell))
        progress("read", 0.3, "drawing")
        flat, part = drawn_part(job, folder)
    if part is None:
        summary = _refusal(flat.name, job, blocking_findings(flat))
        return summary, _files(summary, None)
    options = BendingOptions(seed=job.seed, stack_face=job.stack_face, gripper=job.gripper, quantity=job.quantity)
    result = plan_bending(part, cell, options, progress, stages)
    if result.plan.phases:
        with stages.measure("replay"):
            result = with_replay(result, replay(result, progress))
    torques: TorqueCheck | None = None
    if result.plan.phases:
        progress("torques", 0.0, result.cell.robot.model.name)
        with stages.measure("torques"):
            torques = check_torques(result)
        result = replace(result, plan=replace(result.plan, findings=(*result.plan.findings, *torques.findings)))
    exported = None
    if result.plan.phases and not has_errors(result.plan.findings):
        progress("export", 0.0, result.cell.robot.language)
        with stages.measure("export"):
            exported = export(result)
        result = replace(result, plan=replace(result.plan, findings=(*result.plan.findings, *exported.findings)))
    summary = _summary(result, job, [*flat.findings, *result.plan.findings])
    program = None if exported is None or exported.check is None else _program_summary(exported.language, exported.check)
    if program is not None and exported is not None:
        program["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in exported.files.items()}
    summary["program"] = program
    summary["torques"] = None if torques is None else torques.to_dict()
    shown: dict[str, bytes] = {}
    if result.plan.phases:
        with stages.measure("show"):
            shown = _shown(result, program, torques, progress)
    summary["stage_times_s"] = {name: round(seconds, 3) for name, seconds in stages.seconds.items()}
    return summary, _files(summary, result, exported, shown)


def _shown(result: BendingResult, program: dict[str, Any] | None, torques: TorqueCheck | None, progress: Progress) -> dict[str, bytes]:
    """Pictures, recording and setup sheet."""
    progress("show", 0.0, "pictures")
    pictures = plan_pictures(result)
    progress("show", 0.6, "recording")
    shown = {f"pictures/{name}": data for name, data in pictures.items()}
    shown["recording.glb"] = recording_glb(result)
    shown["setup.html"] = setup_sheet(result, pictures, program, [] if torques is None else [torque_table(torques)]).encode()
    return shown


def _program_summary(language: str, check: ProgramCheck) -> dict[str, Any]:
    clearance = None if check.clearance is None else round(to_mm(check.clearance), 2)
    return {"language": language, "moves": check.moves, "largest_way_error_mm": round(to_mm(check.way_error), 3), "clearance_mm": clearance}


def _refusal(name: str, job: JobSpec, findings: list[Finding]) -> dict[str, Any]:
    return {
        "part": name, "cell": job.cell, "material": job.material, "thickness_mm": job.thickness_mm, "gripper": "-", "verified": False, "bends": [], "regrips": 0, "flips": 0,
        "clearance_mm": None, "clearance_between": None, "cycle_time_s": 0.0, "findings": [finding.to_dict() for finding in findings],
    }  # fmt: skip


def _summary(result: BendingResult, job: JobSpec, findings: list[Finding]) -> dict[str, Any]:
    stations = result.setup.stations
    bends: list[dict[str, Any]] = []
    for row, step in zip(brake_program(result)["bends"], result.plan.steps, strict=True):
        grip = result.grips[len(bends)]
        station = stations[step.station]
        x, y, turn = grip_place(result, grip)
        bends.append(
            {
                **row,
                "tools": f"{station.punch.name} / {station.die.name}",
                "grip": f"flange {grip.flange + 1} {grip.face} at ({x:.0f}, {y:.0f}), turned {turn:.0f}°",
            }
        )
    free = [(phase.clearance, phase.closest) for phase in result.plan.phases if phase.clearance is not None and phase.kind == "free"]
    clearance, closest = min(free, key=lambda item: item[0]) if free else (None, None)
    flips = sum(a.flipped != b.flipped for a, b in zip(result.plan.steps[:-1], result.plan.steps[1:], strict=True))
    return {
        "part": result.part.name, "cell": result.cell.name, "material": job.material, "thickness_mm": job.thickness_mm, "gripper": result.gripper.name,
        "verified": bool(result.plan.phases) and not has_errors(findings), "bends": bends,
        "regrips": sum(a is not b for a, b in zip(result.grips[:-1], result.grips[1:], strict=True)), "flips": flips,
        "clearance_mm": None if clearance is None else round(to_mm(clearance), 2), "clearance_between": None if closest is None else list(closest),
        "cycle_time_s": round(result.plan.duration, 2), "stack_face_up": result.stack_face,
        "search": {"orders": result.sequence.expanded, "checks": result.sequence.checks}, "findings": [finding.to_dict() for finding in findings],
    }  # fmt: skip


def _files(
    summary: dict[str, Any], result: BendingResult | None, exported: Exported | None = None, shown: dict[str, bytes] | None = None
) -> dict[str, bytes]:
    """File name to content; a plan that is not verified gets neither programs nor a brake program."""
    files: dict[str, bytes] = {}
    if result is not None:
        files["plan.json"] = json.dumps(plan_dict(result)).encode()
        files |= shown or {}
        if summary["verified"]:
            files["brake.json"] = json.dumps(brake_program(result), indent=2).encode()
            files["brake.txt"] = brake_table(result).encode()
            files |= {} if exported is None else {f"robot/{name}": data for name, data in exported.files.items()}
    summary["files"] = ["summary.json", *sorted(files)]
    files["summary.json"] = json.dumps(summary, indent=2).encode()
    return files


def look_at_cell(name: str, *, pictures: bool) -> tuple[CellCheck, dict[str, bytes]]:
    """Checks a cell; with `pictures` also the files of its folder: plan from above, two views, the findings as JSON."""
    cell = load_cell(name)
    check = check_cell(cell)
    files: dict[str, bytes] = {}
    if pictures:
        gripper = cell.grippers[0]
        files = {"plan.png": cell_plan(check)} | cell_pictures(cell, gripper, full_beam(cell), at_rest(cell, gripper))
        files["check.json"] = json.dumps({"cell": cell.name, "findings": [f.to_dict() for f in check.findings]}, indent=2).encode()
    return check, files


__all__ = ["BendRequest", "drawn_part", "job_spec", "look_at_cell", "run_bend"]
