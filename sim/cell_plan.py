"""A cell from above as a drawing: what stands where, what the robot reaches, with names and a scale."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.spatial import ConvexHull

from cells.model import Body
from core.frames import Array, apply
from core.units import to_mm
from sim.cell_check import CellCheck
from sim.cell_reach import STANDS

WIDTH = 1500
"""Of the drawing [px]."""
SHARPER = 2
"""Drawn this much larger, then made smaller: smooth lines."""
INK, QUIET, PAPER, GRID = "#1b2530", "#5b6b7b", "#ffffff", "#e6ebf0"
GOOD, SOME, BAD, REACH, FENCE = "#1d7a46", "#e07b00", "#c62828", "#2f6fb0", "#c99700"
STATION, MACHINE, ROBOT, BODY = "#eadbc4", "#b9c6d3", "#f3b184", "#cfd4d9"


class _Sheet:
    """Paper with world coordinates (x to the right, y up) in metres."""

    def __init__(self, low: Array, high: Array) -> None:
        self.low, self.high = low, high
        self.scale = WIDTH * SHARPER / float(high[0] - low[0])
        self.top, self.foot = 64 * SHARPER, 116 * SHARPER
        size = (WIDTH * SHARPER, int((high[1] - low[1]) * self.scale) + self.top + self.foot)
        self.image = Image.new("RGB", size, PAPER)
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def at(self, point: Sequence[float] | Array) -> tuple[float, float]:
        return (float(point[0]) - self.low[0]) * self.scale, (self.high[1] - float(point[1])) * self.scale + self.top

    def polygon(self, points: Array, fill: str | None, line: str, width: float = 1.5) -> None:
        flat = [self.at(p) for p in points]
        if fill is not None:
            self.draw.polygon(flat, fill=fill)
        self.draw.line([*flat, flat[0]], fill=line, width=int(width * SHARPER), joint="curve")

    def line(self, a: Sequence[float] | Array, b: Sequence[float] | Array, color: str, width: float = 1.5) -> None:
        self.draw.line([self.at(a), self.at(b)], fill=color, width=max(1, int(width * SHARPER)))

    def circle(self, middle: Array, radius: float, color: str, *, dash_deg: float = 0.0, width: float = 1.8) -> None:
        x, y = self.at(middle)
        r = radius * self.scale
        box = (x - r, y - r, x + r, y + r)
        for start in np.arange(0.0, 360.0, 2 * dash_deg) if dash_deg else (0.0,):
            self.draw.arc(box, float(start), float(start) + (dash_deg or 360.0), fill=color, width=int(width * SHARPER))

    def dot(self, point: Array, color: str, size: float = 5.0) -> None:
        x, y = self.at(point)
        r = size * SHARPER
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=color, outline=PAPER, width=SHARPER)

    def text(
        self, point: Sequence[float] | Array, words: str, *, size: float = 15, color: str = INK, anchor: str = "mm", halo: bool = True
    ) -> None:
        self.words(self.at(point), words, size=size, color=color, anchor=anchor, halo=halo)

    def words(self, place: tuple[float, float], words: str, *, size: float, color: str, anchor: str, halo: bool = False) -> None:
        """Text at a place of the paper [px]."""
        font = ImageFont.load_default(size * SHARPER)
        self.draw.text(place, words, fill=color, font=font, anchor=anchor, stroke_width=3 * SHARPER if halo else 0, stroke_fill=PAPER)

    def png(self) -> bytes:
        size = (self.image.width // SHARPER, self.image.height // SHARPER)
        out = io.BytesIO()
        self.image.resize(size, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
        return out.getvalue()


def cell_plan(check: CellCheck) -> bytes:
    """The cell from above as PNG."""
    cell = check.cell
    brake = [apply(T, hull) for T, hull in _machine(check)]
    solid = [body for body in cell.bodies if body.group not in ("floor", "fence")]
    fences = [body for body in cell.bodies if body.group == "fence"]
    base = cell.robot.T_world_base
    shown = [*brake, *(apply(body.T_world_body, hull) for body in (*solid, *fences, *_bodies(check)) for hull in body.hulls)]
    points = np.concatenate([base[None, :3, 3], *shown])[:, :2]
    low, high = points.min(axis=0) - 0.45, points.max(axis=0) + 0.45
    sheet = _Sheet(low, high)
    _grid(sheet)
    for body in fences:
        for hull in body.hulls:
            sheet.polygon(_outline(apply(body.T_world_body, hull)), FENCE, FENCE, 3)
    for hull in sorted(brake, key=lambda it: float(it[:, 2].max())):
        sheet.polygon(_outline(hull), MACHINE, "#8595a5", 1)
    for body in solid:
        for hull in body.hulls:
            sheet.polygon(_outline(apply(body.T_world_body, hull)), BODY, "#7c8b9a")
    for station in cell.stations.values():
        hulls = [apply(body.T_world_body, hull) for body in station.bodies for hull in body.hulls]
        for hull in sorted(hulls, key=lambda it: float(it[:, 2].max())):
            sheet.polygon(_outline(hull), STATION, "#8a6d3b")
    _robot(sheet, check)
    _circles(sheet, check)
    _beam(sheet, check)
    _stations(sheet, check)
    for body in solid:
        sheet.text(np.concatenate([apply(body.T_world_body, hull) for hull in body.hulls])[:, :2].mean(axis=0) - (0, 0.2 * (body.group == "column")), body.name, size=13, color=QUIET)  # fmt: skip
    _frame(sheet, check)
    return sheet.png()


def _bodies(check: CellCheck) -> list[Body]:
    return [body for station in check.cell.stations.values() for body in station.bodies]


def _machine(check: CellCheck) -> list[tuple[Array, Array]]:
    brake = check.cell.brake
    Ts = brake.T_world_brake @ brake.mechanism.fk(brake.parked())
    return [(T, hull) for T, link in zip(Ts, brake.mechanism.links, strict=True) for hull in link.hulls]


def _outline(points: Array) -> Array:
    flat = np.unique(np.round(points[:, :2], 6), axis=0)
    return flat[ConvexHull(flat).vertices]


def _grid(sheet: _Sheet) -> None:
    for axis in (0, 1):
        for value in np.arange(np.ceil(sheet.low[axis] * 2) / 2, sheet.high[axis], 0.5):
            a, b = sheet.low.copy(), sheet.high.copy()
            a[axis] = b[axis] = value
            sheet.line(a, b, "#c9d3dc" if abs(value) < 1e-9 else GRID, 1)
            if value % 1.0 == 0.0:
                place = (value, sheet.low[1] + 0.06) if axis == 0 else (sheet.low[0] + 0.03, value)
                sheet.text(place, f"{to_mm(float(value)):.0f}", size=11, color="#8b9aa8", anchor="mb" if axis == 0 else "lm")


def _robot(sheet: _Sheet, check: CellCheck) -> None:
    robot = check.cell.robot
    Ts = robot.T_world_base @ robot.model.mechanism.fk(robot.q_home)
    for T, link in zip(Ts, robot.model.mechanism.links, strict=True):
        for hull in link.hulls:
            sheet.polygon(_outline(apply(T, hull)), ROBOT, "#b4622a", 1)
    gripper = check.cell.grippers[0]
    T_flange = robot.T_world_base @ robot.model.fk(robot.q_home)
    for T, link in zip(T_flange @ gripper.mechanism.fk(gripper.mechanism.upper), gripper.mechanism.links, strict=True):
        for hull in link.hulls:
            sheet.polygon(_outline(apply(T, hull)), "#8b9aa8", "#4a5560", 1)
    base = robot.T_world_base[:3, 3]
    ahead = base[:2] + robot.T_world_base[:2, 0] * 0.9
    sheet.dot(base, INK, 4)
    sheet.line(base, ahead, INK, 1.2)
    sheet.text(base[:2] - (0, 0.34), robot.model.name, size=15)


def _circles(sheet: _Sheet, check: CellCheck) -> None:
    base = check.cell.robot.T_world_base[:3, 3]
    for number, (inner, outer) in enumerate(_distinct(check)):
        sheet.circle(base, outer, REACH, dash_deg=(2.0, 1.0, 3.0)[number % 3])
        sheet.circle(base, inner, REACH, dash_deg=6.0)


def _distinct(check: CellCheck) -> dict[tuple[float, float], list[str]]:
    """Grippers by inner and outer radius: those that reach the same share a circle."""
    seen: dict[tuple[float, float], list[str]] = {}
    for circle in check.circles:
        seen.setdefault((round(circle.inner, 2), round(circle.outer, 2)), []).append(circle.gripper)
    return seen


def _beam(sheet: _Sheet, check: CellCheck) -> None:
    """Bars before the brake: where each gripper stands level at the die."""
    brake = check.cell.brake
    x, y = float(brake.T_world_brake[0, 3]), float(brake.T_world_brake[1, 3])
    sheet.line((x - brake.length / 2, y), (x + brake.length / 2, y), INK, 3)
    sheet.text((x, y + 0.2), f"{brake.name}: beam {to_mm(brake.length):.0f} mm, {brake.max_force / 1e3:.0f} kN", size=15)
    row = 0
    for reach in check.beam:
        if reach.stand != STANDS[-1]:
            continue
        level = y - reach.stand - 0.02 - 0.11 * row
        row += 1
        if reach.left is None or reach.right is None:
            sheet.text((x, level), f"{reach.gripper}: does not stand level here", size=12, color=BAD)
            continue
        for end in (reach.left, reach.right):
            sheet.line((end, level - 0.035), (end, level + 0.035), GOOD, 2)
        sheet.line((reach.left, level), (reach.right, level), GOOD, 2)
        sheet.text((x, level), f"{reach.gripper} level at the die: x {to_mm(reach.left):.0f} to {to_mm(reach.right):.0f} mm", size=12, color=GOOD)  # fmt: skip


def _stations(sheet: _Sheet, check: CellCheck) -> None:
    for station in check.cell.stations.values():
        reaches = [reach for reach in check.stations if reach.station == station.name]
        for index, place in enumerate(reaches[0].places if reaches else ()):
            missed = [bool(reach.reasons[index]) for reach in reaches]
            sheet.dot(place, BAD if all(missed) else SOME if any(missed) else GOOD)
        width, depth = station.size
        shift = np.array([width / 2, depth / 2, 0.0]) if station.kind == "centring" else np.zeros(3)
        middle = apply(station.T_world_station, shift[None])[0]
        lift = 0.24
        sheet.text((middle[0], middle[1] + lift), station.name, size=17)
        kind = "" if station.name == station.kind else f"{station.kind}, "
        figures = f"{kind}{to_mm(width):.0f} x {to_mm(depth):.0f}, {to_mm(float(middle[2])):.0f} high"
        sheet.text((middle[0], middle[1] + lift - 0.1), figures, size=12, color=QUIET)


def _frame(sheet: _Sheet, check: CellCheck) -> None:
    """Title, scale, legend; axes in the corner."""
    s = SHARPER
    sheet.draw.rectangle((0, 0, sheet.image.width, sheet.top), fill="#27496d")
    sheet.words((20 * s, sheet.top / 2), check.cell.title, size=22, color="#ffffff", anchor="lm")
    sheet.words((sheet.image.width - 20 * s, sheet.top / 2), "from above, mm", size=15, color="#ffffff", anchor="rm")
    y = sheet.image.height - sheet.foot
    sheet.draw.rectangle((0, y, sheet.image.width, sheet.image.height), fill="#f5f7f9")
    x = 24.0 * s
    for kind, color, words in (
        ("dot", GOOD, "place in reach"), ("dot", SOME, "not with every gripper"),
        ("dot", BAD, "out of reach"), ("line", REACH, "reach of the tool pointing down"),
        ("line", GOOD, "reach along the beam"), ("line", FENCE, "fence"),
    ):  # fmt: skip
        if kind == "dot":
            sheet.draw.ellipse((x, y + 22 * s, x + 12 * s, y + 34 * s), fill=color)
        else:
            sheet.draw.line((x - 4 * s, y + 28 * s, x + 16 * s, y + 28 * s), fill=color, width=3 * s)
        sheet.words((x + 22 * s, y + 28 * s), words, size=14, color=INK, anchor="lm")
        x += (60 + 8.2 * len(words)) * s
    if check.circles:
        parts = [f"{' / '.join(names)}: {to_mm(inner):.0f} to {to_mm(outer):.0f}" for (inner, outer), names in _distinct(check).items()]
        words = f"tool pointing down with the TCP {to_mm(check.circles[0].height):.0f} mm high reaches radii of {'; '.join(parts)} mm"
        sheet.words((24 * s, y + 58 * s), words, size=14, color=REACH, anchor="lm")
    metre = sheet.scale
    sheet.draw.line((24 * s, y + 92 * s, 24 * s + metre, y + 92 * s), fill=INK, width=3 * s)
    sheet.words((34 * s + metre, y + 92 * s), "1000 mm      x to the right along the beam, y to the back gauge", size=14, color=INK, anchor="lm")  # fmt: skip
