"""Thinned keys against interpolation by scipy, and against known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from sim.key_frames import continuous, kept_shifts, kept_turns


def test_straight_pieces_keep_only_their_corners():
    times = np.r_[0.0, np.sort(np.random.default_rng(1).uniform(0, 3, 200)), 1.0, 2.0, 3.0]
    times = np.unique(times)
    shifts = np.stack([np.interp(times, [0, 1, 2, 3], values) for values in ([0, 1, 1, 0], [0, 0, 2, 2], [5, 5, 5, 5])], axis=1)
    assert times[kept_shifts(times, shifts, 1e-6)] == pytest.approx([0, 1, 2, 3])


def test_shifts_stay_within_the_tolerance():
    """A circle of 1 m at 3 rad/s: a chord over h seconds sags 9 h^2 / 8, so 1 mm allows 29.8 ms: at least 134 pieces in 4 s."""
    times = np.linspace(0, 4, 4001)
    shifts = np.stack((np.sin(3 * times), np.cos(3 * times), 2 * times), axis=1)
    keep = kept_shifts(times, shifts, 1e-3)
    played = np.stack([np.interp(times, times[keep], column[keep]) for column in shifts.T], axis=1)
    worst = np.linalg.norm(played - shifts, axis=1).max()
    assert 2e-4 < worst <= 1e-3
    assert 134 <= len(keep) < 2 * 134


def test_turns_stay_within_the_tolerance_of_slerp():
    times = np.linspace(0, 4, 4001)
    truth = Rotation.from_euler("xyz", np.stack((np.sin(times), 2 * np.cos(times), 5 * times), axis=1))
    quaternions = continuous(truth.as_quat() * np.random.default_rng(0).choice([-1, 1], 4001)[:, None])
    keep = kept_turns(times, quaternions, 1e-3)
    worst = (Slerp(times[keep], Rotation.from_quat(quaternions[keep]))(times) * truth.inv()).magnitude().max()
    assert 2e-4 < worst <= 1e-3 * 1.001
    assert len(keep) < 500


def test_an_even_turn_of_a_joint_needs_few_keys():
    """A great circle at constant speed: only as many keys as keep every piece below half a turn."""
    times = np.linspace(0, 1, 101)
    turns = continuous(Rotation.from_rotvec(np.outer(times * 5.0, [0, 0, 1])).as_quat())
    assert len(kept_turns(times, turns, 1e-4)) <= 4
