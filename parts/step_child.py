"""Reads one STEP file, one solid of it or all, in a process of its own: request as JSON on stdin, the boundary representation as an npz archive on stdout.

The geometry kernel is a large C++ library and a damaged file may take the process down with it, or keep it busy for hours; here neither hurts.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

CPU_SECONDS = 300
MEMORY = 6_000_000_000
"""Address space [bytes]; the kernel's libraries alone take one third of a gigabyte."""
MAX_SOLIDS = 500
MAX_DEPTH = 20


def main() -> None:
    """Reads `{file, solid, mesh, faces}` or `{file, assembly, faces}`; ends the process with code 3 and the reason on stderr when the file cannot be read."""
    # The kernel loads before the request comes: whoever starts the process ahead does not wait for it.
    import parts.step_extract  # noqa: F401

    try:
        request: dict[str, Any] = json.load(sys.stdin)
    except ValueError:
        # Nobody asked: the caller has ended.
        os._exit(0)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        # Not on Windows: there only the caller's time limit holds.
        pass
    # The kernel talks on stdout; the archive must be alone there.
    out = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    try:
        arrays, about = _read(request)
    except MemoryError:
        _refuse(f"it needs more than {MEMORY} bytes of memory")
    # Whatever the kernel raises here is the file's fault.
    except Exception as error:
        _refuse(" ".join(str(error).split()) or type(error).__name__)
    buffer = io.BytesIO()
    np.savez(buffer, about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8), **arrays)
    out.write(buffer.getvalue())
    out.flush()
    # The kernel's own clean-up may crash after damaged files; what was asked for is out already.
    os._exit(0)


def _refuse(reason: str) -> None:
    sys.stderr.write(f"reason: {reason[:1000]}")
    sys.stderr.flush()
    os._exit(3)


def _read(request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    from OCP.IFSelect import IFSelect_ReturnStatus
    from OCP.STEPCAFControl import STEPCAFControl_Reader
    from OCP.TCollection import TCollection_ExtendedString
    from OCP.TDocStd import TDocStd_Document

    from parts.step_extract import extract, summary, unified

    reader = STEPCAFControl_Reader()
    for mode in (reader.SetColorMode, reader.SetLayerMode, reader.SetGDTMode, reader.SetMatMode, reader.SetPropsMode, reader.SetViewMode):
        mode(False)
    if reader.ReadFile(request["file"]) != IFSelect_ReturnStatus.IFSelect_RetDone:
        raise ValueError("it is not a sound STEP file")
    document = TDocStd_Document(TCollection_ExtendedString("pliant"))
    if not reader.Transfer(document):
        raise ValueError("it holds no product with a shape")
    open_shells: list[str] = []
    solids = list(_solids(document, open_shells))
    if not solids:
        raise ValueError("it holds no solid and no closed surface; parts must be exported as solids")
    if len(solids) > MAX_SOLIDS:
        raise ValueError(f"it holds more than {MAX_SOLIDS} solids; export the parts alone that are to be made")
    if request.get("assembly"):
        solids = [(name, unified(solid)) for name, solid in solids]
    listed = [{"name": name, **summary(solid)} for name, solid in solids]
    about: dict[str, Any] = {"unit": _unit(reader.ChangeReader()), "solids": listed, "chosen": None, "open": open_shells}
    if request.get("assembly"):
        return _assembly(solids, listed, request["faces"]), about
    wanted = request.get("solid")
    chosen = [i for i, entry in enumerate(listed) if wanted is None or wanted == str(i + 1) or wanted == entry["name"]]
    if len(chosen) != 1:
        return {}, about
    about["chosen"] = chosen[0]
    if listed[chosen[0]]["faces"] > request["faces"]:
        raise ValueError(f"the solid has {listed[chosen[0]]['faces']} faces; the limit is {request['faces']}")
    return extract(solids[chosen[0]][1], listed[chosen[0]], mesh=bool(request.get("mesh"))), about


def _assembly(solids: list[tuple[str, Any]], listed: list[dict[str, Any]], most: int) -> dict[str, Any]:
    """Arrays of all solids, the number of the solid before each name: `3/points`."""
    from parts.step_extract import COARSE_MESH, FINE_MESH, MANY_FACES, extract

    faces = sum(entry["faces"] for entry in listed)
    if faces > most:
        raise ValueError(f"its solids have {faces} faces together; the limit is {most}")
    return {
        f"{number}/{key}": array
        for number, ((_, solid), entry) in enumerate(zip(solids, listed, strict=True))
        for key, array in extract(solid, entry, mesh=True, fineness=COARSE_MESH if entry["faces"] > MANY_FACES else FINE_MESH).items()
    }


def _unit(reader: Any) -> str:
    """Length unit that the file states, in its own words."""
    from OCP.collections import Sequence_TCollection_AsciiString as Words

    lengths, angles, solid_angles = Words(), Words(), Words()
    reader.FileUnits(lengths, angles, solid_angles)
    return str(lengths.Value(1).ToCString()) if lengths.Length() else ""


def _solids(document: Any, open_shells: list[str]) -> Iterator[tuple[str, Any]]:
    """Name and solid of everything in the document, in its place; closed or sewable shells count as solids, others are named in `open_shells`."""
    from OCP.collections import Sequence_TDF_Label as Labels
    from OCP.TopLoc import TopLoc_Location
    from OCP.XCAFDoc import XCAFDoc_DocumentTool

    from parts.step_extract import bodies, has_faces

    tool = XCAFDoc_DocumentTool.ShapeTool_s(document.Main())
    free = Labels()
    tool.GetFreeShapes(free)
    counts: dict[str, int] = {}
    for number in range(1, free.Length() + 1):
        for name, shape in _leaves(free.Value(number), TopLoc_Location(), "", 0):
            found = list(bodies(shape))
            if not found and has_faces(shape):
                open_shells.append(name)
            for body in found:
                counts[name] = counts.get(name, 0) + 1
                yield (name if counts[name] == 1 else f"{name}#{counts[name]}"), body


def _leaves(label: Any, location: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    from OCP.collections import Sequence_TDF_Label as Labels
    from OCP.TDF import TDF_Label
    from OCP.XCAFDoc import XCAFDoc_ShapeTool

    own = _name(label) or name or "solid"
    if not XCAFDoc_ShapeTool.IsAssembly_s(label) or depth > MAX_DEPTH:
        yield own, XCAFDoc_ShapeTool.GetShape_s(label).Moved(location)
        return
    parts = Labels()
    XCAFDoc_ShapeTool.GetComponents_s(label, parts)
    for number in range(1, parts.Length() + 1):
        part, referred = parts.Value(number), TDF_Label()
        if XCAFDoc_ShapeTool.GetReferredShape_s(part, referred):
            yield from _leaves(referred, location.Multiplied(XCAFDoc_ShapeTool.GetLocation_s(part)), own, depth + 1)


def _name(label: Any) -> str:
    from OCP.TDataStd import TDataStd_Name

    found = TDataStd_Name()
    if not label.FindAttribute(TDataStd_Name.GetID_s(), found):
        return ""
    text = str(found.Get().ToExtString())
    return "".join(character if character.isprintable() else " " for character in text).strip()[:120]


__all__ = ["main"]
