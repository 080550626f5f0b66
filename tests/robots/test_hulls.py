"""Reduced hulls keep the radius by which the exact one stands out of them, beside edges and corners too."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from robots.hulls import GAP, reduced_hull


def outside(vertices, point):
    """Distance of a point from a hull, by non-negative least squares over its vertices [m]."""
    weight = 1e3
    _, residual = nnls(np.vstack((vertices.T, np.full(len(vertices), weight))), np.r_[point, weight])
    return residual


@pytest.mark.parametrize("most", [24, 48])
def test_nothing_stands_out_of_a_reduced_hull_further_than_its_gap(most):
    rng = np.random.default_rng(5)
    for scale in ((1.0, 0.6, 0.3), (0.5, 0.5, 0.02)):
        points = rng.normal(size=(400, 3))
        points *= np.array(scale) / np.linalg.norm(points, axis=1)[:, None]
        vertices, gap = reduced_hull(points, most)
        assert len(vertices) <= most and gap > GAP
        assert max(outside(vertices, point) for point in points) == pytest.approx(gap, abs=1e-5)


def test_a_hull_of_few_vertices_is_kept_as_it_is():
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 2) for z in (0, 3)], dtype=float)
    vertices, gap = reduced_hull(np.concatenate((corners, corners * 0.5)))
    assert gap == 0.0 and sorted(vertices.tolist()) == sorted(corners.tolist())
