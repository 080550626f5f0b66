"""Jobs as functions: request in, summary and files out. The command line calls them; HTTP will."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cells.load import cell_names, load_cell
from cells.model import Cell
from cells.yaml_source import read_model
from core.errors import InputError
from core.findings import Finding, has_errors
from core.frames import translation
from core.progress import Progress
from core.units import MM, to_mm
from parts.dxf import read_dxf
from parts.job import BendEntry, BendTableEntry, JobSpec, blocking_findings, make_part
from parts.materials import material
from sim.airbend import inner_radius, rule_opening
from sim.bending import BendingOptions, BendingResult, plan_bending
from sim.outputs import brake_program, brake_table, plan_dict
from sim.program_check import ProgramCheck
from sim.programs import Exported, export
from sim.recording import recording_glb
from sim.replay import replay, with_replay
from sim.robot_path import solutions
from sim.setup_sheet import grip_place, setup_sheet
from sim.world_pictures import plan_pictures


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


def run_bend(request: BendRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Plans a job; returns the summary and the files of the result folder."""
    try:
        job, folder = job_spec(request)
    except ValueError as error:
        raise InputError(f"options: {error}", file=request.source) from None
    steel = material(job.material)
    cell = load_cell(job.cell if job.cell in cell_names() else str(folder / job.cell))
    progress("read", 0.3, "drawing")
    flat = read_dxf(folder / job.part, units=job.units)
    if has_errors(flat.findings):
        summary = _refusal(flat.name, job, blocking_findings(flat))
        return summary, _files(summary, None)
    thickness = job.thickness_mm * MM
    part = make_part(flat, job, steel, inner_radius(steel, rule_opening(thickness), 0.8 * MM))
    options = BendingOptions(seed=job.seed, stack_face=job.stack_face, gripper=job.gripper, quantity=job.quantity)
    result = plan_bending(part, cell, options, progress)
    if result.plan.phases:
        result = with_replay(result, replay(result, progress))
    exported = None
    if result.plan.phases and not has_errors(result.plan.findings):
        progress("export", 0.0, result.cell.robot.language)
        exported = export(result)
        result = replace(result, plan=replace(result.plan, findings=(*result.plan.findings, *exported.findings)))
    summary = _summary(result, job, [*flat.findings, *result.plan.findings])
    program = None if exported is None or exported.check is None else _program_summary(exported.language, exported.check)
    if program is not None and exported is not None:
        program["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in exported.files.items()}
    summary["program"] = program
    shown: dict[str, bytes] = {}
    if result.plan.phases:
        progress("show", 0.0, "pictures")
        pictures = plan_pictures(result)
        progress("show", 0.6, "recording")
        shown = {f"pictures/{name}": data for name, data in pictures.items()}
        shown["recording.glb"] = recording_glb(result)
        shown["setup.html"] = setup_sheet(result, pictures, program).encode()
    return summary, _files(summary, result, exported, shown)


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
        "stage_times_s": {key: round(value, 3) for key, value in result.plan.stage_times.items()}, "findings": [finding.to_dict() for finding in findings],
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


def check_cell(name: str) -> list[Finding]:
    """Findings on a cell: which stations are out of reach, robot limits, home position."""
    cell = load_cell(name)
    findings: list[Finding] = []
    for station in cell.stations.values():
        reached = sum(
            _reaches(cell, station.T_world_station @ translation(x, y, 0.05)) for x, y in _corners(station.size, station.kind == "centring")
        )
        if reached == 0:
            findings.append(
                Finding(
                    "error", "out-of-reach", f"no gripper reaches the station {station.name}", "move the station or the robot", station.name
                )
            )
        elif reached < 5:
            findings.append(
                Finding(
                    "warning",
                    "partly-in-reach",
                    f"{reached} of 5 places of the station {station.name} are in reach with the tool down",
                    "",
                    station.name,
                )
            )
        else:
            findings.append(Finding("info", "in-reach", f"all of the station {station.name} is in reach", "", station.name))
    return findings


def _corners(size: tuple[float, float], from_corner: bool) -> list[tuple[float, float]]:
    x, y = size[0] * 0.4, size[1] * 0.4
    shift = (size[0] / 2, size[1] / 2) if from_corner else (0.0, 0.0)
    return [(shift[0] + a * x, shift[1] + b * y) for a, b in ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))]


def _reaches(cell: Cell, T_world_place: Any) -> bool:
    """Whether some gripper of the cell reaches a place with its tool axis against the surface, in one of eight directions."""
    from core.frames import rot_x, rot_z

    turns = [rot_z(k * 0.785398) for k in range(8)]
    return any(
        len(solutions(cell, gripper, T_world_place @ turn @ rot_x(3.141592653589793))) > 0 for gripper in cell.grippers for turn in turns
    )


__all__ = ["BendRequest", "check_cell", "job_spec", "run_bend"]
