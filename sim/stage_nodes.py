"""Things to look at, as a tree: meshes on nodes that are posed as a whole. Pictures and recordings of any cell are made of such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import trimesh

from cells.model import Body
from core.frames import Array, from_rotation_vector, translation
from robots.mechanism import Joint, Mechanism

Color = tuple[float, float, float, float]
FENCE_OPACITY = 0.25
"""A fence must not hide the cell."""
Moment = TypeVar("Moment", contravariant=True)


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


class Staged(Protocol[Moment]):
    """A cell as nodes that knows where each is at a moment."""

    @property
    def nodes(self) -> list[Node]: ...

    def world(self, state: Moment) -> Array:
        """T_world_node of every node (n, 4, 4)."""
        ...


def world_places(nodes: Sequence[Node], moved: Mapping[int, Array]) -> Array:
    """T_world_node of every node (n, 4, 4), those in `moved` at another T_parent_node than their own."""
    Ts = np.empty((len(nodes), 4, 4))
    for index, node in enumerate(nodes):
        T = moved.get(index, node.T_parent)
        Ts[index] = T if node.parent < 0 else Ts[node.parent] @ T
    return Ts


def body_node(body: Body, parent: int = -1) -> Node:
    """A fixed body; fences are see-through."""
    meshes = [body.visual] if body.visual is not None else [hull_mesh(hull) for hull in body.hulls]
    color = (*body.color[:3], FENCE_OPACITY) if body.group == "fence" else body.color
    return Node(body.name, parent, body.T_world_body, tuple(Piece(mesh, color) for mesh in meshes), False)


def add_mechanism(nodes: list[Node], mechanism: Mechanism, parent: int, T_root: Array, prefix: str) -> None:
    """Appends a machine's links as a tree of nodes, its root at T_root in node `parent` (-1: the world)."""
    first = len(nodes)
    incoming = {joint.child: joint for joint in mechanism.joints}
    for index, link in enumerate(mechanism.links):
        pieces = [Piece(placed(visual.mesh, visual.T_link_visual), visual.color) for visual in link.visuals]
        pieces = pieces or [Piece(hull_mesh(hull), (0.6, 0.6, 0.6, 1.0)) for hull in link.hulls]
        joint = incoming.get(index)
        if joint is None:
            nodes.append(Node(prefix + link.name, parent, T_root, tuple(pieces), False))
        else:
            nodes.append(Node(prefix + link.name, first + joint.parent, joint.T_parent_joint, tuple(pieces), joint.kind != "fixed"))


def joint_places(mechanism: Mechanism, q: Array, first: int) -> dict[int, Array]:
    """T_parent_node by node index of the links that joints move; `first` is the node of the root link."""
    out: dict[int, Array] = {}
    values = dict(zip(mechanism.joint_names, q, strict=True))
    for joint in mechanism.joints:
        if joint.kind != "fixed":
            out[first + joint.child] = joint.T_parent_joint @ _motion(joint, float(values[joint.name]))
    return out


def _motion(joint: Joint, value: float) -> Array:
    return translation(*(joint.axis * value)) if joint.kind == "prismatic" else from_rotation_vector(joint.axis * value)


def hull_mesh(points: Array) -> trimesh.Trimesh:
    """A convex hull as a mesh."""
    return trimesh.convex.convex_hull(np.asarray(points, dtype=float))


def placed(mesh: trimesh.Trimesh, T: Array) -> trimesh.Trimesh:
    """A copy of a mesh, moved."""
    moved: trimesh.Trimesh = mesh.copy()
    moved.apply_transform(T)
    return moved
