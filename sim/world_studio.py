"""Renders the cell with pybullet's software renderer (no display, no graphics card), and finishes the picture: edges and soft shade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self

import numpy as np
import pybullet
from PIL import Image
from scipy.ndimage import gaussian_filter

from core.frames import Array, quat_wxyz
from sim.camera import FAR, NEAR, Camera
from sim.stage_nodes import Moment, Staged

BACKGROUND = (250, 251, 252)
SHADE = 0.55
"""How dark a crease becomes at most."""
COARSE = 4
"""The blurred depth is made from every so-manieth pixel: it is smooth anyway."""


@dataclass(frozen=True, eq=False, slots=True)
class Shot:
    """A rendered moment.

    Attributes:
        image: RGB.
        depth: (height, width) distance along the view [m]; FAR where nothing is.
        camera: That took it; its pixels are the image's.
    """

    image: Image.Image
    depth: Array
    camera: Camera


class Studio(Generic[Moment]):
    """One pybullet client with some of a stage's nodes visible in it; use as a context manager.

    Args:
        stage: What there is.
        shown: Which nodes are put in, by name; what is left out costs no time.
    """

    def __init__(self, stage: Staged[Moment], shown: Callable[[str], bool]) -> None:
        self.stage = stage
        self.client = pybullet.connect(pybullet.DIRECT)
        self._bodies: list[tuple[int, int]] = []
        for index, node in enumerate(stage.nodes):
            if shown(node.name):
                for piece in node.pieces:
                    self._bodies.append((self._body(piece.mesh.vertices, piece.mesh.faces, piece.color), index))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pybullet.disconnect(physicsClientId=self.client)

    def _body(self, vertices: Array, faces: Array, color: tuple[float, float, float, float]) -> int:
        # Every face has its own vertices and normal, so edges stay sharp.
        corners = np.asarray(vertices, dtype=float)[faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15)
        shape = pybullet.createVisualShape(
            pybullet.GEOM_MESH,
            vertices=corners.reshape(-1, 3).tolist(),
            indices=list(range(len(faces) * 3)),
            normals=np.repeat(normals, 3, axis=0).tolist(),
            rgbaColor=list(color),
            physicsClientId=self.client,
        )
        return int(pybullet.createMultiBody(0.0, -1, shape, physicsClientId=self.client))

    def paint(self, color: Callable[[str], tuple[float, float, float, float] | None]) -> None:
        """Gives nodes another colour; None leaves it."""
        for uid, index in self._bodies:
            wanted = color(self.stage.nodes[index].name)
            if wanted is not None:
                pybullet.changeVisualShape(uid, -1, rgbaColor=list(wanted), physicsClientId=self.client)

    def shot(self, state: Moment, camera: Camera) -> Shot:
        """The cell at a moment as the camera sees it."""
        Ts = self.stage.world(state)
        for uid, index in self._bodies:
            w, x, y, z = quat_wxyz(Ts[index])
            pybullet.resetBasePositionAndOrientation(uid, Ts[index][:3, 3].tolist(), [x, y, z, w], physicsClientId=self.client)
        light = camera.eye - camera.target
        light = light / np.linalg.norm(light) + np.array([-0.25, 0.0, 0.9])
        width, height = camera.width, camera.height
        _, _, pixels, buffer, segments = pybullet.getCameraImage(
            width,
            height,
            pybullet.computeViewMatrix(camera.eye.tolist(), camera.target.tolist(), [0.0, 0.0, 1.0]),
            pybullet.computeProjectionMatrixFOV(camera.angle_deg, width / height, NEAR, FAR),
            lightDirection=light.tolist(),
            lightAmbientCoeff=0.55,
            lightDiffuseCoeff=0.5,
            lightSpecularCoeff=0.02,
            shadow=0,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self.client,
        )
        colors = np.reshape(np.asarray(pixels, dtype=np.uint8), (height, width, 4))[:, :, :3].astype(np.float32)
        things = np.reshape(np.asarray(segments), (height, width))
        window = np.reshape(np.asarray(buffer, dtype=np.float32), (height, width)) * 2 - 1
        depth = np.where(things < 0, FAR, 2 * FAR * NEAR / (FAR + NEAR - window * (FAR - NEAR))).astype(np.float32)
        colors[things < 0] = BACKGROUND
        return Shot(Image.fromarray(_finished(colors, depth, things, camera).astype(np.uint8)), depth, camera)


def _finished(colors: Array, depth: Array, things: Array, camera: Camera) -> Array:
    """Darker in creases and behind edges (unsharp masking of the depth: Luft, Colditz, Deussen, SIGGRAPH 2006), and a line along outlines."""
    away = float(np.linalg.norm(camera.eye - camera.target))
    near = np.minimum(depth, away * 1.5)
    small = near[::COARSE, ::COARSE]
    shade = np.zeros_like(near)
    for blur in (camera.height / 90, camera.height / 25):
        smooth = Image.fromarray(gaussian_filter(small, blur / COARSE)).resize((camera.width, camera.height), Image.Resampling.BILINEAR)
        shade += np.clip((near - np.asarray(smooth)) * (6 / away), 0, 0.5)
    shade[things < 0] = 0.0
    colors = colors * (1 - SHADE * np.minimum(shade, 0.6))[:, :, None]
    edge = np.zeros(things.shape, dtype=bool)
    for axis in (0, 1):
        a, b = np.swapaxes(things, 0, axis), np.swapaxes(near, 0, axis)
        # A line where one thing ends before another, and where one thing steps back behind itself.
        other = (a[1:] != a[:-1]) & (np.abs(b[1:] - b[:-1]) > away * 0.002)
        edge_view = np.swapaxes(edge, 0, axis)
        edge_view[1:] |= other
        edge_view[1:-1] |= np.abs(b[2:] - 2 * b[1:-1] + b[:-2]) > away * 0.004
    colors[edge] = colors[edge] * 0.45
    return colors
