"""A robot on a linear track: one mechanism of seven joints, the sliding one first, with its own URDF.

The track's description is parametric: a rail along the way and a carriage with the arm's base on top. Frame of the rail: the floor below the arm's
base when the track stands at 0, directions of the arm's base.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import trimesh
from lxml import etree

from core.errors import InputError
from core.frames import Array, translation
from core.units import to_mm
from robots.mechanism import Joint, Link, Mechanism, Visual
from robots.model import RobotModel

JOINT, RAIL, CARRIAGE = "track", "track_rail", "track_carriage"
CARRIAGE_LENGTH, CARRIAGE_WIDTH, RAIL_WIDTH = 1.0, 0.9, 0.7
"""Of the carriage along and across the way, and of the rail across it [m]."""
RAIL_SHARE = 0.55
"""The rail's share of the height at which the arm stands; the carriage has the rest."""
LOWEST = 0.15
"""The lowest carriage [m]: below, it would come too near to the floor."""
JERK_TIME = 0.1
"""Full acceleration is built up in this time [s]."""
RAIL_COLOR = (0.30, 0.33, 0.37, 1.0)
CARRIAGE_COLOR = (0.85, 0.55, 0.12, 1.0)


@dataclass(frozen=True, eq=False, slots=True)
class Track:
    """A linear axis under a robot.

    Attributes:
        axis: Direction of positive travel in the arm's base frame, unit (3,).
        lower, upper: Range of positions [m]; the carriage's middle stands below the arm's base.
        velocity: [m/s]
        acceleration: [m/s2]
        height: Of the arm's base above the floor [m].
    """

    axis: Array
    lower: float
    upper: float
    velocity: float
    acceleration: float
    height: float


def on_track(arm: RobotModel, track: Track) -> RobotModel:
    """The arm on a track: joints are the track's position [m] and then the arm's.

    Raises:
        InputError: When the track's figures or names cannot be used.
    """
    taken = {link.name for link in arm.mechanism.links} & {RAIL, CARRIAGE} | {JOINT} & set(arm.mechanism.joint_names)
    if taken:
        raise InputError(f"robot '{arm.name}' already has {', '.join(sorted(taken))}; it cannot be put on a track")
    if track.height < LOWEST:
        raise InputError(f"carriage_height_mm is {to_mm(track.height):g}; a carriage needs at least {to_mm(LOWEST):g}")
    if not track.lower < track.upper:
        raise InputError(f"the track ends at {to_mm(track.upper):g} mm, before it begins at {to_mm(track.lower):g}")
    turn = np.eye(4)
    turn[:3, 0], turn[:3, 2] = track.axis, (0.0, 0.0, 1.0)
    turn[:3, 1] = np.cross(turn[:3, 2], turn[:3, 0])
    rail_top = RAIL_SHARE * track.height
    middle, length = (track.lower + track.upper) / 2, track.upper - track.lower + CARRIAGE_LENGTH
    rail = _box(RAIL, (length, RAIL_WIDTH, rail_top), turn @ translation(middle, 0.0, rail_top / 2), RAIL_COLOR, 300.0 * length)
    size = (CARRIAGE_LENGTH, CARRIAGE_WIDTH, track.height - rail_top)
    carriage = _box(CARRIAGE, size, turn @ translation(0.0, 0.0, rail_top + size[2] / 2), CARRIAGE_COLOR, 600.0)
    mechanism = arm.mechanism
    joints = (
        Joint(JOINT, "prismatic", 0, 1, np.eye(4), track.axis, track.lower, track.upper, track.velocity),
        Joint("track_mount", "fixed", 1, 2, translation(0.0, 0.0, track.height), np.array([1.0, 0.0, 0.0])),
        *(replace(joint, parent=joint.parent + 2, child=joint.child + 2) for joint in mechanism.joints),
    )
    links = (rail, carriage, *mechanism.links)
    whole = Mechanism(f"{mechanism.name}-on-track", links, joints, _urdf(mechanism, links[:2], joints[:2]))
    root = mechanism.links[0].name
    # The arm's base is bolted to the carriage; the carriage runs on the rail.
    bolted = {(RAIL, CARRIAGE), (CARRIAGE, root)}
    return RobotModel(
        arm.name, whole, arm.flange_link, np.r_[track.acceleration, arm.acceleration], np.r_[track.acceleration / JERK_TIME, arm.jerk], arm.payload,
        arm.never_collide | bolted, arm.controller, arm.language, arm,
    )  # fmt: skip


def _box(name: str, size: tuple[float, float, float], T: Array, color: tuple[float, float, float, float], mass: float) -> Link:
    half = np.array(size) / 2
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    squares = np.square(size)
    inertia = mass / 12 * np.diag(squares.sum() - squares)
    visual = Visual(trimesh.creation.box(extents=size), T, color)
    hull = corners @ T[:3, :3].T + T[:3, 3]
    return Link(name, mass, T[:3, 3], T[:3, :3] @ inertia @ T[:3, :3].T, (hull,), (visual,))


def _urdf(arm: Mechanism, bodies: tuple[Link, ...], joints: tuple[Joint, ...]) -> str:
    """The arm's description with rail, carriage and their joints in front; other readers get the same machine."""
    root = etree.fromstring(arm.urdf_text.encode())
    first = 0
    for body in bodies:
        (visual,) = body.visuals
        T, size = visual.T_link_visual, visual.mesh.extents
        place = {"xyz": _words(T[:3, 3]), "rpy": f"0 0 {float(np.arctan2(T[1, 0], T[0, 0])):.12g}"}
        link = etree.Element("link", name=body.name)
        inertial = etree.SubElement(link, "inertial")
        etree.SubElement(inertial, "origin", xyz=_words(body.com), rpy="0 0 0")
        etree.SubElement(inertial, "mass", value=f"{body.mass:g}")
        i = body.inertia
        names = {"ixx": i[0, 0], "ixy": i[0, 1], "ixz": i[0, 2], "iyy": i[1, 1], "iyz": i[1, 2], "izz": i[2, 2]}
        etree.SubElement(inertial, "inertia", {key: f"{float(value):.12g}" for key, value in names.items()})
        for tag in ("visual", "collision"):
            shape = etree.SubElement(link, tag)
            etree.SubElement(shape, "origin", place)
            etree.SubElement(etree.SubElement(shape, "geometry"), "box", size=_words(size))
            if tag == "visual":
                etree.SubElement(etree.SubElement(shape, "material", name=body.name), "color", rgba=_words(np.array(visual.color)))
        root.insert(first, link)
        first += 1
    ends = (bodies[0].name, bodies[1].name, arm.links[0].name)
    for joint, parent, child in zip(joints, ends[:-1], ends[1:], strict=True):
        element = etree.Element("joint", name=joint.name, type=joint.kind)
        etree.SubElement(element, "origin", xyz=_words(joint.T_parent_joint[:3, 3]), rpy="0 0 0")
        etree.SubElement(element, "parent", link=parent)
        etree.SubElement(element, "child", link=child)
        if joint.kind == "prismatic":
            etree.SubElement(element, "axis", xyz=_words(joint.axis))
            limits = {"lower": joint.lower, "upper": joint.upper, "velocity": joint.velocity, "effort": 0.0}
            etree.SubElement(element, "limit", {key: f"{value:.12g}" for key, value in limits.items()})
        root.insert(first, element)
        first += 1
    text: str = etree.tostring(root, encoding="unicode")
    return text


def _words(values: Array) -> str:
    return " ".join(f"{float(value):.12g}" for value in values)
