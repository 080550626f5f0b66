"""The sheet part: flanges joined by bends, folded exactly at any angle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from shapely import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from core.frames import Array, apply
from parts.flat import FlatPattern
from parts.materials import Material


@dataclass(frozen=True, slots=True)
class Flange:
    """A flat region between bends. Its frame coincides with the sheet frame while the part is flat.

    Attributes:
        index: Position in `SheetPart.flanges`.
        polygon: Region in flat coordinates [m], bend zones cut away, with holes.
        bend: Index of the bend to its parent; None for the root.
        parent: Index of the flange nearer the root; None for the root.
    """

    index: int
    polygon: Polygon
    bend: int | None
    parent: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Bend:
    """One bend line between two flanges.

    The bend frame: origin in the middle of the line, x along the line, y from parent to child in the sheet plane, z = sheet z
    (so x = y cross z). `T_sheet_bend` gives it in flat coordinates.

    Attributes:
        index: Position in `SheetPart.bends`.
        start, end: Ends of the line in flat coordinates (2,) [m], ordered along the bend frame's x.
        angle: Target deflection from flat [rad]; positive up (towards sheet +z), negative down.
        radius: Inner radius at the target angle [m].
        allowance: Flat width of the bend zone [m], centred on the line; constant while bending.
        k_factor: Used for the allowance.
        parent, child: Flange indices.
        stroke: Index of the stroke (collinear bends made together).
        T_sheet_bend: Bend frame in flat coordinates (4, 4).
        T_bend_sheet: Its inverse.
    """

    index: int
    start: Array
    end: Array
    angle: float
    radius: float
    allowance: float
    k_factor: float
    parent: int
    child: int
    stroke: int
    T_sheet_bend: Array
    T_bend_sheet: Array


@dataclass(frozen=True, slots=True)
class Stroke:
    """Bends that one ram stroke makes: collinear, same angle, direction and radius.

    Attributes:
        index: Position in `SheetPart.strokes`.
        bends: Bend indices, in order along the line.
    """

    index: int
    bends: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class SheetPart:
    """A part made of flanges and bends, flat and folded at any angles. Made by `parts.build.build_sheet`.

    Attributes:
        name: Of the part.
        thickness: [m]
        material: Of the sheet.
        flanges: Flat regions.
        bends: Between them; a tree.
        strokes: Bends made together.
        root: Index of the flange whose frame is the sheet frame.
        zones: Flat region of each bend zone [m]; in pieces where holes lie on the line.
        flat: The flat pattern.
        order: Flange indices, parents before children.
        plates: Per flange, convex polygons (k, 2) that cover it for collision (small holes filled, grown by at most 0.4 mm).
    """

    name: str
    thickness: float
    material: Material
    flanges: tuple[Flange, ...]
    bends: tuple[Bend, ...]
    strokes: tuple[Stroke, ...]
    root: int
    zones: tuple[Polygon | MultiPolygon, ...]
    flat: FlatPattern
    order: tuple[int, ...]
    plates: tuple[tuple[Array, ...], ...]

    @property
    def target_angles(self) -> Array:
        """Signed angles of the finished part (n_bends,) [rad]."""
        return np.array([bend.angle for bend in self.bends])

    def fold(self, angles: Array) -> Array:
        """Ts_sheet_flange (n_flanges, 4, 4) at bend angles (n_bends,) [rad], positive up; identity for the root and while flat."""
        Ts = np.empty((len(self.flanges), 4, 4))
        for index in self.order:
            flange = self.flanges[index]
            if flange.bend is None or flange.parent is None:
                Ts[index] = np.eye(4)
                continue
            bend = self.bends[flange.bend]
            T_bend_child = self.T_bend_child(bend.index, float(angles[bend.index]))
            Ts[index] = Ts[flange.parent] @ bend.T_sheet_bend @ T_bend_child @ bend.T_bend_sheet
        return Ts

    def radius_at(self, bend: int, angle: float) -> float:
        """Inner radius [m] at a deflection: r = BA / b - K t, since the zone's neutral length stays; inf when flat."""
        if abs(angle) < 1e-12:
            return float("inf")
        return self.bends[bend].allowance / abs(angle) - self.bends[bend].k_factor * self.thickness

    def T_bend_child(self, bend: int, angle: float, share: float = 1.0) -> Array:
        """Pose (4, 4) in the bend frame of the sheet at `share` (0..1) of the way across the bend zone, relative to flat.

        At share 1 it is the child flange: Trans(0, -BA/2 + rm sin b, rm (1 - cos b)) Rx(b) Trans(0, -BA/2, 0) with rm the mid-plane
        radius; down bends mirror z. Written with sinc so that it is smooth through flat.
        """
        it = self.bends[bend]
        width = it.allowance
        # Mid-plane arc length: (BA / b + (1/2 - K) t) b.
        arc = width + (0.5 - it.k_factor) * self.thickness * abs(angle)
        b = angle * share
        c, s, sinc = math.cos(b), math.sin(b), _sinc(b)
        # The flat point at this share goes to the origin first: what it is moved by, turned.
        back = -width / 2 + width * share
        y = -width / 2 + arc * share * sinc - c * back
        z = arc * share * math.sin(b / 2) * _sinc(b / 2) - s * back
        return np.array(((1.0, 0.0, 0.0, 0.0), (0.0, c, -s, y), (0.0, s, c, z), (0.0, 0.0, 0.0, 1.0)))

    def zone_points(self, bend: int, angle: float, points: Array) -> Array:
        """Points of a bend zone in flat coordinates (k, 3), z from the mid-plane, at an angle, in the parent flange's frame (k, 3)."""
        it = self.bends[bend]
        local = apply(it.T_bend_sheet, points)
        share = local[:, 1] / it.allowance + 0.5
        b = angle * share
        arc = it.allowance + (0.5 - it.k_factor) * self.thickness * abs(angle)
        half = np.sinc(b / 2 / np.pi)
        y = -it.allowance / 2 + arc * share * np.sinc(b / np.pi) - local[:, 2] * np.sin(b)
        z = arc * share * np.sin(b / 2) * half + local[:, 2] * np.cos(b)
        return apply(it.T_sheet_bend, np.stack((local[:, 0], y, z), axis=1))

    def zone_flat(self, bend: int, angle: float, points: Array) -> Array:
        """The inverse of `zone_points` for a bend that is not flat: points in the parent flange's frame (k, 3) to flat coordinates (k, 3)."""
        it = self.bends[bend]
        local = apply(it.T_bend_sheet, points)
        sign = math.copysign(1.0, angle)
        radius = self.radius_at(bend, angle) + self.thickness / 2
        away_y, away_z = local[:, 1] + it.allowance / 2, local[:, 2] - sign * radius
        # From the parent's tangent line round the centre of the arc; counted on from the middle, so that hems do not break at half a turn.
        b = np.arctan2(away_y, -sign * away_z)
        b = (b - abs(angle) / 2 + math.pi) % (2 * math.pi) - math.pi + abs(angle) / 2
        y = it.allowance * (b / abs(angle) - 0.5)
        z = sign * (radius - np.hypot(away_y, away_z))
        return apply(it.T_sheet_bend, np.stack((local[:, 0], y, z), axis=1))

    def flange_hulls(self, flange: int) -> tuple[Array, ...]:
        """The flange's plates as prisms (2k, 3) in its frame."""
        return tuple(_prism(plate, self.thickness) for plate in self.plates[flange])

    def zone_hulls(self, bend: int, angle: float) -> tuple[Array, ...]:
        """Convex wedges (8, 3) that cover the bend zone at an angle, in the parent flange's frame; always `ZONE_PIECES` of them."""
        it = self.bends[bend]
        length = float(np.linalg.norm(it.end - it.start))
        half = self.thickness / 2
        step = abs(angle) / ZONE_PIECES
        # The outer side is circumscribed: the chord of the outer arc would cut its bulge off.
        outer = half + (0.0 if step < 1e-9 else (self.radius_at(bend, angle) + self.thickness) * (1 / np.cos(step / 2) - 1))
        low, high = (half, outer) if angle < 0 else (outer, half)
        sections = []
        for share in np.linspace(0.0, 1.0, ZONE_PIECES + 1):
            T = it.T_sheet_bend @ self.T_bend_child(bend, angle, float(share))
            y = -it.allowance / 2 + it.allowance * share
            corners = np.array([[x, y, z] for x in (-length / 2, length / 2) for z in (-low, high)])
            sections.append(corners @ T[:3, :3].T + T[:3, 3])
        return tuple(np.concatenate(pair) for pair in zip(sections[:-1], sections[1:], strict=True))

    @property
    def mass(self) -> float:
        """[kg]"""
        area = sum(flange.polygon.area for flange in self.flanges) + sum(zone.area for zone in self.zones)
        return float(area * self.thickness * self.material.density)

    def center_of_mass(self, angles: Array) -> Array:
        """(3,) [m] in the sheet frame."""
        masses, centres, _ = self._lumps(angles)
        com: Array = masses @ centres / masses.sum()
        return com

    def inertia(self, angles: Array) -> Array:
        """(3, 3) [kg m2] about the centre of mass, sheet axes."""
        masses, centres, inertias = self._lumps(angles)
        r = centres - masses @ centres / masses.sum()
        steiner = np.einsum("n,nij->ij", masses, np.einsum("nk,nk->n", r, r)[:, None, None] * np.eye(3) - r[:, :, None] * r[:, None, :])
        total: Array = inertias.sum(axis=0) + steiner
        return total

    def _lumps(self, angles: Array) -> tuple[Array, Array, Array]:
        """Masses (n,), centres (n, 3) and inertias (n, 3, 3) in the sheet frame: flanges, and zones as `MASS_STRIPS` flat strips."""
        Ts = self.fold(angles)
        lumps = []
        for flange in self.flanges:
            lumps.append((Ts[flange.index], flange.polygon))
        for bend, zone in zip(self.bends, self.zones, strict=True):
            for index in range(MASS_STRIPS):
                T = (
                    Ts[bend.parent]
                    @ bend.T_sheet_bend
                    @ self.T_bend_child(bend.index, float(angles[bend.index]), (index + 0.5) / MASS_STRIPS)
                    @ bend.T_bend_sheet
                )
                lumps += [(T, piece) for piece in zone_strip(zone, bend, index, MASS_STRIPS)]
        masses, centres, inertias = [], [], []
        for T, polygon in lumps:
            area, centre, second = second_moments(polygon)
            m = area * self.thickness * self.material.density
            J = np.zeros((3, 3))
            J[:2, :2] = second * self.thickness * self.material.density
            J[2, 2] = m * self.thickness**2 / 12
            # From the second-moment matrix to the inertia tensor.
            inertia = np.trace(J) * np.eye(3) - J
            masses.append(m)
            centres.append(T[:3, :3] @ np.array([*centre, 0.0]) + T[:3, 3])
            inertias.append(T[:3, :3] @ inertia @ T[:3, :3].T)
        return np.array(masses), np.array(centres), np.array(inertias)


ZONE_PIECES = 4
"""Wedges that stand for a bend zone in collision checks."""
MASS_STRIPS = 6
"""Flat strips that stand for a bend zone in mass properties."""


def _sinc(x: float) -> float:
    """sin(x) / x, 1 at 0."""
    return 1.0 if abs(x) < 1e-8 else math.sin(x) / x


def zone_strip(zone: Polygon | MultiPolygon, bend: Bend, index: int, count: int) -> list[Polygon]:
    """Strip `index` of `count` of a bend zone, across the line from parent to child; polygons in flat coordinates."""
    x, y, origin = bend.T_sheet_bend[:2, 0], bend.T_sheet_bend[:2, 1], bend.T_sheet_bend[:2, 3]
    reach = float(np.linalg.norm(bend.end - bend.start))
    low, high = (-bend.allowance / 2 + bend.allowance * k / count for k in (index, index + 1))
    band = Polygon(
        [origin - x * reach + y * low, origin + x * reach + y * low, origin + x * reach + y * high, origin - x * reach + y * high]
    )
    cut = zone.intersection(band)
    parts = getattr(cut, "geoms", (cut,))
    return [piece for piece in parts if isinstance(piece, Polygon) and piece.area > 1e-12]


def second_moments(polygon: Polygon) -> tuple[float, Array, Array]:
    """Area [m2], centroid (2,) and the matrix (2, 2) of second moments of area about the centroid [m4], holes taken out.

    Green's theorem over the rings (the usual shoelace sums).
    """
    area, first, second = 0.0, np.zeros(2), np.zeros((2, 2))
    shape = orient(polygon)
    base = np.array(shape.exterior.coords[0])
    for ring in (shape.exterior, *shape.interiors):
        p = np.asarray(ring.coords) - base
        a, b = p[:-1], p[1:]
        cross = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
        area += cross.sum() / 2
        first += ((a + b) * cross[:, None]).sum(axis=0) / 6
        s = a + b
        second += (
            np.einsum("n,ni,nj->ij", cross, a, a) / 24
            + np.einsum("n,ni,nj->ij", cross, b, b) / 24
            + np.einsum("n,ni,nj->ij", cross, s, s) / 24
        )
    centre = first / area
    return float(area), centre + base, second - area * np.outer(centre, centre)


def _prism(plate: Array, thickness: float) -> Array:
    half = np.full((len(plate), 1), thickness / 2)
    return np.concatenate((np.hstack((plate, -half)), np.hstack((plate, half))))
