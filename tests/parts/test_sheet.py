"""Folding against hand formulas."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import box

from core.errors import InputError
from parts.build import BendSpec, build_sheet
from parts.convex import convex_pieces
from parts.flat import BendLine, FlatPattern
from parts.materials import material
from tests.conftest import folded_points, strip

T, R, K = 2e-3, 2e-3, 0.42
DEDUCTION = 2 * (R + T) - np.pi / 2 * (R + K * T)


def test_l_leg_heights_by_hand():
    part = strip([0.05 - DEDUCTION / 2], 0.08 - DEDUCTION, 0.04)
    points = folded_points(part, part.target_angles)
    # The short leg's end stands 30 mm above the outer (lower) face of the long leg, which is at -t/2.
    assert points[:, 2].max() - (-T / 2) == pytest.approx(0.03, abs=1e-5)


def test_fold_of_zero_is_flat_and_smooth_through_it():
    part = strip([0.03, 0.07], 0.1, 0.05)
    assert np.allclose(part.fold(np.zeros(2)), np.eye(4), atol=0)
    for small in (1e-12, 1e-9, 1e-6):
        assert np.abs(part.fold(np.full(2, small)) - np.eye(4)).max() < 3 * small


def test_every_flange_moves_rigidly():
    part = strip([0.03, 0.07], 0.1, 0.05, [1, -1])
    for T_flange in part.fold(np.array([1.1, -0.7])):
        assert T_flange[:3, :3] @ T_flange[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(T_flange[:3, :3]) == pytest.approx(1.0)


def test_zone_keeps_its_neutral_length():
    part = strip([0.05], 0.1, 0.05)
    bend = part.bends[0]
    for angle in (0.2, 0.9, np.pi / 2):
        assert angle * (part.radius_at(0, angle) + bend.k_factor * part.thickness) == pytest.approx(bend.allowance, rel=1e-12)


def test_mass_and_centre_of_mass_flat():
    part = strip([0.05], 0.1, 0.05)
    assert part.mass == pytest.approx(0.1 * 0.05 * T * 7850, rel=1e-3)
    assert part.center_of_mass(np.zeros(1)) == pytest.approx([0.05, 0.025, 0.0], abs=1e-5)
    m = part.mass
    assert part.inertia(np.zeros(1))[2, 2] == pytest.approx(m * (0.1**2 + 0.05**2) / 12, rel=1e-3)


def test_zone_hulls_cover_the_arc():
    part = strip([0.05], 0.1, 0.05)
    bend = part.bends[0]
    for angle in (0.3, np.pi / 2):
        hulls = part.zone_hulls(0, angle)
        from scipy.spatial import ConvexHull

        planes = [ConvexHull(hull).equations for hull in hulls]
        for share in np.linspace(0.0, 1.0, 23):
            T_zone = bend.T_sheet_bend @ part.T_bend_child(0, angle, share)
            for z in (-T / 2, T / 2):
                p = T_zone @ np.array([0.0, -bend.allowance / 2 + bend.allowance * share, z, 1.0])
                assert min(float(np.max(e[:, :3] @ p[:3] + e[:, 3])) for e in planes) < 2e-5


def test_ring_of_flanges_is_refused():
    outline = box(0, 0, 0.3, 0.3).difference(box(0.1, 0.1, 0.2, 0.2))
    lines = tuple(
        BendLine(np.array(a), np.array(b))
        for a, b in (((0.0, 0.15), (0.1, 0.15)), ((0.2, 0.15), (0.3, 0.15)), ((0.15, 0.0), (0.15, 0.1)), ((0.15, 0.2), (0.15, 0.3)))
    )
    with pytest.raises(InputError, match="ring"):
        build_sheet(FlatPattern("ring", outline, lines), thickness=1e-3, material=material("mild-steel"), specs=[BendSpec(1.0, 1e-3)] * 4)


def test_too_narrow_flange_is_refused_with_its_place():
    flat = FlatPattern("narrow", box(0, 0, 0.1, 0.05), (BendLine(np.array([0.001, 0.0]), np.array([0.001, 0.05])),))
    with pytest.raises(InputError, match="no flange beside bend 1"):
        build_sheet(flat, thickness=2e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 2e-3)])


def test_collinear_bends_are_one_stroke():
    outline = box(0, 0, 0.2, 0.1).difference(box(0.09, 0.05, 0.11, 0.1))
    lines = (BendLine(np.array([0.0, 0.07]), np.array([0.09, 0.07])), BendLine(np.array([0.11, 0.07]), np.array([0.2, 0.07])))
    part = build_sheet(
        FlatPattern("two tabs", outline, lines), thickness=1e-3, material=material("mild-steel"), specs=[BendSpec(np.pi / 2, 1e-3)] * 2
    )
    assert [sorted(stroke.bends) for stroke in part.strokes] == [[0, 1]]


def test_convex_pieces_cover_a_concave_polygon_with_a_hole():
    shape = box(0, 0, 4, 3).difference(box(1, 1, 2, 2)).difference(box(3, 2, 4, 3))
    pieces = convex_pieces(shape)
    area = sum(0.5 * abs(np.sum(p[:, 0] * np.roll(p[:, 1], -1) - p[:, 1] * np.roll(p[:, 0], -1))) for p in pieces)
    assert area == pytest.approx(shape.area, rel=1e-9)
    for p in pieces:
        d = np.roll(p, -1, axis=0) - p
        assert np.all(d[:, 0] * np.roll(d[:, 1], -1) - d[:, 1] * np.roll(d[:, 0], -1) >= -1e-12)
