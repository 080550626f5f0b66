"""A weldment from two sides with its seams drawn and numbered; each number stands where its seam is seen best."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.frames import Array
from parts.seam import Seam
from parts.weldment import Weldment
from sim.camera import Camera, fitted
from sim.part_pictures import BACK, SMOOTH, STEEL, Mesh, rendered, side_by_side

SIZE = (1000, 760)
ABOVE = (("from the front", np.array([0.5, -1.0, 0.95])), ("from behind", np.array([-0.5, 1.0, 0.95])))
BELOW = (("from below", np.array([0.5, -1.0, -0.8])), ("from behind and below", np.array([-0.5, 1.0, -0.8])))
SEEN = 0.3
"""A seam of which less is seen from above is shown from below."""
TINTS = (STEEL, BACK, np.array([190.0, 206.0, 178.0]), np.array([208.0, 190.0, 206.0]), np.array([214.0, 208.0, 170.0]))
"""Of the pieces, in turn."""
COLOURS = {"fillet": (190, 30, 30), "lap": (25, 85, 190), "corner": (150, 60, 160), "butt": (20, 120, 70)}
SHARP = np.radians(25.0)
"""Edges of pieces are drawn where faces meet at more than this."""
PLACES = 15
"""Places along a seam that are tried for its number."""


@dataclass(frozen=True, eq=False, slots=True)
class _View:
    camera: Camera
    image: Image.Image
    depth: Array

    def seen(self, points: Array) -> Array:
        """Which of the points (n, 3) nothing stands before (n,)."""
        columns, rows, away = self.camera.pixels(points).T
        x, y = np.clip(columns, 0, self.camera.width - 1).astype(int), np.clip(rows, 0, self.camera.height - 1).astype(int)
        return away * (1 - 4e-3) <= self.depth[y, x]


def seam_picture(weldment: Weldment, seams: Sequence[Seam] | None = None) -> bytes:
    """PNG of a weldment from the front and from behind, and from below where there are seams; seams by kind in colour, thin where they are hidden.

    Args:
        weldment: What is drawn.
        seams: Its seams after the user's edits; None: as found.
    """
    drawn = weldment.seams if seams is None else seams
    mesh = _mesh(weldment)
    ways = [_way(seam) for seam in drawn]
    titles, views = [title for title, _ in ABOVE], [_view(mesh, direction) for _, direction in ABOVE]
    visible = np.array([[view.seen(way).mean() for view in views] for way in ways]).reshape(-1, len(views))
    if np.any(visible.max(axis=1, initial=0.0) < SEEN) and len(drawn):
        for title, direction in BELOW:
            view = _view(mesh, direction)
            shares = np.array([view.seen(way).mean() for way in ways])
            # From below only what is not seen from above.
            visible = np.c_[visible, np.where(visible[:, :2].max(axis=1) < SEEN, shares, 0.0)]
            titles.append(title)
            views.append(view)
    images = []
    for number, view in enumerate(views):
        draw = ImageDraw.Draw(view.image, "RGBA")
        for seam, way in zip(drawn, ways, strict=True):
            _line(draw, view, way, COLOURS[seam.kind])
        taken: list[Array] = []
        for seam, way, shares in zip(drawn, ways, visible, strict=True):
            if int(np.argmax(shares)) == number:
                _number(draw, view, seam, way, taken)
        images.append(_trimmed(view))
    names = [f"{weldment.name} {title}" for title in titles]
    return _stacked([side_by_side(names[k : k + 2], images[k : k + 2]) for k in range(0, len(images), 2)])


def _stacked(rows: list[bytes]) -> bytes:
    pictures = [Image.open(io.BytesIO(row)) for row in rows]
    if len(pictures) == 1:
        return rows[0]
    page = Image.new("RGB", (max(picture.width for picture in pictures), sum(picture.height for picture in pictures)), "white")
    top = 0
    for picture in pictures:
        page.paste(picture, (0, top))
        top += picture.height
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _view(mesh: Mesh, direction: Array) -> _View:
    camera = fitted(mesh.points, direction, width=SIZE[0] * SMOOTH, height=SIZE[1] * SMOOTH)
    return _View(camera, *rendered(mesh, camera))


def _trimmed(view: _View) -> Image.Image:
    """The view at its final size, without empty strips above and below."""
    rows = np.flatnonzero(np.any(np.isfinite(view.depth), axis=1))
    room = 24 * SMOOTH
    top, low = max(int(rows[0]) - room, 0), min(int(rows[-1]) + room, view.image.height)
    cropped = view.image.crop((0, top, view.image.width, low))
    return cropped.resize((cropped.width // SMOOTH, cropped.height // SMOOTH), Image.Resampling.LANCZOS)


def _mesh(weldment: Weldment) -> Mesh:
    triangles, colours, lines = [], [], []
    for number, piece in enumerate(weldment.pieces):
        triangles.append(np.asarray(piece.mesh.triangles))
        colours.append(np.tile(TINTS[number % len(TINTS)], (len(piece.mesh.faces), 1)))
        sharp = piece.mesh.face_adjacency_edges[piece.mesh.face_adjacency_angles > SHARP]
        lines += list(np.asarray(piece.mesh.vertices)[sharp])
    return Mesh(np.concatenate(triangles), np.concatenate(colours), tuple(lines))


def _way(seam: Seam) -> Array:
    """Points close together along a seam, a little off its root so that the faces beside it do not hide it."""
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(seam.points, axis=0), axis=1))]
    at = np.linspace(0.0, along[-1], 120)
    points, out = (
        np.stack([np.interp(at, along, column) for column in row.T], axis=1) for row in (seam.points, seam.normals_a + seam.normals_b)
    )
    return points + 1e-3 * out


def _line(draw: ImageDraw.ImageDraw, view: _View, way: Array, colour: tuple[int, int, int]) -> None:
    pixels, seen = view.camera.pixels(way)[:, :2], view.seen(way)
    for k in range(len(way) - 1):
        bold = bool(seen[k] and seen[k + 1])
        draw.line([tuple(pixels[k]), tuple(pixels[k + 1])], fill=(*colour, 255 if bold else 70), width=(4 if bold else 2) * SMOOTH)


def _number(draw: ImageDraw.ImageDraw, view: _View, seam: Seam, way: Array, taken: list[Array]) -> None:
    """The seam's name on it or near it, where it is seen and no other name stands."""
    font = ImageFont.load_default(15 * SMOOTH)
    rows = np.linspace(0, len(way) - 1, PLACES + 2).astype(int)[1:-1]
    pixels, seen = view.camera.pixels(way[rows])[:, :2], view.seen(way[rows])
    size, half = draw.textlength(seam.name, font=font) / 2 + 6 * SMOOTH, 11.0 * SMOOTH
    order = sorted(range(PLACES), key=lambda k: (not seen[k], abs(k - PLACES // 2)))
    anchor = pixels[order[0]]
    tries = [pixels[k] for k in order if seen[k] or k == order[0]]
    for ring in (34, 58, 84):
        angles = np.arange(12) * np.pi / 6 + 0.3
        tries += list(anchor + ring * SMOOTH * np.stack((np.cos(angles), np.sin(angles)), axis=1))
    free = [p for p in tries if all(abs(p[0] - q[0]) > 2 * size or abs(p[1] - q[1]) > 2.1 * half for q in taken)]
    place = free[0] if free else anchor
    x, y = (float(v) for v in place)
    taken.append(place)
    draw.line([tuple(anchor), (x, y)], fill=(*COLOURS[seam.kind], 200), width=SMOOTH)
    draw.rounded_rectangle(
        [x - size, y - half, x + size, y + half], radius=half, fill=(255, 255, 255, 235), outline=COLOURS[seam.kind], width=2 * SMOOTH
    )
    draw.text((x, y), seam.name, fill=COLOURS[seam.kind], anchor="mm", font=font)
