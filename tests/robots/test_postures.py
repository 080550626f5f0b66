"""Postures in the makers' words, against positions whose words are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import UnknownNameError
from robots.catalogue import load_robot
from robots.postures import posture_rule, solutions_with, stretched_axis_3
from robots.programs.program import Posture
from robots.track import Track, on_track

ABB, KUKA = load_robot("abb-irb4600-40-255"), load_robot("kuka-kr120-r2500-pro")


@pytest.mark.parametrize(
    ("q_deg", "values"),
    [
        # The zero position of an ABB arm: wrist before axis 1 and before the lower arm.
        ((0, 0, 0, 0, 30, 0), (0, 0, 0, 0)),
        ((0, 0, 0, 0, -30, 0), (0, 0, 0, 1)),
        # The forearm turned up and over: its wrist lies 0.175 m before axis 1 and 6 mm behind the line through axes 2 and 3 at -80 deg.
        ((0, 0, -82, 0, 30, 0), (0, 0, 0, 2)),
        # Bent over backwards: behind axis 1.
        ((0, -60, -90, 0, 30, 0), (0, 0, 0, 6)),
        ((100, 0, 0, -100, 30, 200), (1, -2, 2, 0)),
    ],
)
def test_abb_postures_known_by_hand(q_deg, values):
    assert posture_rule(ABB)("abb", np.radians(q_deg)).values == values


@pytest.mark.parametrize(
    ("q_deg", "status"),
    [
        ((0, -90, 90, 0, 45, 0), 2),  # The usual home position: S 2.
        ((0, -90, 90, 0, -45, 0), 6),
        # Axis 4 lies 41 mm beside axis 3 and the wrist 1 m further: stretched at -2.3 deg.
        ((0, -90, -3, 0, 45, 0), 0),
        ((0, -90, -1, 0, 45, 0), 2),
        ((0, -140, 0, 0, 45, 0), 3),
    ],
)
def test_kuka_status_known_by_hand(q_deg, status):
    assert posture_rule(KUKA)("kuka", np.radians(q_deg)).values[0] == status


def test_kuka_turn_counts_negative_axes():
    assert posture_rule(KUKA)("kuka", np.radians((-10, -90, 90, 20, -45, -200))).values[1] == 1 + 2 + 16 + 32


def test_the_stretched_arm_lies_on_one_line():
    for arm in (ABB, KUKA):
        q = np.radians([20.0, -30.0, 0.0, 50.0, 30.0, 0.0])
        q[2] = stretched_axis_3(arm)
        movable = [joint for joint in arm.mechanism.joints if joint.kind != "fixed"]
        Ts = arm.mechanism.fk(q)
        p2, p3, p5 = (Ts[movable[i].child][:3, 3] for i in (1, 2, 4))
        assert np.linalg.norm(np.cross(p3 - p2, p5 - p3)) < 1e-9 and (p3 - p2) @ (p5 - p3) > 0


def test_elbow_is_up_where_the_forearm_hangs_forward():
    assert KUKA.configuration(np.radians([0, -60, 90, 0, 45, 0])).elbow == "up"
    assert KUKA.configuration(np.radians([0, -30, -60, 0, 45, 0])).elbow == "down"


@pytest.mark.parametrize(("arm", "maker"), [(ABB, "abb"), (KUKA, "kuka")])
def test_a_posture_finds_its_joints_again(arm, maker):
    rng = np.random.default_rng(5)
    rule = posture_rule(arm)
    for q in rng.uniform(arm.lower * 0.95, arm.upper * 0.95, (60, 6)):
        found = solutions_with(arm, arm.fk(q), rule(maker, q))
        assert len(found) and min(np.max(np.abs(found - q), axis=1)) < 1e-6
        # KUKA's words leave nothing open within two turns; ABB's quadrants do not tell further turns apart from limits either.
        exact = [one for one in found if rule(maker, one).values == rule(maker, q).values]
        assert len(exact) == 1


def test_an_axis_at_its_edge_is_found_with_either_word():
    q = np.radians([0.0, -70.0, 80.0, 0.0, 45.0, 10.0])
    status, turn = posture_rule(KUKA)("kuka", q).values
    for bits in (0, 1, 8, 9):
        # Axes 1 and 4 stand at 0: bits 0 and 3 of T may be written or not.
        found = solutions_with(KUKA, KUKA.fk(q), Posture("kuka", (status, int(turn) | bits)))
        assert min(np.max(np.abs(found - q), axis=1)) < 1e-6


def test_a_posture_that_does_not_exist_gives_nothing():
    q = np.radians([10.0, -70.0, 80.0, 5.0, 45.0, 10.0])
    assert len(solutions_with(KUKA, KUKA.fk(q), Posture("kuka", (1, 0)))) == 0


def test_a_track_stands_before_the_arm():
    robot = on_track(KUKA, Track(np.array([0.0, 1.0, 0.0]), -1.0, 1.0, 1.0, 2.0, 0.4))
    q = np.r_[0.25, np.radians([10.0, -70.0, 80.0, 5.0, 45.0, 10.0])]
    posture = posture_rule(robot)("kuka", q)
    assert posture == posture_rule(KUKA)("kuka", q[1:])
    found = solutions_with(robot, robot.fk(q), posture, track=0.25)
    assert len(found) == 1 and found[0] == pytest.approx(q, abs=1e-6)


def test_other_makers_are_refused_with_the_valid_ones():
    with pytest.raises(UnknownNameError, match=r"unknown maker 'acme'; valid: abb, .*kuka"):
        posture_rule(KUKA)("acme", np.zeros(6))
