"""Time per folded STEP part, and its growth with the number of faces: `python -m bench.unfold FOLDER [--faces 300 1000 5000]`."""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.units import to_mm
from parts.allowance import KFactor
from parts.build import BendSpec, build_sheet
from parts.materials import material
from parts.refold import refold_check
from parts.step_file import is_step, read_step
from parts.unfold import unfold


@dataclass(frozen=True, slots=True)
class Timed:
    """One part: number of faces and wall clock of each stage [s]; `note` is the deviation, or why there is none."""

    name: str
    faces: int
    read: float
    unfold: float
    refold: float
    note: str


def timed(file: Path) -> Timed:
    """Reads, unfolds and refolds one file."""
    start = time.perf_counter()
    try:
        solid = read_step(file, mesh=True)
    except InputError as error:
        return Timed(file.stem, 0, time.perf_counter() - start, 0.0, 0.0, error.message[:60])
    read = time.perf_counter()
    try:
        flat = unfold(solid, KFactor(0.44), lambda thickness: thickness)
    except InputError as error:
        return Timed(file.stem, solid.entry.faces, read - start, time.perf_counter() - read, 0.0, error.message[:60])
    done = time.perf_counter()
    lines = flat.flat.bend_lines
    if not lines:
        return Timed(file.stem, solid.entry.faces, read - start, done - read, 0.0, "flat")
    specs = [BendSpec((line.angle or 0.0) * (1 if line.direction == "up" else -1), line.radius or 0.0) for line in lines]
    part = build_sheet(flat.flat, thickness=flat.thickness, material=material("mild-steel"), specs=specs, rule=KFactor(0.44))
    check = refold_check(flat, part)
    return Timed(file.stem, solid.entry.faces, read - start, done - read, time.perf_counter() - done, f"{to_mm(check.deviation):.4f} mm")


HOLES = 10
"""Holes along each side of a perforated flange."""


def perforated(faces: int) -> Any:
    """A staircase of perforated flanges with about `faces` faces, as a shape of the kernel."""
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Fuse
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeEdge, BRepBuilderAPI_MakeFace, BRepBuilderAPI_MakePolygon, BRepBuilderAPI_MakeWire
    from OCP.BRepPrimAPI import BRepPrimAPI_MakePrism, BRepPrimAPI_MakeRevol
    from OCP.collections import List_TopoDS_Shape as Shapes
    from OCP.gp import gp_Ax1, gp_Ax2, gp_Circ, gp_Dir, gp_Pnt, gp_Vec
    from OCP.TopoDS import TopoDS

    size, t, r = 10.0 * HOLES + 10, 2.0, 2.0
    # In the plane of the stairs: where a flange's lower side begins, and which way it runs.
    at, way = np.array([0.0, 0.0]), np.array([1.0, 0.0])
    pieces = Shapes()
    count = max(1, round(faces / (HOLES**2 + 6)))
    for step in range(count):
        up = np.array([-way[1], way[0]])

        def point(x: float, along: float, above: float, at: Any = at, way: Any = way, up: Any = up) -> Any:
            y, z = at + along * way + above * up
            return gp_Pnt(float(x), float(y), float(z))

        outline = BRepBuilderAPI_MakePolygon(point(0, 0, 0), point(size, 0, 0), point(size, size, 0), point(0, size, 0), True)
        normal = gp_Dir(0.0, float(up[0]), float(up[1]))
        plate = BRepBuilderAPI_MakeFace(outline.Wire())
        for i in range(HOLES * HOLES):
            circle = gp_Circ(gp_Ax2(point(10.0 + 10 * (i % HOLES), 10.0 + 10 * (i // HOLES), 0), normal), 3.0)
            plate.Add(TopoDS.Wire(BRepBuilderAPI_MakeWire(BRepBuilderAPI_MakeEdge(circle).Edge()).Wire().Reversed()))
        pieces.Append(BRepPrimAPI_MakePrism(plate.Face(), gp_Vec(0.0, *map(float, up * t))).Shape())
        if step < count - 1:
            turn = 1 if step % 2 == 0 else -1
            end = BRepBuilderAPI_MakePolygon(point(0, size, 0), point(size, size, 0), point(size, size, t), point(0, size, t), True)
            axis = gp_Ax1(point(0, size, t + r if turn > 0 else -r), gp_Dir(float(turn), 0, 0))
            pieces.Append(BRepPrimAPI_MakeRevol(BRepBuilderAPI_MakeFace(end.Wire()).Face(), axis, math.pi / 2).Shape())
            centre = at + size * way + (t + r if turn > 0 else -r) * up
            way = turn * up
            up = np.array([-way[1], way[0]])
            at = centre - (t + r if turn > 0 else -r) * up
    if count == 1:
        return pieces.First()
    whole, first = BRepAlgoAPI_Fuse(), Shapes()
    first.Append(pieces.First())
    pieces.RemoveFirst()
    whole.SetArguments(first)
    whole.SetTools(pieces)
    whole.Build()
    return whole.Shape()


def grown(faces: int, folder: Path) -> Path:
    """The perforated part as a STEP file."""
    from OCP.STEPControl import STEPControl_StepModelType, STEPControl_Writer

    writer = STEPControl_Writer()
    writer.Transfer(perforated(faces), STEPControl_StepModelType.STEPControl_AsIs)
    file = folder / f"perforated_{faces}.step"
    writer.Write(str(file))
    return file


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="*", help="folders of STEP files")
    parser.add_argument("--faces", type=int, nargs="*", default=[300, 1000, 2500, 5000], help="sizes of the perforated part")
    chosen = parser.parse_args()
    print(f"{'part':<48} {'faces':>6} {'read s':>7} {'unfold s':>9} {'refold s':>9}  deviation")
    with tempfile.TemporaryDirectory() as made:
        files = [file for folder in chosen.folder for file in sorted(folder.iterdir()) if is_step(file)]
        files += [grown(faces, Path(made)) for faces in chosen.faces]
        for file in files:
            it = timed(file)
            print(f"{it.name[:48]:<48} {it.faces:>6} {it.read:>7.2f} {it.unfold:>9.3f} {it.refold:>9.3f}  {it.note}")


if __name__ == "__main__":
    main()
