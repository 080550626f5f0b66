"""Bend tables of shops: flat widths, deductions and K-factors from CSV, by hand calculation; tables that are wrong are refused with their line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from parts.allowance import BendTable, BendTableRow, Din6935, KFactor
from parts.bend_table import read_bend_table

RIGHT = np.pi / 2


def table(tmp_path, text, material="mild-steel"):
    path = tmp_path / "shop.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_bend_table(path, material)


def test_three_measures_of_one_bend_are_the_same(tmp_path):
    """r 2, t 2, 90 deg by DIN 6935: flat width 4.1626, deduction 2 (2 + 2) - 4.1626 = 3.8374, K = 4.1626 / (pi / 2) / 2 - 1 = 0.325."""
    allowance = table(tmp_path, "thickness_mm,radius_mm,angle_deg,allowance_mm\n2,2,90,4.1626\n")
    deduction = table(tmp_path, "# measured\n\nangle_deg;thickness_mm;radius_mm;deduction_mm\n90;2;2;3,8374\n")
    k = table(tmp_path, "thickness_mm\tradius_mm\tangle_deg\tk_factor\n2\t2\t90\t0.325\n")
    for one in (allowance, deduction, k):
        assert one.allowance(RIGHT, 2e-3, 2e-3) == pytest.approx(Din6935().allowance(RIGHT, 2e-3, 2e-3), abs=1e-7)
    # 45 deg: 2 (r + t) tan 22.5 deg - deduction.
    acute = table(tmp_path, "thickness_mm,radius_mm,angle_deg,deduction_mm\n2,2,45,1.2\n")
    assert acute.allowance(np.pi / 4, 2e-3, 2e-3) * 1e3 == pytest.approx(8 * math.tan(np.pi / 8) - 1.2)


def test_rows_of_another_material_are_left_out(tmp_path):
    text = "material,thickness_mm,radius_mm,angle_deg,k_factor\nmild-steel,2,2,90,0.40\naluminium-5754,2,2,90,0.45\n,3,3,90,0.41\n"
    assert table(tmp_path, text).allowance(RIGHT, 2e-3, 2e-3) == pytest.approx(KFactor(0.40).allowance(RIGHT, 2e-3, 2e-3))
    assert table(tmp_path, text, "aluminium-5754").allowance(RIGHT, 2e-3, 2e-3) == pytest.approx(KFactor(0.45).allowance(RIGHT, 2e-3, 2e-3))
    assert table(tmp_path, text, "stainless-304").allowance(RIGHT, 3e-3, 3e-3) == pytest.approx(KFactor(0.41).allowance(RIGHT, 3e-3, 3e-3))


@given(st.floats(0.2, 0.5), st.floats(80, 90), st.floats(1.0, 3.0))
def test_between_rows_of_one_k_factor_the_width_is_that_k_factors(k, degrees, radius):
    """Along an angle the width is linear, along the radius too: a table of one K gives that K everywhere inside."""
    rule = KFactor(k)
    rows = tuple(
        BendTableRow(2e-3, r * 1e-3, np.radians(a), rule.allowance(np.radians(a), r * 1e-3, 2e-3)) for r in (1, 2, 3) for a in (80, 85, 90)
    )
    wanted = rule.allowance(np.radians(degrees), radius * 1e-3, 2e-3)
    assert BendTable(rows).allowance(np.radians(degrees), radius * 1e-3, 2e-3) == pytest.approx(wanted, abs=1e-8)


def test_what_lies_too_far_from_the_rows_is_refused_with_what_there_is():
    rows = tuple(BendTableRow(1e-3, r * 1e-3, np.radians(a), r * 1e-3 + 1e-3) for r, a in ((1, 80), (1, 90), (1, 120), (4, 90)))
    table = BendTable(rows, "the bend table 'shop.csv'")
    assert table.allowance(np.radians(85), 1e-3, 1e-3) == pytest.approx(2e-3)
    for angle, radius, thickness, told in (
        (110, 1, 1, "r 1 80 deg, r 1 90 deg, r 1 120 deg, r 4 90 deg"),
        (130, 1, 1, "no row for t 1 mm, r 1 mm, 130 deg"),
        (90, 2, 1, "radii at most one thickness apart"),
        (90, 0.5, 1, "r 0.5 mm"),
        (90, 1, 2, "it has: thicknesses 1 mm"),
    ):
        with pytest.raises(InputError) as raised:
            table.allowance(np.radians(angle), radius * 1e-3, thickness * 1e-3)
        assert told in str(raised.value) and "shop.csv" in str(raised.value)


HEAD = "thickness_mm,radius_mm,angle_deg,allowance_mm\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("# nothing\n\n", "the bend table is empty; give a first line with"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (HEAD, "no rows for 'mild-steel'"),
        ("thickness_mm,radius_mm,angle_deg\n2,2,90\n", "0 of the columns allowance_mm, deduction_mm, k_factor; one is needed"),
        ("thickness_mm,radius_mm,angle_deg,k_factor,deduction_mm\n", "2 of the columns"),
        ("thickness_mm,angle_deg,k_factor\n", "column 'radius_mm' is missing"),
        ("thickness_mm,radius_mm,angle_deg,k_factor,die\n", "unknown column 'die'; valid: material, thickness_mm"),
        ("thickness_mm,radius_mm,angle_deg,k_factor,k_factor\n", "column 'k_factor' stands twice"),
        (HEAD + "2,2,90\n", "line 2: 3 values for the 4 columns"),
        (HEAD + "2,2,90,4\n2,2,right,4\n", "line 3: angle_deg is 'right', which is no number"),
        (HEAD + "2,2,90,nan\n", "allowance_mm is 'nan'"),
        (HEAD + "0,2,90,4\n", "thickness_mm is 0; it must lie in 0..30"),
        (HEAD + "2,2,190,4\n", "angle_deg is 190; it must lie in 0..180"),
        (
            HEAD + "2,2,90,41.6\n",
            "allowance_mm 41.6 makes a flat width of 41.6 mm; for t 2 mm, r 2 mm, 90 deg it lies between 2.142 and 7.283 mm",
        ),
        ("thickness_mm,radius_mm,angle_deg,deduction_mm\n2,2,120,4\n", "a deduction at 120 deg; beyond 90 deg give allowance_mm"),
        (HEAD + "2,2,90,4\n2,2,90,4.1\n", "two flat widths for one bend: t 2 mm, r 2 mm, 90 deg has 4 and 4.1 mm"),
        (HEAD + "2,2,90,4\n" * 20001, "at most 20000 are read"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path, text, told):
    with pytest.raises(InputError) as raised:
        table(tmp_path, text)
    assert told in str(raised.value) and "shop.csv" in str(raised.value)


def test_rows_of_nearly_one_radius_are_one_group_in_the_order_of_their_angles():
    rows = tuple(BendTableRow(1e-3, r * 1e-3, np.radians(a), a * 1e-5) for r, a in ((1.0, 70), (1.0, 90), (1.01, 80)))
    assert BendTable(rows).allowance(np.radians(75), 1e-3, 1e-3) == pytest.approx(75e-5)
