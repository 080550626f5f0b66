"""Convex hulls of meshes with few vertices, and how far the mesh stands out of them."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from core.frames import Array
from core.hull_distance import hull_distance

GAP = 3e-4
"""A reduced hull that misses the exact one by less than this is good enough [m]."""


def reduced_hull(points: Array, max_vertices: int = 128) -> tuple[Array, float]:
    """A subset of the convex hull's vertices, and the gap to the exact hull.

    Greedy: from the box directions' support points on, the vertices that stand out furthest are added until the gap is small or the number is reached.
    Whoever uses the hull keeps the gap as a radius around it, so that nothing of the mesh is forgotten.

    Args:
        points: (n, 3) [m].
        max_vertices: Upper bound.

    Returns:
        Vertices (k, 3), k <= max_vertices, and the largest distance of the exact hull outside the reduced one [m].
    """
    points = np.asarray(points, dtype=float)
    try:
        hull = ConvexHull(points)
    except QhullError:
        # Flat or nearly so: its bounding box, at least a tenth of a millimetre thick.
        low, high = points.min(axis=0), points.max(axis=0)
        thin = (high - low) < 1e-4
        low[thin] -= 5e-5
        high[thin] += 5e-5
        return np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]), 0.0
    vertices = points[hull.vertices]
    if len(vertices) <= max_vertices:
        return vertices, 0.0
    directions = _spread(16)
    chosen = sorted({int(np.argmax(vertices @ direction)) for direction in np.concatenate((np.eye(3), -np.eye(3), directions))})
    while True:
        faces = ConvexHull(vertices[chosen])
        outside = np.max(vertices @ faces.equations[:, :3].T + faces.equations[:, 3], axis=1)
        gap = float(outside.max())
        room = max_vertices - len(chosen)
        if gap < GAP or room <= 0:
            return vertices[chosen], _standing_out(vertices, chosen)
        # The furthest vertex of each of the faces that miss most; one per face, a few at a time.
        added: list[int] = []
        for index in np.argsort(-outside):
            if len(added) >= min(room, 8) or outside[index] < gap / 3:
                break
            if all(np.linalg.norm(vertices[index] - vertices[other]) > 0.02 for other in added):
                added.append(int(index))
        chosen = sorted({*chosen, *added})


def _standing_out(vertices: Array, chosen: list[int]) -> float:
    """The largest distance of a vertex from the hull of the chosen ones; beside an edge it is more than that from the plane of a face."""
    inner, count = vertices[chosen], len(chosen)
    both = np.concatenate((inner, vertices))
    none = np.zeros((2, 3))
    return max(hull_distance(both, 0, count, count + k, count + k + 1, np.inf, -np.inf, none) for k in range(len(vertices)))


def _spread(count: int) -> Array:
    """Evenly spread unit vectors (Fibonacci sphere)."""
    i = np.arange(count) + 0.5
    phi = np.arccos(1 - 2 * i / count)
    theta = np.pi * (1 + 5**0.5) * i
    return np.c_[np.cos(theta) * np.sin(phi), np.sin(theta) * np.sin(phi), np.cos(phi)]
