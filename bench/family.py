"""A family of bendable parts with 2 to 12 bends, drawn as DXF: a rectangular base with a chain of flanges on each side.

The sizes are those of a shop: bases that a vacuum frame holds, legs longer than 0.7 V, walls that stay below the ram, return flanges that swing past
a punch, corners open where a punch has to stand between flanges that are already up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ezdxf import units
from ezdxf.filemanagement import new
from shapely import Polygon, box, unary_union
from shapely.affinity import scale

SIDES = ("left", "right", "bottom", "top")
Chain = tuple[float, ...]
"""Flat widths of the flanges outwards from the base [mm]; a negative width is bent down, a positive one up."""


@dataclass(frozen=True, slots=True)
class Member:
    """One part of the family; all lengths in mm, measured in the flat.

    Attributes:
        name: Kind and number of bends.
        base: Length along x and width along y between opposite bend lines.
        left, right, bottom, top: Chains of flanges on the base's sides; all bends are 90 degrees.
        corner: Side of the square cut out at each corner of the base, for relief or for a punch between standing flanges.
        thickness: Of the sheet.
        material: Name in the catalogue.
    """

    name: str
    base: tuple[float, float]
    left: Chain = ()
    right: Chain = ()
    bottom: Chain = ()
    top: Chain = ()
    corner: float = 1.5
    thickness: float = 1.5
    material: str = "mild-steel"

    @property
    def chains(self) -> dict[str, Chain]:
        """Side to chain."""
        return {side: getattr(self, side) for side in SIDES}

    @property
    def bends(self) -> int:
        """How many bend lines."""
        return sum(len(chain) for chain in self.chains.values())

    def outline(self) -> Polygon:
        """The flat sheet [mm]."""
        length, width = self.base
        pieces = [box(0.0, 0.0, length, width)]
        for side, chain in self.chains.items():
            if chain:
                start, end = self._span(side)
                pieces.append(_placed(side, self.base, start, end, 0.0, sum(abs(flange) for flange in chain)))
        sheet = unary_union(pieces)
        for a, b in (("left", "bottom"), ("right", "bottom"), ("left", "top"), ("right", "top")):
            if self.chains[a] and self.chains[b]:
                x, y = (0.0 if a == "left" else length), (0.0 if b == "bottom" else width)
                sheet = sheet.difference(box(x - self.corner, y - self.corner, x + self.corner, y + self.corner))
        return sheet

    def bend_lines(self) -> list[tuple[tuple[float, float], tuple[float, float], str]]:
        """Start, end [mm] and direction (`up`, `down`) of every bend line, side by side and outwards from the base."""
        lines = []
        for side, chain in self.chains.items():
            start, end = self._span(side)
            depth = 0.0
            for flange in chain:
                line = _placed(side, self.base, start, end, depth, depth)
                x0, y0, x1, y1 = line.bounds
                lines.append(((x0, y0), (x1, y1), "up" if flange > 0 else "down"))
                depth += abs(flange)
        return lines

    def _span(self, side: str) -> tuple[float, float]:
        """Where a side's chain begins and ends along the side [mm]: beside the corners that are cut."""
        along = self.base[1] if side in ("left", "right") else self.base[0]
        first, last = ("bottom", "top") if side in ("left", "right") else ("left", "right")
        return self.corner if self.chains[first] else 0.0, along - (self.corner if self.chains[last] else 0.0)


def _placed(side: str, base: tuple[float, float], start: float, end: float, near: float, far: float) -> Polygon:
    """Rectangle from `start` to `end` along a side of the base and from `near` to `far` away from it."""
    if side in ("left", "right"):
        shape = box(-far, start, -near, end)
        return shape if side == "left" else scale(shape, -1.0, 1.0, origin=(base[0] / 2, 0.0))
    shape = box(start, -far, end, -near)
    return shape if side == "bottom" else scale(shape, 1.0, -1.0, origin=(0.0, base[1] / 2))


def write_dxf(member: Member, folder: Path) -> Path:
    """Draws a member with the layers OUTLINE, BEND_UP and BEND_DOWN; returns the file, named by the member."""
    doc = new("R2010")
    doc.units = units.MM
    doc.layers.add("OUTLINE")
    doc.layers.add("BEND_UP", color=1)
    doc.layers.add("BEND_DOWN", color=5)
    model = doc.modelspace()
    model.add_lwpolyline(list(member.outline().exterior.coords)[:-1], close=True, dxfattribs={"layer": "OUTLINE"})
    for start, end, direction in member.bend_lines():
        model.add_line(start, end, dxfattribs={"layer": f"BEND_{direction.upper()}"})
    path = folder / f"{member.name}.dxf"
    doc.saveas(path)
    return path


def family() -> tuple[Member, ...]:
    """All members, by number of bends.

    In names, a lipped part has return flanges bent inwards; a hat and a brimmed tray have them bent outwards. Sheets are 1.5 mm mild steel, bent over
    V 8 or V 10.
    """
    lipped, deep, step = (50.0, 22.0), (55.0, 24.0, 10.0), 80.0
    return (
        Member("channel-2", (320.0, 400.0), left=(60.0,), right=(60.0,)),
        Member("zed-2", (300.0, 350.0), left=(45.0,), right=(-45.0,)),
        Member("zed-3", (320.0, 300.0), left=(40.0,), right=(-step, 40.0)),
        Member("hat-4", (260.0, 400.0), left=(50.0, -30.0), right=(50.0, -30.0)),
        Member("lipped-channel-4", (300.0, 450.0), left=lipped, right=lipped),
        Member("box-4", (420.0, 360.0), left=(40.0,), right=(40.0,), bottom=(40.0,), top=(40.0,)),
        Member("steps-5", (300.0, 320.0), left=(step, -step), right=(-step, step, -step)),
        Member("panel-6", (400.0, 500.0), left=deep, right=deep),
        Member("box-6", (440.0, 380.0), left=lipped, right=lipped, bottom=(40.0,), top=(40.0,), corner=32.0),
        Member("box-8", (480.0, 420.0), left=lipped, right=lipped, bottom=lipped, top=lipped, corner=32.0),
        Member("brimmed-tray-8", (440.0, 380.0), left=(45.0, -25.0), right=(45.0, -25.0), bottom=(45.0, -25.0), top=(45.0, -25.0)),
        Member("panel-10", (500.0, 440.0), left=deep, right=deep, bottom=lipped, top=lipped, corner=34.0),
        Member("panel-12", (520.0, 480.0), left=deep, right=deep, bottom=deep, top=deep, corner=34.0),
    )


__all__ = ["Member", "family", "write_dxf"]
