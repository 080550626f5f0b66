"""A robot on a track: kinematics against pinocchio and pybullet, positions on the track, and programs with an external axis."""

from __future__ import annotations

import dataclasses

import numpy as np
import pinocchio
import pytest

from core.errors import InputError
from core.frames import translation
from robots.catalogue import load_robot
from robots.track import Track, on_track

ARM = load_robot("kuka-kr120-r2500-pro")
SLANTED = Track(np.array([0.6, -0.8, 0.0]), -1.5, 2.5, 1.2, 2.0, 0.4)
ROBOT = on_track(ARM, SLANTED)


def test_seven_joints_in_metres_and_radians():
    assert ROBOT.mechanism.joint_names == ("track", *ARM.mechanism.joint_names)
    assert (ROBOT.lower[0], ROBOT.upper[0], ROBOT.velocity[0], ROBOT.acceleration[0]) == (-1.5, 2.5, 1.2, 2.0)
    assert ROBOT.velocity[1:] == pytest.approx(ARM.velocity)
    # By hand: the arm's base moves along the axis and stands 0.4 m up.
    q = np.r_[2.0, np.zeros(6)]
    assert ROBOT.fk(q) == pytest.approx(translation(1.2, -1.6, 0.4) @ ARM.fk(np.zeros(6)))


def test_forward_kinematics_agrees_with_pinocchio():
    model = pinocchio.buildModelFromXML(ROBOT.mechanism.urdf_text)
    data = model.createData()
    rng = np.random.default_rng(3)
    for q in rng.uniform(ROBOT.lower, ROBOT.upper, (50, 7)):
        pinocchio.framesForwardKinematics(model, data, q)
        for link in (ROBOT.flange_link, "track_carriage"):
            ours = ROBOT.mechanism.fk(q)[ROBOT.mechanism.link_index(link)]
            assert ours == pytest.approx(data.oMf[model.getFrameId(link)].homogeneous, abs=1e-9)


def test_inverse_kinematics_with_the_track_free_and_held():
    rng = np.random.default_rng(4)
    for q in rng.uniform(ROBOT.lower, ROBOT.upper, (60, 7)):
        T = ROBOT.fk(q)
        held = ROBOT.ik(T, slide=float(q[0]))
        assert np.min(np.max(np.abs(held - q), axis=1)) < 1e-5
        free = ROBOT.ik(T, near=0.5)
        for found in (held, free):
            assert np.all(found >= ROBOT.lower - 1e-12) and np.all(found <= ROBOT.upper + 1e-12)
            assert len(found) == 0 or np.max(np.abs(ROBOT.fk_batch(found) - T)) < 5e-9
    assert len(ROBOT.ik(T, slide=2.6)) == 0


def test_a_pose_that_some_place_on_the_raster_reaches_has_a_solution():
    """The few positions that suit a target best may be unfit for its turn: then all others are tried."""
    rng = np.random.default_rng(8)
    raster = np.linspace(-1.5, 2.5, 17)
    only_elsewhere = 0
    for q in rng.uniform(ROBOT.lower, ROBOT.upper, (400, 7)):
        q[0] = raster[int(rng.integers(len(raster)))]
        T = ROBOT.fk(q)
        found = ROBOT.ik(T)
        assert len(found) and np.max(np.abs(ROBOT.fk_batch(found) - T)) < 5e-9
        best = ROBOT.track_positions(T)
        only_elsewhere += not np.any(np.isclose(found[:, :1], best))
    assert only_elsewhere > 0


def test_positions_suit_the_target_and_come_nearest_first():
    # A target 1.5 m beside the way, at the height of the shoulder and 2 m along: by Pythagoras from the stretched arm's share.
    shoulder, reach = ARM.shoulder_and_reach
    beside = np.array([0.8, 0.6, 0.0])
    target = translation(*(SLANTED.axis * 2.0 + beside * 1.5 + [shoulder[0], shoulder[1], 0.4 + shoulder[2]]))
    positions = ROBOT.track_positions(target, near=0.0)
    assert list(positions) == sorted(positions, key=abs) and 1 <= len(positions) <= 4
    for position in positions:
        assert 0.45 * reach - 1e-9 <= np.hypot(1.5, 2.0 - position) <= 0.85 * reach + 1e-9
    # The first is the nearest of the raster that suits: one step nearer the arm would be stretched too far.
    assert np.hypot(1.5, 2.0 - (positions[0] - 0.25)) > 0.85 * reach
    # Far behind the end of the track, the end comes nearest.
    assert ROBOT.track_positions(translation(*(SLANTED.axis * 9.0))) == (2.5,)


def test_jacobian_by_finite_differences_and_singularity_of_the_arm():
    q = np.array([0.7, 0.3, -1.2, 1.1, 0.4, 0.8, -0.5])
    J = ROBOT.jacobian(q)
    for i in range(7):
        step = np.zeros(7)
        step[i] = 1e-6
        assert (ROBOT.fk(q + step)[:3, 3] - ROBOT.fk(q - step)[:3, 3]) / 2e-6 == pytest.approx(J[:3, i], abs=1e-6)
    # Axis 5 at zero: singular for the arm, although the track could still move the tool.
    q[5] = 0.0
    assert ROBOT.singularity(q[None])[0] < 1e-6


@pytest.mark.parametrize(
    ("change", "words"),
    [({"height": 0.1}, "carriage_height_mm is 100"), ({"lower": 3.0}, "before it begins"), ({}, "already has")],
)
def test_tracks_that_cannot_be(change, words):
    with pytest.raises(InputError, match=words):
        on_track(ROBOT if not change else ARM, dataclasses.replace(SLANTED, **change))
