"""Weldments with known answers, as STEP assemblies: joints of two plates, box and tube on a plate, a stiffened panel, a frame. Needs the STEP kernel; mm."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Piece = tuple[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """A generated weldment.

    Attributes:
        name: Of the file.
        pieces: Name and solid of each piece.
        seams: What must be found: kind and length of each [mm].
    """

    name: str
    pieces: list[Piece]
    seams: list[tuple[str, float]] = field(default_factory=list)


def block(size: tuple[float, float, float], at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
    """A box with its lowest corner at `at`."""
    from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox
    from OCP.gp import gp_Pnt

    return BRepPrimAPI_MakeBox(gp_Pnt(*map(float, at)), *map(float, size)).Shape()


def placed(shape: Any, at: tuple[float, float, float]) -> Any:
    """The same shape elsewhere."""
    from OCP.gp import gp_Trsf, gp_Vec
    from OCP.TopLoc import TopLoc_Location

    way = gp_Trsf()
    way.SetTranslation(gp_Vec(*map(float, at)))
    return shape.Moved(TopLoc_Location(way))


def drum(radius: float, height: float, at: tuple[float, float, float], way: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> Any:
    """A cylinder that starts at `at` and runs along `way`."""
    from OCP.BRepPrimAPI import BRepPrimAPI_MakeCylinder
    from OCP.gp import gp_Ax2, gp_Dir, gp_Pnt

    return BRepPrimAPI_MakeCylinder(gp_Ax2(gp_Pnt(*map(float, at)), gp_Dir(*map(float, way))), radius, height).Shape()


def cut(shape: Any, tool: Any) -> Any:
    """`shape` without `tool`."""
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Cut

    return BRepAlgoAPI_Cut(shape, tool).Shape()


def hollow(size: tuple[float, float, float], wall: float, axis: int, at: tuple[float, float, float]) -> Any:
    """A rectangular hollow section along an axis (0, 1, 2), open at both ends, with sharp corners."""
    inner = [s if i == axis else s - 2 * wall for i, s in enumerate(size)]
    start = [p if i == axis else p + wall for i, p in enumerate(at)]
    return cut(block(size, at), block((inner[0], inner[1], inner[2]), (start[0], start[1], start[2])))


def t_joint(length: float = 200.0, thickness: float = 8.0, gap: float = 0.0) -> Made:
    """A web in the middle of a base, as long as it."""
    base = block((length, 120, 10))
    web = block((length, thickness, 80), (0, 60 - thickness / 2, 10 + gap))
    return Made("t_joint", [("base", base), ("web", web)], [("fillet", length)] * 2)


def lap_joint() -> Made:
    """Two plates of one width that overlap by 40 mm."""
    return Made("lap", [("low", block((150, 100, 6))), ("high", block((150, 100, 6), (110, 0, 6)))], [("lap", 100.0)] * 2)


def corner_joint() -> Made:
    """An upright on the rim of a base, flush outside: an inner fillet and an outer corner seam."""
    return Made(
        "corner", [("base", block((180, 100, 8))), ("upright", block((180, 8, 90), (0, 0, 8)))], [("fillet", 180.0), ("corner", 180.0)]
    )


def butt_joint(gap: float = 1.0) -> Made:
    """Two plates end to end: a seam on either side."""
    return Made("butt", [("left", block((100, 120, 6))), ("right", block((100, 120, 6), (100 + gap, 0, 0)))], [("butt", 120.0)] * 2)


def box_on_plate() -> Made:
    """A piece of hollow section that stands on a plate: four straight seams outside; inside the torch does not fit."""
    seams = [("fillet", 90.0)] * 2 + [("fillet", 60.0)] * 2
    return Made("box", [("plate", block((250, 200, 10))), ("box", hollow((90, 60, 240), 5, 2, (80, 70, 10)))], seams)


def tube_on_plate(radius: float = 38.0, split: bool = False) -> Made:
    """A tube that stands on a plate; `split` writes its outside as two half cylinders, as some CAD systems do."""
    tube = cut(drum(radius, 180, (100, 100, 10)), drum(radius - 5, 180, (100, 100, 10)))
    if split:
        tube = _halves(radius)
    return Made("tube", [("plate", block((200, 200, 10))), ("tube", tube)], [("fillet", 2 * math.pi * radius)])


def _halves(radius: float) -> Any:
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Fuse

    whole = cut(drum(radius, 180, (100, 100, 10)), drum(radius - 5, 180, (100, 100, 10)))
    left, right = (cut(whole, block((200, 200, 300), (0, y, 0))) for y in (-100, 100))
    # The fusion keeps the faces of both halves apart.
    return BRepAlgoAPI_Fuse(left, right).Shape()


def pipe_branch() -> Made:
    """A branch on a thicker pipe, its end cut to fit: one closed seam on a free curve."""
    run = cut(drum(60, 400, (0, 0, 0), (1, 0, 0)), drum(54, 400, (0, 0, 0), (1, 0, 0)))
    branch = cut(cut(drum(30, 140, (200, 0, 0)), drum(26, 140, (200, 0, 0))), drum(60, 400, (0, 0, 0), (1, 0, 0)))
    return Made("branch", [("run", run), ("branch", branch)], [("fillet", _saddle(30.0, 60.0))])


def _saddle(small: float, large: float) -> float:
    """Length of the curve in which two cylinders meet at right angles, axes crossing: trapezoidal rule, exact to rounding for a smooth period."""
    count = 4000
    total = 0.0
    for k in range(count):
        u = 2 * math.pi * k / count
        z = math.sqrt(large**2 - (small * math.sin(u)) ** 2)
        slope = small**2 * math.sin(u) * math.cos(u) / z
        total += math.hypot(small, slope)
    return total * 2 * math.pi / count


def panel() -> Made:
    """A plate with four long and eight short stiffeners: 24 fillets. The short ones end 66 mm from the long ones: a torch of 25 mm that leans 55 deg from the plate passes over their 60 mm,
    66 tan 55 - 13 / cos 55 = 72 mm; one at 45 deg does not."""
    pieces: list[Piece] = [("plate", block((1200, 800, 10)))]
    seams: list[tuple[str, float]] = []
    long, short = block((1100, 8, 90)), block((6, 60, 60))
    for i in range(4):
        pieces.append(("long", placed(long, (50, 96 + 200 * i, 10))))
        seams += [("fillet", 1100.0)] * 2
    for i in range(8):
        # Shorter ones between the long ones.
        pieces.append(("short", placed(short, (200 + 230 * (i % 4), 170 + 400 * (i // 4), 10))))
        seams += [("fillet", 60.0)] * 2
    return Made("panel", pieces, seams)


def frame() -> Made:
    """Two rails of hollow section and five posts between them: 40 straight fillets."""
    rail, post = hollow((1500, 80, 80), 5, 0, (0, 0, 0)), hollow((50, 40, 500), 4, 2, (0, 0, 0))
    pieces: list[Piece] = [("rail", placed(rail, (0, 0, 580 * i))) for i in range(2)]
    pieces += [("post", placed(post, (75 + 325 * i, 20, 80))) for i in range(5)]
    return Made("frame", pieces, ([("fillet", 50.0)] * 2 + [("fillet", 40.0)] * 2) * 10)


FAMILY: dict[str, Callable[[], Made]] = {
    "t_joint": t_joint, "lap": lap_joint, "corner": corner_joint, "butt": butt_joint, "box": box_on_plate, "tube": tube_on_plate, "branch": pipe_branch,
    "panel": panel, "frame": frame,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setup:
    """How a weldment lies for some of its seams: what the job file says.

    Attributes:
        cell: Shipped cell.
        xyz_mm, rpy_deg: Of the weldment in the cell's workpiece frame; what stands above a positioner's table stands on a fixture there, so that its cradle lets it turn.
        drop: Seams that are welded in another setup.
    """

    cell: str
    xyz_mm: tuple[float, float, float]
    rpy_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    drop: tuple[str, ...] = ()

    def job(self, weldment: str) -> dict[str, Any]:
        """The job file's content."""
        placement = {"xyz_mm": list(self.xyz_mm), "rpy_deg": list(self.rpy_deg)}
        return {"weldment": weldment, "cell": self.cell, "placement": placement, "seams": {name: {"drop": True} for name in self.drop}}


SETUPS: dict[str, tuple[Setup, ...]] = {
    "t_joint": (Setup("welding-kr5", (-100, -60, 0)),),
    # The seam below is welded when the plates are turned over.
    "lap": (Setup("welding-kr5", (-130, -50, 0), drop=("1",)), Setup("welding-kr5", (-130, 50, 12), (180, 0, 0), drop=("2",))),
    "corner": (Setup("welding-track", (-90, -50, 150)),),
    "butt": (Setup("welding-kr5", (-100, -60, 0), drop=("1",)), Setup("welding-kr5", (-100, 60, 6), (180, 0, 0), drop=("2",))),
    "box": (Setup("welding-kr5", (-125, -100, 0)),),
    "tube": (Setup("welding-kr5", (-100, -100, 0)),),
    "branch": (Setup("welding-kr5", (-200, 0, 60)),),
    "panel": (Setup("welding-track", (-600, -400, 120)),),
    "frame": (Setup("welding-track", (-750, -40, 150)),),
}
"""In which setups all seams of the family are welded."""


def moved(made: Made, shift: tuple[float, float, float], axis: tuple[float, float, float], angle: float) -> Made:
    """The same weldment turned about an axis through the origin [rad], then shifted."""
    from OCP.BRepBuilderAPI import BRepBuilderAPI_Transform
    from OCP.gp import gp_Ax1, gp_Dir, gp_Pnt, gp_Trsf, gp_Vec

    turn, way = gp_Trsf(), gp_Trsf()
    turn.SetRotation(gp_Ax1(gp_Pnt(0, 0, 0), gp_Dir(*map(float, axis))), angle)
    way.SetTranslation(gp_Vec(*map(float, shift)))
    both = way.Multiplied(turn)
    return Made(made.name, [(name, BRepBuilderAPI_Transform(shape, both, True).Shape()) for name, shape in made.pieces], made.seams)


def write_assembly(path: Path, pieces: list[Piece], unit: str = "MM") -> Path:
    """A STEP file of named parts in one assembly."""
    from OCP.Interface import Interface_Static
    from OCP.STEPCAFControl import STEPCAFControl_Writer
    from OCP.STEPControl import STEPControl_StepModelType
    from OCP.TCollection import TCollection_ExtendedString
    from OCP.TDataStd import TDataStd_Name
    from OCP.TDocStd import TDocStd_Document
    from OCP.TopLoc import TopLoc_Location
    from OCP.XCAFDoc import XCAFDoc_DocumentTool

    document = TDocStd_Document(TCollection_ExtendedString("weldment"))
    tool = XCAFDoc_DocumentTool.ShapeTool_s(document.Main())
    root = tool.NewShape()
    named: list[Any] = []
    TDataStd_Name.Set_s(root, TCollection_ExtendedString(path.stem))
    for name, shape in pieces:
        # Pieces of one shape in several places stand once in the file.
        place = shape.Location()
        label = tool.AddShape(shape.Located(TopLoc_Location()), False)
        if label not in named:
            named.append(label)
            TDataStd_Name.Set_s(label, TCollection_ExtendedString(name))
        tool.AddComponent(root, label, place)
    tool.UpdateAssemblies()
    writer = STEPCAFControl_Writer()
    Interface_Static.SetCVal_s("write.step.unit", unit)
    writer.Transfer(document, STEPControl_StepModelType.STEPControl_AsIs)
    writer.Write(str(path))
    Interface_Static.SetCVal_s("write.step.unit", "MM")
    return path
