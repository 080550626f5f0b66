"""STEP files: checked, read by the geometry kernel in a process of its own, handed on as plain arrays in metres."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.files import checked_size
from core.units import MM
from parts.brep import Brep
from parts.step_process import SUFFIXES, ask, is_step

_LENGTHS = ("face_radius", "edge_circle", "points", "mesh_points")


@dataclass(frozen=True, slots=True)
class StepLimits:
    """What is read at most.

    Attributes:
        bytes: Size of the file.
        faces: Of one solid.
        seconds: Wall clock of the reading process.
    """

    bytes: int = 200_000_000
    faces: int = 20_000
    seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class SolidEntry:
    """One solid of a file.

    Attributes:
        number: Counted from 1, as `--solid` takes it.
        name: Of its product; repeated ones carry `#2`, `#3`.
        faces: Number of faces.
        volume: [m3]
        size: Of the bounding box (3,) [m].
    """

    number: int
    name: str
    faces: int
    volume: float
    size: tuple[float, float, float]

    def __str__(self) -> str:
        x, y, z = (v / MM for v in self.size)
        return f"{self.number} '{self.name}' ({x:.0f} x {y:.0f} x {z:.0f} mm, {self.faces} faces)"


@dataclass(frozen=True, eq=False, slots=True)
class StepSolid:
    """The solid that was chosen.

    Attributes:
        entry: What it is called and how large it is.
        brep: Its boundary [m].
        unit: Length unit of the file, in its own words; everything is converted already.
        solids: All solids of the file.
        source: File, as it was named.
    """

    entry: SolidEntry
    brep: Brep
    unit: str
    solids: tuple[SolidEntry, ...]
    source: str


@dataclass(frozen=True, eq=False, slots=True)
class StepAssembly:
    """All solids of a file, each in its place; faces that lie on one surface are joined.

    Attributes:
        entries: What they are called and how large they are.
        breps: Their boundaries, with triangles [m].
        unit: Length unit of the file, in its own words; everything is converted already.
        open_shells: Names of products whose surface is not closed; they are not among the solids.
        source: File, as it was named.
    """

    entries: tuple[SolidEntry, ...]
    breps: tuple[Brep, ...]
    unit: str
    open_shells: tuple[str, ...]
    source: str


def read_step(file: str | Path, *, solid: str | None = None, mesh: bool = False, limits: StepLimits | None = None) -> StepSolid:
    """Reads one solid.

    Args:
        file: The STEP file (AP203, AP214, AP242; any length unit).
        solid: Number or name of the solid; needed where the file holds several.
        mesh: Triangles too, for pictures.
        limits: Upper bounds.

    Raises:
        InputError: When the kernel is not installed, the file is no sound STEP, or the solid is not said; names what there is to choose.
    """
    path, bounds = Path(file), limits or StepLimits()
    _checked(path, bounds)
    request = {"file": str(path.resolve()), "solid": solid, "mesh": mesh, "faces": bounds.faces}
    arrays = _run(path, request, bounds)
    about = json.loads(bytes(arrays.pop("about")))
    solids = tuple(_entry(i, entry) for i, entry in enumerate(about["solids"]))
    if about["chosen"] is None:
        listed = "; ".join(str(entry) for entry in solids[:12]) + (f" and {len(solids) - 12} more" if len(solids) > 12 else "")
        if solid is None:
            raise InputError(f"the file holds {len(solids)} solids; say which with --solid: {listed}", file=path)
        raise InputError(f"there is no one solid '{solid}'; the file holds: {listed}", file=path)
    return StepSolid(solids[about["chosen"]], _brep(path, arrays), about["unit"], solids, str(path))


def read_assembly(file: str | Path, *, limits: StepLimits | None = None) -> StepAssembly:
    """Reads all solids; of the limits, the number of faces is that of all solids together.

    Raises:
        InputError: When the kernel is not installed, the file is no sound STEP, or it holds no solid.
    """
    path, bounds = Path(file), limits or StepLimits()
    _checked(path, bounds)
    arrays = _run(path, {"file": str(path.resolve()), "assembly": True, "faces": bounds.faces}, bounds)
    about = json.loads(bytes(arrays.pop("about")))
    parts: list[dict[str, Any]] = [{} for _ in about["solids"]]
    for name, array in arrays.items():
        number, _, key = name.partition("/")
        parts[int(number)][key] = array
    entries = tuple(_entry(i, entry) for i, entry in enumerate(about["solids"]))
    return StepAssembly(entries, tuple(_brep(path, part) for part in parts), about["unit"], tuple(about["open"]), str(path))


def _checked(path: Path, limits: StepLimits) -> None:
    check_text(path, limits)
    if importlib.util.find_spec("OCP") is None:
        raise InputError("reading STEP needs the geometry kernel Open CASCADE, an optional extra: pip install 'pliant[step]'", file=path)


def check_text(path: Path, limits: StepLimits) -> None:
    """Refuses what is no whole STEP text before the kernel sees it; names the last sound entity of a file that was cut off."""
    checked_size(path, limits.bytes, "STEP file")
    data = path.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        raise InputError("this is a zip archive; unpack it and give the STEP file in it", file=path)
    if b"ISO-10303-21" not in data[:2048]:
        kind = "a binary file" if b"\0" in data[:2048] else "a text without ISO-10303-21 in its first lines"
        raise InputError(f"not a STEP file: {kind}", file=path, place="line 1")
    if b"\0" in data:
        raise InputError("not a sound STEP file: it holds a zero byte", file=path, place=f"line {data[: data.index(0)].count(10) + 1}")
    if b"END-ISO-10303-21" not in data[-4096:]:
        last = re.findall(rb"^\s*(#\d+)\s*=[^;]*;", data[-20000:], re.M)
        after = f" after entity {last[-1].decode()}" if last else ""
        raise InputError(f"the STEP file is cut off{after}: END-ISO-10303-21 is missing", file=path, place=f"line {data.count(10) + 1}")
    if b"FILE_SCHEMA" not in data[:100_000] or b"DATA" not in data:
        raise InputError("not a sound STEP file: FILE_SCHEMA or DATA is missing", file=path, place="header")


def _run(path: Path, request: dict[str, Any], limits: StepLimits) -> dict[str, Any]:
    try:
        done = ask(request, limits.seconds)
    except subprocess.TimeoutExpired:
        raise InputError(f"the geometry kernel cannot read it within {limits.seconds:g} s", file=path) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")
        if done.returncode == 3 and "reason: " in said:
            raise InputError(f"the STEP file cannot be used: {said.rpartition('reason: ')[2].strip()}", file=path)
        how = f"by signal {-done.returncode}" if done.returncode < 0 else f"with code {done.returncode}"
        raise InputError(f"the STEP file is damaged: the geometry kernel ended {how} while it read it", file=path)
    try:
        with np.load(io.BytesIO(done.stdout), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile):
        raise InputError("the STEP file is damaged: the geometry kernel gave no answer", file=path) from None


def _entry(index: int, entry: dict[str, Any]) -> SolidEntry:
    x, y, z = (float(high - low) * MM for low, high in zip(entry["low_mm"], entry["high_mm"], strict=True))
    return SolidEntry(index + 1, entry["name"], int(entry["faces"]), abs(float(entry["volume_mm3"])) * MM**3, (x, y, z))


def _brep(path: Path, arrays: dict[str, Any]) -> Brep:
    for name, array in arrays.items():
        if not np.all(np.isfinite(array)):
            raise InputError(f"the STEP file is damaged: {name.replace('_', ' ')} holds numbers that are not finite", file=path)
    for name in _LENGTHS:
        if name in arrays:
            arrays[name] = arrays[name] * MM
    # The axis of a circle is a direction, not a length.
    arrays["edge_circle"][:, 3:6] /= MM
    arrays["face_frame"] = arrays["face_frame"] * np.r_[np.full(3, MM), np.ones(7)]
    arrays["face_area"] = arrays["face_area"] * MM**2
    arrays.setdefault("mesh_points", np.empty((0, 3)))
    arrays.setdefault("mesh_triangles", np.empty((0, 3), dtype=np.int32))
    arrays.setdefault("mesh_faces", np.empty(0, dtype=np.int32))
    return Brep(**arrays)


__all__ = ["SUFFIXES", "SolidEntry", "StepAssembly", "StepLimits", "StepSolid", "is_step", "read_assembly", "read_step"]
