"""Where a gripper can hold the part: cups on sheet, jaws on an edge, and enough force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from shapely import MultiPoint, Point, Polygon, box, prepare
from shapely.affinity import rotate, translate

from cells.model import Gripper
from core.frames import Array, from_axes
from parts.sheet import SheetPart

GRAVITY = 9.81
CUP_EDGE_MARGIN = 3e-3
"""A cup keeps this far from edges, holes and bend zones [m]."""
ACCELERATION = 6.0
"""Worst acceleration of a held sheet, added to gravity [m/s2]."""


@dataclass(frozen=True, eq=False, slots=True)
class Grip:
    """One way to hold the part.

    Attributes:
        flange: The flange held.
        face: `top` (sheet +z), `bottom`, or `edge` for a clamp.
        T_flange_tcp: TCP in the flange's frame (4, 4).
        active_cups: Indices of cups that seal; empty for a clamp.
        holding: Holding force over the worst load (1 = just holds).
        offset: Distance of the TCP from the flat part's centre of mass [m].
    """

    flange: int
    face: Literal["top", "bottom", "edge"]
    T_flange_tcp: Array
    active_cups: tuple[int, ...]
    holding: float
    offset: float

    @property
    def T_tcp_flange(self) -> Array:
        """The flange's frame seen from the TCP."""
        R = self.T_flange_tcp[:3, :3].T
        T = np.eye(4)
        T[:3, :3] = R
        T[:3, 3] = -R @ self.T_flange_tcp[:3, 3]
        return T


def candidate_grips(part: SheetPart, gripper: Gripper, *, flanges: tuple[int, ...] | None = None) -> tuple[Grip, ...]:
    """All grips on a grid, best first: nearest the centre of mass, larger force.

    Args:
        part: The part (its flat counts; flanges keep their shape).
        gripper: Vacuum frame or clamp.
        flanges: Only these; None: all.
    """
    chosen = range(len(part.flanges)) if flanges is None else flanges
    com = part.center_of_mass(np.zeros(len(part.bends)))[:2]
    grips: list[Grip] = []
    for flange in chosen:
        grips += _vacuum_grips(part, gripper, flange, com) if gripper.kind == "vacuum" else _clamp_grips(part, gripper, flange, com)
    return tuple(
        sorted(grips, key=lambda grip: (round(grip.offset / 0.02), grip.face != "bottom", -len(grip.active_cups), round(grip.offset, 6)))
    )


def holdable(part: SheetPart, gripper: Gripper) -> tuple[bool, ...]:
    """For every flange whether the gripper can hold the part by it at all."""
    return tuple(bool(candidate_grips(part, gripper, flanges=(flange.index,))) for flange in part.flanges)


def _vacuum_grips(part: SheetPart, gripper: Gripper, flange: int, com: Array) -> list[Grip]:
    polygon = part.flanges[flange].polygon
    inner = polygon.buffer(-CUP_EDGE_MARGIN)
    others = part.flat.outline.difference(polygon.buffer(1e-6))
    if inner.is_empty:
        return []
    # Of holes too, and of every piece where slots near the edge part the region.
    rim = inner.boundary
    prepare(inner)
    prepare(rim)
    radius = max(cup.radius for cup in gripper.cups)
    x_min, y_min, x_max, y_max = inner.bounds
    # Of its own along each axis: across a narrow flange a few millimetres decide what the gripper comes close to.
    x_step, y_step = (max(0.01, min(0.04, extent / 12)) for extent in (x_max - x_min, y_max - y_min))
    grips = []
    for x in _grid(x_min, x_max, x_step, float(np.clip(com[0], x_min, x_max))):
        for y in _grid(y_min, y_max, y_step, float(np.clip(com[1], y_min, y_max))):
            for yaw in (0.0, np.pi / 2):
                c, s = np.cos(yaw), np.sin(yaw)
                active = []
                spoiled = False
                for index, cup in enumerate(gripper.cups):
                    # A cup seen in flat coordinates; cups are symmetric about the TCP, so both faces share the test.
                    disc = Point(x + c * cup.x - s * cup.y, y + s * cup.x + c * cup.y)
                    if inner.distance(disc) == 0.0 and rim.distance(disc) >= cup.radius:
                        active.append(index)
                    elif not others.is_empty and others.distance(disc) < cup.radius + CUP_EDGE_MARGIN:
                        spoiled = True
                        break
                if spoiled or len(active) < 2:
                    continue
                holding = _vacuum_holding(part, gripper, active, np.array([com[0] - x, com[1] - y]), yaw)
                if holding < gripper.safety_factor:
                    continue
                offset = float(np.hypot(com[0] - x, com[1] - y))
                for face, z, sign in (("bottom", -part.thickness / 2, 1.0), ("top", part.thickness / 2, -1.0)):
                    for turn in (0.0, np.pi):
                        ct, st = np.cos(yaw + turn), np.sin(yaw + turn)
                        x_axis = np.array([ct, st, 0.0])
                        z_axis = np.array([0.0, 0.0, sign])
                        T = from_axes(x_axis, np.cross(z_axis, x_axis), z_axis, (x, y, z))
                        grips.append(Grip(flange, face, T, tuple(active), holding, offset))  # type: ignore[arg-type]
    del radius
    return grips


def _vacuum_holding(part: SheetPart, gripper: Gripper, active: list[int], com_offset: Array, yaw: float) -> float:
    """Holding force over load, the worst of lifting, sliding and peeling.

    Lifting: all cups together against m (g + a). Sliding: friction of all cups against the same load along the sheet. Peeling: the load's
    moment about the tilting line through the outermost active cups on the far side, taken by the cups (rigid sheet, cups as springs on one line).
    """
    load = part.mass * (GRAVITY + ACCELERATION)
    force = [np.pi * gripper.cups[i].radius ** 2 * gripper.vacuum for i in active]
    total = sum(force)
    lifting = total / load
    sliding = gripper.friction * total / load
    c, s = np.cos(yaw), np.sin(yaw)
    centres = np.array([[c * gripper.cups[i].x - s * gripper.cups[i].y, s * gripper.cups[i].x + c * gripper.cups[i].y] for i in active])
    lever = com_offset - np.average(centres, axis=0, weights=force)
    arm = float(np.hypot(*lever))
    if arm < 1e-3:
        return float(min(lifting, sliding))
    direction = lever / arm
    along = centres @ direction
    resisting = float(np.dot(force, along - along.min()))
    reach = float(com_offset @ direction - along.min())
    if MultiPoint(centres).convex_hull.distance(Point(*com_offset)) == 0.0:
        return float(min(lifting, sliding))
    peeling = resisting / (load * reach) if reach > 0 else np.inf
    return float(min(lifting, sliding, peeling))


def _clamp_grips(part: SheetPart, gripper: Gripper, flange: int, com: Array) -> list[Grip]:
    jaws = gripper.jaws
    if jaws is None or jaws.opening < part.thickness + 1e-3:
        return []
    polygon = part.flanges[flange].polygon
    load = part.mass * (GRAVITY + ACCELERATION)
    grips = []
    outside = part.flat.outline.boundary.buffer(1e-5)
    for start, end in _straight_edges(polygon):
        length = float(np.linalg.norm(end - start))
        if length < 0.5 * jaws.width:
            continue
        along = (end - start) / length
        inward = np.array([-along[1], along[0]])
        middle = (start + end) / 2
        # Only a free edge of the sheet can be clamped, not the border of a bend zone.
        if not outside.contains(Point(*middle)):
            continue
        for shift in _grid(0.0, length, max(0.01, length / 16), length / 2):
            mouth = start + along * shift
            covered = _oriented_box(mouth, along, jaws.width, jaws.depth)
            on_sheet = polygon.intersection(covered).area
            if (
                on_sheet < 0.6 * min(jaws.width, length) * jaws.depth
                or part.flat.outline.difference(polygon).intersection(covered).area > 1e-8
            ):
                continue
            offset = float(np.hypot(*(com - mouth)))
            # Friction of two faces against the weight, and the weight's moment about the jaws against the clamping force over their depth.
            sliding = 2 * gripper.friction * jaws.force / load
            prying = jaws.force * jaws.depth / 2 / (load * max(offset, 1e-3))
            holding = min(sliding, prying)
            if holding < gripper.safety_factor:
                continue
            for sign in (1.0, -1.0):
                y_axis = np.array([0.0, 0.0, sign])
                z_axis = np.array([inward[0], inward[1], 0.0])
                T = from_axes(np.cross(y_axis, z_axis), y_axis, z_axis, (mouth[0], mouth[1], 0.0))
                grips.append(Grip(flange, "edge", T, (), holding, offset))
    return grips


def _straight_edges(polygon: Polygon) -> list[tuple[Array, Array]]:
    """Edges of the exterior, counter-clockwise (material to the left), collinear runs joined."""
    ring = np.array(polygon.exterior.simplify(1e-5).coords)
    if not polygon.exterior.is_ccw:
        ring = ring[::-1]
    return [(ring[i], ring[i + 1]) for i in range(len(ring) - 1)]


def _oriented_box(mouth: Array, along: Array, width: float, depth: float) -> Polygon:
    """Rectangle that the jaws cover: `width` along the edge, `depth` into the sheet (to the left of `along`)."""
    angle = np.degrees(np.arctan2(along[1], along[0]))
    return translate(rotate(box(-width / 2, 0.0, width / 2, depth), angle, origin=(0, 0)), *mouth)


def _grid(low: float, high: float, step: float, through: float) -> list[float]:
    """Grid points in [low, high], one of them `through`."""
    before = np.arange(through, low - 1e-9, -step)[::-1]
    after = np.arange(through + step, high + 1e-9, step)
    return [float(v) for v in (*before, *after)]
