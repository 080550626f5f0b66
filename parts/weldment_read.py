"""A weldment from files: pieces with meshes, hulls and masses; seams found in a STEP assembly, or given by the user; what is wrong, as findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import trimesh

from core.errors import InputError
from core.findings import Finding
from core.frames import Array
from core.mesh_file import FORMATS, read_bodies
from core.units import MM, to_mm
from parts.brep import mm3
from parts.own_seams import OwnSeam, own_seam
from parts.piece_hulls import convex_hulls
from parts.piece_overlaps import overlaps
from parts.seam import Seam
from parts.seam_finding import find_seams
from parts.seam_options import SeamOptions
from parts.step_file import SUFFIXES, StepLimits, is_step, read_assembly
from parts.weld_faces import SolidFaces
from parts.weldment import Weldment, WeldPiece

STEEL = 7850.0
"""[kg/m3]"""
LARGEST, SMALLEST = 50.0, 5e-3
"""A weldment beyond these is in the wrong unit [m]."""
AIR = 0.2
"""Air in a piece's hulls, as a share of its material, from which on it is said."""


@dataclass(frozen=True, slots=True)
class WeldmentLimits:
    """What is read at most; meshes have those of `core.mesh_file`.

    Attributes:
        step: Of STEP files; faces of all solids together.
        pieces: Number of them.
    """

    step: StepLimits = field(default_factory=StepLimits)
    pieces: int = 300


@dataclass(frozen=True, slots=True)
class WeldmentOptions:
    """How files become a weldment.

    Attributes:
        density: Of all pieces [kg/m3].
        mesh_unit: Of mesh files [m]; None: metres in GLB, millimetres in others.
        find: Seams are looked for in STEP assemblies.
        seams: Limits of recognition.
        limits: What is read at most.
    """

    density: float = STEEL
    mesh_unit: float | None = None
    find: bool = True
    seams: SeamOptions = field(default_factory=SeamOptions)
    limits: WeldmentLimits = field(default_factory=WeldmentLimits)


def read_weldment(files: Sequence[Path], options: WeldmentOptions | None = None, own: Sequence[OwnSeam] = ()) -> Weldment:
    """Reads one STEP assembly, or one or more meshes with the user's own seams.

    Own seams come after those that are found. Pieces that cannot be used as solids are kept with the hull of their points, and a finding of error level.

    Raises:
        InputError: When a file cannot be read, is too large, or what it holds is no weldment; findings say what is wrong inside it.
    """
    asked = options or WeldmentOptions()
    if not files:
        raise InputError("no file is given; valid: one STEP assembly, or meshes")
    step = [path for path in files if is_step(path)]
    if step and len(files) > 1:
        raise InputError("a STEP assembly stands alone; export one file with all pieces", file=step[0])
    seams: tuple[Seam, ...] = ()
    findings: list[Finding] = []
    if step:
        assembly = read_assembly(step[0], limits=asked.limits.step)
        names = unique([entry.name for entry in assembly.entries])
        meshes = [_merged(trimesh.Trimesh(brep.mesh_points, brep.mesh_triangles, process=False)) for brep in assembly.breps]
        findings += [_open_shell(name) for name in assembly.open_shells]
        _check_pieces(len(names), asked, files[0])
        if asked.find:
            try:
                solids = [SolidFaces(name, brep) for name, brep in zip(names, assembly.breps, strict=True)]
                seams, told = find_seams(solids, asked.seams)
            except InputError as error:
                raise error.placed(file=files[0]) from None
            findings += told
    else:
        names, meshes = _meshes(files, asked)
    findings += _size(meshes)
    closed = [k for k, mesh in enumerate(meshes) if mesh.is_watertight]
    findings += [_open_mesh(names[k], mesh) for k, mesh in enumerate(meshes) if not mesh.is_watertight]
    findings += overlaps([names[k] for k in closed], [meshes[k] for k in closed])
    pieces = []
    for name, mesh in zip(names, meshes, strict=True):
        hulls, air = convex_hulls(mesh)
        volume = abs(float(mesh.volume))
        if air > AIR * volume and mesh.is_watertight:
            findings.append(_coarse(name, air / max(volume, 1e-12)))
        pieces.append(WeldPiece(name, mesh, hulls, volume * asked.density))
    triangles: list[Array] = [np.ascontiguousarray(mesh.triangles) for mesh in meshes]
    for given in own:
        made = own_seam(given, names, triangles, asked.seams.max_gap)
        if isinstance(made, Finding):
            findings.append(made)
        else:
            seams = (*seams, made)
            findings += _gap(made, asked.seams.allowed_gap)
    return Weldment(files[0].stem, tuple(pieces), seams, tuple(findings))


def unique(names: Sequence[str]) -> list[str]:
    """Names with `#2`, `#3` behind repeated ones."""
    out: list[str] = []
    for name in names:
        number, made = 1, name
        while made in out:
            number += 1
            made = f"{name}#{number}"
        out.append(made)
    return out


def _meshes(files: Sequence[Path], asked: WeldmentOptions) -> tuple[list[str], list[trimesh.Trimesh]]:
    names: list[str] = []
    meshes: list[trimesh.Trimesh] = []
    for path in files:
        if path.suffix.lower() not in FORMATS:
            raise InputError(f"'{path.suffix}' is no format of weldments; valid: {', '.join((*SUFFIXES, *FORMATS))}", file=path)
        try:
            bodies = read_bodies(path, path.name, asked.limits.pieces)
        except InputError as error:
            raise error.placed(file=path) from None
        unit = asked.mesh_unit if asked.mesh_unit is not None else (1.0 if path.suffix.lower() == ".glb" else MM)
        for name, mesh in bodies:
            mesh.vertices = np.asarray(mesh.vertices) * unit
            if mesh.is_watertight and mesh.volume < 0:
                mesh.invert()
            names.append(name)
            meshes.append(mesh)
    _check_pieces(len(names), asked, files[0])
    return unique(names), meshes


def _merged(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    mesh.merge_vertices()
    mesh.update_faces(mesh.nondegenerate_faces())
    return mesh


def _check_pieces(count: int, asked: WeldmentOptions, file: Path) -> None:
    if count > asked.limits.pieces:
        raise InputError(f"the weldment has {count} pieces; the limit is {asked.limits.pieces}", file=file)


def _size(meshes: list[trimesh.Trimesh]) -> list[Finding]:
    low, high = (np.array([mesh.bounds[i] for mesh in meshes]) for i in (0, 1))
    size = float(np.max(high.max(axis=0) - low.min(axis=0)))
    if SMALLEST <= size <= LARGEST:
        return []
    return [Finding("error", "size-unlikely", f"The weldment is {to_mm(size):.4g} mm large; {to_mm(SMALLEST):g} to {to_mm(LARGEST):g} mm are taken.", "State the unit of the file (mesh_units), or export it in the right one.")]  # fmt: skip


def _open_shell(name: str) -> Finding:
    return Finding(
        "error", "open-shell", f"The surface of '{name}' is not closed; it is no piece of the weldment.", "Export it as a solid."
    )


def _open_mesh(name: str, mesh: trimesh.Trimesh) -> Finding:
    edges, counts = np.unique(mesh.edges_sorted, axis=0, return_counts=True)
    odd = edges[counts != 2]
    place = mm3(mesh.vertices[odd[0]].mean(axis=0)) if len(odd) else mm3(mesh.bounds.mean(axis=0))
    return Finding("error", "open-shell", f"The surface of '{name}' is open or crosses itself at {place} ({len(odd)} edges).", "Repair it, or export it as a solid.", "", {"edges": len(odd)})  # fmt: skip


def _coarse(name: str, share: float) -> Finding:
    return Finding("info", "hulls-coarse", f"For collision, '{name}' is taken larger than it is: its hulls hold {share:.0%} of air.", "Where a seam inside it must be reached, give it as several pieces.")  # fmt: skip


def _gap(seam: Seam, allowed: float) -> list[Finding]:
    if seam.gap <= allowed:
        return []
    middle = mm3(seam.points[len(seam.points) // 2])
    return [Finding("warning", "gap-wide", f"The gap between '{seam.pieces[0]}' and '{seam.pieces[1]}' is {to_mm(seam.gap):.2f} mm at {middle}; allowed are {to_mm(allowed):.2f} mm.", "Close it, or choose a procedure that bridges it.", f"seam {seam.name}", {"gap_mm": round(to_mm(seam.gap), 3)})]  # fmt: skip
