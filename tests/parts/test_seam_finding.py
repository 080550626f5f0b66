"""Seams of generated weldments against what their dimensions say: all, no false one, lengths, roots, faces, thicknesses."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("OCP", reason="the STEP kernel (extra `step`) is not installed")

from bench.weld_family import (
    FAMILY,
    Made,
    block,
    box_on_plate,
    butt_joint,
    corner_joint,
    cut,
    drum,
    lap_joint,
    moved,
    pipe_branch,
    placed,
    t_joint,
    tube_on_plate,
)
from core.frames import apply, from_rotation_vector
from parts.seam_chains import CHORD
from tests.parts.weld_solids import found, lengths, same_lengths


@pytest.mark.parametrize("name", FAMILY)
def test_all_seams_and_no_false_one(name):
    made = FAMILY[name]()
    seams, _ = found(made)
    assert same_lengths(seams, made.seams), lengths(seams)
    assert [seam.name for seam in seams] == [str(k + 1) for k in range(len(seams))]


def test_t_joint_by_hand():
    (left, right), findings = found(t_joint())
    assert findings == ()
    # The web is 8 thick and stands at y = 56..64 on the base's upper face at z = 10.
    np.testing.assert_allclose(left.points * 1e3, [[200, 56, 10], [0, 56, 10]], atol=1e-6)
    np.testing.assert_allclose(right.points * 1e3, [[0, 64, 10], [200, 64, 10]], atol=1e-6)
    for seam, y in ((left, -1.0), (right, 1.0)):
        assert (seam.kind, seam.curve, seam.closed, seam.pieces) == ("fillet", "line", False, ("web", "base"))
        np.testing.assert_allclose(seam.normals_a, [[0, y, 0]] * 2, atol=1e-9)
        np.testing.assert_allclose(seam.normals_b, [[0, 0, 1]] * 2, atol=1e-9)
        assert seam.thickness_a == pytest.approx(8e-3, abs=1e-6) and seam.thickness_b == pytest.approx(10e-3, abs=1e-6)
        assert seam.gap == 0.0


def test_lap_corner_and_butt_by_hand():
    laps, told = found(lap_joint())
    assert {tuple(np.round(seam.normals_a[0] + seam.normals_b[0]).astype(int)) for seam in laps} == {(1, 0, -1), (-1, 0, 1)}
    assert {round(float(seam.points[0, 0]) * 1e3, 6) for seam in laps} == {110.0, 150.0}
    assert [finding.code for finding in told] == ["seam-left-out"] * 2 and "edge joint" in told[0].message
    corners, _ = found(corner_joint())
    (outer,) = (seam for seam in corners if seam.kind == "corner")
    np.testing.assert_allclose(outer.points[:, 1:] * 1e3, [[0, 8]] * 2, atol=1e-6)
    np.testing.assert_allclose(np.r_[outer.normals_a, outer.normals_b], [[0, -1, 0]] * 4, atol=1e-9)
    butts, _ = found(butt_joint(gap=1.0))
    for seam, z in zip(sorted(butts, key=lambda seam: seam.normals_a[0, 2]), (-1.0, 1.0), strict=True):
        # Midway across the gap; both faces look the same way.
        np.testing.assert_allclose(seam.points[:, 0] * 1e3, 100.5, atol=1e-6)
        np.testing.assert_allclose(np.r_[seam.normals_a, seam.normals_b], [[0, 0, z]] * 4, atol=1e-9)
        assert seam.gap == pytest.approx(1e-3, abs=1e-6)
        assert seam.thickness_a == pytest.approx(6e-3, abs=1e-6) and seam.thickness_b == pytest.approx(6e-3, abs=1e-6)


def test_circle_lies_on_the_tube():
    ((seam,), told) = found(tube_on_plate())
    assert seam.closed and seam.curve == "arc" and np.array_equal(seam.points[0], seam.points[-1])
    arms = seam.points - [0.1, 0.1, 0.01]
    np.testing.assert_allclose(np.linalg.norm(arms, axis=1), 0.038, atol=1e-8)
    np.testing.assert_allclose(seam.normals_a, arms / 0.038, atol=1e-5)
    steps = np.linalg.norm(np.diff(seam.points, axis=0), axis=1)
    assert steps.max() <= CHORD + 1e-9 and (steps / 0.038).max() <= np.radians(5)
    assert seam.thickness_a == pytest.approx(5e-3, abs=5e-5)
    # The one inside is told of, and left out.
    assert [finding.code for finding in told] == ["seam-inaccessible"] and "207.3 mm" in told[0].message


def test_saddle_lies_on_both_pipes():
    ((seam,), _) = found(pipe_branch())
    assert seam.closed and seam.curve == "free"
    x, y, z = seam.points.T
    np.testing.assert_allclose(np.hypot(x - 0.2, y), 0.030, atol=1e-5)
    np.testing.assert_allclose(np.hypot(y, z), 0.060, atol=1e-5)
    radial = np.stack((np.zeros_like(y), y, z), axis=1)
    np.testing.assert_allclose(seam.normals_b, radial / np.linalg.norm(radial, axis=1, keepdims=True), atol=1e-3)


def test_a_tube_in_two_halves_has_one_seam():
    whole, _ = found(tube_on_plate())
    halves, _ = found(tube_on_plate(split=True))
    assert len(halves) == 1 and halves[0].closed
    assert halves[0].length == pytest.approx(whole[0].length, abs=2e-5)


@pytest.mark.parametrize("make", [t_joint, box_on_plate, corner_joint, tube_on_plate])
def test_where_the_weldment_lies_does_not_matter(make):
    axis, angle, shift = np.array([0.48, -0.6, 0.64]), 1.1, np.array([350.0, -120.0, 77.0])
    T = from_rotation_vector(axis * angle)
    T[:3, 3] = shift * 1e-3
    here, _ = found(make())
    there, _ = found(moved(make(), tuple(shift), tuple(axis), angle))
    assert len(here) == len(there)
    for a, b in zip(here, there, strict=True):
        assert (a.name, a.kind, a.curve, a.pieces) == (b.name, b.kind, b.curve, b.pieces)
        np.testing.assert_allclose(apply(T, a.points), b.points, atol=1e-6)
        np.testing.assert_allclose(a.normals_a @ T[:3, :3].T, b.normals_a, atol=1e-5)


def test_gaps():
    seams, findings = found(t_joint(gap=1.5))
    assert len(seams) == 2
    # The root lies on the base, below the web's edge.
    np.testing.assert_allclose(np.concatenate([seam.points[:, 2] for seam in seams]), 0.010, atol=1e-9)
    assert all(seam.gap == pytest.approx(1.5e-3, abs=1e-7) for seam in seams)
    assert [(finding.code, finding.step) for finding in findings] == [("gap-wide", "seam 1"), ("gap-wide", "seam 2")]
    assert "1.50 mm" in findings[0].message
    assert found(t_joint(gap=1.5), allowed_gap=2e-3)[1] == ()
    assert found(t_joint(gap=2.5))[0] == ()


def test_leaning_web_opens_by_60_and_120_degrees():
    angle = math.radians(30)
    web = cut(
        moved(Made("", [("web", block((200, 8, 120), (0, 0, -30)))]), (0, 60, 0), (1, 0, 0), angle).pieces[0][1],
        block((400, 400, 110), (-100, -200, -100)),
    )
    made = Made("leaning", [("base", block((200, 160, 10))), ("web", web)])
    seams, _ = found(made)
    assert same_lengths(seams, [("fillet", 200.0)] * 2)
    openings = sorted(180 - math.degrees(math.acos(float(seam.normals_a[0] @ seam.normals_b[0]))) for seam in seams)
    np.testing.assert_allclose(openings, [60, 120], atol=1e-6)
    assert all(seam.thickness_a == pytest.approx(8e-3, abs=1e-5) for seam in seams)
    steep, told = found(made, min_angle=math.radians(70))
    assert len(steep) == 1 and "60 deg" in told[-1].message


def test_length_filter():
    seams, _ = found(FAMILY["panel"](), min_length=0.2)
    assert same_lengths(seams, [("fillet", 1100.0)] * 8)
    # The ends of a web that is shorter than its base are seams across 8 mm.
    inset = Made("inset", [("base", block((200, 120, 10))), ("web", block((150, 8, 80), (25, 56, 10)))])
    assert same_lengths(found(inset)[0], [("fillet", 150.0)] * 2)
    assert same_lengths(found(inset, min_length=5e-3)[0], [("fillet", 150.0)] * 2 + [("fillet", 8.0)] * 2)


def test_a_web_longer_than_its_base_is_welded_where_the_base_is():
    seams, _ = found(Made("over", [("base", block((200, 120, 10))), ("web", block((300, 8, 80), (-37, 56, 10)))]))
    fillets = [seam for seam in seams if seam.kind == "fillet" and seam.pieces == ("web", "base")]
    assert [round(seam.length * 1e3, 2) for seam in fillets] == [200.0, 200.0]


def test_between_two_webs_that_are_closer_than_the_torch():
    base, web = block((200, 160, 10)), block((200, 8, 80))
    made = Made("close", [("base", base), ("a", placed(web, (0, 60, 10))), ("b", placed(web, (0, 80, 10)))])
    seams, told = found(made)
    # Outside of either; the 12 mm between them are too narrow, and are told of.
    assert sorted(round(float(seam.points[0, 1]) * 1e3) for seam in seams) == [60, 88]
    assert [finding.code for finding in told] == ["seam-inaccessible"] * 2
    assert "'a' and 'base'" in told[0].message


def test_pieces_that_do_not_touch_have_no_seam():
    assert found(Made("apart", [("a", block((100, 100, 10))), ("b", block((100, 100, 10), (0, 0, 15)))])) == ((), ())


def test_pin_through_a_hole_has_a_circle_on_either_side():
    plate = cut(block((120, 120, 10)), drum(15, 10, (60, 60, 0)))
    seams, _ = found(Made("pin", [("plate", plate), ("pin", drum(15, 100, (60, 60, -45)))]))
    assert same_lengths(seams, [("fillet", 2 * math.pi * 15)] * 2)
    assert all(seam.closed and seam.curve == "arc" for seam in seams)
