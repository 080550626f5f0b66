"""What is drawn over a rendered picture: lines, a ghost of the part before, arrows, numbers. Hidden parts of lines are drawn faint."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.frames import Array
from sim.world_studio import Shot

GHOST, LINE, MOVE, GAUGE = "#7d8894", "#c21807", "#1b2530", "#14804a"


class Marks:
    """Draws on one shot, in world coordinates.

    Args:
        shot: The picture; it is not changed, `image` is a copy.
        scale: Pixels of the shot per pixel of the finished picture.
    """

    def __init__(self, shot: Shot, scale: float) -> None:
        self.image: Image.Image = shot.image.copy()
        self._draw = ImageDraw.Draw(self.image, "RGBA")
        self._shot, self._scale = shot, scale

    def line(self, points: Array, color: str, width: float, *, dashed: bool = False, hidden: str = "58") -> None:
        """A polyline (n, 3); where something is in front of it, it is as strong as `hidden` says (hex)."""
        for a, b in zip(points[:-1], points[1:], strict=True):
            steps = max(int(np.linalg.norm(np.diff(self._shot.camera.pixels(np.stack((a, b)))[:, :2], axis=0)) / (3 * self._scale)), 1)
            way = a + np.linspace(0.0, 1.0, steps + 1)[:, None] * (b - a)
            pixels = self._shot.camera.pixels(way)
            seen = self._seen(pixels)
            for k in range(steps):
                if dashed and k % 4 > 1:
                    continue
                alpha = "ff" if seen[k] and seen[k + 1] else hidden
                self._draw.line([tuple(pixels[k, :2]), tuple(pixels[k + 1, :2])], fill=color + alpha, width=round(width * self._scale))

    def ghost(self, ring: Array) -> None:
        """A closed outline of where the part was: faintly filled, dashed."""
        pixels = self._shot.camera.pixels(ring)
        self._draw.polygon([tuple(p[:2]) for p in pixels], fill=(125, 136, 148, 26))
        self.line(ring, GHOST, 1.0, dashed=True)

    def edge(self, points: Array) -> None:
        """The gauged edge between its two ends, thick where the fingers touch: (4, 3), from left to right."""
        self.line(points[[0, 3]], GAUGE, 1.4, dashed=True, hidden="ff")
        for a, b in points.reshape(2, 2, 3):
            self.line(np.stack((a, b)), GAUGE, 5.0, hidden="ff")

    def arrow(self, way: Array) -> None:
        """An arrow along a way (k, 3); left out where it would be shorter than its head."""
        pixels = self._shot.camera.pixels(way)[:, :2]
        steps = np.linalg.norm(np.diff(pixels, axis=0), axis=1)
        head = 11 * self._scale
        if steps.sum() < 2 * head:
            return
        tip, along = pixels[-1], np.r_[0.0, np.cumsum(steps)]
        base = np.array([np.interp(along[-1] - head, along, column) for column in pixels.T])
        shaft = [tuple(p) for p, s in zip(pixels, along, strict=True) if s < along[-1] - head] + [tuple(base)]
        side = np.array([-(tip - base)[1], (tip - base)[0]]) * 0.45
        triangle = [tuple(tip), tuple(base + side), tuple(base - side)]
        for color, extra in (("#ffffff", 2.2), (MOVE, 0.0)):
            self._draw.line(shaft, fill=color, width=round((2.6 + extra) * self._scale), joint="curve")
            self._draw.polygon(triangle, fill=color, outline=color, width=round(extra * self._scale) or 1)

    def badge(self, point: Array, text: str) -> None:
        """A number in a circle at a point (3,), kept inside the picture."""
        x, y = self._shot.camera.pixels(point[None])[0, :2]
        r = 15 * self._scale
        x, y = float(np.clip(x, r + 2, self.image.width - r - 2)), float(np.clip(y, r + 2, self.image.height - r - 2))
        self._draw.ellipse([x - r, y - r, x + r, y + r], fill="#ffffff", outline=LINE, width=round(2.5 * self._scale))
        self._draw.text((x, y), text, fill=LINE, anchor="mm", font=ImageFont.load_default(18 * self._scale))

    def _seen(self, pixels: Array) -> Array:
        """Whether nothing is in front of each point (n,)."""
        columns = np.clip(pixels[:, 0], 0, self._shot.depth.shape[1] - 1).astype(int)
        rows = np.clip(pixels[:, 1], 0, self._shot.depth.shape[0] - 1).astype(int)
        seen: Array = self._shot.depth[rows, columns] > pixels[:, 2] - 0.004
        return seen
