"""Bend allowances against the standard's own figures."""

import numpy as np
import pytest

from core.errors import InputError
from parts.allowance import BendTable, BendTableRow, Din6935, KFactor


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


def test_bend_table_interpolates_and_names_what_it_has() -> None:
    table = BendTable((BendTableRow(2e-3, 2e-3, np.radians(80), 3.6e-3), BendTableRow(2e-3, 2e-3, np.radians(90), 4.2e-3)))
    assert table.allowance(np.radians(85), 2e-3, 2e-3) == pytest.approx(3.9e-3)
    assert table.allowance(np.radians(90), 2e-3, 2e-3) == pytest.approx(4.2e-3)
    with pytest.raises(InputError, match="it has: t 2 r 2 80 deg"):
        table.allowance(np.radians(100), 2e-3, 2e-3)
    with pytest.raises(InputError):
        table.allowance(np.radians(90), 3e-3, 2e-3)
