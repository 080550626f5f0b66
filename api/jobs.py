"""Jobs as functions: request in, summary and files out. The command line calls them; HTTP will."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api.job_folder import checksums, job_files
from api.unfold import TIP_RADIUS, folded_part
from cells.completeness import incomplete
from cells.load import cell_names, load_cell
from cells.weld_load import load_any_cell
from cells.weld_model import WeldCell
from cells.yaml_source import Source, read_source, told
from core.errors import InputError, UnknownNameError
from core.files import checked_size, inside
from core.findings import Finding, has_errors
from core.progress import Progress
from core.stages import Stages
from core.units import to_mm
from parts.dxf import DxfLimits, read_dxf
from parts.flat import FlatPattern
from parts.job import JobSpec, blocking_findings, make_part
from parts.materials import material
from parts.sheet import SheetPart
from parts.step_file import StepLimits, is_step
from sim.airbend import inner_radius, rule_opening
from sim.bending import BendingOptions, BendingResult, plan_bending
from sim.cell_check import CellCheck, check_cell
from sim.cell_plan import cell_plan
from sim.cell_reach import at_rest, full_beam
from sim.outputs import brake_program, brake_table, plan_dict
from sim.program_export import Exported
from sim.programs import export
from sim.recording import recording_glb
from sim.replay import replay, with_clearances, with_replay
from sim.setup_sheet import grip_place, setup_sheet
from sim.timeline_file import Course, text_courses, timeline_dict
from sim.torques import TorqueCheck, check_torques, torque_table
from sim.verify.verify import Verification
from sim.weld.cell_check import WeldCellCheck, check_weld_cell
from sim.weld.pictures import weld_cell_pictures
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
    seed: int | None = None
    layers: dict[str, str] | None = None
    solid: str | None = None
    bend_table: Path | None = None


@dataclass(frozen=True, slots=True)
class JobInput:
    """A job whose names are not looked up yet.

    Attributes:
        job: What is asked for.
        drawing: The flat pattern's file.
        cell: Shipped cell or path.
        source: Lines of the job file; None for a job given by options alone.
        bend_table: The shop's measurements; None: flat widths by a rule.
    """

    job: JobSpec
    drawing: Path
    cell: str
    source: Source | None
    bend_table: Path | None = None

    def at(self, key: str) -> AbstractContextManager[None]:
        """Errors raised inside name the job file and the line of a key, where the key stands in the file."""
        return nullcontext() if self.source is None or (key,) not in self.source.lines else self.source.at(key)


def job_spec(request: BendRequest) -> JobInput:
    """The job of a request; options win over the job file.

    Raises:
        InputError: For a job file or options that do not fit, with file and line or the option's name.
    """
    given = {key: getattr(request, key) for key in ("cell", "material", "thickness_mm", "units", "gripper", "solid", "seed")}
    given = {key: value for key, value in given.items() if value is not None}
    bend = {key: getattr(request, key) for key in ("angle_deg", "direction", "radius_mm")}
    bend = {key: value for key, value in bend.items() if value is not None}
    if request.bend_table is not None:
        given["bend_table"] = request.bend_table.name
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
        if job.thickness_mm is None and not is_step(drawing):
            raise InputError("missing key 'thickness_mm': a DXF does not say how thick the sheet is", file=request.source)
        return JobInput(job, drawing, name, source, _bend_table(job, folder, request, source))
    folded = is_step(request.source)
    checked_size(request.source, StepLimits().bytes if folded else DxfLimits().bytes, "STEP file" if folded else "DXF file")
    missing = [f"--{key.replace('_', '-')}" for key in ("cell", "material", *(() if folded else ("thickness_mm",))) if key not in given]
    if missing:
        raise InputError(f"a {'STEP file' if folded else 'DXF'} does not say everything: give {', '.join(missing)}", file=request.source)
    if "angle_deg" in bend:
        bend.setdefault("direction", "up")
    part = {"part": request.source.name or str(request.source), "bends": {"default": bend}, "layers": layers}
    return JobInput(_from_options({**part, **given}, request.source), request.source, str(request.cell), None, request.bend_table)


def _bend_table(job: JobSpec, folder: Path, request: BendRequest, source: Source) -> Path | None:
    """The file of the bend table; that of the options wins over the job file's."""
    if request.bend_table is not None or job.bend_table is None:
        return request.bend_table
    with source.at("bend_table"):
        return inside(folder, job.bend_table, f"bend table '{job.bend_table}'")


def _from_options(data: dict[str, Any], file: Path) -> JobSpec:
    try:
        return JobSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        names = [str(part) for part in first["loc"] if part not in ("bends", "default")]
        if not names:
            # What contradicts itself, rather than one value.
            raise InputError(f"options and job file together: {told(first)}", file=file) from None
        raise InputError(f"option --{'.'.join(names).replace('_', '-')}: {told(first)} (got {first.get('input')!r})", file=file) from None


def drawn_part(asked: JobInput) -> tuple[FlatPattern, SheetPart | None]:
    """The drawing of a job and the part made of it; no part when the drawing has findings of error level.

    Raises:
        InputError: A file that cannot be read, an unknown material, a bend that nobody describes.
    """
    job = asked.job
    with asked.at("material"):
        steel = material(job.material)
    rule = job.rule(asked.bend_table)
    if is_step(asked.drawing):
        folded = folded_part(asked.drawing, job, steel, rule)
        return folded.flat, folded.part
    flat = read_dxf(asked.drawing, units=job.units, layers=job.layers, keywords={str(key): word for key, word in job.bend_keywords.items()})
    if has_errors(flat.findings):
        return flat, None
    return flat, make_part(flat, job, steel, inner_radius(steel, rule_opening(job.thickness), TIP_RADIUS), rule)


def run_bend(request: BendRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Plans a job; returns the summary and the files of the result folder."""
    asked = job_spec(request)
    job = asked.job
    stages = Stages()
    with stages.measure("read"):
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
        flat, part = drawn_part(asked)
    if part is None:
        summary = _refusal(flat.name, job, blocking_findings(flat))
        return summary, _files(summary, None)
    options = BendingOptions(seed=job.seed, stack_face=job.stack_face, gripper=job.gripper, quantity=job.quantity)
    result = plan_bending(part, cell, options, progress, stages)
    torques: TorqueCheck | None = None
    if result.plan.phases:
        progress("torques", 0.0, result.cell.robot.model.name)
        with stages.measure("torques"):
            torques = check_torques(result)
        result = replace(result, plan=replace(result.plan, findings=(*result.plan.findings, *torques.findings)))
    exported = None
    courses: Sequence[Course] = ()
    if result.plan.phases and not has_errors(result.plan.findings):
        progress("export", 0.0, result.cell.robot.language)
        with stages.measure("export"):
            exported = export(result, progress=progress)
        result = replace(result, plan=replace(result.plan, findings=(*result.plan.findings, *exported.findings)))
    if exported is not None and exported.files and exported.verification is not None:
        # The second engine has seen the whole job, as the program's text does it.
        result = with_clearances(result, exported.verification.clearances)
        courses = text_courses(result, exported.verification)
    elif result.plan.phases:
        with stages.measure("replay"):
            replayed = replay(result, progress)
        result = with_replay(result, replayed)
        courses = [one.course for one in replayed.clearances]
    summary = _summary(result, job, [*flat.findings, *result.plan.findings])
    program = None if exported is None or exported.verification is None else program_summary(exported.language, exported.verification)
    if program is not None and exported is not None:
        program["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in exported.files.items()}
    summary["program"] = program
    summary["torques"] = None if torques is None else torques.to_dict()
    shown: dict[str, bytes] = {}
    if result.plan.phases:
        with stages.measure("show"):
            shown = _shown(result, program, torques, progress)
        shown["timeline.json"] = json.dumps(timeline_dict(result, courses, exported), separators=(",", ":")).encode()
    summary["stage_times_s"] = {name: round(seconds, 3) for name, seconds in stages.seconds.items()}
    return summary, _files(summary, result, exported, shown, job_files(job, asked.drawing, cell, asked.bend_table))


def _shown(result: BendingResult, program: dict[str, Any] | None, torques: TorqueCheck | None, progress: Progress) -> dict[str, bytes]:
    """Pictures, recording and setup sheet."""
    progress("show", 0.0, "pictures")
    pictures = plan_pictures(result)
    progress("show", 0.6, "recording")
    shown = {f"pictures/{name}": data for name, data in pictures.items()}
    shown["recording.glb"] = recording_glb(result)
    shown["setup.html"] = setup_sheet(result, pictures, program, [] if torques is None else [torque_table(torques)]).encode()
    return shown


def program_summary(language: str, checked: Verification) -> dict[str, Any]:
    """What running a program's text gave, as data."""
    clearance = None if checked.clearance is None else round(to_mm(checked.clearance), 2)
    return {
        "language": language,
        "moves": checked.moves,
        "cycle_time_s": round(checked.cycle_time, 2),
        "largest_pull_mm": round(to_mm(checked.largest_pull), 3),
        "clearance_mm": clearance,
        "clearance_between": None if checked.closest is None else list(checked.closest),
    }


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
        "part": result.part.name, "cell": result.cell.name, "material": job.material, "thickness_mm": job.thickness_mm or round(to_mm(result.part.thickness), 4), "gripper": result.gripper.name,
        "verified": bool(result.plan.phases) and not has_errors(findings), "bends": bends,
        "regrips": sum(a is not b for a, b in zip(result.grips[:-1], result.grips[1:], strict=True)), "flips": flips,
        "clearance_mm": None if clearance is None else round(to_mm(clearance), 2), "clearance_between": None if closest is None else list(closest),
        "cycle_time_s": round(result.plan.duration, 2), "stack_face_up": result.stack_face,
        "quantity": result.quantity, "batch_time_s": round(result.quantity * result.plan.duration, 1),
        "search": {"orders": result.search.orders, "checks": result.search.checks}, "findings": [finding.to_dict() for finding in findings],
    }  # fmt: skip


def _files(
    summary: dict[str, Any],
    result: BendingResult | None,
    exported: Exported[Verification] | None = None,
    shown: dict[str, bytes] | None = None,
    inputs: dict[str, bytes] | None = None,
) -> dict[str, bytes]:
    """File name to content; a plan that is not verified gets neither programs nor a brake program."""
    files: dict[str, bytes] = {}
    if result is not None:
        files["plan.json"] = json.dumps(plan_dict(result, checksums(inputs or {}))).encode()
        files |= (inputs or {}) | (shown or {})
        if summary["verified"]:
            files["brake.json"] = json.dumps(brake_program(result), indent=2).encode()
            files["brake.txt"] = brake_table(result).encode()
            files |= {} if exported is None else {f"robot/{name}": data for name, data in exported.files.items()}
    summary["files"] = ["summary.json", *sorted(files)]
    files["summary.json"] = json.dumps(summary, indent=2).encode()
    return files


def look_at_cell(name: str, *, pictures: bool) -> tuple[CellCheck | WeldCellCheck, dict[str, bytes]]:
    """Checks a cell of either kind; with `pictures` also the files of its folder: two views, the findings as JSON, of a bending cell the plan from above."""
    cell = load_any_cell(name)
    check = check_weld_cell(cell) if isinstance(cell, WeldCell) else check_cell(cell)
    files: dict[str, bytes] = {}
    if pictures:
        files["check.json"] = json.dumps({"cell": cell.name, "findings": [f.to_dict() for f in check.findings]}, indent=2).encode()
        if isinstance(check, WeldCellCheck):
            files |= weld_cell_pictures(check.cell)
        else:
            gripper = check.cell.grippers[0]
            files |= {"plan.png": cell_plan(check)}
            files |= cell_pictures(check.cell, gripper, full_beam(check.cell), at_rest(check.cell, gripper))
    return check, files


__all__ = ["BendRequest", "JobInput", "drawn_part", "job_spec", "look_at_cell", "run_bend"]
