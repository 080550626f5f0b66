"""Rigid transforms as 4x4 arrays. `T_a_b` maps coordinates in b to a; `Ts_a_b` is a stack (n, 4, 4)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def translation(x: float, y: float, z: float) -> Array:
    """A pure shift [m]."""
    T = np.eye(4)
    T[:3, 3] = (x, y, z)
    return T


def rot_x(angle: float) -> Array:
    """Rotation about x by `angle` [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    T = np.eye(4)
    T[1:3, 1:3] = ((c, -s), (s, c))
    return T


def rot_y(angle: float) -> Array:
    """Rotation about y by `angle` [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    T = np.eye(4)
    T[0, 0], T[0, 2], T[2, 0], T[2, 2] = c, s, -s, c
    return T


def rot_z(angle: float) -> Array:
    """Rotation about z by `angle` [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    T = np.eye(4)
    T[0:2, 0:2] = ((c, -s), (s, c))
    return T


def rpy(roll: float, pitch: float, yaw: float) -> Array:
    """URDF roll-pitch-yaw [rad]: fixed axes x, y, z, so Rz(yaw) Ry(pitch) Rx(roll)."""
    return rot_z(yaw) @ rot_y(pitch) @ rot_x(roll)


def from_xyz_rpy(xyz: ArrayLike, rpy_angles: ArrayLike) -> Array:
    """Position (3,) [m] and fixed-axes roll, pitch, yaw (3,) [rad]."""
    roll, pitch, yaw = np.asarray(rpy_angles, dtype=float)
    T = rpy(float(roll), float(pitch), float(yaw))
    T[:3, 3] = np.asarray(xyz, dtype=float)
    return T


def from_axes(x_axis: ArrayLike, y_axis: ArrayLike, z_axis: ArrayLike, origin: ArrayLike) -> Array:
    """A frame from its three unit axes and origin, all in the outer frame."""
    T = np.eye(4)
    T[:3, 0], T[:3, 1], T[:3, 2], T[:3, 3] = np.asarray(x_axis), np.asarray(y_axis), np.asarray(z_axis), np.asarray(origin)
    return T


def inverse(T: Array) -> Array:
    """Inverse of one transform (4, 4) or a stack (..., 4, 4)."""
    R = np.swapaxes(T[..., :3, :3], -1, -2)
    out = np.zeros_like(T)
    out[..., :3, :3] = R
    out[..., :3, 3] = -(R @ T[..., :3, 3:4])[..., 0]
    out[..., 3, 3] = 1.0
    return out


def apply(T: Array, points: ArrayLike) -> Array:
    """Points (n, 3) in the inner frame to the outer frame (n, 3)."""
    p = np.asarray(points, dtype=float)
    return p @ T[:3, :3].T + T[:3, 3]


def quat_wxyz(T: Array) -> Array:
    """Unit quaternion (4,) w x y z of the rotation part, w >= 0 (Shepperd's method)."""
    R = T[:3, :3]
    K = np.array(
        [1 + R[0, 0] + R[1, 1] + R[2, 2], 1 + R[0, 0] - R[1, 1] - R[2, 2], 1 - R[0, 0] + R[1, 1] - R[2, 2], 1 - R[0, 0] - R[1, 1] + R[2, 2]]
    )
    i = int(np.argmax(K))
    if i == 0:
        q = np.array([K[0], R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    elif i == 1:
        q = np.array([R[2, 1] - R[1, 2], K[1], R[0, 1] + R[1, 0], R[0, 2] + R[2, 0]])
    elif i == 2:
        q = np.array([R[0, 2] - R[2, 0], R[0, 1] + R[1, 0], K[2], R[1, 2] + R[2, 1]])
    else:
        q = np.array([R[1, 0] - R[0, 1], R[0, 2] + R[2, 0], R[1, 2] + R[2, 1], K[3]])
    q = q / np.linalg.norm(q)
    return -q if q[0] < 0 else q


def from_quat_wxyz(q: ArrayLike, xyz: ArrayLike = (0.0, 0.0, 0.0)) -> Array:
    """Transform from a quaternion (4,) w x y z (normalised here) and a position (3,) [m]."""
    w, x, y, z = np.asarray(q, dtype=float) / np.linalg.norm(q)
    T = np.eye(4)
    T[:3, :3] = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    T[:3, 3] = np.asarray(xyz, dtype=float)
    return T


def angle_between(T_a: Array, T_b: Array) -> float:
    """Angle [rad] of the rotation that takes a to b, exact near 0 (atan2 of sine and cosine)."""
    R = T_a[:3, :3].T @ T_b[:3, :3]
    vec = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    return float(np.arctan2(np.linalg.norm(vec), np.trace(R) - 1.0))


def rotation_vector(R: Array) -> Array:
    """Axis times angle [rad] (3,) of a rotation matrix (3, 3)."""
    vec = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    sine = np.linalg.norm(vec)
    angle = np.arctan2(sine, np.trace(R) - 1.0)
    if angle < 1e-12:
        return vec / 2
    if np.pi - angle > 1e-6:
        return vec / sine * angle
    # Half a turn: the axis is the column of (R + 1)/2 with the largest diagonal entry.
    S = (R + np.eye(3)) / 2
    i = int(np.argmax(np.diag(S)))
    axis = S[:, i] / np.sqrt(S[i, i])
    return axis * angle


def from_rotation_vector(vector: ArrayLike) -> Array:
    """Transform (4, 4) that turns by |vector| [rad] about vector (Rodrigues)."""
    v = np.asarray(vector, dtype=float)
    angle = float(np.linalg.norm(v))
    T = np.eye(4)
    if angle < 1e-15:
        return T
    x, y, z = v / angle
    K = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    T[:3, :3] += np.sin(angle) * K + (1.0 - np.cos(angle)) * (K @ K)
    return T


def interpolate(T_a: Array, T_b: Array, share: float) -> Array:
    """The pose at `share` (0..1) of the way from a to b: straight line, constant-axis rotation, both in the outer frame."""
    T = np.eye(4)
    T[:3, :3] = T_a[:3, :3] @ from_rotation_vector(share * rotation_vector(T_a[:3, :3].T @ T_b[:3, :3]))[:3, :3]
    T[:3, 3] = (1.0 - share) * T_a[:3, 3] + share * T_b[:3, 3]
    return T
