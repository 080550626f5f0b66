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
def first_hits(origins: Array, directions: Array, triangles: Array) -> Array:
    """How far each ray (n, 3) goes before it meets a triangle of (m, 3, 3), from either side; inf where it meets none (Moeller and Trumbore 1997)."""
    out = np.full(len(origins), np.inf)
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
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def winding(points: Array, triangles: Array) -> Array:
    """Generalised winding number of each point (n,): about 1 inside a closed mesh, 0 outside (Jacobson et al. 2013, solid angles after van Oosterom)."""
    out = np.zeros(len(points))
    for i in range(len(points)):
        px, py, pz = points[i]
        for k in range(len(triangles)):
            ax, ay, az = triangles[k, 0, 0] - px, triangles[k, 0, 1] - py, triangles[k, 0, 2] - pz
            bx, by, bz = triangles[k, 1, 0] - px, triangles[k, 1, 1] - py, triangles[k, 1, 2] - pz
            cx, cy, cz = triangles[k, 2, 0] - px, triangles[k, 2, 1] - py, triangles[k, 2, 2] - pz
            la, lb, lc = np.sqrt(ax * ax + ay * ay + az * az), np.sqrt(bx * bx + by * by + bz * bz), np.sqrt(cx * cx + cy * cy + cz * cz)
            det = ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
            ab, bc, ca = ax * bx + ay * by + az * bz, bx * cx + by * cy + bz * cz, cx * ax + cy * ay + cz * az
            out[i] += np.arctan2(det, la * lb * lc + ab * lc + bc * la + ca * lb)
    return out / (2 * np.pi)
