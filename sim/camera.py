"""Where a picture is taken from: a pinhole camera that fits what must be seen into its frame, and maps points to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.frames import Array

NEAR, FAR = 0.05, 40.0


@dataclass(frozen=True, eq=False, slots=True)
class Camera:
    """A pinhole camera with z of the world up in the picture.

    Attributes:
        eye, target: Where it stands and looks at, world (3,) [m].
        angle_deg: Vertical view angle.
        width, height: Of the picture [px].
    """

    eye: Array
    target: Array
    angle_deg: float
    width: int
    height: int

    @property
    def axes(self) -> Array:
        """Rows: to the right, up, towards the eye, in world (3, 3)."""
        return _axes(self.eye - self.target)

    @property
    def focal(self) -> float:
        """Pixels per unit of slope."""
        return self.height / 2 / float(np.tan(np.radians(self.angle_deg) / 2))

    def pixels(self, points: Array) -> Array:
        """Column, row [px] and distance along the view [m] of world points (n, 3); (n, 3)."""
        right, up, back = ((points - self.eye) @ self.axes.T).T
        away = np.maximum(-back, NEAR)
        return np.stack((self.width / 2 + self.focal * right / away, self.height / 2 - self.focal * up / away, away), axis=1)


def fitted(points: Array, direction: Array, *, width: int, height: int, angle_deg: float = 28.0, margin: float = 0.06) -> Camera:
    """The nearest camera that has all points in its frame.

    Args:
        points: What must be seen, world (n, 3) [m].
        direction: From the points to the eye, world (3,).
        width, height: Of the picture [px].
        angle_deg: Vertical view angle.
        margin: Share of the frame that stays empty on every side.
    """
    axes = _axes(direction)
    tall = float(np.tan(np.radians(angle_deg) / 2)) * (1 - 2 * margin)
    wide = tall * width / height
    right, up, back = (points @ axes.T).T
    middle = np.array([right.min() + right.max(), up.min() + up.max(), back.min() + back.max()]) / 2
    for _ in range(8):
        # How far away each point asks the eye to be; then the frame is centred on what it sees.
        across, above, nearer = right - middle[0], up - middle[1], back - middle[2]
        away = float(np.max(np.maximum(np.abs(across) / wide, np.abs(above) / tall) + nearer))
        slopes = across / (away - nearer), above / (away - nearer)
        middle[0] += away * (slopes[0].min() + slopes[0].max()) / 2
        middle[1] += away * (slopes[1].min() + slopes[1].max()) / 2
    across, above, nearer = right - middle[0], up - middle[1], back - middle[2]
    away = float(np.max(np.maximum(np.abs(across) / wide, np.abs(above) / tall) + nearer))
    target = axes.T @ middle
    return Camera(target + axes[2] * away, target, angle_deg, width, height)


def _axes(back: Array) -> Array:
    back = back / np.linalg.norm(back)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    return np.stack((right, np.cross(back, right), back))
