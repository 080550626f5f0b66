"""A bending cell as a tree of things to look at (`sim.stage_nodes`), and every node's place at every moment. Pictures and recording are made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import trimesh
from shapely import Polygon, constrained_delaunay_triangles
from shapely.geometry.polygon import orient

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from cells.tooling_hulls import setup_hulls
from core.frames import Array, inverse, translation
from parts.sheet import SheetPart, zone_strip
from sim.cell_scene import PARKED
from sim.plan import State
from sim.stage_nodes import Color, Node, Piece, add_mechanism, body_node, hull_mesh, joint_places, world_places

SLATS = 8
"""A bend zone is shown as this many flat strips."""
SMOOTH = 1e-4
"""Outlines are shown with fewer corners, this near to the true ones [m]."""
PUNCH: Color = (0.35, 0.37, 0.42, 1.0)
DIE: Color = (0.30, 0.32, 0.36, 1.0)
SHEET: Color = (0.42, 0.62, 0.82, 1.0)
ZONE: Color = (0.95, 0.60, 0.25, 1.0)


@dataclass(eq=False, slots=True)
class Stage:
    """All nodes of a cell with a part.

    Attributes:
        nodes: Parents before children.
        cell, setup, part, gripper: What they show; part None: the cell without a sheet.
    """

    cell: Cell
    setup: ToolSetup
    part: SheetPart | None
    gripper: Gripper
    nodes: list[Node] = field(default_factory=list)
    _robot: int = 0
    _gripper: int = 0
    _brake: int = 0
    _sheet: int = 0
    _slats: list[tuple[int, int, float]] = field(default_factory=list)

    def places(self, state: State) -> dict[int, Array]:
        """T_parent_node of every node that moves (4, 4), by index."""
        robot, brake = self.cell.robot.model.mechanism, self.cell.brake.mechanism
        out = joint_places(robot, state.robot, self._robot)
        out |= joint_places(self.gripper.mechanism, state.gripper, self._gripper)
        out |= joint_places(brake, state.brake, self._brake)
        if self.part is None:
            return out
        Ts = self.part.fold(state.fold)
        out[self._sheet] = T_world_sheet(self.cell, self.gripper, self.part, state)
        for flange in self.part.flanges:
            out[self._sheet + 1 + flange.index] = Ts[flange.index]
        for node, bend, share in self._slats:
            it = self.part.bends[bend]
            T = self.part.T_bend_child(bend, float(state.fold[bend]), share)
            out[node] = Ts[it.parent] @ it.T_sheet_bend @ T @ it.T_bend_sheet
        return out

    def world(self, state: State) -> Array:
        """T_world_node of every node (n, 4, 4)."""
        return world_places(self.nodes, self.places(state))


def T_world_sheet(cell: Cell, gripper: Gripper, part: SheetPart, state: State) -> Array:
    """Where the sheet's frame is at a moment (4, 4); far below the floor while there is no part."""
    if state.part is None:
        return PARKED
    T_holder = np.eye(4)
    if state.part.held_by == "tcp":
        T_holder = cell.robot.T_world_base @ cell.robot.model.fk(state.robot) @ gripper.T_flange_tcp
    T: Array = T_holder @ state.part.T_holder_flange @ inverse(part.fold(state.fold)[state.part.flange])
    return T


def build_stage(cell: Cell, setup: ToolSetup, part: SheetPart | None, gripper: Gripper) -> Stage:
    """Everything in the cell as nodes."""
    stage = Stage(cell, setup, part, gripper)
    nodes = stage.nodes
    stage._robot = 0
    add_mechanism(nodes, cell.robot.model.mechanism, -1, cell.robot.T_world_base, "robot ")
    flange = cell.robot.model.mechanism.link_index(cell.robot.model.flange_link)
    stage._gripper = len(nodes)
    add_mechanism(nodes, gripper.mechanism, flange, np.eye(4), "gripper ")
    stage._brake = len(nodes)
    add_mechanism(nodes, cell.brake.mechanism, -1, cell.brake.T_world_brake, "brake ")
    ram = stage._brake + cell.brake.mechanism.link_index("ram")
    T_frame_ram = cell.brake.mechanism.fk(np.zeros(len(cell.brake.mechanism.joint_names)))[cell.brake.mechanism.link_index("ram")]
    hulls = setup_hulls(setup)
    T_ram_seat = inverse(T_frame_ram) @ translation(0.0, 0.0, cell.brake.daylight)
    for name in dict.fromkeys(name for name, _, _ in hulls):
        upper = name.startswith("punch")
        pieces = tuple(Piece(hull_mesh(hull), PUNCH if upper else DIE) for other, _, hull in hulls if other == name)
        nodes.append(Node(name, ram if upper else stage._brake, T_ram_seat if upper else np.eye(4), pieces, False))
    nodes += [body_node(body) for body in (*cell.bodies, *(body for station in cell.stations.values() for body in station.bodies))]
    if part is None:
        return stage
    stage._sheet = len(nodes)
    nodes.append(Node("sheet", -1, np.eye(4), (), True))
    for one in part.flanges:
        shown = one.polygon.simplify(SMOOTH)
        nodes.append(Node(f"flange {one.index + 1}", stage._sheet, np.eye(4), (Piece(_plate(shown, part.thickness), SHEET),), True))
    for bend in part.bends:
        for k in range(SLATS):
            strips = [_plate(piece, part.thickness) for piece in zone_strip(part.zones[bend.index], bend, k, SLATS)]
            if strips:
                stage._slats.append((len(nodes), bend.index, (k + 0.5) / SLATS))
                pieces = tuple(Piece(mesh, ZONE) for mesh in strips)
                nodes.append(Node(f"bend {bend.index + 1} strip {k + 1}", stage._sheet, np.eye(4), pieces, True))
    return stage


def _plate(polygon: Polygon, thickness: float) -> trimesh.Trimesh:
    """A flat region with its holes as a plate about z = 0, triangles outwards."""
    shape = orient(polygon)
    corners = [np.asarray(piece.exterior.coords)[:3] for piece in constrained_delaunay_triangles(shape).geoms]
    flat = np.array([ring if _turns_left(ring) else ring[::-1] for ring in corners]).reshape(-1, 2)
    half = np.full((len(flat), 1), thickness / 2)
    faces = [np.hstack((flat, half)), np.hstack((flat, -half)).reshape(-1, 3, 3)[:, ::-1].reshape(-1, 3)]
    for ring in (shape.exterior, *shape.interiors):
        p = np.asarray(ring.coords)[:, :2]
        low, high = np.c_[p, np.full(len(p), -thickness / 2)], np.c_[p, np.full(len(p), thickness / 2)]
        a, b, c, d = low[:-1], low[1:], high[1:], high[:-1]
        faces.append(np.stack((a, b, c, a, c, d), axis=1).reshape(-1, 3))
    points = np.concatenate(faces)
    return trimesh.Trimesh(points, np.arange(len(points)).reshape(-1, 3))


def _turns_left(ring: Array) -> bool:
    (ax, ay), (bx, by) = ring[1] - ring[0], ring[2] - ring[0]
    return bool(ax * by - ay * bx > 0)
