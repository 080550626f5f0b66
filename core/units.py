"""Conversion at the edges. Inside everything is m, rad, s, kg, N; at every edge a field carries its unit."""

from __future__ import annotations

import math

MM = 1e-3
INCH = 25.4e-3
DEG = math.pi / 180.0
KN = 1e3
MPA = 1e6


def to_mm(length: float) -> float:
    """Metres to millimetres."""
    return length / MM


def to_deg(angle: float) -> float:
    """Radians to degrees."""
    return angle / DEG
