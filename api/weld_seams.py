"""Weldments for the command line: read, their seams found and edited as the job says, listed, drawn, written as a job file to edit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cells.yaml_source import read_source
from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.progress import Progress
from core.stages import Stages
from core.units import MM, to_deg, to_mm
from parts.seam_edits import stretch
from parts.weld_job import At, Recognition, SeamTask, WeldJobSpec, edited, own_seams, weldment_files
from parts.weldment import Weldment
from parts.weldment_read import read_weldment
from sim.weld.seam_pictures import seam_picture

JOB_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class SeamsRequest:
    """What a user gives to `pliant seams`.

    Attributes:
        source: A weldment, or a job file.
        find: Limits of recognition by their keys in the job file; they win over the job's.
        picture: Draw it.
        out: Where a job file for editing will be written; None: nowhere.
    """

    source: Path
    find: dict[str, float]
    picture: bool = False
    out: Path | None = None


@dataclass(frozen=True, eq=False, slots=True)
class LoadedWeldment:
    """A weldment with what the job says.

    Attributes:
        job: Of the job file, or with nothing but the file.
        weldment: As read, with all seams found and given.
        tasks: Its seams after the job's edits.
        files: It was read from.
    """

    job: WeldJobSpec
    weldment: Weldment
    tasks: tuple[SeamTask, ...]
    files: tuple[Path, ...]


def _nowhere(*keys: str | int) -> AbstractContextManager[None]:
    del keys
    return nullcontext()


def load_weldment(source: Path, find: dict[str, float] | None = None) -> LoadedWeldment:
    """A weldment from a job file, a STEP assembly or a mesh.

    Args:
        source: The file.
        find: Limits of recognition by their keys, over those of the job.

    Raises:
        InputError: With file and line, when the job or a file cannot be used.
    """
    at: At = _nowhere
    if source.suffix.lower() in JOB_SUFFIXES:
        job, where = read_source(source, WeldJobSpec)
        at = where.at
        with at("weldment"):
            files = tuple(weldment_files(job, source.resolve().parent))
        with at("material"):
            job.options()
    else:
        job, files = WeldJobSpec(weldment=source.name or str(source)), (source,)
    if find:
        job = job.model_copy(update={"find": _limits({**job.find.model_dump(), **find})})
    weldment = read_weldment(files, job.options(), own_seams(job, at))
    return LoadedWeldment(job, weldment, edited(weldment.seams, job, at), files)


def _limits(values: dict[str, Any]) -> Recognition:
    try:
        return Recognition(**values)
    except ValueError as error:
        raise InputError(f"the limits of recognition cannot be used: {' '.join(str(error).split())[:300]}") from None


def run_seams(request: SeamsRequest, progress: Progress) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Finds the seams of a weldment; the summary, and by ending (`.png`, `.yaml`) the files.

    Raises:
        InputError: When a file cannot be used.
    """
    stages = Stages()
    progress("read", 0.1, request.source.name)
    with stages.measure("seams"):
        loaded = load_weldment(request.source, request.find)
    files: dict[str, bytes] = {}
    if request.picture:
        progress("show", 0.8, f"{len(loaded.tasks)} seams")
        with stages.measure("picture"):
            files[".png"] = seam_picture(loaded.weldment, [task.seam for task in loaded.tasks])
    if request.out is not None:
        files[".yaml"] = job_text(loaded, request.out).encode()
    return summary(loaded, stages), files


def summary(loaded: LoadedWeldment, stages: Stages) -> dict[str, Any]:
    """Plain data of a weldment and its seams; lengths in mm."""
    low, high = (np.array([piece.mesh.bounds[i] for piece in loaded.weldment.pieces]) for i in (0, 1))
    findings: Sequence[Finding] = loaded.weldment.findings
    return {
        "weldment": loaded.weldment.name,
        "size_mm": [round(float(v), 3) for v in (high.max(axis=0) - low.min(axis=0)) / MM],
        "pieces": [{"name": piece.name, "mass_kg": round(piece.mass, 3), "hulls": len(piece.hulls)} for piece in loaded.weldment.pieces],
        "seams": [_entry(task) for task in loaded.tasks],
        "total_length_mm": round(sum(to_mm(task.seam.length) for task in loaded.tasks), 2),
        "findings": [finding.to_dict() for finding in findings],
        "stage_times_s": {name: round(seconds, 3) for name, seconds in stages.seconds.items()},
    }


def _entry(task: SeamTask) -> dict[str, Any]:
    seam = task.seam
    between = float(np.arccos(np.clip(seam.normals_a[0] @ seam.normals_b[0], -1.0, 1.0)))
    return {
        "name": seam.name, "kind": seam.kind, "curve": seam.curve, "closed": seam.closed, "length_mm": round(to_mm(seam.length), 3), "pieces": list(seam.pieces),
        "thickness_mm": [round(to_mm(seam.thickness_a), 2), round(to_mm(seam.thickness_b), 2)], "gap_mm": round(to_mm(seam.gap), 3),
        "opening_deg": round(180 - to_deg(between), 1), "start_mm": _point(seam.points[0]), "middle_mm": _point(stretch(seam, 0.0, seam.length / 2, "").points[-1]), "end_mm": _point(seam.points[-1]),
        "torch_from": [round(float(v), 4) + 0.0 for v in _unit(seam.normals_a[0] + seam.normals_b[0])],
        "procedure": task.procedure, "passes": task.passes, "order": task.order,
    }  # fmt: skip


def _point(point: Array) -> list[float]:
    return [round(to_mm(float(v)), 3) + 0.0 for v in point]


def _unit(vector: Array) -> Array:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def job_text(loaded: LoadedWeldment, out: Path) -> str:
    """A job file with every seam found, to be edited; raises `InputError` where the weldment does not lie in or below its folder."""
    folder = out.resolve().parent
    names = []
    for path in loaded.files:
        if not path.resolve().is_relative_to(folder):
            raise InputError("a job file lies in the folder of its weldment, or above it", file=out)
        names.append(path.resolve().relative_to(folder).as_posix())
    own = loaded.job.own_seams
    kept: dict[str, Any] = loaded.job.model_dump(mode="json", exclude_defaults=True, exclude={"weldment", "seams"})
    found = [seam for seam in loaded.weldment.seams if not any(seam.name == spec.name for spec in own)]
    lines = [f"weldment: {_flow(names[0]) if len(names) == 1 else '[' + ', '.join(map(_flow, names)) + ']'}"]
    if "cell" not in kept:
        lines.append("# cell: welding-kr5  # where it is welded; or give --cell")
    lines += [f"{key}: {_flow(value)}" for key, value in kept.items()]
    lines += [
        "# What is done with each seam: drop, join, reverse, split_mm, stitch, passes, procedure, order, search (docs/weldments.md).",
        "seams:" if found else "seams: {}",
    ]
    edits = {name: edit.model_dump(mode="json", exclude_defaults=True) for name, edit in loaded.job.seams.items()}
    for seam in found:
        about = (
            f"{seam.kind}, {to_mm(seam.length):.1f} mm {'closed ' if seam.closed else ''}{seam.curve}, {seam.pieces[0]} on {seam.pieces[1]}"
        )
        lines.append(f"  {_flow(seam.name)}: {_flow(edits.pop(seam.name, {}))}  # {about}")
    lines += [f"  {_flow(name)}: {_flow(edit)}" for name, edit in edits.items()]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    # JSON is YAML in one line.
    return json.dumps(value, ensure_ascii=False)


__all__ = ["LoadedWeldment", "SeamsRequest", "job_text", "load_weldment", "run_seams", "summary"]
