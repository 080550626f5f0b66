"""Welding jobs as functions: request in, summary and files out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from api.job_folder import checksums, weld_job_files
from api.weld_seams import JOB_SUFFIXES, LoadedWeldment, load_weldment
from cells.weld_load import load_weld_cell, weld_cell_names
from cells.weld_model import WeldCell
from core.errors import InputError, UnknownNameError, UnsupportedError
from core.findings import Finding, has_errors
from core.frames import inverse, translation
from core.progress import Progress
from core.stages import Stages
from core.units import MM, to_mm
from parts.step_process import is_step
from parts.weld_job import WeldJobSpec
from parts.weldment import Weldment
from robots.programs.languages import LANGUAGES
from robots.programs.languages import language as language_of
from sim.program_export import Exported
from sim.timeline_file import Course
from sim.weld.export import export_weld
from sim.weld.job import plan_weld
from sim.weld.options import Direction, WeldOptions
from sim.weld.outputs import seam_rows, time_row, weld_plan_dict
from sim.weld.peripherals import TOUCH
from sim.weld.pictures import torch_pictures
from sim.weld.placement import stands_inside
from sim.weld.plan import WeldPlan
from sim.weld.recording import weld_recording_glb
from sim.weld.replay import replay_weld, with_weld_replay
from sim.weld.seam_pictures import seam_picture
from sim.weld.setup_sheet import weld_setup_sheet
from sim.weld.timeline_file import weld_timeline_dict
from sim.weld.verify import WeldVerification


@dataclass(frozen=True, slots=True)
class WeldRequest:
    """What a user gives to `pliant weld`.

    Attributes:
        source: A weldment, or a job file.
        cell: Shipped cell or cell file; None: the job names it.
        language: Of the program; None: the robot's own.
        seed: Of the random generator; None: the job's.
    """

    source: Path
    cell: str | None = None
    language: str | None = None
    seed: int | None = None


def run_weld(request: WeldRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Plans a welding job, replays it, writes and checks its program; the summary, and files by name.

    Raises:
        InputError: When a file or an option cannot be used.
    """
    stages = Stages()
    progress("read", 0.1, request.source.name)
    with stages.measure("read"):
        loaded = load_weldment(request.source)
        cell, weldment, placed = as_placed(_cell(request, loaded.job), loaded)
        options = _options(loaded, request.seed)
        _sayable(cell, request.language, options, request.source)
        _lies_free(cell, weldment, request.source)
        kept = weld_job_files(loaded.job, request.source.parent, loaded.files, cell, options.seed)
    plan = plan_weld(weldment, cell, options, progress)
    plan = replace(plan, findings=(*weldment.findings, *placed, *_no_seams(loaded), *plan.findings))
    exported: Exported[WeldVerification] | None = None
    courses: Sequence[Course] = ()
    if plan.phases:
        with stages.measure("replay"):
            replayed = replay_weld(cell, weldment, plan, progress)
            plan = with_weld_replay(plan, replayed)
        courses = [seen.course for seen in replayed.clearances]
        if not any(finding.code.startswith("replay") and finding.level == "error" for finding in plan.findings):
            with stages.measure("export"):
                exported = export_weld(plan, cell, weldment, request.language, progress)
    findings = (*plan.findings, *(() if exported is None else exported.findings))
    written = exported is not None and bool(exported.files)
    files: dict[str, bytes] = {"plan.json": json.dumps(weld_plan_dict(plan, cell, checksums(kept))).encode(), **kept}
    if plan.phases:
        progress("show", 0.5, "recording, setup sheet")
        with stages.measure("show"):
            picture = seam_picture(weldment, list(weldment.seams))
            files["recording.glb"] = weld_recording_glb(cell, weldment, plan)
            files["timeline.json"] = json.dumps(weld_timeline_dict(plan, cell, courses, exported), separators=(",", ":")).encode()
            torches = torch_pictures(cell, weldment, plan)
            files |= {f"pictures/{name}": data for name, data in torches.items()}
            files["setup.html"] = weld_setup_sheet(plan, cell, weldment, picture, torches, findings, verified=written).encode()
    if exported is not None:
        files |= {f"robot/{name}": data for name, data in exported.files.items()}
    times = {**{name: round(s, 3) for name, s in stages.seconds.items()}, **{name: round(s, 3) for name, s in plan.stage_times.items()}}
    summary = weld_summary(plan, cell, weldment, exported, findings) | {"stage_times_s": times}
    summary["files"] = ["summary.json", *sorted(files)]
    files["summary.json"] = json.dumps(summary, indent=2).encode()
    return summary, files


def weld_summary(
    plan: WeldPlan, cell: WeldCell, weldment: Weldment, exported: Exported[WeldVerification] | None, findings: tuple[Finding, ...]
) -> dict[str, Any]:
    """Plain data of a planned job. `verified`: every seam is in a program that was checked; `program`: what running it gave, where one was written, perhaps without some seams."""
    written = exported is not None and bool(exported.files)
    program: dict[str, Any] | None = None
    if exported is not None and exported.files and exported.verification is not None:
        program = weld_run_summary(exported.language, exported.verification) | {"sha256": checksums(exported.files)}
    near = [phase for phase in plan.phases if phase.kind == "free" and phase.clearance is not None]
    nearest = min(near, key=lambda phase: phase.clearance or 0.0, default=None)
    # Tacks and further passes lie where a seam is counted already.
    first = [weld for weld in plan.welds if weld.bead == 0 and weld.seam.tacked is None]
    return {
        "weldment": weldment.name,
        "cell": cell.name,
        "verified": written and not has_errors(findings),
        "program": program,
        "seams": len(weldment.seams),
        "beads": seam_rows(plan),
        "not_welded": list(dict.fromkeys(finding.step.removeprefix("seam ") for finding in plan.findings if finding.level == "error" and finding.step.startswith("seam "))),
        "seam_length_mm": round(sum(to_mm(seam.length) for seam in weldment.seams), 1),
        "welded_length_mm": round(sum(to_mm(weld.seam.length) for weld in first), 1),
        "welded": sorted({weld.seam.name for weld in first}),
        "cycle_time_s": round(plan.duration, 2),
        "clearance_mm": None if nearest is None or nearest.clearance is None else round(to_mm(nearest.clearance), 2),
        "clearance_between": None if nearest is None or nearest.closest is None else list(nearest.closest),
        "times": time_row(plan, cell),
        "findings": [finding.to_dict() for finding in findings],
    }  # fmt: skip


def weld_run_summary(language: str, checked: WeldVerification) -> dict[str, Any]:
    """What running a program's text gave, as data."""
    return {
        "language": language,
        "moves": checked.moves,
        "cycle_time_s": round(checked.cycle_time, 2),
        "beads": len(checked.beads),
        "off_seam_mm": round(max((to_mm(bead.off) for bead in checked.beads), default=0.0), 5),
        "clearance_mm": None if checked.clearance is None else round(to_mm(checked.clearance), 2),
        "clearance_between": None if checked.closest is None else list(checked.closest),
    }


def _cell(request: WeldRequest, job: WeldJobSpec) -> WeldCell:
    name = request.cell
    if name is None and job.cell is not None:
        own = request.source.parent / job.cell
        if job.cell not in weld_cell_names() and not own.is_file():
            raise UnknownNameError(
                "welding cell", job.cell, [*weld_cell_names(), "a cell file beside the job"], file=request.source, place="cell"
            )
        name = job.cell if job.cell in weld_cell_names() else str(own)
    if name is None:
        what = "the job names no cell" if request.source.suffix.lower() in JOB_SUFFIXES else "a weldment does not say where it is welded"
        raise InputError(f"{what}; give --cell, one of: {', '.join(weld_cell_names())}, or a cell file", file=request.source)
    return load_weld_cell(name)


def as_placed(cell: WeldCell, loaded: LoadedWeldment) -> tuple[WeldCell, Weldment, list[Finding]]:
    """The cell with its workpiece frame where the weldment's own frame lies, and the weldment with the seams of the job; a job that does not say where
    puts it into the middle, on its lowest side."""
    findings = []
    if "placement" in loaded.job.model_fields_set:
        T = loaded.job.placement.T_workpiece_weldment
    else:
        low = np.min([piece.mesh.bounds[0] for piece in loaded.weldment.pieces], axis=0)
        high = np.max([piece.mesh.bounds[1] for piece in loaded.weldment.pieces], axis=0)
        T = translation(-float(low[0] + high[0]) / 2, -float(low[1] + high[1]) / 2, -float(low[2]))
        x, y, z = (to_mm(float(v)) for v in T[:3, 3])
        message = f"the job does not say where the weldment lies; it is put into the middle of the table, its origin at ({x:.1f}, {y:.1f}, {z:.1f}) mm"
        findings.append(Finding("info", "placed-in-middle", message, "give `placement` in a job file", "read"))
    # Fixtures stand in the cell's own frame for workpieces, whatever lies there.
    fixtures = tuple(replace(body, T_world_body=inverse(T) @ body.T_world_body) for body in cell.fixtures)
    weldment = replace(loaded.weldment, seams=tuple(task.seam for task in loaded.tasks))
    return replace(cell, T_holder_workpiece=cell.T_holder_workpiece @ T, fixtures=fixtures), weldment, findings


def _sayable(cell: WeldCell, chosen: str | None, options: WeldOptions, source: Path) -> None:
    """Before anything is planned: a language that cannot say what the job asks for is refused."""
    it = language_of(chosen or cell.robot.language)
    if not any(options.search.values()) or TOUCH not in cell.signals or "search" not in it.capabilities.lacks:
        return
    able = [name for name in LANGUAGES if "search" in language_of(name).capabilities.says]
    message = f"{it.capabilities.refuse('search').message}; or leave `search` out of the job, or weld in a cell whose robot speaks {' or '.join(able)}"
    raise UnsupportedError(message, file=source, place="search")


def _lies_free(cell: WeldCell, weldment: Weldment, source: Path) -> None:
    """A weldment that stands inside of its table was put there by mistake: no path would be found, or one that cannot be welded."""
    found = stands_inside(cell, weldment)
    if found is not None:
        piece, body, depth = found
        raise InputError(
            f"piece '{piece}' stands {to_mm(depth):.1f} mm inside of '{body}'; move the weldment with `placement` (xyz_mm, in the cell's workpiece frame), or leave it out to lay it into the middle",
            file=source,
            place="placement",
        )


def _no_seams(loaded: LoadedWeldment) -> list[Finding]:
    """A weldment in which there is nothing to weld."""
    if loaded.tasks:
        return []
    meshes = not any(is_step(path) for path in loaded.files)
    why = "seams of meshes are not found, they are given" if meshes else "no two of its pieces meet in a seam, or the job drops them all"
    return [Finding("error", "no-seams", f"there is no seam to weld: {why}", "give `own_seams` in a job file", "read")]


def _options(loaded: LoadedWeldment, seed: int | None) -> WeldOptions:
    job = loaded.job
    directions: dict[str, Direction] = {"*": job.welding.direction}
    directions |= {task.seam.name: "as-given" for task in loaded.tasks if _turned(job, task.seam.name)}
    tacks = job.welding.tacks
    return WeldOptions(
        procedures={task.seam.name: task.procedure for task in loaded.tasks if task.procedure is not None},
        passes={task.seam.name: task.passes for task in loaded.tasks if task.passes is not None},
        order=tuple(task.seam.name for task in loaded.tasks if task.order is not None),
        directions=directions,
        corners=job.welding.corners,
        overlap=job.welding.overlap_mm * MM,
        tack_length=0.0 if tacks is None else tacks.length_mm * MM,
        tack_pitch=0.150 if tacks is None else tacks.pitch_mm * MM,
        search={"*": job.welding.search} | {task.seam.name: task.search for task in loaded.tasks if task.search is not None},
        clearance=job.welding.clearance_mm * MM,
        seed=job.seed if seed is None else seed,
    )


def _turned(job: WeldJobSpec, name: str) -> bool:
    """Whether the user gave a seam its direction."""
    edit = job.seams.get(name)
    return edit is not None and edit.reverse
