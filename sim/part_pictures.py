"""A part folded, flat and refolded, side by side: what came in, what is cut, and what bending makes of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import mapbox_earcut
import numba
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from shapely import Polygon
from shapely.geometry.polygon import orient

from core.frames import Array, apply
from core.units import to_deg, to_mm
from parts.brep import Brep
from parts.sheet import SheetPart, zone_strip
from sim.camera import Camera, fitted

LIGHT = np.array([0.35, -0.5, 0.8])
STEEL = np.array([176.0, 196.0, 214.0])
BACK = np.array([222.0, 190.0, 150.0])
EDGE = (40, 52, 64)
SMOOTH = 2
"""Pictures are drawn this many times larger and shrunk, so that edges are smooth."""
FINE = 3e-5
"""Chords of drawn arcs may be this coarse [m]."""
ZONE_STEPS = 8
"""Strips that a bend zone is drawn with."""


@dataclass(frozen=True, eq=False, slots=True)
class Mesh:
    """Triangles with the lines that are drawn over them.

    Attributes:
        triangles: Corners (n, 3, 3) [m].
        colours: Per triangle (n, 3), 0..255.
        lines: Polylines (k, 3) [m].
    """

    triangles: Array
    colours: Array
    lines: tuple[Array, ...]

    @property
    def points(self) -> Array:
        """All corners (3 n, 3)."""
        return self.triangles.reshape(-1, 3)


def drawn(mesh: Mesh, direction: Array, *, width: int, height: int) -> Image.Image:
    """A picture of a mesh with hidden parts hidden.

    Args:
        mesh: What is drawn.
        direction: From the part to the eye (3,).
        width, height: [px]
    """
    camera = fitted(mesh.points, direction, width=width * SMOOTH, height=height * SMOOTH)
    image, _ = rendered(mesh, camera)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def rendered(mesh: Mesh, camera: Camera) -> tuple[Image.Image, Array]:
    """The mesh as a camera sees it, and how far away each pixel's surface is along the view (height, width) [m], inf where nothing is."""
    colour = np.full((camera.height, camera.width, 3), 255.0)
    depth = np.full((camera.height, camera.width), np.inf)
    normals = np.cross(mesh.triangles[:, 1] - mesh.triangles[:, 0], mesh.triangles[:, 2] - mesh.triangles[:, 0])
    length = np.linalg.norm(normals, axis=1)
    light = LIGHT / np.linalg.norm(LIGHT)
    shade = 0.45 + 0.55 * np.abs(normals @ light) / np.maximum(length, 1e-15)
    corners = camera.pixels(mesh.points).reshape(-1, 3, 3)
    _fill(corners, shade[:, None] * mesh.colours, colour, depth)
    for line in mesh.lines:
        _stroke(camera, line, colour, depth)
    return Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8)), depth


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fill(corners: Array, tones: Array, colour: Array, depth: Array) -> None:
    """Triangles (n, 3, 3) into the picture; depth is interpolated as its inverse, which is straight in the picture."""
    height, width = depth.shape
    for n in range(len(corners)):
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners[n]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if abs(area) < 1e-9:
            continue
        left, right = max(int(np.floor(min(ax, bx, cx))), 0), min(int(np.ceil(max(ax, bx, cx))) + 1, width)
        top, low = max(int(np.floor(min(ay, by, cy))), 0), min(int(np.ceil(max(ay, by, cy))) + 1, height)
        for row in range(top, low):
            for column in range(left, right):
                x, y = column + 0.5, row + 0.5
                b = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
                c = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
                if b < -1e-6 or c < -1e-6 or b + c > 1 + 1e-6:
                    continue
                away = 1 / max((1 - b - c) / az + b / bz + c / cz, 1e-9)
                if away < depth[row, column]:
                    depth[row, column] = away
                    colour[row, column] = tones[n]


def _stroke(camera: Camera, line: Array, colour: Array, depth: Array) -> None:
    """A polyline where nothing lies before it."""
    pixels = camera.pixels(line)
    for a, b in zip(pixels[:-1], pixels[1:], strict=True):
        count = int(max(np.abs(b[:2] - a[:2]).max(), 1)) + 1
        share = np.linspace(0.0, 1.0, count)[:, None]
        along = a[:2] + share * (b[:2] - a[:2])
        away = 1 / ((1 - share[:, 0]) / a[2] + share[:, 0] / b[2])
        column, row = np.floor(along).astype(int).T
        for shift in (0, 1):
            x, y = column + shift, row
            ok = (x >= 0) & (y >= 0) & (x < depth.shape[1]) & (y < depth.shape[0])
            # A little nearer than the faces that the line belongs to.
            seen = away[ok] * (1 - 2e-3) <= depth[y[ok], x[ok]]
            colour[y[ok][seen], x[ok][seen]] = EDGE


def solid_mesh(brep: Brep, colours: Array, T_view_step: Array) -> Mesh:
    """A solid with its edges, `colours` per face (n, 3), in the coordinates it is looked at in."""
    corners, faces = brep.triangles(range(brep.n_faces))
    edges = tuple(apply(T_view_step, brep.edge_points(edge)) for edge in range(len(brep.edge_kind)))
    return Mesh(apply(T_view_step, corners.reshape(-1, 3)).reshape(-1, 3, 3), colours[faces], edges)


def folded_mesh(part: SheetPart, angles: Array) -> Mesh:
    """A sheet part at bend angles, with its thickness; the side that is up in the flat is blue, the other one sand."""
    triangles: list[Array] = []
    colours: list[Array] = []
    lines: list[Array] = []
    Ts = part.fold(angles)
    half = part.thickness / 2

    def add(polygon: Polygon, place: _Place) -> None:
        flat, rings = _triangles(polygon)
        for side, colour in ((half, STEEL), (-half, BACK)):
            solid = place(np.concatenate((flat.reshape(-1, 2), np.full((flat.size // 2, 1), side)), axis=1)).reshape(-1, 3, 3)
            triangles.append(solid if side > 0 else solid[:, ::-1])
            colours.append(np.tile(colour, (len(solid), 1)))
        for ring in rings:
            top, low = (place(np.concatenate((ring, np.full((len(ring), 1), side)), axis=1)) for side in (half, -half))
            wall = np.concatenate((np.stack((low[:-1], low[1:], top[1:]), axis=1), np.stack((low[:-1], top[1:], top[:-1]), axis=1)))
            triangles.append(wall)
            colours.append(np.tile(STEEL * 0.8, (len(wall), 1)))
            lines.extend((top, low))

    for flange in part.flanges:
        add(flange.polygon.simplify(FINE), _Place(Ts[flange.index]))
    for bend, zone in zip(part.bends, part.zones, strict=True):
        for piece in getattr(zone, "geoms", (zone,)):
            for step in range(ZONE_STEPS):
                for strip in zone_strip(piece, bend, step, ZONE_STEPS):
                    add(strip, _Place(Ts[bend.parent], part, bend.index, float(angles[bend.index])))
    return Mesh(np.concatenate(triangles), np.concatenate(colours), tuple(lines))


class _Place:
    """Sheet points to the folded part: rigid for flanges, rolled for bend zones."""

    def __init__(self, T: Array, part: SheetPart | None = None, bend: int = 0, angle: float = 0.0) -> None:
        self.T, self.part, self.bend, self.angle = T, part, bend, angle

    def __call__(self, points: Array) -> Array:
        if self.part is None:
            return apply(self.T, points)
        return apply(self.T, self.part.zone_points(self.bend, self.angle, points))


def _triangles(polygon: Polygon) -> tuple[Array, list[Array]]:
    rings = [np.asarray(ring.coords) for ring in (orient(polygon).exterior, *orient(polygon).interiors)]
    points = np.concatenate([ring[:-1] for ring in rings])
    ends = np.cumsum([len(ring) - 1 for ring in rings]).astype(np.uint32)
    index = mapbox_earcut.triangulate_float64(points, ends).reshape(-1, 3)
    return points[index], rings


def flat_picture(part: SheetPart, *, width: int, height: int) -> Image.Image:
    """The flat as it is cut, seen from the side that is up: bends up red, bends down blue, with number, angle and radius."""
    image = Image.new("RGB", (width * SMOOTH, height * SMOOTH), "white")
    draw = ImageDraw.Draw(image)
    low_x, low_y, high_x, high_y = part.flat.outline.bounds
    scale = 0.88 * min(width / (high_x - low_x), height / (high_y - low_y)) * SMOOTH
    middle = np.array([low_x + high_x, low_y + high_y]) / 2

    def pixels(points: Array) -> list[tuple[float, float]]:
        shifted = (np.asarray(points)[:, :2] - middle) * scale
        return [(width * SMOOTH / 2 + float(x), height * SMOOTH / 2 - float(y)) for x, y in shifted]

    outline = part.flat.outline
    draw.polygon(pixels(np.asarray(outline.exterior.coords)), fill=(214, 226, 238), outline=EDGE, width=2)
    for ring in outline.interiors:
        draw.polygon(pixels(np.asarray(ring.coords)), fill="white", outline=EDGE, width=2)
    font = ImageFont.load_default(size=11 * SMOOTH)
    for bend, zone in zip(part.bends, part.zones, strict=True):
        colour = (190, 40, 40) if bend.angle > 0 else (30, 80, 190)
        for piece in getattr(zone, "geoms", (zone,)):
            draw.polygon(pixels(np.asarray(piece.exterior.coords)), outline=(150, 150, 150))
        draw.line(pixels(np.stack((bend.start, bend.end))), fill=colour, width=2 * SMOOTH)
        sign = "up" if bend.angle > 0 else "down"
        text = f"{bend.index + 1}: {sign} {abs(to_deg(bend.angle)):.4g}° R{to_mm(bend.radius):.3g}"
        draw.text(
            pixels(((bend.start + bend.end) / 2)[None])[0], text, fill=colour, font=font, anchor="mm", stroke_width=3, stroke_fill="white"
        )
    return image.resize((width, height), Image.Resampling.LANCZOS)


def side_by_side(titles: Sequence[str], images: Sequence[Image.Image]) -> bytes:
    """PNG of pictures in a row, each with a title above it."""
    height = max(image.height for image in images) + 34
    row = Image.new("RGB", (sum(image.width for image in images), height), "white")
    draw = ImageDraw.Draw(row)
    font = ImageFont.load_default(size=18)
    left = 0
    for title, image in zip(titles, images, strict=True):
        row.paste(image, (left, 34))
        draw.text((left + 10, 8), title, fill=EDGE, font=font)
        left += image.width
    buffer = io.BytesIO()
    row.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


__all__ = ["BACK", "STEEL", "Mesh", "drawn", "flat_picture", "folded_mesh", "rendered", "side_by_side", "solid_mesh"]
