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
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise InputError(f"mesh '{name}' is of the unknown format '{kind}'; valid: {', '.join(FORMATS)}")
    try:
        checked_size(path, MAX_BYTES, "mesh")
    except InputError as error:
        raise InputError(f"mesh '{name}': {error.message}") from None
    if kind == ".dae":
        _check_xml(path, name)
    try:
        loaded = trimesh.load(str(path))
        mesh = loaded.to_mesh() if isinstance(loaded, trimesh.Scene) else loaded
    except _FAULTS as error:
        raise InputError(f"mesh '{name}' cannot be read: {error}") from None
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
