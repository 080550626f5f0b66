"""Transforms against scipy's rotations and by property."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core import frames

angle = st.floats(-3.2, 3.2)
settings.register_profile("fast", max_examples=60, deadline=None)
settings.load_profile("fast")


@given(angle, angle, angle)
def test_rpy_is_fixed_axes_xyz(r: float, p: float, y: float) -> None:
    assert frames.rpy(r, p, y)[:3, :3] == pytest.approx(Rotation.from_euler("xyz", [r, p, y]).as_matrix(), abs=1e-12)


@given(angle, angle, angle)
def test_quaternion_and_rotation_vector_agree_with_scipy(r: float, p: float, y: float) -> None:
    T = frames.rpy(r, p, y)
    q = frames.quat_wxyz(T)
    assert q[0] >= 0
    assert Rotation.from_quat([q[1], q[2], q[3], q[0]]).as_matrix() == pytest.approx(T[:3, :3], abs=1e-9)
    assert frames.from_quat_wxyz(q)[:3, :3] == pytest.approx(T[:3, :3], abs=1e-9)
    vector = frames.rotation_vector(T[:3, :3])
    assert frames.from_rotation_vector(vector)[:3, :3] == pytest.approx(T[:3, :3], abs=1e-6)
    assert frames.angle_between(np.eye(4), T) == pytest.approx(np.linalg.norm(Rotation.from_matrix(T[:3, :3]).as_rotvec()), abs=1e-6)


@given(angle, angle, angle, st.floats(-5, 5))
def test_inverse_undoes(r: float, p: float, y: float, x: float) -> None:
    T = frames.from_xyz_rpy((x, 1.0, -2.0), (r, p, y))
    assert T @ frames.inverse(T) == pytest.approx(np.eye(4), abs=1e-12)
    stack = np.array([T, np.eye(4)])
    assert frames.inverse(stack)[0] == pytest.approx(np.linalg.inv(T), abs=1e-12)


def test_half_turns() -> None:
    for axis in np.vstack((np.eye(3), [[0.6, 0.8, 0.0], [0.0, -0.6, 0.8]])):
        R = Rotation.from_rotvec(axis * np.pi).as_matrix()
        vector = frames.rotation_vector(R)
        assert np.linalg.norm(vector) == pytest.approx(np.pi)
        assert abs(vector @ axis) == pytest.approx(np.pi)


def test_interpolate_reaches_both_ends_and_turns_evenly() -> None:
    a, b = frames.from_xyz_rpy((0, 0, 0), (0.1, 0.2, 0.3)), frames.from_xyz_rpy((1, 2, 3), (-0.5, 0.9, 2.0))
    assert frames.interpolate(a, b, 0.0) == pytest.approx(a)
    assert frames.interpolate(a, b, 1.0) == pytest.approx(b)
    middle = frames.interpolate(a, b, 0.5)
    assert frames.angle_between(a, middle) == pytest.approx(frames.angle_between(middle, b))
    assert middle[:3, 3] == pytest.approx([0.5, 1.0, 1.5])
