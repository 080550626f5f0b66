"""Convex hulls of meshes with few vertices that still contain the whole mesh."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from core.frames import Array


def outer_hull(points: Array, max_vertices: int = 128) -> tuple[Array, float]:
    """A convex polytope around all points, with at most about `max_vertices` vertices.

    The hull's own vertices when they are few; otherwise support points along evenly spread directions, scaled about their middle by the
    smallest factor that puts every original point inside.

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
    # The support points along evenly spread directions make an inner hull; grown about its middle until every original point is inside.
    spread = _spread(4 * max_vertices)
    chosen: list[int] = []
    for direction in np.concatenate((np.eye(3), -np.eye(3), spread)):
        index = int(np.argmax(vertices @ direction))
        if index not in chosen:
            chosen.append(index)
    kept = vertices[chosen[:6]]
    rest = chosen[6:]
    if len(rest) > max_vertices - 6:
        rest = [rest[k] for k in np.linspace(0, len(rest) - 1, max_vertices - 6).round().astype(int)]
    inner = np.concatenate((kept, vertices[rest]))
    faces = ConvexHull(inner)
    middle = inner.mean(axis=0)
    normals, offsets = faces.equations[:, :3], faces.equations[:, 3]
    inner_support = -(normals @ middle + offsets)
    needed = ((vertices - middle) @ normals.T).max(axis=0)
    scale = float(np.max(needed / inner_support)) * (1 + 1e-9)
    outer = middle + scale * (inner[faces.vertices] - middle)
    growth = float(np.max(outer @ hull.equations[:, :3].T + hull.equations[:, 3]))
    return outer, growth


def _spread(count: int) -> Array:
    """Evenly spread unit vectors (Fibonacci sphere)."""
    i = np.arange(count) + 0.5
    phi = np.arccos(1 - 2 * i / count)
    theta = np.pi * (1 + 5**0.5) * i
    return np.c_[np.cos(theta) * np.sin(phi), np.sin(theta) * np.sin(phi), np.cos(phi)]
