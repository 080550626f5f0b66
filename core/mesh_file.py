"""Mesh files: format and size are checked before they are read, and what comes out is finite triangles."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import trimesh
from lxml import etree
from PIL import Image

from core.errors import InputError
from core.files import checked_size

FORMATS = (".stl", ".obj", ".dae", ".glb", ".ply")
MAX_BYTES = 60_000_000
MAX_FACES = 1_000_000
LARGEST = 1e5
"""Coordinates beyond this are a fault of the file [file units]."""
_FAULTS: tuple[type[Exception], ...] = (
    ValueError, OSError, LookupError, TypeError, AttributeError, NotImplementedError, ImportError, ArithmeticError, AssertionError, RecursionError,
    MemoryError, StopIteration, struct.error, etree.Error, Image.DecompressionBombError,
)  # fmt: skip


def read_mesh(path: Path, name: str) -> trimesh.Trimesh:
    """Reads one mesh; scenes become one mesh.

    Args:
        path: The file.
        name: As the user wrote it, for messages.

    Raises:
        InputError: When it is missing, too large, of an unknown format, damaged, or without finite triangles; file and place are the caller's to add.
    """
    loaded = _loaded(path, name)
    try:
        mesh = loaded.to_mesh() if isinstance(loaded, trimesh.Scene) else loaded
    except _FAULTS as error:
        raise InputError(f"mesh '{name}' cannot be read: {error}") from None
    return _checked(mesh, name)


def read_bodies(path: Path, name: str, most: int) -> list[tuple[str, trimesh.Trimesh]]:
    """Reads a file as separate bodies: the nodes of a scene, each taken apart where it is not connected.

    Args:
        path: The file.
        name: As the user wrote it, for messages.
        most: Number of bodies; more are refused.

    Returns:
        Name and mesh of each body; bodies of one name carry `#2`, `#3`.

    Raises:
        InputError: As `read_mesh`, and when there are more bodies than allowed.
    """
    loaded = _loaded(path, name)
    try:
        parts = (
            [(part.metadata.get("name") or path.stem, part) for part in loaded.dump()]
            if isinstance(loaded, trimesh.Scene)
            else [(path.stem, loaded)]
        )
    except _FAULTS as error:
        raise InputError(f"mesh '{name}' cannot be read: {error}") from None
    total = sum(len(part.faces) for _, part in parts if isinstance(part, trimesh.Trimesh))
    if total > MAX_FACES:
        raise InputError(f"mesh '{name}' has {total} triangles; the limit is {MAX_FACES}")
    bodies: list[tuple[str, trimesh.Trimesh]] = []
    counts: dict[str, int] = {}
    for title, part in parts:
        mesh = _checked(part, name)
        mesh.merge_vertices(merge_tex=True, merge_norm=True)
        pieces = mesh.split(only_watertight=False, repair=False)
        if len(bodies) + len(pieces) > most:
            raise InputError(f"mesh '{name}' falls into more than {most} bodies; the limit is {most}")
        for piece in pieces:
            counts[title] = counts.get(title, 0) + 1
            bodies.append((title if counts[title] == 1 else f"{title}#{counts[title]}", piece))
    return bodies


def _loaded(path: Path, name: str) -> object:
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise InputError(f"mesh '{name}' is of the unknown format '{kind}'; valid: {', '.join(FORMATS)}")
    try:
        checked_size(path, MAX_BYTES, "mesh")
    except InputError as error:
        raise InputError(f"mesh '{name}': {error.message}{_triangles(path)}") from None
    if kind == ".dae":
        _check_xml(path, name)
    try:
        return trimesh.load(str(path))
    except _FAULTS as error:
        raise InputError(f"mesh '{name}' cannot be read: {error}") from None


def _triangles(path: Path) -> str:
    """What a binary STL says of its size, for the message that refuses it."""
    if path.suffix.lower() != ".stl" or not path.is_file() or path.stat().st_size < 84:
        return ""
    with path.open("rb") as stream:
        count = struct.unpack("<I", stream.read(84)[80:])[0]
    return f" ({count} triangles; the limit is {MAX_FACES})" if 84 + 50 * count == path.stat().st_size else ""


def _checked(mesh: object, name: str) -> trimesh.Trimesh:
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0 or len(mesh.vertices) == 0:
        raise InputError(f"mesh '{name}' has no triangles")
    if len(mesh.faces) > MAX_FACES:
        raise InputError(f"mesh '{name}' has {len(mesh.faces)} triangles; the limit is {MAX_FACES}")
    if not np.all(np.isfinite(mesh.vertices)):
        raise InputError(f"mesh '{name}' has vertices that are not finite")
    if float(np.max(np.abs(mesh.vertices))) > LARGEST:
        raise InputError(f"mesh '{name}' has a vertex beyond {LARGEST:g}")
    return mesh


def _check_xml(path: Path, name: str) -> None:
    """Collada is XML: entities are refused here, since its reader would expand them."""
    data = path.read_bytes()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise InputError(f"mesh '{name}' has a document type or entities, which are not read")
    try:
        etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise InputError(f"mesh '{name}' is no well-formed XML: {error.msg}") from None
