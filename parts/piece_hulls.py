"""A piece as convex hulls for collision: cut along the planes of its own faces until hardly any air is inside the hulls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import trimesh
from manifold3d import Manifold, Mesh
from scipy.spatial import ConvexHull, QhullError

from core.frames import Array
from core.units import MM

AIR_SHARE = 0.02
"""A hull may hold this share of air."""
THIN_AIR = 0.3 * MM
"""Air that is this thin over the whole surface of a hull does not count: facets of a bore against its circle."""
MOST_HULLS = 16
MOST_PLANES, FEW_PLANES, MANY = 11, 3, 400
"""Planes of faces that are tried for one cut; of meshes with many triangles fewer."""
BESIDE = 1e-3 * MM
MOST_TRIANGLES = 20_000
"""Meshes with more triangles are one hull: cutting them would take minutes."""


@dataclass(eq=False, slots=True)
class _Chunk:
    body: Manifold
    points: Array
    hull_volume: float
    air: float


def convex_hulls(mesh: trimesh.Trimesh) -> tuple[tuple[Array, ...], float]:
    """Convex pieces that cover a mesh.

    Each cut is along the plane of a face at a hollow edge, or through the middle of the chunk, whichever leaves least air in the hulls of both halves.

    Args:
        mesh: Closed; of an open one, or one too fine, the hull of the whole is taken.

    Returns:
        Corners of each hull (k, 3) [m], and the volume of air inside the hulls [m3].
    """
    points = np.asarray(mesh.vertices, dtype=float)
    # In millimetres: the library drops what is smaller than its own tolerance.
    body = Manifold(Mesh((points / MM).astype(np.float32), np.asarray(mesh.faces, dtype=np.uint32)))
    if body.is_empty() or len(mesh.faces) > MOST_TRIANGLES:
        return (_hull_points(points),), max(_hull_volume(points) - abs(float(mesh.volume)), 0.0)
    done: list[_Chunk] = []
    open_ones = [_chunk(part) for part in body.decompose()]
    while open_ones:
        open_ones.sort(key=lambda chunk: chunk.air)
        chunk = open_ones.pop()
        halves = None if _good(chunk) or len(done) + len(open_ones) + 2 > MOST_HULLS else _cut(chunk)
        if halves is None:
            done.append(chunk)
        else:
            open_ones += halves
    return tuple(chunk.points * MM for chunk in done), sum(chunk.air for chunk in done) * MM**3


def _chunk(body: Manifold) -> _Chunk:
    points = np.asarray(body.to_mesh().vert_properties[:, :3], dtype=float)
    volume = _hull_volume(points)
    return _Chunk(body, _hull_points(points), volume, max(volume - body.volume(), 0.0))


def _good(chunk: _Chunk) -> bool:
    return chunk.air <= AIR_SHARE * chunk.hull_volume or chunk.air <= THIN_AIR / MM * chunk.body.surface_area() / 2


def _cut(chunk: _Chunk) -> list[_Chunk] | None:
    best: tuple[tuple[float, float], list[_Chunk]] | None = None
    for normal, offset in _planes(chunk.body):
        parts = [part for part in chunk.body.split_by_plane(normal.tolist(), offset) if part.volume() > 1e-6]
        if len(parts) < 2:
            continue
        halves = [_chunk(piece) for part in parts for piece in part.decompose()]
        # A hollow section keeps its air until the last wall is cut off: of equal cuts, the one that leaves most material done.
        score = round(sum(half.air for half in halves) / chunk.hull_volume, 3), -sum(half.hull_volume for half in halves if _good(half))
        if best is None or score < best[0]:
            best = score, halves
        if score[0] == 0:
            break
    return None if best is None or best[0][0] > chunk.air / chunk.hull_volume + 1e-3 else best[1]


def _planes(body: Manifold) -> list[tuple[Array, float]]:
    """Planes of faces at hollow edges, the largest faces first, and three through the middle."""
    raw = body.to_mesh()
    mesh = trimesh.Trimesh(np.asarray(raw.vert_properties[:, :3], dtype=float), np.asarray(raw.tri_verts), process=True)
    hollow = ~mesh.face_adjacency_convex & (mesh.face_adjacency_angles > 0.02)
    planes: dict[tuple[int, ...], tuple[float, Array, float]] = {}
    for face in np.unique(mesh.face_adjacency[hollow]):
        normal = mesh.face_normals[face]
        # Just outside the face: a cut within it leaves a skin without thickness that holds both halves together.
        offset = float(normal @ mesh.triangles[face, 0]) + BESIDE / MM
        key = tuple(np.round(np.r_[normal * 500, offset * 20]).astype(int))
        area = planes[key][0] if key in planes else 0.0
        planes[key] = (area + float(mesh.area_faces[face]), normal, offset)
    most = MOST_PLANES if len(mesh.faces) < MANY else FEW_PLANES
    ranked = sorted(planes.values(), key=lambda plane: -plane[0])[:most]
    middle = mesh.bounds.mean(axis=0)
    return [(normal, offset) for _, normal, offset in ranked] + [(axis, float(axis @ middle)) for axis in np.eye(3)]


def _hull_points(points: Array) -> Array:
    try:
        return points[ConvexHull(points).vertices]
    except QhullError:
        return points


def _hull_volume(points: Array) -> float:
    try:
        return float(ConvexHull(points).volume)
    except QhullError:
        return 0.0
