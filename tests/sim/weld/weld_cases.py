"""Weldments with known seams, made of boxes and prisms, for tests of planning and for the benchmark."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import trimesh

from core.frames import Array
from parts.seam import Seam
from parts.weldment import Weldment, WeldPiece

STEEL = 7850.0


def piece(name: str, *hulls: Array) -> WeldPiece:
    """Of convex hulls."""
    meshes = [trimesh.Trimesh(hull).convex_hull if len(hull) < 4 else trimesh.PointCloud(hull).convex_hull for hull in hulls]
    mesh = trimesh.util.concatenate(meshes)
    return WeldPiece(name, mesh, tuple(hulls), STEEL * float(sum(one.volume for one in meshes)))


def box(low: Sequence[float], high: Sequence[float]) -> Array:
    """Vertices (8, 3)."""
    ends = np.array([low, high], dtype=float)
    return np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])


def line_seam(
    name: str, start: Sequence[float], end: Sequence[float], n_a: Sequence[float], n_b: Sequence[float], pieces: tuple[str, str]
) -> Seam:
    """A straight fillet between two plates of 6 mm."""
    points = np.array([start, end], dtype=float)
    a, b = (np.tile(np.array(n, dtype=float), (2, 1)) for n in (n_a, n_b))
    return Seam(name, "fillet", points, a, b, "line", False, pieces, 0.006, 0.006)


def t_joint(length: float = 0.2, both: bool = True) -> Weldment:
    """A web along x on a base plate; seam 1 on the web's -y side (seen from the robot at -x: right), seam 2 on its +y side."""
    half = length / 2
    base = piece("base", box((-half - 0.03, -0.1, 0.0), (half + 0.03, 0.1, 0.006)))
    web = piece("web", box((-half, -0.003, 0.006), (half, 0.003, 0.086)))
    seams = [line_seam("1", (-half, -0.003, 0.006), (half, -0.003, 0.006), (0, 0, 1), (0, -1, 0), ("base", "web"))]
    if both:
        seams.append(line_seam("2", (-half, 0.003, 0.006), (half, 0.003, 0.006), (0, 0, 1), (0, 1, 0), ("base", "web")))
    return Weldment("t-joint", (base, web), tuple(seams))


def tube_on_plate(radius: float = 0.04, height: float = 0.08) -> Weldment:
    """A tube upright on a plate, one circular seam, counter-clockwise from above."""
    plate = piece("plate", box((-0.1, -0.1, 0.0), (0.1, 0.1, 0.006)))
    phi = np.linspace(0.0, 2 * np.pi, 73)
    ring = np.stack([np.cos(phi), np.sin(phi), np.zeros(73)], axis=1)
    foot = ring[:-1] * radius + np.array([0, 0, 0.006])
    tube = piece("tube", np.concatenate((foot, foot + np.array([0, 0, height]))))
    up = np.tile([0.0, 0, 1], (73, 1))
    seam = Seam("1", "fillet", ring * radius + np.array([0, 0, 0.006]), up, ring, "arc", True, ("plate", "tube"), 0.006, 0.003)
    return Weldment("tube-on-plate", (plate, tube), (seam,))


def panel(ribs: int = 12, pitch: float = 0.06, length: float = 0.3) -> Weldment:
    """A plate with ribs along x, two seams each: `2 * ribs` seams."""
    width = (ribs - 1) * pitch
    plate = piece("plate", box((-length / 2 - 0.03, -width / 2 - 0.05, 0.0), (length / 2 + 0.03, width / 2 + 0.05, 0.006)))
    pieces, seams = [plate], []
    for k in range(ribs):
        y = -width / 2 + k * pitch
        name = f"rib {k + 1}"
        pieces.append(piece(name, box((-length / 2, y - 0.003, 0.006), (length / 2, y + 0.003, 0.046))))
        for side in (-1, 1):
            root = (y + 0.003 * side, 0.006)
            ends = ((-length / 2, *root), (length / 2, *root))
            seams.append(line_seam(str(2 * k + (1 if side < 0 else 2)), *ends, (0, 0, 1), (0, side, 0), ("plate", name)))
    return Weldment("panel", tuple(pieces), tuple(seams))


def upright() -> Weldment:
    """Two plates that stand on a base and meet in a vertical inner corner: one seam up, which wants to be turned down."""
    base = piece("base", box((-0.1, -0.1, 0.0), (0.1, 0.1, 0.006)))
    back = piece("back", box((0.0, -0.08, 0.006), (0.006, 0.08, 0.126)))
    web = piece("web", box((-0.08, -0.003, 0.006), (0.0, 0.003, 0.126)))
    seam = line_seam("1", (0.0, -0.003, 0.02), (0.0, -0.003, 0.12), (-1, 0, 0), (0, -1, 0), ("back", "web"))
    return Weldment("upright", (base, back, web), (seam,))
