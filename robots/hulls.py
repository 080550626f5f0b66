"""Convex hulls of meshes with few vertices that still contain the whole mesh."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, HalfspaceIntersection, QhullError

from core.frames import Array


def outer_hull(points: Array, max_vertices: int = 64) -> tuple[Array, float]:
    """A convex polytope around all points, with at most about `max_vertices` vertices.

    The hull's own vertices when they are few; otherwise supporting planes along evenly spread directions are intersected, which can only
    grow the shape. Thin shapes keep their bounding planes because the box directions are always among them.

    Args:
        points: (n, 3) [m].
        max_vertices: Upper bound wished for.

    Returns:
        Vertices (k, 3) and how far they stand outside the exact hull at most [m].
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
        corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
        return corners, 1e-4
    vertices = points[hull.vertices]
    if len(vertices) <= max_vertices:
        return vertices, 0.0
    # Euler: a simple polytope with f faces has 2 f - 4 vertices.
    count = max_vertices // 2 + 2
    normals = np.concatenate((np.eye(3), -np.eye(3), _spread(count - 6)))
    offsets = (vertices @ normals.T).max(axis=0)
    inside = vertices.mean(axis=0)
    outer = HalfspaceIntersection(np.c_[normals, -offsets], inside).intersections
    outer = outer[np.all(np.isfinite(outer), axis=1)]
    outer = np.unique(np.round(outer, 7), axis=0)
    growth = float(np.max(outer @ hull.equations[:, :3].T + hull.equations[:, 3]))
    return outer, growth


def _spread(count: int) -> Array:
    """Evenly spread unit vectors (Fibonacci sphere)."""
    i = np.arange(count) + 0.5
    phi = np.arccos(1 - 2 * i / count)
    theta = np.pi * (1 + 5**0.5) * i
    return np.c_[np.cos(theta) * np.sin(phi), np.sin(theta) * np.sin(phi), np.cos(phi)]
