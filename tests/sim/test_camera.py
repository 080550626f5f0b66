"""The camera against pybullet's own matrices, and its fit."""

from __future__ import annotations

import numpy as np
import pybullet
import pytest

from sim.camera import FAR, NEAR, Camera, fitted


def by_pybullet(camera: Camera, points: np.ndarray) -> np.ndarray:
    view = np.reshape(pybullet.computeViewMatrix(list(camera.eye), list(camera.target), [0, 0, 1]), (4, 4)).T
    lens = np.reshape(pybullet.computeProjectionMatrixFOV(camera.angle_deg, camera.width / camera.height, NEAR, FAR), (4, 4)).T
    clip = np.c_[points, np.ones(len(points))] @ (lens @ view).T
    ndc = clip[:, :3] / clip[:, 3:]
    return np.stack(((ndc[:, 0] + 1) * camera.width / 2, (1 - ndc[:, 1]) * camera.height / 2, clip[:, 3]), axis=1)


def test_pixels_are_where_pybullet_draws_them():
    points = np.random.default_rng(2).uniform(-1, 1, (50, 3))
    camera = Camera(np.array([3.0, -4.0, 2.0]), np.array([0.1, 0.2, 0.3]), 35.0, 900, 600)
    assert camera.pixels(points) == pytest.approx(by_pybullet(camera, points), abs=1e-2)


@pytest.mark.parametrize("stretch", [(1, 1, 1), (8, 0.2, 0.1), (0.1, 0.1, 3)])
def test_fitted_points_fill_the_frame(stretch):
    points = np.random.default_rng(3).uniform(-1, 1, (200, 3)) * stretch + [5, 1, 0]
    camera = fitted(points, np.array([1.0, -1.0, 0.5]), width=720, height=480, margin=0.05)
    share = by_pybullet(camera, points)[:, :2] / [720, 480]
    assert share.min() >= 0.05 - 1e-3 and share.max() <= 0.95 + 1e-3
    # As near as can be: it touches the margin on at least one side pair.
    assert np.any((share.min(axis=0) < 0.06) & (share.max(axis=0) > 0.94))
