"""Stations and fixed bodies built from the cell file's dimensions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from cells.model import Body, Color, Station
from cells.schema import BodySpec, FenceSpec, PoseModel, StationSpec
from core.errors import InputError
from core.files import inside
from core.frames import Array, from_xyz_rpy
from core.mesh_file import read_mesh
from core.units import DEG, MM
from robots.hulls import reduced_hull

WOOD: Color = (0.72, 0.57, 0.38, 1.0)
STEEL: Color = (0.55, 0.60, 0.65, 1.0)
FENCE: Color = (0.85, 0.75, 0.25, 1.0)
MAX_PIECES = 200
"""Separate parts of a body's mesh."""
FLOOR: Color = (0.82, 0.83, 0.84, 1.0)
FENCE_POST = 1.0
"""Posts of a fence are shown this far apart [m]."""


def pose(spec: PoseModel) -> Array:
    """T_world_body of a pose in the cell file."""
    return from_xyz_rpy(np.array(spec.xyz_mm) * MM, np.array(spec.rpy_deg) * DEG)


def box_hull(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float) -> Array:
    """Corners (8, 3) of a box by its bounds [m]."""
    return np.array([[x, y, z] for x in (x0, x1) for y in (y0, y1) for z in (z0, z1)])


def make_station(name: str, spec: StationSpec) -> Station:
    """A station with its bodies: a pallet, a pedestal, a tilted table with two stops, or a post with cups."""
    T = pose(spec.pose)
    w, d = (value * MM for value in spec.size_mm)
    height = float(T[2, 3])
    surface: tuple[Body, ...] = ()
    if spec.kind in ("stack", "outfeed"):
        hulls = [
            box_hull(-w / 2, w / 2, -d / 2, d / 2, -0.14, 0.0),
            box_hull(-w / 2 + 0.05, w / 2 - 0.05, -d / 2 + 0.05, d / 2 - 0.05, -height, -0.14),
        ]
        color = WOOD
    elif spec.kind == "presenter":
        hulls = [box_hull(-w / 2, w / 2, -d / 2, d / 2, -0.10, 0.0), box_hull(-w / 3, w / 3, -d / 3, d / 3, -height, -0.10)]
        color = STEEL
    elif spec.kind == "regrip":
        hulls = [box_hull(-w / 2, w / 2, -d / 2, d / 2, -0.06, 0.0), _post(T)]
        color = STEEL
    else:
        # Cups that hold a sheet on the table are no further from its surface than the sheet is thick. So the surface is no obstacle that a gripper keeps
        # its distance from, but something sheets lie on, as a pile is.
        surface = (Body(f"{name} surface", "pile", T, (box_hull(0.0, w, 0.0, d, -0.02, -0.0005),), None, STEEL),)
        hulls = [box_hull(-0.03, -0.0005, 0.0, d, -0.02, 0.02), box_hull(0.0, w, -0.03, -0.0005, -0.02, 0.02)]
        foot = np.array([w / 2, d / 2, -0.02])
        R = T[:3, :3]
        base = R @ foot + T[:3, 3]
        post = box_hull(base[0] - 0.1, base[0] + 0.1, base[1] - 0.1, base[1] + 0.1, 0.0, base[2] - 0.1)
        hulls.append((post - T[:3, 3]) @ R)
        color = STEEL
    # Against the cups of a regrip station the gripper has only the sheet between; it counts as a group of its own.
    body = Body(name, "regrip" if spec.kind == "regrip" else "station", T, tuple(hulls), None, color)
    return Station(
        name, spec.kind, T, (w, d), (*surface, body), count=spec.count, rows=spec.rows, columns=spec.columns, layers=spec.layers, gap=spec.gap_mm * MM,
        holding_force=spec.holding_force_n,
    )  # fmt: skip


def _post(T: Array) -> Array:
    """The post of a regrip station, in its frame: under cups that look up it is 120 mm square, behind upright ones 60 mm and no deeper than they."""
    if T[2, 2] > 0.7:
        return box_hull(-0.06, 0.06, -0.06, 0.06, -float(T[2, 3]), -0.06)
    top = T[:3, 3] - 0.03 * T[:3, 2]
    side, normal = np.array([-T[1, 2], T[0, 2], 0.0]), np.array([T[0, 2], T[1, 2], 0.0])
    side, normal = side / np.linalg.norm(side), normal / np.linalg.norm(normal)
    corners = np.array([top + 0.03 * a * side + 0.03 * b * normal for a in (-1, 1) for b in (-1, 1)])
    post = np.concatenate((corners, corners * (1.0, 1.0, 0.0)))
    hull: Array = (post - T[:3, 3]) @ T[:3, :3]
    return hull


def make_body(spec: BodySpec, folder: Path) -> Body:
    """A fixed thing from a box, a cylinder or a mesh file."""
    given = [key for key in ("box_mm", "cylinder_mm", "mesh") if getattr(spec, key) is not None]
    if len(given) != 1:
        raise InputError(f"body '{spec.name}' needs exactly one of box_mm, cylinder_mm, mesh; it has {', '.join(given) or 'none'}")
    color = (*spec.color, 1.0)
    T = pose(spec.pose)
    if spec.box_mm is not None:
        x, y, z = (value * MM / 2 for value in spec.box_mm)
        return Body(spec.name, spec.group, T, (box_hull(-x, x, -y, y, -z, z),), None, color)
    if spec.cylinder_mm is not None:
        radius, height = (value * MM for value in spec.cylinder_mm)
        # Circumscribed, so that nothing of the round is forgotten.
        angles = (np.arange(16) + 0.5) * np.pi / 8
        ring = np.c_[np.cos(angles), np.sin(angles)] * radius / np.cos(np.pi / 16)
        hull = np.concatenate([np.c_[ring, np.full(16, z)] for z in (-height / 2, height / 2)])
        return Body(spec.name, spec.group, T, (hull,), None, color)
    mesh = _mesh(folder, str(spec.mesh), spec.name)
    pieces = mesh.split(only_watertight=False)
    if len(pieces) > MAX_PIECES:
        raise InputError(f"body '{spec.name}': the mesh has {len(pieces)} separate parts; the limit is {MAX_PIECES}")
    # All vertices are kept: nothing of the body may be lost. Flat parts get a thickness.
    hulls = tuple(reduced_hull(np.asarray(part.vertices), len(part.vertices))[0] for part in pieces)
    return Body(spec.name, spec.group, T, hulls, mesh, color)


def _mesh(folder: Path, name: str, body: str) -> trimesh.Trimesh:
    try:
        return read_mesh(inside(folder, name, f"mesh '{name}'"), name)
    except InputError as error:
        raise InputError(f"body '{body}': {error.message}") from None


def make_fence(index: int, spec: FenceSpec) -> Body:
    """Panels along a line on the floor, one hull each; shown as posts and rails, so that one sees through."""
    points = np.array(spec.path_mm) * MM
    hulls, bars = [], []
    height, thick = spec.height_mm * MM, spec.thickness_mm * MM
    for a, b in zip(points[:-1], points[1:], strict=True):
        length = max(float(np.linalg.norm(b - a)), 1e-9)
        along = (b - a) / length
        side = np.array([-along[1], along[0]]) * thick / 2
        corners = np.array([a - side, a + side, b - side, b + side])
        hulls.append(np.concatenate([np.c_[corners, np.full(4, z)] for z in (0.0, height)]))
        T = np.eye(4)
        T[:2, 0], T[:2, 1], T[:2, 3] = along, (-along[1], along[0]), a
        for x in np.linspace(0.0, length, max(2, int(np.ceil(length / FENCE_POST)) + 1)):
            bars.append(_bar((thick, thick, height), T, (x, 0.0, height / 2)))
        bars += [_bar((length, thick / 2, thick), T, (length / 2, 0.0, height * share)) for share in (0.1, 0.4, 0.7, 0.99)]
    shown: trimesh.Trimesh = trimesh.util.concatenate(bars)  # type: ignore[assignment]
    return Body(f"fence {index + 1}", "fence", np.eye(4), tuple(hulls), shown, FENCE)


def _bar(extents: tuple[float, float, float], T: Array, middle: tuple[float, float, float]) -> trimesh.Trimesh:
    bar = trimesh.creation.box(extents=extents)
    bar.apply_translation(middle)
    bar.apply_transform(T)
    return bar


def make_floor(low: tuple[float, float] = (-4.5, -6.0), high: tuple[float, float] = (4.5, 3.0)) -> Body:
    """The floor: a slab with its top at z = 0, from low to high x, y [m]."""
    return Body("floor", "floor", np.eye(4), (box_hull(low[0], high[0], low[1], high[1], -0.1, 0.0),), None, FLOOR)
