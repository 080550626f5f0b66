"""Time per folded STEP part, and its growth with the number of faces: `python -m bench.unfold FOLDER [--faces 300 1000 5000]`."""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    solid = read_step(file, mesh=True)
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


def perforated(faces: int) -> Any:
    """A bent sheet with so many round holes that it has about `faces` faces, as a shape of the kernel."""
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Fuse
    from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeEdge, BRepBuilderAPI_MakeFace, BRepBuilderAPI_MakePolygon, BRepBuilderAPI_MakeWire
    from OCP.BRepPrimAPI import BRepPrimAPI_MakePrism, BRepPrimAPI_MakeRevol
    from OCP.gp import gp_Ax1, gp_Ax2, gp_Circ, gp_Dir, gp_Pnt, gp_Vec
    from OCP.TopoDS import TopoDS

    def polygon(*corners: tuple[float, float, float]) -> Any:
        made = BRepBuilderAPI_MakePolygon()
        for corner in corners:
            made.Add(gp_Pnt(*map(float, corner)))
        made.Close()
        return made.Wire()

    side = max(1, round(math.sqrt(faces)))
    size = 10.0 * side + 10
    plate = BRepBuilderAPI_MakeFace(polygon((0, 0, 0), (size, 0, 0), (size, size, 0), (0, size, 0)))
    for i in range(side):
        for k in range(side):
            circle = gp_Circ(gp_Ax2(gp_Pnt(10.0 + 10 * i, 10.0 + 10 * k, 0), gp_Dir(0, 0, 1)), 3.0)
            plate.Add(TopoDS.Wire(BRepBuilderAPI_MakeWire(BRepBuilderAPI_MakeEdge(circle).Edge()).Wire().Reversed()))
    base = BRepPrimAPI_MakePrism(plate.Face(), gp_Vec(0, 0, 2)).Shape()
    end = BRepBuilderAPI_MakeFace(polygon((0, size, 0), (size, size, 0), (size, size, 2), (0, size, 2))).Face()
    bend = BRepPrimAPI_MakeRevol(end, gp_Ax1(gp_Pnt(0, size, 4), gp_Dir(1, 0, 0)), math.pi / 2).Shape()
    wall = BRepPrimAPI_MakePrism(
        BRepBuilderAPI_MakeFace(polygon((0, size + 2, 4), (size, size + 2, 4), (size, size + 4, 4), (0, size + 4, 4))).Face(),
        gp_Vec(0, 0, 40),
    )
    return BRepAlgoAPI_Fuse(BRepAlgoAPI_Fuse(base, bend).Shape(), wall.Shape()).Shape()


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
