"""Torch frames against poses worked out by hand."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from cells.weld_model import Window
from core.units import DEG
from parts.seam import Seam
from sim.weld.torch import ROLLING, angles, biased, piece_of, seam_frames, torch_poses

ROOT_HALF = np.sqrt(0.5)


def straight(kind: Literal["fillet", "lap", "corner", "butt"] = "fillet", n_b: tuple[float, float, float] = (0.0, 1.0, 0.0)) -> Seam:
    """Along x: face a is the floor plate (normal +z, running to +y), face b the web (normal +y, rising along +z)."""
    points = np.array([[0.0, 0, 0], [0.1, 0, 0]])
    return Seam("1", kind, points, np.tile([0.0, 0, 1], (2, 1)), np.tile(n_b, (2, 1)), "line", False, ("floor", "web"), 0.006, 0.006)


def ring(radius: float = 0.03, count: int = 73) -> Seam:
    """A tube on a plate, welded counter-clockwise seen from above: plate normal +z, tube normal outwards."""
    phi = np.linspace(0.0, 2 * np.pi, count)
    out = np.stack([np.cos(phi), np.sin(phi), np.zeros(count)], axis=1)
    return Seam("1", "fillet", radius * out, np.tile([0.0, 0, 1], (count, 1)), out, "arc", True, ("plate", "tube"), 0.006, 0.003)


def test_fillet_without_angles_points_into_the_corner() -> None:
    T = torch_poses(seam_frames(straight(), 0.02), 0.0, 0.0, 0.0)[0]
    np.testing.assert_allclose(T[:3, 2], (0, -ROOT_HALF, -ROOT_HALF), atol=1e-12)
    np.testing.assert_allclose(T[:3, 0], (1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(T[:3, 1], (0, -ROOT_HALF, ROOT_HALF), atol=1e-12)
    np.testing.assert_allclose(T[:3, 3], 0.0, atol=1e-12)


def test_torch_at_ninety_degrees_to_the_floor() -> None:
    # 45 deg from the bisector towards the web: the torch stands upright over the root.
    T = torch_poses(seam_frames(straight(), 0.02), 45 * DEG, 0.0, 0.0)[0]
    np.testing.assert_allclose(T[:3, 2], (0, 0, -1), atol=1e-12)
    np.testing.assert_allclose(T[:3, 0], (1, 0, 0), atol=1e-12)


def test_torch_at_ninety_degrees_on_a_butt_seam() -> None:
    T = torch_poses(seam_frames(straight("butt", (0, 0, 1)), 0.02), 0.0, 0.0, 90 * DEG)[0]
    np.testing.assert_allclose(T[:3, 2], (0, 0, -1), atol=1e-12)
    # A quarter turn about the wire (Z down): X goes from +x to what Y was, Z x X = -z x x = -y.
    np.testing.assert_allclose(T[:3, 0], (0, -1, 0), atol=1e-12)
    # Face b lies to the right: at 10 deg the torch leans to -y.
    leaning = torch_poses(seam_frames(straight("butt", (0, 0, 1)), 0.02), 10 * DEG, 0.0, 0.0)[0]
    np.testing.assert_allclose(-leaning[:3, 2], (0, -np.sin(10 * DEG), np.cos(10 * DEG)), atol=1e-12)


def test_drag_leans_forward_and_push_leans_back() -> None:
    frames = seam_frames(straight("butt", (0, 0, 1)), 0.02)
    drag, push = (torch_poses(frames, 0.0, v * DEG, 0.0)[0] for v in (10, -10))
    np.testing.assert_allclose(-drag[:3, 2], (np.sin(10 * DEG), 0, np.cos(10 * DEG)), atol=1e-12)
    np.testing.assert_allclose(drag[:3, 0], (np.cos(10 * DEG), 0, -np.sin(10 * DEG)), atol=1e-12)
    np.testing.assert_allclose(-push[:3, 2], (-np.sin(10 * DEG), 0, np.cos(10 * DEG)), atol=1e-12)


def test_work_angle_of_an_outer_corner_leans_to_the_side_of_face_b() -> None:
    # The edge of a block: floor normal +z runs to -y, side normal +y runs down. Towards face b the torch goes down on the +y side.
    frames = seam_frames(straight("corner"), 0.02)
    np.testing.assert_allclose(frames.along_b[0], (0, 0, -1), atol=1e-12)
    T = torch_poses(frames, 45 * DEG, 0.0, 0.0)[0]
    np.testing.assert_allclose(-T[:3, 2], (0, 1, 0), atol=1e-12)


@pytest.mark.parametrize("work", [-20.0, 0.0, 12.0])
@pytest.mark.parametrize("travel", [-15.0, 0.0, 8.0])
@pytest.mark.parametrize("spin", [-120.0, 35.0])
def test_angles_come_back(work: float, travel: float, spin: float) -> None:
    for seam in (straight(), straight("corner"), ring()):
        frames = seam_frames(seam, 0.02)
        found = angles(frames, torch_poses(frames, work * DEG, travel * DEG, spin * DEG))
        np.testing.assert_allclose(found[0], work * DEG, atol=1e-9)
        np.testing.assert_allclose(found[1], travel * DEG, atol=1e-9)


def test_beads_and_contact_tip_distance_move_the_wire() -> None:
    T = torch_poses(seam_frames(straight(), 0.02), 0.0, 0.0, 0.0, offset=(0.003, 0.002), lift=0.005)[0]
    np.testing.assert_allclose(T[:3, 3], (0, 0.003 + 0.005 * ROOT_HALF, 0.002 + 0.005 * ROOT_HALF), atol=1e-12)


def test_ring_with_overlap_turns_with_the_tangent() -> None:
    frames = seam_frames(ring(), 0.01, overlap=0.005)
    phi = frames.at / ring().length * 2 * np.pi
    np.testing.assert_allclose(frames.tangents, np.stack([-np.sin(phi), np.cos(phi), 0 * phi], axis=1), atol=1.5e-3)
    assert frames.at[-1] == pytest.approx(ring().length + 0.005)
    Ts = torch_poses(frames, 0.0, 0.0, 0.0)
    out = np.stack([np.cos(phi), np.sin(phi), 0 * phi], axis=1)
    np.testing.assert_allclose(-Ts[:, :3, 2], (out + np.array([0, 0, 1])) * ROOT_HALF, atol=1.5e-3)


def test_ring_may_begin_anywhere() -> None:
    frames = seam_frames(ring(), 0.01, start=ring().length / 4)
    np.testing.assert_allclose(frames.points[0], (0, 0.03, 0), atol=1e-6)
    np.testing.assert_allclose(frames.tangents[0], (-1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(frames.points[-1], frames.points[0], atol=1e-9)


def test_points_of_an_arc_lie_on_its_circle_between_the_vertices() -> None:
    frames = seam_frames(ring(count=73), 0.001, overlap=0.0005)
    np.testing.assert_allclose(np.linalg.norm(frames.points, axis=1), 0.03, atol=1e-9)


def angled() -> Seam:
    """Round the outside of a box: along x, then at (0.1, 0, 0) up along y."""
    points = np.array([[0.0, 0, 0], [0.1, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0]])[[0, 1, 3]]
    n_b = np.array([[0.0, -1, 0], [ROOT_HALF, -ROOT_HALF, 0], [1, 0, 0]])
    return Seam("1", "fillet", points, np.tile([0.0, 0, 1], (3, 1)), n_b, "free", False, ("floor", "box"), 0.006, 0.006)


def test_corner_is_rolled() -> None:
    frames = seam_frames(angled(), 0.002)
    np.testing.assert_allclose(frames.tangents[frames.at < 0.1 - ROLLING - 1e-9], np.tile([1.0, 0, 0], (46, 1)), atol=1e-9)
    middle = int(np.argmin(np.abs(frames.at - 0.1)))
    np.testing.assert_allclose(frames.tangents[middle], (ROOT_HALF, ROOT_HALF, 0), atol=1e-9)
    turns = np.arccos(np.clip(np.sum(frames.tangents[:-1] * frames.tangents[1:], axis=1), -1, 1))
    assert np.max(turns) < 20 * DEG


def test_stretch_of_a_seam_keeps_its_side() -> None:
    part = piece_of(straight(), 0.02, 0.05, "1 tack 1")
    np.testing.assert_allclose(part.points, [[0.02, 0, 0], [0.05, 0, 0]], atol=1e-12)
    assert part.length == pytest.approx(0.03)
    arc = piece_of(ring(), 0.0, ring().length / 4, "quarter")
    assert not arc.closed and arc.length == pytest.approx(ring().length / 4)


def test_bias_points_the_wire_at_the_thicker_piece() -> None:
    window = Window(-15 * DEG, 0.0, 15 * DEG)
    assert biased(window, 0.006, 0.006) == 0.0
    # Face b thicker: the torch leans away from b, so that its wire points to b.
    assert biased(window, 0.003, 0.006) == pytest.approx(-2.5 * DEG)


def around(*points: tuple[float, float], closed: bool = False) -> Seam:
    """A fillet on the floor along these points, the wall to the left of the way; normals at corners are those of both sides."""
    p = np.array([(*one, 0.0) for one in points])
    steps = np.diff(p, axis=0)
    sides = np.stack([steps[:, 1], -steps[:, 0], np.zeros(len(steps))], axis=1) / np.linalg.norm(steps, axis=1)[:, None]
    first, last = (sides[-1] + sides[0],) * 2 if closed else (sides[0], sides[-1])
    n = np.vstack((first, sides[:-1] + sides[1:], last))
    n /= np.linalg.norm(n, axis=1)[:, None]
    return Seam("1", "fillet", p, np.tile([0.0, 0, 1], (len(p), 1)), n, "line", closed, ("floor", "wall"), 0.006, 0.006)


@pytest.mark.parametrize("thickness", [0.004, 0.006, 0.010, 0.015, 0.040])
def test_two_corners_near_each_other_are_rolled_one_after_the_other(thickness: float) -> None:
    """Round the end of a plate: along +x, +y, then -x; in its middle the way is +y."""
    frames = seam_frames(around((0, 0), (0.1, 0), (0.1, thickness), (0, thickness)), 0.0005)
    assert np.all(np.isfinite(frames.tangents)) and np.all(np.isfinite(frames.bisectors))
    middle = int(np.argmin(np.abs(frames.at - 0.1 - thickness / 2)))
    np.testing.assert_allclose(frames.tangents[middle], (0, 1, 0), atol=0.02)
    turned = np.unwrap(np.arctan2(frames.tangents[:, 1], frames.tangents[:, 0]))
    assert turned[-1] - turned[0] == pytest.approx(np.pi) and np.all(np.diff(turned) > -1e-9)


@pytest.mark.parametrize("last", [0.003, 0.005, 0.02])
def test_a_last_leg_shorter_than_the_rolling_is_welded_in_its_direction(last: float) -> None:
    frames = seam_frames(around((0, 0), (0.1, 0), (0.1, last)), 0.001)
    np.testing.assert_allclose(frames.tangents[-1], (0, 1, 0), atol=1e-9)
    np.testing.assert_allclose(frames.tangents[0], (1, 0, 0), atol=1e-9)


def test_a_small_closed_box_is_rolled_all_round() -> None:
    side = 0.012
    frames = seam_frames(around((0, 0), (side, 0), (side, side), (0, side), (0, 0), closed=True), 0.0005)
    assert np.all(np.isfinite(frames.tangents))
    turned = np.unwrap(np.arctan2(frames.tangents[:, 1], frames.tangents[:, 0]))
    assert turned[-1] - turned[0] == pytest.approx(2 * np.pi, abs=1e-6) and np.all(np.diff(turned) > -1e-9)
