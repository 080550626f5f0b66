"""Jobs as functions: request in, summary and files out. The command line calls them; HTTP will."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cells.completeness import incomplete
from cells.load import cell_names, load_cell
from cells.model import Cell
from cells.yaml_source import Source, read_source
from core.errors import InputError, UnknownNameError
from core.files import checked_size, inside
from core.findings import Finding, has_errors
from core.frames import translation
from core.progress import Progress
from core.units import MM, to_mm
from parts.dxf import DxfLimits, read_dxf
from parts.job import JobSpec, blocking_findings, make_part
from parts.materials import material
from sim.airbend import inner_radius, rule_opening
from sim.bend_program import missing_signals
from sim.bending import BendingOptions, BendingResult, plan_bending
from sim.outputs import brake_program, brake_table, plan_dict
from sim.program_check import ProgramCheck
from sim.programs import Exported, export
from sim.recording import recording_glb
from sim.replay import replay, with_replay
from sim.robot_path import solutions
from sim.setup_sheet import setup_sheet
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
    layers: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class JobInput:
    """A job whose names are not looked up yet.

    Attributes:
        job: What is asked for.
        drawing: The flat pattern's file.
        cell: Shipped cell or path.
        source: Lines of the job file; None for a job given by options alone.
    """

    job: JobSpec
    drawing: Path
    cell: str
    source: Source | None

    def at(self, key: str) -> AbstractContextManager[None]:
        """Errors raised inside name the job file and the line of a key, where the key stands in the file."""
        return nullcontext() if self.source is None or (key,) not in self.source.lines else self.source.at(key)


def job_spec(request: BendRequest) -> JobInput:
    """The job of a request; options win over the job file.

    Raises:
        InputError: For a job file or options that do not fit, with file and line or the option's name.
    """
    given = {key: getattr(request, key) for key in ("cell", "material", "thickness_mm", "units", "gripper")}
    given = {key: value for key, value in given.items() if value is not None}
    bend = {key: getattr(request, key) for key in ("angle_deg", "direction", "radius_mm")}
    bend = {key: value for key, value in bend.items() if value is not None}
    layers = {**(request.layers or {})}
    if request.source.suffix in (".yaml", ".yml"):
        written, source = read_source(request.source, JobSpec)
        data = {**written.model_dump(), **given}
        data["bends"]["default"] |= bend
        data["layers"] |= layers
        job = _from_options(data, request.source)
        folder = request.source.parent
        with source.at("part"):
            drawing = inside(folder, job.part, f"part '{job.part}'")
        name = job.cell if request.cell is not None or job.cell in cell_names() else str(folder / job.cell)
        return JobInput(job, drawing, name, source)
    checked_size(request.source, DxfLimits().bytes, "DXF file")
    missing = [f"--{key.replace('_', '-')}" for key in ("cell", "material", "thickness_mm") if key not in given]
    if missing:
        raise InputError(f"a DXF does not say everything: give {', '.join(missing)}", file=request.source)
    if "angle_deg" in bend:
        bend.setdefault("direction", "up")
    part = {"part": request.source.name or str(request.source), "bends": {"default": bend}, "layers": layers, "seed": request.seed}
    return JobInput(_from_options({**part, **given}, request.source), request.source, str(request.cell), None)


def _from_options(data: dict[str, Any], file: Path) -> JobSpec:
    try:
        return JobSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        names = [str(part) for part in first["loc"] if part not in ("bends", "default")]
        raise InputError(f"option --{'.'.join(names).replace('_', '-')}: {first['msg']} (got {first.get('input')!r})", file=file) from None


def run_bend(request: BendRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Plans a job; returns the summary and the files of the result folder."""
    asked = job_spec(request)
    job = asked.job
    with asked.at("material"):
        steel = material(job.material)
    with asked.at("cell"):
        cell = load_cell(asked.cell)
    if job.gripper is not None and job.gripper not in [gripper.name for gripper in cell.grippers]:
        with asked.at("gripper"):
            raise UnknownNameError("gripper", job.gripper, [gripper.name for gripper in cell.grippers])
    lacking = incomplete(cell)
    if has_errors(lacking):
        summary = _refusal(asked.drawing.stem, job, lacking)
        return summary, _files(summary, None)
    progress("read", 0.3, "drawing")
    flat = read_dxf(asked.drawing, units=job.units, layers=job.layers, keywords={str(key): word for key, word in job.bend_keywords.items()})
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
        "clearance_mm": None, "cycle_time_s": 0.0, "findings": [finding.to_dict() for finding in findings],
    }  # fmt: skip


def _summary(result: BendingResult, job: JobSpec, findings: list[Finding]) -> dict[str, Any]:
    stations = result.setup.stations
    bends: list[dict[str, Any]] = []
    for row, step in zip(brake_program(result)["bends"], result.plan.steps, strict=True):
        grip = result.grips[len(bends)]
        station = stations[step.station]
        place = grip.T_flange_tcp[:2, 3]
        bends.append(
            {
                **row,
                "tools": f"{station.punch.name} / {station.die.name}",
                "grip": f"flange {grip.flange + 1} {grip.face} at ({to_mm(place[0]):.0f}, {to_mm(place[1]):.0f})",
            }
        )
    clearances = [phase.clearance for phase in result.plan.phases if phase.clearance is not None and phase.kind == "free"]
    flips = sum(a.flipped != b.flipped for a, b in zip(result.plan.steps[:-1], result.plan.steps[1:], strict=True))
    return {
        "part": result.part.name, "cell": result.cell.name, "material": job.material, "thickness_mm": job.thickness_mm, "gripper": result.gripper.name,
        "verified": bool(result.plan.phases) and not has_errors(findings), "bends": bends,
        "regrips": sum(a is not b for a, b in zip(result.grips[:-1], result.grips[1:], strict=True)), "flips": flips,
        "clearance_mm": round(to_mm(min(clearances)), 2) if clearances else None, "cycle_time_s": round(result.plan.duration, 2), "stack_face_up": result.stack_face,
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
    """Findings on a cell: what it lacks, and which stations are out of reach."""
    cell = load_cell(name)
    findings = incomplete(cell)
    told: dict[str, Finding] = {}
    for kind in sorted({gripper.kind for gripper in cell.grippers}):
        told |= {finding.message: finding for finding in missing_signals(cell, kind)}
    # A cell without programs can still be planned in: that is a warning until programs are asked for.
    findings += [replace(finding, level="warning") for finding in told.values()]
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
