"""The cell as a tree of things to look at: meshes on nodes, and every node's place at every moment. Pictures and recording are made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import trimesh
from shapely import MultiPolygon, Polygon

from cells.model import Cell, Gripper
from cells.tooling import ToolSetup
from cells.tooling_hulls import setup_hulls
from core.frames import Array, from_rotation_vector, inverse, translation
from parts.sheet import SheetPart, zone_strip
from robots.mechanism import Joint, Mechanism
from sim.cell_scene import PARKED
from sim.plan import State

Color = tuple[float, float, float, float]
SLATS = 8
"""A bend zone is shown as this many flat strips."""
PUNCH: Color = (0.35, 0.37, 0.42, 1.0)
DIE: Color = (0.30, 0.32, 0.36, 1.0)
SHEET: Color = (0.42, 0.62, 0.82, 1.0)
ZONE: Color = (0.95, 0.60, 0.25, 1.0)


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """A mesh in its node's frame with its colour."""

    mesh: trimesh.Trimesh
    color: Color


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A thing that is posed as a whole.

    Attributes:
        name: Unique in the stage.
        parent: Index of the node it hangs on, -1: the world.
        T_parent: Its place while nothing moves (4, 4).
        pieces: What is seen; may be empty.
        moves: Whether its place in the parent ever changes.
    """

    name: str
    parent: int
    T_parent: Array
    pieces: tuple[Piece, ...]
    moves: bool


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
        out = _joint_places(robot, state.robot, self._robot)
        out |= _joint_places(self.gripper.mechanism, state.gripper, self._gripper)
        out |= _joint_places(brake, state.brake, self._brake)
        if self.part is None:
            return out
        Ts = self.part.fold(state.fold)
        out[self._sheet] = self._T_world_sheet(state, Ts)
        for flange in self.part.flanges:
            out[self._sheet + 1 + flange.index] = Ts[flange.index]
        for node, bend, share in self._slats:
            it = self.part.bends[bend]
            T = self.part.T_bend_child(bend, float(state.fold[bend]), share)
            out[node] = Ts[it.parent] @ it.T_sheet_bend @ T @ it.T_bend_sheet
        return out

    def world(self, state: State) -> Array:
        """T_world_node of every node (n, 4, 4)."""
        moved = self.places(state)
        Ts = np.empty((len(self.nodes), 4, 4))
        for index, node in enumerate(self.nodes):
            T = moved.get(index, node.T_parent)
            Ts[index] = T if node.parent < 0 else Ts[node.parent] @ T
        return Ts

    def _T_world_sheet(self, state: State, Ts_sheet_flange: Array) -> Array:
        if state.part is None:
            return PARKED
        T_holder = np.eye(4)
        if state.part.held_by == "tcp":
            robot = self.cell.robot
            T_holder = robot.T_world_base @ robot.model.fk(state.robot) @ self.gripper.T_flange_tcp
        T: Array = T_holder @ state.part.T_holder_flange @ inverse(Ts_sheet_flange[state.part.flange])
        return T


def build_stage(cell: Cell, setup: ToolSetup, part: SheetPart | None, gripper: Gripper) -> Stage:
    """Everything in the cell as nodes."""
    stage = Stage(cell, setup, part, gripper)
    nodes = stage.nodes
    stage._robot = 0
    _add_mechanism(nodes, cell.robot.model.mechanism, -1, cell.robot.T_world_base, "robot ")
    flange = cell.robot.model.mechanism.link_index(cell.robot.model.flange_link)
    stage._gripper = len(nodes)
    _add_mechanism(nodes, gripper.mechanism, flange, np.eye(4), "gripper ")
    stage._brake = len(nodes)
    _add_mechanism(nodes, cell.brake.mechanism, -1, cell.brake.T_world_brake, "brake ")
    ram = stage._brake + cell.brake.mechanism.link_index("ram")
    T_frame_ram = cell.brake.mechanism.fk(np.zeros(len(cell.brake.mechanism.joint_names)))[cell.brake.mechanism.link_index("ram")]
    hulls = setup_hulls(setup)
    punches = tuple(Piece(_hull(hull), PUNCH) for _, which, hull in hulls if which == "punch")
    dies = tuple(Piece(_hull(hull), DIE) for _, which, hull in hulls if which == "die")
    nodes.append(Node("punches", ram, inverse(T_frame_ram) @ translation(0.0, 0.0, cell.brake.daylight), punches, False))
    nodes.append(Node("dies", stage._brake, np.eye(4), dies, False))
    for body in (*cell.bodies, *(body for station in cell.stations.values() for body in station.bodies)):
        meshes = [body.visual] if body.visual is not None else [_hull(hull) for hull in body.hulls]
        nodes.append(Node(body.name, -1, body.T_world_body, tuple(Piece(mesh, body.color) for mesh in meshes), False))
    if part is None:
        return stage
    stage._sheet = len(nodes)
    nodes.append(Node("sheet", -1, np.eye(4), (), True))
    for one in part.flanges:
        pieces = tuple(Piece(_hull(hull), SHEET) for hull in part.flange_hulls(one.index))
        nodes.append(Node(f"flange {one.index + 1}", stage._sheet, np.eye(4), pieces, True))
    for bend in part.bends:
        for k in range(SLATS):
            strips = [_prism(piece, part.thickness) for piece in zone_strip(_zone(part, bend.index), bend, k, SLATS)]
            if strips:
                stage._slats.append((len(nodes), bend.index, (k + 0.5) / SLATS))
                pieces = tuple(Piece(mesh, ZONE) for mesh in strips)
                nodes.append(Node(f"bend {bend.index + 1} strip {k + 1}", stage._sheet, np.eye(4), pieces, True))
    return stage


def _add_mechanism(nodes: list[Node], mechanism: Mechanism, parent: int, T_root: Array, prefix: str) -> None:
    first = len(nodes)
    incoming = {joint.child: joint for joint in mechanism.joints}
    for index, link in enumerate(mechanism.links):
        pieces = [Piece(_placed(visual.mesh, visual.T_link_visual), visual.color) for visual in link.visuals]
        pieces = pieces or [Piece(_hull(hull), (0.6, 0.6, 0.6, 1.0)) for hull in link.hulls]
        joint = incoming.get(index)
        if joint is None:
            nodes.append(Node(prefix + link.name, parent, T_root, tuple(pieces), False))
        else:
            nodes.append(Node(prefix + link.name, first + joint.parent, joint.T_parent_joint, tuple(pieces), joint.kind != "fixed"))


def _joint_places(mechanism: Mechanism, q: Array, first: int) -> dict[int, Array]:
    out: dict[int, Array] = {}
    values = dict(zip(mechanism.joint_names, q, strict=True))
    for joint in mechanism.joints:
        if joint.kind != "fixed":
            out[first + joint.child] = joint.T_parent_joint @ _motion(joint, float(values[joint.name]))
    return out


def _motion(joint: Joint, value: float) -> Array:
    return translation(*(joint.axis * value)) if joint.kind == "prismatic" else from_rotation_vector(joint.axis * value)


def _zone(part: SheetPart, bend: int) -> Polygon | MultiPolygon:
    """The sheet in a bend's zone, in flat coordinates."""
    it = part.bends[bend]
    x, y, origin = it.T_sheet_bend[:2, 0], it.T_sheet_bend[:2, 1], it.T_sheet_bend[:2, 3]
    half, wide = float(np.linalg.norm(it.end - it.start)) / 2, it.allowance / 2
    band = Polygon([origin - x * half - y * wide, origin + x * half - y * wide, origin + x * half + y * wide, origin - x * half + y * wide])
    return part.flat.outline.intersection(band)


def _prism(polygon: Polygon, thickness: float) -> trimesh.Trimesh:
    ring = np.asarray(polygon.exterior.coords)[:-1]
    return _hull(np.concatenate([np.c_[ring, np.full(len(ring), z)] for z in (-thickness / 2, thickness / 2)]))


def _hull(points: Array) -> trimesh.Trimesh:
    return trimesh.convex.convex_hull(np.asarray(points, dtype=float))


def _placed(mesh: trimesh.Trimesh, T: Array) -> trimesh.Trimesh:
    moved: trimesh.Trimesh = mesh.copy()
    moved.apply_transform(T)
    return moved
