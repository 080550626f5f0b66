"""Kinds of jobs that begin with a part: bend, unfold, weld."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.job_inputs import YAML_ENDINGS, JobInputs, JobKind, Results, Wanted, listed
from api.job_options import BendJobOptions, UnfoldJobOptions, WeldJobOptions
from cells.yaml_source import read_source
from core.errors import InputError, UnknownNameError
from core.progress import Progress
from parts.job import JobSpec
from parts.materials import materials
from parts.step_process import SUFFIXES as STEP_ENDINGS
from parts.step_process import is_step
from parts.weld_job import WeldJobSpec

DRAWING_ENDINGS = (".dxf", *STEP_ENDINGS)
TABLE_ENDINGS = (".csv",)
WELDMENT_ENDINGS = (*STEP_ENDINGS, ".stl", ".obj", ".glb")


def _of(folder: Path, endings: Sequence[str]) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in endings]


def _known_material(name: str | None) -> None:
    if name is not None and name not in materials():
        raise UnknownNameError("material", name[:80], list(materials()))


def _prepare_bend(options: BendJobOptions, folder: Path) -> Wanted:
    drawings, jobs, tables = (_of(folder, endings) for endings in (DRAWING_ENDINGS, YAML_ENDINGS, TABLE_ENDINGS))
    if len(drawings) != 1 or len(jobs) > 1 or len(tables) > 1:
        raise InputError(
            f"a bending job takes one drawing (.dxf) or folded part (.step), at most one job file (.yaml) and one bend table (.csv); sent were {len(drawings)}, {len(jobs)} and {len(tables)}"
        )
    _known_material(options.material)
    if jobs:
        spec = read_source(jobs[0], JobSpec)[0]
        return Wanted(drawings[0].stem, options.cell or spec.cell)
    folded = is_step(drawings[0])
    missing = [key for key in ("cell", "material", *(() if folded else ("thickness_mm",))) if getattr(options, key) is None]
    if missing:
        raise InputError(
            f"a {'STEP file' if folded else 'DXF'} does not say everything: give {', '.join(missing)} in `options`, or send a job file",
            file=drawings[0].name,
        )
    return Wanted(drawings[0].stem, options.cell)


def _run_bend(options: BendJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.jobs import BendRequest, run_bend

    folder = inputs.folder / "files"
    jobs, drawings, tables = (_of(folder, endings) for endings in (YAML_ENDINGS, DRAWING_ENDINGS, TABLE_ENDINGS))
    source = (jobs or drawings)[0]
    name = options.cell
    if name is None:
        name = read_source(source, JobSpec)[0].cell
    given = options.model_dump() | {"cell": inputs.cell(name), "bend_table": tables[0] if tables else None}
    return run_bend(BendRequest(source, **given), progress)


def _prepare_unfold(options: UnfoldJobOptions, folder: Path) -> Wanted:
    parts, tables = _of(folder, STEP_ENDINGS), _of(folder, TABLE_ENDINGS)
    if len(parts) != 1 or len(tables) > 1:
        raise InputError(
            f"unfolding takes one folded part (.step) and at most one bend table (.csv); sent were {len(parts)} and {len(tables)}"
        )
    _known_material(options.material)
    return Wanted(parts[0].stem)


def _run_unfold(options: UnfoldJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.unfold import UnfoldRequest, run_unfold

    folder = inputs.folder / "files"
    part, tables = _of(folder, STEP_ENDINGS)[0], _of(folder, TABLE_ENDINGS)
    request = UnfoldRequest(
        part, options.material, options.solid, options.k_factor, options.allowance, options.radius_mm, options.convention, True, tables[0] if tables else None
    )  # fmt: skip
    summary, files = run_unfold(request, progress)
    verified = not any(finding["level"] == "error" for finding in summary["findings"])
    return listed(summary | {"verified": verified}, {f"flat{ending}": data for ending, data in files.items()})


def _prepare_weld(options: WeldJobOptions, folder: Path) -> Wanted:
    pieces, jobs = _of(folder, WELDMENT_ENDINGS), _of(folder, YAML_ENDINGS)
    if not pieces or len(jobs) > 1:
        raise InputError(
            f"a welding job takes a weldment ({' '.join(WELDMENT_ENDINGS)}) and at most one job file (.yaml); sent were {len(pieces)} and {len(jobs)}"
        )
    if not jobs and len(pieces) > 1:
        raise InputError(f"{len(pieces)} files of a weldment were sent; a job file (.yaml) says which belong together, in `weldment`")
    cell = options.cell or (read_source(jobs[0], WeldJobSpec)[0].cell if jobs else None)
    if cell is None:
        raise InputError(
            "a weldment does not say where it is welded: give `cell` (see GET /cells) in `options`, or send a job file that names one"
        )
    return Wanted((jobs or pieces)[0].stem if len(pieces) > 1 else pieces[0].stem, cell)


def _run_weld(options: WeldJobOptions, inputs: JobInputs, progress: Progress) -> Results:
    from api.weld import WeldRequest, run_weld

    folder = inputs.folder / "files"
    jobs = _of(folder, YAML_ENDINGS)
    source = (jobs or _of(folder, WELDMENT_ENDINGS))[0]
    name = options.cell or read_source(source, WeldJobSpec)[0].cell
    return run_weld(WeldRequest(source, inputs.cell(name), options.language, options.seed), progress)


BEND = JobKind(BendJobOptions, (*DRAWING_ENDINGS, *YAML_ENDINGS, *TABLE_ENDINGS), False, _prepare_bend, _run_bend)
UNFOLD = JobKind(UnfoldJobOptions, (*STEP_ENDINGS, *TABLE_ENDINGS), False, _prepare_unfold, _run_unfold)
WELD = JobKind(WeldJobOptions, (*WELDMENT_ENDINGS, *YAML_ENDINGS), False, _prepare_weld, _run_weld)
