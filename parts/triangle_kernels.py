"""Points and rays against triangles, compiled: closest points, first hits, insides."""

from __future__ import annotations

import numba
import numpy as np

from core.frames import Array

PARALLEL = 1e-14


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def closest(points: Array, triangles: Array) -> tuple[Array, Array]:
    """For each point (n, 3) the closest triangle of (m, 3, 3), m >= 1, and the closest point on it (Ericson, Real-Time Collision Detection, 5.1.5)."""
    index = np.zeros(len(points), dtype=np.int64)
    feet = np.zeros((len(points), 3))
    for i in range(len(points)):
        best = np.inf
        px, py, pz = points[i]
        for k in range(len(triangles)):
            ax, ay, az = triangles[k, 0]
            bx, by, bz = triangles[k, 1, 0] - ax, triangles[k, 1, 1] - ay, triangles[k, 1, 2] - az
            cx, cy, cz = triangles[k, 2, 0] - ax, triangles[k, 2, 1] - ay, triangles[k, 2, 2] - az
            x, y, z = px - ax, py - ay, pz - az
            bb, cc, bc = bx * bx + by * by + bz * bz, cx * cx + cy * cy + cz * cz, bx * cx + by * cy + bz * cz
            d1, d2 = bx * x + by * y + bz * z, cx * x + cy * y + cz * z
            d3, d4, d5, d6 = d1 - bb, d2 - bc, d1 - bc, d2 - cc
            va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
            # The foot is a + v b + w c.
            if d1 <= 0 and d2 <= 0:
                v, w = 0.0, 0.0
            elif d3 >= 0 and d4 <= d3:
                v, w = 1.0, 0.0
            elif d6 >= 0 and d5 <= d6:
                v, w = 0.0, 1.0
            elif vc <= 0 and d1 >= 0 and d3 <= 0:
                v, w = d1 / max(bb, 1e-300), 0.0
            elif vb <= 0 and d2 >= 0 and d6 <= 0:
                v, w = 0.0, d2 / max(cc, 1e-300)
            elif va <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0:
                w = (d4 - d3) / max(d4 - d3 + d5 - d6, 1e-300)
                v = 1.0 - w
            else:
                total = va + vb + vc
                v, w = vb / total, vc / total
            fx, fy, fz = v * bx + w * cx, v * by + w * cy, v * bz + w * cz
            distance = (x - fx) ** 2 + (y - fy) ** 2 + (z - fz) ** 2
            if distance < best:
                best = distance
                index[i] = k
                feet[i, 0], feet[i, 1], feet[i, 2] = ax + fx, ay + fy, az + fz
    return index, feet


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def first_hits(origins: Array, directions: Array, triangles: Array) -> tuple[Array, Array]:
    """How far each ray (n, 3) goes before it meets a triangle of (m, 3, 3) from either side, and which; inf where it meets none (Moeller and Trumbore 1997)."""
    out = np.full(len(origins), np.inf)
    index = np.full(len(origins), -1)
    for i in range(len(origins)):
        ox, oy, oz = origins[i]
        dx, dy, dz = directions[i]
        for k in range(len(triangles)):
            ax, ay, az = triangles[k, 0]
            ux, uy, uz = triangles[k, 1, 0] - ax, triangles[k, 1, 1] - ay, triangles[k, 1, 2] - az
            vx, vy, vz = triangles[k, 2, 0] - ax, triangles[k, 2, 1] - ay, triangles[k, 2, 2] - az
            px, py, pz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
            det = ux * px + uy * py + uz * pz
            if abs(det) < PARALLEL:
                continue
            sx, sy, sz = ox - ax, oy - ay, oz - az
            b = (sx * px + sy * py + sz * pz) / det
            if b < 0 or b > 1:
                continue
            qx, qy, qz = sy * uz - sz * uy, sz * ux - sx * uz, sx * uy - sy * ux
            c = (dx * qx + dy * qy + dz * qz) / det
            if c < 0 or b + c > 1:
                continue
            away = (vx * qx + vy * qy + vz * qz) / det
            if away > 0 and away < out[i]:
                out[i] = away
                index[i] = k
    return out, index


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def near_triangles(point: Array, triangles: Array, reach: float) -> Array:
    """Which triangles come within `reach` of a point (m,)."""
    out = np.zeros(len(triangles), dtype=np.bool_)
    for k in range(len(triangles)):
        foot = closest(point.reshape(1, 3), triangles[k : k + 1])[1][0]
        out[k] = (foot[0] - point[0]) ** 2 + (foot[1] - point[1]) ** 2 + (foot[2] - point[2]) ** 2 <= reach**2
    return out


def inside(points: Array, triangles: Array) -> Array:
    """Whether points (n, 3) are inside a closed mesh: the first surface in an odd direction is met from behind (n,)."""
    way = np.array([0.2672612, 0.5345225, 0.8017837]) + np.array([1e-3, -7e-4, 4e-4])
    _, index = first_hits(np.ascontiguousarray(points), np.tile(way, (len(points), 1)), triangles)
    hit = triangles[index]
    normals = np.cross(hit[:, 1] - hit[:, 0], hit[:, 2] - hit[:, 0])
    return (index >= 0) & (normals @ way > 0)
