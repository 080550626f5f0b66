"""Folded sheets as B-rep, built from their own formulas: a flange is a prism, a bend a sector of a tube; nothing here uses the code under test."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from OCP.BRepAlgoAPI import BRepAlgoAPI_Cut, BRepAlgoAPI_Fuse
from OCP.BRepBuilderAPI import BRepBuilderAPI_MakeFace, BRepBuilderAPI_MakePolygon, BRepBuilderAPI_Transform
from OCP.BRepPrimAPI import (
    BRepPrimAPI_MakeCone,
    BRepPrimAPI_MakeCylinder,
    BRepPrimAPI_MakePrism,
    BRepPrimAPI_MakeRevol,
)
from OCP.gp import gp_Ax1, gp_Ax2, gp_Dir, gp_Pnt, gp_Trsf, gp_Vec

from core.units import MM
from parts.step_extract import bodies, extract, summary
from parts.step_file import StepSolid, _brep, _entry


def turn_x(angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


@dataclass
class Frame:
    """Where a flange lies: local x along the edge it hangs on, y away from it, z its upper side; the sheet fills z in 0..t."""

    R: np.ndarray = field(default_factory=lambda: np.eye(3))
    p: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def at(self, x: float, y: float, z: float) -> np.ndarray:
        return self.R @ np.array([x, y, z]) + self.p

    def turned(self, x: float, y: float, angle: float) -> Frame:
        """A frame in the same plane, its origin at (x, y), turned about z: to hang something on another edge."""
        c, s = math.cos(angle), math.sin(angle)
        return Frame(self.R @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]), self.at(x, y, 0))

    @property
    def trsf(self) -> Any:
        T = gp_Trsf()
        T.SetValues(*(float(v) for row in np.column_stack((self.R, self.p)) for v in row))
        return T


@dataclass
class Sheet:
    """A folded sheet in the making; lengths in mm. Keeps what its flat must be."""

    t: float
    k: float = 0.44
    shape: Any = None
    area: float = 0.0
    bends: list[tuple[float, float]] = field(default_factory=list)

    def add(self, piece: Any) -> None:
        self.shape = piece if self.shape is None else BRepAlgoAPI_Fuse(self.shape, piece).Shape()

    def flange(self, frame: Frame, corners: list[tuple[float, float]]) -> None:
        """A flat piece with corners in its own plane."""
        self.add(prism(frame, corners, self.t))
        x, y = np.array(corners).T
        self.area += abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2

    def bend(self, frame: Frame, width: float, angle_deg: float, radius: float, pieces: int = 1) -> Frame:
        """A bend along local x from 0 to `width`, at y = 0, up for positive angles; the frame behind it."""
        angle, up = math.radians(abs(angle_deg)), angle_deg > 0
        height = self.t + radius if up else -radius
        for k in range(pieces):
            part = Frame(frame.R @ turn_x((1 if up else -1) * angle * k / pieces), frame.p)
            part.p = frame.at(0, 0, height) - part.R @ np.array([0, 0, height])
            polygon = BRepBuilderAPI_MakePolygon()
            for x, z in ((0, 0), (width, 0), (width, self.t), (0, self.t)):
                polygon.Add(gp_Pnt(*map(float, part.at(x, 0, z))))
            polygon.Close()
            axis = gp_Ax1(gp_Pnt(*map(float, frame.at(0, 0, height))), gp_Dir(*map(float, frame.R[:, 0] * (1 if up else -1))))
            self.add(BRepPrimAPI_MakeRevol(BRepBuilderAPI_MakeFace(polygon.Wire()).Face(), axis, angle / pieces).Shape())
        self.area += width * self.allowance(angle_deg, radius)
        self.bends.append((angle_deg, radius))
        R = frame.R @ turn_x(angle if up else -angle)
        return Frame(R, frame.at(0, 0, height) - R @ np.array([0, 0, height]))

    def allowance(self, angle_deg: float, radius: float) -> float:
        return math.radians(abs(angle_deg)) * (radius + self.k * self.t)

    def hole(self, frame: Frame, x: float, y: float, radius: float, count: bool = True) -> None:
        self.shape = BRepAlgoAPI_Cut(self.shape, drill(frame, x, y, radius, -self.t * 2, self.t * 4)).Shape()
        self.area -= math.pi * radius**2 if count else 0.0


def prism(frame: Frame, corners: list[tuple[float, float]], height: float) -> Any:
    polygon = BRepBuilderAPI_MakePolygon()
    for x, y in corners:
        polygon.Add(gp_Pnt(*map(float, frame.at(x, y, 0))))
    polygon.Close()
    way = gp_Vec(*map(float, frame.R[:, 2] * height))
    return BRepPrimAPI_MakePrism(BRepBuilderAPI_MakeFace(polygon.Wire()).Face(), way).Shape()


def drill(frame: Frame, x: float, y: float, radius: float, low: float, high: float, tip: float | None = None) -> Any:
    """A cylinder across a flange from height `low` to `high`; with `tip` a cone that ends with that radius at `high`."""
    place = gp_Ax2(gp_Pnt(float(x), float(y), float(low)), gp_Dir(0, 0, 1))
    if tip is None:
        made = BRepPrimAPI_MakeCylinder(place, radius, high - low).Shape()
    else:
        made = BRepPrimAPI_MakeCone(place, radius, tip, high - low).Shape()
    return BRepBuilderAPI_Transform(made, frame.trsf, True).Shape()


def rectangle(width: float, height: float) -> list[tuple[float, float]]:
    return [(0, 0), (width, 0), (width, height), (0, height)]


def chain(t: float, width: float, lengths: list[float], bends: list[tuple[float, float]]) -> Sheet:
    """Flanges one behind the other: L, U, Z, hat, hem, jog and any number of bends."""
    sheet, frame = Sheet(t), Frame()
    sheet.flange(frame, rectangle(width, lengths[0]))
    frame = frame.turned(0, lengths[0], 0)
    for length, (angle, radius) in zip(lengths[1:], bends, strict=True):
        frame = sheet.bend(frame, width, angle, radius)
        if length > 0:
            sheet.flange(frame, rectangle(width, length))
            frame = frame.turned(0, length, 0)
    return sheet


def box(t: float, radius: float, size: tuple[float, float], height: float, gap: float, mitre: bool = False) -> Sheet:
    """A base with four walls; mitred ones fall back by 45 degrees at their ends."""
    sheet, (a, b) = Sheet(t), size
    base = Frame()
    sheet.flange(base, rectangle(a, b))
    for x, y, angle, length in ((0, b, 0.0, a), (a, b, -math.pi / 2, b), (a, 0, math.pi, a), (0, 0, math.pi / 2, b)):
        edge = base.turned(x + gap * math.cos(angle), y + gap * math.sin(angle), angle)
        wide = length - 2 * gap
        wall = sheet.bend(edge, wide, 90, radius)
        corners = [(0, 0), (wide, 0), (wide - height * 0.5, height), (height * 0.5, height)] if mitre else rectangle(wide, height)
        sheet.flange(wall, corners)
    return sheet


def solid_of(shape: Any, name: str = "made") -> StepSolid:
    """The shape as the reader's process would hand it over, without a file."""
    (body,) = bodies(shape)
    entry = _entry(0, {"name": name, **summary(body)})
    return StepSolid(entry, _brep(Path(name), extract(body, summary(body), mesh=True)), "mm", (entry,), f"{name}.step")


def write_step(path: Path, shapes: list[Any], unit: str = "MM") -> Path:
    from OCP.Interface import Interface_Static
    from OCP.STEPControl import STEPControl_StepModelType, STEPControl_Writer

    writer = STEPControl_Writer()
    Interface_Static.SetCVal_s("write.step.unit", unit)
    for shape in shapes:
        writer.Transfer(shape, STEPControl_StepModelType.STEPControl_AsIs)
    writer.Write(str(path))
    Interface_Static.SetCVal_s("write.step.unit", "MM")
    return path


__all__ = [
    "MM", "BRepAlgoAPI_Cut", "BRepAlgoAPI_Fuse", "BRepPrimAPI_MakeCone", "BRepPrimAPI_MakeCylinder", "Frame", "Sheet", "box", "chain", "drill", "gp_Ax2", "gp_Dir", "gp_Pnt", "prism",
    "rectangle", "solid_of", "write_step",
]  # fmt: skip
