"""What scenes of bending and of welding cells are put together from: machines with their hulls, and the arm with the tool bolted to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.frames import Array
from robots.mechanism import Mechanism
from robots.model import RobotModel
from sim.scene_structure import SceneBody, SceneLink

Groups = frozenset[tuple[str, str]]
"""Pairs of groups that may touch."""
ARM = ("robot", "gripper", "torch", "nozzle", "wire")
"""Groups of the arm and its tool."""
SELF_MARGIN = 0.001
"""Links of one arm pass close to each other by design [m]."""
_X = np.array([1.0, 0.0, 0.0])


def fixed_link(name: str, parent: int, T_parent_link: Array) -> SceneLink:
    """A link that no joint moves."""
    return SceneLink(name, parent, T_parent_link, "fixed", _X, -1)


def attach(
    links: list[SceneLink],
    bodies: list[SceneBody],
    mechanism: Mechanism,
    root: tuple[int, Array],
    *,
    prefix: str,
    group: Callable[[str], str],
    q_start: int | None,
) -> tuple[int, ...]:
    """Appends a mechanism's links and hulls and returns the indices of its links.

    Args:
        links, bodies: Of the scene that is being built.
        mechanism: The machine.
        root: Parent link (-1: the world) and pose of the root link in it.
        prefix: Before the link's name.
        group: Group by link name.
        q_start: Index of its first joint in the scene's q; None freezes its joints (they are posed).
    """
    first = len(links)
    incoming = {joint.child: joint for joint in mechanism.joints}
    index_of = {name: i for i, name in enumerate(mechanism.joint_names)}
    for index, link in enumerate(mechanism.links):
        joint = incoming.get(index)
        name = f"{prefix}{link.name}"
        if joint is None:
            links.append(fixed_link(name, *root))
        elif q_start is None or joint.kind == "fixed":
            links.append(fixed_link(name, first + joint.parent, joint.T_parent_joint))
        else:
            links.append(
                SceneLink(name, first + joint.parent, joint.T_parent_joint, joint.kind, joint.axis, q_start + index_of[joint.name])
            )
        bodies += [SceneBody(name, group(link.name), first + index, hull, link.hull_gap) for hull in link.hulls]
    return tuple(range(first, first + len(mechanism.links)))


def carriers(model: RobotModel) -> frozenset[str]:
    """Links between the last moving joint and the flange, by name: the tool is bolted to them."""
    mechanism = model.mechanism
    incoming = {joint.child: joint for joint in mechanism.joints}
    link = mechanism.link_index(model.flange_link)
    names = {mechanism.links[link].name}
    while link in incoming and incoming[link].kind == "fixed":
        link = incoming[link].parent
        names.add(mechanism.links[link].name)
    return frozenset(names)


def never_meeting(model: RobotModel, robot_links: tuple[int, ...], tool_links: tuple[int, ...]) -> frozenset[tuple[int, int]]:
    """Pairs of scene links that are joined, or that the robot's model knows never to collide."""
    index = model.mechanism.link_index
    pairs = {(robot_links[index(a)], robot_links[index(b)]) for a, b in model.never_collide}
    pairs |= {(robot_links[index(name)], link) for name in carriers(model) for link in tool_links}
    return frozenset(pairs)
