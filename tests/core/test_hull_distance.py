"""Distances of convex hulls against coal, a second collision library."""

import coal
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from core.frames import Array
from core.hull_distance import hull_distance


def ours(a: Array, b: Array) -> tuple[float, Array]:
    points = np.zeros((2, 3))
    vertices = np.ascontiguousarray(np.concatenate((a, b)))
    return hull_distance(vertices, 0, len(a), len(a), len(a) + len(b), np.inf, -np.inf, points), points


def theirs(a: Array, b: Array) -> float:
    shapes = []
    for vertices in (a, b):
        hull = ConvexHull(vertices)
        points = coal.StdVec_Vec3s()
        for vertex in vertices:
            points.append(vertex)
        shapes.append(coal.Convex.convexHull(points, False, "Qt"))
        assert len(hull.vertices) >= 4
    request, result = coal.DistanceRequest(), coal.DistanceResult()
    return float(coal.distance(shapes[0], coal.Transform3s(), shapes[1], coal.Transform3s(), request, result))


def turned(rng: np.random.Generator, points: Array, shift: Array) -> Array:
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return points @ rotation.T + shift


@pytest.mark.parametrize("plate", [False, True])
def test_distance_agrees_with_coal(plate: bool) -> None:
    rng = np.random.default_rng(5)
    apart = 0
    for _ in range(150):
        a = rng.uniform(-0.2, 0.2, (int(rng.integers(5, 40)), 3))
        b = (
            np.array([[x, y, z] for x in (-0.3, 0.3) for y in (-0.2, 0.2) for z in (-0.00025, 0.00025)])
            if plate
            else rng.uniform(-0.2, 0.2, (12, 3))
        )
        a, b = turned(rng, a, rng.uniform(-0.5, 0.5, 3)), turned(rng, b, rng.uniform(-0.5, 0.5, 3))
        expected = theirs(a, b)
        found, points = ours(a, b)
        if expected > 1e-6:
            apart += 1
            assert found == pytest.approx(expected, abs=1e-5)
            assert np.linalg.norm(points[0] - points[1]) == pytest.approx(found, abs=1e-6)
        else:
            assert found <= 1e-6
    assert apart > 40
