"""Where the part lies on stations, and how the robot comes to it and leaves it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from shapely import MultiPolygon, Point, Polygon

from cells.model import Body, Cell, Station
from core.frames import Array, apply, inverse, rot_x, rot_z, translation
from parts.sheet import SheetPart
from sim.cell_scene import CellScene, part_groups
from sim.grips import Grip
from sim.plan import PartPlacement
from sim.robot_path import blocking, path_is_free, polyline, solutions, track
from sim.scene import Clearance
from sim.scene_parts import Groups

APPROACH = 0.10
"""The gripper comes to a part this far along its own axis [m]."""
LIFT = 0.15
"""A part is lifted this far off a station before it travels [m]."""
DROP = 0.045
"""A clamp lets the part fall this far onto the outfeed, because its jaws need room below the sheet [m]."""
QUARTERS = (0.0, np.pi / 2, np.pi, -np.pi / 2)


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """A way to take the part from, or give it to, a place.

    Attributes:
        T_world_sheet: Where the part lies.
        approach: Joint path (k, n) of the empty gripper, from free space to the grip.
        carry: Joint path (k, n) of the gripper with the part, from the grip to free space.
    """

    T_world_sheet: Array
    approach: Array
    carry: Array


def sheet_pile(part: SheetPart, station: Station, face_up: str) -> Body:
    """The sheets that lie below the topmost one, as one body (their outline's convex hull)."""
    T = lying(part, station, face_up, 0.0)
    hull = np.asarray(part.flat.outline.convex_hull.exterior.coords)[:-1]
    depth = max(station.count - 1, 0) * part.thickness
    if depth == 0.0:
        depth = 1e-4
    T_top = T.copy()
    points = np.c_[hull, np.zeros(len(hull))] @ T_top[:3, :3].T + T_top[:3, 3]
    top = points - station.T_world_station[:3, 2] * part.thickness / 2
    bottom = top - station.T_world_station[:3, 2] * depth
    return Body("sheet pile", "pile", np.eye(4), (np.concatenate((top, bottom)),), None, (0.75, 0.80, 0.85, 1.0))


def with_pile(cell: Cell, part: SheetPart) -> Cell:
    """The cell with the sheets that lie on its stack; the cell itself where it has none."""
    station = cell.station("stack")
    return cell if station is None else replace(cell, bodies=(*cell.bodies, sheet_pile(part, station, "top")))


def lying(part: SheetPart, station: Station, face_up: str, yaw: float) -> Array:
    """T_world_sheet of the flat sheet on a station.

    stack and presenter: middle of the outline over the station's origin, on top of the pile. centring: outline against both stops.
    """
    R = rot_z(yaw) @ (rot_x(np.pi) if face_up == "bottom" else np.eye(4))
    outline = np.asarray(part.flat.outline.exterior.coords)
    points = np.c_[outline, np.zeros(len(outline))] @ R[:3, :3].T
    low, high = points.min(axis=0), points.max(axis=0)
    height = part.thickness / 2
    if station.kind == "centring":
        shift = translation(-low[0], -low[1], height)
    else:
        middle = (low + high) / 2
        height += max(station.count - 1, 0) * part.thickness if station.kind == "stack" else 0.0
        shift = translation(-middle[0], -middle[1], height)
    T: Array = station.T_world_station @ shift @ R
    return T


def reaches(
    cell_scene: CellScene,
    grip: Grip,
    T_world_sheet: Array,
    fold: Array,
    *,
    brake: Array,
    allowed: Groups,
    gripper_open: Array,
    away: Array | None = None,
    most: int = 4,
) -> tuple[list[Reach], Clearance | None]:
    """All ways, one per arm configuration, to meet the part with one grip where it lies.

    Args:
        cell_scene: The cell.
        grip: How to hold it.
        T_world_sheet: Where the part lies.
        fold: Bend angles (n_bends,).
        brake: Brake joints.
        allowed: What the part may touch there (station groups).
        gripper_open: Gripper joints while approaching.
        away: Direction in which the part leaves, world (3,); None: up.
        most: Stop after this many.
    """
    cell, gripper, part = cell_scene.cell, cell_scene.gripper, cell_scene.part
    T_world_flange = T_world_sheet @ part.fold(fold)[grip.flange]
    T_grip = T_world_flange @ grip.T_flange_tcp
    T_before = T_grip @ translation(0.0, 0.0, -APPROACH)
    direction = np.array([0.0, 0.0, 1.0]) if away is None else away
    T_after = translation(*(direction * LIFT)) @ T_grip
    touching = allowed | {(f"flange-{grip.flange}", "gripper")}
    resting = PartPlacement("world", grip.flange, T_world_flange, "station")
    holding = PartPlacement("tcp", grip.flange, grip.T_tcp_flange, "gripper")
    scene_approach = cell_scene.posed(brake=brake, gripper=gripper_open, placement=resting, fold=fold, allowed=touching)
    scene_grip = cell_scene.posed(brake=brake, placement=holding, fold=fold, allowed=touching)
    found: list[Reach] = []
    blocked: Clearance | None = None
    qs = solutions(cell, gripper, T_grip)
    # Most of what fails fails where the gripper meets the part.
    for scene in (scene_grip, scene_approach):
        if len(qs):
            free = scene.free(qs)
            blocked = blocked if np.any(free) else blocking(scene, qs)
            qs = qs[free]
    Ts_in, _ = polyline([T_grip, T_before])
    Ts_out, _ = polyline([T_grip, T_after])
    for q in qs:
        approach = track(cell, gripper, Ts_in, q)
        carry = track(cell, gripper, Ts_out, q)
        if approach is None or carry is None:
            continue
        if not path_is_free(scene_approach, approach):
            blocked = blocking(scene_approach, approach)
            continue
        if not path_is_free(scene_grip, carry):
            blocked = blocking(scene_grip, carry)
            continue
        found.append(Reach(T_world_sheet, approach[::-1], carry))
        if len(found) >= most:
            break
    return found, blocked


def station_groups(part: SheetPart, station: Station) -> Groups:
    """The part may touch the station it lies on."""
    groups = {body.group for body in station.bodies} | {"station", "pile"}
    return frozenset((mine, group) for mine in part_groups(part) for group in groups)


def deposit_poses(part: SheetPart, station: Station, grip: Grip, fold: Array, *, slot: int = 0) -> list[Array]:
    """T_world_sheet candidates of the finished part on an outfeed, gripper above or beside, lowest first.

    The part stands on its lowest points; its bounding box is centred in the slot.
    """
    Ts = part.fold(fold)
    T_sheet_held = Ts[grip.flange]
    poses: list[tuple[float, int, Array]] = []
    # The held flange lies level: its gripped face up for cups, either face up for jaws.
    ups = {"top": (True,), "bottom": (False,), "edge": (True, False)}[grip.face]
    for top_up in ups:
        for yaw in QUARTERS:
            R = rot_z(yaw) @ (np.eye(4) if top_up else rot_x(np.pi)) @ inverse(T_sheet_held)
            points = np.concatenate(
                [(hull @ Ts[f.index][:3, :3].T + Ts[f.index][:3, 3]) for f in part.flanges for hull in part.flange_hulls(f.index)]
            )
            points = points @ R[:3, :3].T + R[:3, 3]
            low, high = points.min(axis=0), points.max(axis=0)
            offset = slot_offsets(station, (high - low)[:2])
            if not offset:
                continue
            shift = translation(
                offset[slot][0] - (low[0] + high[0]) / 2,
                offset[slot][1] - (low[1] + high[1]) / 2,
                -low[2] + (DROP if grip.face == "edge" else 0.001),
            )
            poses.append((high[2] - low[2], len(poses), station.T_world_station @ shift @ R))
    return [pose for _, _, pose in sorted(poses, key=lambda item: (round(item[0], 4), item[1]))]


def slot_offsets(station: Station, size: Array) -> list[tuple[float, float]]:
    """Middles of the stacking slots on a pallet (x, y) [m], row by row; empty when the part does not fit."""
    pitch = size + station.gap
    fits = np.maximum(np.floor((np.array(station.size) + station.gap + 1e-9) / pitch), 0).astype(int)
    columns = min(station.columns or int(fits[0]), int(fits[0]))
    rows = min(station.rows or int(fits[1]), int(fits[1]))
    if columns < 1 or rows < 1:
        return []
    xs = (np.arange(columns) - (columns - 1) / 2) * pitch[0]
    ys = (np.arange(rows) - (rows - 1) / 2) * pitch[1]
    return [(float(x), float(y)) for y in ys for x in xs]


def regrip_poses(part: SheetPart, station: Station, fold: Array) -> list[tuple[Array, Groups]]:
    """T_world_sheet candidates of the part on a regrip station's cups, with the flange that lies on them.

    Each flange that covers the cups, either face on them, four directions, held in its middle or nearer its ends; the largest flange first.
    """
    Ts = part.fold(fold)
    poses: list[tuple[Array, Groups]] = []
    by_area = sorted(part.flanges, key=lambda flange: -flange.polygon.area)
    groups = {body.group for body in station.bodies}
    for flange in by_area:
        for x, y in _support_points(flange.polygon, station.size):
            for face_down in ("bottom", "top"):
                for yaw in QUARTERS:
                    R = rot_z(yaw) @ (np.eye(4) if face_down == "bottom" else rot_x(np.pi))
                    T_station_flange = translation(0.0, 0.0, part.thickness / 2) @ R @ translation(-x, -y, 0.0)
                    T_station_sheet = T_station_flange @ inverse(Ts[flange.index])
                    if _behind(part, T_station_sheet @ Ts, flange.index, station):
                        continue
                    allowed = frozenset((f"flange-{flange.index}", group) for group in groups)
                    poses.append((station.T_world_station @ T_station_sheet, allowed))
    return poses


def _support_points(polygon: Polygon | MultiPolygon, size: tuple[float, float]) -> list[tuple[float, float]]:
    """Points of the flange around which the station's cups find sheet: its middle, then towards the ends of its two axes, then its corners."""
    inner = polygon.buffer(-max(size) / 2)
    if inner.is_empty:
        inner = polygon.buffer(-min(size) / 2)
    if inner.is_empty:
        return []
    centroid = polygon.centroid
    middle = centroid if inner.contains(centroid) else inner.representative_point()
    x0, y0, x1, y1 = inner.bounds
    ends = [Point(x, middle.y) for x in (x0 + 1e-6, x1 - 1e-6)] + [Point(middle.x, y) for y in (y0 + 1e-6, y1 - 1e-6)]
    corners = [Point(x, y) for x in (x0 + 1e-6, x1 - 1e-6) for y in (y0 + 1e-6, y1 - 1e-6)]
    return [(float(point.x), float(point.y)) for point in (middle, *ends, *corners) if inner.covers(point)]


def _behind(part: SheetPart, Ts_station_flange: Array, on: int, station: Station) -> bool:
    """Whether another flange would go through the station's cups."""
    reach = max(station.size) / 2 + 0.02
    for flange in part.flanges:
        if flange.index == on:
            continue
        for hull in part.flange_hulls(flange.index):
            points = apply(Ts_station_flange[flange.index], hull)
            near = np.all(np.abs(points[:, :2]) < reach, axis=1)
            if np.any(points[near][:, 2] < -part.thickness):
                return True
    return False
