"""Pieces that lie in each other: which, how deep and where."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import trimesh
from manifold3d import Manifold, Mesh
from scipy.spatial import ConvexHull, QhullError

from core.findings import Finding
from core.frames import Array
from core.units import MM, to_mm
from parts.brep import mm3

TOUCHING = 0.1 * MM
"""Facets of curved faces that lie on each other cross by less [m]."""
FIT = 0.5 * MM
"""Deeper than this it is no fit but a fault of the model [m]."""
MOST_TRIANGLES = 400_000
"""Of two pieces together; larger ones are not compared, and a finding says so."""


def overlaps(names: list[str], meshes: list[trimesh.Trimesh]) -> list[Finding]:
    """One finding for each pair of closed pieces that overlap."""
    findings: list[Finding] = []
    bodies: dict[int, Manifold] = {}
    for i, j in combinations(range(len(meshes)), 2):
        low, high = np.maximum(meshes[i].bounds[0], meshes[j].bounds[0]), np.minimum(meshes[i].bounds[1], meshes[j].bounds[1])
        if np.any(high - low <= TOUCHING):
            continue
        if len(meshes[i].faces) + len(meshes[j].faces) > MOST_TRIANGLES:
            findings.append(Finding("warning", "overlap-unchecked", f"Whether '{names[i]}' and '{names[j]}' overlap was not checked: they have too many triangles together (limit {MOST_TRIANGLES}).", "Give coarser meshes."))  # fmt: skip
            continue
        for k in (i, j):
            if k not in bodies:
                bodies[k] = Manifold(
                    Mesh((np.asarray(meshes[k].vertices) / MM).astype(np.float32), np.asarray(meshes[k].faces, dtype=np.uint32))
                )
        for shared in (bodies[i] ^ bodies[j]).decompose():
            points = np.asarray(shared.to_mesh().vert_properties[:, :3], dtype=float) * MM
            depth = _width(points)
            if depth > TOUCHING:
                place = mm3((points.min(axis=0) + points.max(axis=0)) / 2)
                findings.append(
                    Finding(
                        "error" if depth > FIT else "warning", "pieces-overlap", f"'{names[i]}' and '{names[j]}' overlap by {to_mm(depth):.2f} mm at {place}.",
                        "Move or shorten one of them: no seam can be told where two pieces are in one place.", "", {"depth_mm": round(to_mm(depth), 3)},
                    )
                )  # fmt: skip
                break
    return findings


def _width(points: Array) -> float:
    """Smallest width of the hull of points over the directions of its faces [m]: how far one piece must move to come clear."""
    try:
        equations = ConvexHull(points).equations
    except QhullError:
        return 0.0
    return float(np.min(np.max(-(points @ equations[:, :3].T + equations[:, 3]), axis=0)))
