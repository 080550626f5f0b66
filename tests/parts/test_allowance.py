"""Bend allowances against the standard's own figures."""

import numpy as np
import pytest

from parts.allowance import Din6935, KFactor


def test_din_6935_r2_t2_90() -> None:
    """v = 2 (r + t) - BA; k = 0.65, so BA = pi/2 (2 + 0.65) = 4.163 mm."""
    assert Din6935().allowance(np.pi / 2, 2e-3, 2e-3) * 1e3 == pytest.approx(4.16, abs=0.005)


@pytest.mark.parametrize(
    ("ratio", "k"), [(0.5, 0.65 + 0.5 * np.log10(0.5)), (1.0, 0.65), (2.0, 0.65 + 0.5 * np.log10(2)), (5.0, 1.0), (20.0, 1.0)]
)
def test_din_6935_k(ratio: float, k: float) -> None:
    r, t = ratio * 2.0, 2.0
    assert Din6935().allowance(1.0, r * 1e-3, t * 1e-3) * 1e3 == pytest.approx(r + min(k, 1.0) * t / 2, abs=2e-3)


def test_k_factor_half_is_the_middle_line() -> None:
    assert KFactor(0.5).allowance(np.pi, 3e-3, 2e-3) == pytest.approx(np.pi * 4e-3)
